"""What the gateway is made of, each by itself."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.core.calls import ErrorType
from augury.gateway import headers
from augury.gateway.asked import ROUTES, our_headers, read
from augury.gateway.breaker import FAILURES, FIRST_REST_S, Breakers
from augury.gateway.demands import demands_of
from augury.gateway.events import Events, data_of
from augury.gateway.logical import WITHIN_S, Retried
from augury.gateway.patience import Budget, pause_s, retry_after_s
from augury.gateway.upstreams import Api, Upstream

STREAM = b'data: {"a": 1}\n\n: a comment\n\nevent: x\r\ndata: {"b":\r\ndata: 2}\r\n\r\ndata: [DONE]\n\ndata: {"cut'
UPSTREAM = Upstream(name="openai", api=Api.OPENAI, base_url="https://api.example/v1", provider="openai", key="sk-owner")


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_events_are_the_same_whatever_pieces_they_come_in(cuts: list[int]) -> None:
    events, found = Events(), []
    places = [0, *sorted(cuts), len(STREAM)]
    for start, end in pairwise(places):
        found += events.feed(STREAM[start:end])
    assert [data_of(event) for event in found] == [b'{"a": 1}', b"", b'{"b":\n2}', b"[DONE]"]
    assert b"".join(found) + events.rest() == STREAM


def test_a_circuit_opens_after_failures_and_one_may_try() -> None:
    clock = Clock()
    breakers = Breakers(clock)
    for _ in range(FAILURES):
        assert breakers.rests_s("m") == 0
        breakers.begins("m")
        breakers.ends("m", ErrorType.SERVER)
    assert breakers.rests_s("m") == FIRST_REST_S
    clock.now += FIRST_REST_S
    assert breakers.rests_s("m") == 0
    breakers.begins("m")
    assert breakers.rests_s("m") > 0  # one at a time
    breakers.ends("m", ErrorType.TIMEOUT)
    assert breakers.rests_s("m") == 2 * FIRST_REST_S
    clock.now += 2 * FIRST_REST_S
    breakers.begins("m")
    breakers.ends("m", ErrorType.CANCELLED)
    assert breakers.rests_s("m") == 0  # which told nothing
    breakers.begins("m")
    breakers.ends("m", None)
    breakers.ends("m", ErrorType.SERVER)
    assert breakers.rests_s("m") == 0  # it begins anew


def test_a_circuit_stays_closed_over_what_is_not_the_models_fault() -> None:
    breakers = Breakers(Clock())
    for _ in range(2 * FAILURES):
        breakers.ends("m", ErrorType.INVALID_REQUEST)
        breakers.ends("m", ErrorType.RATE_LIMIT)
    assert breakers.rests_s("m") == 0


@pytest.mark.parametrize(
    ("milliseconds", "seconds", "expected"),
    [
        ("250", "9", 0.25), (None, "3", 3.0), (None, "Mon, 01 Jan 2001 00:00:00 GMT", 0.0), (None, "soon", None), ("nan", None, None),
        (None, "-1", None), (None, None, None),
    ],
)  # fmt: skip
def test_the_pause_that_a_provider_asks_for(milliseconds: str | None, seconds: str | None, expected: float) -> None:
    assert retry_after_s(milliseconds, seconds) == expected


def test_pauses_grow_and_end() -> None:
    pauses = [pause_s(tries, ErrorType.SERVER, None, lambda: 1.0) for tries in range(1, 9)]
    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert pause_s(1, ErrorType.RATE_LIMIT, 5.0) == 5.0
    assert pause_s(1, ErrorType.RATE_LIMIT, 500.0) is None
    assert pause_s(1, ErrorType.INVALID_REQUEST, None) is None
    assert pause_s(1, ErrorType.CONNECTION, None) == 0


def test_a_provider_that_is_down_gets_a_fifth_more_requests() -> None:
    budget = Budget()
    retries = 0
    for _ in range(1_000):
        budget.earn()
        retries += budget.spend()
    assert 200 <= retries <= 210


def test_headers_of_one_connection_and_of_ours_stay_here() -> None:
    sent = headers.onward(
        [
            (b"host", b"127.0.0.1"), (b"connection", b"keep-alive, x-hop"), (b"x-hop", b"1"), (b"authorization", b"Bearer augury"),
            (b"cookie", b"a=b"), (b"x-augury-user-id", b"anna"), (b"openai-beta", b"one"), (b"openai-beta", b"two"),
            (b"accept-encoding", b"gzip"), (b"content-length", b"7"),
        ],
        UPSTREAM,
    )  # fmt: skip
    assert sent == {"openai-beta": "one, two", "accept-encoding": "identity", "authorization": "Bearer sk-owner"}


def test_what_we_say_of_a_choice_can_be_read_back_from_plain_ascii() -> None:
    said = "besser für Code: 95 % · 日本\r\nx-evil: 1"
    (named,) = headers.ours({"reason": said, "nothing": None})
    assert named[1].isascii()
    assert b"\r" not in named[1]
    assert our_headers([named])["reason"] == said


def test_a_retry_is_known_by_key_body_and_count_for_ten_minutes() -> None:
    clock = Clock()
    retried = Retried(clock)
    route = ROUTES["/v1/messages"]

    def asked(body: bytes = b'{"model":"m"}', key: bytes = b"k", count: bytes | None = None) -> Any:
        named = [] if count is None else [(b"x-stainless-retry-count", count)]
        return read(route, body, [(b"x-api-key", key), *named], b"")

    first = retried.logical(asked())
    first.attempts = 3
    retried.failed(asked(), first)
    for other in (asked(), asked(key=b"other", count=b"1"), asked(b'{"model":"n"}', count=b"1"), asked(count=b"x")):
        assert retried.logical(other).message_id != first.message_id
    again = retried.logical(asked(count=b"1"))
    assert (again.message_id, again.attempts) == (first.message_id, 3)
    retried.failed(asked(), again)
    clock.now += WITHIN_S + 1
    assert retried.logical(asked(count=b"2")).message_id != first.message_id


@pytest.mark.parametrize(
    "body",
    [
        {
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:," + "x" * 9_000}}]}
            ]
        },
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:," + "x" * 9_000}]}]},
        {"messages": [{"content": [{"type": "image", "source": {"type": "base64", "data": "x" * 9_000}}]}]},
    ],
)
def test_a_picture_counts_as_one_and_not_as_its_bytes(body: dict[str, Any]) -> None:
    found = demands_of(body)
    assert found.images
    assert 1_600 <= found.input_tokens < 1_700


@pytest.mark.parametrize(
    "body",
    [
        {"response_format": {"type": "json_schema"}},
        {"text": {"format": {"type": "json_schema"}}},
        {"output_config": {"format": {"type": "json_schema"}}},
        {"output_format": {"type": "json_schema"}},
    ],
)
def test_a_schema_is_seen_in_every_dialect(body: dict[str, Any]) -> None:
    assert demands_of(body).json_schema
    assert not demands_of({"response_format": {"type": "json_object"}, "text": "x"}).json_schema
