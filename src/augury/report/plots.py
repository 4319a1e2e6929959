"""The lines of charts over time, as paths of an SVG that is one unit wide for each step and 100 high.

A step without calls, or of which a value is not known, stays empty: columns leave a gap there, and lines break.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from augury.analytics.answers import Point

HEIGHT = 100.0
MOST_DOTS = 62
"""Steps up to which each has a dot on its line; among more, only those have one that no line reaches."""

_WIDEST = 0.8  # of a step
_FULL_WIDTH_FROM = 10  # steps; fewer have narrower columns, or a lone one would be a wall

Series = list[float | None]


def series(points: Sequence[Point], field: str) -> Series:
    """A measure at each step; None where there were no calls, and where it is not known."""
    values = [getattr(point, field) if point.total_calls else None for point in points]
    return [None if value is None else float(value) for value in values]


def succeeded(points: Sequence[Point]) -> Series:
    """How many calls succeeded at each step; None where all did, or where there were none."""
    return [
        point.total_calls * point.success_rate / 100.0
        if point.success_rate is not None and point.success_rate < 100.0  # noqa: PLR2004 - percent
        else None
        for point in points
    ]


def largest(values: Series) -> float:
    """The largest value that is known; 0 where none is."""
    return max((value for value in values if value is not None), default=0.0)


def columns(values: Series, top: float, floors: Series | None = None) -> str:
    """A column for each value, from the bottom, or from its floor; where floors are given, none without one.

    Args:
        values: where columns end.
        top: the value at the upper edge.
        floors: where they begin.
    """
    width = _WIDEST * min(len(values) / _FULL_WIDTH_FROM, 1.0)
    path = []
    for step, (value, floor) in enumerate(zip(values, floors or [0.0] * len(values), strict=True)):
        if value is not None and floor is not None:
            bottom = _number(_height(floor, top))
            path.append(
                f"M{_number(step + 0.5 - width / 2)} {bottom}V{_number(_height(value, top))}h{_number(width)}V{bottom}z"
            )
    return "".join(path)


def line(values: Series, top: float) -> str:
    """A line through the middles of the steps."""
    path, drawing = [], False
    for step, value in enumerate(values):
        if value is not None:
            path.append(f"{'L' if drawing else 'M'}{_number(step + 0.5)} {_number(_height(value, top))}")
        drawing = value is not None
    return "".join(path)


def dots(values: Series, top: float) -> str:
    """A line of no length for each value, which round ends make a dot that stretching leaves round."""
    few = len(values) <= MOST_DOTS
    padded = [None, *values, None]
    return "".join(
        f"M{_number(step + 0.5)} {_number(_height(value, top))}h0"
        for step, (before, value, after) in enumerate(zip(padded, values, padded[2:], strict=False))
        if value is not None and (few or before is after is None)
    )


def _height(value: float, top: float) -> float:
    return HEIGHT - value * HEIGHT / top


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
