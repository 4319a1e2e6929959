"""The provider is what the official clients take for one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import anthropic
import openai
import pytest
from tests.provider import Provider, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator

ASK: Any = [{"role": "user", "content": "Hi"}]


@pytest.fixture(name="provider")
def running() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


def test_the_official_clients_read_what_it_says(provider: Provider) -> None:
    with openai.OpenAI(base_url=provider.openai, api_key="none") as one:
        whole = one.chat.completions.create(model="gpt-4o", messages=ASK)
        assert whole.choices[0].message.content == "Hello, how can I help?"
        chunks = list(one.chat.completions.create(model="gpt-4o", messages=ASK, stream=True))
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello, how can I help?"
        assert one.responses.create(model="gpt-4o", input="Hi").output_text == "Hello, how can I help?"
        *_, last = one.responses.create(model="gpt-4o", input="Hi", stream=True)
        assert last.type == "response.completed"
        assert one.embeddings.create(model="text-embedding-3-small", input="Hi").usage.total_tokens == 8
    with anthropic.Anthropic(base_url=provider.anthropic, api_key="none") as other:
        asked: Any = {"model": "claude-opus-4-8", "max_tokens": 10, "messages": ASK}
        assert other.messages.create(**asked).stop_reason == "end_turn"
        with other.messages.stream(**asked) as stream:
            assert stream.get_final_text() == "Hello, how can I help?"
    assert [seen.path for seen in provider.requests][-1] == "/v1/messages"


def test_it_fails_as_it_is_told(provider: Provider) -> None:
    go_on = threading.Event()
    with openai.OpenAI(base_url=provider.openai, api_key="none", max_retries=0) as client:
        provider.will(
            Turn(status=429), Turn(drop_after=0), Turn(wait=go_on), Turn(drop_after=2), Turn(end_after=2, split=7)
        )
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(model="gpt-4o", messages=ASK)
        with pytest.raises(openai.APIConnectionError):
            client.chat.completions.create(model="gpt-4o", messages=ASK)
        with pytest.raises(openai.APITimeoutError):
            client.chat.completions.create(model="gpt-4o", messages=ASK, timeout=0.05)
        go_on.set()
        with pytest.raises(openai.APIConnectionError):
            list(client.chat.completions.create(model="gpt-4o", messages=ASK, stream=True))
        assert len(list(client.chat.completions.create(model="gpt-4o", messages=ASK, stream=True))) == 2
