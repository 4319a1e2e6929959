"""The same answer from PostgreSQL, and what the trigger costs those who insert: `python -m benchmarks postgres`.

The calls are those of `benchmarks.volume`; the server is the one of the tests, with its defaults (128 MB of shared buffers),
but without waiting for the disk.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import psycopg
from tests.postgres import running

from augury.analytics.overview import OverviewRequest, overview
from augury.core.calls import COLUMNS
from augury.core.windows import Window
from augury.errors import StoreAway
from augury.store.postgres import PostgresStore
from augury.store.postgres.connecting import READ_S
from augury.store.sealing import seal_closed
from augury.store.urls import PostgresDatabase
from benchmarks.volume import HEADING, fill, milliseconds, served

if TYPE_CHECKING:
    from tests.postgres import OwnServer

_CHUNK = 1 << 20
_BATCHES = (1, 100, 1_000)
_INSERT = (
    "INSERT INTO model_performance_metrics (model, provider, task_type, response_time_ms, tokens_used, user_id) "
    "SELECT 'model-1', 'openai', 'coding', 900 + n, 700, '00000000-0000-0000-0000-000000000000' FROM generate_series(1, %s) AS n"
)


def run(sizes: list[int]) -> None:
    """Print a line for each size, and one for each size of batch."""
    print("\nGET /api/analytics/models?days=30 over HTTP, from PostgreSQL")
    print(f"{'calls':>11} {'table MB':>8} {'sums MB':>8} {'seal s/day':>10} {'most':>6} {'rows ms':>8} {HEADING}")
    with running() as server:
        for size in sizes:
            _measure(server, size)
        _inserts(server)


def _measure(server: OwnServer, size: int) -> None:
    url = server.create()
    with TemporaryDirectory() as folder, PostgresStore(PostgresDatabase(url)) as store:
        file = Path(folder) / "calls.duckdb"
        fill(file, size)
        _copy(file, url)
        now = datetime.now(UTC)
        asked = OverviewRequest(window=Window.last_days(30, now=now))
        rows = _from_rows(store, asked)
        took: list[float] = []
        began = time.perf_counter()
        for _ in seal_closed(store, now):
            took.append(time.perf_counter() - began)
            began = time.perf_counter()
        table, sums = _megabytes(url)
        print(f"{size:>11,} {table:>8.0f} {sums:>8.0f} {np.mean(took):>10.3f} {max(took):>6.2f} {rows:>8} ", end="")
        print(served(url, Path(folder)), flush=True)
    server.drop(url)


def _from_rows(store: PostgresStore, asked: OverviewRequest) -> str:
    """Milliseconds, where it can be answered at all before anything is sealed."""
    try:
        return f"{milliseconds(lambda: overview(store, asked)):.0f}"
    except StoreAway:
        return f">{READ_S:.0f}s"


def _copy(file: Path, url: str) -> None:
    """The calls of the file into an empty database, whose indexes are made afterwards."""
    names = ", ".join(COLUMNS)
    text = file.with_name("calls.csv")
    with duckdb.connect(file) as source, psycopg.connect(url, autocommit=True) as target:
        source.execute("SET TimeZone = 'UTC'")
        source.execute(
            f"COPY (SELECT {names} FROM model_performance_metrics) TO '{text}' (FORMAT csv, HEADER false, NULLSTR '\\N')"
        )
        for (index,) in target.execute(
            "SELECT indexrelid::REGCLASS::TEXT FROM pg_index WHERE indrelid = 'model_performance_metrics'::REGCLASS "
            "AND NOT indisprimary"
        ).fetchall():
            target.execute(f"DROP INDEX {index}")
        copy = f"COPY model_performance_metrics ({names}) FROM STDIN (FORMAT csv, NULL '\\N')"
        with text.open("rb") as lines, target.cursor().copy(copy) as into:
            while chunk := lines.read(_CHUNK):
                into.write(chunk)
        text.unlink()
        target.execute(files("augury.store").joinpath("schema/postgres.sql").read_bytes())
        target.execute("VACUUM ANALYZE")


def _megabytes(url: str) -> Any:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT pg_total_relation_size('model_performance_metrics') / 1e6::FLOAT8, "
            "(pg_total_relation_size('augury.call_sums') + pg_total_relation_size('augury.latency_sums')) / 1e6::FLOAT8"
        ).fetchone()


def _inserts(server: OwnServer) -> None:
    """Statements of so many rows, in turns with the trigger and without."""
    print("\nInserting into PostgreSQL, microseconds a row: with the trigger, and without")
    url = server.create()
    PostgresStore(PostgresDatabase(url)).close()
    with psycopg.connect(url, autocommit=True) as connection:
        for batch in _BATCHES:
            took: dict[str, list[float]] = {"ENABLE": [], "DISABLE": []}
            for _ in range(10):
                for state, times in took.items():
                    connection.execute(f"ALTER TABLE model_performance_metrics {state} TRIGGER USER")
                    for _ in range(max(20, 200 // batch)):
                        times.append(1e3 * milliseconds(partial(connection.execute, _INSERT, [batch])) / batch)
            own, bare = np.median(took["ENABLE"]), np.median(took["DISABLE"])
            print(f"{batch:>6} a statement: {own:>7.1f} and {bare:>7.1f}, {bare / own:.2f} times as fast with it")
    server.drop(url)
