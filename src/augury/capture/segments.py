"""Frames kept in files until they have arrived: written at the end, read from the front, forgotten once confirmed.

A folder holds numbered segments, each a row of frames:

    length of the payload · number of entries · CRC-32 of both and the payload     (4 bytes each, little-endian)
    payload

A segment's first frame has no entries, but says what is in the others. A process that is killed while it writes leaves a last
frame that its checksum gives away; it was never confirmed, and is cut off. An entry may be read twice, after a crash between its
delivery and its being forgotten: whoever delivers goes by its id.

A folder belongs to one process at a time; who opens it sees to that.
"""

from __future__ import annotations

import errno
import logging
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import RLock
from typing import TYPE_CHECKING, Any

from augury.capture.frames import encode, headers, read
from augury.errors import JournalFull, StorageFull, StoreAway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from augury.capture.frames import Frames

_LOG = logging.getLogger("augury.journal")

SEGMENT_BYTES = 8 * 2**20
"""Where a segment is full enough: its room is given back when all of it is forgotten."""

BATCH_BYTES = 4 * 2**20
"""So much is read at once."""

DEAD_LETTERS = "dead-letters.jsonl"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(slots=True)
class _Segment:
    path: Path
    begin: int = 0  # where its header ends
    end: int = 0  # of its last whole frame
    entries: int = 0
    front: int = 0  # of what is not forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a folder holds, as seen from outside."""

    calls: int
    size: int  # bytes
    dead_letters: int
    dead_letters_path: Path


class Segments:
    """Frames that wait. Safe to use from several threads, one of which reads.

    A frame may also be added while another is being added by the same thread: garbage is collected, and signals are handled, at
    any moment, and what ends then may be a call.
    """

    def __init__(
        self,
        folder: Path,
        *,
        suffix: str,
        header: bytes,
        limit: int,
        durable: bool,
        segment_bytes: int = SEGMENT_BYTES,
        lasting: bool = False,
    ) -> None:
        """Find what an earlier process left there, if anything.

        Args:
            folder: made when it is needed; its parent must be there.
            suffix: of the files' names.
            header: the first frame of each.
            limit: how many bytes may wait.
            durable: what is added survives the machine's end too, not only the process's.
            segment_bytes: about how long a file may grow.
            lasting: the last file stays open, and is emptied, when nothing waits: so that adding soon after costs no new file.

        Raises:
            StoreAway: the folder cannot be read.
        """
        self.folder = folder
        self._suffix = suffix
        self._header = header
        self._limit = limit
        self._durable = durable
        self._segment_bytes = segment_bytes
        self._lasting = lasting
        self._lock = RLock()
        self._busy = False  # whoever finds it so with the lock in hand has come upon itself
        self._late: list[tuple[bytes, int]] = []  # what was to be added then
        self._segments: list[_Segment] = []
        self._tail: int | None = None  # the file that the last segment is written to
        self._number = 0
        self._size = 0
        self._entries = 0
        self._added = 0
        try:
            self._find()
        except OSError as problem:
            raise plainly(folder, problem) from problem

    @property
    def size(self) -> int:
        """How many bytes wait."""
        return self._size

    @property
    def entries(self) -> int:
        """How many entries wait."""
        return self._entries

    @property
    def added(self) -> int:
        """How many entries have been added here, since it was opened."""
        return self._added

    @property
    def gone(self) -> bool:
        """Whether somebody has deleted a file of it. Asked by who reads."""
        with self._held():
            return not all(segment.path.exists() for segment in self._segments)

    @property
    def lost(self) -> int:
        """How many entries were in files that somebody has deleted."""
        with self._held():
            return sum(segment.entries for segment in self._segments if not segment.path.exists())

    def close(self) -> None:
        """Let go of the file; what waits stays."""
        with self._held():
            self._close_tail()
            for segment in [one for one in self._segments if not one.entries and one.front >= one.end]:
                self._drop(segment)

    def compact(self) -> None:
        """Write the first file anew without what is forgotten of it, for whoever opens it next. After `close`.

        Raises:
            StoreAway: it cannot be written; it is as it was.
        """
        segment = next(iter(self._segments), None)
        if segment is None or segment.front <= segment.begin:
            return
        part = segment.path.with_suffix(".part")
        try:
            whole = segment.path.read_bytes()
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(whole[: segment.begin] + whole[segment.front :])
            part.replace(segment.path)
        except OSError as problem:
            part.unlink(missing_ok=True)
            raise plainly(self.folder, problem) from problem

    def abandon(self) -> None:
        """Let go of the file as it is, in a process to which it does not belong: one that was forked."""
        tail, self._tail = self._tail, None
        if tail is not None:
            os.close(tail)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def add(self, frame: bytes, entries: int = 1) -> None:
        """Keep a frame, all or nothing of it. It is safe when this returns.

        Raises:
            JournalFull: there would be more than may wait.
            StorageFull: the disk is full.
            StoreAway: the folder cannot be written.
        """
        with self._lock:
            if self._busy:
                self._late.append((frame, entries))
                return
            self._busy = True
            try:
                self._add(frame, entries)
            finally:
                self._busy = False
        if self._late:
            self._catch_up()

    def _add(self, frame: bytes, entries: int) -> None:
        length = len(frame)
        if self._size + length > self._limit:
            raise JournalFull(self._full())
        try:
            if self._tail is None or self._durable:
                self._write(frame)
            elif (written := os.write(self._tail, frame)) < length:
                _write_all(self._tail, frame[written:])
        except OSError as problem:
            self._undo()
            raise plainly(self.folder, problem) from problem
        except BaseException:  # an interrupt, and nobody knows whether it came before or after
            self._undo()
            raise
        segment = self._segments[-1]
        segment.end += length
        segment.entries += entries
        self._size += length
        self._entries += entries
        self._added += entries
        if segment.end >= self._segment_bytes:
            self._close_tail()

    def _full(self) -> str:
        return f"{self.folder} holds {self._entries} entries that wait, which is all that it may"

    def _write(self, frame: bytes) -> None:
        if self._tail is None:
            self._begin()
        assert self._tail is not None  # noqa: S101 - it has begun
        _write_all(self._tail, frame)
        if self._durable:
            os.fsync(self._tail)

    def _begin(self) -> None:
        """A new segment, with its header."""
        made = not self.folder.exists()
        self.folder.mkdir(mode=0o700, exist_ok=True)
        segment = _Segment(self.folder / f"{self._number + 1:012}{self._suffix}")
        self._tail = os.open(segment.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._number += 1
        self._segments.append(segment)
        _write_all(self._tail, self._header)
        if self._durable:  # a file is only as safe as its name
            _sync_folder(self.folder)
            if made:
                _sync_folder(self.folder.parent)
        segment.begin = segment.front = segment.end = len(self._header)
        self._size += len(self._header)

    def _undo(self) -> None:
        """What was written of a frame that failed is no frame: the next one must not stand behind it."""
        if self._tail is None:
            return
        segment = self._segments[-1]
        try:
            os.ftruncate(self._tail, segment.end)
        except OSError:  # nothing is written behind it
            self._close_tail()
        if not segment.entries:  # its header may be cut, and nothing is lost with it
            self._close_tail()
            self._drop(segment)

    def _close_tail(self) -> None:
        if self._tail is not None:
            os.close(self._tail)
            self._tail = None

    @contextmanager
    def _held(self) -> Iterator[None]:
        with self._lock:
            self._busy = True
            try:
                yield
            finally:
                self._busy = False
        if self._late:
            self._catch_up()

    def _catch_up(self) -> None:
        while self._late:
            with suppress(IndexError):  # another thread has taken it
                frame, entries = self._late.pop(0)
                try:
                    self.add(frame, entries)
                except (JournalFull, StoreAway) as problem:  # who added it has been told otherwise
                    _LOG.error("an entry was lost that came while another was written: %s", problem)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def front(self, most: int, most_bytes: int = BATCH_BYTES) -> Frames | None:
        """The oldest frames, about `most` entries and bytes of them but at least one frame; None where none wait.

        Raises:
            StoreAway: the files cannot be read.
        """
        while True:
            with self._held():
                if not self._segments:
                    return None
                segment = self._segments[0]
                end = segment.end
                if segment.front >= end and self._is_tail(segment):
                    return None
            try:
                # Without the lock: nobody but this reader takes anything away, and who appends need not wait.
                found = read(segment.path, segment.front, end, most, most_bytes)
            except OSError as problem:
                raise plainly(segment.path, problem) from problem
            if found is not None:
                return found
            with self._held():
                if end == segment.end:
                    self._leave(segment)

    def forget(self, frames: Frames) -> None:
        """The entries of these frames, the last that `front` gave, have arrived."""
        with self._held():
            segment = self._segments[0]
            assert segment.path == frames.segment  # noqa: S101 - frames are forgotten in the order they are read
            segment.front = frames.end
            segment.entries -= frames.count
            self._entries -= frames.count
            if segment.front >= segment.end:
                self._leave(segment)

    def _is_tail(self, segment: _Segment) -> bool:
        return self._lasting and self._tail is not None and segment is self._segments[-1]

    def _leave(self, segment: _Segment) -> None:
        """All of the segment that can be read is forgotten; what cannot be read is kept for whoever wants to try."""
        whole = segment.front >= segment.end and not segment.entries
        if whole and self._is_tail(segment) and self._tail is not None:
            os.ftruncate(self._tail, segment.begin)
            self._size -= segment.end - segment.begin
            segment.front = segment.end = segment.begin
            return
        if segment is self._segments[-1]:
            self._close_tail()
        if whole:
            self._drop(segment)
            return
        aside = segment.path.with_suffix(".damaged")
        _LOG.error(
            "%s is damaged: about %d calls of it are lost; it is kept as %s", segment.path, segment.entries, aside
        )
        segment.path.replace(aside)
        self._size -= segment.end
        self._entries -= segment.entries
        self._segments.remove(segment)

    def _drop(self, segment: _Segment) -> None:
        with suppress(OSError):
            segment.path.unlink(missing_ok=True)
        self._size -= segment.end
        self._segments.remove(segment)

    def _find(self) -> None:
        """The segments of an earlier process: read, never written to."""
        paths = sorted(self.folder.glob("*" + self._suffix))
        for path in paths:
            segment = _Segment(path)
            for header in headers(path, whole=path is paths[-1]):
                segment.end, segment.entries = header.end, segment.entries + header.calls
                segment.front = segment.front or header.end
            segment.begin = segment.front
            length = path.stat().st_size
            if path is paths[-1] and segment.end < length:
                _LOG.warning("%s: cut off %d bytes that were never confirmed", path, length - segment.end)
                os.truncate(path, segment.end)
            elif segment.end < length:
                segment.end = length
            self._number = int(path.stem)
            self._segments.append(segment)
            self._size += segment.end
            self._entries += segment.entries
            if not segment.entries and segment.front >= segment.end:
                self._drop(segment)


def bury(folder: Path, record: object, why: str) -> None:
    """Put a record that is refused for good where its owner finds it, as a line that can be sent again.

    Raises:
        StoreAway: it cannot be written.
    """
    write_line(folder / DEAD_LETTERS, {"at": datetime.now(UTC), "why": why, "record": record})


def write_line(path: Path, value: dict[str, Any], *, durable: bool = True) -> None:
    """Add a line of JSON to a file of lines, in one piece; where it is to be durable, written through to the disk.

    Raises:
        StoreAway: it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _write_all(file, encode(value) + b"\n")
            if durable:
                os.fsync(file)
        finally:
            os.close(file)
    except OSError as problem:
        raise plainly(path, problem) from problem


def count_waiting(folder: Path, suffix: str) -> tuple[int, int]:
    """How many entries and bytes wait in a folder, without touching it; what arrives meanwhile may or may not count.

    Raises:
        OSError: it cannot be read.
    """
    entries = size = 0
    for path in sorted(folder.glob("*" + suffix)):
        with suppress(FileNotFoundError):  # delivered meanwhile
            entries += sum(header.calls for header in headers(path, whole=False))
            size += path.stat().st_size
    return entries, size


def count_lines(path: Path) -> int:
    """How many lines a file of lines has; none where there is no such file.

    Raises:
        OSError: it cannot be read.
    """
    return path.read_bytes().count(b"\n") if path.exists() else 0


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


def sync_folders(*folders: Path) -> None:
    """Write names in these folders through to the disk."""
    for folder in folders:
        _sync_folder(folder)


def plainly(path: Path, problem: OSError) -> StoreAway:
    """The problem in our words."""
    if problem.errno in _NO_ROOM:
        return StorageFull(
            f"{path}: the disk is full, and nothing of this was kept; free some space on it (`augury prune` deletes old "
            "calls), and send again"
        )
    return StoreAway(f"{path} cannot be used now: {problem.strerror or problem}")
