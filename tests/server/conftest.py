"""An application over an empty store, asked without a network."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from augury.models.prices import PriceBook
from augury.server.app import create_app
from augury.server.gate import Gate
from augury.server.parts import Parts
from augury.store.duckdb import DuckDBStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 3, 31, 15, 30, tzinfo=UTC)
TOKEN = "a-token"


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with DuckDBStore(tmp_path / "calls.duckdb") as store:
        gate = Gate()
        gate.admit(TOKEN)
        yield Parts(store=store, prices=PriceBook(), gate=gate, sample=False, now=lambda: NOW)


@pytest.fixture
def client(parts: Parts) -> Iterator[TestClient]:
    with TestClient(create_app(parts), base_url="http://127.0.0.1") as client:
        yield client
