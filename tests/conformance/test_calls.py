"""The latest calls, filtered, and page by page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from tests.world import FOREIGN, NOW, a_call, meant, message

from augury.core.windows import Window
from augury.store.protocol import CallsQuestion, Filters

if TYPE_CHECKING:
    from collections.abc import Callable

    from augury.core.calls import ModelCall
    from augury.store.protocol import Store

ALL = Filters(operations=None)

QUESTIONS: dict[str, tuple[CallsQuestion, Callable[[ModelCall], bool]]] = {
    "everything": (CallsQuestion(), lambda _: True),
    "model": (CallsQuestion(filters=replace(ALL, model="gpt-4o")), lambda c: c.model == "gpt-4o"),
    "foreign model": (CallsQuestion(filters=replace(ALL, model=FOREIGN)), lambda c: c.model == FOREIGN),
    "provider": (CallsQuestion(filters=replace(ALL, provider="aws.bedrock")), lambda c: c.provider == "aws.bedrock"),
    "task type": (CallsQuestion(filters=replace(ALL, task_type="coding")), lambda c: c.task_type == "coding"),
    "complexity": (CallsQuestion(filters=replace(ALL, complexity="simple")), lambda c: c.task_complexity == "simple"),
    "segment": (CallsQuestion(filters=replace(ALL, segment="pro")), lambda c: c.segment == "pro"),
    "embeddings": (CallsQuestion(filters=Filters(operations=("embeddings",))), lambda c: c.operation == "embeddings"),
    "successes": (CallsQuestion(success=True), lambda c: c.success),
    "failures": (CallsQuestion(success=False), lambda c: not c.success),
    "error type": (CallsQuestion(error_type="rate_limit"), lambda c: c.error_type == "rate_limit"),
    "conversation": (CallsQuestion(conversation_id="retried 1"), lambda c: c.conversation_id == "retried 1"),
    "user": (CallsQuestion(user_id=UUID(int=0)), lambda c: c.user_id == UUID(int=0)),
    "message": (CallsQuestion(message_id=message(5_002)), lambda c: c.message_id == message(5_002)),
    "window": (
        CallsQuestion(window=Window.between(date(2026, 3, 2), date(2026, 3, 7))),
        lambda c: datetime(2026, 3, 2, tzinfo=UTC) <= c.timestamp < datetime(2026, 3, 8, tzinfo=UTC),
    ),
    "several at once": (
        CallsQuestion(filters=replace(ALL, provider="openai", task_type="coding"), success=False, error_type="server"),
        lambda c: c.provider == "openai" and c.task_type == "coding" and c.error_type == "server",
    ),
    "metadata": (CallsQuestion(metadata=(("ключ", "значение"),)), lambda c: c.metadata is not None),
    "metadata that none has": (CallsQuestion(metadata=(("ключ", "' OR true --"),)), lambda _: False),
    "nothing": (CallsQuestion(conversation_id="' OR true --"), lambda _: False),
}


def newest_first(calls: list[ModelCall]) -> list[ModelCall]:
    return sorted(calls, key=lambda call: (call.timestamp, call.id), reverse=True)


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_calls_that_were_asked_for_come_newest_first(
    world_store: Store, calls: tuple[ModelCall, ...], name: str
) -> None:
    question, passes = QUESTIONS[name]
    expected = newest_first([call for call in calls if passes(call)])

    assert meant(world_store.calls(replace(question, limit=10_000))) == meant(expected)
    assert meant(world_store.calls(replace(question, limit=3))) == meant(expected[:3])


@pytest.mark.parametrize("size", [1, 7, 50, 10_000])
@pytest.mark.parametrize("name", ["everything", "failures", "window"])
def test_page_by_page_every_call_comes_exactly_once(
    world_store: Store, calls: tuple[ModelCall, ...], name: str, size: int
) -> None:
    question, passes = QUESTIONS[name]
    found: list[ModelCall] = []
    before = None
    while page := world_store.calls(replace(question, limit=size, before=before)):
        found += page
        before = (page[-1].timestamp, page[-1].id)

    assert meant(found) == meant(newest_first([call for call in calls if passes(call)]))


def test_calls_of_one_instant_are_not_lost_between_pages(store: Store) -> None:
    same = [a_call(number) for number in range(20)]
    store.append(same)
    first = store.calls(CallsQuestion(limit=13))

    rest = store.calls(CallsQuestion(limit=13, before=(first[-1].timestamp, first[-1].id)))

    assert [*first, *rest] == newest_first(same)


def test_what_comes_while_one_pages_does_not_shift_the_pages(store: Store) -> None:
    store.append([a_call(number, timestamp=NOW - timedelta(minutes=number)) for number in range(6)])
    first = store.calls(CallsQuestion(limit=3))
    store.append([a_call(number, timestamp=NOW + timedelta(minutes=number)) for number in range(20, 24)])

    rest = store.calls(CallsQuestion(limit=10, before=(first[-1].timestamp, first[-1].id)))

    assert [call.timestamp for call in rest] == [NOW - timedelta(minutes=number) for number in (3, 4, 5)]


def test_what_is_read_is_typed_as_it_was_written(world_store: Store, calls: tuple[ModelCall, ...]) -> None:
    written = {call.id: call for call in calls}

    for read in world_store.calls(CallsQuestion(limit=10_000)):
        own = written[read.id]
        assert read.timestamp.utcoffset() == timedelta(0)
        assert list(map(type, read)) == list(map(type, own))


TAGGED = ('{"tags":["nightly","größe 🦊"],"n":7,"a/b~c":"x","$.tags":"dollar","deep":{"n":1}}', '{"tags":"nightly","ok":true}',
    '{"tags":[1,null,["nightly"]],"none":null,"":"empty"}', None, "{}")  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("tags", "nightly", [0, 1]),
        ("tags", "größe 🦊", [0]),
        ("tags", "night", []),
        ("n", "7", [0]),
        ("ok", "true", [1]),
        ("a/b~c", "x", [0]),
        ("$.tags", "dollar", [0]),
        ("/tags", "nightly", []),
        ("deep", "1", []),
        ("none", "null", []),
        ("%s ? '", '"', []),
    ],
)
def test_calls_are_found_by_what_is_in_their_metadata(store: Store, name: str, text: str, found: list[int]) -> None:
    store.append([a_call(number, metadata=metadata) for number, metadata in enumerate(TAGGED)])

    answer = store.calls(CallsQuestion(metadata=((name, text),)))

    assert sorted(call.metadata or "" for call in meant(answer)) == sorted(
        call.metadata or "" for call in meant(a_call(metadata=TAGGED[number]) for number in found)
    )
