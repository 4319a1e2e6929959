"""A request in one API's words, answered by a model that speaks the other's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anthropic
import openai
import pytest
from tests.gateway.serving import serving, upstream
from tests.provider import Turn, answers

from augury.gateway.upstreams import Api

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.gateway.serving import Served
    from tests.provider import Provider

SAID = "".join(answers.WORDS)
ASK: Any = [{"role": "user", "content": "Hi"}]


@pytest.fixture
def served(provider: Provider, tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, upstream(provider), upstream(provider, Api.ANTHROPIC)) as running:
        yield running


def test_claude_answers_openais_client(served: Served, provider: Provider) -> None:
    asked: Any = {"model": "claude-opus-4-8", "messages": ASK}
    tool: Any = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    with openai.OpenAI(base_url=served.openai, api_key="any", max_retries=0) as client:
        whole = client.chat.completions.create(**asked)
        assert whole.choices[0].message.content == SAID
        assert whole.usage is not None
        assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (19, 10)
        chunks: Any = list(client.chat.completions.create(**asked, stream=True))
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == SAID
        called = client.chat.completions.create(**asked, tools=[tool]).choices[0]
        assert called.finish_reason == "tool_calls"
        assert called.message.tool_calls
        assert client.responses.create(model="claude-opus-4-8", input="Hi").output_text == SAID
        provider.will(Turn(status=429, headers={"retry-after": "3600"}), Turn(drop_after=5))
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(**asked)
        with pytest.raises(openai.APIError):
            list(client.chat.completions.create(**asked, stream=True))
        with pytest.raises(openai.BadRequestError) as refused:
            client.chat.completions.create(**asked, logprobs=True)
        assert refused.value.param == "logprobs"
    rows = served.rows(6)
    assert {(row["model"], row["provider"]) for row in rows} == {("claude-opus-4-8", "anthropic")}
    assert [row["success"] for row in rows] == [True, True, True, True, False, False]
    assert {row["input_tokens"] for row in rows[:4]} == {19}
    assert rows[1]["time_to_first_token_ms"] is not None
    first = provider.requests[0]
    assert first.path == "/v1/messages"
    assert (first.headers["x-api-key"], "authorization" in first.headers) == ("sk-owner", False)
    assert first.headers["anthropic-version"] == "2023-06-01"


def test_what_was_left_out_is_told(served: Served) -> None:
    said = [{"role": "user", "name": name, "content": "Hi"} for name in ("anna", "bob")]
    crossed = served.post("/v1/chat/completions", {"model": "claude-opus-4-8", "seed": 1, "messages": said})
    passed = served.post("/v1/chat/completions", {"model": "gpt-4o", "seed": 1, "messages": said})

    assert crossed.headers["x-augury-left-out"] == "seed, messages.name"
    assert "x-augury-left-out" not in passed.headers


def test_a_caller_may_give_up_what_the_model_has_no_words_for(served: Served, provider: Provider) -> None:
    cold = {"model": "claude-opus-4-8", "temperature": 0, "n": 2, "messages": ASK}
    refused = served.post("/v1/chat/completions", cold)
    answered = served.post("/v1/chat/completions", cold, x_augury_may_leave_out="temperature, n")

    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "n")
    assert (answered.status_code, answered.headers["x-augury-left-out"]) == (200, "n, temperature")
    assert provider.requests[-1].body.keys() == {"model", "max_tokens", "messages"}


def test_gpt_answers_anthropics_client(served: Served, provider: Provider) -> None:
    asked: Any = {"model": "gpt-4o", "max_tokens": 10, "messages": ASK}
    tool: Any = {"name": "weather", "input_schema": {"type": "object"}}
    with anthropic.Anthropic(base_url=served.url, api_key="any", max_retries=0) as client:
        message = client.messages.create(**asked)
        assert (message.stop_reason, message.usage.output_tokens) == ("end_turn", 10)
        with client.messages.stream(**asked) as stream:
            assert stream.get_final_text() == SAID
        assert client.messages.create(**asked, tools=[tool]).content[-1].type == "tool_use"
        provider.will(Turn(status=401))
        with pytest.raises(anthropic.AuthenticationError):
            client.messages.create(**asked)
    rows = served.rows(4)
    assert {(row["model"], row["provider"]) for row in rows} == {("gpt-4o", "openai")}
    assert provider.requests[0].path == "/v1/chat/completions"
    assert not any(name.startswith("anthropic-") for name in provider.requests[0].headers)


def test_a_server_without_responses_is_asked_by_chat(provider: Provider, tmp_path: Path) -> None:
    house = upstream(provider, Api.OPENAI, "llama3.3", name="house", provider="house", key=None, responses=False)
    with (
        serving(tmp_path, house) as served,
        openai.OpenAI(base_url=served.openai, api_key="any") as client,
    ):
        assert client.responses.create(model="llama3.3", input="Hi").output_text == SAID
        *_, last = client.responses.create(model="llama3.3", input="Hi", stream=True)
        assert last.type == "response.completed"
        rows = served.rows(2)
    assert {(row["model"], row["provider"], row["cost_usd"]) for row in rows} == {("llama-3.3", "house", None)}
    assert {seen.path for seen in provider.requests} == {"/v1/chat/completions"}
    assert "authorization" not in provider.requests[0].headers


def test_a_callers_own_key_goes_to_its_own_provider_alone(provider: Provider, tmp_path: Path) -> None:
    own: Any = {"key": None, "callers_key": True}
    with serving(tmp_path, upstream(provider, **own), upstream(provider, Api.ANTHROPIC, **own)) as served:
        asked: Any = {"model": "gpt-4o", "max_tokens": 10, "messages": ASK}
        assert served.post("/v1/chat/completions", asked, authorization="Bearer sk-mine").status_code == 200
        refused = served.post("/v1/messages", asked, authorization="Bearer sk-ant-mine")
        assert (refused.status_code, refused.json()["error"]["type"]) == (400, "invalid_request_error")
    assert [seen.headers["authorization"] for seen in provider.requests] == ["Bearer sk-mine"]
