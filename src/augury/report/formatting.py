"""How figures and times read, wherever people read them: on a page, in a document, in a terminal.

A figure is rounded for the eye, never across a line that matters: 99.97 % does not become 100 %, nor a cost of something $0.
Unknown is a dash; it is never 0.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil, floor, log10
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from augury.analytics.answers import Period

UNKNOWN = "\N{EN DASH}"
"""What is not known."""

_GLUE = "\N{NO-BREAK SPACE}"  # a figure and its unit stay on one line
_SECOND, _MINUTE, _HOUR = 1_000.0, 60_000.0, 3_600_000.0
_LONG_COUNT = 10_000_000
_LONG_UNITS = ((10**12, "T"), (10**9, "G"), (10**6, "M"))
_CENT_DIGITS, _PRICE_DIGITS = 2, 2
_CERTAIN = 99  # percent of a probability, at the most
_ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 20)  # 20: a quotient that floating point puts a little above 10


def count(value: float | None) -> str:
    """12,345."""
    return UNKNOWN if value is None else f"{floor(value + 0.5):,}"


def brief(value: float | None) -> str:
    """12,345 too, but 12.3 M from ten millions on, where digits no longer help."""
    if value is None or value < _LONG_COUNT:
        return count(value)
    size, letter = next(unit for unit in _LONG_UNITS if value >= unit[0])
    return f"{value / size:,.1f}{_GLUE}{letter}"


def decimal(value: float | None) -> str:
    """78.3."""
    return UNKNOWN if value is None else f"{value:,.1f}"


def percent(value: float | None) -> str:
    """98.7 %; 100 % and 0 % only where it is exactly that."""
    if value is None:
        return UNKNOWN
    if value in {0, 100}:
        return f"{value:.0f}{_GLUE}%"
    return f"{min(max(value, 0.1), 99.9):.1f}{_GLUE}%"


def chance(probability: float | None) -> str:
    """A probability, from 0 to 1: 79 %; at the ends <1 % and >99 %, since what is drawn is never known to be certain."""
    if probability is None:
        return UNKNOWN
    whole = round(round(100 * probability, 6))  # halves to even: those of two make 100
    if whole < 1:
        return f"<1{_GLUE}%"
    return f">99{_GLUE}%" if whole > _CERTAIN else f"{whole}{_GLUE}%"


def factor(value: float) -> str:
    """2.3x."""
    return f"{value:,.1f}x"


def duration(milliseconds: float | None) -> str:
    """842 ms, 2.5 s, 1.5 min, 3.0 h."""
    if milliseconds is None:
        return UNKNOWN
    if 0 < milliseconds < 1:
        return f"<1{_GLUE}ms"
    # Each limit lies where rounding would reach the next unit's first figure: 999.6 ms is 1.0 s, not 1000 ms.
    if milliseconds < _SECOND - 0.5:
        return f"{floor(milliseconds + 0.5)}{_GLUE}ms"
    if milliseconds < _MINUTE - 0.05 * _SECOND:
        return f"{milliseconds / _SECOND:.1f}{_GLUE}s"
    if milliseconds < _HOUR - 0.05 * _MINUTE:
        return f"{milliseconds / _MINUTE:.1f}{_GLUE}min"
    return f"{milliseconds / _HOUR:,.1f}{_GLUE}h"


def money(dollars: Decimal | float | None) -> str:
    """$1,234.50 and $0.0031: cents, and below a dollar as many places as two digits need."""
    if dollars is None:
        return UNKNOWN
    amount = Decimal(dollars)
    # The place of the first digit is that of the rounded amount: 0.00999 is $0.010.
    first = Decimal(f"{amount:.{_PRICE_DIGITS - 1}e}").adjusted() if amount else 0
    return f"${amount:,.{max(_CENT_DIGITS, _PRICE_DIGITS - 1 - first)}f}"


def plural(number: int, noun: str) -> str:
    """1 call, 2 calls."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def words(name: str) -> str:
    """A word of the vocabulary as people write it: function_calling is Function calling."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def ceiling(value: float) -> float:
    """The round number at or above a value, where an axis may end; 1 for nothing."""
    if value <= 0:
        return 1.0
    magnitude = 10.0 ** floor(log10(value))
    return float(next(step * magnitude for step in _ROUND if value <= step * magnitude))


def time_ceiling(milliseconds: float) -> float:
    """The same for durations, in whole units of what they are told in: an axis ends at 90 s or 2 min, not at 100 s."""
    for unit in (_HOUR, _MINUTE):
        if milliseconds >= unit:
            return ceiling(milliseconds / unit) * unit
    return ceiling(ceil(milliseconds))


def step_name(label: str, period: Period) -> str:
    """A step of a trend: 2026-03-01, or 2026-03-01 14:00 by the period's clocks."""
    if period.interval == "hour":
        return f"{_local(label, period):%Y-%m-%d %H:%M}"
    return label


def period_text(period: Period) -> str:
    """1 March 2026 to 30 March 2026; with times where it does not begin or end with a day."""
    since, until = _local(period.from_, period), _local(period.to, period)
    if since.time() == until.time() == datetime.min.time():
        last = until - timedelta(days=1)
        return _date(since) if since.date() == last.date() else f"{_date(since)} to {_date(last)}"
    return f"{_date(since)}, {since:%H:%M} to {_date(until)}, {until:%H:%M}"


def moment_text(moment: datetime, timezone: str) -> str:
    """24 November 2026, 09:05, by the clocks of the zone."""
    local = moment.astimezone(ZoneInfo(timezone))
    return f"{_date(local)}, {local:%H:%M}"


def _local(instant: str, period: Period) -> datetime:
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(period.timezone))


def _date(moment: datetime) -> str:
    return f"{moment.day}{_GLUE}{moment:%B}{_GLUE}{moment:%Y}"
