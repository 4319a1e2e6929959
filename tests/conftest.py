"""What tests share: an empty database of every engine, and one that holds the small world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from tests.world import NOW, world

from augury.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from augury.core.calls import ModelCall
    from augury.store.protocol import Store


# How fast examples are made, or run, depends on what else the machine does.
settings.register_profile("augury", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("augury")


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine under test: how to name a database of one's own, given an empty folder."""

    name: str
    url: Callable[[Path], str]


ENGINES = (Engine("duckdb", lambda folder: f"duckdb:///{folder / 'calls.duckdb'}"),)


@pytest.fixture(scope="session", params=ENGINES, ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    chosen = request.param
    assert isinstance(chosen, Engine)
    return chosen


@pytest.fixture
def url(engine: Engine, tmp_path: Path) -> str:
    """The URL of a database that does not exist yet."""
    return engine.url(tmp_path)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An empty database."""
    with open_store(url) as opened:
        yield opened


@pytest.fixture(scope="session")
def calls() -> tuple[ModelCall, ...]:
    """The calls of the small world."""
    return world()


@pytest.fixture(scope="session")
def world_store(
    engine: Engine, calls: tuple[ModelCall, ...], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A database that holds the small world. Shared: ask it, and change nothing."""
    with open_store(engine.url(tmp_path_factory.mktemp("world"))) as opened:
        opened.append(calls)
        yield opened


@pytest.fixture(scope="session")
def now() -> datetime:
    """The present of the small world."""
    return NOW
