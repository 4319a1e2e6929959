"""Several databases behind one server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from augury.access.keyring import KeyRing
from augury.errors import StoreError
from augury.server.app import create_app
from augury.server.gate import Gate
from augury.server.parts import Parts
from augury.server.projects import Projects, same
from augury.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

CALLS = "/api/analytics/models/calls"
CALL = {"model": "gpt-4o", "response_time_ms": 5}


@pytest.fixture
def own(tmp_path: Path) -> str:
    return f"duckdb:///{tmp_path / 'calls.duckdb'}"


@pytest.fixture
def opened() -> list[str]:
    return []


@pytest.fixture
def served(parts: Parts, tmp_path: Path, own: str, opened: list[str]) -> Iterator[tuple[TestClient, KeyRing]]:
    keys = KeyRing(tmp_path)
    gate = Gate(keys=keys, required=True)

    @contextmanager
    def open_one(database: str) -> Iterator[FastAPI]:
        opened.append(database)
        if "away" in database:
            raise StoreError("it is away")
        with open_store(database) as store:
            yield create_app(Parts(store=store, prices=parts.prices, sample=False, now=parts.now, gate=gate))
        opened.append(f"closed {database}")

    made = Parts(store=parts.store, prices=parts.prices, sample=False, now=parts.now, gate=gate)
    app = create_app(made, Projects(open_one, own=own))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client, keys


def test_a_key_leads_to_its_own_database(
    served: tuple[TestClient, KeyRing], tmp_path: Path, own: str, opened: list[str]
) -> None:
    client, keys = served
    other = f"duckdb:///{tmp_path / 'other.duckdb'}"
    secrets = {
        name: {"x-api-key": keys.create(name=name, scopes=["ingest,read,admin"], database=database)[1]}
        for name, database in (("ours", None), ("also ours", own), ("theirs", other), ("also theirs", other))
    }

    def total(name: str) -> Any:
        return client.get("/api/analytics/models", headers=secrets[name]).json()["summary"]["totalCalls"]

    assert opened == []
    assert client.post(CALLS, json=[CALL] * 2, headers=secrets["ours"]).json()["stored"] == 2
    assert client.post(CALLS, json=[CALL] * 3, headers=secrets["theirs"]).json()["stored"] == 3
    assert {name: total(name) for name in secrets} == {"ours": 2, "also ours": 2, "theirs": 3, "also theirs": 3}
    assert client.get("/api/admin/describe", headers=secrets["theirs"]).json()["calls"] == 3
    assert opened == [other]
    headers = client.get("/nothing", headers=secrets["theirs"]).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_a_database_that_cannot_be_opened_costs_no_other(
    served: tuple[TestClient, KeyRing], tmp_path: Path, opened: list[str]
) -> None:
    client, keys = served
    away = f"duckdb:///{tmp_path / 'away.duckdb'}"
    headers = {"x-api-key": keys.create(name="away", scopes=["ingest"], database=away)[1]}

    answers = [client.post(CALLS, json=CALL, headers=headers) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503] * 3
    assert answers[0].headers["retry-after"]
    assert str(tmp_path) not in answers[0].text
    assert opened == [away]  # not tried again at once
    mine = {"x-api-key": keys.create(name="mine", scopes=["ingest"])[1]}
    assert client.post(CALLS, json=CALL, headers=mine).status_code == 200


def test_a_database_is_the_same_by_any_path(tmp_path: Path) -> None:
    link = tmp_path / "link.duckdb"
    link.symlink_to(tmp_path / "real.duckdb")
    assert same(str(link), f"duckdb:///{tmp_path}/x/../real.duckdb")
    assert not same(str(link), f"duckdb:///{tmp_path}/other.duckdb")
    assert same("postgresql://a@b/c", "postgresql://a@b/c")
    assert not same("postgresql://a@b/c", str(link))
