"""A database whose sums are from before they told what costs are made of."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import duckdb
import psycopg
import pytest
from tests.conformance.by_hand import Case
from tests.world import NOW, a_call

from augury.analytics.costs import costs
from augury.core.calls import CostSource
from augury.store import open_store
from augury.store.protocol import COSTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Engine

REPORTED = {"cost_source": CostSource.REPORTED, "cached_input_tokens": 50, "user_rating": 1}


@pytest.fixture
def older(engine: Engine, tmp_path: Path) -> str:
    """A database of version 2: a day that was pruned, a sealed one, and an open one."""
    url = engine.url(tmp_path)
    with open_store(url) as store:
        store.append([a_call(days, timestamp=NOW - timedelta(days=days), **REPORTED) for days in range(3)])
        store.prune(NOW.replace(hour=0, minute=0) - timedelta(days=1))
        assert all(store.seal(day) for day in store.unsealed(20_543)[:1])
    columns = [f"ALTER TABLE {{}}call_sums DROP COLUMN {name}" for name in COSTS]
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP VIEW augury.call_facts CASCADE")
            for statement in columns:
                connection.execute(statement.format("augury.").encode())
            connection.execute("UPDATE augury.about SET value = '2' WHERE key = 'schema_version'")
    else:
        with duckdb.connect(str(tmp_path / "calls.duckdb")) as connection:
            for statement in columns:
                connection.execute(statement.format(""))
            connection.execute("UPDATE augury_about SET value = '2' WHERE key = 'schema_version'")
    return url


def test_sums_are_made_anew_where_their_rows_are_there_and_told_apart_where_they_are_gone(older: str) -> None:
    with open_store(older) as store:
        before = costs(store, Case(days=7).request())
        about = store.describe()
        resealed = [store.seal(day) for day in store.unsealed(20_543)]
        after = costs(store, Case(days=7).request())

    assert (about.calls, about.sealed_days, about.final_days) == (2, 1, 1)
    assert resealed == [1]
    assert before == after
    assert [(one.source, one.calls) for one in after.by_source] == [("reported", 2), ("unknown", 1)]
    assert (after.summary.priced_calls, after.summary.cached_input_tokens) == (3, 100)
    assert "one priced call" in after.notes[0]
