"""Confirmed ingest over HTTP, against an application that does nothing, and against the store without a server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from augury.capture.records import read_all
from augury.core.calls import ModelCall
from augury.core.ids import uuid7
from augury.models.prices import PriceBook
from augury.store.duckdb import DuckDBStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PATH = "/api/analytics/models/calls"
_MODELS = ("gpt-4o-2024-11-20", "claude-sonnet-4-5-20250929", "openai/gpt-4o-mini")
_TASKS = ("coding", "analysis", "general_chat")

# The same HTTP server over an application that reads the body and answers a fixed sentence.
ECHO = """
import socket, uvicorn
from augury.server.run import listening

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})

with listening("127.0.0.1", 0) as listener:
    print("is at http://127.0.0.1:%d/analytics/models" % listener.getsockname()[1], flush=True)
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[listener])
"""


@dataclass
class _Client(asyncio.Protocol):
    """One connection that sends what is left, each request when the one before is answered.

    By hand, since a client library would take longer than the server, and be what is measured.
    """

    requests: Iterator[bytes]
    finished: asyncio.Future[None]
    taken: list[float] = field(default_factory=list)
    _buffer: bytes = b""
    _began: float = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP has no other
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, ended, body = self._buffer.partition(b"\r\n\r\n")
        if not ended:
            return
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length  # noqa: S101 - both applications tell it
        if len(body) >= int(length[1]):
            if not head.startswith(b"HTTP/1.1 200 "):
                self.finished.set_exception(RuntimeError(self._buffer.decode()))
                return
            self.taken.append(time.perf_counter() - self._began)
            self._buffer = b""
            self._next()

    def _next(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self._transport.close()
            self.finished.set_result(None)
            return
        self._began = time.perf_counter()
        self._transport.write(request)


async def send(address: str, requests: Iterable[bytes], connections: int) -> tuple[float, list[float]]:
    """Seconds for all, and for each."""
    loop = asyncio.get_running_loop()
    host, _, port = urlsplit(address).netloc.partition(":")
    left = iter(requests)
    clients = [_Client(left, loop.create_future()) for _ in range(connections)]
    began = time.perf_counter()
    for client in clients:
        await loop.create_connection(partial(_itself, client), host, int(port))
    await asyncio.gather(*(client.finished for client in clients))
    return time.perf_counter() - began, sorted(second for client in clients for second in client.taken)


def _itself(client: _Client) -> _Client:
    return client


def _record(number: int) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "model": _MODELS[number % 3],
        "taskType": _TASKS[number % 3],
        "taskComplexity": "medium",
        "responseTimeMs": 1_000 + number % 3_000,
        "inputTokens": 812,
        "outputTokens": 240,
        "conversationId": f"conv-{number}",
        "messageId": f"chatcmpl-{number}",
        "userId": f"user-{number % 100}",
        "timestamp": datetime.now(UTC).isoformat(),
    }


def _request(host: str, records: list[dict[str, Any]]) -> bytes:
    body = json.dumps(records).encode()
    head = f"POST {_PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@contextmanager
def running(arguments: list[str], folder: str) -> Iterator[str]:
    """The address of a server in a process of its own."""
    log = Path(folder) / "log"
    environment = os.environ | {"AUGURY_DATA_DIR": folder, "COLUMNS": "200"}
    with (
        log.open("w") as file,
        subprocess.Popen([sys.executable, *arguments], stdout=file, stderr=file, env=environment) as process,
    ):
        try:
            while not (found := re.search(r"is at (http://\S+)/analytics/models", log.read_text())):
                if process.poll() is not None:
                    raise RuntimeError(log.read_text())
                time.sleep(0.05)
            yield found[1]
        finally:
            process.terminate()


def _over_http(address: str, size: int, requests: int, connections: int) -> tuple[float, list[float]]:
    host = urlsplit(address).netloc
    prepared = [_request(host, [_record(n * size + k) for k in range(size)]) for n in range(requests)]
    return asyncio.run(send(address, prepared, connections))


def _into_store(folder: str, size: int, requests: int) -> float:
    """Seconds for appending the same calls, one batch after the other, without a server."""
    read = read_all([_record(number) for number in range(size * requests)], PriceBook())
    calls = [call for call in read if isinstance(call, ModelCall)]
    with DuckDBStore(Path(folder) / "bare.duckdb") as store:
        began = time.perf_counter()
        for first in range(0, len(calls), size):
            store.append(calls[first : first + size])
        return time.perf_counter() - began


def run(rows: int) -> None:
    """Print rows and requests a second, each beside both baselines."""
    print("\nConfirmed ingest over HTTP — beside the same HTTP server doing nothing, and one append after the other")
    print(
        f"{'calls each':>10} {'clients':>8} {'calls/s':>9} {'p50 ms':>7} {'p99 ms':>7} {'nothing/s':>10} {'append/s':>9}"
    )
    for size, connections, wanted in (
        (100, 8, min(rows, 100_000)),
        (100, 32, min(rows, 100_000)),
        (1, 32, min(rows, 10_000)),
    ):
        requests = max(1, wanted // size)
        with TemporaryDirectory() as folder:
            with running(["-c", ECHO], folder) as address:
                nothing, _ = _over_http(address, size, requests, connections)
            bare = _into_store(folder, size, max(1, requests // 10)) * 10
            serve = "from augury.cli import main; main()"
            with running(
                ["-c", serve, "serve", "--port", "0", "--database", f"{folder}/calls.duckdb"], folder
            ) as address:
                _over_http(address, size, 4, 1)  # what is loaded at the first request
                took, each = _over_http(address, size, requests, connections)
        count = size * requests
        print(
            f"{size:>10} {connections:>8} {count / took:>9,.0f} {each[len(each) // 2] * 1e3:>7.1f} "
            f"{each[int(len(each) * 0.99)] * 1e3:>7.1f} {count / nothing:>10,.0f} {count / bare:>9,.0f}"
        )
