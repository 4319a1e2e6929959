"""A server's journal: calls kept in files of their own until their database has them.

Frames, in `segments`, of calls as JSON: a list of values for each. A segment's first frame has the names of the columns, so
that a newer Augury reads what an older one wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from augury.capture.frames import decode, frame_of, header_frame
from augury.capture.segments import (
    DEAD_LETTERS,
    SEGMENT_BYTES,
    Segments,
    Survey,
    bury,
    count_lines,
    count_waiting,
    plainly,
    sync_folders,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from augury.capture.frames import Batch
    from augury.core.calls import ModelCall

SUFFIX = ".calls"


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
        self._segments = _Calls(
            folder, suffix=SUFFIX, header=header_frame(), limit=limit, durable=durable, segment_bytes=segment_bytes
        )

    @property
    def calls(self) -> int:
        """How many wait."""
        return self._segments.entries

    @property
    def size(self) -> int:
        """How many bytes they take."""
        return self._segments.size

    def close(self) -> None:
        """Let go of the file; what waits stays."""
        self._segments.close()

    def append(self, calls: Sequence[ModelCall]) -> None:
        """Keep the calls, all or none. They are safe when this returns.

        Raises:
            JournalFull: there would be more than may wait.
            StorageFull: the disk is full.
            StoreAway: the folder cannot be written.
        """
        self._segments.add(frame_of(calls), len(calls))

    def front(self, most: int) -> Batch | None:
        """The oldest calls, about `most` of them but at least a frame's; None where none wait.

        Raises:
            StoreAway: the files cannot be read.
        """
        frames = self._segments.front(most)
        return None if frames is None else decode(frames)

    def forget(self, batch: Batch) -> None:
        """The calls of this batch, the last that `front` gave, have arrived."""
        self._segments.forget(batch.frames)

    def bury(self, record: dict[str, Any], why: str) -> None:
        """Put a record that is refused for good where its owner finds it, as a line that can be sent again.

        Raises:
            StoreAway: it cannot be written.
        """
        bury(self.folder, record, why)


class _Calls(Segments):
    def _full(self) -> str:
        return (
            f"{self.folder} holds {self.entries} calls that wait for the database, which is all that it may "
            "(AUGURY_JOURNAL_MIB); bring the database back, and send again"
        )


def survey(folder: Path) -> Survey:
    """What waits in a folder and what was refused, without touching it.

    Raises:
        OSError: it cannot be read.
    """
    calls, size = count_waiting(folder, SUFFIX)
    letters = folder / DEAD_LETTERS
    return Survey(calls=calls, size=size, dead_letters=count_lines(letters), dead_letters_path=letters)


def adopt(left: Path, into: Path) -> None:
    """Move what waits in a folder whose process has ended behind what waits in another; nobody may have either open.

    Raises:
        StoreAway: the folders cannot be read or written.
    """
    try:
        Journal(left, limit=0).close()  # which cuts off what was never confirmed, as only of a last segment it may be
        segments = sorted(left.glob("*" + SUFFIX))
        if not segments:
            return
        into.mkdir(mode=0o700, exist_ok=True)
        Journal(into, limit=0).close()
        number = max((int(path.stem) for path in into.glob("*" + SUFFIX)), default=0)
        for place, path in enumerate(segments, number + 1):
            path.replace(into / f"{place:012}{SUFFIX}")
        sync_folders(into, into.parent, left)
    except OSError as problem:
        raise plainly(left, problem) from problem
