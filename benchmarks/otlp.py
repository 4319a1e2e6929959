"""OTLP in to committed rows: for each second, for each second of the server's own time, and how its memory stays.

Bodies are what a busy application's batch processor sends: 512 spans, of which half are calls, an eighth the same calls told by a
framework, and the rest agents, tools, and HTTP requests; the calls have prompts.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from augury.capture.otlp.reading import TelemetryReader
from augury.capture.otlp.wire import Encoding
from augury.capture.records import as_record, read_all
from augury.capture.rules import OwnerRules
from augury.core.calls import ModelCall
from augury.models.prices import PriceBook
from augury.store.owner import find
from benchmarks.ingest import running, send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span

SPANS = 512  # the batch processor's
_PATH = "/v1/traces"
_CONNECTIONS = 4
_MS = 1_000_000
_PROMPT = (
    '[{"role": "system", "parts": [{"type": "text", "content": "You are a helpful assistant."}]}, {"role": "user", "parts": '
    '[{"type": "text", "content": "Write a Python function that sorts a list of tuples by their second field, and test it."}]}]'
)
_TICKS = os.sysconf("SC_CLK_TCK")


def _set(span: Span, name: str, value: str | int) -> None:
    kept = span.attributes.add(key=name)
    if isinstance(value, int):
        kept.value.int_value = value
    else:
        kept.value.string_value = value


def _add(scope: ScopeSpans, name: str, trace: bytes, parent: bytes, ends_ns: int) -> Span:
    return scope.spans.add(
        name=name,
        trace_id=trace,
        span_id=os.urandom(8),
        parent_span_id=parent,
        start_time_unix_nano=ends_ns - 900 * _MS,
        end_time_unix_nano=ends_ns,
    )


def _call(scope: ScopeSpans, trace: bytes, parent: bytes, ends_ns: int) -> Span:
    span = _add(scope, "chat gpt-4o", trace, parent, ends_ns)
    for name, value in (
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "openai"),
        ("gen_ai.request.model", "gpt-4o"),
        ("gen_ai.response.model", "gpt-4o-2024-11-20"),
        ("gen_ai.response.id", f"chatcmpl-{os.urandom(12).hex()}"),
        ("gen_ai.usage.input_tokens", 812),
        ("gen_ai.usage.output_tokens", 240),
        ("gen_ai.usage.cache_read.input_tokens", 512),
        ("gen_ai.request.max_tokens", 1024),
        ("gen_ai.conversation.id", trace.hex()),
        ("user.id", "anna"),
        ("server.address", "api.openai.com"),
        ("gen_ai.input.messages", _PROMPT),
        ("gen_ai.output.messages", _PROMPT),
    ):
        _set(span, name, value)
    return span


def body(number: int) -> tuple[bytes, int]:
    """A request's body, and how many calls are in it."""
    message = ExportTraceServiceRequest()
    of_resource = message.resource_spans.add()
    service = of_resource.resource.attributes.add(key="service.name")
    service.value.string_value = "shop"
    scope = of_resource.scope_spans.add()
    framework = of_resource.scope_spans.add()
    framework.scope.name = "framework"
    scope.scope.name = "client"
    now = time.time_ns()
    calls = 0
    for place in range(SPANS // 8):
        trace, ends = os.urandom(16), now - (number * SPANS + place) % 3_600_000 * _MS
        agent = _add(framework, "invoke_agent", trace, b"", ends)
        _set(agent, "gen_ai.operation.name", "invoke_agent")
        wrapper = _call(framework, trace, agent.span_id, ends - 2 * _MS)
        inner = _call(scope, trace, wrapper.span_id, ends - 3 * _MS)
        _set(_add(scope, "POST", trace, inner.span_id, ends - 4 * _MS), "http.response.status_code", 200)
        tool = _add(framework, "execute_tool", trace, agent.span_id, ends - 5 * _MS)
        _set(tool, "gen_ai.operation.name", "execute_tool")
        for _ in range(3):
            _call(scope, trace, agent.span_id, ends - 6 * _MS)
        calls += 4
    return message.SerializeToString(), calls


def _requests(host: str, count: int) -> Iterator[bytes]:
    for number in range(count):
        content, _ = body(number)
        head = (
            f"POST {_PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-protobuf\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        yield head.encode() + content


def _server_seconds(pid: int) -> float:
    """The processor's time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _server_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _pages_mib(database: Path, folder: str) -> float:
    """What the engine says that it holds of the database in memory."""
    asked = [sys.executable, "-c", "from augury.cli import main; main()", "sql", "--json", "--database", str(database)]
    told = subprocess.run(
        [*asked, "SELECT sum(memory_usage_bytes)::DOUBLE AS bytes FROM duckdb_memory()"],
        env=os.environ | {"AUGURY_DATA_DIR": folder},
        stdout=subprocess.PIPE,
        check=True,
    )
    (row,) = json.loads(told.stdout)
    return float(row["bytes"]) / 2**20


def _bare(bodies: list[bytes]) -> tuple[float, float, float]:
    """A second of the processor: spans decoded by protobuf alone, calls read of spans, and the same calls read of plain records."""
    began = time.process_time()
    for content in bodies:
        ExportTraceServiceRequest.FromString(content)
    decoded = time.process_time() - began
    reader, now = TelemetryReader(PriceBook(), OwnerRules()), datetime.now(UTC)
    began = time.process_time()
    calls = [call for content in bodies for call in reader.spans(content, Encoding.PROTOBUF, now=now).calls]
    read = time.process_time() - began
    records = [as_record(call) for call in calls if isinstance(call, ModelCall)]
    began = time.process_time()
    read_all(records, PriceBook(), now=now)
    plain = time.process_time() - began
    return len(bodies) * SPANS / decoded, len(calls) / read, len(records) / plain


def run(spans: int) -> None:
    """Print rates for as many spans, and the server's memory after a tenth, a half, and all of them."""
    count = max(10, spans // SPANS)
    print(
        f"\nOTLP in to committed rows, {count * SPANS:,} spans in requests of {SPANS} — beside bare protobuf, in the same run"
    )
    print(
        f"{'spans/s':>9} {'rows/s':>8} {'rows/s a core':>14} {'spans/s a core':>15} {'protobuf/s':>11} {'read/s':>8} {'records/s':>10}   "
        f"{'MiB':>5} {'after 1/10':>10} {'1/2':>5} {'all':>5}"
    )
    contents = [body(number) for number in range(20)]
    calls = contents[0][1]
    decoded, read, plain = _bare([content for content, _ in contents])
    with TemporaryDirectory() as folder:
        database = Path(folder) / "calls.duckdb"
        serve = "from augury.cli import main; main()"
        with running(["-c", serve, "serve", "--port", "0", "--database", str(database)], folder) as address:
            owner = find(database)
            if owner is None:
                raise RuntimeError("the server left no note")
            host = urlsplit(address).netloc
            asyncio.run(send(address, _requests(host, 4), 1))  # what is loaded at the first request
            memory, pages = [_server_mib(owner.pid)], [_pages_mib(database, folder)]
            busy, took = _server_seconds(owner.pid), 0.0
            for portion in (count // 10, count // 2 - count // 10, count - count // 2):
                seconds, _ = asyncio.run(send(address, _requests(host, portion), _CONNECTIONS))
                took += seconds
                memory.append(_server_mib(owner.pid))
                pages.append(_pages_mib(database, folder))
            busy = _server_seconds(owner.pid) - busy
    rows = count * calls
    print(
        f"{count * SPANS / took:>9,.0f} {rows / took:>8,.0f} {rows / busy:>14,.0f} {count * SPANS / busy:>15,.0f} "
        f"{decoded:>11,.0f} {read:>8,.0f} {plain:>10,.0f}   {memory[0]:>5.0f} {memory[1]:>10.0f} {memory[2]:>5.0f} {memory[3]:>5.0f}\n"
        f"of the MiB, what the database holds of itself: {', '.join(f'{mib:.0f}' for mib in pages)}"
    )
