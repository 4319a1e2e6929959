"""What a server does before it says that it is ready."""

from __future__ import annotations

import time
from threading import Event
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from augury.errors import StoreAway
from augury.server.app import create_app
from augury.server.warming import Warming, first_answer

if TYPE_CHECKING:
    from fastapi import FastAPI

    from augury.server.parts import Parts


@pytest.fixture
def app(parts: Parts) -> FastAPI:
    return create_app(parts)


def test_a_server_is_ready_when_its_first_answer_is_worked_out(app: FastAPI) -> None:
    worked_out = Event()
    with TestClient(app, base_url="http://127.0.0.1") as client, app.state.warming.begun(worked_out.wait):
        early = client.get("/readyz")
        taken = client.post("/api/analytics/models/calls", json={"model": "gpt-4o", "response_time_ms": 1})
        worked_out.set()
        app.state.warming.wait()
        late = client.get("/readyz")

    assert (early.status_code, early.headers["retry-after"]) == (503, "1")
    assert early.json()["databaseAway"] is False
    assert taken.json()["stored"] == 1
    assert late.status_code == 200


def test_who_asks_for_figures_before_waits_for_the_first_answer(app: FastAPI) -> None:
    done: list[float] = []

    def work() -> None:
        time.sleep(0.2)
        done.append(time.monotonic())

    with TestClient(app, base_url="http://127.0.0.1") as client, app.state.warming.begun(work):
        assert client.get("/api/analytics/models").status_code == 200
        assert done


def test_nobody_waits_for_longer_than_patience_lasts(app: FastAPI) -> None:
    app.state.warming = Warming(patience_s=0.05)
    never = Event()
    with TestClient(app, base_url="http://127.0.0.1") as client, app.state.warming.begun(never.wait):
        assert client.get("/api/analytics/models").status_code == 200
        assert client.get("/readyz").status_code == 200
        never.set()


def test_a_first_answer_that_fails_keeps_nobody_waiting(app: FastAPI) -> None:
    def work() -> None:
        raise StoreAway("no disk")

    with TestClient(app, base_url="http://127.0.0.1") as client, app.state.warming.begun(work):
        app.state.warming.wait()
        assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("address", ["/api/analytics/models?days=30", "/analytics/models"])
def test_what_is_asked_first_has_been_worked_out(
    app: FastAPI, parts: Parts, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_answer(parts, app.state.snapshot)
    gathered: list[object] = []
    monkeypatch.setattr("augury.recommend.snapshot.gather", lambda *_, **__: gathered.append(1))

    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert client.get(address).status_code == 200
    assert not gathered
