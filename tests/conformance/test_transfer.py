"""What is exported from one database can be kept by another, and nothing changes on the way."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import duckdb
import pytest
from tests.conformance.by_hand import Case
from tests.world import a_call

from augury.analytics.overview import GroupBy, overview
from augury.core.windows import Window
from augury.store import open_store
from augury.store.protocol import Added, CallsQuestion, Filters

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Engine

    from augury.core.calls import ModelCall
    from augury.store.protocol import Store

EVERYTHING = CallsQuestion(limit=10_000)
CASE = Case(days=170, group_by=GroupBy.MODEL, filters=Filters(operations=None))


def test_an_export_kept_elsewhere_gives_the_same_overview(
    world_store: Store, store: Store, calls: tuple[ModelCall, ...], tmp_path: Path
) -> None:
    file = tmp_path / "all calls.parquet"

    assert world_store.export(None, file) == len(calls)
    assert store.append_file(file) == Added(stored=len(calls), known=0)

    assert overview(store, CASE.request()) == overview(world_store, CASE.request())
    assert store.calls(EVERYTHING) == world_store.calls(EVERYTHING)


def test_a_file_kept_again_adds_nothing(store: Store, calls: tuple[ModelCall, ...], tmp_path: Path) -> None:
    store.append(calls)
    store.export(None, tmp_path / "calls.parquet")

    assert store.append_file(tmp_path / "calls.parquet") == Added(stored=0, known=len(calls))
    assert store.describe().calls == len(calls)


def test_of_a_file_only_the_unknown_calls_are_kept(
    world_store: Store, store: Store, calls: tuple[ModelCall, ...], tmp_path: Path
) -> None:
    store.append(calls[:100])
    world_store.export(None, tmp_path / "calls.parquet")

    assert store.append_file(tmp_path / "calls.parquet") == Added(stored=len(calls) - 100, known=100)
    assert store.calls(EVERYTHING) == world_store.calls(EVERYTHING)


def test_a_window_exports_its_own_calls(world_store: Store, store: Store, tmp_path: Path) -> None:
    window = Window.between(date(2026, 3, 2), date(2026, 3, 8))
    expected = world_store.calls(CallsQuestion(window=window, limit=10_000))

    assert world_store.export(window, tmp_path / "week.parquet") == len(expected) > 0

    store.append_file(tmp_path / "week.parquet")
    assert store.calls(EVERYTHING) == expected


def test_an_empty_export_is_a_file_too(store: Store, tmp_path: Path, engine: Engine) -> None:
    assert store.export(None, tmp_path / "none.parquet") == 0
    (tmp_path / "other").mkdir()
    with open_store(engine.url(tmp_path / "other")) as other:
        assert other.append_file(tmp_path / "none.parquet") == Added(stored=0, known=0)


def test_an_export_replaces_the_file_that_was_there(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "calls.parquet"
    file.write_text("something old")
    store.append([a_call(1)])

    assert store.export(None, file) == 1
    assert store.append_file(file) == Added(stored=0, known=1)


def test_an_export_begins_with_the_oldest_call(world_store: Store, tmp_path: Path) -> None:
    file = tmp_path / "calls.parquet"
    world_store.export(None, file)

    with duckdb.connect() as reader:  # an independent reader of the file
        rows = reader.execute("SELECT epoch_us(timestamp) FROM read_parquet(?)", [str(file)]).fetchall()

    assert rows == sorted(rows)


@pytest.mark.parametrize("name", ["it's.parquet", 'a "b" ünï 🦊.parquet'])
def test_a_file_may_have_any_name(store: Store, tmp_path: Path, name: str) -> None:
    store.append([a_call(1)])

    store.export(None, tmp_path / name)

    assert store.append_file(tmp_path / name) == Added(stored=0, known=1)
