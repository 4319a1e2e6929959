"""What a journal's files are made of: frames with a checksum, and calls as JSON in them."""

from __future__ import annotations

import json
import os
import struct
import zlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from augury.core.calls import COLUMNS, CostSource, ErrorType, ModelCall, SelectedBy
from augury.core.tasks import Complexity, TaskType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

_FRAME = struct.Struct("<III")
_SIZES = struct.Struct("<II")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """Frames from the front of a file.

    Attributes:
        header: the payload of the file's first frame.
        payloads: of the frames, oldest first.
        segment: the file.
        end: where in it the next frame begins.
        count: how many entries these have together.
    """

    header: bytes
    payloads: list[bytes]
    segment: Path
    end: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Calls from the front of a journal.

    Attributes:
        calls: those that this version of Augury can read, oldest first.
        strange: the others, as column names and values.
        frames: what they were read from.
    """

    calls: list[ModelCall]
    strange: list[dict[str, Any]]
    frames: Frames

    @property
    def count(self) -> int:
        """How many there are of both."""
        return self.frames.count


@dataclass(frozen=True, slots=True)
class Header:
    """What a frame says of itself."""

    end: int
    calls: int


def header_frame() -> bytes:
    """A segment's first frame."""
    return frame(encode({"columns": COLUMNS}), 0)


def frame_of(calls: Sequence[ModelCall]) -> bytes:
    """A frame of calls."""
    return frame(encode(calls), len(calls))


def frame(payload: bytes, calls: int) -> bytes:
    """A frame around a payload of so many entries."""
    sizes = _SIZES.pack(len(payload), calls)
    return _FRAME.pack(len(payload), calls, zlib.crc32(payload, zlib.crc32(sizes))) + payload


def _payload(file: BinaryIO, end: int) -> tuple[bytes, int] | None:
    """The next frame's payload and number of calls; None at the end, or where there is no whole frame."""
    head = file.read(_FRAME.size)
    if len(head) < _FRAME.size:
        return None
    length, calls, checksum = _FRAME.unpack(head)
    if length == 0 or file.tell() + length > end:
        return None
    payload = file.read(length)
    return (payload, calls) if zlib.crc32(payload, zlib.crc32(head[: _SIZES.size])) == checksum else None


def headers(path: Path, *, whole: bool) -> Iterator[Header]:
    """What the frames of a file say of themselves, up to where they make no sense; `whole` looks at payloads too."""
    with path.open("rb") as file:
        length = os.fstat(file.fileno()).st_size
        at = 0
        while True:
            if whole:
                found = _payload(file, length)
                if found is None:
                    return
                at, calls = file.tell(), found[1]
            else:
                head = file.read(_FRAME.size)
                if len(head) < _FRAME.size:
                    return
                size, calls, _ = _FRAME.unpack(head)
                at += _FRAME.size + size
                if size == 0 or at > length:
                    return
                file.seek(at)
            yield Header(at, calls)


def read(path: Path, front: int, end: int, most: int, most_bytes: int) -> Frames | None:
    """Frames between two places of a segment, about so many entries and bytes; None where no more can be read of it."""
    payloads: list[bytes] = []
    count = at = 0
    with path.open("rb") as file:
        header = _payload(file, end)
        if header is None or header[1]:
            return None
        file.seek(front)
        data = file.read(min(end - front, most_bytes))
        while count < most and at + _FRAME.size <= len(data):  # in one piece: an application waits while this is done
            length, calls, checksum = _FRAME.unpack_from(data, at)
            begin, stop = at + _FRAME.size, at + _FRAME.size + length
            if stop > len(data):
                if payloads or front + stop > end:
                    break
                data += file.read(stop - len(data))
            payload = data[begin:stop]
            sizes = data[at : at + _SIZES.size]
            if length == 0 or len(payload) < length or zlib.crc32(payload, zlib.crc32(sizes)) != checksum:
                break
            payloads.append(payload)
            count, at = count + calls, stop
    return Frames(header=header[0], payloads=payloads, segment=path, end=front + at, count=count) if count else None


def decode(frames: Frames) -> Batch:
    """The calls in a journal's frames."""
    calls: list[ModelCall] = []
    strange: list[dict[str, Any]] = []
    columns = json.loads(frames.header)["columns"]
    for payload in frames.payloads:
        for values in json.loads(payload):
            record = dict(zip(columns, values, strict=False))
            try:
                calls.append(_call(record))
            except (ValueError, TypeError, ArithmeticError):
                strange.append(record)
    return Batch(calls=calls, strange=strange, frames=frames)


_READ: dict[str, Callable[[Any], Any]] = {
    "id": UUID,
    "task_type": TaskType,
    "task_complexity": Complexity,
    "user_id": UUID,
    "message_id": UUID,
    "timestamp": datetime.fromisoformat,
    "cost_usd": Decimal,
    "cost_source": CostSource,
    "error_type": ErrorType,
    "selected_by": SelectedBy,
}


_TEXT: dict[type, Callable[[Any], str]] = {UUID: attrgetter("hex"), datetime: datetime.isoformat, Decimal: str}


def _text(value: object) -> str:
    return _TEXT[type(value)](value)


_to_json = json.JSONEncoder(separators=(",", ":"), default=_text).encode


def encode(value: object) -> bytes:
    """The value as JSON."""
    return _to_json(value).encode()


def _call(record: dict[str, Any]) -> ModelCall:
    """The call whose values these are; a column of a newer Augury is passed over, one of an older's is empty."""
    values = {column: record.get(column) for column in COLUMNS}
    for column, read in _READ.items():
        if values[column] is not None:
            values[column] = read(values[column])
    return ModelCall(**values)  # type: ignore[arg-type]
