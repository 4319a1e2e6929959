from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import augury.store
from augury.core.scores import (
    certainty,
    confidence,
    difference_interval,
    percent,
    quality_score,
    speed_score,
    wilson_interval,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = Path(augury.store.__file__).parent / "schema" / "duckdb.sql"

RATES = st.floats(0, 100)
TALLIES = st.integers(0, 10_000_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as database:
        database.execute(SCHEMA.read_text(encoding="utf-8"))
        yield database


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (8, 10, 0.4902, 0.9433),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (1, 1, 0.2065, 1.0),
        (81, 263, 0.2553, 0.3662),  # Newcombe, "Two-sided confidence intervals for the single proportion", 1998
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_wilson_interval_is_that_of_the_textbook(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


@settings(deadline=None)
@given(tally=TALLIES.filter(lambda tally: tally[1] > 0))
def test_the_wilson_interval_holds_the_proportion_and_mirrors_that_of_the_failures(tally: tuple[int, int]) -> None:
    successes, trials = tally
    low, high = wilson_interval(successes, trials)
    assert 0 <= low <= successes / trials + 1e-12
    assert successes / trials - 1e-12 <= high <= 1
    assert (low == 0, high == 1) == (successes == 0, successes == trials)
    mirrored = wilson_interval(trials - successes, trials)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-12)


def test_an_interval_needs_a_trial() -> None:
    with pytest.raises(ValueError, match="at least one trial"):
        wilson_interval(0, 0)


def test_a_percentage_of_nothing_is_nothing() -> None:
    assert percent(0, 0) is None
    assert percent(0, 5) == 0.0
    assert percent(2, 8) == 25.0


@pytest.mark.parametrize(
    ("milliseconds", "score"), [(0, 100.0), (100, 99.0), (2_456, 75.44), (10_000, 0.0), (60_000, 0.0)]
)
def test_the_speed_score_falls_a_point_with_every_hundred_milliseconds(milliseconds: float, score: float) -> None:
    assert speed_score(milliseconds) == pytest.approx(score)


def test_quality_is_two_fifths_success_two_fifths_satisfaction_one_fifth_speed() -> None:
    assert quality_score(90.0, 80.0, 70.0) == pytest.approx(36 + 32 + 14)


def test_with_nothing_rated_quality_is_two_thirds_success_and_one_third_speed() -> None:
    assert quality_score(90.0, None, 60.0) == pytest.approx(80.0)
    assert quality_score(100.0, None, 100.0) == 100.0


def test_with_nothing_rated_quality_is_neither_that_of_the_liked_nor_of_the_disliked() -> None:
    assert quality_score(90.0, 0.0, 60.0) < quality_score(90.0, None, 60.0) < quality_score(90.0, 100.0, 60.0)


@settings(deadline=None)
@given(success=RATES, satisfaction=st.none() | RATES, milliseconds=st.floats(0, 1e9))
def test_scores_stay_between_0_and_100(success: float, satisfaction: float | None, milliseconds: float) -> None:
    speed = speed_score(milliseconds)
    assert 0 <= speed <= 100
    assert -1e-9 <= quality_score(success, satisfaction, speed) <= 100 + 1e-9


def test_confidence_is_half_sample_size_and_three_tenths_reliability_and_a_fifth_satisfaction() -> None:
    reliability = 100 * (1 - (0.9433 - 0.4902))
    satisfaction = 100 * (1 - (1.0 - 0.2065))
    assert confidence(10, 8, 0, 0) == pytest.approx(0.5 * 100 * 10 / 30 + 0.3 * reliability, abs=0.01)
    assert confidence(10, 8, 1, 0) == pytest.approx(
        0.5 * 100 * 10 / 30 + 0.3 * reliability + 0.2 * satisfaction, abs=0.01
    )


def test_there_is_no_confidence_without_a_call() -> None:
    assert confidence(0, 0, 0, 0) == 0.0
    assert certainty(0, 0) == 0.0


@settings(deadline=None)
@given(calls=TALLIES, rated=TALLIES)
def test_confidence_stays_between_0_and_100(calls: tuple[int, int], rated: tuple[int, int]) -> None:
    (successes, n), (up, ratings) = calls, rated
    assert 0 <= confidence(n, successes, up, ratings - up) <= 100
    assert 0 <= certainty(successes, n) <= 100


@settings(deadline=None)
@given(successes=st.integers(0, 50), failures=st.integers(0, 50), up=st.integers(0, 20), times=st.integers(2, 50))
def test_confidence_rises_with_more_of_the_same(successes: int, failures: int, up: int, times: int) -> None:
    n = successes + failures
    once = confidence(n, successes, up, 0)
    assert confidence(times * n, times * successes, times * up, 0) >= once
    if n:
        assert confidence(times * n, times * successes, times * up, 0) > once


@settings(deadline=None)
@given(n=st.integers(1, 1_000_000))
def test_confidence_rises_with_every_call_that_succeeds_where_all_do(n: int) -> None:
    assert confidence(n + 1, n + 1, 0, 0) > confidence(n, n, 0, 0)


@settings(max_examples=60, deadline=None)
@given(calls=TALLIES, rated=TALLIES, milliseconds=st.floats(0, 1e6), success=RATES, satisfaction=st.none() | RATES)
@example(calls=(0, 0), rated=(0, 0), milliseconds=0.0, success=0.0, satisfaction=None)
@example(calls=(8, 10), rated=(1, 1), milliseconds=10_000.0, success=100.0, satisfaction=0.0)
def test_duckdb_has_the_same_formulas(
    *,
    engine: duckdb.DuckDBPyConnection,
    calls: tuple[int, int],
    rated: tuple[int, int],
    milliseconds: float,
    success: float,
    satisfaction: float | None,
) -> None:
    (successes, n), (up, ratings) = calls, rated
    row = engine.execute(
        "SELECT percent($s::BIGINT, $n::BIGINT), certainty($s::BIGINT, $n::BIGINT), "
        "confidence($n::HUGEINT, $s::HUGEINT, $up::HUGEINT, $down::HUGEINT), "
        "speed_score($ms::DOUBLE), quality_score($rate::DOUBLE, $liked::DOUBLE, speed_score($ms::DOUBLE))",
        {
            "s": successes,
            "n": n,
            "up": up,
            "down": ratings - up,
            "ms": milliseconds,
            "rate": success,
            "liked": satisfaction,
        },
    ).fetchone()
    assert row is not None
    expected_percent = percent(successes, n)
    if expected_percent is None:
        assert row[0] is None
    else:
        assert row[0] == pytest.approx(expected_percent, rel=1e-12)
    assert row[1] == pytest.approx(certainty(successes, n), rel=1e-12)
    if n:  # the views have no group without a call
        assert row[2] == pytest.approx(confidence(n, successes, up, ratings - up), rel=1e-12)
    speed = speed_score(milliseconds)
    assert row[3] == pytest.approx(speed, rel=1e-12)
    assert row[4] == pytest.approx(quality_score(success, satisfaction, speed), rel=1e-12)


@pytest.mark.parametrize(
    ("now", "before", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0)],
)
def test_the_interval_of_a_difference_is_that_of_the_paper(
    now: tuple[int, int], before: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe's examples a, b, and g, method 10."""
    assert difference_interval(now, before) == pytest.approx((low, high), abs=5e-5)
    assert difference_interval(now, (0, 0)) is None
