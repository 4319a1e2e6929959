from __future__ import annotations

from bisect import insort
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import augury.store
from augury.core.histogram import bucket, middle, percentiles

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 2**31 - 1
SCHEMA = Path(augury.store.__file__).parent / "schema" / "duckdb.sql"

WANTED = (0, 1, 5, 25, 50, 75, 90, 95, 99, 100)
MILLISECONDS = st.one_of(
    st.integers(0, 300),
    st.integers(0, LARGEST),
    st.integers(0, 30).flatmap(lambda bits: st.integers(max(0, 2**bits - 2), min(LARGEST, 2**bits + 2))),
)


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as database:
        database.execute(SCHEMA.read_text(encoding="utf-8"))
        yield database


def asked(values: list[int], wanted: tuple[int, ...] = WANTED) -> list[float]:
    counted = Counter(bucket(value) for value in values)
    buckets = sorted(counted)
    return percentiles(
        np.array(buckets, dtype=np.int64),
        np.array([counted[one] for one in buckets], dtype=np.int64),
        wanted,
        min(values),
        max(values),
    )


def test_buckets_follow_one_another_without_a_gap() -> None:
    edges: list[int] = []
    for octave in range(24):
        for value in range(64 << octave, 128 << octave, 1 << octave):
            insort(edges, value)
    indices = [bucket(value) for value in [*range(64), *edges]]
    assert indices == list(range(len(indices)))
    assert bucket(LARGEST) == indices[-1] + 64  # the last octave, from 2^30 on, has its 64 too


@settings(deadline=None)
@given(value=st.integers(0, LARGEST - 1))
def test_a_bucket_is_the_same_or_the_next_one_a_millisecond_later(value: int) -> None:
    assert bucket(value + 1) - bucket(value) in {0, 1}


@settings(deadline=None)
@given(one=MILLISECONDS, other=MILLISECONDS)
def test_longer_durations_never_have_smaller_buckets(one: int, other: int) -> None:
    assert bucket(min(one, other)) <= bucket(max(one, other))


def test_durations_below_128_ms_are_kept_exactly() -> None:
    values = np.arange(128, dtype=np.int64)
    assert [bucket(int(value)) for value in values] == values.tolist()
    assert middle(values).tolist() == values.tolist()


@settings(deadline=None)
@given(value=MILLISECONDS)
def test_the_middle_of_a_bucket_is_within_one_percent_of_any_of_its_values(value: int) -> None:
    [found] = middle(np.array([bucket(value)], dtype=np.int64)).tolist()
    assert abs(found - value) <= 0.01 * value


@settings(deadline=None)
@given(value=MILLISECONDS)
def test_the_middle_lies_in_its_bucket(value: int) -> None:
    [found] = middle(np.array([bucket(value)], dtype=np.int64)).tolist()
    assert bucket(int(found)) == bucket(value)


@settings(deadline=None)
@given(values=st.lists(st.integers(0, 127), min_size=1, max_size=200))
def test_percentiles_below_128_ms_are_those_of_numpy(values: list[int]) -> None:
    assert asked(values) == pytest.approx(np.percentile(values, WANTED).tolist(), rel=1e-12, abs=1e-9)


@settings(deadline=None)
@given(values=st.lists(MILLISECONDS, min_size=1, max_size=200))
def test_percentiles_are_within_one_percent_of_the_exact_ones(values: list[int]) -> None:
    assert asked(values) == pytest.approx(np.percentile(values, WANTED).tolist(), rel=0.01)


@settings(deadline=None)
@given(values=st.lists(MILLISECONDS, min_size=1, max_size=50))
def test_percentiles_rise_and_stay_within_what_was_seen(values: list[int]) -> None:
    found = asked(values)
    assert found == sorted(found)
    assert min(values) <= found[0] <= found[-1] <= max(values)


@settings(deadline=None)
@given(value=MILLISECONDS, count=st.integers(1, 5))
def test_the_percentiles_of_one_value_are_that_value(value: int, count: int) -> None:
    assert asked([value] * count) == [value] * len(WANTED)


@settings(deadline=None)
@given(values=st.lists(MILLISECONDS, min_size=1, max_size=50), data=st.data())
def test_the_order_of_the_durations_does_not_matter(values: list[int], data: st.DataObject) -> None:
    assert asked(data.draw(st.permutations(values))) == asked(values)


def test_the_order_of_the_wanted_percents_is_the_answers() -> None:
    assert asked([1, 2, 3], (100, 0, 50)) == [3.0, 1.0, 2.0]


def test_a_median_between_two_values_is_halfway() -> None:
    assert asked([10, 20], (50,)) == [15.0]


@settings(max_examples=20, deadline=None)
@given(values=st.lists(MILLISECONDS, min_size=1, max_size=500))
def test_duckdb_puts_durations_into_the_same_buckets(engine: duckdb.DuckDBPyConnection, values: list[int]) -> None:
    edges = [near for bits in range(31) for near in (2**bits - 1, 2**bits)]
    given_values = [*values, *edges, LARGEST]
    rows = engine.execute(
        "SELECT latency_bucket(ms::INTEGER), latency_middle(latency_bucket(ms::INTEGER)) FROM unnest($1) AS t(ms)",
        [given_values],
    ).fetchall()
    buckets = [bucket(value) for value in given_values]
    assert [row[0] for row in rows] == buckets
    assert [row[1] for row in rows] == middle(np.array(buckets, dtype=np.int64)).tolist()


def test_duckdb_has_the_same_middle_for_every_bucket(engine: duckdb.DuckDBPyConnection) -> None:
    last = bucket(LARGEST)
    rows = engine.execute("SELECT latency_middle(b) FROM range($1::BIGINT) AS t(b)", [last + 1]).fetchall()
    assert [row[0] for row in rows] == middle(np.arange(last + 1, dtype=np.int64)).tolist()
