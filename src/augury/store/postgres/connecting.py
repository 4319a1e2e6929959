"""Connections to a PostgreSQL server, transactions on them, and its errors in sentences of our own.

Nothing is kept in a session between transactions (no prepared statement, setting, or lock), so that a pooler which hands
out server connections by the transaction may stand between.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import tuple_row

from augury.errors import NotADatabase, SettingsError, StorageFull, StoreAway, StoreError
from augury.store.postgres.pool import Exhausted, Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from augury.store.urls import PostgresDatabase

    Connection = psycopg.Connection[tuple[Any, ...]]

T = TypeVar("T")

READ_S = 60.0
WRITE_S = 60.0
LONG_S = 900.0
"""How long a statement may run: one that answers, one that stores, and one of sealing, pruning, or copying a day."""

LOCK_S = 5.0
LONG_LOCK_S = 30.0
"""How long a statement may wait for what others have locked: those that somebody waits for, and the others.

A call that is to be stored is safe in the journal sooner than after that of a statement that takes long.
"""

CONNECTIONS = 10
"""How many a process has at most."""

_READING = 8  # of them: questions that take long never keep calls from being stored
_WAIT_S = 5.0  # for a connection; then the database is taken to be away
_TRIES = 5  # of a transaction that met another one
_REACHES = {
    "connect_timeout": "5",
    "application_name": "augury",
    # A machine that is gone without a word is noticed within seconds.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
_SESSION = (
    "SET LOCAL search_path = public, augury, pg_temp; SET LOCAL timezone = 'UTC'; SET LOCAL jit = off; "
    "SET LOCAL statement_timeout = {ms}; SET LOCAL lock_timeout = {lock_ms}"
)

_AWAY = ("08", "57P", "53300", "25006", "55000")  # lost, ending or starting, too many connections, a standby
_NO_ROOM = ("53100", "53200")
_AGAIN = ("40001", "40P01")  # two transactions met
_TOO_LONG = {
    "57014": "a statement took too long and was stopped",
    "55P03": "others keep locked what a statement needs",
    "25P03": "a transaction rested too long and was ended",
    "25P04": "a transaction took too long and was ended",
}
FINAL_DAY = "AU001"
"""What the table's trigger says where a call of a pruned day would change."""


class FinalDayError(Exception):
    """A call of a day whose sums are final would have changed."""


class Cursor:
    """Runs statements with placeholders `?`, within a transaction."""

    def __init__(self, connection: Connection) -> None:
        """Of this connection."""
        self.connection = connection

    def execute(self, statement: str, values: Sequence[object] = (), /) -> psycopg.Cursor[tuple[Any, ...]]:
        """Run one; what it has found comes in binary form, which is read fastest."""
        cursor = self.connection.cursor(binary=True)
        return cursor.execute(statement.replace("?", "%s") if values else statement, values or None)


class Connections:
    """A pool of connections to one database. Safe to use from several threads."""

    def __init__(self, database: PostgresDatabase) -> None:
        """Connect.

        Raises:
            StoreError: the server cannot be reached, or refuses.
            SettingsError: the URL cannot be read.
        """
        self._database = database
        with self.plainly():
            try:
                given = conninfo_to_dict(database.url)
            except psycopg.ProgrammingError as problem:
                raise SettingsError(f"{database} cannot be read: {str(problem).strip()}") from None
            arguments: dict[str, Any] = _REACHES | {
                name: str(value) for name, value in given.items() if value is not None
            }
            self._arguments = arguments
            self._pool = Pool(self._connect, CONNECTIONS, _WAIT_S)
            self._readers = BoundedSemaphore(_READING)
            with self._pool.begun("BEGIN"):
                pass  # it can be reached

    def _connect(self) -> Connection:
        return psycopg.connect(**self._arguments, autocommit=True, prepare_threshold=None, row_factory=tuple_row)

    def close(self) -> None:
        """Let go of all connections."""
        self._pool.close()

    @contextmanager
    def connection(self, begin: str, seconds: float) -> Iterator[Connection]:
        """A connection within a transaction, which is rolled back at the end unless it was committed."""
        lock_s = min(seconds, LOCK_S if seconds < LONG_S else LONG_LOCK_S)
        begin = f"{begin}; {_SESSION.format(ms=round(1000 * seconds), lock_ms=round(1000 * lock_s))}"
        try:
            with self.plainly(), self._pool.begun(begin) as connection:
                yield connection
        except _MetError:
            raise
        except StoreAway:
            self._pool.clear()  # after a failover, what is kept leads to a server that takes nothing any more
            raise

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """A connection of its own, without a transaction around it."""
        with self.plainly(), self._connect() as connection:
            yield connection

    @contextmanager
    def reading(self, seconds: float = READ_S) -> Iterator[Cursor]:
        """One moment of the database."""
        if not self._readers.acquire(timeout=_WAIT_S):
            raise StoreAway(f"{self._database} answers {_READING} other questions; ask again in a moment")
        try:
            with self.connection("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", seconds) as connection:
                yield Cursor(connection)
        finally:
            self._readers.release()

    def write(self, work: Callable[[Cursor], T], seconds: float = WRITE_S) -> T:
        """What the work returns, once what it wrote is committed; it is done again where others were in its way.

        Raises:
            FinalDayError: it would have changed a call of a pruned day.
        """
        for left in range(_TRIES - 1, -1, -1):
            try:
                with self.connection("BEGIN ISOLATION LEVEL READ COMMITTED", seconds) as connection:
                    found = work(Cursor(connection))
                    connection.commit()
                    return found
            except _MetError:
                if not left:
                    raise
        raise AssertionError  # the last try has returned, or raised

    @contextmanager
    def plainly(self) -> Iterator[None]:
        """Say what went wrong in PostgreSQL in a sentence of our own."""
        try:
            yield
        except Exhausted as problem:
            raise StoreAway(
                f"{self._database}: all {CONNECTIONS} connections were in use for {_WAIT_S:.0f} s; try again"
            ) from problem
        except psycopg.Error as problem:
            state, said = problem.sqlstate or "", _first_line(problem)
            if state == FINAL_DAY:
                raise FinalDayError(said) from problem
            if state in _AGAIN:
                raise _MetError(f"{self._database}: {said}; others wrote the same, try again") from problem
            if state in _NO_ROOM:
                raise StorageFull(f"{self._database}: there is no room left for it: {said}") from problem
            if state in _TOO_LONG:
                raise StoreAway(f"{self._database}: {_TOO_LONG[state]} ({said}); try again later") from problem
            if state.startswith(_AWAY) or (not state and isinstance(problem, psycopg.OperationalError)):
                raise StoreAway(f"{self._database} cannot be used now: {said}") from problem
            if state in {"42P01", "3F000", "42883"}:
                raise NotADatabase(
                    f"{self._database} is not set up, or only in part ({said}); `augury migrate` makes it ready"
                ) from problem
            raise StoreError(f"{self._database}: {said}") from problem


class _MetError(StoreAway):
    """Others wrote the same at the same time."""


def _first_line(problem: psycopg.Error) -> str:
    said = (problem.diag.message_primary or str(problem)).removeprefix("connection is bad: ")
    return said.strip().splitlines()[0] if said.strip() else type(problem).__name__
