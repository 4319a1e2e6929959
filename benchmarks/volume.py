"""GET /api/analytics/models?days=30 over HTTP at several sizes, and the same answer from rows: `python -m benchmarks volume`.

Twelve models on eight task types at three complexities, busy every hour of 90 days. The whole answer, recommendations and
insights too. Each size has a database of its own, which is made by SQL, sealed, and served by `augury serve`.
"""

from __future__ import annotations

import http.client
import re
import resource
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb
import numpy as np

from augury.analytics.overview import OverviewRequest, overview
from augury.core.windows import Window
from augury.store.duckdb import DuckDBStore
from augury.store.sealing import seal_closed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAYS = 90
QUESTION = "/api/analytics/models?days=30"

_FILL = """
    INSERT INTO model_performance_metrics (id, model, provider, task_type, task_complexity, response_time_ms, tokens_used,
        input_tokens, output_tokens, success, user_rating, user_id, message_id, timestamp, operation,
        time_to_first_token_ms, cost_usd, cost_source, error_type, selected_by, attempt)
    WITH numbered AS (
        SELECT i, hash(i + $day::BIGINT * 100000000) AS h, ($start + (i * $length) // $calls)::BIGINT AS us FROM range($calls) AS r(i)
    ), drawn AS (
        SELECT i, h, us, (h % 12)::INTEGER AS m, (200 + ((h >> 20) % 4000) * (1 + (h >> 33) % 4))::INTEGER AS ms,
            (h >> 40) % 20 > 0 AS ok, ((h >> 24) % 3000)::INTEGER AS given, ((h >> 12) % 900)::INTEGER AS taken
        FROM numbered
    )
    SELECT printf('%012x7%03x8%03x%012x', us // 1000, i % 4096, i % 4096, h % 281474976710656)::UUID,
        'model-' || m, ['openai', 'anthropic', 'gcp.gemini'][m % 3 + 1],
        ['general_chat', 'coding', 'analysis', 'reasoning', 'creative', 'file_processing', 'function_calling',
            'other'][((h >> 8) % 8)::INTEGER + 1],
        ['simple', 'medium', 'complex'][((h >> 16) % 3)::INTEGER + 1], ms, given + taken, given, taken, ok,
        CASE (h >> 44) % 10 WHEN 0 THEN 1 WHEN 1 THEN -1 END, printf('%032x', h % 5000)::UUID,
        printf('%012x7%03x9%03x%012x', us // 1000, i % 4096, i % 4096, h % 281474976710656)::UUID, make_timestamptz(us),
        'chat', ms // 4, (given * 3 + taken * 15)::DECIMAL(18, 10) / 1000000, 'computed',
        CASE WHEN NOT ok THEN 'server' END, 'caller', 1
    FROM drawn"""


def run(sizes: list[int]) -> None:
    """Print a line for each size."""
    print(f"\nGET {QUESTION} over HTTP — and the same figures worked out from rows, in process")
    print(f"{'calls':>11} {'file MB':>8} {'seal s/day':>10} {'most':>6} {'rows ms':>8} {HEADING}")
    for size in sizes:
        with TemporaryDirectory() as folder:
            _measure(size, Path(folder) / "calls.duckdb")


def _measure(size: int, file: Path) -> None:
    fill(file, size)
    with DuckDBStore(file) as store:
        now = datetime.now(UTC)
        asked = OverviewRequest(window=Window.last_days(30, now=now))
        rows = milliseconds(lambda: overview(store, asked))
        took: list[float] = []
        began = time.perf_counter()
        for _ in seal_closed(store, now):
            took.append(time.perf_counter() - began)
            began = time.perf_counter()
    print(
        f"{size:>11,} {file.stat().st_size / 1e6:>8.0f} {np.mean(took):>10.3f} {max(took):>6.2f} {rows:>8.0f} ", end=""
    )
    print(served(str(file), file.parent), flush=True)


HEADING = f"{'cold ms':>8} {'warm p50':>8} {'p95':>6} {'writing p50':>11} {'p95':>6} {'server MB':>9}"


def served(database: str, folder: Path) -> str:
    """How long a server over this database takes to answer: first, again, and after a call has come in each time."""
    with serving(database, folder) as (port, process):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        _until_ready(connection)
        cold = milliseconds(lambda: _get(connection))
        warm = [milliseconds(lambda: _get(connection)) for _ in range(100)]
        writing = []
        for _ in range(50):
            _post(connection)
            writing.append(milliseconds(lambda: _get(connection)))
        memory = _resident_mb(process.pid)
    return (
        f"{cold:>8.0f} {np.median(warm):>8.1f} {np.percentile(warm, 95):>6.1f} {np.median(writing):>11.1f} "
        f"{np.percentile(writing, 95):>6.1f} {memory:>9.0f}"
    )


def fill(file: Path, size: int) -> None:
    """Make a database of so many calls of the last 90 days, up to this moment."""
    DuckDBStore(file).close()
    now = int(time.time() * 1e6)
    today = now // 86_400_000_000
    with duckdb.connect(file) as connection:
        for day in range(today - DAYS + 1, today + 1):
            start = day * 86_400_000_000
            length = min(86_400_000_000, now - start)
            calls = size // DAYS * length // 86_400_000_000
            connection.execute(_FILL, {"day": day - today + DAYS, "start": start, "length": length, "calls": calls})
        connection.execute("CHECKPOINT")


@contextmanager
def serving(database: str, folder: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A server over a database, with a data folder of its own: its port and its process."""
    process = subprocess.Popen(
        [Path(sys.executable).with_name("augury"), "serve", "--port", "0", "--database", database],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin", "AUGURY_DATA_DIR": str(folder), "COLUMNS": "200"},
    )
    try:
        for line in process.stderr or ():
            if found := re.search(r"is at http://\S+:(\d+)/", line):
                yield int(found[1]), process
                break
    finally:
        process.terminate()
        process.communicate()


def _until_ready(connection: http.client.HTTPConnection) -> None:
    while True:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        answer.read()
        if answer.status == http.client.OK:
            return
        time.sleep(0.02)


def _get(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", QUESTION)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != http.client.OK:
        raise RuntimeError(body)


def _post(connection: http.client.HTTPConnection) -> None:
    record = '{"model": "model-1", "provider": "openai", "response_time_ms": 900, "task_type": "coding"}'
    connection.request("POST", "/api/analytics/models/calls", record, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != http.client.OK:
        raise RuntimeError(body)


def milliseconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - began)


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6
