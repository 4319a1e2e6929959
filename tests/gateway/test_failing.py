"""Providers that are slow, down, or flapping, that lie about lengths and cut streams: right answers, right rows."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import anthropic
import httpx2
import openai
import pytest
from tests.gateway.serving import serving, upstream
from tests.provider import Provider, Turn, answers

from augury.gateway.breaker import FAILURES
from augury.gateway.upstreams import Api

if TYPE_CHECKING:
    from pathlib import Path

CHAT = "/v1/chat/completions"
HI: Any = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
SOON = {"retry-after-ms": "1"}


def told(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["model"], row["attempt"], row["success"], row["error_type"]) for row in rows]


def test_a_failure_that_passes_is_tried_again_under_one_message(provider: Provider, tmp_path: Path) -> None:
    provider.will(Turn(status=429, headers=SOON), Turn(drop_after=0), Turn(drop_after=20))
    with serving(tmp_path, upstream(provider, retries=3)) as served:
        answer = served.post(CHAT, HI)
        rows = served.rows(4)
    assert (answer.status_code, answer.headers["x-augury-attempts"]) == (200, "4")
    assert told(rows) == [
        ("gpt-4o", 1, False, "rate_limit"),
        ("gpt-4o", 2, False, "connection"),
        ("gpt-4o", 3, False, "connection"),
        ("gpt-4o", 4, True, None),
    ]
    assert {str(row["message_id"]) for row in rows} == {answer.headers["x-augury-message-id"]}


def test_what_will_not_pass_is_not_tried_again(provider: Provider, tmp_path: Path) -> None:
    provider.will(Turn(status=400), Turn(status=429, headers={"retry-after": "3600"}))
    with serving(tmp_path, upstream(provider)) as served:
        assert served.post(CHAT, HI).status_code == 400
        late = served.post(CHAT, HI)
        assert (late.status_code, late.headers["retry-after"]) == (429, "3600")
        assert told(served.rows(2)) == [("gpt-4o", 1, False, "invalid_request"), ("gpt-4o", 1, False, "rate_limit")]


def test_another_model_stands_in(provider: Provider, tmp_path: Path) -> None:
    provider.will(Turn(status=500), Turn())
    both = upstream(provider, Api.OPENAI, "gpt-4o", "gpt-4o-mini", retries=0)
    with serving(tmp_path, both, fallbacks={"gpt-4o": ("gpt-4o-mini",)}) as served:
        answer = served.post(CHAT, HI)
        assert (answer.status_code, answer.json()["model"]) == (200, "gpt-4o-mini")
        assert (answer.headers["x-augury-model"], answer.headers["x-augury-instead-of"]) == ("gpt-4o-mini", "gpt-4o")
        rows = served.rows(2)
    assert told(rows) == [("gpt-4o", 1, False, "server"), ("gpt-4o-mini", 2, True, None)]
    assert [(row["selected_by"], row["propensity"]) for row in rows] == [("caller", None), ("rules", 1.0)]


def test_nobody_who_cannot_be_reached_is_asked_for_ever(provider: Provider, tmp_path: Path) -> None:
    down = upstream(provider, retries=0, base_url="http://127.0.0.1:9/v1")
    with serving(tmp_path, down) as served:
        for _ in range(FAILURES):
            refused = served.post(CHAT, HI)
            assert (refused.status_code, refused.json()["error"]["code"]) == (502, "connection")
        resting = served.post(CHAT, HI)
        assert (resting.status_code, resting.json()["error"]["code"]) == (503, "circuit_open")
        assert int(resting.headers["retry-after"]) >= 1
        assert told(served.rows(FAILURES)) == [("gpt-4o", 1, False, "connection")] * FAILURES


def test_who_does_not_answer_in_time_has_timed_out(provider: Provider, tmp_path: Path) -> None:
    never = threading.Event()
    provider.will(Turn(wait=never))
    with serving(tmp_path, upstream(provider, answer_s=0.1, retries=0)) as served:
        late = served.post(CHAT, HI)
        never.set()
        assert (late.status_code, late.json()["error"]["code"]) == (504, "timeout")
        assert told(served.rows(1)) == [("gpt-4o", 1, False, "timeout")]


@pytest.mark.parametrize(
    ("turn", "right"),
    [
        (Turn(headers={"content-length": "100000"}, drop_after=100_000), "too long"),
        (Turn(body=b'{"id": "x", "choi'), "too short"),
        (Turn(body=b"<html>Bad gateway</html>", headers={"content-type": "application/json"}), "no JSON"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_half_an_answer_is_none(turn: Turn, right: str, provider: Provider, tmp_path: Path) -> None:
    provider.will(turn)
    with serving(tmp_path, upstream(provider)) as served:
        answer = served.post(CHAT, HI)
        assert answer.json()["choices"][0]["message"]["content"] == "Hello, how can I help?", right
        assert told(served.rows(2)) == [("gpt-4o", 1, False, "connection"), ("gpt-4o", 2, True, None)]


def test_a_stream_that_breaks_off_is_an_error_for_every_client(provider: Provider, tmp_path: Path) -> None:
    with serving(tmp_path, upstream(provider), upstream(provider, Api.ANTHROPIC)) as served:
        provider.will(Turn(drop_after=3))
        with (
            openai.OpenAI(base_url=served.openai, api_key="any", max_retries=0) as client,
            pytest.raises(openai.APIError, match="openai ended the connection"),
        ):
            list(client.chat.completions.create(**HI, stream=True))
        provider.will(Turn(drop_after=5))
        asked: Any = {"model": "claude-opus-4-8", "max_tokens": 10, "messages": HI["messages"]}
        with (
            anthropic.Anthropic(base_url=served.url, api_key="any", max_retries=0) as other,
            pytest.raises(anthropic.APIError, match="anthropic ended the connection"),
            other.messages.stream(**asked) as stream,
        ):
            stream.until_done()
        provider.will(Turn(drop_after=3))
        with pytest.raises(httpx2.RemoteProtocolError):  # nobody takes it for whole
            served.post(CHAT, HI | {"stream": True})
        assert {(row["success"], row["error_type"]) for row in served.rows(3)} == {(False, "connection")}


def test_a_stream_is_tried_again_until_its_first_event(provider: Provider, tmp_path: Path) -> None:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    provider.will(Turn(drop_after=0), Turn(events=answers.named([overloaded])), Turn(split=7))
    with (
        serving(tmp_path, upstream(provider, Api.ANTHROPIC)) as served,
        anthropic.Anthropic(base_url=served.url, api_key="any", max_retries=0) as client,
    ):
        asked: Any = {"model": "claude-opus-4-8", "max_tokens": 10, "messages": HI["messages"]}
        with client.messages.stream(**asked) as stream:
            assert stream.get_final_text() == "Hello, how can I help?"
        assert told(served.rows(3)) == [
            ("claude-opus-4-8", 1, False, "connection"),
            ("claude-opus-4-8", 2, False, "overloaded"),
            ("claude-opus-4-8", 3, True, None),
        ]


def test_who_goes_takes_the_request_with_him(provider: Provider, tmp_path: Path) -> None:
    go_on = threading.Event()
    before, within = Turn(wait=go_on), Turn(wait=go_on, wait_after=3)
    provider.will(before, within)
    with serving(tmp_path, upstream(provider)) as served:
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.post(served.url + CHAT, json=HI, timeout=0.5)
        with httpx2.stream("POST", served.url + CHAT, json=HI | {"stream": True}) as stream:
            raw = stream.iter_raw()
            while b"Hello" not in next(raw):
                pass
        rows = served.rows(2)
        go_on.set()
    assert told(rows) == [("gpt-4o", 1, False, "cancelled")] * 2


def test_who_has_heard_all_and_goes_before_the_connection_ends_is_no_failure(
    provider: Provider, tmp_path: Path
) -> None:
    go_on = threading.Event()
    heard = answers.events(CHAT, HI | {"stream": True})
    provider.will(Turn(events=[*heard, b": the provider is slow to end\n\n"], wait=go_on, wait_after=len(heard)))
    with serving(tmp_path, upstream(provider)) as served:
        with openai.OpenAI(base_url=served.openai, api_key="any", max_retries=0) as client:
            assert [*client.chat.completions.create(**HI, stream=True)]
        rows = served.rows(1)
        go_on.set()
    assert told(rows) == [("gpt-4o", 1, True, None)]


def test_a_clients_retry_goes_on_counting(provider: Provider, tmp_path: Path) -> None:
    provider.will(Turn(status=500), Turn(status=500), Turn(), Turn(status=500))
    with serving(tmp_path, upstream(provider, retries=1)) as served:
        with openai.OpenAI(base_url=served.openai, api_key="any", max_retries=2) as client:
            raw = client.chat.completions.with_raw_response.create(**HI)
        again = served.post(CHAT, HI, x_stainless_retry_count="1")  # of what had succeeded: another call
        rows = served.rows(5)
    assert [row["attempt"] for row in rows] == [1, 2, 3, 2, 3]
    assert {str(row["message_id"]) for row in rows[:3]} == {raw.headers["x-augury-message-id"]}
    assert again.headers["x-augury-message-id"] != raw.headers["x-augury-message-id"]


def test_what_cannot_be_understood_is_refused_in_the_callers_words(provider: Provider, tmp_path: Path) -> None:
    with serving(tmp_path, upstream(provider, Api.OPENAI, "gpt-4o"), most_body=1_000) as served:
        for body in (b"{", b"[]", b"{}", b'{"model": 7}', json.dumps({"model": "x" * 201}).encode()):
            assert served.post(CHAT, body).json()["error"]["type"] == "invalid_request_error"
            assert served.post("/v1/messages", body).json()["type"] == "error"
        assert served.post(CHAT, b" " * 1_001).status_code == 413
        unknown = served.post(CHAT, HI | {"model": "gpt-9"})
        assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "model_not_found")
    assert provider.requests == []


def test_odd_headers_and_half_characters_cost_no_row(provider: Provider, tmp_path: Path) -> None:
    half = b'{"model":"mine","messages":[{"role":"user","content":"\\ud800"}]}'
    odd = {"x_augury_metadata": '{"a": NaN}', "x_augury_user_id": "%00", "x_augury_task_type": "nonsense"}
    renamed = upstream(provider, aliases={"mine": "gpt-4o"})
    with serving(tmp_path, renamed) as served:
        assert served.post(CHAT, half, **odd).status_code == 200
        (row,) = served.rows(1)
    assert (row["model"], row["metadata"], row["task_type"]) == ("gpt-4o", None, "general_chat")
    assert provider.requests[0].body["messages"][0]["content"] == "\ud800"


def test_no_key_follows_a_provider_elsewhere(provider: Provider, tmp_path: Path) -> None:
    provider.will(Turn(status=307, body=b"", headers={"location": "https://elsewhere.example/v1"}))
    with serving(tmp_path, upstream(provider)) as served:
        refused = served.post(CHAT, HI)
        assert (refused.status_code, "location" in refused.headers) == (502, False)
        assert told(served.rows(1)) == [("gpt-4o", 1, False, "other")]
    assert len(provider.requests) == 1


def test_without_a_provider_a_caller_is_told_what_to_set(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        refused = served.post(CHAT, HI)
        assert refused.status_code == 404
        assert "OPENAI_API_KEY" in refused.json()["error"]["message"]
        assert "AUGURY_GATEWAY" in served.post("/v1/messages", HI).json()["error"]["message"]
