"""How questions are answered from one moment of a database: sealed days from sums, unchanged hours from memory, the rest from rows.

What is the same for every engine stands here; an engine adds the SQL that reads groups.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from augury.core.windows import day_of
from augury.store import asking
from augury.store.coverage import DAY_S, cover
from augury.store.partials import Keys, Partial, facts_of, latencies_of, name_of, name_of_hour, narrowed, wider
from augury.store.protocol import (
    COSTS,
    DOLLARS,
    LEAST,
    LOGARITHMS,
    MOST,
    SUMS,
    Conversations,
    ConversationSums,
    Dimension,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from augury.core.windows import Steps, Window
    from augury.store.coverage import Coverage, Part, Seal
    from augury.store.partials import Memory
    from augury.store.protocol import ConversationsQuestion, Facts, Filters, Latencies, Question

    Ranges = Sequence[tuple[int, int]]

HOUR_US = 3_600_000_000
HOURS_KEPT = 72
"""So many hours of the present are remembered: from the last day that is sealed on, and some more where sealing is late."""

Found = dict[str, Any]
"""Columns of groups: keys as arrays, and numbers."""


class PartialReading(ABC):
    """One moment of a database."""

    calls_table: ClassVar[str]
    """What calls are read from, one a row."""

    def __init__(
        self, seals: Sequence[Seal], stamps: Mapping[int, int] | None, memory: Memory, *, first_hour: int | None = 0
    ) -> None:
        """Of this moment.

        Args:
            seals: what is sealed, in order.
            stamps: by hour, what is the same for as long as its rows are; None: `_stamps_from` tells when it is asked.
            memory: of what was read before.
            first_hour: the first hour whose stamp is known; None where none is.
        """
        self._seals = seals
        self._stamps = stamps
        self._memory = memory
        self._first_hour = first_hour

    def _stamps_from(self, hour: int) -> Mapping[int, int]:
        """By hour from this one on, what is the same for as long as its rows are; without those that have none."""
        raise NotImplementedError

    @abstractmethod
    def _rows(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """What a statement finds."""

    @abstractmethod
    def _of_ranges(self, question: Question, ranges: Ranges, *, histogram: bool) -> Partial:
        """What rows within half-open ranges, in microseconds since 1970, add."""

    @abstractmethod
    def _of_hours(self, question: Question, hours: list[int], *, histogram: bool) -> list[tuple[int, Partial]]:
        """What the rows of each of these hours add: ascending, and near each other."""

    @abstractmethod
    def _of_days(
        self, question: Question, days: list[int], within: tuple[int, int] | None, *, histogram: bool
    ) -> list[tuple[int, Partial]]:
        """What the sums of each of these sealed days add, or of their part within these seconds since 1970."""

    def facts(self, question: Question) -> Facts:
        """The sums of every group that has calls."""
        coverage = cover(question.window, _cut(question), self._seals, histogram=False)
        return facts_of(self._pieces(question, coverage, histogram=False), question, rounded=coverage.rounded)

    def latencies(self, question: Question) -> Latencies:
        """The histogram of response times of every group that has calls."""
        coverage = cover(question.window, _cut(question), self._seals, histogram=True)
        return latencies_of(self._pieces(question, coverage, histogram=True), question, rounded=coverage.rounded)

    def conversations(self, question: ConversationsQuestion) -> Conversations:
        """The conversations, the dearest first."""
        rows = self._rows(*asking.conversations(self.calls_table, question))
        conversations, priced, calls, cost = rows[0][:4]
        page = [sums_of(row[4:]) for row in rows if row[4] is not None]
        return Conversations(conversations=conversations, priced=priced, calls=calls, cost=_units(cost), page=page)

    def failures(self, window: Window, filters: Filters) -> dict[str, int]:
        """How many calls failed with which error type."""
        return dict(self._rows(*asking.failures(self.calls_table, window, filters)))

    def pruned(self, window: Window) -> bool:
        """Whether rows of the window are gone."""
        begins, ends = day_of(window.start), -(-window.end.timestamp() // DAY_S)
        return any(seal.final and begins <= seal.day < ends for seal in self._seals)

    def _pieces(self, question: Question, coverage: Coverage, *, histogram: bool) -> list[Partial]:
        ranges, hours = coverage.ranges, range(0)
        if ranges and self._first_hour is not None:
            *others, (lo, hi) = ranges  # the last of them is the present, which is asked for again and again
            hours = range(max(-(-lo // HOUR_US), hi // HOUR_US - HOURS_KEPT, self._first_hour), hi // HOUR_US)
            if hours:
                rest = [(lo, hours.start * HOUR_US), (hours.stop * HOUR_US, hi)]
                ranges = (*others, *((begin, end) for begin, end in rest if begin < end))
        partials = self._sealed(question, coverage.sealed, histogram=histogram)
        partials += self._hours(question, hours, histogram=histogram)
        if ranges:
            partials.append(self._of_ranges(question, ranges, histogram=histogram))
        return partials

    def _hours(self, question: Question, hours: range, *, histogram: bool) -> list[Partial]:
        """What the rows of these hours add: those that nobody has changed from memory."""
        if self._stamps is None and hours:
            self._stamps = self._stamps_from(self._first_hour or 0)
        stamps = self._stamps or {}
        names = {hour: partial(name_of_hour, hour, stamps.get(hour, 0), histogram=histogram) for hour in hours}
        known = {hour: self._recall(question, name) for hour, name in names.items()}
        missing = [hour for hour, piece in known.items() if piece is None]
        if missing:
            for hour, found in self._of_hours(question, missing, histogram=histogram):
                self._memory.keep(names[hour](question), found)
                known[hour] = found
        return [piece for piece in known.values() if piece is not None]

    def _sealed(self, question: Question, parts: Sequence[Part], *, histogram: bool) -> list[Partial]:
        """What sealed days add: those that were read before from memory."""
        partials: list[Partial] = []
        missing: dict[tuple[int, int] | None, dict[int, Part]] = {}
        for part in parts:
            known = self._recall(question, partial(name_of, part, histogram=histogram))
            if known is None:
                missing.setdefault(part.within, {})[part.seal.day] = part
            else:
                partials.append(known)
        for within, by_day in missing.items():
            for day, found in self._of_days(question, list(by_day), within, histogram=histogram):
                self._memory.keep(name_of(by_day[day], question, histogram=histogram), found)
                partials.append(found)
        return partials

    def _recall(self, question: Question, name: Callable[[Question], Hashable]) -> Partial | None:
        """What is remembered for a question, or can be picked out of what is remembered for a wider one."""
        known = self._memory.recall(name(question))
        if (
            known is None
            and (wide := wider(question)) is not None
            and (whole := self._memory.recall(name(wide))) is not None
        ):
            known = narrowed(whole, question)
            self._memory.keep(name(question), known)
        return known


def summed(text: str, number: str, double: str, *, costs: bool) -> str:
    """The columns that facts are summed into: dollars as text, and others as an engine's integer and double."""
    return ", ".join(
        [f"sum({name})::{text if name in DOLLARS else number} AS {name}" for name in (*SUMS, *(COSTS if costs else ()))]
        + [f"sum({name})::{double} AS {name}" for name in LOGARITHMS]
        + [f"min({LEAST})::{number} AS {LEAST}", f"max({MOST})::{number} AS {MOST}"]
    )


def exact(costs: Iterable[str]) -> Any:
    """Costs in units of 1e-10 dollars: integers of any size, which neither a double nor 64 bits would hold."""
    return np.array([_units(text) for text in costs], dtype=object)


def partial_of(question: Question, found: Found) -> Partial:
    """Groups, as a piece of an answer."""
    return Partial(tuple(Keys.of(found.pop(str(name)).tolist()) for name in question.by), found)


def each(question: Question, found: Found, column: str, values: list[int]) -> list[tuple[int, Partial]]:
    """The rows of each of these values of an ordered column, apart; without any for some."""
    own = found.pop(column)
    whole = partial_of(question, found)
    begins = np.searchsorted(own, values, side="left").tolist()
    ends = np.searchsorted(own, values, side="right").tolist()
    return [(value, whole.rows(slice(begin, end))) for value, begin, end in zip(values, begins, ends, strict=True)]


def sums_of(row: tuple[Any, ...]) -> ConversationSums:
    """One conversation, from its columns."""
    conversation, calls, successes, tokens, cost, priced, priced_successes, up, down, priced_up, first, last = row
    return ConversationSums(
        conversation_id=conversation,
        calls=calls,
        successes=successes,
        tokens=tokens,
        cost=_units(cost),
        priced_calls=priced,
        priced_successes=priced_successes,
        thumbs_up=up,
        thumbs_down=down,
        priced_thumbs_up=priced_up,
        first=first.astimezone(UTC),
        last=last.astimezone(UTC),
    )


def _units(dollars: str) -> int:
    """Dollars with ten decimals, in units of the last of them."""
    return int(dollars.replace(".", ""))


def _cut(question: Question) -> Steps | None:
    return question.steps if Dimension.STEP in question.by else None
