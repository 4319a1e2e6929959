"""Which model is best, and whether the probabilities said of it come true."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from augury.core.tasks import Priority
from augury.recommend.evidence import STRATA, weigh
from augury.recommend.ranking import rank
from augury.recommend.statistics import Estimates, estimate
from augury.store.protocol import LOGARITHMS, SUMS, Dimension, Facts

Floats = NDArray[np.float64]
DRAWS = 400


def certain(
    success: list[float], satisfaction: list[float] | None, ms: list[float], usd: list[float] | None
) -> Estimates:
    """Estimates that leave no doubt."""

    def draws(values: list[float]) -> Floats:
        return np.tile(np.array(values, dtype=np.float64), (DRAWS, 1))

    return Estimates(
        success=draws(success),
        satisfaction=None if satisfaction is None else draws(satisfaction),
        unrated=0.8,
        milliseconds=draws(ms),
        dollars=None if usd is None else draws(usd),
        expense=draws(ms if usd is None else usd),
        calls=np.full(len(ms), 100.0),
        ratings=np.full(len(ms), 10.0),
    )


def uncertain(seed: int, models: int = 5) -> Estimates:
    random = np.random.default_rng(seed)

    def draws(low: float, high: float) -> Floats:
        return random.uniform(low, high, models) * np.exp(0.1 * random.standard_normal((DRAWS, models)))

    dollars = draws(0.001, 0.01)
    return Estimates(
        success=np.clip(draws(0.6, 0.99), 0.0, 1.0),
        satisfaction=np.clip(draws(0.6, 0.99), 0.0, 1.0),
        unrated=0.8,
        milliseconds=draws(300, 3_000),
        dollars=dollars,
        expense=dollars,
        calls=random.uniform(50, 100, models),
        ratings=random.uniform(5, 10, models),
    )


def order(estimates: Estimates, priority: Priority, candidates: list[int] | None = None) -> list[int]:
    return [one.place for one in rank(estimates, candidates or list(range(estimates.success.shape[1])), priority)]


def test_each_priority_puts_first_what_it_is_about() -> None:
    estimates = certain([0.90, 0.99, 0.91], [0.8, 0.9, 0.8], [500.0, 2_000.0, 2_100.0], [0.02, 0.03, 0.002])

    assert order(estimates, Priority.SPEED)[0] == 0
    assert order(estimates, Priority.QUALITY)[0] == 1
    assert order(estimates, Priority.COST)[0] == 2


def test_a_balance_weighs_success_above_a_little_speed() -> None:
    assert order(certain([0.99, 0.60], None, [1_200.0, 1_000.0], None), Priority.BALANCED) == [0, 1]


def test_a_balance_takes_the_faster_and_cheaper_of_two_that_succeed_alike() -> None:
    assert order(certain([0.95, 0.95], None, [2_000.0, 1_000.0], [0.01, 0.01]), Priority.BALANCED) == [1, 0]
    assert order(certain([0.95, 0.95], None, [1_000.0, 1_000.0], [0.01, 0.02]), Priority.BALANCED) == [0, 1]


def test_a_free_answer_is_the_cheapest() -> None:
    assert order(certain([0.9, 0.9], None, [1_000.0, 1_000.0], [0.001, 0.0]), Priority.COST) == [1, 0]


def test_among_free_models_success_decides() -> None:
    free = certain([0.72, 0.9, 1.0], None, [1_000.0, 2_000.0, 500.0], [0.0, 0.0, 0.05])

    assert order(free, Priority.COST) == [1, 0, 2]
    assert [one.probability_best for one in rank(free, [0, 1, 2], Priority.COST)] == [1.0, 0.0, 0.0]


def test_a_model_of_unknown_cost_is_not_the_cheapest_and_counts_as_a_middling_one_in_a_balance() -> None:
    estimates = certain([0.9, 0.9, 0.9], None, [1_000.0] * 3, [math.nan, 0.01, 0.02])

    assert order(estimates, Priority.COST) == [1, 2, 0]
    assert order(estimates, Priority.BALANCED) == [1, 0, 2]
    assert rank(estimates, [0], Priority.COST)[0].dollars is None


def test_where_no_cost_is_known_success_decides() -> None:
    assert order(certain([0.8, 0.9], None, [1_000.0] * 2, [math.nan] * 2), Priority.COST) == [1, 0]


def doubtful(doubt: list[float], calls: list[float]) -> Estimates:
    """Models that succeed alike on average, with more doubt about some, of so many calls."""
    random = np.random.default_rng(3)
    success = 0.8 + np.array(doubt) * random.uniform(-1, 1, (DRAWS, len(doubt)))
    success += 0.8 - success.mean(axis=0)
    return replace(certain([0.8] * len(doubt), None, [1.0] * len(doubt), None), success=success, calls=np.array(calls))


def test_of_two_with_the_same_mean_the_better_known_comes_first() -> None:
    assert order(doubtful([0.1, 0.01], [5.0, 500.0]), Priority.QUALITY) == [1, 0]


def test_doubt_counts_against_a_model_only_beside_one_that_is_known_better() -> None:
    lucky = replace(doubtful([0.1, 0.01], [5.0, 500.0]))
    lucky.success[:, 0] += 0.03
    assert order(lucky, Priority.QUALITY) == [1, 0]
    assert order(replace(lucky, calls=np.array([5.0, 6.0])), Priority.QUALITY) == [0, 1]


def test_five_thumbs_up_are_no_worse_than_none_and_no_better_than_a_hundred() -> None:
    liked = np.random.default_rng(4).normal([0.8, 0.86, 0.86], [0.1, 0.1, 0.02], (DRAWS, 3))
    estimates = replace(
        certain([0.9] * 3, [0.8] * 3, [1.0] * 3, None), satisfaction=liked, ratings=np.array([0.0, 5.0, 100.0])
    )

    assert order(estimates, Priority.QUALITY)[0] == 2
    assert order(estimates, Priority.QUALITY, [0, 1])[0] == 1


@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize("candidates", [[0, 1, 2, 3, 4], [4, 2], [3]])
def test_probabilities_of_the_candidates_sum_to_one(priority: Priority, candidates: list[int]) -> None:
    ranked = rank(uncertain(1), candidates, priority)

    assert sorted(one.place for one in ranked) == sorted(candidates)
    assert sum(one.probability_best for one in ranked) == pytest.approx(1.0)
    assert all(0.0 <= one.probability_best <= 1.0 for one in ranked)


@pytest.mark.parametrize("priority", [Priority.SPEED, Priority.QUALITY, Priority.COST])
def test_who_else_may_be_chosen_does_not_turn_the_order_round(priority: Priority) -> None:
    everyone = order(uncertain(2), priority)

    assert order(uncertain(2), priority, [1, 3, 4]) == [place for place in everyone if place in {1, 3, 4}]


def test_what_is_believed_is_told_in_percent_milliseconds_and_dollars() -> None:
    (one,) = rank(certain([0.9], [0.75], [1_500.0], [0.004]), [0], Priority.BALANCED)

    assert one.success_rate == pytest.approx(90.0)
    assert one.satisfaction_rate == pytest.approx(75.0)
    assert one.dollars == pytest.approx(0.004)
    assert (one.milliseconds, one.probability_best) == (1_500.0, 1.0)


def test_what_nobody_knows_is_not_told() -> None:
    (one,) = rank(certain([0.9], None, [1_500.0], None), [0], Priority.COST)

    assert (one.satisfaction_rate, one.dollars) == (None, None)


# Calibration: many made-up worlds, in which it is known which model is truly best.

WORLDS = 400
BINS = np.linspace(0.0, 1.0, 11)
ENOUGH_CASES = 60
TODAY = 60
ASKED = {"mix": None, "complex": STRATA.index("complex")}
MEASURED = (Priority.QUALITY, Priority.SPEED, Priority.COST)
CASES = [(asked, priority) for asked in ASKED for priority in MEASURED]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What happened, and the truth behind it: an array of models by three complexities each."""

    facts: Facts
    success: Floats
    satisfaction: Floats  # by model
    milliseconds: Floats
    dollars: Floats

    def truth(self, priority: Priority, mix: Floats) -> Floats:
        """How good each model truly is."""
        success = self.success @ mix
        match priority:
            case Priority.SPEED:
                return -(self.milliseconds @ mix) / success
            case Priority.COST:
                return -(self.dollars @ mix) / success
            case _:
                return (success + self.satisfaction) / 2.0


def a_world(random: np.random.Generator) -> World:
    """4 to 8 models with 5 to 300 calls each, every one with a mix of complexities of its own; 10 % are rated."""
    models = int(random.integers(4, 9))
    cells = (models, 3)

    def scattered(middle: float, between: float, harder: tuple[float, float, float], within: float) -> Floats:
        level = middle + between * random.standard_normal((models, 1)) + np.array(harder)
        return np.asarray(level + within * random.standard_normal(cells), dtype=np.float64)

    usual = np.clip(random.beta(17, 3, (models, 1)), 0.02, 0.995)
    odds = np.log(usual / (1 - usual)) + np.array([0.5, 0.0, -0.8]) + 0.25 * random.standard_normal(cells)
    success = 1 / (1 + np.exp(-odds))
    satisfaction = random.beta(8, 3, models)
    milliseconds = np.exp(scattered(7.6, 0.45, (-0.4, 0.0, 0.5), 0.15))
    dollars = np.exp(scattered(-5.8, 0.6, (-0.5, 0.0, 0.6), 0.15))

    counts = np.exp(random.uniform(np.log(5), np.log(301), models)).astype(np.int64)
    model = np.repeat(np.arange(models), counts)
    shares = random.dirichlet([2.0, 2.0, 2.0], models)
    level = np.concatenate([random.choice(3, size=n, p=share) for n, share in zip(counts, shares, strict=True)])
    size = len(model)
    good = random.random(size) < success[model, level]
    took = np.exp(0.5 * random.standard_normal(size) - 0.125) * milliseconds[model, level]
    took = np.maximum(1.0, np.round(took))
    cost = np.round(1e10 * np.exp(0.83 * random.standard_normal(size) - 0.345) * dollars[model, level])
    rated = random.random(size) < 0.1
    up = rated & (random.random(size) < satisfaction[model])

    groups, group = np.unique((model * 3 + level) * 100 + TODAY - random.integers(0, 45, size), return_inverse=True)
    columns: dict[str, NDArray[np.generic]] = {
        "calls": np.ones(size), "evidence_calls": np.ones(size), "successes": good, "evidence_ms_sum": took,
        "response_ms_sum": took, "cost_sum": cost, "priced_calls": np.ones(size), "priced_successes": good,
        "tokens_sum": np.full(size, 500), "thumbs_up": up, "thumbs_down": rated & ~up,
        "costing_calls": cost > 0, "cost_ln_sum": np.log(1e-10 * cost), "cost_ln_square_sum": np.log(1e-10 * cost) ** 2,
        "success_ms_sum": good * took, "success_ln_ms_sum": good * np.log(took), "success_ln_ms_square_sum": good * np.log(took) ** 2,
    }  # fmt: skip
    sums = {name: np.bincount(group, columns.get(name, np.zeros(size)), len(groups)) for name in (*SUMS, *LOGARITHMS)}
    texts = {
        Dimension.TASK_TYPE: np.full(len(groups), "coding", dtype=object),
        Dimension.MODEL: np.array([f"model-{number}" for number in range(models)], dtype=object)[groups // 300],
        Dimension.PROVIDER: np.full(len(groups), "openai", dtype=object),
        Dimension.COMPLEXITY: np.array(STRATA[1:], dtype=object)[groups // 100 % 3],
    }
    return World(
        facts=Facts(keys={**texts, Dimension.STEP: groups % 100}, sums=sums),
        success=success,
        satisfaction=satisfaction,
        milliseconds=milliseconds,
        dollars=dollars,
    )


@cache
def forecasts() -> dict[tuple[str, Priority], list[list[tuple[float, bool]]]]:
    """For each world what was said of each model, the recommended one first: a probability, and whether it was best."""
    random = np.random.default_rng(20260331)
    said: dict[tuple[str, Priority], list[list[tuple[float, bool]]]] = {
        (name, priority): [] for name in ASKED for priority in MEASURED
    }
    for _ in range(WORLDS):
        world = a_world(random)
        task = weigh(world.facts, today=TODAY)["coding"]
        for name, stratum in ASKED.items():
            mix = task.weighted["evidence_calls"].sum(axis=0)[1:]
            mix = mix / mix.sum() if stratum is None else np.eye(3)[stratum - 1]
            estimates = estimate(task, stratum, np.random.default_rng(1))
            for priority in MEASURED:
                best = int(world.truth(priority, mix).argmax())
                ranked = rank(estimates, list(range(len(task.models))), priority)
                said[name, priority].append([(one.probability_best, one.place == best) for one in ranked])
    return said


def reliability(pairs: list[tuple[float, bool]]) -> list[tuple[int, float, float]]:
    """For each tenth that has cases: how many, the mean of what was said, and how often it came true."""
    said, came_true = (np.array(column, dtype=np.float64) for column in zip(*pairs, strict=True))
    tenth = np.clip(np.digitize(said, BINS) - 1, 0, len(BINS) - 2)
    return [
        (int(rows.sum()), float(said[rows].mean()), float(came_true[rows].mean()))
        for rows in (tenth == number for number in range(len(BINS) - 1))
        if rows.any()
    ]


def shown(table: list[tuple[int, float, float]]) -> str:
    return "\n".join(["cases   said   true", *(f"{n:5}  {said:.3f}  {true:.3f}" for n, said, true in table)])


@pytest.mark.parametrize("whom", ["the recommended model", "every model"])
@pytest.mark.parametrize(("asked", "priority"), CASES)
def test_what_is_said_with_80_percent_is_right_in_80_of_100_worlds(asked: str, priority: Priority, whom: str) -> None:
    worlds = forecasts()[asked, priority]
    table = reliability(
        [pair for world in worlds for pair in (world[:1] if whom == "the recommended model" else world)]
    )

    for cases, said, true in table:
        if cases >= ENOUGH_CASES:  # chance alone moves a bin of 60 by 0.06
            chance = (said * (1 - said) / cases) ** 0.5
            assert abs(true - said) <= 0.05 + 1.5 * chance, f"{asked}, {priority}, {whom}\n{shown(table)}"


@pytest.mark.parametrize(("asked", "priority"), CASES)
def test_the_recommended_model_is_best_as_often_as_said_on_the_whole(asked: str, priority: Priority) -> None:
    first = [world[0] for world in forecasts()[asked, priority]]
    said = sum(pair[0] for pair in first) / len(first)
    true = sum(pair[1] for pair in first) / len(first)

    assert abs(true - said) <= 0.07, shown(reliability(first))
