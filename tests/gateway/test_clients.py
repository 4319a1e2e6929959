"""The official clients, unchanged but for their base URL."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import anthropic
import openai
import pytest
from pydantic import BaseModel
from tests.gateway.serving import serving, upstream
from tests.provider import Turn, answers

import augury
from augury.gateway.upstreams import Api

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.gateway.serving import Served
    from tests.provider import Provider

ASK: Any = [{"role": "user", "content": "Write a Python function that sorts a list"}]
SAID = "".join(answers.WORDS)
WEATHER: Any = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


class Verdict(BaseModel):
    good: bool


@pytest.fixture
def served(provider: Provider, tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, upstream(provider), upstream(provider, Api.ANTHROPIC)) as running:
        yield running


def test_openais_client_works_and_each_call_is_a_row(served: Served, provider: Provider) -> None:
    with openai.OpenAI(base_url=served.openai, api_key="any") as client:
        raw = client.chat.completions.with_raw_response.create(
            model="gpt-4o-2024-11-20",
            messages=ASK,
            user="anna",
            extra_headers={"x-augury-conversation-id": "conv-1", "x-augury-metadata": '{"team": "blue"}'},
        )
        assert raw.parse().choices[0].message.content == SAID
        chunks = list(client.chat.completions.create(model="gpt-4o", messages=ASK, stream=True))
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == SAID
        assert not any(chunk.usage for chunk in chunks)  # it was asked for here, and not by the caller
        asked: Any = {"model": "gpt-4o", "messages": ASK, "stream": True, "stream_options": {"include_usage": True}}
        *_, last = client.chat.completions.create(**asked)
        assert last.usage is not None
        assert last.usage.prompt_tokens == 19
        assert client.responses.create(model="gpt-4o", input="Hi").output_text == SAID
        *_, ended = client.responses.create(model="gpt-4o", input="Hi", stream=True)
        assert ended.type == "response.completed"
        called = client.chat.completions.create(model="gpt-4o", messages=ASK, tools=[WEATHER])
        assert called.choices[0].message.tool_calls
        assert client.embeddings.create(model="text-embedding-3-small", input="Hi").usage.total_tokens == 8
    rows = served.rows(7)
    first = rows[0]
    assert str(first["message_id"]) == raw.headers["x-augury-message-id"]
    assert (first["model"], first["model_version"], first["provider"]) == ("gpt-4o", "gpt-4o-2024-11-20", "openai")
    assert (first["task_type"], first["conversation_id"], first["metadata"]) == ("coding", "conv-1", '{"team":"blue"}')
    assert (first["selected_by"], first["propensity"], first["attempt"]) == ("caller", None, 1)
    for row in rows[:-1]:
        assert (row["success"], row["input_tokens"], row["cached_input_tokens"]) == (True, 19, 8)
        assert (row["output_tokens"], row["reasoning_tokens"]) == (10, 4)
        assert row["cost_usd"] is not None
    assert [row["time_to_first_token_ms"] is not None for row in rows] == [False, True, True, False, True, False, False]
    assert (rows[-1]["operation"], rows[-1]["task_type"], rows[-1]["input_tokens"]) == ("embeddings", "other", 8)
    sent = provider.requests[0]
    assert sent.headers["authorization"] == "Bearer sk-owner"
    assert not any(name.startswith("x-augury-") for name in sent.headers)


def test_anthropics_client_works(served: Served, provider: Provider) -> None:
    asked: Any = {"model": "claude-opus-4-8", "max_tokens": 10, "messages": ASK, "metadata": {"user_id": "anna"}}
    with anthropic.Anthropic(base_url=served.url, api_key="any") as client:
        assert client.messages.create(**asked).stop_reason == "end_turn"
        with client.messages.stream(**asked) as stream:
            assert stream.get_final_text() == SAID
        tool: Any = {"name": "weather", "input_schema": {"type": "object"}}
        assert client.messages.create(**asked, tools=[tool]).content[-1].type == "tool_use"
        assert "auto" in [model.id for model in client.models.list()]
    rows = served.rows(3)
    assert {(row["model"], row["provider"], row["input_tokens"], row["cached_input_tokens"]) for row in rows} == {
        ("claude-opus-4-8", "anthropic", 19, 8)
    }
    assert len({row["user_id"] for row in rows}) == 1
    assert provider.requests[0].headers["x-api-key"] == "sk-owner"
    assert provider.requests[0].headers["anthropic-version"]


def test_asynchronous_clients_work(served: Served) -> None:
    asked: Any = {"model": "claude-opus-4-8", "max_tokens": 10, "messages": ASK}

    async def ask() -> None:
        async with (
            openai.AsyncOpenAI(base_url=served.openai, api_key="any") as one,
            anthropic.AsyncAnthropic(base_url=served.url, api_key="any") as other,
        ):
            whole, message = await asyncio.gather(
                one.chat.completions.create(model="gpt-4o", messages=ASK), other.messages.create(**asked)
            )
            assert whole.choices[0].message.content == SAID
            assert message.stop_reason == "end_turn"
            stream = await one.chat.completions.create(model="gpt-4o", messages=ASK, stream=True)
            assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == SAID
            assert "auto" in [model.id async for model in await one.models.list()]

    asyncio.run(ask())
    served.rows(3)


def test_an_answer_can_be_rated_at_once(served: Served) -> None:
    for _ in range(3):
        answer = served.post("/v1/chat/completions", {"model": "gpt-4o", "messages": ASK})
        rating = {"messageId": answer.headers["x-augury-message-id"], "rating": 1}
        assert served.post("/api/analytics/models/feedback", rating).status_code == 200
    assert [row["user_rating"] for row in served.rows(3)] == [1, 1, 1]


def test_structured_output_works(served: Served, provider: Provider) -> None:
    whole: Any = answers.answer("/v1/chat/completions", {"model": "gpt-4o"})
    whole["choices"][0]["message"]["content"] = '{"good": true}'
    provider.will(Turn(body=whole))
    with openai.OpenAI(base_url=served.openai, api_key="any") as client:
        told = client.chat.completions.parse(model="gpt-4o", messages=ASK, response_format=Verdict)
    assert told.choices[0].message.parsed == Verdict(good=True)


def test_what_the_provider_says_comes_back_as_it_was(served: Served, provider: Provider) -> None:
    provider.will(
        Turn(status=400, headers={"x-request-id": "req_1", "x-ratelimit-remaining-requests": "9", "set-cookie": "a=b"}),
        Turn(status=401),
    )
    with openai.OpenAI(base_url=served.openai, api_key="any") as client:
        with pytest.raises(openai.BadRequestError) as refused:
            client.chat.completions.create(model="gpt-4o", messages=ASK)
        with pytest.raises(openai.AuthenticationError):
            client.chat.completions.create(model="gpt-4o", messages=ASK)
    assert "something about: the prompt" in refused.value.message
    assert refused.value.request_id == "req_1"
    headers = refused.value.response.headers
    assert headers["x-ratelimit-remaining-requests"] == "9"
    assert "set-cookie" not in headers
    assert [row["error_type"] for row in served.rows(2)] == ["invalid_request", "authentication"]
    assert all("prompt" not in row["error_message"] for row in served.rows(2))


def test_bytes_go_through_as_they_are(served: Served, provider: Provider) -> None:
    body = b'{ "model" : "gpt-4o",\n "messages": [{"role":"user","content":"gr\\u00fc\xc3\x9fe"}] ,"odd": 1e2}'
    odd = b'{"id":"x" ,  "model":"gpt-4o","choices":[],"\\u00fc": 1.0}\n'
    provider.will(Turn(body=odd))
    assert served.post("/v1/chat/completions", body).content == odd
    assert provider.raw[0] == body


def test_what_our_own_instrumentation_has_marked_is_one_row(served: Served) -> None:
    augury.configure(url=served.url)
    augury.instrument()
    try:
        with openai.OpenAI(base_url=served.openai, api_key="any") as client, augury.context(conversation_id="conv-1"):
            for stream in (False, True):
                client.chat.completions.create(model="gpt-4o", messages=ASK, stream=stream)
                told = augury.last_message_id()
                assert told is not None
                augury.feedback(message_id=told, rating=1)
        augury.flush()
    finally:
        augury.uninstrument()
        augury.configure()
    rows = served.rows(2)
    assert [row["selected_by"] for row in rows] == [
        "caller",
        "caller",
    ]  # the gateway knows more, and its row is the one
