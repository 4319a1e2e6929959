"""A stream of chat completions' chunks as Anthropic's events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from augury.gateway.translation import reading
from augury.gateway.translation.answers import tool_use
from augury.gateway.translation.chunks import CUT, PING
from augury.gateway.translation.failures import anthropic_error, messages_failure
from augury.gateway.translation.usage import messages_usage, stop_reason

if TYPE_CHECKING:
    from collections.abc import Mapping


class MessageEvents:
    """Takes chunks, gives events: one block open at a time, as Anthropic sends them; says once how it ended."""

    def __init__(self) -> None:
        self._began = False
        self._blocks = 0
        self._open: str | None = None  # "text", or the key of the call of a tool
        self._calls: dict[str, str] = {}  # the call of each place that a chunk may name
        self._called = 0
        self._refused = False
        self._finished: str | None = None
        self._usage: Mapping[str, Any] = {}
        self.ended = False

    def take(self, chunk: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """What follows from one chunk."""
        if self.ended:
            return []
        if chunk is PING:
            return [PING]
        if chunk.get("error"):
            self.ended = True
            return [messages_failure(chunk)]
        events: list[Mapping[str, Any]] = []
        if not self._began and (chunk.get("choices") or chunk.get("id")):
            self._began = True
            events.append(_start(chunk))
        if usage := reading.part(chunk.get("usage")):
            self._usage = usage
        for choice in reading.parts(chunk.get("choices"))[:1]:
            delta = reading.part(choice.get("delta"))
            for name in ("content", "refusal"):
                if text := reading.string(delta.get(name)):
                    self._refused = self._refused or name == "refusal"
                    events += self._text(text)
            for call in reading.parts(delta.get("tool_calls")):
                events += self._tool(call)
            self._finished = reading.string(choice.get("finish_reason")) or self._finished
        return events

    def end(self) -> list[Mapping[str, Any]]:
        """The last events; where the answer had not ended, an error."""
        if self.ended:
            return []
        if self._finished is None:
            return self._fail(CUT)
        self.ended = True
        reason = "refusal" if self._refused else stop_reason(self._finished, calls=self._called > 0)
        delta = {"stop_reason": reason, "stop_sequence": None}
        return [
            *self._close(),
            {"type": "message_delta", "delta": delta, "usage": messages_usage(self._usage)},
            {"type": "message_stop"},
        ]

    def _fail(self, why: str) -> list[Mapping[str, Any]]:
        self.ended = True
        return [anthropic_error(why, type_="api_error")]

    def _text(self, text: str) -> list[Mapping[str, Any]]:
        begun = [] if self._open == "text" else [*self._close(), self._begin("text", {"type": "text", "text": ""})]
        return [*begun, self._delta({"type": "text_delta", "text": text})]

    def _tool(self, call: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """A piece of a call.

        A call is known by its place. Some servers give no place, or the same to all: then a new id with a name begins one.
        """
        if self.ended:
            return []
        function = reading.part(call.get("function"))
        place, named = f"#{call.get('index')}", reading.string(call.get("id"))
        name = reading.string(function.get("name"))
        events: list[Mapping[str, Any]] = []
        if place not in self._calls or (named and name and self._calls[place] != named):
            self._called += 1
            key = self._calls[place] = named or f"call_{self._called}"
            events += [*self._close(), self._begin(key, tool_use(key, name, {}))]
        elif self._open != self._calls[place]:
            return self._fail("the provider's stream went back to a call of a tool that had ended")
        if piece := reading.string(function.get("arguments")):
            events.append(self._delta({"type": "input_json_delta", "partial_json": piece}))
        return events

    def _begin(self, what: str, block: Mapping[str, Any]) -> dict[str, Any]:
        self._open = what
        self._blocks += 1
        return {"type": "content_block_start", "index": self._blocks - 1, "content_block": block}

    def _delta(self, delta: Mapping[str, Any]) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": self._blocks - 1, "delta": delta}

    def _close(self) -> list[dict[str, Any]]:
        if self._open is None:
            return []
        self._open = None
        return [{"type": "content_block_stop", "index": self._blocks - 1}]


def _start(chunk: Mapping[str, Any]) -> dict[str, Any]:
    """The head of the message. How many tokens the prompt had is known at the end only, and said there."""
    message: dict[str, Any] = {
        "id": reading.string(chunk.get("id")),
        "type": "message",
        "role": "assistant",
        "model": reading.string(chunk.get("model")),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }
    return {"type": "message_start", "message": message}
