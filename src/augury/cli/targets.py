"""Files that a command writes: never over what it reads from."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from augury.errors import FileUnreadable
from augury.store.owner import note_of
from augury.store.urls import file_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from augury.settings import Settings


def files_of(settings: Settings) -> list[Path]:
    """The database's files."""
    path = file_of(settings.database_url)
    if path is None:
        return []
    path = path.resolve()
    return [path, path.with_name(path.name + ".wal"), path.with_name(path.name + ".lock"), note_of(path)]


def refuse_to_overwrite(target: Path, flag: str, kept: Iterable[Path]) -> None:
    """Make sure that the target is none of the files that are to be kept.

    Raises:
        FileUnreadable: it is one of them.
    """
    for file in kept:
        if target.resolve() == file.resolve() or (target.exists() and file.exists() and target.samefile(file)):
            raise FileUnreadable(f"{flag} {target} would overwrite {file}; name another file")


def require_folder(target: Path) -> None:
    """Make sure that there is a folder for the target.

    Raises:
        FileUnreadable: there is none.
    """
    if not target.parent.is_dir():
        raise FileUnreadable(f"there is no folder {target.parent} to write {target.name} into")


@contextmanager
def replacing(target: Path) -> Iterator[IO[bytes]]:
    """A file beside the target, which takes its place when it is whole; nothing is left of one that is not.

    Raises:
        FileUnreadable: it cannot be written.
    """
    part = target.with_name(f".{secrets.token_hex(4)}.part")
    try:
        try:
            # Made here and now, or not at all: no link that waits there is followed.
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
                yield file
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as problem:
        raise FileUnreadable(f"{target} cannot be written: {problem.strerror or problem}") from None
