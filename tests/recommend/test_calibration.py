"""What a recommendation says must come true, and luck must not decide: held against worlds whose truth is known.

`python -m benchmarks calibration` prints the same at length.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.recommend.judged import answers, calibration, fooled
from tests.recommend.worlds import REGIMES, TODAY, a_world, lucky, summed
from tests.world import NOW, a_call

from augury.core.tasks import Priority
from augury.recommend.context import TaskContext
from augury.recommend.evidence import weigh
from augury.recommend.ranking import rank
from augury.recommend.recommender import ModelRecommender
from augury.recommend.statistics import estimate
from augury.store import open_store
from augury.store.protocol import Dimension, Facts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.recommend.judged import Answer

    from augury.analytics.answers import Recommendation
    from augury.recommend.ranking import Ranked

WORLDS = 150
ENOUGH_CASES = 30
TRIED = ("near", "small n", "unrated", "heavy time", "heavy cost", "heavy cost, near", "flat cost")
BEYOND = 0.05
"""How far what is said may be from what is true, beside chance."""


@cache
def told(name: str) -> dict[Priority, list[Answer]]:
    return answers(REGIMES[name], WORLDS, seed=TRIED.index(name))


def assert_calibrated(given: list[Answer]) -> None:
    for cases, said, right in calibration(given):
        assert cases < ENOUGH_CASES or abs(right - said) <= BEYOND + chance(said, cases), calibration(given)


def chance(said: float, cases: int) -> float:
    """How far a share of so many may be from the truth."""
    return 2.5 * math.sqrt(said * (1 - said) / cases)


def ranked(facts: Facts, priority: Priority, stratum: int | None = None) -> list[Ranked]:
    task = weigh(facts, today=TODAY)["coding"]
    return rank(estimate(task, stratum, np.random.default_rng(1)), list(range(len(task.models))), priority)


@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize("name", TRIED)
def test_on_average_it_is_right_as_often_as_it_says(name: str, priority: Priority) -> None:
    given = told(name)[priority]
    said, right = (float(np.mean([one[at] for one in given])) for at in (0, 1))

    assert abs(right - said) <= BEYOND + chance(said, len(given)), calibration(given)


@pytest.mark.parametrize("priority", list(Priority))
def test_of_those_that_say_80_percent_80_of_100_are_right(priority: Priority) -> None:
    assert_calibrated([one for name in TRIED for one in told(name)[priority]])


@pytest.mark.parametrize(("rivals", "most"), [(1, 0.05), (3, 0.10), (8, 0.20)])
@pytest.mark.parametrize("liked", [False, True])
def test_five_lucky_calls_seldom_beat_five_hundred_good_ones(rivals: int, most: float, *, liked: bool) -> None:
    worlds = 100
    shares = fooled(rivals, worlds, liked=liked)

    assert max(shares.values()) <= most + (most * (1 - most) / worlds) ** 0.5, shares


@pytest.mark.parametrize("priority", [Priority.COST, Priority.BALANCED])
def test_twenty_calls_are_enough_for_a_model_that_costs_a_tenth(priority: Priority) -> None:
    for seed in range(10):
        random = np.random.default_rng(seed)
        model = np.repeat([0, 1], [500, 20])
        success = random.random(520) < 0.96
        facts = summed(
            ["steady", "thrifty"],
            model=model,
            level=np.zeros(520, dtype=np.int64),
            age=random.integers(0, 60, 520),
            success=success,
            milliseconds=2_000.0 * np.exp(0.5 * random.standard_normal(520)),
            dollars=np.array([0.01, 0.001])[model] * np.exp(0.8 * random.standard_normal(520)),
            rated=np.zeros(520, dtype=bool),
            up=np.zeros(520, dtype=bool),
        )

        best = ranked(facts, priority)[0]
        assert (best.place, best.probability_best > 0.8) == (1, True)


@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize("ago", [60, 700])
def test_an_old_log_is_judged_as_it_was_when_it_was_new(ago: int, priority: Priority) -> None:
    for seed in range(5):
        facts = a_world(REGIMES["wide"], np.random.default_rng(seed)).facts
        older = Facts(keys=facts.keys | {Dimension.STEP: facts.keys[Dimension.STEP] - ago}, sums=facts.sums)

        assert ranked(facts, priority) == ranked(older, priority)


def test_a_log_of_two_years_ago_in_a_store_is_judged_as_one_of_today(tmp_path: Path) -> None:
    def judged(ago: int, task: str) -> list[Recommendation]:
        with open_store(f"duckdb:///{tmp_path / f'{ago}-{task}.duckdb'}") as store:
            store.append(
                [
                    a_call(
                        number,
                        model="lucky" if number < 5 else "steady",
                        timestamp=NOW - timedelta(days=ago + number % 60),
                        success=number % 33 > 0 or number < 5,
                        cost_usd=a_call().cost_usd,
                    )
                    for number in range(505)
                ]
                + [a_call(1_000, model="steady", task_type=task, timestamp=NOW)]
            )
            recommender = ModelRecommender.from_store(store, now=NOW)
            return [
                recommender.get_model_recommendation(TaskContext(task_type="coding"), priority) for priority in Priority
            ]

    for new, old in zip(judged(0, "analysis"), judged(700, "analysis"), strict=True):
        assert (new.model, new.probability_best) == ("steady", old.probability_best)
        assert new.metrics is not None
        assert old.metrics is not None
        assert new.metrics.estimated_success_rate == pytest.approx(97.0, abs=1.0)
        for name, value in asdict(new.metrics).items():
            assert value == pytest.approx(getattr(old.metrics, name)), name


def test_the_name_of_a_lucky_model_does_not_decide() -> None:
    facts = lucky(3, np.random.default_rng(8))
    renamed = Facts(
        keys=facts.keys | {Dimension.MODEL: np.array([f"{name[::-1]}" for name in facts.keys[Dimension.MODEL]], dtype=object)},
        sums=facts.sums,
    )  # fmt: skip

    for priority in Priority:
        models = [weigh(given, today=TODAY)["coding"].models for given in (facts, renamed)]
        best, again = (
            names[ranked(given, priority)[0].place] for names, given in zip(models, (facts, renamed), strict=True)
        )
        assert best == again[::-1]
