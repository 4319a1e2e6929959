"""What evaluations say: a thumb, an outcome, or nothing that can be taken without guessing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.capture.otlp.building import log_request, span

from augury.capture.otlp.evaluations import EVENT, about_span
from augury.capture.otlp.reading import Logs, TelemetryReader
from augury.capture.otlp.wire import Encoding
from augury.capture.rules import OwnerRules
from augury.core import ids
from augury.core.feedback import Feedback, Outcome
from augury.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

MESSAGE = ids.as_uuid("chatcmpl-1", ids.MESSAGES)


def told(rules: OwnerRules | None = None, /, **attributes: Any) -> Logs:
    named = {f"gen_ai.evaluation.{name.replace('__', '.')}": value for name, value in attributes.items()}
    record = {"event": EVENT, "attributes": named | {"gen_ai.response.id": "chatcmpl-1"}}
    return TelemetryReader(None, rules or OwnerRules()).logs(log_request(record), Encoding.PROTOBUF)


@pytest.mark.parametrize(
    ("attributes", "rating"),
    [
        ({"name": "user_feedback", "score__value": 1.0}, 1),
        ({"name": "User Feedback", "score__value": 0.0}, -1),
        ({"name": "user.feedback", "score__value": -1}, -1),
        ({"name": "anything", "score__label": "Thumbs Up"}, 1),
        ({"name": "user_feedback", "score__label": "negative"}, -1),
    ],
)
def test_a_users_thumb_is_a_rating(attributes: dict[str, Any], rating: int) -> None:
    [verdict] = told(**attributes).verdicts

    assert verdict.of_message(verdict.about) == Feedback(rating=rating, message_id=MESSAGE)


@pytest.mark.parametrize(
    ("attributes", "success"),
    [
        ({"name": "anything", "score__label": "pass"}, True),
        ({"name": "anything", "score__label": "FAILED"}, False),
        ({"name": "correctness", "score__value": 1}, True),
        ({"name": "Task Success", "score__value": 0.0}, False),
    ],
)
def test_whether_the_task_was_done_is_an_outcome(attributes: dict[str, Any], success: bool) -> None:
    [verdict] = told(**attributes).verdicts

    reason = None if success else f"{attributes['name']} says so"
    assert verdict.of_message(MESSAGE) == Outcome(message_id=MESSAGE, success=success, reason=reason)


@pytest.mark.parametrize(
    "attributes",
    [
        {"name": "toxicity", "score__value": 1.0},  # the worst
        {"name": "user_rating", "score__value": 4.0},  # of five stars?
        {"name": "correctness", "score__value": 0.7},
        {"name": "relevance", "score__label": "relevant-ish"},
        {"name": "correctness", "score__value": float("nan")},
        {"name": "correctness", "score__value": True},
        {},
    ],
)
def test_what_would_have_to_be_guessed_is_refused_and_says_what_to_do(attributes: dict[str, Any]) -> None:
    found = told(**attributes)

    assert not found.verdicts
    assert "[[evaluation]] rule" in str(found.refused[0])


RULES = """
[[evaluation]]
name = "toxicity"
means = "outcome"
bad_from = 0.5

[[evaluation]]
name = "stars*"
means = "rating"
good_from = 4

[[evaluation]]
name = "latency"
means = "nothing"
"""


def test_the_owners_rules_say_what_scores_mean(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    rules = OwnerRules.from_file(path)

    def good(name: str, value: float) -> list[bool]:
        return [verdict.good for verdict in told(rules, name=name, score__value=value).verdicts]

    assert [good("Toxicity", value) for value in (0.0, 0.49, 0.5, 1.0)] == [[True], [True], [False], [False]]
    assert [good("stars of five", value) for value in (3.9, 4.0)] == [[False], [True]]
    assert good("latency", 12.0) == []
    assert told(rules, name="stars", score__label="good").verdicts[0].rates


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[evaluation]]\nmeans = "rating"', "`name` is missing"),
        ('[[evaluation]]\nname = "x"\nmeans = "thumb"', "expected one of outcome, rating, nothing"),
        ('[[evaluation]]\nname = "x"\nmeans = "rating"\ngood_from = "4"', "expected a number"),
        ('[[evaluation]]\nname = "x"\nmeans = "rating"\ngood_from = 4\nbad_from = 2', "both given"),
        ('[[evaluation]]\nname = "x"\nmeans = "rating"\nfrom = 4', "'from' is not known"),
    ],
)
def test_a_rule_that_cannot_be_used_says_what_to_correct(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)

    with pytest.raises(SettingsError, match=says):
        OwnerRules.from_file(path)


def test_an_evaluation_is_about_an_answer_or_else_about_a_span() -> None:
    call = span({})
    label = {"gen_ai.evaluation.score.label": "pass"}
    found = TelemetryReader(None, OwnerRules()).logs(
        log_request(
            {"event": EVENT, "attributes": label, "span": call},
            {"event": EVENT, "attributes": label},
            {"event": "something.else", "attributes": label},
        ),
        Encoding.PROTOBUF,
    )

    assert [(verdict.about, verdict.span_key) for verdict in found.verdicts] == [(about_span(call.key), call.key)]
    assert [problem.field for problem in found.refused] == ["gen_ai.response.id"]
    assert found.others == 1
