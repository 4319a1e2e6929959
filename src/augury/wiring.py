"""The only place that builds objects from settings."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from augury.capture.journal import Journal, adopt
from augury.client import RemoteArchive
from augury.errors import SettingsError, StoreError, StoreInUse
from augury.models.prices import PriceBook
from augury.store import open_store
from augury.store.holding import hold
from augury.store.owner import answers, find
from augury.store.urls import file_of, parse_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from augury.settings import Settings
    from augury.store.holding import Hold
    from augury.store.protocol import Store


def prices_of(settings: Settings) -> PriceBook:
    """The price list, with the owner's own prices first.

    Raises:
        SettingsError: the file of prices cannot be used.
    """
    return PriceBook.from_file(settings.prices)


def make_folder(folder: Path) -> None:
    """Make the data folder where there is none.

    Raises:
        SettingsError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise SettingsError(f"AUGURY_DATA_DIR: {folder} cannot be made: {problem.strerror or problem}") from None


def store_of(settings: Settings, *, read_only: bool = False) -> Store:
    """The database itself, owned by this process.

    Raises:
        StoreError: it cannot be opened; see `augury.store.open_store`.
    """
    if settings.database is None:
        make_folder(settings.data_dir)
    return open_store(settings.database_url, read_only=read_only)


def require_database(settings: Settings, doing: str) -> None:
    """Make sure that there is a database, where that can be seen without opening it.

    Raises:
        StoreError: there is no such file.
    """
    path = file_of(settings.database_url)
    if path is not None and not path.exists():
        raise StoreError(f"there is no database {path} to {doing}")


def journal_folder(settings: Settings) -> Path:
    """Where the server keeps calls while the database is away.

    Beside the file, whichever link led to it; of a database on a server in the data folder, by what names the database, and
    there for the first of its servers on this machine.
    """
    database = file_of(settings.database_url)
    if database is None:
        name = hashlib.sha256(str(parse_url(settings.database_url)).encode()).hexdigest()[:16]
        return settings.data_dir / f"{name}.journal"
    database = database.resolve()
    return database.with_name(database.name + ".journal")


def journal_folders(settings: Settings) -> list[Path]:
    """Where calls may wait that servers here have kept: of a database on a server, those of all processes that used it.

    Raises:
        OSError: the data folder cannot be read.
    """
    first = journal_folder(settings)
    others = [path for path in first.parent.glob(f"{first.name}-*") if path.name[len(first.name) + 1 :].isdecimal()]
    return [first, *sorted(others, key=lambda path: int(path.suffix.partition("-")[2]))]


@contextmanager
def journal_of(settings: Settings) -> Iterator[Journal]:
    """The server's journal: it has the folder for itself until the end of the block.

    Beside a file that is so already. Of the servers that share a database each takes the first folder that is free, for
    as long as it lives, and what dead ones have left in others.

    Raises:
        StoreAway: it cannot be read.
        SettingsError: the data folder cannot be made.
    """
    limit = settings.journal_mib * 2**20
    first = journal_folder(settings)
    if file_of(settings.database_url) is not None:
        yield Journal(first, limit=limit)
        return
    make_folder(settings.data_dir)
    folder, held = next(slot for slot in map(_free, _slots(first)) if slot)
    try:
        for other in journal_folders(settings):
            if other != folder and other.is_dir() and (slot := _free(other)):
                try:
                    adopt(other, folder)
                finally:
                    slot[1].release()
        yield Journal(folder, limit=limit)
    finally:
        held.release()


def _slots(first: Path) -> Iterator[Path]:
    yield first
    for number in count(2):
        yield first.with_name(f"{first.name}-{number}")


def _free(folder: Path) -> tuple[Path, Hold] | None:
    """The folder and the right to it, where nobody has it."""
    try:
        return folder, hold(folder, shared=False)
    except StoreInUse:
        return None


def archive_of(settings: Settings, *, read_only: bool = False) -> RemoteArchive | Store:
    """The database, through the server that owns it where there is one."""
    path = file_of(settings.database_url)
    owner = find(path) if path is not None else None
    return (
        RemoteArchive(owner.url, owner.token) if owner and answers(owner) else store_of(settings, read_only=read_only)
    )
