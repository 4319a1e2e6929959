from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise
from statistics import mean, median
from typing import TYPE_CHECKING, Any

import pytest
from tests.demo.conftest import TODAY

from augury.core.calls import ErrorType, ModelCall, SelectedBy
from augury.core.tasks import Complexity, TaskType

if TYPE_CHECKING:
    from collections.abc import Iterable


def days_ago(call: ModelCall) -> int:
    return (TODAY - call.timestamp.date()).days


def satisfaction(some: Iterable[ModelCall]) -> float:
    return mean(call.user_rating == 1 for call in some if call.user_rating)


def counts_by(some: Iterable[ModelCall], field: str) -> Counter[Any]:
    return Counter(getattr(call, field) for call in some)


# What there is


def test_all_task_types_and_complexities_appear_in_different_shares(chats: list[ModelCall]) -> None:
    tasks = counts_by(chats, "task_type")
    assert set(tasks) == set(TaskType)
    assert min(tasks.values()) > 1_000
    assert max(tasks.values()) > 5 * min(tasks.values())
    for task in TaskType:
        mix = counts_by((call for call in chats if call.task_type is task), "task_complexity")
        assert set(mix) == set(Complexity)
        assert min(mix.values()) > 50


def test_ten_models_of_two_makers_take_part_and_one_of_them_at_two_providers(chats: list[ModelCall]) -> None:
    models = counts_by(chats, "model")
    assert len(models) == 10
    assert min(models.values()) > 1_500
    served = defaultdict(set)
    for call in chats:
        served[call.model].add(call.provider)
    assert {model for model, providers in served.items() if len(providers) > 1} == {"claude-sonnet-5-5"}
    assert set.union(*served.values()) == {"anthropic", "openai", "aws.bedrock"}


def test_new_models_replace_old_ones_in_the_course_of_the_time(chats: list[ModelCall]) -> None:
    first = {call.model for call in chats if days_ago(call) > 80}
    last = {call.model for call in chats if days_ago(call) < 30}
    assert first == {"claude-opus-5", "claude-sonnet-5", "claude-haiku-4-5", "gpt-5.4-mini", "gpt-4o"}
    assert first & last == {"claude-sonnet-5", "gpt-5.4-mini", "gpt-4o"}
    assert len(last) == 8


@pytest.mark.parametrize(
    ("model", "released"),
    [
        ("claude-opus-5-5", date(2026, 9, 22)),
        ("claude-sonnet-5-5", date(2026, 9, 28)),
        ("claude-haiku-5-5", date(2026, 10, 7)),
        ("gpt-6-sol", date(2026, 9, 22)),
        ("gpt-6-luna", date(2026, 9, 22)),
    ],
)
def test_no_model_is_used_before_its_release(chats: list[ModelCall], model: str, released: date) -> None:
    assert min(call.timestamp.date() for call in chats if call.model == model) >= released


def test_hard_tasks_go_to_the_strong_models_more_often(chats: list[ModelCall]) -> None:
    def hard(model: str) -> float:
        return mean(call.task_complexity is Complexity.COMPLEX for call in chats if call.model == model)

    assert hard("claude-opus-5-5") > 5 * hard("claude-haiku-5-5")
    assert hard("gpt-6-sol") > 5 * hard("gpt-6-luna")


def test_offices_and_evenings_are_busy_and_weekends_quieter(calls: list[ModelCall]) -> None:
    working = [call for call in calls if call.timestamp.weekday() < 5 and call.timestamp.date() != TODAY]
    hours = Counter(call.timestamp.hour for call in working)
    assert hours[14] > 5 * hours[3]
    assert hours[20] > hours[18] * 0.98
    assert hours[20] > 1.5 * hours[22]
    weekdays = Counter(call.timestamp.weekday() for call in calls)
    assert weekdays[5] < 0.7 * weekdays[2]


def test_traffic_grows(calls: list[ModelCall]) -> None:
    assert sum(0 < days_ago(call) <= 28 for call in calls) > 1.15 * sum(61 < days_ago(call) <= 89 for call in calls)


def test_a_tenth_of_the_answers_is_rated_and_ratings_follow_quality(chats: list[ModelCall]) -> None:
    rated = [call for call in chats if call.user_rating]
    assert 0.07 < len(rated) / len(chats) < 0.12
    assert satisfaction(call for call in chats if call.success) > 0.75
    assert satisfaction(call for call in chats if call.error_type is ErrorType.TASK) < 0.35
    assert counts_by(chats, "user_rating")[0] > 10  # taken back


def test_some_answers_are_streamed_and_only_those_have_a_time_to_first_token(chats: list[ModelCall]) -> None:
    streamed = [call for call in chats if call.time_to_first_token_ms is not None]
    assert 0.4 < len(streamed) / len(chats) < 0.8
    assert not [call for call in streamed if call.service_tier]


def test_conversations_keep_their_user_and_read_more_each_turn(chats: list[ModelCall]) -> None:
    talks = defaultdict(list)
    for call in chats:
        if call.conversation_id:
            assert call.conversation_id.startswith("conv-")
            talks[call.conversation_id].append(call)
    assert all(len({call.user_id for call in talk}) == 1 for talk in talks.values())
    assert all(len({call.segment for call in talk}) == 1 for talk in talks.values())
    assert sum(len({call.message_id for call in talk}) > 1 for talk in talks.values()) > 5_000

    turns = defaultdict(list)
    for talk in talks.values():
        for turn, call in enumerate(one for one in talk if one.input_tokens):
            turns[min(turn, 4)].append(call)
    inputs = [median(call.input_tokens or 0 for call in turns[turn]) for turn in range(5)]
    cached = [mean(call.cached_input_tokens or 0 for call in turns[turn]) for turn in range(5)]
    assert inputs == sorted(inputs)
    assert cached[0] == 0
    assert cached == sorted(cached)


def test_two_hundred_users_in_three_segments_ask(calls: list[ModelCall]) -> None:
    assert len({call.user_id for call in calls}) == 200
    segments = counts_by(calls, "segment")
    assert segments["free"] > segments["pro"] > segments["enterprise"] > 1_000


def test_retries_and_fallbacks_are_calls_of_their_own_under_one_message_id(chats: list[ModelCall]) -> None:
    messages = defaultdict(list)
    for call in chats:
        messages[call.message_id].append(call)
    retried = [sorted(tries, key=lambda call: call.attempt) for tries in messages.values() if len(tries) > 1]
    assert len(retried) > 300
    for tries in retried:
        assert [call.attempt for call in tries] == list(range(1, len(tries) + 1))
        assert not any(call.success for call in tries[:-1])
        assert all(one.timestamp < two.timestamp for one, two in pairwise(tries))
    assert sum(len({call.model for call in tries}) > 1 for tries in retried) > 50
    assert all(call.attempt == 1 for tries in messages.values() if len(tries) == 1 for call in tries)


def test_failures_are_of_many_kinds_and_only_what_was_cut_has_tokens(chats: list[ModelCall]) -> None:
    kinds = counts_by(chats, "error_type")
    assert set(kinds) >= {None, *ErrorType} - {ErrorType.AUTHENTICATION, ErrorType.OTHER}
    technical = len(chats) - kinds[None] - kinds[ErrorType.TASK]
    assert 0.01 < technical / len(chats) < 0.03
    assert kinds[ErrorType.RATE_LIMIT] == max(kinds[kind] for kind in kinds if kind not in (None, ErrorType.TASK))
    for call in chats:
        assert call.success == (call.error_type is None) == (call.error_message is None)
        if call.error_type not in (None, ErrorType.TASK, ErrorType.CANCELLED):
            assert call.output_tokens == 0
            assert call.reasoning_tokens is None
    assert any(call.output_tokens for call in chats if call.error_type is ErrorType.CANCELLED)


def test_a_few_calls_use_other_tiers_or_were_explored_and_the_rest_neither(chats: list[ModelCall]) -> None:
    tiers = counts_by(chats, "service_tier")
    assert set(tiers) == {None, "batch", "flex"}
    assert tiers[None] > 0.95 * len(chats)
    assert {call.provider for call in chats if call.service_tier == "flex"} == {"openai"}
    explored = [call for call in chats if call.selected_by is SelectedBy.EXPLORATION]
    assert 200 < len(explored) < 0.03 * len(chats)
    assert {call.propensity for call in explored} == {1 / 8}
    assert all(call.propensity is None for call in chats if call.selected_by is SelectedBy.CALLER)


def test_embeddings_are_there_too_and_write_nothing(calls: list[ModelCall]) -> None:
    embeddings = [call for call in calls if call.operation == "embeddings"]
    assert 0.02 < len(embeddings) / len(calls) < 0.04
    assert {(call.model, call.output_tokens) for call in embeddings} == {("text-embedding-3-small", None)}


def test_complex_tasks_take_longer_and_small_models_are_fast(chats: list[ModelCall]) -> None:
    def typical(task: TaskType, complexity: Complexity, model: str) -> float:
        return median(
            call.response_time_ms
            for call in chats
            if (call.task_type, call.task_complexity, call.model) == (task, complexity, model)
        )

    for task in (TaskType.GENERAL_CHAT, TaskType.CODING, TaskType.ANALYSIS):
        for model in ("claude-haiku-5-5", "claude-opus-5-5"):
            times = [typical(task, complexity, model) for complexity in Complexity]
            assert times == sorted(times)
        assert 2 * typical(task, Complexity.MEDIUM, "claude-haiku-5-5") < typical(
            task, Complexity.MEDIUM, "claude-opus-5-5"
        )
