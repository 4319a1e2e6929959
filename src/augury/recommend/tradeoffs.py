"""What a balanced choice is best at, and what it gives up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from augury.recommend.phrases import dollars, listed, percent, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from augury.recommend.standing import Standing

_SURELY = 1.02  # so much better is the best; less is as good as any
_MUCH = 1.15  # a factor that is worth saying
_POINTS = (0.5, 3.0)  # the same of rates


class _Side(NamedTuple):
    """One thing that models differ in."""

    best: str
    noun: str
    value: Callable[[Standing], float | None]
    shown: Callable[[float], str]
    rate: bool  # more is better, and differences are points


_SIDES = (
    _Side("fastest", "speed", lambda one: one.metrics.estimated_time_to_answer, lambda ms: f"{seconds(ms)} to a useful answer", rate=False),
    _Side("cheapest", "cost", lambda one: one.metrics.estimated_cost_per_answer, lambda paid: f"{dollars(paid)} each", rate=False),
    _Side("most successful", "success", lambda one: one.metrics.estimated_success_rate, lambda rate: f"{percent(rate)} expected", rate=True),
    _Side("best liked", "satisfaction", lambda one: one.metrics.estimated_satisfaction_rate, lambda rate: f"{percent(rate)} expected", rate=True),
)  # fmt: skip


def strengths(best: Standing, others: list[Standing]) -> str:
    """What it is the best of all in: "fastest (4.5s to a useful answer) and cheapest ($0.0014 each) of 6"."""
    found = [
        f"{side.best} ({side.shown(own)})"
        for side, own, rest in _sides(best, others)
        if all(_ahead(side, own, value, _SURELY, _POINTS[0]) for value, _ in rest)
    ]
    return f"{listed(found)} of the {len(others) + 1}" if found else ""


def gives_up(best: Standing, others: list[Standing]) -> str:
    """What another has much more of: "gives up success (84% expected, 93% for Claude Opus 5.5)"."""
    found = []
    for side, own, rest in _sides(best, others):
        value, name = (max if side.rate else min)(rest)
        if _ahead(side, value, own, _MUCH, _POINTS[1]):
            found.append(f"{side.noun} ({side.shown(own)}, against {side.shown(value).split(' ')[0]} for {name})")
    return f"gives up {listed(found)}" if found else ""


def _sides(best: Standing, others: list[Standing]) -> Iterator[tuple[_Side, float, list[tuple[float, str]]]]:
    """Each side that the choice and another are known in: its own value, and theirs with their names."""
    for side in _SIDES:
        own = side.value(best)
        rest = [(value, other.name) for other in others if (value := side.value(other)) is not None]
        if own is not None and rest:
            yield side, own, rest


def _ahead(side: _Side, value: float, other: float, factor: float, points: float) -> bool:
    """Whether the one value is better than the other by so much."""
    return value >= other + points if side.rate else value * factor <= other and value < other
