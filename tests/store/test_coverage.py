"""Every moment of a window is answered once: from sums, or from rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from augury.core.windows import Interval, Window, zone_named
from augury.store.coverage import DAY_S, Coverage, Seal, cover

START = datetime(2026, 3, 20, tzinfo=UTC)
FIRST = (START - datetime(1970, 1, 1, tzinfo=UTC)).days
TICKS = 1_000_000

windows = st.builds(
    lambda since, hours, minutes, zone: Window(
        start=START + timedelta(hours=since),
        end=START + timedelta(hours=since + hours, minutes=minutes),
        zone=zone_named(zone),
    ),
    since=st.integers(-10, 24 * 12),
    hours=st.integers(0, 24 * 12),
    minutes=st.sampled_from([60, 60, 60, 30, 17]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
seals = st.sets(st.integers(0, 14)).flatmap(
    lambda days: st.sets(st.sampled_from(sorted(days) or [0])).map(
        lambda final: [Seal(day=FIRST + day, number=day, final=day in final) for day in sorted(days)]
    )
)


def stretches(coverage: Coverage, window: Window) -> list[tuple[int, int]]:
    """What is covered, in microseconds, in order."""
    start, end = (round(edge.timestamp() * TICKS) for edge in (window.start, window.end))
    parts = []
    for part in coverage.sealed:
        lo, hi = part.within or (part.seal.day * DAY_S, (part.seal.day + 1) * DAY_S)
        parts.append((max(lo * TICKS, start), min(hi * TICKS, end)))
    return sorted([*parts, *coverage.ranges])


@given(windows, seals, st.sampled_from([None, *Interval]))
def test_facts_cover_the_window_without_a_gap_or_an_overlap(
    window: Window, sealed: list[Seal], interval: Interval | None
) -> None:
    steps = window.steps(interval) if interval else None
    coverage = cover(window, steps, sealed, histogram=False)
    found = stretches(coverage, window)
    assert found[0][0] == round(window.start.timestamp() * TICKS)
    assert found[-1][1] == round(window.end.timestamp() * TICKS)
    assert all(before[1] == after[0] for before, after in pairwise(found))


@given(windows, seals, st.sampled_from([None, *Interval]))
def test_histograms_are_exact_wherever_rows_are_left(
    window: Window, sealed: list[Seal], interval: Interval | None
) -> None:
    steps = window.steps(interval) if interval else None
    coverage = cover(window, steps, sealed, histogram=True)
    assert coverage.rounded or sum(hi - lo for lo, hi in stretches(coverage, window)) == round(
        (window.end - window.start).total_seconds() * TICKS
    )
    if not any(seal.final for seal in sealed):
        assert not coverage.rounded
    if steps:
        for part in coverage.sealed:
            seconds = range(part.seal.day * DAY_S, (part.seal.day + 1) * DAY_S, 900)
            assert len({steps.number(second) for second in seconds}) == 1


def test_whole_sealed_days_of_utc_need_no_rows() -> None:
    window = Window(start=START, end=START + timedelta(days=10))
    sealed = [Seal(day=FIRST + day, number=day) for day in range(9)]
    for histogram in (False, True):
        coverage = cover(window, window.steps(Interval.DAY), sealed, histogram=histogram)
        assert len(coverage.sealed) == 9
        assert coverage.ranges == (((FIRST + 9) * DAY_S * TICKS, (FIRST + 10) * DAY_S * TICKS),)
