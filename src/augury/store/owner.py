"""Who owns a database file: a server leaves its address beside it, so that commands ask it instead of failing.

The note is `<file>.server.json`, readable by its user alone, since its token opens the server's administration.
"""

from __future__ import annotations

import json
import os
import socket
import stat
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path


_LONGEST_NOTE = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A running server."""

    url: str
    token: str
    pid: int


def note_of(database: Path) -> Path:
    """Where the note about a database lies, whichever link led to it."""
    real = database.resolve()
    return real.with_name(real.name + ".server.json")


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
    """The server that says it owns the database, if its process is alive.

    Only a note of this user's own counts, that nobody else can read or write, and only an address on this machine:
    whatever is sent to a server is sent where the note says.
    """
    try:
        owner = _plausible(json.loads(_trusted(note_of(database))))
        os.kill(owner.pid, 0)
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return None
    return owner


def _trusted(note: Path) -> bytes:
    """The note's text.

    Raises:
        OSError: there is none, or not one of our own.
    """
    descriptor = os.open(note, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        ours = not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & 0o077)
        if not stat.S_ISREG(about.st_mode) or not ours:
            raise PermissionError(f"{note} is not this user's own")
        return file.read(_LONGEST_NOTE)


def _plausible(values: Any) -> Owner:
    """The server that the note names.

    Raises:
        ValueError: it names none on this machine.
    """
    url, token, pid = values["url"], values["token"], values["pid"]
    if not (isinstance(url, str) and isinstance(token, str) and type(pid) is int):
        raise ValueError("the note's values have other types")
    address = urlsplit(url)
    local = address.scheme == "http" and address.hostname in ("127.0.0.1", "localhost", "::1") and address.port
    if not local or not token.isascii() or pid <= 0:  # to kill(), other ids are groups of processes
        raise ValueError("the note names no server on this machine")
    return Owner(url=url, token=token, pid=pid)


def answers(owner: Owner) -> bool:
    """Whether somebody takes connections at the server's address: after a crash its process id may be another's."""
    address = urlsplit(owner.url)
    try:
        socket.create_connection((address.hostname or "", address.port or 0), timeout=1.0).close()
    except OSError:
        return False
    return True
