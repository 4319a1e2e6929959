"""Server-sent events, found in bytes as they pass: whole ones, whatever pieces they came in.

Only whole events go on, so that what is said after a stream that was cut stands on lines of its own. Not a byte is changed.
"""

from __future__ import annotations

import re
from typing import Final

MOST_BYTES: Final = 16 * 2**20
"""A longer event is not waited for: its bytes go on as they come, and no event is read any more."""

_BLANK: Final = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_OVERLAP: Final = 3  # bytes of a blank line that may have come in the piece before


class Events:
    """Cuts a stream into events."""

    __slots__ = ("_parts", "_size", "blind")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self.blind = False  # an event was too long

    def feed(self, chunk: bytes) -> list[bytes]:
        """The events that are whole now, each with the blank line that ends it."""
        if self.blind:
            return [chunk]
        parts = self._parts
        before = parts[-1][-_OVERLAP:] if parts else b""
        seam = before + chunk
        if b"\n\n" not in seam and (b"\r" not in seam or not _BLANK.search(seam)):
            parts.append(chunk if len(chunk) >= _OVERLAP or not parts else parts.pop() + chunk)
            self._size += len(chunk)
            if self._size <= MOST_BYTES:
                return []
            self.blind = True
            return [self.rest()]
        parts.append(chunk)
        return self._cut(self.rest())

    def rest(self) -> bytes:
        """What has come of an event that is not whole, which is forgotten here."""
        whole = b"".join(self._parts) if len(self._parts) != 1 else self._parts[0]
        self._parts.clear()
        self._size = 0
        return whole

    def _cut(self, whole: bytes) -> list[bytes]:
        if b"\r" not in whole:
            found = [part + b"\n\n" for part in whole.split(b"\n\n")]
            tail = found.pop()[:-2]
        else:
            found, start = [], 0
            for blank in _BLANK.finditer(whole):
                found.append(whole[start : blank.end()])
                start = blank.end()
            tail = whole[start:]
        if tail:
            self._parts.append(tail)
            self._size = len(tail)
        return found


def data_of(event: bytes) -> bytes:
    """What an event says; empty where it is a comment."""
    if event.startswith(b"data: ") and event.find(b"\n") == len(event) - 2:
        return event[6:-2]
    lines = [line[5:].removeprefix(b" ") for line in event.splitlines() if line.startswith(b"data:")]
    return b"\n".join(lines)


def event_of(data: bytes, name: str | None = None) -> bytes:
    """An event that says this; `data` is one line."""
    return (b"event: %s\n" % name.encode() if name else b"") + b"data: " + data + b"\n\n"
