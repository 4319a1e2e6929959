from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import mean
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from tests.demo.conftest import NOW, PRICES, TODAY

from augury.capture.records import RecordReader
from augury.core.calls import GENERATING, CostSource, ModelCall
from augury.demo import sample_calls
from augury.models import display_name, resolve
from augury.models.prices import PriceBook

if TYPE_CHECKING:
    from collections.abc import Iterable


def success_rate(some: Iterable[ModelCall]) -> float:
    return mean(call.success for call in some)


def counts_by(some: Iterable[ModelCall], field: str) -> Counter[Any]:
    return Counter(getattr(call, field) for call in some)


# The same each time


def test_the_same_day_has_the_same_calls_each_time(calls: list[ModelCall]) -> None:
    assert list(sample_calls(PriceBook(), now=NOW)) == calls


def test_the_calls_do_not_depend_on_the_hash_seed_of_the_process() -> None:
    program = (
        "from datetime import UTC, datetime\n"
        "from augury.demo import sample_calls\n"
        "from augury.models.prices import PriceBook\n"
        "now = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)\n"
        "print(*[(c.id, c.model, c.cost_usd) for c in sample_calls(PriceBook(), now=now, days=3, calls_per_day=60)])"
    )

    def run(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        ).stdout

    first = run("1")
    assert first.count("claude") > 10
    assert run("2") == first


def test_later_the_same_day_there_are_more_calls_and_the_earlier_ones_are_unchanged(calls: list[ModelCall]) -> None:
    until_now = [call for call in calls if call.timestamp.date() == TODAY]
    later = list(sample_calls(PRICES, now=NOW + timedelta(hours=3), days=1))
    assert later[: len(until_now)] == until_now
    assert len(later) > len(until_now)
    assert all(NOW < call.timestamp <= NOW + timedelta(hours=3) for call in later[len(until_now) :])


def test_a_week_later_only_dates_ids_and_prices_differ() -> None:
    week = timedelta(days=7)
    first = list(sample_calls(PRICES, now=NOW, calls_per_day=60))
    second = list(sample_calls(PRICES, now=NOW + week, calls_per_day=60))

    def moved(call: ModelCall) -> ModelCall:
        return call._replace(id=UUID(int=0), cost_usd=None)

    assert [moved(call)._replace(timestamp=call.timestamp + week) for call in first] == [moved(one) for one in second]


@pytest.mark.parametrize("shift", [1, 40])
def test_on_any_other_day_the_picture_is_the_same(chats: list[ModelCall], shift: int) -> None:
    others = [call for call in sample_calls(PRICES, now=NOW + timedelta(days=shift)) if call.operation in GENERATING]
    assert len(others) == pytest.approx(len(chats), rel=0.06)
    for key in ("model", "task_type", "task_complexity", "provider"):
        here = counts_by(chats, key)
        there = counts_by(others, key)
        assert here.keys() == there.keys()
        for value, count in here.items():
            assert there[value] / len(others) == pytest.approx(count / len(chats), abs=0.015)
    assert success_rate(others) == pytest.approx(success_rate(chats), abs=0.015)


# Volume and order


def test_there_are_some_fifty_thousand_calls(calls: list[ModelCall]) -> None:
    assert 40_000 <= len(calls) <= 60_000


def test_calls_span_the_last_ninety_calendar_days_and_none_is_later_than_now(calls: list[ModelCall]) -> None:
    assert calls[0].timestamp.date() == TODAY - timedelta(days=89)
    assert calls[-1].timestamp <= NOW
    assert {call.timestamp.date() for call in calls} == {TODAY - timedelta(days=n) for n in range(90)}


@pytest.mark.parametrize("days", [1, 2, 30])
def test_fewer_days_are_the_last_of_the_ninety(calls: list[ModelCall], days: int) -> None:
    fewer = list(sample_calls(PRICES, now=NOW, days=days))
    assert fewer == calls[-len(fewer) :]
    assert fewer[0].timestamp.date() == TODAY - timedelta(days=days - 1)


def test_the_volume_can_be_chosen(calls: list[ModelCall]) -> None:
    few = list(sample_calls(PRICES, now=NOW, calls_per_day=100))
    assert len(few) == pytest.approx(len(calls) / 6, rel=0.1)


def test_times_and_ids_ascend_and_no_id_comes_twice(calls: list[ModelCall]) -> None:
    assert all(one.timestamp <= two.timestamp for one, two in pairwise(calls))
    assert all(one.id < two.id for one, two in pairwise(calls))


def test_now_is_understood_in_any_time_zone(calls: list[ModelCall]) -> None:
    elsewhere = list(sample_calls(PRICES, now=NOW.astimezone(ZoneInfo("Asia/Tokyo")), days=2))
    assert elsewhere == calls[-len(elsewhere) :]


# Records


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.ordeal)])
def test_every_call_passes_the_rules_for_records_unchanged(calls: list[ModelCall], step: int) -> None:
    reader = RecordReader(PRICES)
    for call in calls[::step]:
        record = call._asdict()
        del record["cost_usd"], record["cost_source"]  # so that they are computed as for a recorded call
        assert reader.read(record, now=NOW) == call


def test_reported_names_stand_for_their_models_and_each_has_a_price_and_a_display_name(
    calls: list[ModelCall],
) -> None:
    for model, provider, version in {(call.model, call.provider, call.model_version) for call in calls}:
        assert version is not None
        named = resolve(version, provider)
        assert (named.model, named.provider) == (model, provider)
        assert resolve(version).provider == provider
        assert model.startswith("text-embedding") or display_name(model) != model
    assert all(call.cost_source is CostSource.COMPUTED for call in calls)


def test_a_call_without_tokens_costs_nothing_and_every_other_something(calls: list[ModelCall]) -> None:
    for call in calls:
        assert call.cost_usd is not None
        assert (call.cost_usd > 0) == (call.tokens_used > 0)
    assert sum((call.cost_usd or Decimal(0) for call in calls), Decimal(0)) > 100


def test_parts_never_exceed_their_whole(calls: list[ModelCall]) -> None:
    for call in calls:
        assert (call.cached_input_tokens or 0) + (call.cache_write_tokens or 0) <= (call.input_tokens or 0)
        assert (call.reasoning_tokens or 0) <= (call.output_tokens or 0)
        assert (call.time_to_first_token_ms or 0) <= call.response_time_ms
