"""`/api/chat`, over a provider that speaks HTTP."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
import pytest
from tests.gateway.serving import serving, upstream
from tests.provider import Provider, Turn

from augury.gateway.upstreams import Api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.testclient import TestClient
    from tests.gateway.serving import Served

CHAT = "/api/chat"
HELLO = "Hello, how can I help?"
CODING = "Write a Python function that merges two sorted lists."
BROKEN = tuple(f"broken-{number}" for number in range(10))


class Chatting:
    """A server with two providers, asked as a program would."""

    def __init__(self, served: Served, provider: Provider, client: httpx2.Client) -> None:
        self.served = served
        self.provider = provider
        self._client = client

    def post(self, body: object) -> httpx2.Response:
        """Ask, with whatever body."""
        if isinstance(body, bytes):
            return self._client.post(CHAT, content=body)
        return self._client.post(CHAT, json=body)

    def ask(self, message: str = "Hi", model: str | None = "gpt-4o", **more: Any) -> dict[str, Any]:
        """Ask, and have the answer."""
        named = {} if model is None else {"model": model}
        response = self.post({"message": message, **named, **more})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def stream(self, message: str = "Hi", model: str = "gpt-4o", **more: Any) -> list[tuple[str, Any]]:
        """Ask, and have the events."""
        return events(self.post({"message": message, "model": model, "stream": True, **more}).text)

    def row(self, message_id: str) -> dict[str, Any]:
        """What was recorded of a message."""
        found = self.rows(message_id)
        assert len(found) == 1
        return found[0]

    def rows(self, message_id: str) -> list[dict[str, Any]]:
        """The rows of a message, once there are some."""
        for _ in range(1_000):
            calls = self._client.get("/api/analytics/calls", params={"message_id": message_id}).json()["calls"]
            if calls:
                return list(calls)
        raise AssertionError(message_id)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatting]:
    with Provider() as provider:
        openai = upstream(provider, Api.OPENAI, "gpt-4o", "gpt-5.4-mini")
        anthropic = upstream(provider, Api.ANTHROPIC, "claude-sonnet-4-6")
        flaky = upstream(provider, Api.OPENAI, *BROKEN, name="flaky", retries=0)
        with (
            serving(
                tmp_path_factory.mktemp("chat"),
                openai,
                anthropic,
                flaky,
                auto_models=frozenset({"gpt-4o", "claude-sonnet-4-6"}),
            ) as served,
            httpx2.Client(base_url=served.url, timeout=60) as client,
        ):
            yield Chatting(served, provider, client)


@pytest.fixture
def chatting(running: Chatting) -> Chatting:
    running.provider.requests.clear()
    return running


def events(text: str) -> list[tuple[str, Any]]:
    """What a reader of server-sent events gets."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_a_message_is_answered_with_what_it_took(chatting: Chatting) -> None:
    answer = chatting.ask(CODING, conversationId="c-1", userId="anna", maxTokens=50)

    assert answer["message"] == HELLO
    assert (answer["model"], answer["provider"], answer["conversationId"]) == ("gpt-4o", "openai", "c-1")
    assert (answer["taskType"], answer["complexity"], answer["source"]) == ("coding", "simple", "caller")
    assert answer["usage"] == {"inputTokens": 19, "outputTokens": 10, "cachedInputTokens": 8, "reasoningTokens": 4}
    assert answer["costUsd"] == pytest.approx((11 * 2.5 + 8 * 1.25 + 10 * 10) / 1e6)
    assert answer["finishReason"] == "stop"
    assert (answer["attempts"], answer["confidence"], answer["contextMessages"]) == (1, None, 0)
    (seen,) = chatting.provider.requests
    assert seen.body == {
        "model": "gpt-4o", "messages": [{"role": "user", "content": CODING}], "max_completion_tokens": 50,
    }  # fmt: skip
    row = chatting.row(answer["messageId"])
    assert (row["conversationId"], row["taskType"], row["taskComplexity"]) == ("c-1", "coding", "simple")
    assert (row["costUsd"], row["responseTimeMs"]) == (answer["costUsd"], answer["responseTimeMs"])


def test_an_answer_is_rated_and_shows_in_the_analytics(chatting: Chatting) -> None:
    answer = chatting.ask(CODING, "gpt-5.4-mini")
    row = chatting.row(answer["messageId"])
    rated = httpx2.post(
        f"{chatting.served.url}/api/analytics/models/feedback", json={"messageId": answer["messageId"], "rating": 1}
    ).json()
    (model,) = httpx2.get(f"{chatting.served.url}/api/analytics/models?model=gpt-5.4-mini").json()["byModel"]

    assert rated == {"success": True, "callId": row["id"], "rating": 1}
    assert (model["totalCalls"], model["thumbsUp"], model["satisfactionRate"]) == (1, 1, 100)


@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-6"])
def test_a_stream_begins_with_the_choice_and_ends_with_the_figures(chatting: Chatting, model: str) -> None:
    (first, start), *deltas, (last, end) = chatting.stream(CODING, model)

    assert (first, last) == ("start", "end")
    assert "".join(delta["text"] for name, delta in deltas if name == "delta") == HELLO
    assert (start["model"], start["taskType"], start["reason"]) == (model, "coding", "named by the caller")
    assert (end["usage"]["inputTokens"], end["finishReason"], end["messageId"]) == (19, "stop", start["messageId"])
    assert end["costUsd"] > 0
    assert chatting.row(end["messageId"])["costUsd"] == end["costUsd"]


def test_the_better_model_answers_where_none_is_named(chatting: Chatting) -> None:
    poem = "Write a poem about the sea and its old sailors."
    past = [
        {"model": model, "task_type": "creative", "response_time_ms": 900, "success": success, "input_tokens": 50, "output_tokens": 50}
        for model, success in [("gpt-4o", False), ("claude-sonnet-4-6", True), ("gpt-4o", True)] * 40
    ]  # fmt: skip
    httpx2.post(f"{chatting.served.url}/api/analytics/models/calls", json=past).raise_for_status()
    for model in (None, "auto", "auto:quality"):
        answer = chatting.ask(poem, model, priority="quality")
        assert (answer["model"], answer["priority"]) == ("claude-sonnet-4-6", "quality")
    chatting.provider.requests.clear()
    answer = chatting.ask(poem, None, priority="quality", system="Rhyme.", maxTokens=99)

    assert (answer["model"], answer["source"], answer["taskType"]) == ("claude-sonnet-4-6", "data", "creative")
    assert (answer["message"], answer["priority"]) == (HELLO, "quality")
    assert answer["reason"].startswith("highest success for simple creative tasks")
    assert answer["confidence"] > 0
    (seen,) = chatting.provider.requests
    assert (seen.path, seen.body["system"], seen.body["max_tokens"]) == ("/v1/messages", "Rhyme.", 99)
    assert chatting.row(answer["messageId"])["selectedBy"] == "data"


def test_what_was_said_before_goes_along(chatting: Chatting) -> None:
    history = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}]
    answer = chatting.ask("And?", system="Be brief.", history=history)

    assert chatting.provider.requests[0].body["messages"] == [
        {"role": "system", "content": "Be brief."}, *history, {"role": "user", "content": "And?"},
    ]  # fmt: skip
    assert answer["contextMessages"] == 2


def test_a_conversation_is_remembered_where_that_is_asked_for_and_for_its_user_alone(chatting: Chatting) -> None:
    talk = chatting.ask(userId="anna", remember=True)["conversationId"]
    chatting.stream(conversationId=talk, userId="anna", remember=True)
    chatting.ask(conversationId=talk, userId="bob", remember=True)
    chatting.ask(conversationId=talk, userId="anna")
    chatting.ask(conversationId=talk, userId="anna", remember=True, history=[{"role": "user", "content": "Anew"}])
    chatting.ask(conversationId=talk, userId="anna", remember=True)

    said = [[message["content"] for message in seen.body["messages"]] for seen in chatting.provider.requests]
    assert said == [
        ["Hi"], ["Hi", HELLO, "Hi"], ["Hi"], ["Hi"], ["Anew", "Hi"], ["Anew", "Hi", HELLO, "Hi"],
    ]  # fmt: skip


MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({}, "message"),
    ({"message": " \n"}, "message"),
    ({"message": 5}, "message"),
    ({"message": "a" * 1_000_001}, "message"),
    ({"message": "hi", "priority": "best"}, "priority"),
    ({"message": "hi", "stream": "yes"}, "stream"),
    ({"message": "hi", "maxTokens": 0}, "maxTokens"),
    ({"message": "hi", "taskType": "cooking"}, "taskType"),
    ({"message": "hi", "conversationId": ""}, "conversationId"),
    ({"message": "hi", "conversation": "c"}, "conversation"),
    ({"message": "hi", "history": [{"role": "system", "content": "x"}]}, "history.0.role"),
    ({"message": "hi", "history": [{"role": "user", "content": "x" * 600_000}] * 2}, "history"),
]  # fmt: skip


def test_what_is_malformed_is_refused_by_its_name(chatting: Chatting) -> None:
    for body, field in MALFORMED:
        response = chatting.post(body)

        assert (response.status_code, response.json()["errors"][0]["field"]) == (422, field)
        assert "aaaa" not in response.text


def test_what_is_no_json_is_refused_and_what_is_too_long_is_not_read(chatting: Chatting) -> None:
    for content in (b"", b"{", b"[]", b"\xff", b'{"message": "\\ud83d"}', b"[" * 100_000):
        assert chatting.post(content).status_code == 422
    assert chatting.post(b" " * (8 * 2**20 + 1)).status_code == 413


def test_a_providers_error_is_a_problem_with_its_kind(chatting: Chatting) -> None:
    expected = ((400, 400), (401, 502), (404, 404), (429, 429), (500, 502), (503, 503))
    for model, (status, told) in zip(BROKEN, expected, strict=False):
        chatting.provider.will(Turn(status=status, headers={"retry-after": "7"}))
        problem = chatting.post({"message": "hi", "model": model})

        assert (problem.status_code, problem.json()["status"]) == (told, told)
        assert problem.headers["content-type"] == "application/problem+json"
        assert problem.headers["retry-after"] == "7"
        assert problem.json()["detail"].startswith("flaky answered with an error")
        assert problem.json()["kind"]


def test_what_is_no_answer_is_a_problem(chatting: Chatting) -> None:
    for model, body in zip(
        BROKEN[6:], (b"{}", b"[]", b'{"choices": []}', b'{"error": {"message": "No."}}'), strict=True
    ):
        chatting.provider.will(Turn(body=body))
        assert chatting.post({"message": "hi", "model": model}).status_code == 502


def test_a_failure_is_tried_again_before_anybody_notices(chatting: Chatting) -> None:
    chatting.provider.will(Turn(status=500))
    answer = chatting.ask()

    assert (answer["message"], answer["attempts"]) == (HELLO, 2)


@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-6"])
def test_a_stream_that_breaks_off_ends_with_a_problem(chatting: Chatting, model: str) -> None:
    chatting.provider.will(Turn(drop_after=5))
    told = chatting.stream(model=model, remember=True, conversationId=f"broken-{model}")

    assert [name for name, _ in told] == ["start", *["delta"] * (len(told) - 2), "error"]
    assert (told[-1][1]["status"], told[-1][1]["kind"]) == (502, "broken_off")
    assert chatting.row(told[0][1]["messageId"])["errorType"] == "connection"
    chatting.ask(remember=True, conversationId=f"broken-{model}")
    assert len(chatting.provider.requests[-1].body["messages"]) == 1


def test_a_model_that_thinks_for_long_keeps_the_connection_alive(chatting: Chatting) -> None:
    turn = Turn(wait=threading.Event(), wait_after=3)  # it has pinged, and not spoken
    chatting.provider.will(turn)
    body = {"message": "hi", "model": "claude-sonnet-4-6", "stream": True}
    with closing(HTTPConnection(urlsplit(chatting.served.url).netloc, timeout=30)) as connection:
        connection.request("POST", CHAT, json.dumps(body))
        response = connection.getresponse()
        while not response.readline().startswith(b": "):
            pass
        assert turn.wait is not None
        turn.wait.set()
        told = events(response.read().decode())

    assert "".join(delta["text"] for name, delta in told if name == "delta") == HELLO


@pytest.mark.parametrize("stream", [False, True])
def test_nobody_waits_for_an_answer_whose_asker_has_gone(chatting: Chatting, stream: bool) -> None:
    conversation = f"gone-{stream}"
    turn = Turn(wait=threading.Event(), wait_after=3 if stream else 0)
    chatting.provider.will(turn)
    body = {"message": "hi", "model": "gpt-4o", "conversationId": conversation, "stream": stream}
    with closing(HTTPConnection(urlsplit(chatting.served.url).netloc, timeout=30)) as connection:
        connection.request("POST", CHAT, json.dumps(body))
        assert turn.reached.wait(30)
    rows: list[Any] = []
    while not rows:
        asked = httpx2.get(f"{chatting.served.url}/api/analytics/calls?conversation_id={conversation}")
        rows = asked.json()["calls"]
    assert turn.wait is not None
    turn.wait.set()

    assert [(row["success"], row["errorType"]) for row in rows] == [(False, "cancelled")]


def test_without_a_provider_it_says_how_to_have_one(client: TestClient) -> None:
    problem = client.post(CHAT, json={"message": "hi"})

    assert problem.status_code == 404
    assert "OPENAI_API_KEY" in problem.json()["detail"]


def test_nothing_that_was_said_is_kept(chatting: Chatting) -> None:
    row = chatting.row(chatting.ask("the secret plan", system="the secret plan", remember=True)["messageId"])

    assert "secret" not in json.dumps(row)
