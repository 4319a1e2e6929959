"""A journal: calls kept in files of their own until their destination has them.

Written at the end, read from the front, forgotten once confirmed. A folder holds numbered segments, each a row of frames:

    length of the payload · number of calls · CRC-32 of both and the payload     (4 bytes each, little-endian)
    payload: the calls as JSON, a list of values for each

A segment's first frame has no calls but the names of the columns, so that a newer Augury reads what an older one wrote. A
process that is killed while it writes leaves a last frame that its checksum gives away; it was never confirmed, and is cut
off. A call may be read twice, after a crash between its delivery and its being forgotten: whoever delivers goes by its id.

A folder belongs to one process at a time; who opens it sees to that (the server owns the database beside it).
"""

from __future__ import annotations

import errno
import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from augury.capture.frames import Batch, encode, frame_of, header_frame, headers, read
from augury.errors import JournalFull, StorageFull, StoreAway

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from augury.core.calls import ModelCall

_LOG = logging.getLogger("augury.journal")

SEGMENT_BYTES = 8 * 2**20
"""Where a segment is full enough: its room is given back when all of it is forgotten."""

DEAD_LETTERS = "dead-letters.jsonl"
_SEGMENTS = "*.calls"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(slots=True)
class _Segment:
    path: Path
    end: int = 0  # of its last whole frame
    calls: int = 0
    front: int = 0  # of what is not forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a journal's folder holds, as seen from outside."""

    calls: int
    size: int  # bytes
    dead_letters: int
    dead_letters_path: Path


class Journal:
    """Calls that wait. Safe to use from several threads; nothing is on disk while nothing waits."""

    def __init__(self, folder: Path, *, limit: int, durable: bool = True, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Find what an earlier process left there, if anything.

        Args:
            folder: made when it is needed; its parent must be there.
            limit: how many bytes may wait.
            durable: what is appended survives the machine's end too, not only the process's.
            segment_bytes: about how long a file may grow.

        Raises:
            StoreAway: the folder cannot be read.
        """
        self.folder = folder
        self._limit = limit
        self._durable = durable
        self._segment_bytes = segment_bytes
        self._lock = Lock()
        self._segments: list[_Segment] = []
        self._tail: int | None = None  # the file that the last segment is written to
        self._number = 0
        self._size = 0
        self._calls = 0
        try:
            self._find()
        except OSError as problem:
            raise _plainly(folder, problem) from problem

    @property
    def calls(self) -> int:
        """How many wait."""
        return self._calls

    @property
    def size(self) -> int:
        """How many bytes they take."""
        return self._size

    def close(self) -> None:
        """Let go of the file; what waits stays."""
        with self._lock:
            self._close_tail()

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def append(self, calls: Sequence[ModelCall]) -> None:
        """Keep the calls, all or none. They are safe when this returns.

        Raises:
            JournalFull: there would be more than may wait.
            StorageFull: the disk is full.
            StoreAway: the folder cannot be written.
        """
        frame = frame_of(calls)
        with self._lock:
            if self._size + len(frame) > self._limit:
                raise JournalFull(
                    f"{self.folder} holds {self._calls} calls that wait for the database, which is all that it may "
                    "(AUGURY_JOURNAL_MIB); bring the database back, and send again"
                )
            try:
                self._write(frame)
            except OSError as problem:
                self._undo()
                raise _plainly(self.folder, problem) from problem
            segment = self._segments[-1]
            segment.end += len(frame)
            segment.calls += len(calls)
            self._size += len(frame)
            self._calls += len(calls)
            if segment.end >= self._segment_bytes:
                self._close_tail()

    def _write(self, frame: bytes) -> None:
        if self._tail is None:
            self._begin()
        assert self._tail is not None  # noqa: S101 - it has begun
        _write_all(self._tail, frame)
        if self._durable:
            os.fsync(self._tail)

    def _begin(self) -> None:
        """A new segment, with the names of its columns."""
        made = not self.folder.exists()
        self.folder.mkdir(mode=0o700, exist_ok=True)
        segment = _Segment(self.folder / f"{self._number + 1:012}.calls")
        self._tail = os.open(segment.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._number += 1
        self._segments.append(segment)
        header = header_frame()
        _write_all(self._tail, header)
        if self._durable:  # a file is only as safe as its name
            _sync_folder(self.folder)
            if made:
                _sync_folder(self.folder.parent)
        segment.front = segment.end = len(header)
        self._size += len(header)

    def _undo(self) -> None:
        """What was written of a frame that failed is no frame: the next one must not stand behind it."""
        if self._tail is None:
            return
        segment = self._segments[-1]
        try:
            os.ftruncate(self._tail, segment.end)
        except OSError:  # nothing is written behind it
            self._close_tail()
        if not segment.calls:  # its header may be cut, and nothing is lost with it
            self._close_tail()
            self._drop(segment)

    def _close_tail(self) -> None:
        if self._tail is not None:
            os.close(self._tail)
            self._tail = None

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def front(self, most: int) -> Batch | None:
        """The oldest calls, about `most` of them but at least a frame's; None where none wait.

        Raises:
            StoreAway: the files cannot be read.
        """
        while True:
            with self._lock:
                if not self._segments:
                    return None
                segment = self._segments[0]
                end = segment.end
            try:
                # Without the lock: nobody but this reader takes anything away, and who appends need not wait.
                batch = read(segment.path, segment.front, end, most)
            except OSError as problem:
                raise _plainly(segment.path, problem) from problem
            if batch is not None:
                return batch
            with self._lock:
                if end == segment.end:
                    self._leave(segment)

    def forget(self, batch: Batch) -> None:
        """The calls of this batch, the last that `front` gave, have arrived."""
        with self._lock:
            segment = self._segments[0]
            assert segment.path == batch.segment  # noqa: S101 - batches are forgotten in the order they are read
            segment.front = batch.end
            segment.calls -= batch.count
            self._calls -= batch.count
            if segment.front >= segment.end:
                self._leave(segment)

    def _leave(self, segment: _Segment) -> None:
        """All of the segment that can be read is forgotten; what cannot be read is kept for whoever wants to try."""
        if segment is self._segments[-1]:
            self._close_tail()
        if segment.front < segment.end or segment.calls:
            aside = segment.path.with_suffix(".damaged")
            _LOG.error(
                "%s is damaged: about %d calls of it are lost; it is kept as %s", segment.path, segment.calls, aside
            )
            segment.path.replace(aside)
            self._size -= segment.end
            self._calls -= segment.calls
            self._segments.remove(segment)
        else:
            self._drop(segment)

    def _drop(self, segment: _Segment) -> None:
        with suppress(OSError):
            segment.path.unlink(missing_ok=True)
        self._size -= segment.end
        self._segments.remove(segment)

    def _find(self) -> None:
        """The segments of an earlier process: read, never written to."""
        paths = sorted(self.folder.glob(_SEGMENTS))
        for path in paths:
            segment = _Segment(path)
            for header in headers(path, whole=path is paths[-1]):
                segment.end, segment.calls = header.end, segment.calls + header.calls
                segment.front = segment.front or header.end
            length = path.stat().st_size
            if path is paths[-1] and segment.end < length:
                _LOG.warning("%s: cut off %d bytes that were never confirmed", path, length - segment.end)
                os.truncate(path, segment.end)
            elif segment.end < length:
                segment.end = length
            self._number = int(path.stem)
            self._segments.append(segment)
            self._size += segment.end
            self._calls += segment.calls
            if not segment.calls and segment.front >= segment.end:
                self._drop(segment)

    # ── what nobody takes ────────────────────────────────────────────────────────────────────────────────────────────

    def bury(self, record: dict[str, Any], why: str) -> None:
        """Put a record that is refused for good where its owner finds it, as a line that can be sent again.

        Raises:
            StoreAway: it cannot be written.
        """
        line = encode({"at": datetime.now(UTC), "why": why, "record": record}) + b"\n"
        path = self.folder / DEAD_LETTERS
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                _write_all(file, line)
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as problem:
            raise _plainly(path, problem) from problem


def survey(folder: Path) -> Survey:
    """What waits in a folder and what was refused, without touching it.

    Raises:
        OSError: it cannot be read.
    """
    calls = size = 0
    for path in sorted(folder.glob(_SEGMENTS)):
        with suppress(FileNotFoundError):  # delivered meanwhile
            calls += sum(header.calls for header in headers(path, whole=False))
            size += path.stat().st_size
    letters = folder / DEAD_LETTERS
    lines = letters.read_bytes().count(b"\n") if letters.exists() else 0
    return Survey(calls=calls, size=size, dead_letters=lines, dead_letters_path=letters)


def adopt(left: Path, into: Path) -> None:
    """Move what waits in a folder whose process has ended behind what waits in another; nobody may have either open.

    Raises:
        StoreAway: the folders cannot be read or written.
    """
    try:
        Journal(left, limit=0).close()  # which cuts off what was never confirmed, as only of a last segment it may be
        segments = sorted(left.glob(_SEGMENTS))
        if not segments:
            return
        into.mkdir(mode=0o700, exist_ok=True)
        Journal(into, limit=0).close()
        number = max((int(path.stem) for path in into.glob(_SEGMENTS)), default=0)
        for place, path in enumerate(segments, number + 1):
            path.replace(into / f"{place:012}.calls")
        for folder in (into, into.parent, left):
            _sync_folder(folder)
    except OSError as problem:
        raise _plainly(left, problem) from problem


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write_all(file: int, data: bytes) -> None:
    written = os.write(file, data)
    while written < len(data):  # a disk that fills up takes a part first
        written += os.write(file, data[written:])


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _plainly(path: Path, problem: OSError) -> StoreAway:
    if problem.errno in _NO_ROOM:
        return StorageFull(
            f"{path}: the disk is full, and nothing of this was kept; free some space on it (`augury prune` deletes old "
            "calls), and send again"
        )
    return StoreAway(f"{path} cannot be used now: {problem.strerror or problem}")
