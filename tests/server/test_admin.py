"""Administration: what commands ask of a server that owns the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from augury.core.calls import COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi.testclient import TestClient

ADMIN = {"authorization": "Bearer a-token"}
CALL = {"model": "gpt-4o", "response_time_ms": 100, "timestamp": "2026-03-30T12:00:00Z"}


@pytest.fixture(autouse=True)
def _one_call(client: TestClient) -> None:
    client.post("/api/analytics/models/calls", json=CALL).raise_for_status()


def test_a_query_is_answered(client: TestClient) -> None:
    answer = client.post(
        "/api/admin/query", json={"sql": "SELECT model, 1.5 AS x FROM model_performance_metrics"}, headers=ADMIN
    )

    assert answer.json() == {"columns": ["model", "x"], "rows": [["gpt-4o", 1.5]], "cut": False}


@pytest.mark.parametrize("sql", ["DROP TABLE model_performance_metrics", "SELECT 1; SELECT 2", "nonsense", ""])
def test_a_query_that_is_not_one_read_only_statement_is_refused(client: TestClient, sql: str) -> None:
    answer = client.post("/api/admin/query", json={"sql": sql}, headers=ADMIN)

    assert answer.status_code == 422
    assert answer.json()["kind"] == "query"


def test_an_export_is_a_parquet_file_of_every_column(client: TestClient, tmp_path: Path) -> None:
    answer = client.get("/api/admin/export", headers=ADMIN)

    assert answer.headers["x-augury-calls"] == "1"
    file = tmp_path / "calls.parquet"
    file.write_bytes(answer.content)
    with duckdb.connect() as database:
        result = database.execute("SELECT * FROM read_parquet(?)", [str(file)])
        assert tuple(column[0] for column in result.description or ()) == COLUMNS


def test_an_export_can_be_taken_in_again_and_adds_nothing(client: TestClient) -> None:
    exported = client.get("/api/admin/export", headers=ADMIN).content

    assert client.post("/api/admin/import", content=exported, headers=ADMIN).json() == {
        "stored": 0,
        "known": 1,
        "final": 0,
    }


def test_what_is_no_parquet_is_refused_and_changes_nothing(client: TestClient) -> None:
    answer = client.post("/api/admin/import", content=b"nonsense", headers=ADMIN)

    assert answer.status_code == 422
    assert "Parquet" in answer.json()["detail"]
    assert client.get("/api/admin/describe", headers=ADMIN).json()["calls"] == 1


def test_pruning_deletes_what_is_older(client: TestClient) -> None:
    def prune(keep_from: str) -> object:
        return client.post("/api/admin/prune", json={"keepFrom": keep_from}, headers=ADMIN).json()

    assert prune("2026-03-30T00:00:00+00:00") == {"deleted": 0}
    assert prune("2026-03-31T00:00:00+00:00") == {"deleted": 1}


def test_pruning_needs_a_time(client: TestClient) -> None:
    answer = client.post("/api/admin/prune", json={"keepFrom": "soon"}, headers=ADMIN)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "keepFrom"


def test_health_and_readiness_are_told(client: TestClient) -> None:
    well = {"databaseAway": False, "journaledCalls": 0, "journaledBytes": 0}
    assert client.get("/healthz").json() == {"status": "ok"} | well
    assert client.get("/readyz").json() == {"status": "ready"} | well


def test_a_day_is_priced_again_by_the_servers_prices(client: TestClient) -> None:
    day = 20_542  # 2026-03-30
    call = CALL | {"input_tokens": 1_000, "output_tokens": 10, "cost_usd": 9, "cost_source": "computed"}
    client.post("/api/analytics/models/calls", json=call).raise_for_status()

    def reprice(**body: object) -> Any:
        return client.post("/api/admin/reprice", json=body, headers=ADMIN).json()

    assert client.post("/api/admin/prices", headers=ADMIN).json()["own"] == 0
    assert client.get("/api/admin/repriceable", headers=ADMIN).json() == {"days": [day], "final_days": 0}
    assert client.get("/api/admin/repriceable", params={"since": day + 1}, headers=ADMIN).json()["days"] == []
    assert reprice(day=day, dryRun=True) == reprice(day=day)
    (left,) = reprice(day=day)
    assert (left["calls"], left["unpriced"]) == (0, 1)
    costs = [call["costUsd"] for call in client.get("/api/analytics/calls").json()["calls"]]
    assert sorted(costs, key=str) == [0.0026, None]


def test_a_day_to_price_again_is_a_number(client: TestClient) -> None:
    answer = client.post("/api/admin/reprice", json={"day": "soon"}, headers=ADMIN)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "day"
