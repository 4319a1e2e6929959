"""The only place that builds objects from settings."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from augury.capture.journal import Journal
from augury.client import RemoteArchive
from augury.errors import SettingsError, StoreError
from augury.models.prices import PriceBook
from augury.store import open_store
from augury.store.owner import answers, find
from augury.store.urls import file_of, parse_url

if TYPE_CHECKING:
    from pathlib import Path

    from augury.settings import Settings
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

    Beside the file, whichever link led to it; of a database on a server in the data folder, by what names the database.
    """
    database = file_of(settings.database_url)
    if database is None:
        name = hashlib.sha256(str(parse_url(settings.database_url)).encode()).hexdigest()[:16]
        return settings.data_dir / f"{name}.journal"
    database = database.resolve()
    return database.with_name(database.name + ".journal")


def journal_of(settings: Settings) -> Journal:
    """The server's journal.

    Raises:
        StoreError: it cannot be read.
    """
    return Journal(journal_folder(settings), limit=settings.journal_mib * 2**20)


def archive_of(settings: Settings, *, read_only: bool = False) -> RemoteArchive | Store:
    """The database, through the server that owns it where there is one."""
    path = file_of(settings.database_url)
    owner = find(path) if path is not None else None
    return (
        RemoteArchive(owner.url, owner.token) if owner and answers(owner) else store_of(settings, read_only=read_only)
    )
