"""Adding facts up by whatever they are shown by, and reading measures from the sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import numpy as np

from augury.core import scores
from augury.core.histogram import merged, percentiles
from augury.core.money import dollars
from augury.store.protocol import COSTS, LEAST, MOST, SUMS, Dimension, Facts, Latencies

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from numpy.typing import NDArray

    from augury.analytics.answers import Interval95

Key = tuple[Any, ...]
Histogram = tuple["NDArray[np.int64]", "NDArray[np.int64]"]

_PERCENTS = (50, 95, 99)


class Sums(TypedDict):
    """The facts of one group, added up."""

    calls: int
    successes: int
    evidence_calls: int
    evidence_ms_sum: int
    success_ms_sum: int
    response_ms_sum: int
    response_ms_min: int
    response_ms_max: int
    first_token_ms_sum: int
    first_token_calls: int
    tokens_sum: int
    input_tokens_sum: int
    output_tokens_sum: int
    timed_output_tokens_sum: int
    timed_output_ms_sum: int
    cost_sum: int
    priced_calls: int
    costing_calls: int
    priced_successes: int
    thumbs_up: int
    thumbs_down: int
    # Where they were asked for:
    reported_cost_sum: NotRequired[int]
    reported_calls: NotRequired[int]
    computed_cost_sum: NotRequired[int]
    computed_calls: NotRequired[int]
    priced_thumbs_up: NotRequired[int]
    cached_input_tokens_sum: NotRequired[int]
    cache_write_tokens_sum: NotRequired[int]
    reasoning_tokens_sum: NotRequired[int]


def grouped(facts: Facts, by: Sequence[Dimension]) -> dict[Key, Sums]:
    """The sums of each group, in no particular order; without dimensions one group, if there are calls at all."""
    keys, group = _groups([facts.keys[name] for name in by], len(facts.sums["calls"]))
    columns: dict[str, list[Any]] = {}
    for name in (*SUMS, *(name for name in COSTS if name in facts.sums)):
        total = np.zeros(len(keys), dtype=facts.sums[name].dtype)
        np.add.at(total, group, facts.sums[name])
        columns[name] = total.tolist()
    least = np.full(len(keys), np.iinfo(np.int64).max)
    np.minimum.at(least, group, facts.sums[LEAST])
    most = np.zeros(len(keys), dtype=np.int64)
    np.maximum.at(most, group, facts.sums[MOST])
    columns[LEAST], columns[MOST] = least.tolist(), most.tolist()
    return {key: Sums(**{name: column[i] for name, column in columns.items()}) for i, key in enumerate(keys)}  # type: ignore[typeddict-item]  # the columns are Sums' own names


def histograms(latencies: Latencies, by: Sequence[Dimension]) -> dict[Key, Histogram]:
    """The histogram of each group, as buckets and counts."""
    if not len(latencies.buckets):
        return {}
    number = int(latencies.groups[-1]) + 1
    keys, group = _groups([latencies.keys[name] for name in by], number)
    groups, buckets, calls = merged(group[latencies.groups], latencies.buckets, latencies.calls)
    ends = np.searchsorted(groups, np.arange(1, len(keys)))
    return dict(zip(keys, zip(np.split(buckets, ends), np.split(calls, ends), strict=True), strict=True))


def _groups(columns: list[NDArray[Any]], rows: int) -> tuple[list[Key], NDArray[np.int64]]:
    """The distinct keys, and for each row the position of its own among them."""
    codes = np.zeros(rows, dtype=np.int64)
    values: list[tuple[Any, ...]] = []
    for column in columns:
        names = column.tolist()
        known = {name: place for place, name in enumerate(dict.fromkeys(names))}
        # Many times faster with names than sorting them, as np.unique does; by `map`, without a step of Python for each row.
        code = np.fromiter(map(known.__getitem__, names), np.int64, rows)
        values.append(tuple(known))
        codes = codes * len(known) + code
    found, group = np.unique(codes, return_inverse=True)
    keys: list[Key] = []
    for code in found.tolist():
        key: list[Any] = []
        for distinct in reversed(values):
            code, place = divmod(code, len(distinct))  # noqa: PLW2901 - the code is read digit by digit
            key.append(distinct[place])
        keys.append(tuple(reversed(key)))
    return keys, group


class Measured(TypedDict):
    """The fields of `augury.analytics.answers.Measures`."""

    total_calls: int
    avg_response_time: float
    min_response_time: float
    max_response_time: float
    median_response_time: float | None
    p95_response_time: float | None
    p99_response_time: float | None
    avg_time_to_first_token: float | None
    success_rate: float | None
    success_rate_interval: Interval95 | None
    thumbs_up: int
    thumbs_down: int
    satisfaction_rate: float | None
    satisfaction_rate_interval: Interval95 | None
    avg_tokens: float
    total_tokens: int
    input_tokens: int
    output_tokens: int
    tokens_per_second: float | None
    total_cost: Decimal | None
    cost_per_call: float | None
    cost_per_success: float | None
    unpriced_calls: int
    quality_score: float | None
    speed_score: float | None
    confidence: float


def measured(sums: Sums, histogram: Histogram | None) -> Measured:
    """The measures of a group that has calls; without a histogram nobody knows its percentiles."""
    calls, least, most = sums["calls"], sums["response_ms_min"], sums["response_ms_max"]
    median, p95, p99 = percentiles(*histogram, _PERCENTS, least, most) if histogram else (None, None, None)
    average = sums["response_ms_sum"] / calls
    speed = scores.speed_score(average)
    success = 100.0 * sums["successes"] / calls
    rated = sums["thumbs_up"] + sums["thumbs_down"]
    satisfaction = scores.percent(sums["thumbs_up"], rated)
    cost = dollars(sums["cost_sum"])
    return Measured(
        total_calls=calls,
        avg_response_time=average,
        min_response_time=least,
        max_response_time=most,
        median_response_time=median,
        p95_response_time=p95,
        p99_response_time=p99,
        avg_time_to_first_token=per(sums["first_token_ms_sum"], sums["first_token_calls"]),
        success_rate=success,
        success_rate_interval=_interval(sums["successes"], calls),
        thumbs_up=sums["thumbs_up"],
        thumbs_down=sums["thumbs_down"],
        satisfaction_rate=satisfaction,
        satisfaction_rate_interval=_interval(sums["thumbs_up"], rated),
        avg_tokens=sums["tokens_sum"] / calls,
        total_tokens=sums["tokens_sum"],
        input_tokens=sums["input_tokens_sum"],
        output_tokens=sums["output_tokens_sum"],
        tokens_per_second=per(1000 * sums["timed_output_tokens_sum"], sums["timed_output_ms_sum"]),
        total_cost=cost if sums["priced_calls"] else None,
        cost_per_call=per(float(cost), sums["priced_calls"]),
        cost_per_success=per(float(cost), sums["priced_successes"]),
        unpriced_calls=calls - sums["priced_calls"],
        quality_score=scores.quality_score(success, satisfaction, speed),
        speed_score=speed,
        confidence=scores.confidence(calls, sums["successes"], sums["thumbs_up"], sums["thumbs_down"]),
    )


def nothing() -> Measured:
    """The measures of no calls at all."""
    return Measured(
        total_calls=0,
        avg_response_time=0,
        min_response_time=0,
        max_response_time=0,
        median_response_time=0,
        p95_response_time=0,
        p99_response_time=0,
        avg_time_to_first_token=None,
        success_rate=None,
        success_rate_interval=None,
        thumbs_up=0,
        thumbs_down=0,
        satisfaction_rate=None,
        satisfaction_rate_interval=None,
        avg_tokens=0,
        total_tokens=0,
        input_tokens=0,
        output_tokens=0,
        tokens_per_second=None,
        total_cost=dollars(0),
        cost_per_call=None,
        cost_per_success=None,
        unpriced_calls=0,
        quality_score=None,
        speed_score=None,
        confidence=0.0,
    )


def _interval(part: int, whole: int) -> Interval95 | None:
    """Wilson's interval, in percent."""
    if not whole:
        return None
    low, high = scores.wilson_interval(part, whole)
    return 100.0 * low, 100.0 * high


def per(part: float, whole: int) -> float | None:
    """So much for each, None where there is none."""
    return part / whole if whole else None
