"""Translating a stream of bytes: what a provider sends in its words, as the caller's client reads them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from augury.gateway.events import Events, data_of, event_of
from augury.gateway.translation import reading
from augury.gateway.translation.chunks import PING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_DONE = b"[DONE]"
_ALIVE = b": ping\n\n"


class Machine(Protocol):
    """Takes the objects of one API's stream, and gives those of another's."""

    ended: bool

    def take(self, value: Mapping[str, Any], /) -> list[Mapping[str, Any]]:
        """What follows from one object."""
        ...

    def end(self) -> list[Mapping[str, Any]]:
        """What follows from the end; an error, where it came too early."""
        ...


class Stream:
    """Translates pieces of bytes, wherever they are cut."""

    def __init__(
        self, machines: Sequence[Machine], write: Callable[[Mapping[str, Any]], bytes], last: bytes = b""
    ) -> None:
        """Pass objects through these machines in turn, and `write` what comes out; `last` follows an end without error."""
        self._events = Events()
        self._machines = machines
        self._write = write
        self._last = last
        self._closed = False
        self._failed = False

    @property
    def ended(self) -> bool:
        """Whether the answer has ended, with or without an error; what comes then is not read."""
        return self._machines[-1].ended

    def feed(self, piece: bytes) -> bytes:
        """What to send to the caller for this piece; often nothing."""
        events = self._events.feed(piece)
        return self._finish() if self._events.blind else b"".join(map(self._event, events))

    def end(self) -> bytes:
        """What to send when the provider's stream has ended, or has broken: an error, where the answer had not ended."""
        rest = self._events.rest()
        said = self._event(rest) if rest.strip() else b""
        return said + self._finish()

    def _event(self, event: bytes) -> bytes:
        data = data_of(event)
        if data == _DONE:
            return self._finish()
        if not data:  # a comment, which keeps the connection alive
            return self._pass([PING])
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return b""
        return self._pass([reading.part(value)])

    def _pass(self, values: list[Mapping[str, Any]]) -> bytes:
        said = self._through(values, self._machines)
        return said + self._finish() if self._machines[0].ended else said

    def _through(self, values: list[Mapping[str, Any]], machines: Sequence[Machine]) -> bytes:
        for machine in machines:
            values = [made for value in values for made in machine.take(value)]
        self._failed = self._failed or any(value.get("error") for value in values)
        return b"".join(map(self._write, values))

    def _finish(self) -> bytes:
        """End the machines in turn, each after what the one before it still says."""
        if self._closed:
            return b""
        self._closed = True
        said = b""
        for at, machine in enumerate(self._machines):
            said += self._through(machine.end(), self._machines[at + 1 :])
        return said if self._failed else said + self._last


def as_chunk(value: Mapping[str, Any]) -> bytes:
    """An object of a stream of chat completions."""
    return _ALIVE if value is PING else event_of(_dumped(value))


def as_event(value: Mapping[str, Any]) -> bytes:
    """An object of a stream whose events have names."""
    return event_of(_dumped(value), str(value["type"]))


def as_response_event(value: Mapping[str, Any]) -> bytes:
    """An object of a stream of responses, which knows no pings."""
    return _ALIVE if value is PING else as_event(value)


def _dumped(value: object) -> bytes:
    """JSON in ASCII: half a character, which a model may well say, has no other way to be written."""
    return json.dumps(value, separators=(",", ":")).encode()
