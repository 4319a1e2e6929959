"""Made-up worlds of calls behind which the truth is known: what a recommendation says can be held against it.

A regime says how models differ from each other and calls from their model's average. A world is a few models on one task
type, each with calls of two complexities in a mix of its own, spread over the days before TODAY.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augury.core.tasks import Priority
from augury.store.protocol import LOGARITHMS, SUMS, Dimension, Facts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TODAY = 20_000
LEVELS = ("simple", "complex")
_DAYS = 85


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """How worlds are made.

    Attributes:
        success, satisfaction: how models differ, a standard deviation in log odds.
        time, cost: likewise, in logarithms.
        time_variation, cost_variation: how calls differ from their model's average, a coefficient of variation.
        fewest, most: calls of a model, spread evenly in logarithms.
        rated: the share of calls that is rated.
    """

    success: float = 0.7
    satisfaction: float = 0.7
    time: float = 0.6
    cost: float = 0.7
    time_variation: float = 0.5
    cost_variation: float = 0.8
    fewest: int = 5
    most: int = 500
    rated: float = 0.15


REGIMES = {
    "wide": Regime(),
    "near": Regime(success=0.25, satisfaction=0.25, time=0.12, cost=0.12),
    "small n": Regime(most=40),
    "unrated": Regime(rated=0.0),
    "heavy time": Regime(time=0.3, time_variation=1.2),
    "heavy cost": Regime(cost_variation=2.5),
    "heavy cost, near": Regime(cost=0.25, cost_variation=2.5),
    "flat cost": Regime(cost=0.08, cost_variation=0.15),
}
"""Ordinary ones, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What happened, and the truth behind it: arrays of models by LEVELS."""

    facts: Facts
    success: Floats
    satisfaction: Floats | None
    milliseconds: Floats
    dollars: Floats

    def utility(self, priority: Priority, mix: Floats, candidates: list[int]) -> Floats:
        """How good each candidate truly is, by the measures that ranking takes: logarithms to base 2, or points."""
        success = self.success[candidates] @ mix
        slow = np.log2(self.milliseconds[candidates] @ mix / success)
        dear = np.log2(self.dollars[candidates] @ mix / success)
        liked = success if self.satisfaction is None else self.satisfaction[candidates] @ mix
        quality = 100.0 * (success + liked) / 2.0
        match priority:
            case Priority.SPEED:
                return -slow
            case Priority.COST:
                return -dear
            case Priority.QUALITY:
                return quality
            case Priority.BALANCED:
                return 0.7 * quality + 0.15 * _points(slow) + 0.15 * _points(dear)


def a_world(regime: Regime, random: np.random.Generator) -> World:
    """2 to 6 models whose truths are drawn from the regime, and what their calls came to."""
    models = int(random.integers(2, 7))
    harder = random.uniform(0.4, 1.5)
    peculiar = random.standard_normal((3, models, 2))
    odds = random.normal(1.6, 0.5) + regime.success * random.standard_normal((models, 1))
    liking = random.normal(1.2, 0.4) + regime.satisfaction * random.standard_normal((models, 1))
    time = np.log(random.uniform(800, 6_000)) + regime.time * random.standard_normal((models, 1))
    cost = np.log(random.uniform(0.0005, 0.02)) + regime.cost * random.standard_normal((models, 1))
    truth = World(
        facts=_facts([]),
        success=_chance(odds - harder * np.array([0.0, 1.0]) + 0.2 * peculiar[0]),
        satisfaction=_chance(liking - 0.5 * harder * np.array([0.0, 1.0])) if regime.rated else None,
        milliseconds=np.exp(time + np.array([0.0, 0.6]) + 0.1 * peculiar[1]),
        dollars=np.exp(cost + np.array([0.0, 0.8]) + 0.1 * peculiar[2]),
    )
    calls = np.exp(random.uniform(np.log(regime.fewest), np.log(regime.most), models)).round().astype(np.int64)
    share = random.uniform(0.1, 0.7, models)
    model = np.repeat(np.arange(models), calls)
    level = (random.random(len(model)) < share[model]).astype(np.int64)
    return _happened(truth, regime, model, level, random)


def lucky(
    rivals: int, random: np.random.Generator, *, liked: bool = False, succeeding: tuple[int, int] = (485, 500)
) -> Facts:
    """A steady model, and rivals whose five calls all succeeded (and were liked), at the same true time and cost.

    The steady one is `a-steady`, or, by chance, `z-steady`: its name decides nothing.
    """
    good, many = succeeding
    size = many + 5 * rivals
    model = np.repeat(np.arange(rivals + 1), [many] + [5] * rivals)
    success = np.ones(size, dtype=bool)
    success[random.permutation(many)[: many - good]] = False
    rated = np.zeros(size, dtype=bool)
    up = np.zeros(size, dtype=bool)
    if liked:
        rated[many:] = up[many:] = True
        rated[:many:5] = True
        up[:many] = rated[:many] & (np.arange(many) % 50 > 0)
    names = [f"{random.choice(['a', 'z'])}-steady", *(f"lucky-{number}" for number in range(rivals))]
    return summed(
        names,
        model=model,
        level=np.zeros(size, dtype=np.int64),
        age=random.integers(0, 60, size),
        success=success,
        milliseconds=2_000.0 * _noise(0.53, size, random),
        dollars=0.01 * _noise(0.66, size, random),
        rated=rated,
        up=up,
    )


def summed(
    names: list[str],
    *,
    model: NDArray[np.int64],
    level: NDArray[np.int64],
    age: NDArray[np.int64],
    success: NDArray[np.bool_],
    milliseconds: Floats,
    dollars: Floats,
    rated: NDArray[np.bool_],
    up: NDArray[np.bool_],
) -> Facts:
    """Facts of calls, a value a call: by model, complexity, and day, as a store sums them."""
    took = np.maximum(np.round(milliseconds), 1.0)
    logs = np.log(np.where(dollars > 0, dollars, 1.0))
    ones = np.ones(len(model))
    columns: dict[str, NDArray[np.generic]] = {
        "calls": ones, "evidence_calls": ones, "successes": success, "evidence_ms_sum": took, "response_ms_sum": took,
        "success_ms_sum": success * took, "cost_sum": np.round(1e10 * dollars), "priced_calls": ones,
        "priced_successes": success, "tokens_sum": 700 * ones, "thumbs_up": rated & up, "thumbs_down": rated & ~up,
        "costing_calls": dollars > 0, "cost_ln_sum": logs, "cost_ln_square_sum": logs**2,
        "success_ln_ms_sum": success * np.log(took), "success_ln_ms_square_sum": success * np.log(took) ** 2,
    }  # fmt: skip
    code, group = np.unique((model * len(LEVELS) + level) * 1_000 + age, return_inverse=True)
    sums: dict[str, Floats] = {
        name: np.bincount(group, column.astype(np.float64), len(code)).astype(np.float64)
        for name, column in columns.items()
    }
    rows = [
        (names[one // (1_000 * len(LEVELS))], LEVELS[one // 1_000 % len(LEVELS)], TODAY - one % 1_000)
        for one in code.tolist()
    ]
    return _facts(rows, sums)


def _facts(rows: list[tuple[str, str, int]], sums: dict[str, Floats] | None = None) -> Facts:
    sums = sums or {}
    return Facts(
        keys={
            Dimension.TASK_TYPE: np.full(len(rows), "coding", dtype=object),
            Dimension.MODEL: np.array([row[0] for row in rows], dtype=object),
            Dimension.PROVIDER: np.full(len(rows), "acme", dtype=object),
            Dimension.COMPLEXITY: np.array([row[1] for row in rows], dtype=object),
            Dimension.STEP: np.array([row[2] for row in rows], dtype=np.int64),
        },
        sums={name: sums.get(name, np.zeros(len(rows))) for name in (*SUMS, *LOGARITHMS)},
    )


def _happened(
    truth: World, regime: Regime, model: NDArray[np.int64], level: NDArray[np.int64], random: np.random.Generator
) -> World:
    """The calls that such models would have had."""
    size = len(model)
    rated = random.random(size) < regime.rated
    liked = np.zeros_like(truth.success) if truth.satisfaction is None else truth.satisfaction
    facts = summed(
        [f"m{number}" for number in range(len(truth.success))],
        model=model,
        level=level,
        age=random.integers(0, _DAYS, size),
        success=random.random(size) < truth.success[model, level],
        milliseconds=truth.milliseconds[model, level] * _noise(regime.time_variation, size, random),
        dollars=truth.dollars[model, level] * _noise(regime.cost_variation, size, random),
        rated=rated,
        up=random.random(size) < liked[model, level],
    )
    return World(
        facts=facts,
        success=truth.success,
        satisfaction=truth.satisfaction,
        milliseconds=truth.milliseconds,
        dollars=truth.dollars,
    )


def _noise(variation: float, size: int, random: np.random.Generator) -> Floats:
    """Log-normal factors of mean 1."""
    spread = np.sqrt(np.log1p(variation**2))
    return np.asarray(np.exp(spread * random.standard_normal(size) - spread**2 / 2), dtype=np.float64)


def _chance(odds: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-odds)), dtype=np.float64)


def _points(doublings: Floats) -> Floats:
    return np.clip(50.0 - 25.0 * (doublings - np.median(doublings)), 0.0, 100.0)
