"""What recording a call costs its caller: `augury.track` around an empty block, beside the block alone and OpenTelemetry's SDK.

Each way runs in a process of its own, against a real server of its kind: Augury's keeps the calls in DuckDB; the one for spans
reads and drops them. Ways take turns, and the middle round counts, since other programs run on the machine too; and the thread that
calls goes before these where the system allows it, so that what is measured is not who else had the processor.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from augury.capture.checking import payload_of
from augury.capture.frames import frame
from augury.capture.outbox import open_outbox
from benchmarks.ingest import ECHO, running

if TYPE_CHECKING:
    from collections.abc import Callable

_ROUNDS = 3
_FLOOD, _PACED = 20_000, 600
_PACE_S = 0.002
_APPENDS = 20_000

_TIMED = """
import json, os, sys, time
from contextlib import suppress
from time import perf_counter_ns as now

def timed(once, calls, pace):
    for _ in range(50):
        once()
    time.sleep(0.5)
    with suppress(AttributeError, PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(5))
    taken = []
    for _ in range(calls):
        began = now()
        once()
        taken.append(now() - began)
        if pace:
            time.sleep(pace)
    print(json.dumps(taken), flush=True)
"""
_BARE = """
def once():
    pass
timed(once, int(sys.argv[2]), float(sys.argv[3]))
"""
_AUGURY = """
import augury
augury.configure(url=sys.argv[1])
def once():
    with augury.track(model="gpt-4o", task_type="coding", task_complexity="medium") as call:
        call.tokens(input=812, output=240)
timed(once, int(sys.argv[2]), float(sys.argv[3]))
assert augury.counters().recorded == int(sys.argv[2]) + 50
"""
_OPENTELEMETRY = """
import logging
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
logging.disable()
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(sys.argv[1] + "/v1/traces")))
tracer = provider.get_tracer("benchmark")
def once():
    with tracer.start_as_current_span("chat gpt-4o") as span:
        span.set_attribute("gen_ai.request.model", "gpt-4o")
        span.set_attribute("augury.task_type", "coding")
        span.set_attribute("augury.task_complexity", "medium")
        span.set_attribute("gen_ai.usage.input_tokens", 812)
        span.set_attribute("gen_ai.usage.output_tokens", 240)
timed(once, int(sys.argv[2]), float(sys.argv[3]))
"""


def run() -> None:
    """Print a table."""
    with (
        TemporaryDirectory() as folder,
        running(
            [
                "-c",
                "from augury.cli import main; main()",
                "serve",
                "--port",
                "0",
                "--database",
                f"{folder}/calls.duckdb",
            ],
            folder,
        ) as augury,
        TemporaryDirectory() as other,
        running(["-c", ECHO], other) as echo,
    ):
        ways = [
            ("the block alone", _BARE, echo),
            ("augury.track", _AUGURY, augury),
            ("OpenTelemetry, batch processor", _OPENTELEMETRY, echo),
        ]
        print(f"\n{'microseconds on the calling side':<52}{'median':>9}{'p99':>9}")
        for what, calls, pace in (
            ("one after the other", _FLOOD, 0.0),
            (f"one in {_PACE_S * 1000:.0f} ms", _PACED, _PACE_S),
        ):
            rounds: dict[str, list[tuple[float, float]]] = {name: [] for name, _, _ in ways}
            for _ in range(_ROUNDS):
                for name, script, url in ways:
                    rounds[name].append(_measure(script, url, calls, pace, Path(folder)))
            for name, found in rounds.items():
                median = statistics.median(one[0] for one in found)
                print(f"{name + ', ' + what:<52}{median:>9.1f}{statistics.median(one[1] for one in found):>9.1f}")
    _appends()


def _measure(script: str, url: str, calls: int, pace: float, folder: Path) -> tuple[float, float]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")}
    done = subprocess.run(
        [sys.executable, "-c", _TIMED + script, url, str(calls), str(pace)],
        stdout=subprocess.PIPE, check=True, env=kept | {"AUGURY_DATA_DIR": str(folder / "data")},
    )  # fmt: skip
    return _spread(json.loads(done.stdout))


def _spread(taken: list[int]) -> tuple[float, float]:
    taken.sort()
    return taken[len(taken) // 2] / 1e3, taken[round(0.99 * len(taken))] / 1e3


def _appends() -> None:
    """What keeps a call: a segment file, as it is, and SQLite."""
    payload = payload_of(
        {"model": "gpt-4o", "task_type": "coding", "response_time_ms": 812, "input_tokens": 812, "output_tokens": 240}
    )
    print(f"\n{f'microseconds to keep {len(payload)} bytes':<52}{'median':>9}{'p99':>9}")
    with TemporaryDirectory() as folder:
        box = open_outbox(Path(folder), "benchmark", limit=2**30)
        _print("segment file, page cache", lambda: box.calls.add(frame(payload, 1)))
        box.close()
        for mode in ("OFF", "NORMAL"):
            with closing(sqlite3.connect(f"{folder}/{mode}.sqlite", isolation_level=None)) as database:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute(f"PRAGMA synchronous = {mode}")
                database.execute("CREATE TABLE waiting (id INTEGER PRIMARY KEY, payload BLOB)")
                insert = database.execute

                def keep(insert: Callable[..., object] = insert) -> None:
                    insert("INSERT INTO waiting (payload) VALUES (?)", (payload,))

                _print(f"SQLite, WAL, synchronous {mode}", keep)


def _print(name: str, once: Callable[[], None]) -> None:
    taken = []
    for _ in range(_APPENDS):
        began = time.perf_counter_ns()
        once()
        taken.append(time.perf_counter_ns() - began)
    median, p99 = _spread(taken)
    print(f"{name:<52}{median:>9.1f}{p99:>9.1f}")
