"""Estimates: drawn towards the usual, the surer the more there is to go by, and never out of bounds or out of breath."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.recommend.evidence import STRATA, TaskEvidence, weigh
from augury.recommend.statistics import DRAWS, Estimates, estimate
from augury.store.protocol import LOGARITHMS, SUMS, Dimension, Facts

if TYPE_CHECKING:
    from numpy.typing import NDArray

TODAY = 100
Cell = dict[str, float]


def cell(
    calls: int,
    successes: int,
    *,
    ms: float = 1_000.0,
    up: int = 0,
    down: int = 0,
    usd: float | None = 0.01,
    tokens: int = 500,
) -> Cell:
    """The sums of calls that all took the same time, and cost the same."""
    return {
        "calls": calls, "evidence_calls": calls, "successes": successes, "evidence_ms_sum": calls * ms, "tokens_sum": calls * tokens,
        "thumbs_up": up, "thumbs_down": down, "priced_calls": 0 if usd is None else calls, "cost_sum": 0 if usd is None else calls * usd * 1e10,
        "costing_calls": calls if usd else 0, "cost_ln_sum": calls * math.log(usd) if usd else 0,
        "cost_ln_square_sum": calls * math.log(usd) ** 2 if usd else 0, "success_ms_sum": successes * ms,
        "success_ln_ms_sum": successes * float(np.log(max(ms, 1.0))),
        "success_ln_ms_square_sum": successes * float(np.log(max(ms, 1.0))) ** 2,
    }  # fmt: skip


def evidence(cells: dict[tuple[str, str], Cell]) -> TaskEvidence:
    """The evidence of cells, by model and complexity, all of today."""
    keys: dict[Dimension, NDArray[np.generic]] = {
        Dimension.TASK_TYPE: np.array(["coding"] * len(cells), dtype=object),
        Dimension.MODEL: np.array([model for model, _ in cells], dtype=object),
        Dimension.PROVIDER: np.array(["openai"] * len(cells), dtype=object),
        Dimension.COMPLEXITY: np.array([complexity for _, complexity in cells], dtype=object),
        Dimension.STEP: np.full(len(cells), TODAY),
    }
    sums = {name: np.array([sums.get(name, 0) for sums in cells.values()]) for name in (*SUMS, *LOGARITHMS)}
    return weigh(Facts(keys=keys, sums=sums), today=TODAY)["coding"]


def believed(cells: dict[tuple[str, str], Cell], stratum: int | None = None) -> Estimates:
    return estimate(evidence(cells), stratum, np.random.default_rng(1))


def means(draws: NDArray[np.float64]) -> list[float]:
    return [float(value) for value in draws.mean(axis=0)]


def widths(draws: NDArray[np.float64]) -> list[float]:
    return [float(high - low) for low, high in np.quantile(draws, [0.05, 0.95], axis=0).T]


def test_there_is_a_column_for_each_model_and_a_row_for_each_draw() -> None:
    found = believed({("a", ""): cell(9, 8, up=1), ("b", "simple"): cell(9, 8)})

    for draws in (found.success, found.satisfaction, found.milliseconds, found.dollars):
        assert draws is not None
        assert draws.shape == (DRAWS, 2)


def test_few_calls_are_drawn_towards_the_usual_and_many_speak_for_themselves() -> None:
    found = believed(
        {("few", "medium"): cell(5, 0), ("many", "medium"): cell(1_000, 900), ("poor", "medium"): cell(1_000, 500)}
    )
    few, many, poor = means(found.success)

    assert 0.1 < few < 0.65  # nothing but failures, and yet not hopeless
    assert many == pytest.approx(0.9, abs=0.02)
    assert poor == pytest.approx(0.5, abs=0.02)


def test_the_more_calls_the_narrower() -> None:
    found = believed({(f"m{n:04}", "medium"): cell(n, n * 4 // 5, up=n // 5, down=n // 5) for n in (5, 50, 500, 5_000)})
    assert found.satisfaction is not None
    assert found.dollars is not None

    for draws in (found.success, found.satisfaction, found.milliseconds / np.median(found.milliseconds), found.dollars):
        width = widths(draws)
        assert width == sorted(width, reverse=True)


def test_the_interval_of_many_calls_is_as_wide_as_the_sampling_error() -> None:
    (width,) = widths(believed({("a", "medium"): cell(1_000, 800)}).success)

    assert width == pytest.approx(2 * 1.645 * (0.8 * 0.2 / 1_000) ** 0.5, rel=0.15)


def test_who_gets_the_harder_tasks_is_compared_on_equal_terms() -> None:
    found = believed(
        {
            ("brave", "simple"): cell(20, 20), ("brave", "complex"): cell(180, 126),
            ("lazy", "simple"): cell(180, 171), ("lazy", "complex"): cell(20, 10),
        }
    )  # fmt: skip
    brave, lazy = means(found.success)

    assert brave > lazy  # though it succeeded in 73 % of its calls, and the other in 91 %


def test_how_a_model_does_at_one_complexity_tells_of_the_others() -> None:
    found = believed(
        {
            ("good", "simple"): cell(300, 297), ("poor", "simple"): cell(300, 210), ("plain", "simple"): cell(300, 270),
            ("plain", "complex"): cell(300, 240),
        },
        STRATA.index("complex"),
    )  # fmt: skip
    good, plain, poor = means(found.success)

    assert good > plain > poor


def test_the_complexity_asked_for_is_the_one_that_counts() -> None:
    cells = {
        ("a", "simple"): cell(500, 500), ("a", "complex"): cell(500, 250),
        ("b", "simple"): cell(500, 400), ("b", "complex"): cell(500, 400),
    }  # fmt: skip

    simple, complex_ = (means(believed(cells, STRATA.index(name)).success) for name in ("simple", "complex"))
    assert simple[0] > simple[1]
    assert complex_[0] < complex_[1]


def test_a_complexity_that_nobody_tried_is_answered_with_the_mix() -> None:
    cells = {("a", "simple"): cell(50, 40), ("b", "simple"): cell(50, 45)}

    assert means(believed(cells, STRATA.index("complex")).success) == means(believed(cells).success)


def test_failures_make_an_answer_slower_and_dearer() -> None:
    found = believed({("sound", "medium"): cell(1_000, 1_000), ("shaky", "medium"): cell(1_000, 500)})
    assert found.dollars is not None
    shaky, sound = means(found.milliseconds)

    assert shaky / sound == pytest.approx(2.0, rel=0.1)
    shaky, sound = means(found.dollars)
    assert shaky / sound == pytest.approx(2.0, rel=0.1)


def test_without_a_rating_nothing_is_said_of_satisfaction() -> None:
    assert believed({("a", ""): cell(50, 40)}).satisfaction is None


def test_without_a_price_nothing_is_said_of_money() -> None:
    assert believed({("a", ""): cell(50, 40, usd=None)}).dollars is None


def test_a_model_without_a_price_is_given_none_and_compared_by_its_tokens() -> None:
    found = believed(
        {
            ("priced", "medium"): cell(1_000, 1_000, usd=0.01, tokens=1_000),
            ("terse", "medium"): cell(1_000, 1_000, usd=None, tokens=400),
            ("wordy", "medium"): cell(1_000, 1_000, usd=None, tokens=4_000),
        }
    )
    assert found.dollars is not None
    priced, terse, wordy = found.expense.T

    assert np.isnan(found.dollars[:, 1:]).all()
    assert (terse < wordy).all()  # what a token costs is not known, but it costs both the same
    assert 0.6 < (terse < priced).mean() < 0.95
    assert 0.05 < (wordy < priced).mean() < 0.4


def test_of_a_model_with_neither_price_nor_tokens_nothing_is_said() -> None:
    found = believed({("a", ""): cell(50, 50, usd=None, tokens=0), ("b", ""): cell(50, 50)})
    assert found.dollars is not None

    assert np.isnan(found.dollars[:, 0]).all()
    assert np.isnan(found.expense[:, 0]).all()
    assert not np.isnan(found.expense[:, 1]).any()


def test_a_time_of_nothing_is_a_short_one() -> None:
    found = believed({("instant", "medium"): cell(100, 100, ms=0.0), ("slow", "medium"): cell(100, 100, ms=2_300.0)})
    instant, slow = means(found.milliseconds)

    assert instant < slow / 100


def test_where_a_few_calls_made_the_mean_it_is_in_doubt() -> None:
    plain, corrupt = cell(200, 200, usd=0.01), cell(199, 199, usd=0.01)
    for name, more in cell(1, 1, usd=9_990.0).items():
        corrupt[name] += more
    found = believed({("corrupt", "medium"): corrupt, ("plain", "medium"): plain, ("other", "medium"): plain})
    assert found.dollars is not None
    wide, *narrow = widths(np.log(found.dollars))

    assert wide > 10 * max(narrow)
    assert 0.05 < (found.dollars[:, 0] < found.dollars[:, 1]).mean() < 0.5


def test_a_free_model_is_believed_to_be_free() -> None:
    found = believed({("free", "medium"): cell(200, 190, usd=0.0), ("paid", "medium"): cell(200, 190, usd=0.01)})
    assert found.dollars is not None
    free, paid = means(found.dollars)

    assert free < paid / 5


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_how_much_everything_weighs_makes_no_difference(scale: float) -> None:
    task = evidence(
        {
            ("a", "simple"): cell(50, 40, up=3, down=1), ("a", "complex"): cell(9, 2, usd=0.03),
            ("b", "complex"): cell(200, 150, ms=700.0, down=2), ("c", ""): cell(8, 8, usd=None),
        }
    )  # fmt: skip
    scaled = replace(
        task,
        weighted={name: scale * cells for name, cells in task.weighted.items()},
        squares={name: scale**2 * cells for name, cells in task.squares.items()},
    )

    for stratum in (None, 3):
        one, other = (estimate(given, stratum, np.random.default_rng(1)) for given in (task, scaled))
        for name in ("success", "satisfaction", "milliseconds", "dollars", "expense", "calls", "ratings"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-6, nan_ok=True), name


def test_models_that_are_alike_are_believed_to_be_and_others_not() -> None:
    def others(first: int, step: int) -> dict[tuple[str, str], Cell]:
        return {(f"m{number}", "medium"): cell(2_000, first - step * number) for number in range(6)}

    alike, apart = (
        believed({**others(1_800, step), ("new", "medium"): cell(10, 5)}).success[:, -1] for step in (1, 250)
    )

    assert alike.mean() > apart.mean() + 0.1
    assert alike.std() < apart.std()


@pytest.mark.parametrize(
    "cells",
    [
        {("a", ""): cell(1, 1)},
        {("a", ""): cell(1, 0)},
        {("a", ""): cell(0, 0)},
        {("a", "complex"): cell(1, 1, ms=0.0, usd=0.0, tokens=0)},
        {("a", "simple"): cell(5, 0, ms=0.0), ("b", "complex"): cell(5, 5, up=5)},
        {("a", "simple"): cell(5, 5, usd=None, tokens=0), ("b", "simple"): cell(5, 5, usd=0.01, tokens=0)},
        {("a", ""): {"calls": 9}, ("b", ""): cell(100_000, 100_000, up=100_000)},
        {("a", "medium"): cell(10_000_000, 0), ("b", "medium"): cell(10_000_000, 10_000_000)},
    ],
)
@pytest.mark.parametrize("stratum", [None, 0, 3])
def test_thin_and_extreme_evidence_gives_finite_estimates(
    cells: dict[tuple[str, str], Cell], stratum: int | None
) -> None:
    check(believed(cells, stratum))


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abcd"), st.sampled_from(STRATA)),
        st.builds(
            lambda calls, share, ms, up, down, usd: cell(calls, int(calls * share), ms=ms, up=up, down=down, usd=usd),
            st.integers(0, 10_000), st.floats(0, 1), st.integers(0, 10**6), st.integers(0, 50), st.integers(0, 50),
            st.one_of(st.none(), st.floats(0, 10)),
        ),
        min_size=1, max_size=8,
    ),
    st.sampled_from([None, 0, 1, 2, 3]),
)  # fmt: skip
def test_rates_are_rates_and_amounts_are_positive_whatever_happened(
    cells: dict[tuple[str, str], Cell], stratum: int | None
) -> None:
    check(believed(cells, stratum))


def check(found: Estimates) -> None:
    for rates in (found.success, found.satisfaction):
        if rates is not None:
            assert np.isfinite(rates).all()
            assert ((rates >= 0) & (rates <= 1)).all()
    assert np.isfinite(found.milliseconds).all()
    for amounts in (found.milliseconds, found.dollars, found.expense):
        if amounts is not None:
            unknown = np.isnan(amounts).any(axis=0)
            assert np.isnan(amounts[:, unknown]).all()
            assert np.isfinite(amounts[:, ~unknown]).all()
            assert (amounts[:, ~unknown] >= 0).all()


def test_the_same_evidence_gives_the_same_draws() -> None:
    cells = {("a", "simple"): cell(50, 40, up=3), ("b", "complex"): cell(9, 8)}

    assert np.array_equal(believed(cells).success, believed(cells).success)
    assert np.array_equal(believed(cells).milliseconds, believed(cells).milliseconds)
