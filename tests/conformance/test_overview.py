"""Every engine gives the figures that plain Python gives."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance.by_hand import Answer, Case, by_hand, counted_calls, differences
from tests.world import FOREIGN, HOSTILE, NOW, ZONES, a_call

from augury.analytics.overview import GroupBy, OverviewRequest, overview
from augury.analytics.trends import MAX_POINTS
from augury.core.calls import GENERATING
from augury.core.tasks import Complexity, TaskType
from augury.core.windows import Interval, Window
from augury.errors import InvalidValue
from augury.store.protocol import Filters

if TYPE_CHECKING:
    from collections.abc import Callable

    from augury.core.calls import ModelCall
    from augury.store.protocol import Store

HOUR, DAY, WEEK = Interval.HOUR, Interval.DAY, Interval.WEEK
DAYS = {HOUR: 4, DAY: 30, WEEK: 170, None: 90}
GROUPS = (None, *GroupBy)

EVERY_FILTER = (
    Filters(model="claude-sonnet-4-5"),
    Filters(model="text-embedding-3-small"),  # nothing of it is counted
    Filters(model=HOSTILE),
    Filters(model=FOREIGN),
    Filters(model="no such model"),
    Filters(provider="aws.bedrock"),
    Filters(provider="größe 🦊"),
    Filters(provider="Robert'); DROP TABLE students; --"),
    *(Filters(task_type=task) for task in TaskType),
    *(Filters(complexity=complexity) for complexity in Complexity),
    Filters(segment="pro"),
    Filters(segment="größe 🦊 'x'"),
    Filters(segment="alone"),
    Filters(operations=None),
    Filters(operations=("embeddings",)),
    Filters(operations=("rerank", "text_completion")),
    Filters(model="gpt-4o", provider="openai", task_type="coding", complexity="medium", operations=("chat",)),
)
CLOCK_CHANGES = (
    Case(since=date(2025, 10, 25), until=date(2025, 10, 27), zone="Europe/Berlin", interval=HOUR),
    Case(since=date(2025, 10, 26), until=date(2025, 10, 26), zone="Europe/Berlin", interval=DAY),
    Case(since=date(2025, 11, 2), until=date(2025, 11, 3), zone="America/New_York", interval=HOUR),
    Case(since=date(2026, 3, 7), until=date(2026, 3, 9), zone="America/New_York", interval=HOUR),
    Case(since=date(2026, 3, 28), until=date(2026, 3, 30), zone="Europe/Berlin", interval=HOUR, group_by=GroupBy.MODEL),
    Case(since=date(2025, 10, 20), until=date(2026, 3, 31), zone="Europe/Berlin", interval=DAY),
    Case(since=date(2025, 10, 20), until=date(2026, 3, 31), zone="America/New_York", interval=DAY),
    Case(since=date(2025, 10, 20), until=date(2026, 3, 31), zone="America/New_York", interval=WEEK),
)
ODD_PERIODS = (
    *(Case(days=1, zone=zone) for zone in ZONES),
    *(Case(days=2, zone=zone, interval=HOUR) for zone in ZONES),
    Case(days=3660),
    Case(days=170, interval=DAY),
    Case(since=datetime(2026, 3, 2, tzinfo=UTC), until=datetime(2026, 3, 2, 0, 0, 1, tzinfo=UTC), interval=HOUR),
    Case(since=datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC), until=datetime(2026, 3, 29, 1, tzinfo=UTC), interval=HOUR),
    Case(since=datetime(2026, 3, 8, 7, tzinfo=UTC), until=datetime(2026, 3, 29, 1, tzinfo=UTC), zone="Europe/Berlin"),
    Case(since=date(2030, 1, 1), until=date(2030, 1, 2)),  # nothing there
    Case(since=date(2030, 1, 1), until=date(2030, 1, 2), group_by=GroupBy.MODEL),
)

ALL_TOGETHER = tuple(
    Case(days=DAYS[i], zone=zone, interval=i, group_by=by) for zone, i, by in product(ZONES, DAYS, GROUPS)
)
FILTERED = tuple(Case(days=30, zone="Asia/Kolkata", filters=f, group_by=GroupBy.PROVIDER) for f in EVERY_FILTER)
# Of each list every third: each zone with each interval, each interval with each grouping, more than once.
EVERY_CASE = (
    *ALL_TOGETHER[::3],
    *(Case(days=90, filters=filters) for filters in EVERY_FILTER),
    *FILTERED[::3],
    *CLOCK_CHANGES,
    *ODD_PERIODS,
)
THE_OTHERS = tuple(case for case in (*ALL_TOGETHER, *FILTERED) if case not in EVERY_CASE)


@pytest.fixture(scope="session")
def answer_by_hand(calls: tuple[ModelCall, ...]) -> Callable[[Case], Answer]:
    """The answer to a case over the small world, worked out once for all engines and states of sealing."""
    return cache(lambda case: by_hand(case, calls))


@pytest.mark.parametrize(
    "case", [*EVERY_CASE, *(pytest.param(case, marks=pytest.mark.ordeal) for case in THE_OTHERS)], ids=str
)
def test_every_store_agrees_with_plain_python(
    world_store: Store, answer_by_hand: Callable[[Case], Answer], case: Case
) -> None:
    answer = overview(world_store, case.request())

    assert not differences(answer_by_hand(case), answer)


def test_what_is_filtered_is_the_same_where_all_of_it_was_asked_for_before(
    world_store: Store, answer_by_hand: Callable[[Case], Answer]
) -> None:
    overview(world_store, Case(days=90, group_by=GroupBy.MODEL).request())

    for filters in EVERY_FILTER:
        case = Case(days=90, group_by=GroupBy.MODEL, filters=filters)
        assert not differences(answer_by_hand(case), overview(world_store, case.request())), filters


def test_the_world_has_what_the_cases_ask_for(calls: tuple[ModelCall, ...]) -> None:
    empty = [case for case in (*EVERY_CASE, *THE_OTHERS) if not counted_calls(case, calls)]

    assert len(calls) > 400
    assert sorted(str(case.filters.model) for case in empty if case.since is None) == [
        "no such model",
        "no such model",
        "text-embedding-3-small",
        "text-embedding-3-small",
    ]


def test_percentiles_are_within_one_percent_of_the_exact_ones(world_store: Store, calls: tuple[ModelCall, ...]) -> None:
    answer = overview(world_store, Case(days=170).request())

    for group in answer.by_model:
        times = sorted(c.response_time_ms for c in calls if c.model == group.model and c.operation in GENERATING)
        for percent, got in ((50, group.median_response_time), (95, group.p95_response_time)):
            rank = (len(times) - 1) * percent / 100
            low, high = times[math.floor(rank)], times[math.ceil(rank)]
            assert got == pytest.approx(low + (rank % 1) * (high - low), rel=0.01)


def test_an_empty_database_answers_zeros_and_empty_lists_and_nulls(store: Store) -> None:
    answer = asdict(overview(store, Case(days=7, group_by=GroupBy.MODEL).request()))

    assert not differences(by_hand(Case(days=7, group_by=GroupBy.MODEL), []), answer)
    assert answer["summary"]["total_calls"] == 0
    assert answer["by_model"] == answer["by_task_type"] == answer["by_provider"] == answer["groups"] == []
    for rate in ("success_rate", "satisfaction_rate", "quality_score", "speed_score", "cost_per_call"):
        assert answer["summary"][rate] is None


def test_the_trend_of_an_empty_database_has_a_point_for_every_day(store: Store) -> None:
    points = overview(store, Case(days=7).request()).trends

    assert [point.date for point in points] == [f"2026-03-{day}" for day in range(25, 32)]
    assert {point.total_calls for point in points} == {0}


@pytest.mark.parametrize("sample", [True, False])
def test_an_overview_says_whether_it_shows_sample_traffic(store: Store, *, sample: bool) -> None:
    assert overview(store, Case(days=1).request(), sample=sample).sample is sample


def test_providers_with_equally_many_calls_go_by_name(store: Store) -> None:
    store.append([a_call(number, provider=name) for number, name in enumerate(("zeta", "alpha", "zeta", "alpha"))])

    (model,) = overview(store, Case(days=1).request()).by_model

    assert model.provider == "alpha"
    assert [served.provider for served in model.providers] == ["alpha", "zeta"]


def test_a_split_trend_of_too_many_days_is_told_in_weeks_unless_days_are_asked_for(store: Store) -> None:
    names = [f"model {number}" for number in range(MAX_POINTS // 3660 + 1)]
    store.append([a_call(number, model=name) for number, name in enumerate(names)])
    long = OverviewRequest(window=Window.last_days(3660, now=NOW), group_by=GroupBy.MODEL)

    assert overview(store, long).period.interval == "week"
    with pytest.raises(InvalidValue, match="interval"):
        overview(store, replace(long, interval=DAY))


def test_too_many_hours_are_refused(store: Store) -> None:
    with pytest.raises(InvalidValue, match="interval"):
        overview(store, Case(days=3660, interval=HOUR).request())


def test_sums_beyond_32_bits_and_costs_beyond_a_double_are_exact(store: Store) -> None:
    huge: dict[str, Any] = {"response_time_ms": 2**31 - 1, "tokens_used": 2**31 - 1}
    calls = [a_call(number, cost_usd=cost, **huge) for number, cost in enumerate(_costs(3_000))]
    store.append(calls)

    case = Case(days=1, interval=HOUR)

    assert not differences(by_hand(case, calls), overview(store, case.request()))
    assert overview(store, case.request()).summary.total_cost == sum(_costs(3_000))


def _costs(count: int) -> list[Decimal]:
    return [Decimal("99999.9999999999") - number * Decimal("1e-10") for number in range(count)]
