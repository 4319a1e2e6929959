"""The only place that builds objects from settings."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from itertools import count
from threading import Condition
from typing import TYPE_CHECKING, Any

from augury.access.keyring import KeyRing
from augury.access.sessions import Sessions
from augury.capture.journal import Journal, adopt
from augury.capture.rules import OwnerRules
from augury.capture.sending import ServerDestination
from augury.client import RemoteArchive
from augury.errors import AuguryError, InvalidValue, NotFound, SettingsError, StoreError, StoreInUse
from augury.models.prices import PriceBook
from augury.settings import LOOPBACK
from augury.store import open_store
from augury.store.holding import hold
from augury.store.owner import answers, find
from augury.store.taking import say, take
from augury.store.urls import file_of, parse_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
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


def rules_of(settings: Settings) -> OwnerRules:
    """The owner's rules.

    Raises:
        SettingsError: the file of rules cannot be used.
    """
    return OwnerRules.from_file(settings.rules)


def make_folder(folder: Path) -> None:
    """Make the data folder where there is none.

    Raises:
        SettingsError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise SettingsError(f"AUGURY_DATA_DIR: {folder} cannot be made: {problem.strerror or problem}") from None


def keys_of(settings: Settings) -> KeyRing:
    """The keys of the data folder."""
    return KeyRing(settings.data_dir)


def is_shut(settings: Settings) -> bool:
    """Whether everybody needs a key: others can reach the server, or it was asked for."""
    return settings.require_key or not {settings.host, *settings.hosts} <= set(LOOPBACK)


def sessions_of(settings: Settings) -> Sessions:
    """Who is signed in with one of them."""
    return Sessions(settings.data_dir)


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


class SharedDatabase:
    """A database as an application in its process uses it: opened when it is needed, given back when it is not.

    Where a server owns it, that one is asked. Who delivers is one thread; others may ask at the same time.
    """

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet.

        Raises:
            SettingsError: the file of prices, that of rules, or the database's URL, cannot be used.
        """
        parse_url(settings.database_url)
        self.settings = settings
        self._prices = prices_of(settings)
        self._rules = rules_of(settings).tasks
        self._changed = Condition()
        self._archive: RemoteArchive | Store | None = None
        self._server: ServerDestination | None = None
        self._users = 0
        self._lent = False

    def lend(self) -> RemoteArchive | Store:
        """The database for good: it stays open until it is taken back.

        Raises:
            AuguryError: it cannot be opened.
        """
        with self.using() as archive:
            self._lent = True
            return archive

    def take_back(self) -> None:
        """Nobody whom it was lent to uses it any more."""
        self._lent = False
        self.rest()

    @contextmanager
    def using(self) -> Iterator[RemoteArchive | Store]:
        """The database, or the server that owns it, for as long as the block.

        Raises:
            AuguryError: it cannot be opened.
        """
        with self._changed:
            if self._archive is None:
                self._archive = archive_of(self.settings)
                if isinstance(self._archive, RemoteArchive):
                    self._server = ServerDestination(self._archive.url, self._archive.token)
            self._users += 1
            archive = self._archive
        try:
            yield archive
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    def deliver(self, records: Sequence[bytes]) -> Sequence[str | None]:
        """Store records, or have the owner store them."""
        try:
            with self.using() as archive:
                if isinstance(archive, RemoteArchive):
                    return self._owner().deliver(records)
                return take(archive, self._prices, self._rules, records)
        except AuguryError:
            self._look_again()
            raise

    def tell(self, kind: str, body: dict[str, Any]) -> None:
        """Say of a call what is to be said, or have the owner say it."""
        try:
            with self.using() as archive:
                if isinstance(archive, RemoteArchive):
                    self._owner().tell(kind, body)
                else:
                    say(archive, kind, body)
        except (InvalidValue, NotFound):
            raise
        except AuguryError:
            self._look_again()
            raise

    def rest(self) -> None:
        """Close the database, once nobody uses it, so that others may open it; but not while it is lent."""
        with self._changed:
            self._changed.wait_for(lambda: not self._users)
            if self._lent:
                return
            archive, self._archive = self._archive, None
            server, self._server = self._server, None
            if archive is not None:
                archive.close()
            if server is not None:
                server.rest()

    def _look_again(self) -> None:
        """Another time it may be a server's, or a server's no more."""
        self._lent = False
        self.rest()

    def _owner(self) -> ServerDestination:
        assert self._server is not None  # noqa: S101 - it came with the archive
        return self._server
