"""Files that a command writes: never over what it reads from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.errors import FileUnreadable
from augury.store.owner import note_of
from augury.store.urls import parse_url

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from augury.settings import Settings


def files_of(settings: Settings) -> list[Path]:
    """The database's files."""
    path = parse_url(settings.database_url).path.resolve()
    return [path, path.with_name(path.name + ".wal"), path.with_name(path.name + ".lock"), note_of(path)]


def refuse_to_overwrite(target: Path, flag: str, kept: Iterable[Path]) -> None:
    """Make sure that the target is none of the files that are to be kept.

    Raises:
        FileUnreadable: it is one of them.
    """
    for file in kept:
        if target.resolve() == file.resolve() or (target.exists() and file.exists() and target.samefile(file)):
            raise FileUnreadable(f"{flag} {target} would overwrite {file}; name another file")
