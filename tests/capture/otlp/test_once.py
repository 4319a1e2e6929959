"""Each call once: the innermost span of those that are about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.capture.otlp.building import chat, span

from augury.capture.otlp.once import Once

if TYPE_CHECKING:
    from augury.capture.otlp.once import Sorted
    from augury.capture.otlp.spans import Span


def calls(found: Sorted) -> list[Span]:
    return [seen.span for seen in found.calls]


def test_a_frameworks_span_around_a_clients_is_not_counted_even_through_others() -> None:
    outer = span(chat(), took_ms=100, scope="langchain")
    between = span({}, name="RunnableSequence", within=outer, start_ms=1, took_ms=98)
    inner = span(chat(), within=between, start_ms=2, took_ms=96)

    found = Once().sort([outer, inner, between])

    assert calls(found) == [inner]
    assert (found.duplicates, found.others) == (1, 1)
    assert found.calls[0].same == [outer]
    assert found.calls[0].around == [between, outer]


def test_it_is_the_same_when_they_come_one_by_one_and_again() -> None:
    outer = span(chat(), took_ms=100)
    between = span({}, within=outer, start_ms=1, took_ms=98)
    inner = span(chat(), within=between, start_ms=2, took_ms=96)
    once = Once()

    for _ in range(2):
        assert [calls(once.sort([one])) for one in (inner, between, outer)] == [[inner], [], []]


def test_retries_within_a_frameworks_span_are_calls_and_it_is_none() -> None:
    outer = span(chat(), took_ms=100)
    first = span(chat(), within=outer, start_ms=1, took_ms=10, failed=True)
    second = span(chat(), within=outer, start_ms=20, took_ms=70)

    found = Once().sort([first, second, outer])

    assert calls(found) == [first, second]
    assert found.calls[0].same == []  # what the one around tells is true of neither for itself


def test_a_tool_that_asks_a_model_makes_a_call_of_its_own() -> None:
    outer = span(chat(), took_ms=100)
    tool = span({"gen_ai.operation.name": "execute_tool"}, within=outer, start_ms=10, took_ms=50)
    inner = span(chat(), within=tool, start_ms=11, took_ms=40)

    assert calls(Once().sort([outer, tool, inner])) == [inner, outer]


def test_an_embedding_within_a_call_is_another_call() -> None:
    outer = span(chat(), took_ms=100)
    lookup = span(chat() | {"gen_ai.operation.name": "embeddings"}, within=outer, start_ms=1, took_ms=5)

    assert calls(Once().sort([outer, lookup])) == [lookup, outer]


def test_two_instrumentations_side_by_side_are_known_by_the_answers_id_and_by_the_time() -> None:
    answer = chat(gen_ai__response__id="msg_1")
    inner = span(answer, trace_id="a" * 32, start_ms=5, took_ms=50, scope="com.anthropic.sdk.python")
    outer = span(answer, trace_id="b" * 32, start_ms=0, took_ms=60, scope="openllmetry")
    later = span(answer, trace_id="c" * 32, start_ms=500, took_ms=60, scope="openllmetry")  # small servers count to 999
    same_scope = span(answer, trace_id="d" * 32, start_ms=6, took_ms=60, scope="com.anthropic.sdk.python")

    assert calls(Once().sort([outer, inner])) == [inner]
    assert calls(Once().sort([inner, later])) == [inner, later]
    assert calls(Once().sort([inner, same_scope])) == [inner, same_scope]
    once = Once()
    assert [calls(once.sort([one])) for one in (inner, outer, inner, outer)] == [[inner], [], [inner], []]


def test_failures_side_by_side_are_known_by_what_was_asked_and_when() -> None:
    asked = chat()
    inner = span(asked, trace_id="a" * 32, start_ms=5, took_ms=50, scope="native", failed=True)
    outer = span(asked, trace_id="b" * 32, start_ms=0, took_ms=60, scope="openllmetry", failed=True)
    another_model = span(
        asked | {"gen_ai.request.model": "o3"}, start_ms=0, took_ms=60, scope="openllmetry", failed=True
    )
    after = span(asked, trace_id="c" * 32, start_ms=70, took_ms=60, scope="openllmetry", failed=True)

    assert calls(Once().sort([inner, outer])) == [inner]
    assert calls(Once().sort([inner, another_model])) == [inner, another_model]
    assert calls(Once().sort([inner, after])) == [inner, after]


def test_what_is_remembered_is_bounded() -> None:
    once = Once(remembered=2)
    parents = [span(chat(), span_id=f"{number:016x}", took_ms=100) for number in range(1, 5)]
    children = [span(chat(), within=parent, start_ms=1, took_ms=10) for parent in parents]

    once.sort(children)

    assert calls(once.sort(parents)) == parents[:2]  # forgotten: better counted twice than not at all
