"""The embedded engine: a DuckDB file that one process owns."""

from __future__ import annotations

import re
import shutil
import threading
from contextlib import contextmanager, suppress
from datetime import UTC
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import duckdb
import numpy as np

from augury.capture.columns import literal
from augury.core.calls import COLUMNS, ModelCall
from augury.errors import (
    FileUnreadable,
    InvalidValue,
    NotADatabase,
    NotFound,
    QueryRefused,
    SchemaTooNew,
    StoreError,
    StoreInUse,
)
from augury.store import asking
from augury.store.holding import hold
from augury.store.protocol import LEAST, LOGARITHMS, MOST, SUMS, Added, Description, Facts, Fate, Latencies, Table
from augury.store.rows import call_of, instant, plain, row_of
from augury.store.urls import DuckDBFile, missing_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import Self
    from uuid import UUID

    from augury.core.feedback import Feedback, Outcome
    from augury.core.windows import Window
    from augury.store.protocol import CallsQuestion, Question

SCHEMA_VERSION = 1
"""The version of the tables in schema/duckdb.sql; views and macros are replaced whenever a store is opened to write."""

QUERY_SECONDS = 60.0
"""How long a query of the user's own may run."""

_METADATA = COLUMNS.index("metadata")
# The engine lets a query read the database's own file; closing it again would drop the lock that keeps others out.
_READS_FILES = re.compile(
    r"\b(read_\w+|sniff_csv|parquet_\w+|query_table|json_execute_\w+)\b|\b(glob|query)\W*\(|\bfrom\s*'", re.IGNORECASE
)
_READ_ONLY = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


class DuckDBStore:
    """Calls in a DuckDB file. One writer at a time; any number of readers, each with a cursor of its own."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the file, creating it where there is none; see `augury.store.open_store`."""
        self._path = path
        self._writing = threading.Lock()
        self._writes = 0
        self._hold = hold(path, shared=read_only)
        try:
            self._database = _connect(path, read_only=read_only)
        except BaseException:
            self._hold.release()
            raise
        self._staging = TemporaryDirectory(prefix="augury-store-")
        try:
            with _plainly(path):
                self._lock_in()
            if read_only:
                self._expect_ours()
            else:
                self.migrate()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()
        self._staging.cleanup()
        self._hold.release()

    # ── schema ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _lock_in(self) -> None:
        """No statement, whoever wrote it, may reach a file but the database's own and those we stage."""
        self._database.execute("SET GLOBAL TimeZone = 'UTC'")
        self._database.execute(f"SET allowed_directories = [{literal(self._staging.name + '/')}]")
        self._database.execute("SET enable_external_access = false")
        self._database.execute("SET lock_configuration = true")

    def _version(self) -> int:
        """The version of the schema in the file; 0 for a new one.

        Raises:
            NotADatabase: the file has tables, and they are not ours.
            SchemaTooNew: a newer Augury wrote it.
        """
        with _plainly(self._path), self._database.cursor() as cursor:
            tables = {name for (name,) in cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
            if not tables:
                return 0
            if "augury_about" not in tables:
                raise NotADatabase(
                    f"{self._path} is a DuckDB database of something else (its tables: {', '.join(sorted(tables)[:5])}); "
                    "name another file"
                )
            rows = cursor.execute("SELECT value FROM augury_about WHERE key = 'schema_version'").fetchall()
        if rows and not rows[0][0].isdecimal():
            raise NotADatabase(_DAMAGED.format(path=self._path))
        version = int(rows[0][0]) if rows else 0
        if version > SCHEMA_VERSION:
            raise SchemaTooNew(
                f"{self._path} was written by a newer Augury (schema {version}, this one knows {SCHEMA_VERSION}); "
                "upgrade Augury to open it"
            )
        return version

    def _expect_ours(self) -> None:
        if self._version() == 0:
            raise StoreError(f"{self._path} is empty; `augury migrate` makes it ready")

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date, keeping the data; the versions before and after."""
        before = self._version()
        schema = files("augury.store").joinpath("schema/duckdb.sql").read_text()
        with self._transaction() as cursor:
            cursor.execute(schema)
            cursor.execute("INSERT OR REPLACE INTO augury_about VALUES ('schema_version', ?)", [str(SCHEMA_VERSION)])
        return before, SCHEMA_VERSION

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor whose statements are kept together or not at all. The one writer of this process."""
        with _plainly(self._path), self._writing, self._database.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")
            self._writes += 1

    @property
    def writes(self) -> int:
        """How often this process has written."""
        return self._writes

    def append(self, calls: Sequence[ModelCall]) -> list[Fate]:
        """Keep the calls, all that are new, or none; the fate of each."""
        if not calls:
            return []
        with self._transaction() as cursor:
            # Looking ids up first is far cheaper here than NOT EXISTS: they sort by time, so few blocks can hold them.
            found = cursor.execute(
                "SELECT id FROM model_performance_metrics WHERE id IN (SELECT unnest(?::UUID[]))",
                [[c.id for c in calls]],
            )
            known: set[UUID] = {id_ for (id_,) in found.fetchall()}
            fates: list[Fate] = []
            for call in calls:
                fates.append(Fate.KNOWN if call.id in known else Fate.STORED)
                known.add(call.id)
            rows = [row_of(call) for call, fate in zip(calls, fates, strict=True) if fate is Fate.STORED]
            if rows:
                with cursor.appender("model_performance_metrics") as appender:
                    appender.append_rows(rows)
        return fates

    def append_file(self, path: Path) -> Added:
        """Keep the calls of a checked Parquet file, all or none."""
        staged = Path(self._staging.name) / f"append-{threading.get_ident()}.parquet"
        shutil.copyfile(path, staged)
        scan = f"read_parquet({literal(str(staged))})"
        names = ", ".join(COLUMNS)
        try:
            with self._transaction() as cursor:
                try:
                    count, different = _only(
                        cursor.execute(
                            f"SELECT count(*), count(DISTINCT id) FROM (SELECT {names} FROM {scan})"
                        ).fetchall()
                    )
                except duckdb.Error:
                    raise FileUnreadable(
                        "expected a Parquet file of checked calls, as `augury import` sends it"
                    ) from None
                once = "QUALIFY row_number() OVER (PARTITION BY file.id) = 1" if different < count else ""
                # Ids sort by time: only the stretch that the file covers can hold any of them.
                cursor.execute(f"SET VARIABLE least = (SELECT min(id) FROM {scan})")
                cursor.execute(f"SET VARIABLE most = (SELECT max(id) FROM {scan})")
                stored = cursor.execute(
                    f"INSERT INTO model_performance_metrics ({names}) SELECT {names} FROM {scan} AS file "
                    "WHERE file.id NOT IN (SELECT id FROM model_performance_metrics "
                    "WHERE id >= getvariable('least') AND id <= getvariable('most')) "
                    f"{once}"
                ).fetchall()
        finally:
            staged.unlink(missing_ok=True)
        return Added(stored=stored[0][0], known=count - stored[0][0])

    def rate(self, feedback: Feedback) -> UUID:
        """Rate a call, or take its rating back; the id of the call."""
        with self._transaction() as cursor:
            if feedback.message_id is not None:
                id_ = _answer(cursor, feedback.message_id)
            else:
                id_ = _latest_answer(cursor, str(feedback.conversation_id))
            cursor.execute("UPDATE model_performance_metrics SET user_rating = ? WHERE id = ?", [feedback.rating, id_])
            if feedback.success is not None:
                _set_success(cursor, id_, success=feedback.success, reason=None)
        return id_

    def report(self, outcome: Outcome) -> UUID:
        """Say whether a message did its task; the id of the call."""
        with self._transaction() as cursor:
            id_ = _answer(cursor, outcome.message_id)
            _set_success(cursor, id_, success=outcome.success, reason=outcome.reason)
        return id_

    def prune(self, keep_from: datetime) -> int:
        """Delete the calls before a UTC midnight; how many."""
        if keep_from != keep_from.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0):
            raise InvalidValue("keepFrom", "a midnight, UTC: only whole days are deleted", keep_from.isoformat())
        with self._transaction() as cursor:
            (gone,) = _only(
                cursor.execute("DELETE FROM model_performance_metrics WHERE timestamp < ?", [keep_from]).fetchall()
            )
        # Gives the room back to the system; with a statement of somebody's under way it waits for the next occasion.
        with suppress(duckdb.TransactionException), self._writing, self._database.cursor() as cursor:
            cursor.execute("CHECKPOINT")
        return int(gone)

    def mark_as_sample(self) -> None:
        """Note that the calls are generated."""
        with self._transaction() as cursor:
            cursor.execute("INSERT OR REPLACE INTO augury_about VALUES ('sample', 'true')")

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with _plainly(self._path), self._database.cursor() as cursor:
            yield cursor

    def facts(self, question: Question) -> Facts:
        """The sums of every group that has calls."""
        keys = asking.keys(question)
        sums = [f"sum({name})::{'VARCHAR' if name == 'cost_sum' else 'BIGINT'} AS {name}" for name in SUMS]
        sums += [f"sum({name})::DOUBLE AS {name}" for name in LOGARITHMS]
        sums += [f"min({LEAST})::BIGINT AS {LEAST}", f"max({MOST})::BIGINT AS {MOST}"]
        where, values = asking.where(question.filters, question.window)
        selected = ", ".join([f"{sql} AS {name}" for name, sql in keys.items()] + sums)
        grouped = f"GROUP BY {asking.positions(len(keys))}" if keys else "HAVING count(*) > 0"
        with self._reading() as cursor:
            found = _columns(cursor, f"SELECT {selected} FROM call_facts WHERE {where} {grouped}", values)
        found["cost_sum"] = np.array([int(text.replace(".", "")) for text in found["cost_sum"]], dtype=object)
        return Facts(keys={name: found.pop(name) for name in keys}, sums=found)

    def latencies(self, question: Question) -> Latencies:
        """The histogram of response times of every group that has calls."""
        keys = asking.keys(question)
        where, values = asking.where(question.filters, question.window)
        selected = ", ".join(f"{sql} AS {name}" for name, sql in keys.items())
        order = asking.positions(len(keys) + 1)
        with self._reading() as cursor:
            found = _columns(
                cursor,
                f"SELECT {selected}{',' if keys else ''} bucket::BIGINT AS bucket, sum(calls)::BIGINT AS calls "
                f"FROM latency_facts WHERE {where} GROUP BY {order} ORDER BY {order}",
                values,
            )
        return Latencies(keys={name: found[name] for name in keys}, buckets=found["bucket"], calls=found["calls"])

    def calls(self, question: CallsQuestion) -> list[ModelCall]:
        """The latest calls."""
        where, values = asking.where(question.filters, question.window)
        for column, value in (
            ("success", question.success),
            ("error_type", question.error_type),
            ("conversation_id", question.conversation_id),
            ("user_id", question.user_id),
            ("message_id", question.message_id),
        ):
            if value is not None:
                where += f" AND {column} = ?"
                values.append(value)
        if question.before is not None:
            where += " AND (timestamp < ? OR timestamp = ? AND id < ?)"
            values += [question.before[0], *question.before]
        with self._reading() as cursor:
            rows = cursor.execute(
                f"SELECT {', '.join(COLUMNS)} FROM model_performance_metrics WHERE {where} "
                "ORDER BY timestamp DESC, id DESC LIMIT ?",
                [*values, question.limit],
            ).fetchall()
        return [call_of(row) for row in rows]

    def query(self, sql: str, *, limit: int) -> Table:
        """The answer to one read-only statement, of at most `limit` rows."""
        try:
            sql.encode()
            if _READS_FILES.search(sql):
                raise QueryRefused("functions that read files are not answered: ask the tables and views")
            statements = self._database.extract_statements(sql)
            if len(statements) != 1 or statements[0].type not in _READ_ONLY:
                raise QueryRefused(
                    "only one SELECT (or WITH, FROM, SHOW, DESCRIBE, EXPLAIN) is answered; nothing is changed"
                )
            with self._database.cursor() as cursor:
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                stop = threading.Timer(QUERY_SECONDS, cursor.interrupt)
                stop.start()
                try:
                    result = cursor.execute(sql)
                    columns = tuple(str(column[0]) for column in result.description or ())
                    rows = result.fetchmany(limit + 1)
                finally:
                    stop.cancel()
        except UnicodeEncodeError:
            raise QueryRefused("the statement is not text that UTF-8 can write") from None
        except duckdb.InterruptException:
            raise QueryRefused(f"the query took longer than {QUERY_SECONDS:.0f} seconds and was stopped") from None
        except duckdb.Error as problem:
            raise QueryRefused(str(problem).strip()) from None
        shown = [tuple(plain(value) for value in row) for row in rows[:limit]]
        return Table(columns=columns, rows=shown, cut=len(rows) > limit)

    def export(self, window: Window | None, path: Path) -> int:
        """Write all calls (of the window) to a Parquet file, oldest first; how many."""
        staged = Path(self._staging.name) / f"export-{threading.get_ident()}.parquet"
        where, values = asking.where(None, window)
        try:
            with self._reading() as cursor:
                (count,) = _only(
                    cursor.execute(
                        f"COPY (SELECT {', '.join(COLUMNS)} FROM model_performance_metrics WHERE {where} "
                        f"ORDER BY timestamp, id) TO {literal(str(staged))} (FORMAT parquet, COMPRESSION zstd)",
                        values,
                    ).fetchall()
                )
            shutil.move(staged, path)
        finally:
            staged.unlink(missing_ok=True)
        return int(count)

    def describe(self) -> Description:
        """What there is."""
        with self._reading() as cursor:
            count, first, last = _only(
                cursor.execute(
                    "SELECT count(*), epoch_us(min(timestamp)), epoch_us(max(timestamp)) FROM model_performance_metrics"
                ).fetchall()
            )
            about = dict(cursor.execute("SELECT key, value FROM augury_about").fetchall())
        return Description(
            url=str(DuckDBFile(self._path)),
            calls=count,
            first=instant(first),
            last=instant(last),
            size_bytes=self._path.stat().st_size,
            schema_version=int(about["schema_version"]),
            sample=about.get("sample") == "true",
        )


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    if not path.parent.is_dir():
        raise StoreError(missing_folder(path))
    if read_only and not path.exists():
        raise StoreError(f"there is no database {path}; record or import calls first, or name another file")
    try:
        strange = path.exists() and not _is_duckdb(path)
    except OSError as problem:
        raise StoreError(f"{path} cannot be opened: {problem.strerror or problem}") from None
    if strange:
        raise NotADatabase(_DAMAGED.format(path=path))
    with _plainly(path):
        return duckdb.connect(path, read_only=read_only)


_DAMAGED = "{path} is damaged, or not a DuckDB database; nothing was changed. Restore a copy, or name another file"


def _is_duckdb(path: Path) -> bool:
    """Whether the file begins as one; DuckDB itself would look for an extension that reads it, on the network too."""
    with path.open("rb") as file:
        return file.read(12)[8:] == b"DUCK"


@contextmanager
def _plainly(path: Path) -> Iterator[None]:
    """Say what went wrong in DuckDB in a sentence of our own."""
    try:
        yield
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
            raise NotADatabase(_DAMAGED.format(path=path)) from None
        raise StoreError(f"{path}: {text.splitlines()[0]}") from problem


def _only(rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    (row,) = rows
    return row


def _columns(cursor: duckdb.DuckDBPyConnection, sql: str, values: list[object]) -> dict[Any, Any]:
    return cast("dict[Any, Any]", cursor.execute(sql, values).fetchnumpy())


def _answer(cursor: duckdb.DuckDBPyConnection, message_id: UUID) -> UUID:
    """The call that answered the message: of its attempts the last that succeeded, or was later found wanting."""
    rows = cursor.execute(
        "SELECT id FROM model_performance_metrics WHERE message_id = ? "
        "ORDER BY (success OR error_type IS NOT DISTINCT FROM 'task') DESC, attempt DESC, timestamp DESC, id DESC LIMIT 1",
        [message_id],
    ).fetchall()
    if not rows:
        raise NotFound(f"there is no message {message_id}")
    return cast("UUID", rows[0][0])


def _latest_answer(cursor: duckdb.DuckDBPyConnection, conversation_id: str) -> UUID:
    rows = cursor.execute(
        "SELECT id, message_id FROM model_performance_metrics WHERE conversation_id = ? "
        "ORDER BY timestamp DESC, attempt DESC, id DESC LIMIT 1",
        [conversation_id],
    ).fetchall()
    if not rows:
        raise NotFound(f'there is no conversation "{conversation_id}"')
    id_, message_id = rows[0]
    return _answer(cursor, message_id) if message_id is not None else cast("UUID", id_)


def _set_success(cursor: duckdb.DuckDBPyConnection, id_: UUID, *, success: bool, reason: str | None) -> None:
    """What the owner says replaces what the call seemed; a call that failed by itself keeps why, unless it is cleared."""
    if success:
        cursor.execute(
            "UPDATE model_performance_metrics SET success = true, error_type = NULL, error_message = NULL WHERE id = ?",
            [id_],
        )
        return
    cursor.execute(
        "UPDATE model_performance_metrics SET "
        "error_type = CASE WHEN success OR error_type IS NULL THEN 'task' ELSE error_type END, "
        "error_message = coalesce(?, error_message), success = false WHERE id = ?",
        [reason, id_],
    )
