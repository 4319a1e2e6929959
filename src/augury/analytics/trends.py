"""Trends: which points there are, split by groups or not, and under what key each is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from augury.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from augury.analytics.tally import Key
    from augury.core.windows import Interval, Steps
    from augury.store.protocol import Dimension, Facts

MAX_POINTS = 50_000
"""The most points of a trend that is split by groups."""


def too_many(facts: Facts, steps: Steps, split: Dimension | None) -> bool:
    """Whether a trend that is split so has more points than may be."""
    return split is not None and len(set(facts.keys[split])) * len(steps.labels) > MAX_POINTS


def points(
    steps: Steps, split: Dimension | None, calls: Mapping[Key, int], interval: Interval | None
) -> Iterator[tuple[Key, dict[str, Any]]]:
    """The key of every step of the window, and of every group where trends are split, with its fields; empty ones too.

    Args:
        steps: the window, cut.
        split: what trends are split by.
        calls: how many calls each group has: those with most come first.
        interval: what was asked for.

    Raises:
        InvalidValue: there are too many.
    """
    if split is None:
        for i, label in enumerate(steps.labels):
            yield (steps.first + i,), {"date": label}
        return
    names = [name for (name,), _ in sorted(calls.items(), key=lambda item: (-item[1], item[0]))]
    if len(names) * len(steps.labels) > MAX_POINTS:
        raise InvalidValue(
            "interval",
            f"at most {MAX_POINTS} points, and {len(names)} groups have {len(steps.labels)} each; "
            "take a shorter period, longer steps, or a filter",
            interval,
        )
    for name in names:
        for i, label in enumerate(steps.labels):
            yield (steps.first + i, name), {"date": label, str(split): name}
