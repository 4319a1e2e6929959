from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.report.conftest import held

from augury.analytics.answers import Insight, InsightKind
from augury.report import sentences

if TYPE_CHECKING:
    from augury.report.document import Document


def insight(kind: InsightKind, **evidence: float) -> Insight:
    return Insight(
        kind=kind, severity="good", text="…", task_type=None, model=None, other=None, complexity=None, evidence=evidence
    )


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("kind", "found", "said"),
    [
        (
            InsightKind.FAILING,
            {"calls": 216, "value": 28.7, "low": 23.08, "high": 35.07, "other_calls": 3566, "other_value": 16.71},
            "28.7 % of 216 calls failed (95 % interval: 23.1 % to 35.1 %), against 16.7 % of 3,566",
        ),
        (
            InsightKind.SLOW_TASK,
            {"calls": 4367, "value": 8387.81, "low": 8066.2, "high": 8722.24},
            "8.4 s on average over 4,367 calls (95 % interval: 8.1 s to 8.7 s)",
        ),
        (
            InsightKind.MORE_SUCCESSFUL,
            {"calls": 651, "other_calls": 735, "value": 92.26, "other_value": 83.18, "low": 5.34, "high": 12.82},
            "92.3 % of 651 calls succeeded, against 83.2 % of 735 (95 % interval of the difference: 5.3 to 12.8 points)",
        ),
        (
            InsightKind.CHEAPER,
            {"calls": 40, "other_calls": 50, "value": 0.0005, "other_value": 0.02, "low": 30.0, "high": 50.0},
            "$0.00050 a call over 40 calls, against $0.020 a call over 50 (95 % interval of the factor: 30.0x to 50.0x)",
        ),
    ],
)
def test_evidence_is_told_in_the_units_of_its_kind(kind: InsightKind, found: dict[str, Any], said: str) -> None:
    assert plain(sentences.evidence(insight(kind, **found))) == said


@pytest.mark.parametrize("kind", InsightKind)
def test_evidence_of_every_kind_is_told_also_where_there_is_little_of_it(kind: InsightKind) -> None:
    assert "against" not in sentences.evidence(insight(kind, calls=7, value=5.0))


def test_the_summary_says_what_is_not_known(document: Document) -> None:
    unknown = replace(
        document.answer.summary, total_calls=3, thumbs_up=0, thumbs_down=0, satisfaction_rate=None, total_cost=None,
        median_response_time=None, p95_response_time=None,
    )  # fmt: skip
    said = " ".join(sentences.summary(replace(document.answer, summary=unknown)))
    assert "That is few" in said
    assert "nothing is known of satisfaction" in said
    assert "no longer known" in said
    assert "What they cost is not known" in said


def test_the_filters_are_named() -> None:
    assert sentences.only({}) is None
    assert (
        sentences.only({"model": "gpt-4o", "task_type": "function_calling"})
        == "Only calls of model gpt-4o, task type Function calling."
    )


def test_calls_of_another_period_are_told_with_the_command_that_shows_them() -> None:
    there = held(3, datetime(2024, 8, 20, 10, tzinfo=UTC))
    assert "3 calls, recorded from 2024-08-20 to 2024-08-20" in sentences.elsewhere(there)
    assert sentences.command_for_all(there) == "augury report --from 2024-08-20 --to 2024-08-20"
