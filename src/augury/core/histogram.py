"""Percentiles from integer buckets, the same on every engine and for sums as for rows.

A bucket is exact below 128 ms; above, an octave has 64 of them, so that a value and the middle of its bucket differ by
less than 1 %. Buckets are whole numbers, so counts of them add up, and no engine's logarithm can disagree with another's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augury.core.grouping import numbered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_EXACT_BITS = 7  # values of up to this many bits have a bucket of their own
_STEPS = 64  # buckets to an octave


def bucket(milliseconds: int) -> int:
    """The bucket of a duration of 0 to 2^31 - 1 ms: `octave · 64 + (ms >> octave)`.

    The engines have it as `latency_bucket` in their schema.
    """
    octave = max(0, milliseconds.bit_length() - _EXACT_BITS)
    return octave * _STEPS + (milliseconds >> octave)


def middle(index: NDArray[np.int64]) -> NDArray[np.float64]:
    """The middle of each bucket, in milliseconds."""
    octave = np.maximum(index // _STEPS - 1, 0)
    low: NDArray[np.float64] = ((index - octave * _STEPS) << octave).astype(np.float64)
    return low + ((np.int64(1) << octave) - 1) / 2


def merged(
    groups: NDArray[np.int64], buckets: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Histograms of several groups, non-empty, where a bucket may stand more than once in a group, with each once.

    Returns:
        Groups, ascending, buckets, ascending within a group, and counts.
    """
    width = int(buckets.max()) + 1
    cells, place = numbered(groups * width + buckets, (int(groups.max()) + 1) * width)
    # Summed as doubles, which are exact up to 2^53.
    return cells // width, cells % width, np.bincount(place, counts).astype(np.int64)


def percentiles(
    buckets: NDArray[np.int64], counts: NDArray[np.int64], wanted: Sequence[int], least: float, most: float
) -> list[float]:
    """The wanted percentiles (whole percent) of a non-empty histogram, in milliseconds.

    Interpolates between the two order statistics around rank (n - 1) · p / 100, as `percentile_cont` does, and stays
    within the smallest and largest value seen.

    Args:
        buckets: bucket indices, ascending, without repetition.
        counts: how many values each bucket holds, all positive.
        wanted: whole percents, such as 50 and 95.
        least: the smallest value itself.
        most: the largest value itself.
    """
    upto = np.cumsum(counts)
    total = int(upto[-1])
    ranks, rests = zip(*(divmod((total - 1) * percent, 100) for percent in wanted), strict=True)
    around = np.array([*ranks, *(min(rank + 1, total - 1) for rank in ranks)])
    found = middle(buckets[upto.searchsorted(around, side="right")]).tolist()
    lows, highs = found[: len(ranks)], found[len(ranks) :]
    return [
        min(max(low + rest / 100.0 * (high - low), least), most)
        for low, high, rest in zip(lows, highs, rests, strict=True)
    ]
