"""Adding facts up: whatever they are grouped by, nothing is lost and nothing counted twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from augury.analytics.tally import grouped, histograms, nothing
from augury.store.protocol import LEAST, MOST, SUMS, Dimension, Facts, Latencies

DIMENSIONS = (Dimension.MODEL, Dimension.PROVIDER, Dimension.STEP)

rows = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "ü", "b'"]),
        st.sampled_from(["x", "y"]),
        st.integers(-3, 20_000),
        st.integers(0, 10**9),
    ),
    max_size=30,
)
groupings = st.sampled_from(
    [(), (Dimension.MODEL,), (Dimension.STEP, Dimension.MODEL), (Dimension.PROVIDER, Dimension.MODEL), DIMENSIONS]
)


def keys_of(found: list[tuple[Any, ...]]) -> dict[Dimension, Any]:
    types = (object, object, np.int64)
    return {name: np.array([row[i] for row in found], dtype=types[i]) for i, name in enumerate(DIMENSIONS)}


def key(row: tuple[Any, ...], by: tuple[Dimension, ...]) -> tuple[Any, ...]:
    return tuple(row[DIMENSIONS.index(name)] for name in by)


@given(rows, groupings)
def test_sums_are_grouped_as_a_dictionary_would_group_them(
    found: list[tuple[str, str, int, int]], by: tuple[Dimension, ...]
) -> None:
    values = [row[3] for row in found]
    sums: dict[str, Any] = {name: np.array(values, dtype=np.int64) for name in (*SUMS, LEAST, MOST)}
    sums["cost_sum"] = np.array([10**20 + value for value in values], dtype=object)
    expected = defaultdict(list)
    for row in found:
        expected[key(row, by)].append(row[3])

    groups = grouped(Facts(keys=keys_of(found), sums=sums), by)

    assert {name: group["calls"] for name, group in groups.items()} == {k: sum(v) for k, v in expected.items()}
    for name, group in groups.items():
        assert group["cost_sum"] == sum(10**20 + value for value in expected[name])
        assert (group["response_ms_min"], group["response_ms_max"]) == (min(expected[name]), max(expected[name]))
        assert {type(value) for value in [*name, *group.values()]} <= {int, str}  # no numpy in answers


@given(rows, groupings)
def test_histograms_are_merged_bucket_by_bucket(
    found: list[tuple[str, str, int, int]], by: tuple[Dimension, ...]
) -> None:
    latencies = Latencies(
        keys=keys_of(found),
        groups=np.arange(len(found)),
        buckets=np.array([row[3] % 5 for row in found], dtype=np.int64),
        calls=np.array([row[3] for row in found], dtype=np.int64),
    )
    expected: dict[tuple[Any, ...], Counter[int]] = defaultdict(Counter)
    for row in found:
        expected[key(row, by)][row[3] % 5] += row[3]

    merged = {
        name: dict(zip(buckets.tolist(), counts.tolist(), strict=True))
        for name, (buckets, counts) in histograms(latencies, by).items()
    }

    assert merged == expected
    assert all(list(buckets) == sorted(buckets) for buckets in merged.values())


def test_nothing_has_zeros_for_counts_and_nothing_for_rates() -> None:
    measures = nothing()

    assert measures["total_calls"] == measures["total_tokens"] == measures["total_cost"] == 0
    assert measures["success_rate"] is measures["satisfaction_rate"] is measures["quality_score"] is None
