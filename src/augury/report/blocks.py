"""Bars and lines of characters, for documents that are plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from augury.report.plots import Series

WIDTH = 24
"""Characters of a bar of 100 %."""

_EIGHTHS = " ▏▎▍▌▋▊▉"
_FULL, _FAINT = "█", "░"
_HEIGHTS = "▁▂▃▄▅▆▇█"
_EIGHT = 8


def bar(length: float | None, reach: float | None = None) -> str:
    """A bar of so many percent of the width, and behind it a fainter one; what is more than nothing is seen.

    Args:
        length: in percent; None: no bar.
        reach: of the fainter one, in percent.
    """
    if length is None:
        return ""
    eighths = round(length * WIDTH * _EIGHT / 100.0)
    if length > 0:
        eighths = max(eighths, 1)
    full, rest = divmod(eighths, _EIGHT)
    solid = _FULL * full + (_EIGHTHS[rest] if rest else "")
    behind = 0 if reach is None else round(reach * WIDTH / 100.0)
    return solid + _FAINT * (behind - len(solid))


def spark(values: Series, top: float) -> str:
    """A character as high as its value for each; a gap where it is not known. The lowest character stands for little, too."""
    return "".join(
        " " if value is None else _HEIGHTS[min(int(value / top * _EIGHT), _EIGHT - 1) if top else 0] for value in values
    )


def merged(values: Series, weights: Sequence[float], most: int) -> tuple[Series, int]:
    """Neighbours brought together until there are few enough: their averages by weight, and how many make one.

    Args:
        values: of every step.
        weights: what each weighs; where all that is known of some neighbours weighs nothing, they count alike.
        most: how many may be left.
    """
    size = -(-len(values) // most) if values else 1
    groups = [range(first, min(first + size, len(values))) for first in range(0, len(values), size)]
    return [_average([(values[i], weights[i]) for i in group]) for group in groups], size


def _average(pairs: Sequence[tuple[float | None, float]]) -> float | None:
    known = [(value, weight) for value, weight in pairs if value is not None]
    whole = sum(weight for _, weight in known)
    if not known:
        return None
    return sum(v * w for v, w in known) / whole if whole else sum(v for v, _ in known) / len(known)
