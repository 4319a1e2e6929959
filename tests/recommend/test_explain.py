"""Reasons: sentences that a person can check against the figures beside them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from augury.analytics.answers import Alternative, Metrics, Recommendation
from augury.core.tasks import Priority, TaskType
from augury.recommend import explain

PLAIN = Metrics(
    avg_response_time=2_341.0,
    success_rate=98.0,
    satisfaction_rate=89.0,
    quality_score=92.0,
    sample_size=1_470,
    rated=120,
    estimated_success_rate=97.0,
    estimated_satisfaction_rate=88.0,
    estimated_time_to_answer=2_400.0,
    estimated_cost_per_answer=0.0123,
)


def another(**changes: float | None) -> Alternative:
    return Alternative(
        model="gpt-4o",
        display_name="GPT-4o",
        provider="openai",
        confidence=60.0,
        probability_best=0.1,
        metrics=replace(PLAIN, **changes),  # type: ignore[arg-type]
    )


def reason(
    priority: Priority,
    metrics: Metrics = PLAIN,
    others: list[Alternative] | None = None,
    probability: float = 0.9,
    task: str = "coding",
) -> str:
    return explain.by_data(task, priority, metrics, [another()] if others is None else others, probability)


def test_a_balance_is_explained_as_in_the_seed_document() -> None:
    assert reason(Priority.BALANCED).startswith(
        "best overall performance for coding (quality score: 92): "
        "98% of 1,470 calls succeeded, 89% of 120 ratings up, 2.3s on average"
    )


def test_quality_is_proved_by_success_and_ratings() -> None:
    said = reason(Priority.QUALITY)

    assert "highest success and satisfaction for coding" in said
    assert "98% of 1,470 calls succeeded" in said
    assert "89% of 120 ratings up" in said
    assert "next best: GPT-4o" in said


def test_speed_is_proved_by_the_time_to_a_useful_answer_and_a_factor() -> None:
    said = reason(Priority.SPEED, others=[another(estimated_time_to_answer=5_520.0)])

    assert "fastest for coding: 2.4s to a useful answer" in said
    assert "2.3x faster than GPT-4o" in said


def test_a_difference_that_is_not_worth_a_word_gets_none() -> None:
    assert "faster than" not in reason(Priority.SPEED, others=[another(estimated_time_to_answer=2_500.0)])
    assert "as much" not in reason(Priority.COST, others=[another(estimated_cost_per_answer=0.0125)])


def test_cost_is_proved_by_the_price_of_a_useful_answer() -> None:
    said = reason(Priority.COST, others=[another(estimated_cost_per_answer=0.0246)])

    assert "cheapest per useful answer for coding: $0.012 each" in said
    assert "GPT-4o costs 2.0x as much" in said


def test_where_no_price_is_known_it_claims_no_price() -> None:
    metrics = replace(PLAIN, estimated_cost_per_answer=None)
    said = reason(Priority.COST, metrics, [another(estimated_cost_per_answer=None)])

    assert "as no prices are known" in said
    assert "cheapest" not in said
    assert "$" not in said


def test_a_close_choice_is_called_close() -> None:
    said = reason(Priority.QUALITY, probability=0.55)

    assert "close: GPT-4o may be as good" in said
    assert "55%" in said
    assert "close" not in reason(Priority.QUALITY, probability=0.65)


def test_the_only_candidate_is_called_that() -> None:
    assert "the only model with enough calls to judge" in reason(Priority.SPEED, others=[], probability=1.0)


@pytest.mark.parametrize("priority", [Priority.QUALITY, Priority.BALANCED])
def test_where_nothing_is_rated_it_says_so_and_claims_no_rating(priority: Priority) -> None:
    said = reason(priority, replace(PLAIN, satisfaction_rate=None, rated=0))

    assert "nothing rated yet" in said
    assert "ratings up" not in said


@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize("task", list(TaskType))
def test_task_types_are_named_as_people_say_them(priority: Priority, task: TaskType) -> None:
    for said in (reason(priority, task=task), explain.by_rules("by rules: a model", task, 0, 0, 5)):
        assert "_" not in said
        assert ";;" not in said
        assert explain.task_name(task) in said


def test_rules_say_what_is_missing() -> None:
    assert explain.by_rules("by rules: x", "coding", 0, 0, 5) == "no calls on coding yet; by rules: x"
    assert explain.by_rules("by rules: x", "function_calling", 4, 4, 5).startswith(
        "not enough data on function calling yet: 4 of 5 calls"
    )
    assert "1 of 20" in explain.by_rules("by rules: x", "coding", 1, 1, 20)


def test_a_line_for_the_terminal_says_how_sure_it_is() -> None:
    answer = Recommendation(
        model="gpt-4o", display_name="GPT-4o", provider="openai", confidence=70.0, probability_best=0.8, reason="because",
        source="data", task_type="coding", complexity=None, priority="quality", metrics=PLAIN, alternatives=[],
    )  # fmt: skip

    assert explain.describe(answer) == "GPT-4o (80% sure): because"
    assert explain.describe(replace(answer, probability_best=None)) == "GPT-4o (by rules): because"


@pytest.mark.parametrize(
    ("milliseconds", "shown"), [(999.4, "999ms"), (1_000.0, "1.0s"), (61_500.0, "61.5s"), (0.0, "0ms")]
)
def test_times_are_shown_in_fitting_units(milliseconds: float, shown: str) -> None:
    assert f"{shown} on average" in reason(Priority.QUALITY, replace(PLAIN, avg_response_time=milliseconds))


@pytest.mark.parametrize(("dollars", "shown"), [(1.5, "$1.50 each"), (0.0003, "$0.0003 each"), (12.0, "$12.00 each")])
def test_small_prices_keep_their_first_digits(dollars: float, shown: str) -> None:
    assert shown in reason(Priority.COST, replace(PLAIN, estimated_cost_per_answer=dollars))
