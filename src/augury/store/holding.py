"""One process, and in it one store, owns a database file.

DuckDB locks its file too, but on POSIX systems such a lock is gone as soon as anything in the process closes the file:
another store's refused opening, a query that reads it. So a file beside it is locked as well, which nothing else opens,
and a process remembers what it holds and does not touch that again.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from augury.errors import StoreInUse

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform != "win32":  # which locks files for good by itself
    import fcntl

_held: dict[Path, int | None] = {}
_changing = Lock()


@dataclass(slots=True)
class Hold:
    """The right to a database file, until it is released."""

    path: Path
    descriptor: int | None

    def release(self) -> None:
        """Let go; twice is fine."""
        with _changing:
            if (
                _held.get(self.path, -1) == self.descriptor
            ):  # not a parent process's, whose number may be another file's here
                del _held[self.path]
                if self.descriptor is not None:
                    os.close(self.descriptor)
            self.descriptor = None


def hold(database: Path, *, shared: bool) -> Hold:
    """Take the right to a database file; several processes may share it to read.

    Raises:
        StoreInUse: somebody has it.
    """
    path = database.resolve()
    with _changing:
        if path in _held:
            raise StoreInUse(f"{database} is open in this process already; use that store, or close it first")
        descriptor = _lock(path, database, shared=shared)
        _held[path] = descriptor
    return Hold(path, descriptor)


def _lock(path: Path, database: Path, *, shared: bool) -> int | None:
    if sys.platform == "win32":
        return None
    try:
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:  # a folder that cannot be written: then DuckDB's own lock must do
        return None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(descriptor, 20).decode(errors="replace")
        os.close(descriptor)
        who = f" (PID {holder})" if holder.isdecimal() else ""
        raise StoreInUse(
            f"{database} is in use by another process{who}; a DuckDB file belongs to one process at a time: end that one, "
            "or talk to its server"
        ) from None
    os.ftruncate(descriptor, 0)
    if not shared:
        os.write(descriptor, str(os.getpid()).encode())
    return descriptor


def _forked() -> None:
    """What a process held is not its child's, and is not to be held longer than the process lives."""
    global _changing  # noqa: PLW0603 - a thread of the parent may have had it
    _changing = Lock()
    for descriptor in _held.values():
        if descriptor is not None:
            with suppress(OSError):
                os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
