"""Which part of a question is answered from sums of sealed days, and which from rows.

Sums are kept by the hour, histograms by the UTC day. A sealed day whose sums cannot be cut as a question wants them is
answered from its rows; where those were pruned, from the nearest hour or day, and the answer tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from augury.core.windows import Steps, Window

HOUR_S = 3_600
DAY_S = 86_400
_TICKS = 1_000_000  # microseconds in a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A UTC day that is kept as sums.

    Attributes:
        day: days since 1970-01-01.
        number: told apart from every other seal, of this day too: what is read under one number never changes.
        final: the day's rows were pruned, and its sums stand for good.
        calls: how many it sums.
        overflow: the columns of which it had too many different values, so that the rarest are summed as "(other)".
    """

    day: int
    number: int
    final: bool = False
    calls: int = 0
    overflow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a sealed day adds to an answer: all of it, or the part within these seconds since 1970."""

    seal: Seal
    within: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How a question is answered.

    Attributes:
        sealed: from sums, in order of time.
        ranges: from rows: half-open stretches in microseconds since 1970, in order, apart from each other.
        rounded: something was placed by its hour or day, since its rows are gone.
    """

    sealed: tuple[Part, ...]
    ranges: tuple[tuple[int, int], ...]
    rounded: bool


def cover(window: Window, steps: Steps | None, seals: Iterable[Seal], *, histogram: bool) -> Coverage:
    """Divide a window between sums and rows.

    Args:
        window: what is asked for.
        steps: how the answer is cut, if it is.
        seals: the sealed days, in order.
        histogram: it is latencies that are asked for, which are kept by the day.
    """
    start, end = _ticks(window.start.timestamp()), _ticks(window.end.timestamp())
    sealed: list[Part] = []
    ranges: list[tuple[int, int]] = []
    rounded, upto = False, start
    for seal in seals:
        begins, ends = seal.day * DAY_S, (seal.day + 1) * DAY_S
        if ends * _TICKS <= start or begins * _TICKS >= end:
            continue
        lo, hi = max(begins * _TICKS, start), min(ends * _TICKS, end)
        fits = _day_fits(lo, hi, begins, steps) if histogram else _hours_fit(lo, hi, steps)
        if not fits and not seal.final:
            continue  # the rows tell better
        if lo > upto:
            ranges.append((upto, lo))
        upto = hi
        rounded = rounded or not fits
        part = _part(seal, lo, hi, steps, fits=fits, histogram=histogram)
        if part is not None:
            sealed.append(part)
    if upto < end:
        ranges.append((upto, end))
    return Coverage(sealed=tuple(sealed), ranges=tuple(ranges), rounded=rounded)


def _part(seal: Seal, lo: int, hi: int, steps: Steps | None, *, fits: bool, histogram: bool) -> Part | None:
    """What to take of a sealed day: None where it is too little of a histogram, or cannot be cut."""
    whole = hi - lo == DAY_S * _TICKS
    if not histogram:
        return Part(seal=seal, within=None if whole else (-(-lo // _TICKS), -(-hi // _TICKS)))
    if fits:
        return Part(seal=seal)
    return Part(seal=seal) if steps is None and 2 * (hi - lo) >= DAY_S * _TICKS else None


def _hours_fit(lo: int, hi: int, steps: Steps | None) -> bool:
    """Whether the stretch, and every step in it, begins and ends with an hour of UTC."""
    if lo % (HOUR_S * _TICKS) or hi % (HOUR_S * _TICKS):
        return False
    return steps is None or all(
        shift % HOUR_S == 0 and (since % HOUR_S == 0 or since * _TICKS <= lo)
        for since, shift in stretches_in(steps, lo // _TICKS, hi // _TICKS)
    )


def _day_fits(lo: int, hi: int, begins: int, steps: Steps | None) -> bool:
    """Whether the stretch is a whole UTC day that lies in one step."""
    if hi - lo != DAY_S * _TICKS:
        return False
    if steps is None:
        return True
    ends = begins + DAY_S
    edges = [begins, ends - 1]
    edges += [edge for since, _ in stretches_in(steps, begins, ends) for edge in (since - 1, since)]
    return len({steps.number(edge) for edge in edges if begins <= edge < ends}) == 1


def stretches_in(steps: Steps, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Where steps are shifted within these seconds: (second, shift), the start's first. The same for every window."""
    found = [(start, steps.stretches[0].shift)]
    for stretch in steps.stretches:
        if stretch.since <= start:
            found[0] = (start, stretch.shift)
        elif stretch.since < end:
            found.append((stretch.since, stretch.shift))
    return tuple(found)


def _ticks(seconds: float) -> int:
    return round(seconds * _TICKS)
