"""Recommendations in made-up worlds, held against the truth behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from tests.recommend.worlds import LEVELS, TODAY, Regime, a_world, lucky

from augury.core.tasks import Priority
from augury.recommend.evidence import STRATA, weigh
from augury.recommend.ranking import rank
from augury.recommend.statistics import estimate

if TYPE_CHECKING:
    from collections.abc import Iterable

BINS = ((0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 0.99), (0.99, 1.01))
"""By what was said."""

_SEED = 20261124
_ENOUGH = 5


class Answer(NamedTuple):
    """What was said of the recommended model, and the truth."""

    probability: float
    right: bool
    regret: float  # how much better the best one is: times and costs in doublings, quality and balance in points
    likeliest: float  # the highest probability that any candidate was given


def answers(regime: Regime, worlds: int, asked: str | None = None, seed: int = _SEED) -> dict[Priority, list[Answer]]:
    """What is recommended in so many worlds of a regime, for each priority."""
    found: dict[Priority, list[Answer]] = {priority: [] for priority in Priority}
    place = None if asked is None else STRATA.index(asked)
    for number in range(worlds):
        world = a_world(regime, np.random.default_rng([seed, number]))
        task = weigh(world.facts, today=TODAY)["coding"]
        models = [int(name[1:]) for name in task.models]
        enough = (task.raw["evidence_calls"] >= _ENOUGH) & (task.raw["successes"] > 0)
        candidates = [int(at) for at in np.flatnonzero(enough)]
        if len(candidates) < 2:
            continue
        calls = task.weighted["evidence_calls"].sum(axis=0)[[STRATA.index(level) for level in LEVELS]]
        mix = calls / calls.sum() if asked is None else np.array([float(level == asked) for level in LEVELS])
        estimates = estimate(task, place, np.random.default_rng(1))
        for priority in Priority:
            ranked = rank(estimates, candidates, priority)
            truth = world.utility(priority, mix, [models[at] for at in candidates])
            chosen = candidates.index(ranked[0].place)
            regret = float(truth.max() - truth[chosen])
            likeliest = max(one.probability_best for one in ranked)
            found[priority].append(Answer(ranked[0].probability_best, regret == 0.0, regret, likeliest))
    return found


def fooled(rivals: int, worlds: int, *, liked: bool = False, seed: int = _SEED) -> dict[Priority, float]:
    """The share of worlds in which a model of five lucky calls is recommended, for each priority."""
    count = dict.fromkeys(Priority, 0)
    for number in range(worlds):
        task = weigh(lucky(rivals, np.random.default_rng([seed, number]), liked=liked), today=TODAY)["coding"]
        estimates = estimate(task, None, np.random.default_rng(1))
        for priority in Priority:
            best = rank(estimates, list(range(len(task.models))), priority)[0]
            count[priority] += task.models[best.place].startswith("lucky")
    return {priority: number / worlds for priority, number in count.items()}


def calibration(given: Iterable[Answer]) -> list[tuple[int, float, float]]:
    """For each of the bins: how many answers, what they said on average, and the share that was right."""
    listed = list(given)
    table = []
    for low, high in BINS:
        own = [one for one in listed if low <= one.probability < high]
        said, right = ([float(one[at]) for one in own] for at in (0, 1))
        table.append((len(own), float(np.mean(said)) if own else 0.0, float(np.mean(right)) if own else 0.0))
    return table
