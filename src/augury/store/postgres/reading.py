"""Questions asked of PostgreSQL, all within one transaction: what they see is one moment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from augury.core.windows import EARLIEST, hour_of
from augury.store import asking
from augury.store.coverage import Seal
from augury.store.partials import Keys, Partial
from augury.store.protocol import DOLLARS
from augury.store.reading import HOUR_US, HOURS_KEPT, PartialReading, each, exact, partial_of, summed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from augury.store.partials import Memory
    from augury.store.postgres.connecting import Cursor
    from augury.store.protocol import Question
    from augury.store.reading import Found, Ranges

DATED = "timestamp >= '0001-01-02 00:00:00+00' AND timestamp < '9999-12-31 00:00:00+00'"
FIRST_DAY = -719_161
"""Times that Python knows too. A row from before there were rules may have another, or none."""

_SUMMED = {costs: summed("NUMERIC(38, 10)::TEXT", "BIGINT", "DOUBLE PRECISION", costs=costs) for costs in (False, True)}
_COUNTED = "bucket::BIGINT AS bucket, sum(calls)::BIGINT AS calls"

# An hour stands for its middle, so that a window or a step which cuts it takes it where most of it lies.
_HOURS = (
    "(SELECT *, hour + INTERVAL '30 minutes' AS timestamp FROM (SELECT * FROM call_sums WHERE day = ANY (?::INTEGER[])) "
    "AS sums (day, hour)) AS facts"
)
_DAYS = (
    "(SELECT *, to_timestamp(day * 86400::DOUBLE PRECISION + 43200) AS timestamp FROM latency_sums "
    "WHERE day = ANY (?::INTEGER[])) AS facts"
)
_ROWS = ("call_rows", "latency_rows")
_SECOND = "floor(date_part('epoch', timestamp))::BIGINT"
_HOUR_OF = f"({_SECOND} / 3600)"
_BUCKETS = 2_048  # more than there are
_HEAD = 20  # bytes before the first element of an array of one dimension, in PostgreSQL's binary form
_BUCKET = np.dtype([("size", ">i4"), ("value", ">i2")])
_COUNT = np.dtype([("size", ">i4"), ("value", ">i8")])


def seals(cursor: Cursor) -> list[Seal]:
    """The sealed days, in order."""
    found = cursor.execute("SELECT day, seal, final, calls, overflow FROM sealed_days ORDER BY day").fetchall()
    return [
        Seal(day=day, number=number, final=final, calls=calls, overflow=tuple(overflow.split()))
        for day, number, final, calls, overflow in found
    ]


class PostgresReading(PartialReading):
    """One moment of the database."""

    calls_table = f"(SELECT * FROM sound_calls WHERE {DATED}) AS calls"

    def __init__(self, cursor: Cursor, memory: Memory, now: datetime) -> None:
        """Within a transaction of the cursor, whose first statement this is; `now` is roughly the present."""
        found = seals(cursor)
        # What tells whether the rows of the present are as they were takes a look at each, which is far cheaper than to sum
        # them; older hours are looked at where they are not sealed.
        last = max((24 * (seal.day + 1) for seal in found), default=0)
        first = max(hour_of(now) - HOURS_KEPT, min(last, hour_of(now)))
        super().__init__(found, None, memory, first_hour=first)
        self._cursor = cursor

    def _stamps_from(self, hour: int) -> dict[int, int]:
        # Whoever changes a row gives it another xmin; who deletes one takes it out of the count and of the rest.
        found = self._cursor.execute(
            f"SELECT {_HOUR_OF}, count(*), bit_xor(hash_record_extended(ROW(id, xmin), 0)) "
            "FROM model_performance_metrics WHERE timestamp >= ? AND isfinite(timestamp) GROUP BY 1",
            [_instant(hour * HOUR_US)],
        ).fetchall()
        return {hour: hash((count, mixed)) for hour, count, mixed in found}

    def _rows(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        return self._cursor.execute(sql, values).fetchall()

    def _of_ranges(self, question: Question, ranges: Ranges, *, histogram: bool) -> Partial:
        within = " OR ".join(["timestamp >= ? AND timestamp < ?"] * len(ranges))
        values: list[object] = [_instant(edge) for range_ in ranges for edge in range_]
        return partial_of(question, self._ask(question, _ROWS[histogram], f"({within})", values, histogram=histogram))

    def _of_hours(self, question: Question, hours: list[int], *, histogram: bool) -> list[tuple[int, Partial]]:
        edges: list[object] = [_instant(hours[0] * HOUR_US), _instant((hours[-1] + 1) * HOUR_US)]
        within = f"timestamp >= ? AND timestamp < ? AND {_HOUR_OF} = ANY (?::BIGINT[])"
        also = f"{_HOUR_OF} AS hour"
        found = self._ask(question, _ROWS[histogram], within, [*edges, hours], histogram=histogram, also=also)
        return each(question, found, "hour", hours)

    def _of_days(
        self, question: Question, days: list[int], within: tuple[int, int] | None, *, histogram: bool
    ) -> list[tuple[int, Partial]]:
        if histogram:  # which is not cut within a day
            return self._histograms(question, days)
        where, edges = "true", list[object]()
        if within is not None:
            where, edges = "timestamp >= ? AND timestamp < ?", [_instant(second * 1_000_000) for second in within]
        found = self._ask(question, _HOURS, where, [days, *edges], histogram=False, also="day")
        return each(question, found, "day", days)

    def _ask(
        self,
        question: Question,
        source: str,
        where: str,
        values: list[object],
        *,
        histogram: bool,
        also: str | None = None,
    ) -> Found:
        """The groups of a question among some facts, and of what is asked for `also`, ordered by that."""
        filters, filtered = asking.where(question.filters, None)
        names = [*([] if also is None else [also.rpartition(" ")[2]]), *map(str, question.by)]
        columns = [*([] if also is None else [also]), *asking.keys(question, _SECOND, "/").values()]
        columns = [f"{sql} AS {name}" if sql != also else sql for sql, name in zip(columns, names, strict=True)]
        selected = ", ".join([*columns, _COUNTED if histogram else _SUMMED[question.costs]])
        group = [*map(str, range(1, len(names) + 1)), *(["bucket"] if histogram else [])]
        grouped = f"GROUP BY {', '.join(group)}" if group else "HAVING count(*) > 0"
        order = "" if also is None else " ORDER BY 1"
        cursor = self._cursor.execute(
            f"SELECT {selected} FROM {source} WHERE {where} AND {filters} {grouped}{order}", [*values, *filtered]
        )
        told = [column.name for column in cursor.description or ()]
        rows = cursor.fetchall()
        found: Found = dict(zip(told, zip(*rows, strict=True) if rows else ([] for _ in told), strict=True))
        for name, column in found.items():
            if name in DOLLARS:
                found[name] = exact(column)
            else:
                found[name] = _array(column, text=name in question.by and name != "step")
        return found

    def _histograms(self, question: Question, days: list[int]) -> list[tuple[int, Partial]]:
        """The packed histograms of these days, unpacked and added up here: many times faster than in rows."""
        filters, filtered = asking.where(question.filters, None)
        keys = "".join(f", {sql}" for sql in asking.keys(question, _SECOND, "/").values())
        rows = self._cursor.execute(
            f"SELECT day, array_send(buckets), array_send(counts){keys} FROM {_DAYS} WHERE {filters} ORDER BY day",
            [days, *filtered],
        ).fetchall()
        own = np.array([row[0] for row in rows], dtype=np.int64)
        begins = np.searchsorted(own, days, side="left").tolist()
        ends = np.searchsorted(own, days, side="right").tolist()
        return [
            (day, _unpacked(rows[begin:end], len(question.by)))
            for day, begin, end in zip(days, begins, ends, strict=True)
        ]


def _unpacked(rows: Sequence[tuple[Any, ...]], dimensions: int) -> Partial:
    """Rows of (day, buckets, counts, key …), summed by key and bucket."""
    known: dict[tuple[Any, ...], int] = {}
    group = np.fromiter((known.setdefault(row[3:], len(known)) for row in rows), np.int64, len(rows))
    sizes = [(len(row[1]) - _HEAD) // _BUCKET.itemsize for row in rows]
    buckets = np.frombuffer(b"".join(row[1][_HEAD:] for row in rows), _BUCKET)["value"]
    counts = np.frombuffer(b"".join(row[2][_HEAD:] for row in rows), _COUNT)["value"]
    total = np.bincount(np.repeat(group, sizes) * _BUCKETS + buckets, counts, len(known) * _BUCKETS)
    there = np.flatnonzero(total)
    place = there // _BUCKETS
    keys = []
    for dimension in range(dimensions):
        column = Keys.of([key[dimension] for key in known])
        keys.append(Keys(column.values, column.codes[place]))
    return Partial(tuple(keys), {"bucket": there % _BUCKETS, "calls": total[there].astype(np.int64)})


def _array(column: Sequence[Any], *, text: bool) -> NDArray[Any]:
    if text:
        return np.array(column, dtype=object)
    return np.array(column, dtype=np.float64 if column and isinstance(column[0], float) else np.int64)


def _instant(microseconds: int) -> datetime:
    return EARLIEST + timedelta(microseconds=microseconds)
