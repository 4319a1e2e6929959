"""A stream of Anthropic's events as chunks of chat completions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from augury.gateway.translation import reading
from augury.gateway.translation.answers import tier
from augury.gateway.translation.chat_request import written
from augury.gateway.translation.failures import chat_failure
from augury.gateway.translation.usage import chat_usage, finish_reason

if TYPE_CHECKING:
    from collections.abc import Mapping

PING: Final[Mapping[str, Any]] = {"type": "ping"}
"""Keeps the connection alive; the same in every API's words until it is written."""

CUT: Final = "the provider's stream ended before the answer did"


@dataclass(slots=True)
class _Call:
    """A call of a tool that is being written."""

    index: int  # among the calls
    input: Mapping[str, Any]  # as far as it was known from the start
    begun: bool = False


class Chunks:
    """Takes events, gives chunks; says once how it ended."""

    def __init__(self, created: int, *, usage: bool) -> None:
        """`created` as in `chat_answer`; `usage`: whether the caller asked for a last chunk with the tokens."""
        self._created = created
        self._with_usage = usage
        self._head: dict[str, str] = {"id": "", "model": ""}
        self._usage: dict[str, Any] = {}
        self._calls: dict[str, _Call] = {}  # by their block
        self._count = 0
        self._reason: str | None = None
        self._refusal: str | None = None
        self.ended = False

    def take(self, event: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """What follows from one event."""
        if self.ended:
            return []
        match event.get("type"):
            case "ping":
                return [PING]
            case "message_start":
                return self._start(reading.part(event.get("message")))
            case "content_block_start":
                return self._open(str(event.get("index")), reading.part(event.get("content_block")))
            case "content_block_delta":
                return self._add(str(event.get("index")), reading.part(event.get("delta")))
            case "content_block_stop":
                return self._close(str(event.get("index")))
            case "message_delta":
                self._learn(reading.part(event.get("usage")))
                delta = reading.part(event.get("delta"))
                self._reason = reading.string(delta.get("stop_reason")) or self._reason
                explanation = reading.part(delta.get("stop_details")).get("explanation")
                self._refusal = explanation if isinstance(explanation, str) else None
                return []
            case "message_stop":
                return self.end()
            case "error":
                self.ended = True
                return [chat_failure(event)]
            case _:
                return []

    def end(self) -> list[Mapping[str, Any]]:
        """The last chunks; where the answer had not ended, an error."""
        if self.ended:
            return []
        self.ended = True
        if self._reason is None:
            return [chat_failure({"error": {"type": "api_error", "message": CUT}})]
        last: list[Mapping[str, Any]] = []
        if self._reason == "refusal" and self._refusal:
            last.append(self._chunk({"refusal": self._refusal}))
        last.append(self._chunk({}, finish_reason(self._reason, calls=self._count > 0)))
        if self._with_usage:
            last.append(self._chunk(None) | {"usage": chat_usage(self._usage)} | tier(self._usage))
        return last

    def _start(self, message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        self._head = {name: reading.string(message.get(name)) for name in ("id", "model")}
        self._learn(reading.part(message.get("usage")))
        return [self._chunk({"role": "assistant", "content": "", "refusal": None})]

    def _learn(self, usage: Mapping[str, Any]) -> None:
        """Counts are of all that came so far, and what is not told again stands."""
        self._usage |= {name: value for name, value in usage.items() if value is not None}

    def _open(self, block: str, content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        match content.get("type"):
            case "text" if reading.string(content.get("text")):
                return [self._chunk({"content": content["text"]})]
            case "tool_use":
                call = _Call(self._count, reading.part(content.get("input")))
                self._count += 1
                self._calls[block] = call
                function = {"name": reading.string(content.get("name")), "arguments": ""}
                begun = {"id": reading.string(content.get("id")), "type": "function", "function": function}
                return [self._chunk({"tool_calls": [{"index": call.index} | begun]})]
            case _:
                return []

    def _add(self, block: str, delta: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        match delta.get("type"):
            case "text_delta" if reading.string(delta.get("text")):
                return [self._chunk({"content": delta["text"]})]
            case "input_json_delta" if reading.string(delta.get("partial_json")) and block in self._calls:
                self._calls[block].begun = True
                return [self._arguments(self._calls[block], delta["partial_json"])]
            case _:  # thoughts, signatures, citations
                return []

    def _close(self, block: str) -> list[Mapping[str, Any]]:
        call = self._calls.pop(block, None)
        if call is None or call.begun:
            return []
        return [
            self._arguments(call, written(call.input))
        ]  # without arguments Anthropic sends none, where OpenAI sends {}

    def _arguments(self, call: _Call, piece: str) -> dict[str, Any]:
        return self._chunk({"tool_calls": [{"index": call.index, "function": {"arguments": piece}}]})

    def _chunk(self, delta: Mapping[str, Any] | None, finished: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finished}
        return {
            "id": self._head["id"],
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._head["model"],
            "choices": [] if delta is None else [choice],
        } | ({"usage": None} if self._with_usage else {})
