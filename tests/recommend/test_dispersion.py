"""How much more days differ than independent calls would have them."""

from __future__ import annotations

import numpy as np
import pytest

from augury.recommend.dispersion import Scatter, scatter, shrunk
from augury.store.protocol import LOGARITHMS, SUMS

MODELS, DAYS, CALLS = 3, 60, 12
MEASURES = ("success", "rating", "time")


def found(*, session: int, alike: float, strata: int = 2, seed: int = 7, scale: float = 1.0) -> dict[str, Scatter]:
    """The scatter of models whose days are of sessions of so many calls, that have so much in common."""
    random = np.random.default_rng(seed)
    rows = MODELS * DAYS * strata
    sums = {name: np.zeros(rows) for name in (*SUMS, *LOGARITHMS)}
    model, stratum, day = (axis.reshape(-1) for axis in np.indices((MODELS, strata, DAYS)))
    place = np.arange(rows).reshape(MODELS, strata, DAYS)
    for m in range(MODELS):
        for d in range(DAYS):
            mood = np.repeat(random.standard_normal(CALLS // session), session) * alike
            level = random.integers(0, strata, CALLS)
            good = random.random(CALLS) < 1.0 / (1.0 + np.exp(-(1.5 - level + mood)))
            logs = 7.0 + level + mood + random.standard_normal(CALLS)
            for one in range(CALLS):
                at = place[m, level[one], d]
                sums["evidence_calls"][at] += 1
                sums["successes"][at] += good[one]
                sums["thumbs_up" if good[one] else "thumbs_down"][at] += 1
                sums["success_ln_ms_sum"][at] += logs[one] * good[one]
                sums["success_ln_ms_square_sum"][at] += logs[one] ** 2 * good[one]
                sums["priced_calls"][at] += 1
                sums["cost_sum"][at] += np.exp(logs[one] - 7.0) * 0.01
    weight = scale * 0.5 ** ((DAYS - 1 - day) / 60.0)
    return scatter(model, stratum, day, weight, sums)


@pytest.mark.parametrize("measure", MEASURES)
def test_days_of_calls_that_have_nothing_to_do_with_each_other_differ_as_chance_has_it(measure: str) -> None:
    seen = np.concatenate([found(session=1, alike=0.0, seed=seed)[measure].effect for seed in range(8)])

    assert seen.mean() == pytest.approx(1.0, abs=0.08)


@pytest.mark.parametrize("measure", MEASURES)
def test_the_larger_the_sessions_the_more_days_differ(measure: str) -> None:
    effects = [found(session=size, alike=1.0)[measure].effect.mean() for size in (1, 3, 12)]

    assert effects[0] < effects[1] < effects[2]
    assert effects[2] > 2.0


def test_sessions_of_calls_of_several_complexities_are_seen_as_one() -> None:
    together = found(session=12, alike=1.0, strata=1)["success"].effect.mean()

    assert found(session=12, alike=1.0, strata=3)["success"].effect.mean() > 0.6 * together


def test_the_scale_of_the_weights_does_not_matter() -> None:
    plain, tiny = found(session=3, alike=1.0), found(session=3, alike=1.0, scale=1e-80)
    for measure, one in plain.items():
        assert tiny[measure].effect == pytest.approx(one.effect)
        assert tiny[measure].degrees == pytest.approx(one.degrees)


def test_no_effect_is_below_that_of_independent_calls() -> None:
    (effect,) = shrunk([Scatter(np.array([0.1, 0.9, 5.0]), np.array([500.0, 500.0, 500.0]))])

    assert effect[:2].tolist() == [1.0, 1.0]
    assert effect[2] == pytest.approx(5.0, rel=0.05)


def test_of_few_days_the_belief_and_the_other_models_tell() -> None:
    one_day = Scatter(np.zeros(2), np.zeros(2))
    alone, beside = shrunk([one_day])[0], shrunk([one_day, Scatter(np.array([4.0]), np.array([300.0]))])[0]

    assert alone.tolist() == [1.5, 1.5]
    assert (beside > 3.0).all()


def test_where_no_days_are_known_nothing_is_said() -> None:
    assert [effect.tolist() for effect in shrunk([None])] == [[]]
    assert scatter(np.zeros(0, int), np.zeros(0, int), np.zeros(0), np.zeros(0), {
        name: np.zeros(0) for name in (*SUMS, *LOGARITHMS)
    })["time"].effect.tolist() == []  # fmt: skip
