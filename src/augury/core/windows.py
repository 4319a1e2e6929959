"""Stretches of time, and how they are cut into hours, days, or weeks of somebody's time zone.

A window is half open: its start belongs to it, its end does not. Both are UTC instants; the time zone decides where days
and weeks begin. Cutting is integer arithmetic on seconds since 1970, so that every engine does it alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import cache
from itertools import pairwise
from math import ceil
from zoneinfo import ZoneInfo, available_timezones

from augury.errors import InvalidValue

MAX_DAYS = 3660
"""The longest window, in days: ten years and a bit."""

MAX_STEPS = 10_000
"""The most points that a trend may have."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_AN_HOUR = timedelta(hours=1)
_HOUR_S = 3_600
_DAY_S = 86_400
_WEEK_S = 7 * _DAY_S
_MONDAY_S = 3 * _DAY_S  # 1970-01-01 was a Thursday: this far before it a week began


class Interval(StrEnum):
    """The length of a trend's points."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Stretch:
    """From the second `since` on, a point of time t is in step (t + shift) // width."""

    since: int
    shift: int


@dataclass(frozen=True, slots=True)
class Steps:
    """A window cut into equal pieces of local time.

    Attributes:
        width: seconds of local time in a step.
        stretches: in order of time; the first is valid from the window's start. A new one begins where clocks change.
        first: the number of the step that holds the window's start.
        labels: a label for each step from the first on; none is left out.
    """

    width: int
    stretches: tuple[Stretch, ...]
    first: int
    labels: tuple[str, ...]

    def number(self, second: int) -> int:
        """The number of the step that holds this second since 1970."""
        shift = self.stretches[0].shift
        for stretch in self.stretches:
            if second >= stretch.since:
                shift = stretch.shift
        return (second + shift) // self.width


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A half-open stretch of time and the zone whose calendar divides it."""

    start: datetime
    end: datetime
    zone: tzinfo = field(default=UTC)

    @classmethod
    def last_days(cls, days: int, *, now: datetime, zone: tzinfo = UTC) -> Window:
        """The last `days` calendar days of the zone, today included.

        Raises:
            InvalidValue: `days` is not from 1 to MAX_DAYS.
        """
        if not 1 <= days <= MAX_DAYS:
            raise InvalidValue("days", f"a whole number from 1 to {MAX_DAYS}", days)
        today = now.astimezone(zone).date()
        first = max(today - timedelta(days=days - 1), EARLIEST.date())
        return cls(start=midnight(first, zone), end=midnight(today + timedelta(days=1), zone), zone=zone)

    @classmethod
    def between(cls, start: date | datetime, end: date | datetime, *, zone: tzinfo = UTC) -> Window:
        """From `start` to `end`: a date means the whole day, so that an end date is included; an instant is itself.

        Raises:
            InvalidValue: the end is not after the start, or the window is longer than MAX_DAYS.
        """
        for name, bound in (("from", start), ("to", end)):
            if not EARLIEST.year <= bound.year < LATEST.year:
                raise InvalidValue(name, "a time from 1970 to 2199", bound.isoformat())
        since = start if isinstance(start, datetime) else midnight(start, zone)
        until = end if isinstance(end, datetime) else midnight(end + timedelta(days=1), zone)
        since = max(since, EARLIEST)
        if until <= since:
            raise InvalidValue("to", f"a time after `from`, {start.isoformat()}", end.isoformat())
        if until - since > timedelta(days=MAX_DAYS + 1):
            raise InvalidValue("to", f"at most {MAX_DAYS} days after `from`", end.isoformat())
        return cls(start=since.astimezone(UTC), end=until.astimezone(UTC), zone=zone)

    def before(self, now: datetime) -> Window | None:
        """As long a time just before, by the zone's calendar; of a window that is not over, as much as has passed of it.

        None where that would be before EARLIEST, or nothing has passed.
        """
        start, end = (bound.astimezone(self.zone).replace(tzinfo=None) for bound in (self.start, self.end))
        passed = min(end, now.astimezone(self.zone).replace(tzinfo=None))
        since, until = ((bound - (end - start)).replace(tzinfo=self.zone).astimezone(UTC) for bound in (start, passed))
        return Window(start=since, end=until, zone=self.zone) if EARLIEST <= since < until else None

    def steps(self, interval: Interval) -> Steps:
        """The window cut into hours, days, or weeks (from Monday) of its zone.

        Raises:
            InvalidValue: there would be more than MAX_STEPS.
        """
        width = {Interval.HOUR: _HOUR_S, Interval.DAY: _DAY_S, Interval.WEEK: _WEEK_S}[interval]
        start, end = int(self.start.timestamp()), ceil(self.end.timestamp())
        if (end - start) // width > MAX_STEPS:
            raise InvalidValue(
                "interval", f"at most {MAX_STEPS} points; take a shorter period or longer steps", interval
            )
        stretches = tuple(
            Stretch(since, _shift(offset, interval)) for since, offset in _offsets(start, end, self.zone, interval)
        )
        steps = Steps(width, stretches, (start + stretches[0].shift) // width, ())
        last = steps.number(max(start, end - 1))
        labels = tuple(_label(number, interval, steps) for number in range(steps.first, last + 1))
        return Steps(width, stretches, steps.first, labels)


def zone_named(name: str) -> tzinfo:
    """The time zone of an IANA name such as "Europe/Berlin".

    Raises:
        InvalidValue: there is no such zone.
    """
    try:
        zone = ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: the name is a folder of zones, such as "Europe"
        zone = None
    if zone is None or (name != "UTC" and name not in _zones()):  # UTC is asked for without looking through the disk
        raise InvalidValue("timezone", 'an IANA time zone such as "UTC" or "Europe/Berlin"', name)
    return zone


@cache
def _zones() -> frozenset[str]:
    """Every IANA name, and no file beside them that is a zone of this machine, of none, or with leap seconds."""
    return frozenset(available_timezones() - {"localtime", "posixrules", "Factory"})


def day_of(when: datetime) -> int:
    """The UTC day of an instant, as days since 1970-01-01."""
    return (when - EARLIEST).days


def hour_of(when: datetime) -> int:
    """The UTC hour of an instant, as hours since 1970-01-01."""
    return (when - EARLIEST) // _AN_HOUR


def date_of(day: int) -> date:
    """The date of a UTC day."""
    return (EARLIEST + timedelta(days=day)).date()


def utc_text(when: datetime) -> str:
    """An instant to the second, as answers write it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def midnight(day: date, zone: tzinfo) -> datetime:
    """When the day begins in the zone, as a UTC instant; where clocks skip midnight, when they strike next."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _shift(offset: int, interval: Interval) -> int:
    if interval is Interval.HOUR:  # hours are told apart by instant, so that the hour lived twice stays two
        return offset % _HOUR_S
    return offset + (_MONDAY_S if interval is Interval.WEEK else 0)


def _offsets(start: int, end: int, zone: tzinfo, interval: Interval) -> list[tuple[int, int]]:
    """Where the zone's distance from UTC changes within the window: (second, new offset), the window's start first."""

    def offset(second: int) -> int:
        there = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
        return int(there.total_seconds()) if there is not None else 0

    found = [(start, offset(start))]
    for day in range(start, end, _DAY_S):
        before, after = day, min(day + _DAY_S, end)
        if offset(after) == found[-1][1]:
            continue
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if offset(middle) == found[-1][1] else (before, middle)
        if after < end:
            found.append((after, offset(after)))
    if interval is Interval.HOUR:  # a whole hour more or less changes nothing about where hours begin
        found = [found[0], *(now for was, now in pairwise(found) if (now[1] - was[1]) % _HOUR_S)]
    return found


def _label(number: int, interval: Interval, steps: Steps) -> str:
    if interval is not Interval.HOUR:
        second = number * steps.width - (_MONDAY_S if interval is Interval.WEEK else 0)
        return (EARLIEST + timedelta(seconds=second)).date().isoformat()
    shift = steps.stretches[0].shift
    for stretch in steps.stretches:
        if number * steps.width - stretch.shift >= stretch.since:
            shift = stretch.shift
    return (EARLIEST + timedelta(seconds=number * steps.width - shift)).strftime("%Y-%m-%dT%H:%M:%SZ")
