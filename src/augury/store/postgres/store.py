"""A PostgreSQL database that several processes share: what is written to it, and what it answers.

Its schema, which does the sealing too, is database/model-performance-tracking.sql; others may write to the same tables at
any time, and what they write counts at once.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import RawCursor

from augury.core.calls import COLUMNS, ModelCall
from augury.core.windows import date_of, day_of
from augury.errors import (
    NotFound,
    QueryRefused,
    SchemaTooNew,
    StoreAway,
    StoreError,
)
from augury.store import asking
from augury.store.answers import answer_to, latest_answer, set_success
from augury.store.partials import Memory
from augury.store.postgres import pruned, repricing
from augury.store.postgres.connecting import LONG_S, READ_S, Connections, FinalDayError
from augury.store.postgres.loading import READABLE
from augury.store.postgres.reading import DATED, FIRST_DAY, PostgresReading, seals
from augury.store.postgres.transfer import Aside, compact, copy_in, copy_out
from augury.store.protocol import Added, Description, Fate, Forgotten, Table
from augury.store.rows import call_of, plain
from augury.store.sealing import first_day_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self
    from uuid import UUID

    from augury.core.feedback import Feedback, Outcome
    from augury.core.windows import Window
    from augury.models.prices import PriceBook
    from augury.store.copying import FinalDay
    from augury.store.coverage import Seal
    from augury.store.postgres.connecting import Cursor
    from augury.store.protocol import CallsQuestion, Facts, Latencies, Question
    from augury.store.repricing import Repriceable, Repriced
    from augury.store.urls import PostgresDatabase

T = TypeVar("T")

SCHEMA_VERSION = 3
"""The version of the tables in database/model-performance-tracking.sql."""

PRUNED_AT_ONCE = 20_000
"""So many rows are deleted in a transaction: others wait for no more than that."""

QUERY_SECONDS = 60.0
"""How long a query of the user's own may run."""

_LOOK_S = 0.25  # after which it is looked for what others have written
_TRIES = 3
_TYPES = {
    "id": "UUID", "response_time_ms": "INTEGER", "tokens_used": "INTEGER", "input_tokens": "INTEGER",
    "output_tokens": "INTEGER", "success": "BOOLEAN", "user_rating": "INTEGER", "user_id": "UUID", "message_id": "UUID",
    "metadata": "TEXT[]::JSONB", "timestamp": "TIMESTAMPTZ", "time_to_first_token_ms": "INTEGER",
    "cached_input_tokens": "INTEGER", "cache_write_tokens": "INTEGER", "cache_write_1h_tokens": "INTEGER",
    "reasoning_tokens": "INTEGER", "cost_usd": "NUMERIC", "propensity": "DOUBLE PRECISION", "attempt": "SMALLINT",
}  # fmt: skip
_TEXT = "TEXT"
_NAMES = ", ".join(COLUMNS)
_INSERT = (
    f"INSERT INTO model_performance_metrics ({_NAMES}) "
    f"SELECT * FROM unnest({', '.join(f'?::{_TYPES.get(name, _TEXT)}[]' for name in COLUMNS)}) "
    "ON CONFLICT (id) DO NOTHING RETURNING id"
)
_SELECTED = ", ".join("metadata::TEXT" if name == "metadata" else name for name in COLUMNS)
_METADATA = COLUMNS.index("metadata")

_HAS_MEMBER = """(SELECT CASE jsonb_typeof(own) WHEN 'array' THEN jsonb_exists(own, told) ELSE own #>> '{}' = told END
    FROM (SELECT metadata -> ? AS own, ?::TEXT AS told) AS member)"""

_READS = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*\(*\s*(select|with|values|table|show|explain)\b", re.IGNORECASE | re.DOTALL
)
# Beyond the database, or beyond the end of the transaction.
_REACHES_OUT = re.compile(
    r"\b(pg_(read|ls|stat_file|write|terminate|cancel|reload|rotate|promote|switch|create|drop|advisory|try_advisory|"
    r"logical|replication|wal|backup|sleep|notify|log)\w*|lo_\w+|dblink\w*|set_config|query_to_xml\w*|"
    r"(table|cursor|schema|database)_to_xml\w*|currval|nextval|setval|into)\b",
    re.IGNORECASE,
)


class PostgresStore:
    """Calls in a PostgreSQL database, through a pool of connections."""

    def __init__(self, database: PostgresDatabase, *, read_only: bool = False) -> None:
        """Connect, and make the database ready where it is new; see `augury.store.open_store`."""
        self._database = database
        self._connections = Connections(database)
        self._memory = Memory()
        self._aside = Aside()
        self._lock = Lock()
        self._writes = 0
        self._seen = ""
        self._looked = float("-inf")
        try:
            if read_only:
                self._expect_ready()
            elif self._version() < SCHEMA_VERSION:
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
        """Let go of the connections."""
        self._connections.close()
        self._aside.close()

    def reopen(self) -> None:
        """Make sure that the server answers, and takes what is written."""
        with self._reading() as cursor:
            ((refuses,),) = cursor.execute(
                "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::BOOLEAN"
            ).fetchall()
            if refuses:
                raise StoreAway(
                    f"{self._database} is read-only, as a standby is, and takes no calls; is its primary away?"
                )

    # ── schema ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _version(self) -> int:
        """The version of the schema; 0 where there is none.

        Raises:
            SchemaTooNew: a newer Augury has set the database up.
        """
        with self._reading() as cursor:
            ((there,),) = cursor.execute("SELECT to_regclass('augury.about') IS NOT NULL").fetchall()
            if not there:
                return 0
            rows = cursor.execute("SELECT value FROM augury.about WHERE key = 'schema_version'").fetchall()
        version = int(rows[0][0]) if rows else 0
        if version > SCHEMA_VERSION:
            raise SchemaTooNew(
                f"{self._database} was set up by a newer Augury (schema {version}, this one knows {SCHEMA_VERSION}); "
                "upgrade Augury to open it"
            )
        return version

    def _expect_ready(self) -> None:
        version = self._version()
        if version < SCHEMA_VERSION:
            state = "is not set up" if version == 0 else f"was set up by an older Augury (schema {version})"
            raise StoreError(f"{self._database} {state}; `augury migrate` makes it ready")

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date, keeping the data; the versions before and after."""
        before = self._version()
        script = files("augury.store").joinpath("schema/postgres.sql").read_bytes()
        with self._connections.alone() as connection:
            connection.execute(script)
        self._count()
        return before, SCHEMA_VERSION

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def writes(self) -> int:
        """How often something was written, here or, as far as was looked lately, elsewhere."""
        with self._lock:
            if time.monotonic() - self._looked < _LOOK_S:
                return self._writes
            self._looked = time.monotonic()
        try:
            with self._reading() as cursor:
                # Two moments that have the same transactions behind them hold the same.
                ((seen,),) = cursor.execute("SELECT pg_current_snapshot()::TEXT").fetchall()
        except StoreError:
            return self._writes  # who asks the database itself will be told
        with self._lock:
            if seen != self._seen:
                self._seen = seen
                self._writes += 1
            return self._writes

    def _count(self) -> None:
        with self._lock:
            self._writes += 1

    def append(self, calls: Sequence[ModelCall]) -> list[Fate]:
        """Keep the calls, all that are new and whose day is open to them, or none; the fate of each."""
        if not calls:
            return []
        for left in range(_TRIES - 1, -1, -1):
            try:
                fates = self._connections.write(lambda cursor: _append(cursor, calls))
            except FinalDayError as problem:  # a day was pruned meanwhile: now it is known
                if not left:
                    raise StoreError(f"{self._database}: {problem}") from problem
            else:
                self._count()
                return fates
        raise AssertionError  # the last try has returned, or raised

    def append_file(self, path: Path) -> Added:
        """Keep the calls of a checked Parquet file, all or none."""

        def work(cursor: Cursor) -> Added:
            copy_in(cursor, path, self._aside)
            ((count, final),) = cursor.execute(
                "SELECT count(*), count(*) FILTER (WHERE day_of(timestamp) IN (SELECT day FROM sealed_days WHERE final)) "
                "FROM staged"
            ).fetchall()
            stored = cursor.execute(
                f"INSERT INTO model_performance_metrics ({_NAMES}) SELECT {_NAMES} FROM staged "
                "WHERE day_of(timestamp) NOT IN (SELECT day FROM sealed_days WHERE final) "
                "ORDER BY timestamp, id ON CONFLICT (id) DO NOTHING"
            ).rowcount
            return Added(stored=stored, known=count - stored - final, final=final)

        added = self._changing(work, LONG_S)
        self._count()
        return added

    def rate(self, feedback: Feedback) -> UUID:
        """Rate a call, or take its rating back; the id of the call."""

        def work(cursor: Cursor) -> UUID:
            if feedback.message_id is not None:
                id_ = answer_to(cursor, feedback.message_id)
            else:
                id_ = latest_answer(cursor, str(feedback.conversation_id))
            _share_day(cursor, id_)
            cursor.execute("UPDATE model_performance_metrics SET user_rating = ? WHERE id = ?", [feedback.rating, id_])
            if feedback.success is not None:
                set_success(cursor, id_, success=feedback.success, reason=None)
            return id_

        return self._told(work)

    def report(self, outcome: Outcome) -> UUID:
        """Say whether a message did its task; the id of the call."""

        def work(cursor: Cursor) -> UUID:
            id_ = answer_to(cursor, outcome.message_id)
            _share_day(cursor, id_)
            set_success(cursor, id_, success=outcome.success, reason=outcome.reason)
            return id_

        return self._told(work)

    def _told(self, work: Callable[[Cursor], UUID]) -> UUID:
        try:
            id_ = self._connections.write(work)
        except FinalDayError as problem:
            raise NotFound(f"there is no such call any more: {problem}") from None
        self._count()
        return id_

    def _changing(self, work: Callable[[Cursor], T], seconds: float) -> T:
        try:
            return self._connections.write(work, seconds)
        except FinalDayError as problem:
            raise StoreError(f"{self._database}: {problem}; try again") from problem

    def prune(self, keep_from: datetime, *, keep_sums_from: datetime | None = None) -> int:
        """Delete the calls before a UTC midnight, and keep their sums; how many. A part at a time: it may be interrupted."""
        before = first_day_kept(keep_from)
        with self._reading(LONG_S) as cursor:
            days = cursor.execute(
                "SELECT unsealed_days(?) UNION SELECT day FROM sealed_days WHERE day < ? AND NOT final ORDER BY 1",
                [before, before],
            ).fetchall()
        for (day,) in days:
            self._connections.write(partial(_finish, day=day), LONG_S)
        gone = 0
        while part := self._connections.write(lambda cursor: _delete_final(cursor, before), LONG_S):
            gone += part
        if keep_sums_from is not None:
            oldest = day_of(keep_sums_from)
            self._connections.write(lambda cursor: _forget_sums(cursor, oldest), LONG_S)
        self._count()
        return gone

    def forget(self, user_id: UUID) -> Forgotten:
        """Delete a user's calls."""

        def work(cursor: Cursor) -> Forgotten:
            changed = cursor.execute(
                f"SELECT DISTINCT day_of(timestamp) FROM model_performance_metrics WHERE user_id = ? AND {DATED} "
                "AND day_of(timestamp) NOT IN (SELECT day FROM sealed_days WHERE final) ORDER BY 1",
                [user_id],
            ).fetchall()
            _prune_flag(cursor)  # what pruning has left so far goes too
            gone = cursor.execute("DELETE FROM model_performance_metrics WHERE user_id = ?", [user_id]).rowcount
            final = cursor.execute(
                "SELECT day FROM sealed_days WHERE final AND day >= ? ORDER BY 1", [FIRST_DAY]
            ).fetchall()
            return Forgotten(
                calls=gone,
                changed=tuple(date_of(day) for (day,) in changed),
                final=tuple(date_of(day) for (day,) in final),
            )

        forgotten = self._connections.write(work, LONG_S)
        self._count()
        return forgotten

    def unsealed(self, before: int) -> list[int]:
        """The open days before this one that have calls, in order."""
        with self._reading() as cursor:
            days = [day for (day,) in cursor.execute("SELECT unsealed_days(?)", [before]).fetchall()]
        return [day for day in days if day >= FIRST_DAY]

    def seal(self, day: int) -> int | None:
        """Sum the calls of a day; how many they are, or None where it is sealed, or somebody is writing to it."""

        def work(cursor: Cursor) -> int | None:
            ((calls,),) = cursor.execute("SELECT seal_day(?)", [day]).fetchall()
            return None if calls is None else int(calls)

        calls = self._connections.write(work, LONG_S)
        if calls is not None:
            self._count()
        return calls

    def repriceable(self, since: int = 0) -> Repriceable:
        """The days from this one on that have calls whose cost nobody reported."""
        with self._reading(LONG_S) as cursor:
            return repricing.repriceable(cursor, since)

    def reprice(self, day: int, prices: PriceBook | None, *, dry_run: bool = False) -> list[Repriced]:
        """Price a day's calls again, but for those whose cost was reported."""
        if prices is None:
            raise ValueError("only a server has prices of its own")
        with self._reading(LONG_S) as cursor:  # where nothing changes, nobody waits for it and no seal is broken
            found, costs = repricing.compare(cursor, day, prices, self._aside)
        if not costs or dry_run:
            return found

        def work(cursor: Cursor) -> list[Repriced]:
            now, changed = repricing.compare(cursor, day, prices, self._aside)  # others may have written since
            if changed:
                repricing.write(cursor, day, changed)
            return now

        again = self._changing(work, LONG_S)
        self._count()
        return again

    def seals(self) -> list[Seal]:
        """The sealed days, in order."""
        with self._reading() as cursor:
            return seals(cursor)

    def final_day(self, day: int) -> FinalDay:
        """What is left of a final day."""
        with self._reading() as cursor:
            return pruned.final_day(cursor, day)

    def keep_final_day(self, final: FinalDay) -> bool:
        """Keep a day's sums as final, unless there is anything of that day."""
        kept = self._connections.write(lambda cursor: pruned.put_final_day(cursor, final), LONG_S)
        self._count()
        return kept

    def mark_as_sample(self) -> None:
        """Note that the calls are generated."""
        self._connections.write(
            lambda cursor: cursor.execute(
                "INSERT INTO augury.about VALUES ('sample', 'true') ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            )
        )
        self._count()

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _reading(self, seconds: float = READ_S) -> Iterator[Cursor]:
        with self._connections.reading(seconds) as cursor:
            yield cursor

    @contextmanager
    def reading(self) -> Iterator[PostgresReading]:
        """One moment of the database, to ask several questions of."""
        with self._reading() as cursor:
            yield PostgresReading(cursor, self._memory, datetime.now(UTC))

    def facts(self, question: Question) -> Facts:
        """The sums of every group that has calls."""
        with self.reading() as now:
            return now.facts(question)

    def latencies(self, question: Question) -> Latencies:
        """The histogram of response times of every group that has calls."""
        with self.reading() as now:
            return now.latencies(question)

    def calls(self, question: CallsQuestion) -> list[ModelCall]:
        """The latest calls."""
        where, values = asking.where_calls(question, _HAS_MEMBER)
        with self._reading() as cursor:
            rows = cursor.execute(
                f"SELECT {_SELECTED} FROM sound_calls WHERE {where} AND {DATED} "
                "ORDER BY timestamp DESC, id DESC LIMIT ?",
                [*values, question.limit],
            ).fetchall()
        return [_call_of(row) for row in rows]

    def query(self, sql: str, *, limit: int) -> Table:
        """The answer to one read-only statement, of at most `limit` rows."""
        if not _READS.match(sql):
            raise QueryRefused(
                "only one SELECT (or WITH, VALUES, TABLE, SHOW, EXPLAIN) is answered; nothing is changed"
            )
        if out := _REACHES_OUT.search(sql):
            raise QueryRefused(f'"{out.group()}" is not answered: ask the tables and views')
        try:
            sql.encode()
            with self._reading(QUERY_SECONDS) as own:
                try:
                    # With a value beside it, which it need not use, the server takes one statement only.
                    with RawCursor(own.connection) as cursor:
                        for kind, loader in READABLE.items():
                            cursor.adapters.register_loader(kind, loader)
                        cursor.execute(sql, [0])
                        columns = tuple(column.name for column in cursor.description or ())
                        rows = cursor.fetchmany(limit + 1) if cursor.description else []
                except psycopg.errors.QueryCanceled:
                    raise QueryRefused(
                        f"the query took longer than {QUERY_SECONDS:.0f} seconds and was stopped"
                    ) from None
                except (
                    psycopg.ProgrammingError,
                    psycopg.DataError,
                    psycopg.InternalError,
                    psycopg.NotSupportedError,
                ) as no:
                    raise QueryRefused(str(no).strip()) from None
        except UnicodeEncodeError:
            raise QueryRefused("the statement is not text that UTF-8 can write") from None
        shown = [tuple(plain(value) for value in row) for row in rows[:limit]]
        return Table(columns=columns, rows=shown, cut=len(rows) > limit)

    def export(self, window: Window | None, path: Path) -> int:
        """Write all calls (of the window) to a Parquet file, oldest first; how many."""
        where, values = asking.where(None, window)
        with self._reading(LONG_S) as cursor:
            return copy_out(cursor, f"{where} AND {DATED}", values, path, self._aside)

    def describe(self) -> Description:
        """What there is."""
        with self._reading() as cursor:
            # Rows of open days are counted one by one; of sealed ones it is written down how many they are.
            ((calls, first, last, size),) = cursor.execute(
                "SELECT (SELECT coalesce(sum(calls), 0)::BIGINT FROM sealed_days WHERE NOT final) + (SELECT count(*) FROM open_ranges "
                "CROSS JOIN LATERAL (SELECT FROM model_performance_metrics WHERE timestamp >= lo AND timestamp < hi OFFSET 0) AS own), "
                f"(SELECT min(timestamp) FROM model_performance_metrics WHERE {DATED}), "
                f"(SELECT max(timestamp) FROM model_performance_metrics WHERE {DATED}), "
                "pg_total_relation_size('public.model_performance_metrics') + pg_total_relation_size('augury.call_sums') "
                "+ pg_total_relation_size('augury.latency_sums')"
            ).fetchall()
            about = dict(cursor.execute("SELECT key, value FROM augury.about").fetchall())
            sealed = seals(cursor)
        return Description(
            url=str(self._database),
            calls=calls,
            first=first and first.astimezone(UTC),
            last=last and last.astimezone(UTC),
            size_bytes=size,
            schema_version=int(about["schema_version"]),
            sample=about.get("sample") == "true",
            sealed_days=len(sealed),
            final_days=sum(seal.final for seal in sealed),
            overflow=tuple(sorted({name for seal in sealed for name in seal.overflow})),
        )


def _append(cursor: Cursor, calls: Sequence[ModelCall]) -> list[Fate]:
    found = cursor.execute(
        "SELECT id FROM model_performance_metrics WHERE id = ANY (?::UUID[])", [[c.id for c in calls]]
    )
    known: set[UUID] = {id_ for (id_,) in found.fetchall()}
    days = sorted({day_of(call.timestamp) for call in calls})
    pruned = cursor.execute("SELECT day FROM sealed_days WHERE final AND day = ANY (?::INTEGER[])", [days])
    final = {day for (day,) in pruned.fetchall()}
    fates: list[Fate] = []
    for call in calls:
        if call.id in known:
            fates.append(Fate.KNOWN)
        elif day_of(call.timestamp) in final:
            fates.append(Fate.FINAL)
        else:
            fates.append(Fate.STORED)
            known.add(call.id)
    new = [call for call, fate in zip(calls, fates, strict=True) if fate is Fate.STORED]
    if not new:
        return fates
    # In the order of their ids, so that two who store the same calls do not wait for each other.
    new.sort(key=lambda call: call.id)
    columns = [_column(name, values) for name, values in zip(COLUMNS, zip(*new, strict=True), strict=True)]
    stored = {id_ for (id_,) in cursor.execute(_INSERT, columns).fetchall()}
    if len(stored) < len(new):  # somebody else has stored some of them since
        fates = [
            Fate.KNOWN if fate is Fate.STORED and call.id not in stored else fate
            for call, fate in zip(calls, fates, strict=True)
        ]
    return fates


def _column(name: str, values: tuple[Any, ...]) -> list[Any]:
    if name in _TYPES and name != "metadata":
        return list(values)
    return [None if value is None else str(value) for value in values]


def _call_of(row: tuple[Any, ...]) -> ModelCall:
    metadata = row[_METADATA]
    return call_of(row if metadata is None else (*row[:_METADATA], compact(metadata), *row[_METADATA + 1 :]))


def _share_day(cursor: Cursor, id_: UUID) -> None:
    """Take the lock that the trigger would, before the row's: in the other order pruning and this could wait for each other."""
    cursor.execute(
        "SELECT pg_advisory_xact_lock_shared(lock_space(), day_of(timestamp)) FROM model_performance_metrics "
        "WHERE id = ? AND timestamp IS NOT NULL",
        [id_],
    )


def _finish(cursor: Cursor, day: int) -> None:
    cursor.execute("SELECT finish_day(?)", [day])


def _prune_flag(cursor: Cursor) -> None:
    cursor.execute("SELECT set_config('augury.pruning', 'on', true)")


def _delete_final(cursor: Cursor, before: int) -> int:
    """Delete some of the calls whose sums stand; how many."""
    _prune_flag(cursor)
    return cursor.execute(
        "DELETE FROM model_performance_metrics WHERE ctid = ANY (ARRAY("
        "SELECT ctid FROM model_performance_metrics WHERE timestamp < start_of(?) "
        "AND day_of(timestamp) IN (SELECT day FROM sealed_days WHERE final) LIMIT ?))",
        [before, PRUNED_AT_ONCE],
    ).rowcount


def _forget_sums(cursor: Cursor, before: int) -> None:
    """Delete the sums of final days before this one. The days stay final."""
    for table in ("call_sums", "latency_sums"):
        cursor.execute(
            f"DELETE FROM augury.{table} WHERE day < ? AND day IN (SELECT day FROM sealed_days WHERE final)", [before]
        )
