"""A query of the user's own: one statement that only reads, for so long and no longer."""

from __future__ import annotations

import re
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from augury.errors import QueryRefused
from augury.store.protocol import Table
from augury.store.rows import plain

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

QUERY_SECONDS = 60.0
"""How long it may run."""

_INTERRUPT_S = 0.05

# The engine lets a query read the database's own file; closing it again would drop the lock that keeps others out.
_READS_FILES = re.compile(
    r"\b(read_\w+|sniff_csv|parquet_\w+|query_table|json_execute_\w+)\b|\b(glob|query)\W*\(|\bfrom\s*'", re.IGNORECASE
)
_READ_ONLY = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


def answer(cursor: duckdb.DuckDBPyConnection, sql: str, limit: int) -> Table:
    """What one read-only statement finds, at most `limit` rows of it.

    Raises:
        QueryRefused: it is not such a statement, is wrong, or took too long.
    """
    try:
        sql.encode()
        if _READS_FILES.search(sql):
            raise QueryRefused("functions that read files are not answered: ask the tables and views")
        statements = cursor.extract_statements(sql)
        if len(statements) != 1 or statements[0].type not in _READ_ONLY:
            raise QueryRefused(
                "only one SELECT (or WITH, FROM, SHOW, DESCRIBE, EXPLAIN) is answered; nothing is changed"
            )
        cursor.execute("BEGIN TRANSACTION READ ONLY")
        columns, rows = _watched(cursor, lambda: _fetch(cursor, sql, limit + 1))
    except UnicodeEncodeError:
        raise QueryRefused("the statement is not text that UTF-8 can write") from None
    except TimeoutError:
        raise QueryRefused(f"the query took longer than {QUERY_SECONDS:.0f} seconds and was stopped") from None
    except duckdb.InterruptException:
        raise QueryRefused("the query was stopped, since its database is being closed; ask again") from None
    except (duckdb.FatalException, duckdb.IOException):
        raise
    except duckdb.Error as problem:
        raise QueryRefused(str(problem).strip()) from None
    shown = [tuple(plain(value) for value in row) for row in rows[:limit]]
    return Table(columns=columns, rows=shown, cut=len(rows) > limit)


def _fetch(cursor: duckdb.DuckDBPyConnection, sql: str, most: int) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """The columns of an answer, and its first rows."""
    result = cursor.execute(sql)
    return tuple(str(column[0]) for column in result.description or ()), result.fetchmany(most)


def _watched(cursor: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Have a statement run by a thread, and stop it after QUERY_SECONDS or at Ctrl-C.

    While the engine computes in the thread that signals come to, it looks for them too seldom.
    """
    found: Future[T] = Future()
    given_up = threading.Event()

    def run() -> None:
        if given_up.is_set():
            return
        try:
            found.set_result(work())
        except BaseException as problem:  # noqa: BLE001 - it is raised where the answer is waited for
            found.set_exception(problem)

    worker = threading.Thread(target=run, name="augury-query", daemon=True)
    try:
        worker.start()
        return found.result(timeout=QUERY_SECONDS)
    except BaseException:
        given_up.set()  # Ctrl-C may come while the thread is being started: not alive yet, and about to be
        while worker.is_alive():  # its statement may not have begun
            cursor.interrupt()
            worker.join(_INTERRUPT_S)
        raise
