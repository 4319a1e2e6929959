"""What PostgreSQL and DuckDB make of the same calls is the same: counts and sums to the digit, rates to nine places."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg
import pytest
from tests import postgres
from tests.database.by_sql import DIMENSIONS, append, rows
from tests.world import world

from augury.core.tasks import Priority, TaskType
from augury.core.windows import day_of
from augury.demo import sample_calls
from augury.models.prices import PriceBook
from augury.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database.by_sql import Connection

    from augury.core.calls import ModelCall

Rows = list[dict[str, Any]]

PRECISION = 1e-9


class Both:
    """The same calls in both engines."""

    def __init__(self, postgresql: Connection, duck: duckdb.DuckDBPyConnection) -> None:
        self.postgresql = postgresql
        self.duck = duck

    def ask(self, query: str) -> tuple[Rows, Rows]:
        """What they answer, on the same day."""
        while True:
            before = datetime.now(UTC).date()
            cursor = self.duck.execute(query.replace("augury.", ""))
            names = [column[0] for column in cursor.description or ()]
            of_duck = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            of_postgresql = rows(self.postgresql, query)
            if datetime.now(UTC).date() == before:
                return of_postgresql, of_duck


def calls_of(name: str, now: datetime) -> tuple[ModelCall, ...]:
    if name == "world":
        return world(now)
    return tuple(sample_calls(PriceBook(), now=now, days=20, calls_per_day=150))


@pytest.fixture(scope="module", params=["world", "demo"])
def both(request: pytest.FixtureRequest, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    now = datetime.now(UTC)
    calls = calls_of(request.param, now)
    file = tmp_path_factory.mktemp("figures") / "calls.duckdb"
    with open_store(str(file)) as store:
        store.append(calls)
    with (
        postgres.server().database(template) as url,
        psycopg.connect(url, autocommit=True) as connection,
        duckdb.connect(str(file), read_only=True) as duck,
    ):
        append(connection, calls)
        yield Both(connection, duck)


@pytest.fixture(params=["open", "half sealed", "sealed"])
def asked(request: pytest.FixtureRequest, both: Both) -> Iterator[Both]:
    """With none, every other, or all of the closed days sealed in PostgreSQL."""
    every = {"open": 0, "half sealed": 2, "sealed": 1}[request.param]
    with both.postgresql.transaction(force_rollback=True):
        closed = both.postgresql.execute("SELECT augury.unsealed_days(%s)", [day_of(datetime.now(UTC))]).fetchall()
        for (day,) in closed:
            if every and day % every == 0:
                both.postgresql.execute("SELECT augury.seal_day(%s)", [day])
        yield both


def assert_same(found: Rows, expected: Rows) -> None:
    assert expected
    assert [list(row) for row in found[:1]] == [list(row) for row in expected[:1]]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        for name, value in one.items():
            wanted = other[name]
            if isinstance(value, float):
                assert value == pytest.approx(wanted, rel=PRECISION, abs=PRECISION), name
            else:
                assert value == wanted, name
                assert type(value) is type(wanted), name
                if isinstance(value, Decimal):
                    assert str(value) == str(wanted), name


SOURCES = (
    "model_avg_response_time",
    "model_success_rate",
    "model_user_satisfaction",
    "best_model_by_task",
    "model_token_efficiency",
    "model_performance_trends",
)


@pytest.mark.parametrize("source", [*SOURCES, "get_model_performance_summary"])
def test_views_and_functions_give_the_same_figures_in_the_same_order(asked: Both, source: str) -> None:
    if source in SOURCES:
        assert_same(*asked.ask(f"SELECT * FROM {source}"))
    for days in (7, 30, 90, 365):
        assert_same(*asked.ask(f"SELECT * FROM {source}({days})"))


def test_the_best_model_for_a_task_is_the_same(asked: Both) -> None:
    known = 0
    for task in TaskType:
        for priority in (*Priority, "anything else"):
            found, expected = asked.ask(f"SELECT * FROM get_best_model_for_task('{task}', '{priority}')")
            known += len(expected)
            if found or expected:
                assert_same(found, expected)
    assert known > 0


def test_facts_add_up_to_the_same_by_every_name(asked: Both) -> None:
    columns = asked.duck.execute("SELECT column_name, column_type FROM (DESCRIBE call_facts)").fetchall()
    types = {"DOUBLE": "DOUBLE PRECISION", "DECIMAL(38,10)": "DECIMAL(38, 10)"}
    sums = [
        f"{'min' if name.endswith('_min') else 'max' if name.endswith('_max') else 'sum'}({name})::"
        f"{types.get(type_, 'BIGINT')} AS {name}"
        for name, type_ in columns
        if name not in ("timestamp", *DIMENSIONS.split(", "))
    ]
    assert len(sums) == 37

    found, expected = asked.ask(f"SELECT {DIMENSIONS}, {', '.join(sums)} FROM augury.call_facts GROUP BY {DIMENSIONS}")

    def names(row: dict[str, Any]) -> list[str]:
        return [repr(row[name]) for name in DIMENSIONS.split(", ")]

    assert_same(sorted(found, key=names), sorted(expected, key=names))


def test_latencies_are_the_same_to_the_bucket(asked: Both) -> None:
    for names in ("model", DIMENSIONS):
        query = (
            f"SELECT {names}, bucket, sum(calls)::BIGINT AS calls FROM augury.latency_facts GROUP BY {names}, bucket"
        )

        found, expected = asked.ask(query)

        assert_same(sorted(found, key=repr), sorted(expected, key=repr))


def test_a_row_is_read_back_as_it_was_written(both: Both) -> None:
    plain = "id, error_message, conversation_id, message_id, cost_usd, propensity, attempt, success, user_rating"
    question = (
        f"SELECT {plain}, metadata::TEXT AS metadata, {{}} AS microseconds FROM model_performance_metrics ORDER BY id"
    )

    found = rows(both.postgresql, question.format("(extract(epoch FROM timestamp) * 1000000)::BIGINT"))
    cursor = both.duck.execute(question.format("epoch_us(timestamp)"))

    names = [column[0] for column in cursor.description or ()]
    expected = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in (*found, *expected):  # JSONB keeps an object's members in an order of its own
        row["metadata"] = row["metadata"] and json.loads(row["metadata"], parse_float=Decimal)
    assert_same(found, expected)
