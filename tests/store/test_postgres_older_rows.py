"""Rows of a PostgreSQL table that is older than its rules, and what is inserted by hand: every answer counts them, none fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import sql
from tests.postgres import server

from augury.analytics.overview import overview
from augury.cli.doctor import doctor
from augury.core.windows import day_of
from augury.models.prices import PriceBook
from augury.server.app import create_app
from augury.server.params import OverviewParams
from augury.server.parts import Parts
from augury.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from augury.store.protocol import Store

# As the seed document has it, without a rule.
TABLE = """
CREATE TABLE model_performance_metrics (
    id UUID PRIMARY KEY, model TEXT NOT NULL, provider TEXT NOT NULL, task_type TEXT NOT NULL, task_complexity TEXT,
    response_time_ms INTEGER NOT NULL, tokens_used INTEGER NOT NULL, input_tokens INTEGER, output_tokens INTEGER,
    success BOOLEAN NOT NULL DEFAULT true, error_message TEXT, user_rating INTEGER, conversation_id TEXT, user_id UUID NOT NULL,
    message_id UUID, metadata JSONB, timestamp TIMESTAMPTZ DEFAULT now()
)
"""
USUAL = {
    "model": "gpt-4o", "provider": "openai", "task_type": "coding", "response_time_ms": 100, "tokens_used": 10,
    "user_id": "00000000-0000-0000-0000-000000000007", "timestamp": "now",
}  # fmt: skip
OLDER: list[dict[str, Any]] = [
    {"task_type": "translation"}, {"task_type": ""}, {"task_complexity": "very hard"}, {"response_time_ms": -5},
    {"response_time_ms": 2**31 - 1}, {"tokens_used": -7}, {"input_tokens": -1}, {"output_tokens": -3}, {"user_rating": 5},
    {"user_rating": -300}, {"metadata": "[1, 2]"}, {"metadata": "null"}, {"metadata": '"text"'}, {"metadata": "17"},
    {"metadata": '{"a": {"b": [1, null]}}'}, {"model": ""}, {"model": "x" * 2_000}, {"model": 'a,b"c\n\\N'},
    {"model": "\\N"}, {"provider": ""}, {"conversation_id": "c" * 9_000}, {"success": False, "error_message": "\x01\n\"',"},
]  # fmt: skip
UNDATED: list[dict[str, Any]] = [
    {"timestamp": time} for time in (None, "infinity", "-infinity", "0044-03-15 12:00+00 BC", "20000-01-01 00:00+00")
]
BY_HAND: list[dict[str, Any]] = [
    {"operation": None}, {"operation": "odd"}, {"attempt": None}, {"cost_source": None}, {"segment": ""},
    {"cost_usd": "0.0000000001"},
]  # fmt: skip
CHATS = len(OLDER) + len(BY_HAND) - 2


def insert(url: str, rows: list[dict[str, Any]], **more: Any) -> None:
    with psycopg.connect(url) as connection:
        for row in rows:
            values = USUAL | row | more
            connection.execute(
                sql.SQL("INSERT INTO model_performance_metrics (id, {}) VALUES (gen_random_uuid(), {})").format(
                    sql.SQL(", ").join(map(sql.Identifier, values)),
                    sql.SQL(", ").join([sql.Placeholder()] * len(values)),
                ),
                list(values.values()),
            )


@pytest.fixture
def url() -> Iterator[str]:
    with server().database() as url:
        with psycopg.connect(url) as connection:
            connection.execute(TABLE)
        insert(url, OLDER)
        insert(url, OLDER, timestamp=datetime.now(UTC) - timedelta(days=3))
        insert(url, UNDATED)
        open_store(url).close()
        insert(url, BY_HAND)
        yield url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url) as opened:
        yield opened


def sealed(store: Store) -> None:
    for day in store.unsealed(day_of(datetime.now(UTC))):
        store.seal(day)


@pytest.mark.parametrize("seal", [False, True], ids=["open", "sealed"])
def test_every_question_is_answered(store: Store, seal: bool) -> None:
    if seal:
        sealed(store)
    parts = Parts(store=store, prices=PriceBook(), sample=False, now=lambda: datetime.now(UTC))  # fmt: skip
    with TestClient(create_app(parts), base_url="http://127.0.0.1") as client:
        answers = {
            path: client.get(f"/api/analytics/{path}")
            for path in (
                "calls?limit=500", "models", "models?days=90&group_by=task_type", "models?group_by=time&task_type=other",
                "models/recommend?task_type=coding", "models/recommend?task_type=other&priority=cost",
            )
        }  # fmt: skip
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert answers["models"].json()["summary"]["totalCalls"] == CHATS + len(OLDER)
    calls = answers["calls?limit=500"].json()["calls"]
    assert len(calls) == 2 * len(OLDER) + len(BY_HAND)
    assert {call["taskType"] for call in calls} == {"coding", "other"}
    assert {call["userRating"] for call in calls} == {None}
    assert min(call["responseTimeMs"] for call in calls) == 0


def test_sums_and_rows_and_sql_agree(store: Store) -> None:
    def figures() -> Any:
        view = store.query("SELECT * FROM get_model_performance_summary(30)", limit=99).rows
        return overview(store, OverviewParams().request(datetime.now(UTC))), view

    before = figures()
    sealed(store)
    assert store.describe().sealed_days > 0
    assert figures() == before


def test_it_is_exported_priced_and_forgotten(store: Store, tmp_path: Path) -> None:
    assert store.export(None, tmp_path / "calls.parquet") == 2 * len(OLDER) + len(BY_HAND)
    for day in store.repriceable().days:
        store.reprice(day, PriceBook())
    found = store.describe()
    assert found.first is not None
    assert found.first > datetime.now(UTC) - timedelta(days=4)
    sealed(store)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert store.prune(today) == len(OLDER) + 1  # with the one before our era
    with psycopg.connect(store.describe().url) as connection:
        ((user,),) = connection.execute("SELECT DISTINCT user_id FROM model_performance_metrics").fetchall()
    assert store.forget(user).calls == len(OLDER) + len(BY_HAND) + len(UNDATED) - 1


def test_doctor_looks_at_it(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUGURY_DATA_DIR", str(tmp_path))
    doctor(database=url, json=True)
