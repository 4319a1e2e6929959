from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from augury.core.windows import EARLIEST, MAX_DAYS, MAX_STEPS, Interval, Steps, Window, midnight, zone_named
from augury.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
KOLKATA = ZoneInfo("Asia/Kolkata")  # +5:30
KATHMANDU = ZoneInfo("Asia/Kathmandu")  # +5:45
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # +10:30, in summer half an hour more
ZONES = st.sampled_from(
    [
        ZoneInfo("UTC"),
        BERLIN,
        NEW_YORK,
        KOLKATA,
        KATHMANDU,
        LORD_HOWE,
        ZoneInfo("America/Sao_Paulo"),  # until 2019 its clocks changed at midnight
        ZoneInfo("America/St_Johns"),  # -3:30 and -2:30
        ZoneInfo("Pacific/Kiritimati"),  # +14
        ZoneInfo("Pacific/Marquesas"),  # -9:30
    ]
)
HOUR = timedelta(hours=1)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def label(steps: Steps, instant: datetime) -> str:
    return steps.labels[steps.number(int(instant.timestamp())) - steps.first]


# ── the last days ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_day_is_today_from_midnight_to_midnight() -> None:
    window = Window.last_days(1, now=at(2026, 5, 6, 13, 14))
    assert (window.start, window.end) == (at(2026, 5, 6), at(2026, 5, 7))


def test_thirty_days_are_today_and_the_29_before() -> None:
    window = Window.last_days(30, now=at(2026, 11, 20, 12))
    assert (window.start, window.end) == (at(2026, 10, 22), at(2026, 11, 21))


def test_today_is_the_zones_and_not_that_of_utc() -> None:
    window = Window.last_days(1, now=at(2026, 5, 6, 23), zone=KOLKATA)
    assert (window.start, window.end) == (at(2026, 5, 6, 18, 30), at(2026, 5, 7, 18, 30))


def test_at_the_stroke_of_midnight_the_new_day_is_today() -> None:
    assert Window.last_days(1, now=at(2026, 5, 6)).start == at(2026, 5, 6)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, date(2026, 3, 29), 23.0),
        (BERLIN, date(2026, 10, 25), 25.0),
        (NEW_YORK, date(2026, 3, 8), 23.0),
        (NEW_YORK, date(2026, 11, 1), 25.0),
        (LORD_HOWE, date(2026, 10, 4), 23.5),
        (LORD_HOWE, date(2026, 4, 5), 24.5),
        (KOLKATA, date(2026, 3, 29), 24.0),
        (KATHMANDU, date(2026, 3, 29), 24.0),
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(zone: ZoneInfo, day: date, hours: float) -> None:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    window = Window.last_days(1, now=noon, zone=zone)
    assert window.end - window.start == timedelta(hours=hours)
    assert window.steps(Interval.DAY).labels == (day.isoformat(),)


@pytest.mark.parametrize("days", [0, -1, MAX_DAYS + 1])
def test_too_few_and_too_many_days_are_refused_by_name(days: int) -> None:
    with pytest.raises(InvalidValue, match="from 1 to 3660") as caught:
        Window.last_days(days, now=at(2026, 5, 6))
    assert caught.value.field == "days"


def test_the_longest_window_may_be_asked_for() -> None:
    assert len(Window.last_days(MAX_DAYS, now=at(2026, 5, 6)).steps(Interval.DAY).labels) == MAX_DAYS


def test_no_window_begins_before_1970() -> None:
    assert Window.last_days(MAX_DAYS, now=at(1971, 1, 1)).start == EARLIEST


@settings(deadline=None)
@given(days=st.integers(1, 400), now=st.datetimes(datetime(2012, 1, 1), datetime(2035, 1, 1)), zone=ZONES)  # noqa: DTZ001 - aware below
def test_the_last_days_are_that_many_local_days_and_hold_now(days: int, now: datetime, zone: ZoneInfo) -> None:
    present = now.replace(tzinfo=UTC)
    window = Window.last_days(days, now=present, zone=zone)
    labels = window.steps(Interval.DAY).labels
    assert window.start <= present < window.end
    assert len(labels) == days
    assert labels[-1] == present.astimezone(zone).date().isoformat()


# ── between ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_end_date_is_included() -> None:
    window = Window.between(date(2026, 1, 1), date(2026, 1, 31), zone=BERLIN)
    assert (window.start, window.end) == (at(2025, 12, 31, 23), at(2026, 1, 31, 23))


def test_an_instant_is_itself() -> None:
    window = Window.between(datetime(2026, 1, 1, 9, tzinfo=BERLIN), at(2026, 1, 1, 9, 30))
    assert (window.start, window.end) == (at(2026, 1, 1, 8), at(2026, 1, 1, 9, 30))


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (date(1969, 12, 31), date(2026, 1, 1), "from"),
        (date(2200, 1, 2), date(2200, 1, 3), "from"),
        (date(2026, 1, 2), date(2026, 1, 1), "to"),
        (at(2026, 1, 1), at(2026, 1, 1), "to"),
        (date(2010, 1, 1), date(2026, 1, 1), "to"),
    ],
)
def test_bounds_that_make_no_window_are_refused_by_name(start: date, end: date, field: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        Window.between(start, end)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("start", "end", "zone", "field"),
    [
        (date(2026, 1, 1), date.max, UTC, "to"),
        (date.min, date(2026, 1, 1), KOLKATA, "from"),
    ],
)
def test_the_first_and_the_last_date_there_is_are_refused_by_name(
    start: date, end: date, zone: ZoneInfo, field: str
) -> None:
    with pytest.raises(InvalidValue) as caught:
        Window.between(start, end, zone=zone)
    assert caught.value.field == field


# ── zones ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_zone_has_its_iana_name() -> None:
    assert zone_named("Europe/Berlin") == BERLIN


@pytest.mark.parametrize("name", ["UTC", "Asia/Kathmandu", "US/Pacific", "Etc/GMT+12", "EST5EDT"])
def test_an_old_or_an_abstract_zone_is_one_too(name: str) -> None:
    assert zone_named(name) == ZoneInfo(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "Europe", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "\0", "\ud800", "x" * 5_000, "localtime", "posixrules",
        "Factory", "right/UTC", "posix/Europe/Berlin", "tzdata.zi",
    ],
)  # fmt: skip
def test_what_is_no_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        zone_named(name)
    assert caught.value.field == "timezone"


def test_a_midnight_that_clocks_skip_is_when_they_strike_next() -> None:
    assert midnight(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo")) == at(2018, 11, 4, 3)


# ── steps ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def local_day(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).date().isoformat()


def local_monday(instant: datetime, zone: ZoneInfo) -> str:
    day = instant.astimezone(zone).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def local_hour(instant: datetime, zone: ZoneInfo) -> str:
    there = instant.astimezone(zone)
    start = instant - timedelta(minutes=there.minute, seconds=there.second, microseconds=there.microsecond)
    return start.strftime("%Y-%m-%dT%H:%M:%SZ")


ORACLES: dict[Interval, Callable[[datetime, ZoneInfo], str]] = {
    Interval.HOUR: local_hour,
    Interval.DAY: local_day,
    Interval.WEEK: local_monday,
}


def minutes_change(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks move by a part of an hour close to the instant: Lord Howe's hours are then not of one length."""
    offsets = {(instant + step).astimezone(zone).utcoffset() or timedelta() for step in (-HOUR, timedelta(), HOUR)}
    return len({offset % HOUR for offset in offsets}) > 1


@settings(deadline=None)
@given(
    start=st.datetimes(datetime(2012, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 - aware below
    hours=st.integers(1, 24 * 200),
    share=st.floats(0, 1, exclude_max=True),
    zone=ZONES,
    interval=st.sampled_from(Interval),
)
@example(datetime(2026, 3, 28, 23), 23, 0.1, BERLIN, Interval.HOUR)  # noqa: DTZ001
@example(datetime(2026, 10, 24, 22), 25, 0.1, BERLIN, Interval.HOUR)  # noqa: DTZ001
@example(datetime(2026, 10, 20), 240, 0.5, BERLIN, Interval.DAY)  # noqa: DTZ001
@example(datetime(2026, 10, 20), 240, 0.9, NEW_YORK, Interval.WEEK)  # noqa: DTZ001
@example(datetime(2026, 4, 4), 48, 0.9, LORD_HOWE, Interval.DAY)  # noqa: DTZ001
def test_a_step_is_the_local_day_or_week_or_hour_that_holds_the_instant(
    start: datetime, hours: int, share: float, zone: ZoneInfo, interval: Interval
) -> None:
    since = start.replace(tzinfo=UTC, microsecond=0)
    window = Window(start=since, end=since + hours * HOUR, zone=zone)
    instant = since + timedelta(seconds=int(share * hours * 3_600))
    assume(interval is not Interval.HOUR or not minutes_change(instant, zone))
    assert label(window.steps(interval), instant) == ORACLES[interval](instant, zone)


@settings(deadline=None)
@given(
    start=st.datetimes(datetime(2012, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 - aware below
    hours=st.integers(1, 24 * 100),
    zone=ZONES,
    interval=st.sampled_from(Interval),
)
def test_labels_rise_and_none_is_missing(start: datetime, hours: int, zone: ZoneInfo, interval: Interval) -> None:
    since = start.replace(tzinfo=UTC, microsecond=0)
    steps = Window(start=since, end=since + hours * HOUR, zone=zone).steps(interval)
    moments = [datetime.fromisoformat(one) for one in steps.labels]
    strides = {after - before for before, after in pairwise(moments)}
    if interval is Interval.HOUR:
        assert strides <= {HOUR, 1.5 * HOUR, 0.5 * HOUR}
    else:
        assert strides <= {timedelta(days=7 if interval is Interval.WEEK else 1)}
    seconds = range(int(since.timestamp()), int((since + hours * HOUR).timestamp()), 1_799)
    numbers = [steps.number(second) for second in seconds]
    assert numbers == sorted(numbers)
    assert {number - steps.first for number in numbers} <= set(range(len(steps.labels)))


def test_the_hour_that_is_lived_twice_stays_two() -> None:
    window = Window.last_days(1, now=at(2026, 10, 25, 12), zone=BERLIN)
    labels = window.steps(Interval.HOUR).labels
    assert len(labels) == 25
    assert labels[2:4] == ("2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z")  # 02:00 in summer, 02:00 in winter


def test_a_day_of_23_hours_has_23_labels() -> None:
    assert len(Window.last_days(1, now=at(2026, 3, 29, 12), zone=BERLIN).steps(Interval.HOUR).labels) == 23


@pytest.mark.parametrize(("zone", "minute"), [(KOLKATA, "30"), (KATHMANDU, "15"), (BERLIN, "00")])
def test_hours_begin_when_the_zones_clocks_strike(zone: ZoneInfo, minute: str) -> None:
    labels = Window.last_days(2, now=at(2026, 5, 6, 12), zone=zone).steps(Interval.HOUR).labels
    assert len(labels) == 48
    assert {one[14:16] for one in labels} == {minute}


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 10, 4), 23), (date(2026, 4, 5), 25)])
def test_where_clocks_move_by_half_an_hour_one_hour_is_longer_or_shorter(day: date, hours: int) -> None:
    labels = Window.between(day, day, zone=LORD_HOWE).steps(Interval.HOUR).labels
    assert len(labels) == hours
    assert list(labels) == sorted(set(labels))


def test_a_day_that_a_zone_skipped_has_its_label_all_the_same() -> None:
    window = Window.between(date(2011, 12, 28), date(2012, 1, 2), zone=ZoneInfo("Pacific/Apia"))
    steps = window.steps(Interval.DAY)
    assert "2011-12-30" in steps.labels
    assert label(steps, at(2011, 12, 30, 9, 59)) == "2011-12-29"
    assert label(steps, at(2011, 12, 30, 10)) == "2011-12-31"


def test_a_week_begins_on_monday_before_the_window_does() -> None:
    window = Window.between(date(2026, 1, 1), date(2026, 1, 31))
    assert window.steps(Interval.WEEK).labels == ("2025-12-29", "2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26")


def test_more_points_than_can_be_drawn_are_refused_by_name() -> None:
    window = Window.between(at(2020, 1, 1), at(2020, 1, 1) + (MAX_STEPS + 1) * HOUR)
    with pytest.raises(InvalidValue, match="10000 points") as caught:
        window.steps(Interval.HOUR)
    assert caught.value.field == "interval"


def test_a_window_that_ends_within_a_second_has_a_label_for_its_last_instant() -> None:
    window = Window.between(at(2026, 1, 1, 10), at(2026, 1, 1, 12) + timedelta(milliseconds=500))
    assert window.steps(Interval.HOUR).labels[-1] == "2026-01-01T12:00:00Z"
