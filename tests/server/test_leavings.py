"""What a request leaves behind: nothing that only the search for garbage would find, since that is made seldom."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.gateway.serving import WITHIN_S, serving, upstream
from tests.provider import Provider, Turn

from augury.capture.records import read_all
from augury.gateway.asked import Asked
from augury.server.garbage import Forgetting
from augury.server.ingest import Arrival

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient

LONG = "x" * 50_000
ASK = {"model": "gpt-4o", "messages": [{"role": "user", "content": LONG}]}


@pytest.fixture(autouse=True)
def _nobody_looks() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def left(kind: type) -> int:
    return sum(type(one) is kind for one in gc.get_objects())


def soon_no_more_are_left(kind: type, before: int) -> None:
    deadline = time.monotonic() + WITHIN_S
    while left(kind) > before:
        assert time.monotonic() < deadline, f"{left(kind)} are left, {before} before"
        time.sleep(0.02)


@pytest.mark.parametrize(
    "turn",
    [Turn(), Turn(status=401), Turn(status=400), Turn(drop_after=0)],
    ids=["well", "refused", "wrong", "dropped"],
)
def test_a_request_to_the_gateway_is_forgotten_however_it_ends(tmp_path: Path, turn: Turn) -> None:
    before = left(Asked)  # of other tests
    with Provider() as provider, serving(tmp_path, upstream(provider, retries=0)) as gateway:
        for count in (1, 2):
            provider.will(turn)
            gateway.post("/v1/chat/completions", ASK)
            gateway.rows(count)
        soon_no_more_are_left(Asked, before)


@pytest.mark.parametrize(
    "body", ["no JSON", '{"model": "gpt-4o", "responseTimeMs": "soon"}', '{"model": "gpt-4o", "responseTimeMs": 1}']
)
def test_a_request_with_calls_is_forgotten_however_it_ends(client: TestClient, body: str) -> None:
    before = left(Arrival)
    for _ in range(10):
        client.post("/api/analytics/models/calls", content=body, headers={"content-type": "application/json"})
    assert left(Arrival) <= before + 3  # each of the threads that had one may hold its latest


@pytest.mark.parametrize(("length", "found"), [("999", False), ("1000000", True)])
def test_garbage_in_cycles_is_looked_for_after_a_long_request(length: str, *, found: bool) -> None:
    class Node:
        other: object = None

    async def app(*_: object) -> None:
        node = Node()
        node.other = node

    scope = {"type": "http", "headers": [(b"content-length", length.encode())]}
    asyncio.run(Forgetting(app)(scope, cast("Any", None), cast("Any", None)))
    assert left(Node) == (0 if found else 1)


def test_a_record_that_is_refused_keeps_nothing_of_the_others() -> None:
    class Record(dict[str, object]):
        pass

    answers = read_all([Record(model="gpt-4o", response_time_ms="soon")], None)
    assert len(answers) == 1
    del answers
    assert not left(Record)
