"""Who owns a database file: a server leaves its address beside it, so that commands ask it instead of failing.

The note is `<file>.server.json`, readable by its user alone, since its token opens the server's administration.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A running server."""

    url: str
    token: str
    pid: int


def note_of(database: Path) -> Path:
    """Where the note about a database lies."""
    return database.with_name(database.name + ".server.json")


def announce(database: Path, owner: Owner) -> None:
    """Leave the note; a note of somebody gone is replaced."""
    note = note_of(database)
    note.unlink(missing_ok=True)
    with os.fdopen(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(owner), file)


def withdraw(database: Path, owner: Owner) -> None:
    """Take the note back, unless it is somebody else's by now."""
    if find(database) == owner:
        note_of(database).unlink(missing_ok=True)


def find(database: Path) -> Owner | None:
    """The server that says it owns the database, if its process is alive."""
    try:
        owner = Owner(**json.loads(note_of(database).read_text()))
        if owner.pid <= 0:  # to kill(), these are groups of processes
            return None
        os.kill(owner.pid, 0)
    except (OSError, ValueError, TypeError, OverflowError):
        return None
    return owner
