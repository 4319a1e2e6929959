"""The seed's views and functions give the figures of the API.

They count from the database's own clock, so these tests move the world to the real present.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance.by_hand import differences
from tests.world import a_call, world

from augury.analytics.overview import GroupBy, OverviewRequest, overview
from augury.core.tasks import TaskType
from augury.core.windows import Window
from augury.store import open_store
from augury.store.protocol import Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Engine

    from augury.analytics.answers import Measures, Overview
    from augury.store.protocol import Store

Rows = list[dict[str, Any]]

DAYS = (None, 1, 7, 30, 365)
"""None: the view itself, which covers 90."""


@pytest.fixture(scope="session")
def present_store(
    engine: Engine, seal_days: Callable[[Store, datetime], None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """The world, moved to end today."""
    now = datetime.now(UTC)
    with open_store(engine.url(tmp_path_factory.mktemp("present"))) as opened:
        opened.append(world(now))
        seal_days(opened, now)
        yield opened


def rows(store: Store, name: str, days: int | None) -> Rows:
    table = store.query(f"SELECT * FROM {name}" + (f"({days})" if days else ""), limit=100_000)
    assert not table.cut
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def asked(store: Store, name: str, days: int | None, **question: Any) -> tuple[Rows, Overview]:
    """The view's rows, and the overview of the same days; both again where midnight struck in between."""
    while True:
        day = today()
        found = rows(store, name, days)
        answer = overview(store, OverviewRequest(window=Window.last_days(days or 90, now=day), **question))
        if today() == day:
            return found, answer


def measures(group: Measures, *names: str) -> dict[str, Any]:
    """Measures as a query shows them: money is a number there."""
    return {name: getattr(group, name) for name in names} | (
        {"total_cost": None if group.total_cost is None else float(group.total_cost)} if "total_cost" in names else {}
    )


EVERY_MEASURE = (
    "total_calls", "avg_response_time", "min_response_time", "max_response_time", "median_response_time",
    "p95_response_time", "p99_response_time", "avg_time_to_first_token", "success_rate", "thumbs_up", "thumbs_down",
    "satisfaction_rate", "avg_tokens", "total_tokens", "input_tokens", "output_tokens", "tokens_per_second", "total_cost",
    "cost_per_call", "cost_per_success", "unpriced_calls", "quality_score", "speed_score", "confidence",
)  # fmt: skip

COLUMNS = {
    "get_model_performance_summary": EVERY_MEASURE,
    "model_avg_response_time": (
        "total_calls", "avg_response_time", "min_response_time", "max_response_time", "median_response_time",
        "p95_response_time",
    ),
    "model_success_rate": ("total_calls", "success_rate"),
    "model_user_satisfaction": ("total_calls", "thumbs_up", "thumbs_down", "satisfaction_rate"),
    "model_token_efficiency": (
        "total_calls", "avg_tokens", "total_tokens", "input_tokens", "output_tokens", "tokens_per_second", "total_cost",
        "cost_per_call", "cost_per_success", "unpriced_calls",
    ),
}  # fmt: skip
ORDERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "get_model_performance_summary": lambda row: -row["total_calls"],
    "model_avg_response_time": lambda row: row["avg_response_time"],
    "model_success_rate": lambda row: -row["success_rate"],
    "model_user_satisfaction": lambda row: -1 if row["satisfaction_rate"] is None else -row["satisfaction_rate"] - 2,
    "model_token_efficiency": lambda row: row["avg_tokens"],
}
BY_MODEL = [(name, days) for name in COLUMNS for days in DAYS if days or name != "get_model_performance_summary"]


@pytest.mark.parametrize(("name", "days"), BY_MODEL)
def test_a_view_of_models_gives_the_figures_of_the_overview(present_store: Store, name: str, days: int | None) -> None:
    found, answer = asked(present_store, name, days)

    expected = [
        {"model": group.model, "provider": group.provider} | measures(group, *COLUMNS[name])
        for group in answer.by_model
    ]
    expected.sort(key=lambda row: (ORDERS[name](row), row["model"]))
    shared = [{key: row[key] for key in ("model", "provider", *COLUMNS[name])} for row in found]
    assert answer.by_model
    assert not differences(expected, shared)


@pytest.mark.parametrize("days", DAYS)
def test_the_counts_behind_the_rates_add_up(present_store: Store, days: int | None) -> None:
    for row in rows(present_store, "model_success_rate", days):
        assert row["successful_calls"] + row["failed_calls"] == row["total_calls"]
        assert row["success_rate"] == pytest.approx(100 * row["successful_calls"] / row["total_calls"])
    for row in rows(present_store, "model_user_satisfaction", days):
        assert row["thumbs_up"] + row["thumbs_down"] == row["rated_calls"]


@pytest.mark.parametrize("days", DAYS)
def test_the_trends_view_gives_the_points_of_the_trend(present_store: Store, days: int | None) -> None:
    found, answer = asked(present_store, "model_performance_trends", days, group_by=GroupBy.MODEL)

    names = ("total_calls", "avg_response_time", "success_rate", "satisfaction_rate", "avg_tokens", "total_cost")
    expected = [
        {"date": point.date, "model": point.model} | measures(point, *names)
        for point in answer.trends
        if point.total_calls
    ]
    expected.sort(key=lambda row: (row["date"], row["model"]))
    if days is None or days < 365:  # a longer trend of many models may be told in weeks
        assert answer.period.interval == "day"
        assert not differences(expected, found)


@pytest.mark.parametrize("days", DAYS)
def test_the_best_model_of_a_task_is_the_one_of_the_highest_quality_score(
    present_store: Store, days: int | None
) -> None:
    names = ("total_calls", "avg_response_time", "success_rate", "satisfaction_rate", "quality_score", "confidence")
    expected = []
    for task in sorted(TaskType):
        _, answer = asked(present_store, "best_model_by_task", days, filters=Filters(task_type=task))
        able = [group for group in answer.by_model if group.total_calls >= 5 and group.model != "unknown"]
        if able:
            best = min(able, key=lambda group: (-(group.quality_score or 0), -group.total_calls, group.model))
            expected.append(
                {"task_type": str(task), "model": best.model, "provider": best.provider} | measures(best, *names)
            )

    assert not differences(expected, rows(present_store, "best_model_by_task", days))


def test_fewer_than_five_calls_make_no_best_model_and_an_unknown_model_never_does(store: Store) -> None:
    now = datetime.now(UTC)
    store.append([a_call(number, timestamp=now, task_type=TaskType.CREATIVE) for number in range(4)])
    store.append([a_call(number, timestamp=now, model="unknown") for number in range(10, 20)])

    assert rows(store, "best_model_by_task", None) == []

    store.append([a_call(4, timestamp=now, task_type=TaskType.CREATIVE)])

    assert [(row["task_type"], row["total_calls"]) for row in rows(store, "best_model_by_task", None)] == [
        ("creative", 5)
    ]


def test_providers_with_equally_many_calls_go_by_name_in_views_too(store: Store) -> None:
    now = datetime.now(UTC)
    providers = ("zeta", "alpha", "zeta", "alpha", "zeta", "alpha")
    store.append([a_call(number, timestamp=now, provider=name) for number, name in enumerate(providers)])

    found, answer = asked(store, "get_model_performance_summary", 7)

    assert [row["provider"] for row in found] == [group.provider for group in answer.by_model]
    assert [row["provider"] for row in rows(store, "best_model_by_task", 7)] == [answer.by_model[0].provider]


def test_views_begin_and_end_with_whole_utc_days(store: Store) -> None:
    midnight = today()
    first = midnight - timedelta(days=6)
    store.append([a_call(1, timestamp=first), a_call(2, timestamp=first - timedelta(microseconds=1))])

    counts = [row["total_calls"] for row in rows(store, "model_success_rate", 7)]

    assert counts == [1] or today() != midnight


def test_views_of_an_empty_database_are_empty(store: Store) -> None:
    for name in (*COLUMNS, "model_performance_trends", "best_model_by_task"):
        assert rows(store, name, 30) == []
        if name != "get_model_performance_summary":
            assert rows(store, name, None) == []


def test_the_summary_has_every_measure_of_the_api_by_its_own_name(present_store: Store) -> None:
    (row, *_), answer = asked(present_store, "get_model_performance_summary", 30)

    # An interval follows from counts that are there, and is no single value of a row.
    missing = {
        name for name in answer.summary.__dataclass_fields__ if name not in row and not name.endswith("_interval")
    }
    assert not missing
