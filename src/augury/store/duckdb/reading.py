"""Questions asked of a DuckDB file, all within one transaction: what they see is one moment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from augury.core.windows import EARLIEST
from augury.store import asking
from augury.store.coverage import cover
from augury.store.partials import Keys, Partial, facts_of, latencies_of, name_of
from augury.store.protocol import LEAST, LOGARITHMS, MOST, SUMS, Dimension

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    import duckdb

    from augury.store.coverage import Coverage, Part, Seal
    from augury.store.partials import SealedMemory
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

Found = dict[str, Any]
_Group = list[str]


class DuckDBReading:
    """One moment of the database."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, seals: Sequence[Seal], memory: SealedMemory) -> None:
        """Within a transaction of the cursor that has read these seals."""
        self._cursor = cursor
        self._seals = seals
        self._memory = memory

    def facts(self, question: Question) -> Facts:
        """The sums of every group that has calls."""
        cut = question.steps if Dimension.STEP in question.by else None
        coverage = cover(question.window, cut, self._seals, histogram=False)
        partials = self._sealed(question, coverage, histogram=False)
        partials += self._rows(question, coverage, "call_rows", _SUMMED, _facts, by=())
        return facts_of(partials, question, rounded=coverage.rounded)

    def latencies(self, question: Question) -> Latencies:
        """The histogram of response times of every group that has calls."""
        cut = question.steps if Dimension.STEP in question.by else None
        coverage = cover(question.window, cut, self._seals, histogram=True)
        partials = self._sealed(question, coverage, histogram=True)
        partials += self._rows(question, coverage, "latency_rows", _COUNTED, _counts, by=("bucket",))
        return latencies_of(partials, question, rounded=coverage.rounded)

    def _rows(
        self,
        question: Question,
        coverage: Coverage,
        view: str,
        selected: str,
        read: Callable[[Found], Found],
        by: tuple[str, ...],
    ) -> list[Partial]:
        """What the rows of open days add."""
        if not coverage.ranges:
            return []
        within = " OR ".join(["timestamp >= ? AND timestamp < ?"] * len(coverage.ranges))
        values: list[object] = [_instant(edge) for range_ in coverage.ranges for edge in range_]
        where, filtered = asking.where(question.filters, None)
        keys = asking.keys(question)
        columns = ", ".join([*(f"{sql} AS {name}" for name, sql in keys.items()), selected])
        group = ", ".join([*map(str, range(1, len(keys) + 1)), *by])
        grouped = f"GROUP BY {group}" if group else "HAVING count(*) > 0"
        found = self._ask(f"SELECT {columns} FROM {view} WHERE ({within}) AND {where} {grouped}", [*values, *filtered])
        return [_partial(question, found, read)]

    def _sealed(self, question: Question, coverage: Coverage, *, histogram: bool) -> list[Partial]:
        """What sealed days add: those that were read before from memory."""
        partials: list[Partial] = []
        missing: dict[tuple[int, int] | None, list[Part]] = {}
        for part in coverage.sealed:
            known = self._memory.recall(name_of(part, question, histogram=histogram))
            if known is None:
                missing.setdefault(part.within, []).append(part)
            else:
                partials.append(known)
        for within, parts in missing.items():
            for part, partial in self._read(question, within, parts, histogram=histogram):
                self._memory.keep(name_of(part, question, histogram=histogram), partial)
                partials.append(partial)
        return partials

    def _read(
        self, question: Question, within: tuple[int, int] | None, parts: list[Part], *, histogram: bool
    ) -> list[tuple[Part, Partial]]:
        """What each of these days adds, in one question; of a part of a day where `within` says so."""
        days = [part.seal.day for part in parts]
        source = (_DAYS if histogram else _HOURS).format(
            days=f"day BETWEEN {min(days)} AND {max(days)} AND day IN (SELECT unnest(?::INTEGER[]))"
        )
        where, values = asking.where(question.filters, None)
        if within is not None:
            where += " AND timestamp >= ? AND timestamp < ?"
            values += [_instant(second * 1_000_000) for second in within]
        keys = asking.keys(question)
        columns = ", ".join(
            ["day", *(f"{sql} AS {name}" for name, sql in keys.items()), _COUNTED if histogram else _SUMMED]
        )
        group = ", ".join([*map(str, range(1, len(keys) + 2)), *(["bucket"] if histogram else [])])
        found = self._ask(
            f"SELECT {columns} FROM {source} WHERE {where} GROUP BY {group} ORDER BY day", [days, *values]
        )
        day_of = found.pop("day")
        whole = _partial(question, found, _counts if histogram else _facts)
        begins = np.searchsorted(day_of, days, side="left").tolist()
        ends = np.searchsorted(day_of, days, side="right").tolist()
        return [(part, whole.rows(slice(begin, end))) for part, begin, end in zip(parts, begins, ends, strict=True)]

    def _ask(self, sql: str, values: list[object]) -> Found:
        return cast("Found", self._cursor.execute(sql, values).fetchnumpy())


def _partial(question: Question, found: Found, read: Callable[[Found], Found]) -> Partial:
    keys = tuple(Keys.of(found.pop(str(name)).tolist()) for name in question.by)
    return Partial(keys, read(found))


def _facts(found: Found) -> Found:
    # Units of 1e-10 dollars: integers of any size, which neither a double nor 64 bits would hold.
    found["cost_sum"] = np.array([int(text.replace(".", "")) for text in found["cost_sum"]], dtype=object)
    return found


def _counts(found: Found) -> Found:
    return found


def _instant(microseconds: int) -> datetime:
    return EARLIEST + timedelta(microseconds=microseconds)
