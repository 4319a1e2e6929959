"""An application's journal: what one process has recorded, kept in files until its destination has it.

    <data folder>/outboxes/<destination>/     a folder for each destination
        destination.json                      its address, for people and for `augury flush`
        dead-letters.jsonl                    what it has refused for good
        dropped.jsonl                         how many calls could not be kept, and why
        <process>/                            a folder for each process, whose `lock` it holds as long as it lives
            *.calls  *.said                   calls, and what was said of them afterwards (see `segments`)
            state.json                        what is wrong, where something is

A folder whose process has ended is taken over by whoever has the same destination: another process of the application, a
server, or `augury flush`. Nothing is written through to the disk call by call: a file survives its process, not a power cut.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augury.capture.frames import encode, frame
from augury.capture.segments import DEAD_LETTERS, Segments, count_lines, count_waiting, plainly, write_line
from augury.errors import StoreAway

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform != "win32":  # there nobody takes over what others have left, but each process its own
    import fcntl

CALLS, SAID = ".calls", ".said"
SEGMENT_BYTES = 2**20  # about so much is sent twice after a kill
_HEADER = frame(encode({"entries": "json", "version": 1}), 0)
_LOCK, _STATE, _NOTE, _DROPPED = "lock", "state.json", "destination.json", "dropped.jsonl"
_UNFINISHED = ".new-"
_UNFINISHED_S = 3_600.0
_LONGEST_NOTE = 64 * 2**10
_MOST_DEAD_LETTERS = 64 * 2**20
_TELL_EVERY_S = 5.0


class Outbox:
    """One process's calls, and what is said of them. Adding is safe from several threads; one reads."""

    def __init__(self, folder: Path, lock: int | None, *, limit: int, adopted: bool) -> None:
        """Open a folder whose lock is held.

        Raises:
            StoreAway: it cannot be read.
        """
        self.folder = folder
        self.adopted = adopted
        self._lock = lock
        self.calls = _Lane(folder, CALLS, limit, lasting=not adopted)
        self.said = _Lane(folder, SAID, limit, lasting=not adopted)
        self.deferred = 0  # of what is said: about messages that the destination did not know yet
        self.said_from = 0.0  # when it is tried again, by the monotonic clock
        self.dropped: dict[str, int] = {}  # by why, and not yet told
        self._dropped_from = 0.0

    @property
    def place(self) -> Path:
        """The destination's folder."""
        return self.folder.parent

    @property
    def waiting(self) -> int:
        """How many entries have not arrived."""
        return self.calls.entries + self.said.entries

    @property
    def arrived(self) -> int:
        """How many calls recorded here have arrived, or were refused for good."""
        return self.calls.added - self.calls.entries

    @property
    def gone(self) -> bool:
        """Whether somebody has deleted what waits in it: what is written to such a file, nobody will ever read."""
        return not self.folder.exists() or self.calls.gone or self.said.gone

    def lock_again(self) -> None:
        """Make the lock anew where somebody has deleted it: without it nobody takes over what is left here."""
        path = self.folder / _LOCK
        with suppress(OSError):
            if self._lock is None or path.exists():
                return
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if _try_lock(lock):
                lock, self._lock = self._lock, lock
            os.close(lock)

    def bury(self, record: object, why: str) -> None:
        """Keep what is refused for good where its owner finds it, as long as there are not too many.

        Raises:
            StoreAway: it cannot be written.
        """
        path = self.place / DEAD_LETTERS
        if path.exists() and path.stat().st_size > _MOST_DEAD_LETTERS:
            why = f"{path} is full, and holds what the destination has refused; look at it, and delete it"
            self.dropped[why] = self.dropped.get(why, 0) + 1
        else:
            write_line(path, {"at": datetime.now(UTC), "why": why, "record": record}, durable=False)

    def tell(self, state: State | None) -> None:
        """Leave word of what is wrong, or that nothing is, for `augury doctor`."""
        path = self.folder / _STATE
        with suppress(OSError):
            if state is None:
                path.unlink(missing_ok=True)
            else:
                _replace(path, encode(asdict(state)))

    def tell_dropped(self, *, soon: bool = False) -> None:
        """Leave word of calls that could not be kept: once in a while, or, where it must be `soon`, now."""
        now = time.monotonic()
        if not self.dropped or (now < self._dropped_from and not soon):
            return
        self._dropped_from = now + _TELL_EVERY_S
        path = self.place / _DROPPED
        with suppress(OSError, StoreAway):
            for why in list(self.dropped):
                write_line(path, {"why": why, "count": self.dropped.pop(why)}, durable=False)
            if path.stat().st_size > _LONGEST_NOTE:
                lines = [encode({"why": why, "count": count}) for why, count in _dropped(path).items()]
                _replace(path, b"".join(line + b"\n" for line in lines))

    def close(self) -> None:
        """Let go of it; of a folder in which nothing waits nothing is left."""
        self.tell_dropped(soon=True)
        self.calls.close()
        self.said.close()
        with suppress(StoreAway):  # or what was put back is found again where it first was, too
            self.said.compact()
        if not self.waiting:
            _clear(self.folder)
        self.abandon()

    def abandon(self) -> None:
        """Let go of the files as they are; a forked process holds them too, and must not keep them locked for its parent."""
        self.calls.abandon()
        self.said.abandon()
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


class _Lane(Segments):
    def __init__(self, folder: Path, suffix: str, limit: int, *, lasting: bool) -> None:
        super().__init__(
            folder,
            suffix=suffix,
            header=_HEADER,
            limit=limit,
            durable=False,
            segment_bytes=SEGMENT_BYTES,
            lasting=lasting,
        )

    def _full(self) -> str:
        return (
            f"{self.folder} holds {self.entries} entries that wait to be delivered, which is all that it may "
            "(AUGURY_OUTBOX_MIB); `augury doctor` says why they wait"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What keeps a process from delivering."""

    since: float  # seconds since 1970
    trouble: str
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A destination's folder, as seen from outside."""

    folder: Path
    destination: str
    calls: int
    said: int
    size: int  # bytes
    processes: int  # that have a folder here
    troubles: list[State]
    dead_letters: int
    dropped: dict[str, int]  # how many by why

    @property
    def dead_letters_path(self) -> Path:
        """The file of what was refused for good."""
        return self.folder / DEAD_LETTERS

    @property
    def dropped_path(self) -> Path:
        """The file that tells of what could not be kept."""
        return self.folder / _DROPPED


def spare_dir() -> Path | None:
    """Where calls are kept while the data folder cannot be written: this user's own among temporary files, or None.

    A folder there that others can read or write is none of ours.
    """
    if not hasattr(os, "getuid"):
        return None
    folder = Path(tempfile.gettempdir()) / f"augury-{os.getuid()}"
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        about = folder.lstat()
        if stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid() and not about.st_mode & 0o077:
            return folder
    return None


def place_of(data_dir: Path, destination: str) -> Path:
    """The folder of a destination, which may not be there yet."""
    return data_dir / "outboxes" / hashlib.sha256(destination.encode()).hexdigest()[:16]


def open_outbox(data_dir: Path, destination: str, *, limit: int) -> Outbox:
    """A new folder for this process, locked.

    Args:
        data_dir: made where there is none.
        destination: its address, with nothing secret in it.
        limit: how many bytes may wait, of calls and again of what is said of them.

    Raises:
        StoreAway: it cannot be made.
    """
    place = place_of(data_dir, destination)
    name = f"{os.getpid()}-{secrets.token_hex(4)}"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (place / _NOTE).exists():
            _replace(place / _NOTE, encode({"destination": destination}))
        made = place / (_UNFINISHED + name)
        made.mkdir(mode=0o700)
        lock = os.open(made / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        _try_lock(lock)
        made.rename(place / name)  # so that nobody finds it without its lock
    except OSError as problem:
        raise plainly(place, problem) from problem
    return Outbox(place / name, lock, limit=limit, adopted=False)


def left_behind(place: Path) -> Iterator[Outbox]:
    """The folders of processes that have ended, each locked; whoever takes one closes it."""
    try:
        folders = sorted(path for path in place.iterdir() if path.is_dir())
    except OSError:
        return
    for folder in folders:
        unfinished = folder.name.startswith(_UNFINISHED)
        with suppress(OSError, StoreAway):
            if unfinished and time.time() - folder.stat().st_mtime < _UNFINISHED_S:
                continue
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
            if not _try_lock(lock):
                os.close(lock)
            elif unfinished:
                _clear(folder)
                os.close(lock)
            else:
                yield Outbox(folder, lock, limit=sys.maxsize, adopted=True)


def places(data_dir: Path) -> list[Path]:
    """The folders of all destinations."""
    found: list[Path] = []
    for folder in (data_dir, spare_dir()):
        with suppress(OSError):
            found += sorted(path for path in (folder / "outboxes").iterdir() if path.is_dir()) if folder else []
    return found


def destination_of(place: Path) -> str | None:
    """Where what is in a destination's folder is to go; None where its note cannot be read."""
    note = _read(place / _NOTE).get("destination")
    return note if isinstance(note, str) else None


def survey(place: Path) -> Place:
    """What waits for a destination and what became of the rest, without touching it.

    Raises:
        OSError: it cannot be read.
    """
    folders = [path for path in place.iterdir() if path.is_dir() and not path.name.startswith(_UNFINISHED)]
    calls = [count_waiting(folder, CALLS) for folder in folders]
    said = [count_waiting(folder, SAID) for folder in folders]
    troubles = []
    for told in (_read(folder / _STATE) for folder in folders):
        with suppress(KeyError, TypeError, ValueError):
            troubles.append(State(since=float(told["since"]), trouble=str(told["trouble"]), tries=int(told["tries"])))
    return Place(
        folder=place,
        destination=destination_of(place) or "an unknown destination",
        calls=sum(count for count, _ in calls),
        said=sum(count for count, _ in said),
        size=sum(size for _, size in calls + said),
        processes=len(folders),
        troubles=sorted(troubles, key=lambda state: state.since),
        dead_letters=count_lines(place / DEAD_LETTERS),
        dropped=_dropped(place / _DROPPED),
    )


def _dropped(path: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    if path.exists():
        for line in path.read_bytes().splitlines():
            with suppress(ValueError, KeyError, TypeError):
                told = json.loads(line)
                counts[str(told["why"])] = counts.get(str(told["why"]), 0) + int(told["count"])
    return counts


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_LONGEST_NOTE))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _clear(folder: Path) -> None:
    """Delete a folder in which nothing waits, and leave what is not ours where it is."""
    with suppress(OSError):
        for name in (_STATE, _LOCK):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()


def _try_lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
