"""What a chat completion says, whole or as its stream passes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from augury.gateway.events import Events, data_of
from augury.gateway.translation import reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(slots=True)
class Saying:
    """The text of an answer, as far as it has come.

    Attributes:
        finish_reason: why it ended, in OpenAI's word; None: it has not.
        error: what the provider or the gateway said where it failed; None: it has not.
    """

    finish_reason: str | None = None
    error: str | None = None
    _pieces: list[str] = field(default_factory=list, repr=False)
    _events: Events = field(default_factory=Events, repr=False)

    @property
    def text(self) -> str:
        """All that was said."""
        return "".join(self._pieces)

    def hear(self, piece: bytes) -> list[str]:
        """What these bytes of a stream add to it."""
        return [text for event in self._events.feed(piece) for text in self._event(data_of(event))]

    def end(self) -> list[str]:
        """What stands in an event that was not ended."""
        return self._event(data_of(self._events.rest()))

    def whole(self, body: bytes) -> None:
        """An answer that was not streamed."""
        self._take(_parsed(body), "message")
        if self.finish_reason is None and self.error is None and not self._pieces:
            self.error = "the provider answered with what is no chat completion"

    def _event(self, data: bytes) -> list[str]:
        return [] if not data or data == b"[DONE]" else self._take(_parsed(data), "delta")

    def _take(self, said: Mapping[str, Any], name: str) -> list[str]:
        if error := said.get("error"):
            self.error = (
                reading.string(reading.part(error).get("message")) or "the provider's answer ended with an error"
            )
            return []
        new: list[str] = []
        for choice in reading.parts(said.get("choices"))[:1]:
            part = reading.part(choice.get(name))
            new += _texts(part.get("content"), part.get("refusal"))
            self.finish_reason = reading.string(choice.get("finish_reason")) or self.finish_reason
        self._pieces += new
        return new


def _texts(*values: object) -> Iterable[str]:
    return [value for value in values if isinstance(value, str) and value]


def _parsed(data: bytes) -> Mapping[str, Any]:
    try:
        return reading.part(json.loads(data))
    except (ValueError, RecursionError):
        return {}
