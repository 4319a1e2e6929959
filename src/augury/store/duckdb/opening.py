"""Opening a DuckDB file, and saying in our own words what goes wrong with one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from augury.errors import NotADatabase, StorageFull, StoreAway, StoreError, StoreInUse
from augury.store.urls import missing_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_AWAY = (
    duckdb.FatalException,
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.ConnectionException,
    duckdb.InterruptException,  # by the store, when it is closed
)
_NO_ROOM = ("No space left on device", "Disk quota exceeded", "File too large")

MOST_MEMORY = "1GiB"
"""What the engine may take. Sealing, and answers from rows, are as fast with half of it, at a hundred million calls."""

DAMAGED = "{path} is damaged, or not a DuckDB database; nothing was changed. Restore a copy, or name another file"


def connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open the file, creating it where there is none."""
    if not path.parent.is_dir():
        raise StoreError(missing_folder(path))
    if read_only and not path.exists():
        raise StoreError(f"there is no database {path}; record or import calls first, or name another file")
    try:
        strange = path.exists() and not _is_duckdb(path)
    except OSError as problem:
        raise StoreError(f"{path} cannot be opened: {problem.strerror or problem}") from None
    if strange:
        raise NotADatabase(DAMAGED.format(path=path))
    with plainly(path):
        database = duckdb.connect(path, read_only=read_only)
        try:
            _leave_room(database)
        except BaseException:
            database.close()
            raise
        return database


def _leave_room(database: duckdb.DuckDBPyConnection) -> None:
    """Take no more memory than we need: on its own the engine fills most of the machine's with what it has read.

    Less than this where it found little memory by itself. Sorts that need more use the disk.
    """
    ((found,),) = database.execute("SELECT current_setting('memory_limit')").fetchall()
    if found.endswith(("GiB", "TiB", "PiB")):
        database.execute(f"SET memory_limit = '{MOST_MEMORY}'")


def _is_duckdb(path: Path) -> bool:
    """Whether the file begins as one; DuckDB itself would look for an extension that reads it, on the network too."""
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """Say what went wrong in DuckDB in a sentence of our own."""
    try:
        yield
    except RuntimeError as problem:
        if str(problem) == "Query interrupted":  # what DuckDB makes of Ctrl-C within a statement
            raise KeyboardInterrupt from None
        raise
    except duckdb.Error as problem:
        text = str(problem)
        if "Could not set lock" in text or "already open" in text:
            owner = text.partition("(PID ")[2].partition(")")[0]
            raise StoreInUse(
                f"{path} is in use by another process{f' (PID {owner})' if owner else ''}; "
                "a DuckDB file belongs to one process at a time: end that one, or talk to its server"
            ) from None
        if "different configuration" in text or "has been locked" in text:
            raise StoreInUse(f"{path} is open in this process already; use that store, or close it first") from None
        if any(sign in text for sign in ("not a valid DuckDB", "orrupt", "Could not read enough bytes")):
            raise NotADatabase(DAMAGED.format(path=path)) from None
        if any(sign in text for sign in _NO_ROOM):
            raise StorageFull(
                f"{path}: there is no room left for it; free some space on its disk, or prune old calls"
            ) from problem
        # A commit that could not be written has no class of its own; after a fatal error the file must be opened anew.
        if isinstance(problem, _AWAY) or "Could not write" in text or "Could not fsync" in text:
            raise StoreAway(f"{path} cannot be used now: {text.splitlines()[0]}") from problem
        raise StoreError(f"{path}: {text.splitlines()[0]}") from problem
