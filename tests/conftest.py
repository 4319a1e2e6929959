"""What tests share: an empty database of every engine, and one that holds the small world."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from tests.postgres import server
from tests.world import NOW, world

from augury.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from augury.core.calls import ModelCall
    from augury.store.protocol import Store


# How fast examples are made, or run, depends on what else the machine does.
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("check", settings.get_profile("search"), derandomize=True)


def pytest_configure(config: pytest.Config) -> None:
    """Try the same examples each time where a change is checked; whoever runs tests otherwise looks for new ones."""
    settings.load_profile("check" if config.getoption("markexpr") == "not ordeal" else "search")


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine under test: how to name a database of one's own, given an empty folder."""

    name: str
    url: Callable[[Path], str]


def _set_up(url: str) -> None:
    open_store(url).close()


_test_number = count(1)
_now = [0]
_handed_out: dict[str, int] = {}  # databases by their URL, and in which test


@pytest.fixture(autouse=True)
def _next_test() -> None:
    _now[0] = next(_test_number)


def _postgres(_: Path) -> str:
    """A database of an earlier test that nobody is connected to any more, emptied; else a new one, which takes longer."""
    there = server()
    with psycopg.connect(there.url, autocommit=True) as connection:
        busy = {name for (name,) in connection.execute("SELECT datname FROM pg_stat_activity").fetchall()}
    for url, test in _handed_out.items():
        if test < _now[0] and urlsplit(url).path.removeprefix("/") not in busy:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(
                    "TRUNCATE model_performance_metrics, augury.sealed_days, augury.call_sums, augury.latency_sums; "
                    "DELETE FROM augury.about WHERE key <> 'schema_version'"
                )
            break
    else:
        url = there.create(there.template("schema", _set_up))
    _handed_out[url] = _now[0]
    return url


@cache
def _empty_file() -> bytes:
    """A file that has the schema: as with PostgreSQL, copies take less time than making it."""
    with TemporaryDirectory() as folder:
        _set_up(f"duckdb:///{folder}/calls.duckdb")
        return (Path(folder) / "calls.duckdb").read_bytes()


def _duckdb(folder: Path) -> str:
    file = folder / "calls.duckdb"
    file.write_bytes(_empty_file())
    return f"duckdb:///{file}"


ENGINES = (Engine("duckdb", _duckdb), Engine("postgres", _postgres))


@pytest.fixture(scope="session", params=ENGINES, ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    chosen = request.param
    assert isinstance(chosen, Engine)
    return chosen


@pytest.fixture
def url(engine: Engine, tmp_path: Path) -> str:
    """The URL of an empty database."""
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
