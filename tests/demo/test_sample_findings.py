from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from statistics import mean
from typing import TYPE_CHECKING, Any

import pytest
from tests.demo.conftest import NOW, PRICES, TODAY

from augury.core.calls import GENERATING, NOT_EVIDENCE, ErrorType, ModelCall
from augury.core.tasks import Complexity, TaskType
from augury.demo import sample_calls
from augury.demo.events import DECLINE_DAYS_AGO, outage

if TYPE_CHECKING:
    from collections.abc import Iterable


def days_ago(call: ModelCall) -> int:
    return (TODAY - call.timestamp.date()).days


def success_rate(some: Iterable[ModelCall]) -> float:
    return mean(call.success for call in some)


def satisfaction(some: Iterable[ModelCall]) -> float:
    return mean(call.user_rating == 1 for call in some if call.user_rating)


def counts_by(some: Iterable[ModelCall], field: str) -> Counter[Any]:
    return Counter(getattr(call, field) for call in some)


# What there is to find


def test_an_outage_shows_on_a_working_day_five_weeks_ago(chats: list[ModelCall]) -> None:
    begin, end = outage(TODAY)
    assert begin.date() == TODAY - timedelta(days=35)
    during = [call for call in chats if begin <= call.timestamp - timedelta(milliseconds=call.response_time_ms) < end]
    down = [call for call in during if call.provider == "anthropic"]
    assert success_rate(down) < 0.35
    kinds = counts_by(down, "error_type")
    assert kinds[ErrorType.OVERLOADED] + kinds[ErrorType.SERVER] > 0.65 * len(down)
    assert success_rate(call for call in during if call.provider != "anthropic") > 0.8

    anthropic = [call for call in chats if call.provider == "anthropic" and call.timestamp.date() != begin.date()]
    assert success_rate(anthropic) > 0.85
    assert mean(call.response_time_ms for call in down) > 1.5 * mean(call.response_time_ms for call in anthropic)


@pytest.mark.parametrize("day", [date(2026, 11, 23) + timedelta(days=n) for n in range(7)])
def test_the_outage_is_never_on_a_weekend(day: date) -> None:
    begin, end = outage(day)
    assert begin.weekday() < 5
    assert timedelta(days=35) <= datetime.combine(day, time(23), tzinfo=UTC) - begin < timedelta(days=38)
    assert timedelta(hours=2.5) < end - begin < timedelta(hours=3.5)


def test_one_model_got_worse_at_coding_three_weeks_ago_together_with_its_version(chats: list[ModelCall]) -> None:
    sol = [call for call in chats if call.model == "gpt-6-sol"]
    before = [call for call in sol if days_ago(call) > DECLINE_DAYS_AGO]
    after = [call for call in sol if days_ago(call) <= DECLINE_DAYS_AGO]
    assert {call.model_version for call in before} == {"gpt-6-sol-2026-09-22"}
    assert {call.model_version for call in after} == {"gpt-6-sol"}

    def coding(some: list[ModelCall]) -> list[ModelCall]:
        return [call for call in some if call.task_type is TaskType.CODING]

    def other(some: list[ModelCall]) -> list[ModelCall]:
        return [call for call in some if call.task_type is not TaskType.CODING]

    assert success_rate(coding(before)) - success_rate(coding(after)) > 0.12
    assert satisfaction(coding(before)) - satisfaction(coding(after)) > 0.2
    assert abs(success_rate(other(before)) - success_rate(other(after))) < 0.03


@pytest.mark.parametrize("later", range(7))
def test_the_best_model_differs_from_task_to_task_on_whatever_weekday_one_looks(later: int) -> None:
    month = sample_calls(PRICES, now=NOW + timedelta(days=later), days=30)
    chats = [call for call in month if call.operation in GENERATING]
    assert {task: best_model(chats, task) for task in TaskType if task is not TaskType.OTHER} == {
        TaskType.GENERAL_CHAT: "claude-haiku-5-5",
        TaskType.CODING: "claude-opus-5-5",
        TaskType.ANALYSIS: "claude-sonnet-5-5",
        TaskType.REASONING: "gpt-6-sol",
        TaskType.CREATIVE: "claude-sonnet-5",
        TaskType.FILE_PROCESSING: "gpt-6-luna",
        TaskType.FUNCTION_CALLING: "gpt-5.4-mini",
    }


def best_model(chats: list[ModelCall], task: TaskType) -> str:
    """The highest success and satisfaction, as if all models had been given the same mix of simple and hard."""
    recent = [call for call in chats if call.task_type is task]
    mix = counts_by(recent, "task_complexity")
    liked = satisfaction(recent)  # what a model is credited with 20 times, so that a few lucky thumbs do not decide
    done: dict[str, dict[Complexity | None, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for call in recent:
        if call.error_type not in NOT_EVIDENCE:
            done[call.model][call.task_complexity].append(call.success)

    def score(model: str) -> float:
        success = sum(mean(done[model][complexity]) * count for complexity, count in mix.items()) / len(recent)
        thumbs = [call.user_rating == 1 for call in recent if call.model == model and call.user_rating]
        return success + (sum(thumbs) + 20 * liked) / (len(thumbs) + 20)

    return max((model for model in done if done[model].keys() == mix.keys()), key=score)


def test_raw_rates_mislead_where_the_strong_model_is_given_the_hard_tasks(chats: list[ModelCall]) -> None:
    def rate(model: str, *complexities: Complexity) -> float:
        return success_rate(
            call
            for call in chats
            if call.task_type is TaskType.CREATIVE and call.model == model and call.task_complexity in complexities
        )

    strong, cheap = "claude-opus-5-5", "gpt-6-luna"
    assert rate(strong, *Complexity) < rate(cheap, *Complexity)
    assert rate(strong, Complexity.MEDIUM) > rate(cheap, Complexity.MEDIUM)
    assert rate(strong, Complexity.COMPLEX) > rate(cheap, Complexity.COMPLEX) + 0.05
