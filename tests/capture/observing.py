"""How calls of the official clients are made and compared: with and without being observed."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anthropic
import openai

from augury.capture.records import RecordReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.provider import Provider

    from augury.core.calls import ModelCall

ASK = "Write a Python function that reverses a list."
_TRUST = ssl.create_default_context()  # read once: clients take most of their time for it
CLAUDE = "claude-opus-4-8"
GPT = "gpt-4o"


class Rows(list[dict[str, Any]]):
    """What was recorded, as it was handed over; taking them empties it."""

    def taken(self) -> list[ModelCall]:
        calls = [RecordReader(None).read(record) for record in self]
        self.clear()
        return calls

    def one(self) -> ModelCall:
        (call,) = self.taken()
        return call


@dataclass(frozen=True, slots=True)
class Door:
    """One way to ask a model: how its request is made with a sync or an async client."""

    name: str
    ask: Callable[..., Any]
    package: Any

    def __str__(self) -> str:
        return self.name


def _chat(client: Any, **more: Any) -> Any:
    return client.chat.completions.create(model=GPT, messages=[{"role": "user", "content": ASK}], **more)


def _responses(client: Any, **more: Any) -> Any:
    return client.responses.create(model=GPT, input=ASK, **more)


def _messages(client: Any, **more: Any) -> Any:
    return client.messages.create(model=CLAUDE, max_tokens=99, messages=[{"role": "user", "content": ASK}], **more)


CHAT = Door("chat", _chat, openai)
RESPONSES = Door("responses", _responses, openai)
MESSAGES = Door("messages", _messages, anthropic)
DOORS = (CHAT, RESPONSES, MESSAGES)


def http_of(package: Any) -> Any:
    """The HTTP library that a client's package uses: httpx2, or before it httpx."""
    base = package._base_client  # noqa: SLF001 - there is no public name for it
    return getattr(base, "httpx2", None) or base.httpx


def client(door: Door, provider: Provider, *, is_async: bool = False, **more: Any) -> Any:
    """A client of the official package, sync or async."""
    http = http_of(door.package)
    transport = (http.AsyncClient if is_async else http.Client)(verify=_TRUST)
    how = {"api_key": "none", "max_retries": 0, "http_client": transport, **more}
    if door.package is openai:
        kind: Any = openai.AsyncOpenAI if is_async else openai.OpenAI
        return kind(base_url=provider.openai, **how)
    other: Any = anthropic.AsyncAnthropic if is_async else anthropic.Anthropic
    return other(base_url=provider.anthropic, **how)


def asked(door: Door, provider: Provider, *, is_async: bool, stream: bool, **more: Any) -> Any:
    """Ask, and give what came: the answer, the events of its stream, or the exception."""
    told = {"stream": True} if stream else {}
    if is_async:
        return asyncio.run(_asked_async(door, provider, told, more))
    with client(door, provider, **more) as one:
        events: list[Any] = []
        try:
            answer = door.ask(one, **told)
            if not stream:
                return answer
            events.extend(answer)
        except Exception as error:  # noqa: BLE001 - it is what is looked at
            return events, error
        return events


async def _asked_async(door: Door, provider: Provider, told: dict[str, Any], more: dict[str, Any]) -> Any:
    async with client(door, provider, is_async=True, **more) as one:
        events: list[Any] = []
        try:
            answer = await door.ask(one, **told)
            if not told:
                return answer
            async for event in answer:
                events += [event]  # what came before an error counts too
        except Exception as error:  # noqa: BLE001 - it is what is looked at
            return events, error
        return events


def seen(result: Any) -> Any:
    """What an application can see of it."""
    match result:
        case list():
            return [seen(one) for one in result]
        case tuple():
            return tuple(seen(one) for one in result)
        case BaseException():
            parts = {name: repr(value) for name, value in vars(result).items() if name not in ("request", "response")}
            return type(result), str(result), parts, type(result.__cause__), result.__suppress_context__
        case _:
            return type(result), result.model_dump(), result.model_fields_set
