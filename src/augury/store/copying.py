"""From one database to another, whatever engines they are on: what is missing is added, and then both are compared by the day.

Calls travel as the checked Parquet files that stores give and take, some ten thousand in a transaction, and are recognised by
their ids. So a copy may be interrupted anywhere, killed even; done again, it goes on where it was. A day that gives the same
sums on both sides is not sent again. Of days whose calls were pruned the sums travel.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from augury.core.windows import EARLIEST, LATEST, Steps, Stretch, Window, day_of
from augury.errors import StoreError
from augury.store.protocol import LEAST, MOST, SUMS, Added, Dimension, Filters, Question

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from augury.store.protocol import Store

AT_ONCE = 50_000
"""About so many calls are sent in one transaction."""

_DAY = timedelta(days=1)
_ASKED = 7  # days, of which sums are asked for at once: where they are not sealed, all their rows are read for it
_DAYS = Steps(width=86_400, stretches=(Stretch(since=0, shift=0),), first=0, labels=())

Columns = dict[str, list[Any]]
"""A table, column by column."""

DaySums = dict[str, int]
"""What the calls of a day add up to, by the names of SUMS, LEAST, and MOST; empty where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalDay:
    """What is left of a day whose calls were pruned.

    Attributes:
        day: days since 1970-01-01.
        calls: how many they were.
        overflow: see `augury.store.coverage.Seal`.
        hours: the day's rows of the table `call_sums`.
        latencies: and of `latency_sums`.
    """

    day: int
    calls: int
    overflow: tuple[str, ...]
    hours: Columns
    latencies: Columns


class Why(StrEnum):
    """Why a day is not the same on both sides."""

    MORE = "more"  # all is there, and calls beside it that the source does not have: nothing is wrong
    BEHIND = "behind"  # not all of it is there: the source was written to meanwhile
    CHANGED = "changed"  # all calls are there, and some were rated, priced, or reported on since
    PRUNED = "pruned"  # the target's calls of that day were pruned, and it takes no others
    SUMS = "sums"  # only sums are left of it, and the target has something else of that day


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A day (since 1970-01-01) that is not the same on both sides."""

    day: int
    why: Why
    source: DaySums
    target: DaySums

    @property
    def measures(self) -> list[str]:
        """The sums that differ."""
        return [name for name in (*SUMS, LEAST, MOST) if self.source.get(name, 0) != self.target.get(name, 0)]


@dataclass(slots=True)
class Copying:
    """A source, a target, and how far it is from one to the other. First `sums`, then `calls`, then `differences`."""

    source: Store
    target: Store
    at_once: int = AT_ONCE
    sample: bool = field(init=False)
    """The calls are generated, which the target knows from here on."""

    total: int = field(init=False)
    """How many calls the source has."""

    final_days: list[int] = field(init=False)
    """The days of which the source has only sums."""

    _sent: dict[int, int] = field(init=False, default_factory=dict)  # how many calls of a day are there for certain

    def __post_init__(self) -> None:
        """See what is there.

        Raises:
            StoreError: one of them is sample traffic and the other is not.
        """
        here, there = self.source.describe(), self.target.describe()
        empty = not (there.calls or there.sealed_days)
        if here.sample != there.sample and not (here.sample and empty):
            sample, real = (here, there) if here.sample else (there, here)
            raise StoreError(
                f"{sample.url} is sample traffic, {real.url} is not, and together nobody could tell them apart; "
                "copy into a new database"
            )
        self.sample, self.total = here.sample, here.calls
        self.final_days = [seal.day for seal in self.source.seals() if seal.final]
        if here.sample and not there.sample:
            self.target.mark_as_sample()

    def sums(self) -> Iterator[bool]:
        """Copy the days of which only sums are left; for each whether it went in, or something was there already."""
        there = {seal.day for seal in self.target.seals()}
        for day in self.final_days:
            yield day not in there and self.target.keep_final_day(self.source.final_day(day))

    def calls(self) -> Iterator[Added]:
        """Copy the calls that the target does not have; what became of some after the other, oldest first."""
        final = set(self.final_days)
        with TemporaryDirectory(prefix="augury-copy-") as folder:
            for days in _weeks(day for day in _days(self.source) if day not in final):
                here, there = _sums(self.source, days), _sums(self.target, days)
                same = [day for day in here if here[day] == there.get(day)]
                if same:
                    self._sent |= {day: here[day]["calls"] for day in same}
                    yield Added(stored=0, known=sum(here[day]["calls"] for day in same))
                missing = {day: here[day]["calls"] for day in days if day in here and day not in same}
                for run in _runs(missing, self.at_once):
                    yield from self._send(run, Path(folder) / "calls.parquet")

    def _send(self, run: Mapping[int, int], file: Path) -> Iterator[Added]:
        """Send days that follow each other, given how many calls each has; in parts where they are many."""
        expected = sum(run.values())
        parts = -(-expected // self.at_once)
        start, length = EARLIEST + min(run) * _DAY, len(run) * _DAY
        taken = 0
        for number in range(parts):
            window = Window(start=start + length * number // parts, end=start + length * (number + 1) // parts)
            self.source.export(window, file)
            added = self.target.append_file(file)
            taken += added.stored + added.known
            yield added
        if taken == expected:
            self._sent |= run

    def differences(self) -> Iterator[tuple[int, int, list[Difference]]]:
        """Compare both sides; for some days after the other how many they are, how many are left, and which differ."""
        final = dict.fromkeys(_final(self.target), Why.PRUNED) | dict.fromkeys(_final(self.source), Why.SUMS)
        days = sorted({*_days(self.source), *_days(self.target)})
        left = len(days)
        for week in _weeks(days):
            here, there = _sums(self.source, week), _sums(self.target, week)
            left -= len(week)
            found = [
                Difference(
                    day=day,
                    why=self._why(day, here.get(day, {}), there.get(day, {}), final.get(day)),
                    source=here.get(day, {}),
                    target=there.get(day, {}),
                )
                for day in week
                if here.get(day) != there.get(day)
            ]
            yield len(week), left, found

    def _why(self, day: int, here: DaySums, there: DaySums, final: Why | None) -> Why:
        if not here:
            return Why.MORE
        if final is not None:
            return final
        ours, theirs = here["calls"], there.get("calls", 0)
        if theirs < ours or self._sent.get(day) != ours:
            return Why.BEHIND
        return Why.MORE if theirs > ours else Why.CHANGED


def _days(store: Store) -> list[int]:
    """The days that a store has calls or sums of, in order."""
    return sorted({*store.unsealed(day_of(LATEST)), *(seal.day for seal in store.seals())})


def _final(store: Store) -> list[int]:
    return [seal.day for seal in store.seals() if seal.final]


def _weeks(days: Iterable[int]) -> Iterator[list[int]]:
    """The days, some that are near each other at a time."""
    return (list(week) for _, week in groupby(days, key=lambda day: day // _ASKED))


def _runs(calls: Mapping[int, int], at_once: int) -> Iterator[dict[int, int]]:
    """Days that follow each other, as many as are sent at once, given how many calls each has."""
    run: dict[int, int] = {}
    for day, count in calls.items():
        if run and (day - 1 not in run or sum(run.values()) + count > at_once):
            yield run
            run = {}
        run[day] = count
    if run:
        yield run


def _sums(store: Store, days: list[int]) -> dict[int, DaySums]:
    """What the calls add up to, of each of these days that has some."""
    window = Window(start=EARLIEST + days[0] * _DAY, end=EARLIEST + (days[-1] + 1) * _DAY)
    question = Question(window=window, filters=Filters(operations=None), by=(Dimension.STEP,), steps=_DAYS)
    facts = store.facts(question)
    names = (*SUMS, LEAST, MOST)
    rows = zip(*(facts.sums[name].tolist() for name in names), strict=True)
    return {
        int(day): dict(zip(names, row, strict=True))
        for day, row in zip(facts.keys[Dimension.STEP], rows, strict=True)
        if int(day) in days
    }
