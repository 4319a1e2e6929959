"""Questions asked of a DuckDB file, all within one transaction: what they see is one moment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from augury.core.windows import EARLIEST
from augury.store import asking
from augury.store.coverage import cover
from augury.store.partials import Keys, Partial, facts_of, latencies_of, name_of, name_of_hour
from augury.store.protocol import LEAST, LOGARITHMS, MOST, SUMS, Dimension

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import duckdb

    from augury.core.windows import Steps
    from augury.store.coverage import Coverage, Part, Seal
    from augury.store.partials import Memory
    from augury.store.protocol import Facts, Latencies, Question

_SUMMED = ", ".join(
    [f"sum({name})::{'VARCHAR' if name == 'cost_sum' else 'BIGINT'} AS {name}" for name in SUMS]
    + [f"sum({name})::DOUBLE AS {name}" for name in LOGARITHMS]
    + [f"min({LEAST})::BIGINT AS {LEAST}", f"max({MOST})::BIGINT AS {MOST}"]
)
_COUNTED = "bucket::BIGINT AS bucket, sum(calls)::BIGINT AS calls"

# An hour stands for its middle, so that a window or a step which cuts it takes it where most of it lies.
_HOURS = "(SELECT * REPLACE (timestamp + INTERVAL 30 MINUTE AS timestamp) FROM call_sums WHERE {days})"
_DAYS = (
    "(SELECT * EXCLUDE (buckets, counts), make_timestamptz(day * 86400000000::BIGINT + 43200000000) AS timestamp, "
    "unnest(buckets) AS bucket, unnest(counts) AS calls FROM latency_sums WHERE {days})"
)

_ROWS = ("call_rows", "latency_rows")
_HOUR = 3_600_000_000  # microseconds
_HOUR_OF = "(epoch_us(timestamp) // 3600000000)"
_HOURS_KEPT = 72  # of the present: from the last day that is sealed on, and some more where sealing is late

Found = dict[str, Any]


class DuckDBReading:
    """One moment of the database."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        seals: Sequence[Seal],
        stamps: Mapping[int, int] | None,
        memory: Memory,
    ) -> None:
        """Within a transaction of the cursor that has read these seals, and whose moment these stamps fit."""
        self._cursor = cursor
        self._seals = seals
        self._stamps = stamps
        self._memory = memory

    def facts(self, question: Question) -> Facts:
        """The sums of every group that has calls."""
        coverage = cover(question.window, _cut(question), self._seals, histogram=False)
        return facts_of(self._pieces(question, coverage, histogram=False), question, rounded=coverage.rounded)

    def latencies(self, question: Question) -> Latencies:
        """The histogram of response times of every group that has calls."""
        coverage = cover(question.window, _cut(question), self._seals, histogram=True)
        return latencies_of(self._pieces(question, coverage, histogram=True), question, rounded=coverage.rounded)

    def _pieces(self, question: Question, coverage: Coverage, *, histogram: bool) -> list[Partial]:
        ranges, hours = coverage.ranges, range(0)
        if ranges and self._stamps is not None:
            *others, (lo, hi) = ranges  # the last of them is the present, which is asked for again and again
            hours = range(max(-(-lo // _HOUR), hi // _HOUR - _HOURS_KEPT), hi // _HOUR)
            if hours:
                rest = [(lo, hours.start * _HOUR), (hours.stop * _HOUR, hi)]
                ranges = (*others, *((begin, end) for begin, end in rest if begin < end))
        partials = self._sealed(question, coverage.sealed, histogram=histogram)
        partials += self._hours(question, hours, histogram=histogram)
        partials += self._rows(question, ranges, histogram=histogram)
        return partials

    def _rows(self, question: Question, ranges: Sequence[tuple[int, int]], *, histogram: bool) -> list[Partial]:
        """What rows add, read now."""
        if not ranges:
            return []
        within = " OR ".join(["timestamp >= ? AND timestamp < ?"] * len(ranges))
        values: list[object] = [_instant(edge) for range_ in ranges for edge in range_]
        found = self._ask(question, _ROWS[histogram], f"({within})", values, histogram=histogram)
        return [_partial(question, found)]

    def _hours(self, question: Question, hours: range, *, histogram: bool) -> list[Partial]:
        """What the rows of these hours add: those that nobody has changed from memory."""
        stamps = self._stamps or {}
        names = {hour: name_of_hour(hour, stamps.get(hour, 0), question, histogram=histogram) for hour in hours}
        known = {hour: self._memory.recall(name) for hour, name in names.items()}
        missing = [hour for hour, partial in known.items() if partial is None]
        if missing:
            edges: list[object] = [_instant(missing[0] * _HOUR), _instant((missing[-1] + 1) * _HOUR)]
            within = f"timestamp >= ? AND timestamp < ? AND {_HOUR_OF} IN (SELECT unnest(?::BIGINT[]))"
            found = self._ask(
                question, _ROWS[histogram], within, [*edges, missing], histogram=histogram, also=f"{_HOUR_OF} AS hour"
            )
            for hour, partial in _each(question, found, "hour", missing):
                self._memory.keep(names[hour], partial)
                known[hour] = partial
        return [partial for partial in known.values() if partial is not None]

    def _sealed(self, question: Question, parts: Sequence[Part], *, histogram: bool) -> list[Partial]:
        """What sealed days add: those that were read before from memory."""
        partials: list[Partial] = []
        missing: dict[tuple[int, int] | None, dict[int, Part]] = {}
        for part in parts:
            known = self._memory.recall(name_of(part, question, histogram=histogram))
            if known is None:
                missing.setdefault(part.within, {})[part.seal.day] = part
            else:
                partials.append(known)
        for within, by_day in missing.items():
            days = list(by_day)
            source = (_DAYS if histogram else _HOURS).format(
                days=f"day BETWEEN {min(days)} AND {max(days)} AND day IN (SELECT unnest(?::INTEGER[]))"
            )
            where, edges = "true", []
            if within is not None:
                where, edges = "timestamp >= ? AND timestamp < ?", [_instant(second * 1_000_000) for second in within]
            found = self._ask(question, source, where, [days, *edges], histogram=histogram, also="day")
            for day, partial in _each(question, found, "day", days):
                self._memory.keep(name_of(by_day[day], question, histogram=histogram), partial)
                partials.append(partial)
        return partials

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
        keys = [f"{sql} AS {name}" for name, sql in asking.keys(question).items()]
        first = [] if also is None else [also]
        columns = ", ".join([*first, *keys, _COUNTED if histogram else _SUMMED])
        group = [*map(str, range(1, len(first) + len(keys) + 1)), *(["bucket"] if histogram else [])]
        grouped = f"GROUP BY {', '.join(group)}" if group else "HAVING count(*) > 0"
        order = "" if also is None else " ORDER BY 1"
        found = self._cursor.execute(
            f"SELECT {columns} FROM {source} WHERE {where} AND {filters} {grouped}{order}", [*values, *filtered]
        ).fetchnumpy()
        if not histogram:
            # Units of 1e-10 dollars: integers of any size, which neither a double nor 64 bits would hold.
            found["cost_sum"] = np.array([int(text.replace(".", "")) for text in found["cost_sum"]], dtype=object)
        return cast("Found", found)


def _cut(question: Question) -> Steps | None:
    return question.steps if Dimension.STEP in question.by else None


def _partial(question: Question, found: Found) -> Partial:
    return Partial(tuple(Keys.of(found.pop(str(name)).tolist()) for name in question.by), found)


def _each(question: Question, found: Found, column: str, values: list[int]) -> list[tuple[int, Partial]]:
    """The rows of each of these values of an ordered column, apart; without any for some."""
    own = found.pop(column)
    whole = _partial(question, found)
    begins = np.searchsorted(own, values, side="left").tolist()
    ends = np.searchsorted(own, values, side="right").tolist()
    return [(value, whole.rows(slice(begin, end))) for value, begin, end in zip(values, begins, ends, strict=True)]


def _instant(microseconds: int) -> datetime:
    return EARLIEST + timedelta(microseconds=microseconds)
