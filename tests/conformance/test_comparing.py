from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from tests.conformance.by_hand import Case, differences, measures
from tests.world import NOW

from augury.analytics.overview import overview
from augury.core.calls import GENERATING
from augury.core.windows import Window

if TYPE_CHECKING:
    from augury.core.calls import ModelCall
    from augury.store.protocol import Store

UNKNOWN_OF_SUMS = {"median_response_time": None, "p95_response_time": None, "p99_response_time": None}


@pytest.mark.parametrize(("days", "zone"), [(1, "UTC"), (7, "Europe/Berlin"), (30, "UTC")])
def test_the_time_before_has_the_figures_of_its_calls(
    world_store: Store, calls: tuple[ModelCall, ...], days: int, zone: str
) -> None:
    request = Case(days=days, zone=zone).request()
    before = request.window.before(NOW)
    assert before is not None

    answer = overview(world_store, replace(request, compared_at=NOW)).previous

    own = [call for call in calls if before.start <= call.timestamp < before.end and call.operation in GENERATING]
    assert answer is not None
    assert not differences(measures(own) | UNKNOWN_OF_SUMS if own else measures(own), answer.summary)


def test_a_change_is_told_with_the_interval_of_what_it_may_be(world_store: Store) -> None:
    answer = overview(world_store, replace(Case(days=30).request(), compared_at=NOW))
    assert answer.previous is not None
    low, high = answer.previous.success_rate_change or (0, 0)
    assert answer.summary.success_rate is not None
    assert answer.previous.summary.success_rate is not None
    assert low < answer.summary.success_rate - answer.previous.summary.success_rate < high


def test_nothing_is_compared_unasked(world_store: Store) -> None:
    assert overview(world_store, Case(days=30).request()).previous is None


def test_a_period_that_is_not_over_is_compared_with_as_much_of_the_one_before() -> None:
    noon = datetime(2026, 3, 30, 12, tzinfo=UTC)
    today = Window.last_days(1, now=noon)
    assert today.before(noon) == Window(start=noon - timedelta(hours=36), end=noon - timedelta(hours=24))
    assert today.before(noon + timedelta(days=3)) == Window(start=noon - timedelta(hours=36), end=today.start)
    assert today.before(today.start) is None


def test_days_before_are_days_of_the_zone_where_clocks_change_between() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 30, 10, tzinfo=UTC)  # on the 29th clocks went forward
    before = Window.last_days(1, now=now, zone=berlin).before(now)
    assert before is not None
    assert before.start == datetime(2026, 3, 29, tzinfo=berlin)
    assert before.end == datetime(2026, 3, 29, 12, tzinfo=berlin)
