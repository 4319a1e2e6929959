"""Questions asked of a DuckDB file, all within one transaction: what they see is one moment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from augury.core.windows import EARLIEST
from augury.store import asking
from augury.store.protocol import DOLLARS
from augury.store.reading import HOUR_US, PartialReading, each, exact, partial_of, summed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import duckdb

    from augury.store.coverage import Seal
    from augury.store.partials import Memory, Partial
    from augury.store.protocol import Question
    from augury.store.reading import Found, Ranges

_SUMMED = {costs: summed("VARCHAR", "BIGINT", "DOUBLE", costs=costs) for costs in (False, True)}
_COUNTED = "bucket::BIGINT AS bucket, sum(calls)::BIGINT AS calls"

# An hour stands for its middle, so that a window or a step which cuts it takes it where most of it lies.
_HOURS = "(SELECT * REPLACE (timestamp + INTERVAL 30 MINUTE AS timestamp) FROM call_sums WHERE {days})"
_DAYS = (
    "(SELECT * EXCLUDE (buckets, counts), make_timestamptz(day * 86400000000::BIGINT + 43200000000) AS timestamp, "
    "unnest(buckets) AS bucket, unnest(counts) AS calls FROM latency_sums WHERE {days})"
)

_ROWS = ("call_rows", "latency_rows")
_SECOND = "(epoch_us(timestamp) // 1000000)"
_HOUR_OF = "(epoch_us(timestamp) // 3600000000)"


class DuckDBReading(PartialReading):
    """One moment of the database."""

    calls_table = "model_performance_metrics"

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        seals: Sequence[Seal],
        stamps: Mapping[int, int] | None,
        memory: Memory,
    ) -> None:
        """Within a transaction of the cursor that has read these seals, and whose moment these stamps fit."""
        super().__init__(seals, stamps, memory, first_hour=None if stamps is None else 0)
        self._cursor = cursor

    def _rows(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        return self._cursor.execute(sql, values).fetchall()

    def _of_ranges(self, question: Question, ranges: Ranges, *, histogram: bool) -> Partial:
        within = " OR ".join(["timestamp >= ? AND timestamp < ?"] * len(ranges))
        values: list[object] = [_instant(edge) for range_ in ranges for edge in range_]
        return partial_of(question, self._ask(question, _ROWS[histogram], f"({within})", values, histogram=histogram))

    def _of_hours(self, question: Question, hours: list[int], *, histogram: bool) -> list[tuple[int, Partial]]:
        edges: list[object] = [_instant(hours[0] * HOUR_US), _instant((hours[-1] + 1) * HOUR_US)]
        within = f"timestamp >= ? AND timestamp < ? AND {_HOUR_OF} IN (SELECT unnest(?::BIGINT[]))"
        also = f"{_HOUR_OF} AS hour"
        found = self._ask(question, _ROWS[histogram], within, [*edges, hours], histogram=histogram, also=also)
        return each(question, found, "hour", hours)

    def _of_days(
        self, question: Question, days: list[int], within: tuple[int, int] | None, *, histogram: bool
    ) -> list[tuple[int, Partial]]:
        source = (_DAYS if histogram else _HOURS).format(
            days=f"day BETWEEN {min(days)} AND {max(days)} AND day IN (SELECT unnest(?::INTEGER[]))"
        )
        where, edges = "true", list[object]()
        if within is not None:
            where, edges = "timestamp >= ? AND timestamp < ?", [_instant(second * 1_000_000) for second in within]
        found = self._ask(question, source, where, [days, *edges], histogram=histogram, also="day")
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
        keys = [f"{sql} AS {name}" for name, sql in asking.keys(question, _SECOND, "//").items()]
        first = [] if also is None else [also]
        columns = ", ".join([*first, *keys, _COUNTED if histogram else _SUMMED[question.costs]])
        group = [*map(str, range(1, len(first) + len(keys) + 1)), *(["bucket"] if histogram else [])]
        grouped = f"GROUP BY {', '.join(group)}" if group else "HAVING count(*) > 0"
        order = "" if also is None else " ORDER BY 1"
        found = self._cursor.execute(
            f"SELECT {columns} FROM {source} WHERE {where} AND {filters} {grouped}{order}", [*values, *filtered]
        ).fetchnumpy()
        for name in DOLLARS & found.keys():
            found[name] = exact(found[name])
        return cast("Found", found)


def _instant(microseconds: int) -> datetime:
    return EARLIEST + timedelta(microseconds=microseconds)
