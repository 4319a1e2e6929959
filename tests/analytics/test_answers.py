"""How an overview is written as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter
from tests.conformance.by_hand import Case

from augury.analytics.answers import GroupedOverview, Overview
from augury.analytics.overview import GroupBy, overview

if TYPE_CHECKING:
    from augury.store.protocol import Store

MEASURES = {
    "totalCalls", "avgResponseTime", "minResponseTime", "maxResponseTime", "medianResponseTime", "p95ResponseTime",
    "p99ResponseTime", "avgTimeToFirstToken", "successRate", "thumbsUp", "thumbsDown", "satisfactionRate", "avgTokens",
    "totalTokens", "inputTokens", "outputTokens", "tokensPerSecond", "totalCost", "costPerCall", "costPerSuccess",
    "unpricedCalls", "qualityScore", "speedScore", "confidence", "successRateInterval", "satisfactionRateInterval",
}  # fmt: skip
"""As the contract names them."""

KEYS = {
    "byModel": {"model", "displayName", "provider", "providers"},
    "byTaskType": {"taskType"},
    "byProvider": {"provider"},
    "trends": {"date"},
}


def written(answer: Overview) -> dict[str, Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(type(answer))
    read = json.loads(adapter.dump_json(answer, by_alias=True))
    assert isinstance(read, dict)
    return read


@pytest.mark.parametrize("days", [30, 1, 3_000])
def test_every_group_has_every_measure_in_camel_case(world_store: Store, days: int) -> None:
    answer = written(overview(world_store, Case(days=days).request()))

    assert set(answer) >= {"summary", *KEYS, "recommendations", "bestByTask"}
    assert set(answer["summary"]) == MEASURES
    for name, keys in KEYS.items():
        assert answer[name]
        for group in answer[name]:
            assert set(group) >= MEASURES | keys
            for served in group.get("providers", []):
                assert set(served) == MEASURES | {"provider"}


@pytest.mark.parametrize(
    ("by", "key"), [(GroupBy.MODEL, "model"), (GroupBy.TASK_TYPE, "taskType"), (GroupBy.PROVIDER, "provider")]
)
def test_grouping_adds_groups_and_splits_the_trends(world_store: Store, by: GroupBy, key: str) -> None:
    answer = written(overview(world_store, Case(days=30, group_by=by).request()))

    assert {group[key] for group in answer["groups"]} == {point[key] for point in answer["trends"]}
    assert len(answer["trends"]) == 30 * len(answer["groups"])
    assert all(set(group) >= MEASURES for group in answer["groups"])


def test_grouping_by_time_gives_the_trend(world_store: Store) -> None:
    answer = written(overview(world_store, Case(days=30, group_by=GroupBy.TIME).request()))

    assert answer["groups"] == answer["trends"]


def test_no_group_is_asked_for_and_none_is_given(world_store: Store) -> None:
    assert "groups" not in written(overview(world_store, Case(days=30).request()))


def test_a_period_says_what_it_is(world_store: Store) -> None:
    answer = written(overview(world_store, Case(days=30, zone="Europe/Berlin").request()))

    assert answer["period"] == {
        "from": "2026-03-01T23:00:00Z",
        "to": "2026-03-31T22:00:00Z",
        "timezone": "Europe/Berlin",
        "interval": "day",
    }


def test_money_is_a_number(world_store: Store) -> None:
    own = overview(world_store, Case(days=30).request())

    cost = written(own)["summary"]["totalCost"]

    assert own.summary.total_cost is not None
    assert cost == float(own.summary.total_cost) > 0


def test_the_schema_of_an_overview_names_every_measure() -> None:
    schema = TypeAdapter(GroupedOverview).json_schema(by_alias=True, mode="serialization")

    assert set(schema["$defs"]["Measures"]["properties"]) == MEASURES
    assert "from" in schema["$defs"]["Period"]["properties"]
