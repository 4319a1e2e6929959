"""A DuckDB file that one process owns: what is written to it, and what it answers."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from augury.capture.columns import literal
from augury.core.calls import COLUMNS, ModelCall
from augury.core.windows import date_of, day_of, hour_of
from augury.errors import FileUnreadable, StoreAway, StoreError
from augury.store import asking
from augury.store.answers import answer_to, latest_answer, set_success
from augury.store.duckdb import days, querying, repricing, schema
from augury.store.duckdb.opening import connect, plainly
from augury.store.duckdb.reading import DuckDBReading
from augury.store.duckdb.schema import SCHEMA_VERSION, SUMS_WITHOUT_COSTS
from augury.store.holding import hold
from augury.store.partials import Memory
from augury.store.protocol import Added, Description, Fate, Forgotten, Table
from augury.store.rows import call_of, instant
from augury.store.sealing import first_day_kept
from augury.store.stamps import Stamps, hours_of
from augury.store.urls import DuckDBFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import Self
    from uuid import UUID

    from augury.core.feedback import Feedback, Outcome
    from augury.core.windows import Window
    from augury.models.prices import PriceBook
    from augury.store.copying import FinalDay
    from augury.store.coverage import Seal
    from augury.store.protocol import CallsQuestion, Facts, Latencies, Question
    from augury.store.repricing import Repriceable, Repriced

T = TypeVar("T")

_PATIENCE_S = 1.0  # with those who read while the file is closed
_TRIES = 3  # to catch a moment in which nobody commits

_METADATA = COLUMNS.index("metadata")
# A name as JSON Pointer writes it; `$` and `.` mean nothing in it.
_HAS_MEMBER = """list_contains(
    (SELECT CASE json_type(own) WHEN 'ARRAY' THEN json_transform(own, '["VARCHAR"]') ELSE [own ->> '$'] END
    FROM (SELECT json_extract(metadata, '/' || replace(replace(?, '~', '~0'), '/', '~1')) AS own)), ?)"""


class DuckDBStore:
    """Calls in a DuckDB file. One writer at a time; any number of readers, each with a cursor of its own."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the file, creating it where there is none; see `augury.store.open_store`."""
        self._path = path
        self._writing = threading.Lock()
        self._lending = threading.Condition()
        self._lent: set[duckdb.DuckDBPyConnection] = set()  # cursors that somebody has
        self._closed = False
        self._writes = 0
        self._memory = Memory()
        self._sealed: dict[int, Seal] = {}  # as of the last commit; read and written while writing
        self._seals_changed = False
        self._stamps = Stamps()
        self._changing: set[int] = set()  # hours that the transaction under way has changed
        self._hold = hold(path, shared=read_only)
        try:
            self._database = connect(path, read_only=read_only)
        except BaseException:
            self._hold.release()
            raise
        self._staging = TemporaryDirectory(prefix="augury-store-")
        try:
            with plainly(path):
                self._lock_in()
            if read_only:
                self._expect_ours()
            else:
                if not self._is_ready():
                    self.migrate()
                with plainly(path), self._cursor() as cursor:
                    self._sealed = {seal.day: seal for seal in days.seals(cursor)}
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
        """Let go of the file, once whoever reads it has ended, or was stopped."""
        try:
            with self._lending:
                self._closed = True
                self._await_cursors()
                self._database.close()
        finally:
            self._staging.cleanup()
            self._hold.release()

    def reopen(self) -> None:
        """Open the file anew where the engine has given it up, as it does when it cannot write its log back."""
        with self._writing:
            try:
                with self._cursor() as cursor:
                    cursor.execute("SELECT 1")
            except duckdb.Error:
                with self._lending, plainly(self._path):
                    self._await_cursors()
                    self._database.close()
                    self._database = connect(self._path, read_only=False)
                    self._lock_in()
                with plainly(self._path), self._cursor() as cursor:  # a commit may have raised, and stand all the same
                    self._sealed = {seal.day: seal for seal in days.seals(cursor)}

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of one's own. The engine refuses to do two things at once on the one that all come from."""
        with self._lending:
            if self._closed:
                raise StoreAway(f"{self._path} is closed")
            cursor = self._database.cursor()
            self._lent.add(cursor)
        try:
            with cursor:
                yield cursor
        finally:
            with self._lending:
                self._lent.discard(cursor)
                self._lending.notify_all()

    def _await_cursors(self) -> None:
        """Until nobody has any: the engine does not close what is in use. Who takes long is stopped."""
        if not self._lending.wait_for(lambda: not self._lent, _PATIENCE_S):
            for cursor in self._lent:
                with suppress(duckdb.Error):  # it is being given back
                    cursor.interrupt()
            self._lending.wait_for(lambda: not self._lent, _PATIENCE_S)

    # ── schema ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _lock_in(self) -> None:
        """No statement, whoever wrote it, may reach a file but the database's own and those we stage."""
        self._database.execute("SET GLOBAL TimeZone = 'UTC'")
        self._database.execute(f"SET allowed_directories = [{literal(self._staging.name + '/')}]")
        self._database.execute("SET enable_external_access = false")
        self._database.execute("SET lock_configuration = true")

    def _version(self) -> int:
        with self._reading() as cursor:
            return schema.version_of(cursor, self._path)

    def _is_ready(self) -> bool:
        with self._reading() as cursor:
            return schema.version_of(cursor, self._path) == SCHEMA_VERSION and schema.is_whole(cursor)

    def _expect_ours(self) -> None:
        version = self._version()
        if version < SCHEMA_VERSION:
            state = "is empty" if version == 0 else f"was written by an older Augury (schema {version})"
            raise StoreError(f"{self._path} {state}; `augury migrate` makes it ready")

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date, keeping the data; the versions before and after."""
        before = self._version()
        with self._transaction() as cursor:
            if before == SUMS_WITHOUT_COSTS:
                days.without_costs(cursor)
                self._seals_changed = True
            schema.make(cursor)
        return before, SCHEMA_VERSION

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _transaction(self, own: duckdb.DuckDBPyConnection | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor whose statements are kept together or not at all. The one writer of this process.

        `own` is a cursor to use for it, where the statements need what only that one sees.
        """
        with plainly(self._path), self._writing, own or self._cursor() as cursor:
            self._seals_changed = False
            self._changing.clear()
            cursor.execute("BEGIN")
            try:
                yield cursor
                if self._seals_changed:
                    days.open_the_rest(cursor)
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            with self._stamps.committing(self._changing):
                cursor.execute("COMMIT")
            self._writes += 1
            if self._seals_changed:
                self._sealed = {seal.day: seal for seal in days.seals(cursor)}

    def _touch(
        self, cursor: duckdb.DuckDBPyConnection, touched: Iterable[int], hours: Iterable[int] | None = None
    ) -> None:
        """Rows of these days change, in these of their hours or in any: their sums do not tell the truth any more."""
        touched = set(touched)
        self._changing.update(hours_of(touched) if hours is None else hours)
        if sealed := touched & self._sealed.keys():
            days.unseal(cursor, sealed)
            self._seals_changed = True

    def _is_final(self, day: int) -> bool:
        return day in self._sealed and self._sealed[day].final

    @property
    def writes(self) -> int:
        """How often this process has written."""
        return self._writes

    def append(self, calls: Sequence[ModelCall]) -> list[Fate]:
        """Keep the calls, all that are new and whose day is open to them, or none; the fate of each."""
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
                if call.id in known:
                    fates.append(Fate.KNOWN)
                elif self._is_final(day_of(call.timestamp)):
                    fates.append(Fate.FINAL)
                else:
                    fates.append(Fate.STORED)
                    known.add(call.id)
            new = [call for call, fate in zip(calls, fates, strict=True) if fate is Fate.STORED]
            hours = {hour_of(call.timestamp) for call in new}
            self._touch(cursor, {hour // 24 for hour in hours}, hours)
            if new:
                with cursor.appender("model_performance_metrics") as appender:
                    appender.append_rows(new)
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
                # Ids sort by time: only the stretch that the file covers can hold any of them.
                cursor.execute(f"SET VARIABLE least = (SELECT min(id) FROM {scan})")
                cursor.execute(f"SET VARIABLE most = (SELECT max(id) FROM {scan})")
                new = (
                    f"FROM {scan} AS file WHERE {days.DAY_OF} NOT IN (SELECT day FROM sealed_days WHERE final) "
                    "AND file.id NOT IN (SELECT id FROM model_performance_metrics "
                    "WHERE id >= getvariable('least') AND id <= getvariable('most'))"
                )
                covered = cursor.execute(f"SELECT DISTINCT {days.DAY_OF} FROM {scan}").fetchall()
                if self._sealed.keys() & {day for (day,) in covered}:  # which of them the new calls are of
                    covered = cursor.execute(f"SELECT DISTINCT {days.DAY_OF} {new}").fetchall()
                self._touch(cursor, (day for (day,) in covered))
                once = " QUALIFY row_number() OVER (PARTITION BY file.id) = 1" if different < count else ""
                ((stored,),) = cursor.execute(
                    f"INSERT INTO model_performance_metrics ({names}) SELECT {names} {new}{once}"
                ).fetchall()
                ((final,),) = cursor.execute(
                    f"SELECT count(*) FROM {scan} WHERE {days.DAY_OF} IN (SELECT day FROM sealed_days WHERE final)"
                ).fetchall()
        finally:
            staged.unlink(missing_ok=True)
        return Added(stored=stored, known=count - stored - final, final=final)

    def rate(self, feedback: Feedback) -> UUID:
        """Rate a call, or take its rating back; the id of the call."""
        with self._transaction() as cursor:
            if feedback.message_id is not None:
                id_ = answer_to(cursor, feedback.message_id)
            else:
                id_ = latest_answer(cursor, str(feedback.conversation_id))
            hour = _hour_with(cursor, id_)
            self._touch(cursor, [hour // 24], [hour])
            cursor.execute("UPDATE model_performance_metrics SET user_rating = ? WHERE id = ?", [feedback.rating, id_])
            if feedback.success is not None:
                set_success(cursor, id_, success=feedback.success, reason=None)
        return id_

    def report(self, outcome: Outcome) -> UUID:
        """Say whether a message did its task; the id of the call."""
        with self._transaction() as cursor:
            id_ = answer_to(cursor, outcome.message_id)
            hour = _hour_with(cursor, id_)
            self._touch(cursor, [hour // 24], [hour])
            set_success(cursor, id_, success=outcome.success, reason=outcome.reason)
        return id_

    def prune(self, keep_from: datetime, *, keep_sums_from: datetime | None = None) -> int:
        """Delete the calls before a UTC midnight, and keep their sums; how many."""
        before = first_day_kept(keep_from)
        for day in self.unsealed(before):  # most of the work, while others may write
            self.seal(day)
        with self._transaction() as cursor:
            for day in days.unsealed(cursor, before):
                days.put_seal(cursor, day, days.add_up(cursor, day))
            ((gone,),) = cursor.execute(
                "DELETE FROM model_performance_metrics WHERE timestamp < ?", [keep_from]
            ).fetchall()
            days.finish(cursor, before)
            if keep_sums_from is not None:
                days.forget_sums(cursor, day_of(keep_sums_from))
            self._seals_changed = True
        self._checkpoint()
        return int(gone)

    def forget(self, user_id: UUID) -> Forgotten:
        """Delete a user's calls."""
        with self._transaction() as cursor:
            found = cursor.execute(
                f"SELECT DISTINCT {days.DAY_OF} FROM model_performance_metrics WHERE user_id = ? ORDER BY 1", [user_id]
            ).fetchall()
            changed = [day for (day,) in found]
            self._touch(cursor, changed)
            ((gone,),) = cursor.execute("DELETE FROM model_performance_metrics WHERE user_id = ?", [user_id]).fetchall()
            final = sorted(day for day, seal in self._sealed.items() if seal.final)
        self._checkpoint()
        return Forgotten(
            calls=gone, changed=tuple(date_of(day) for day in changed), final=tuple(date_of(day) for day in final)
        )

    def unsealed(self, before: int) -> list[int]:
        """The open days before this one that have calls, in order."""
        with self._reading() as cursor:
            return days.unsealed(cursor, before)

    def seal(self, day: int) -> int | None:
        """Sum the calls of a day; how many they are, or None where it is sealed, or was written to meanwhile."""
        with self._writing:
            if day in self._sealed:
                return None
            last = self._stamps.last
        with plainly(self._path), self._cursor() as cursor:
            # Summed from a moment of its own while others write; the stamps tell whether anybody wrote to this day.
            cursor.execute("BEGIN")
            overflow = days.add_up(cursor, day)
            cursor.execute("COMMIT")
            with self._transaction(cursor):
                if day in self._sealed or self._stamps.changed(hours_of([day]), last):
                    return None
                calls = days.put_seal(cursor, day, overflow)
                self._seals_changed = True
        return calls

    def repriceable(self, since: int = 0) -> Repriceable:
        """The days from this one on that have calls whose cost nobody reported."""
        with self._reading() as cursor:
            return repricing.repriceable(cursor, since)

    def reprice(self, day: int, prices: PriceBook | None, *, dry_run: bool = False) -> list[Repriced]:
        """Price a day's calls again, but for those whose cost was reported."""
        if prices is None:
            raise ValueError("only a server has prices of its own")
        with plainly(self._path), self._cursor() as cursor:
            # First beside all others: where nothing changes, nobody waits for it and no seal is broken.
            cursor.execute("BEGIN")
            found = repricing.compare(cursor, day, prices)
            cursor.execute("ROLLBACK")
            if any(one.calls for one in found) and not dry_run:
                with self._transaction(cursor):
                    found = repricing.compare(cursor, day, prices)  # others may have written since
                    if any(one.calls for one in found):
                        self._touch(cursor, [day])
                        repricing.write(cursor, day)
        return found

    def seals(self) -> list[Seal]:
        """The sealed days, in order."""
        with self._reading() as cursor:
            return days.seals(cursor)

    def final_day(self, day: int) -> FinalDay:
        """What is left of a final day."""
        with self._reading() as cursor:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            return days.final_day(cursor, day)

    def keep_final_day(self, final: FinalDay) -> bool:
        """Keep a day's sums as final, unless there is anything of that day."""
        with self._transaction() as cursor:
            if not days.put_final_day(cursor, final):
                return False
            self._changing.update(hours_of([final.day]))
            self._seals_changed = True
        return True

    def _checkpoint(self) -> None:
        """Give room back to the system; with a statement of somebody's under way it waits for the next occasion."""
        with (
            plainly(self._path),
            suppress(duckdb.TransactionException),
            self._writing,
            self._cursor() as cursor,
        ):
            cursor.execute("CHECKPOINT")

    def mark_as_sample(self) -> None:
        """Note that the calls are generated."""
        with self._transaction() as cursor:
            cursor.execute("INSERT OR REPLACE INTO augury_about VALUES ('sample', 'true')")

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with plainly(self._path), self._cursor() as cursor:
            yield cursor

    @contextmanager
    def reading(self) -> Iterator[DuckDBReading]:
        """One moment of the database, to ask several questions of."""
        with self._reading() as cursor:
            stamps = None
            for _ in range(_TRIES):
                last = self._stamps.last
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                seals = days.seals(cursor)  # the moment is that of the first statement
                stamps = self._stamps.since(last)
                if stamps is not None:
                    break
                cursor.execute("ROLLBACK")
            else:
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                seals = days.seals(cursor)
            try:
                yield DuckDBReading(cursor, seals, stamps, self._memory)
            finally:
                cursor.execute("ROLLBACK")  # there is nothing to keep

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
                f"SELECT {', '.join(COLUMNS)} FROM model_performance_metrics WHERE {where} "
                "ORDER BY timestamp DESC, id DESC LIMIT ?",
                [*values, question.limit],
            ).fetchall()
        return [call_of(row) for row in rows]

    def query(self, sql: str, *, limit: int) -> Table:
        """The answer to one read-only statement, of at most `limit` rows."""
        with self._reading() as cursor:
            return querying.answer(cursor, sql, limit)

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
            seals = days.seals(cursor)
        return Description(
            url=str(DuckDBFile(self._path)),
            calls=count,
            first=instant(first),
            last=instant(last),
            size_bytes=self._path.stat().st_size,
            schema_version=int(about["schema_version"]),
            sample=about.get("sample") == "true",
            sealed_days=len(seals),
            final_days=sum(seal.final for seal in seals),
            overflow=tuple(sorted({name for seal in seals for name in seal.overflow})),
        )


def _only(rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    (row,) = rows
    return row


def _hour_with(cursor: duckdb.DuckDBPyConnection, id_: UUID) -> int:
    """The hour of a call."""
    ((hour,),) = cursor.execute(
        "SELECT epoch_us(timestamp) // 3600000000 FROM model_performance_metrics WHERE id = ?", [id_]
    ).fetchall()
    return int(hour)
