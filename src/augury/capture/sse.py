"""Server-sent events, as their bytes come in: whole events out, whatever pieces the network made of them."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_EVENT = 16 * 2**20  # bytes: a generated picture fits; what is larger is not read
_END = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n")
_LINES = re.compile(rb"\r\n|\n|\r")
_PRELUDE = 12  # bytes of a frame before its headers: length, length of headers, checksum
_CHECKSUM = 4


class Event(NamedTuple):
    """One event: as it came, with what ends it, and what it carries; empty where it carries nothing."""

    raw: bytes
    data: bytes


class Splitter(Protocol):
    """What takes bytes as they come, and gives events as they are whole.

    Attributes:
        pending: bytes of an event that is not whole yet.
    """

    pending: bytes

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that are whole with this chunk."""

    def rest(self) -> bytes:
        """What is left of an event that is not."""


class EventSplitter:
    """Splits `text/event-stream` (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

    def __init__(self) -> None:
        self.pending = b""
        self._seen = 0  # bytes of it that have been searched

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that are whole with this chunk."""
        if not self.pending and _is_one(chunk):
            return iter((Event(chunk, chunk[6:-2]),))
        return self._split(chunk)

    def _split(self, chunk: bytes) -> Iterator[Event]:
        buffer = self.pending + chunk if self.pending else chunk
        start, place = 0, max(0, self._seen - 3)
        while end := _END.search(buffer, place):
            place = end.end()
            yield Event(buffer[start:place], _data(buffer[start : end.start()]))
            start = place
        self.pending = buffer[start:] if start else buffer
        self._seen = len(self.pending)
        if self._seen > LARGEST_EVENT:
            yield Event(self.rest(), b"")

    def rest(self) -> bytes:
        """What is left of an event that is not whole."""
        rest, self.pending, self._seen = self.pending, b"", 0
        return rest


class FrameSplitter:
    """Splits `application/vnd.amazon.eventstream`, in which Bedrock sends the events of others.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html has the frame, and
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_PayloadPart.html what is in it.
    """

    def __init__(self) -> None:
        self.pending = b""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that are whole with this chunk."""
        self.pending += chunk
        while len(self.pending) >= _PRELUDE:
            size = int.from_bytes(self.pending[:4], "big")
            headers = int.from_bytes(self.pending[4:8], "big")
            if size > LARGEST_EVENT or size < _PRELUDE + headers + _CHECKSUM:
                yield Event(self.rest(), b"")
                return
            if len(self.pending) < size:
                return
            frame, self.pending = self.pending[:size], self.pending[size:]
            yield Event(frame, _payload(frame[_PRELUDE + headers : -_CHECKSUM]))

    def rest(self) -> bytes:
        """What is left of a frame that is not whole."""
        rest, self.pending = self.pending, b""
        return rest


def splitter_for(content_type: str) -> Splitter | None:
    """Who splits a body of this type; None where it is no stream of events."""
    bare = content_type.partition(";")[0].strip().lower()
    if bare == "text/event-stream":
        return EventSplitter()
    return FrameSplitter() if bare == "application/vnd.amazon.eventstream" else None


def _is_one(chunk: bytes) -> bool:
    """Whether it is an event of one line of data, as most chunks are."""
    return (
        chunk.startswith(b"data: ") and chunk.endswith(b"\n\n") and chunk.count(b"\n") == 2 and b"\r" not in chunk  # noqa: PLR2004
    )


def _data(event: bytes) -> bytes:
    if event.startswith(b"data: ") and b"\n" not in event and b"\r" not in event:  # as most are
        return event[6:]
    lines = (line[5:].removeprefix(b" ") for line in _LINES.split(event) if line.startswith(b"data:"))
    return b"\n".join(lines)


def _payload(payload: bytes) -> bytes:
    try:
        return base64.b64decode(json.loads(payload)["bytes"])
    except (ValueError, KeyError, TypeError):
        return b""
