from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.analytics.answers import Point
from augury.analytics.tally import nothing
from augury.report import plots

if TYPE_CHECKING:
    from augury.report.plots import Series

SERIES = st.lists(st.none() | st.floats(0, 1e6), max_size=40)
EMPTY = Point(date="2026-01-01", **nothing())


def point(calls: int, success_rate: float | None, cost: float | None = None) -> Point:
    return replace(EMPTY, total_calls=calls, success_rate=success_rate, cost_per_call=cost)


@given(SERIES)
def test_a_line_has_as_many_pieces_as_there_are_runs_of_known_values(values: Series) -> None:
    known = [value is not None for value in values]
    runs = sum(now and not before for before, now in zip([False, *known], known, strict=False))
    path = plots.line(values, 1e6)
    assert path.count("M") == runs
    assert path.count("L") == sum(known) - runs


@given(SERIES)
def test_every_known_value_has_a_column_and_a_dot(values: Series) -> None:
    known = sum(value is not None for value in values)
    assert plots.columns(values, 1e6).count("z") == known
    assert plots.dots(values, 1e6).count("h0") == known


@given(SERIES.filter(lambda values: any(value is not None for value in values)))
def test_nothing_is_drawn_above_the_top_or_below_the_bottom(values: Series) -> None:
    top = max(plots.largest(values), 1.0)
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ (-?[\d.]+)", plots.line(values, top))]
    assert all(0 <= height <= plots.HEIGHT for height in heights)


def test_among_many_steps_only_lone_ones_have_dots() -> None:
    few: Series = [1.0] * plots.MOST_DOTS
    assert plots.dots(few, 1.0).count("h0") == plots.MOST_DOTS
    assert plots.dots([*few, None, 1.0, None], 1.0).count("h0") == 1


def test_a_column_reaches_as_high_as_its_value() -> None:
    assert plots.columns([50.0], 200.0) == "M0.46 100V75h0.08V100z"
    assert plots.columns([0.0], 200.0) == "M0.46 100V100h0.08V100z"


def test_failures_stand_on_successes_and_only_where_there_are_any() -> None:
    points = [point(10, 80.0), point(10, 100.0), point(0, None)]
    assert plots.succeeded(points) == pytest.approx([8.0, None, None])
    assert plots.columns(plots.series(points, "total_calls"), 10.0, plots.succeeded(points)) == "M0.38 20V0h0.24V20z"


def test_steps_without_calls_or_without_a_known_value_are_gaps() -> None:
    points = [point(3, 100.0, 0.5), point(3, 100.0), point(0, None)]
    assert plots.series(points, "cost_per_call") == [0.5, None, None]
    assert plots.series(points, "avg_response_time") == [0.0, 0.0, None]
    assert plots.largest([None, None]) == 0.0
