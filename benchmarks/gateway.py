"""The gateway, beside a bare pass-through on the same server and client libraries, and beside the provider itself.

The provider is a process that answers at once, so that what is measured is what stands before it. All share the machine's cores.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PATH = "/v1/chat/completions"
_PROMPT = "Write a Python function that sorts a list of numbers, and explain how it works. " * 8
_ROUNDS = 5

# Answers chat completions: whole ones at once; streams of 20 pieces, of which those for the model "held" wait after the first.
_PROVIDER = """
import asyncio, json
piece = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024-11-20",
         "choices": [{"index": 0, "delta": {"content": "Hello "}, "finish_reason": None}]}
usage = {"prompt_tokens": 160, "completion_tokens": 40, "total_tokens": 200}
whole = json.dumps({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-11-20", "usage": usage,
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello " * 40}}]}).encode()
answer = b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\nx-request-id: req_1\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(whole)
answer += whole
head = b"HTTP/1.1 200 OK\\r\\ncontent-type: text/event-stream\\r\\ntransfer-encoding: chunked\\r\\n\\r\\n"
def chunk(data):
    return b"%x\\r\\n%b\\r\\n" % (len(data), data)
said = chunk(b"data: " + json.dumps(piece, separators=(",", ":")).encode() + b"\\n\\n")
piece["choices"][0] = {"index": 0, "delta": {}, "finish_reason": "stop"}
last = chunk(b"data: " + json.dumps(piece, separators=(",", ":")).encode() + b"\\n\\n") + chunk(b"data: [DONE]\\n\\n") + b"0\\r\\n\\r\\n"

class Connection(asyncio.Protocol):
    buffer = b""
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        self.buffer += data
        head_, ended, body = self.buffer.partition(b"\\r\\n\\r\\n")
        if not ended:
            return
        at = head_.lower().find(b"content-length:")
        length = int(head_[at + 15:].split(b"\\r\\n", 1)[0])
        if len(body) < length:
            return
        self.buffer = body[length:]
        if b'"stream":true' not in body:
            self.transport.write(answer)
            return
        self.transport.write(head)
        self.transport.write(said)
        if b'"held"' not in body:
            asyncio.get_running_loop().call_later(0.01, self.transport.write, said * 19 + last)

async def main():
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=2048)
    print("is at http://127.0.0.1:%d/analytics/models" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""

# The least that an ASGI application on the same libraries can do to pass a request on, and its answer back.
_BARE = """
import sys, aiohttp, uvicorn
from augury.server.run import listening
session = None
async def app(scope, receive, send):
    global session
    if scope["type"] != "http":
        return
    if session is None:
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), auto_decompress=False)
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode(): value.decode() for name, value in scope["headers"] if name in (b"authorization", b"content-type")}
    async with session.post(sys.argv[1] + scope["path"], data=body, headers=headers) as answer:
        back = [(name.lower(), value) for name, value in answer.raw_headers if name.lower() != b"transfer-encoding"]
        await send({"type": "http.response.start", "status": answer.status, "headers": back})
        async for piece in answer.content.iter_any():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
with listening("127.0.0.1", 0) as listener:
    print("is at http://127.0.0.1:%d/analytics/models" % listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off")).run(sockets=[listener])
"""


@dataclass
class _Client(asyncio.Protocol):
    """One connection that sends what is left, each request when the one before is answered; by hand, so that it costs little."""

    requests: Iterator[bytes]
    finished: asyncio.Future[None]
    taken: list[float] = field(default_factory=list)  # until the first piece of an answer
    held: bool = False  # done with the first piece of a stream, and the connection stays open
    _buffer: bytes = b""
    _began: float = 0.0
    _first: bool = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP has no other
        self.transport = transport
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(exc or ConnectionError(self._buffer[:500].decode()))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, ended, body = self._buffer.partition(b"\r\n\r\n")
        if not ended or (b"data: " not in body and b"event-stream" in head):
            return
        if not self._first:
            self._first = True
            self.taken.append(time.perf_counter() - self._began)
        if not head.startswith(b"HTTP/1.1 200 "):
            self.transport.close()
        elif self.held:
            self.finished.set_result(None)
        elif length := re.search(rb"(?i)content-length: (\d+)", head):
            if len(body) >= int(length[1]):
                self._next()
        elif body.endswith(b"0\r\n\r\n"):
            self._next()

    def _next(self) -> None:
        request = next(self.requests, None)
        self._buffer, self._first = b"", False
        if request is None:
            self.finished.set_result(None)
            self.transport.close()
            return
        self._began = time.perf_counter()
        self.transport.write(request)


async def _send(address: str, requests: Sequence[bytes], connections: int) -> tuple[float, list[float]]:
    """Seconds for all, and until the first piece of each answer."""
    left = iter(requests)
    began = time.perf_counter()
    clients = [await _connect(address, left, held=False) for _ in range(connections)]
    await asyncio.gather(*(client.finished for client in clients))
    return time.perf_counter() - began, sorted(second for client in clients for second in client.taken)


async def _connect(address: str, requests: Iterator[bytes], *, held: bool) -> _Client:
    loop = asyncio.get_running_loop()
    host, _, port = urlsplit(address).netloc.partition(":")
    client = _Client(requests, loop.create_future(), held=held)
    await loop.create_connection(partial(_itself, client), host, int(port))
    return client


def _itself(client: _Client) -> _Client:
    return client


def _request(address: str, *, stream: bool = False, model: str = "gpt-4o") -> bytes:
    asked = {"model": model, "messages": [{"role": "user", "content": _PROMPT}]} | ({"stream": True} if stream else {})
    body = json.dumps(asked, separators=(",", ":")).encode()
    return (
        f"POST {_PATH} HTTP/1.1\r\nHost: {urlsplit(address).netloc}\r\nAuthorization: Bearer any\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


@contextmanager
def _running(arguments: Sequence[str], folder: str, **environment: str) -> Iterator[tuple[str, int]]:
    """The address of a server in a process of its own, and the process."""
    log = Path(folder) / f"log-{time.monotonic_ns()}"
    kept = os.environ | {"AUGURY_DATA_DIR": folder, "COLUMNS": "200"} | environment
    with (
        log.open("w") as file,
        subprocess.Popen([sys.executable, *arguments], stdout=file, stderr=file, env=kept) as process,
    ):
        try:
            while not (found := re.search(r"is at (http://\S+)/analytics/models", log.read_text())):
                if process.poll() is not None:
                    raise RuntimeError(log.read_text())
                time.sleep(0.05)
            yield found[1], process.pid
        finally:
            process.terminate()


def _median_ms(address: str, count: int, *, stream: bool = False) -> float:
    """Milliseconds until an answer, or the first piece of a stream, for one client."""
    _, each = asyncio.run(_send(address, [_request(address, stream=stream)] * count, 1))
    return statistics.median(each) * 1e3


def _a_second(address: str, count: int, connections: int) -> float:
    """Requests a second."""
    took, _ = asyncio.run(_send(address, [_request(address)] * count, connections))
    return count / took


async def _held_open(address: str, streams: int) -> tuple[float, float]:
    """Seconds until so many streams have begun, and milliseconds until a request beside them is answered."""
    began = time.perf_counter()
    clients = []
    for first in range(0, streams, 100):
        held = _request(address, stream=True, model="held")
        some = [await _connect(address, iter([held]), held=True) for _ in range(min(100, streams - first))]
        await asyncio.gather(*(client.finished for client in some))
        clients += some
    took = time.perf_counter() - began
    _, each = await _send(address, [_request(address)] * 50, 1)
    for client in clients:
        client.transport.abort()
    return took, statistics.median(each) * 1e3


def _resident_mib(process: int) -> float:
    """The memory that a process holds now."""
    told = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", told)
    return int(found[1]) / 1024 if found else float("nan")


def _processor_s(process: int, *, thread: bool = False) -> float:
    """The processor's time that a process has taken, or the thread of it that answers."""
    path = Path(f"/proc/{process}/task/{process}/stat" if thread else f"/proc/{process}/stat")
    fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _settle(address: str) -> None:
    """Wait until all calls that the gateway has answered are stored, so that their rows are no burden to what is measured next.

    Raises:
        RuntimeError: they are not within a minute.
    """
    latest = time.monotonic() + 60
    while True:
        connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
        connection.request("GET", "/metrics")
        told = connection.getresponse().read().decode()
        connection.close()
        answered = sum(map(int, re.findall(r'augury_requests_total{method="POST",\S+} (\d+)', told)))
        stored = sum(map(int, re.findall(r'augury_calls_total{status="stored"} (\d+)', told)))
        if stored >= answered:
            return
        if time.monotonic() > latest:
            raise RuntimeError(f"{answered} calls were answered, and {stored} of them are stored")
        time.sleep(0.1)  # seldom: telling costs the server some milliseconds


def _loaded(address: str, process: int, count: int, settle: Callable[[], None]) -> tuple[float, float, float]:
    """Requests a second of 64 clients, and the processor's microseconds for one: in all, and of the thread that answers.

    What `settle` waits for is counted in all, not in the second.
    """
    settle()
    before, answering = _processor_s(process), _processor_s(process, thread=True)
    a_second = _a_second(address, count, 64)
    answering = _processor_s(process, thread=True) - answering
    settle()
    return a_second, (_processor_s(process) - before) / count * 1e6, answering / count * 1e6


def run(rows: int) -> None:
    """Print latency, throughput, time to the first token, and memory, each beside its baseline."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        provider, _ = stack.enter_context(_running(["-c", _PROVIDER], folder))
        bare, passing = stack.enter_context(_running(["-c", _BARE, provider], folder))
        serve = [
            "-c",
            "from augury.cli import main; main()",
            "serve",
            "--port",
            "0",
            "--database",
            f"{folder}/calls.duckdb",
        ]
        ours, process = stack.enter_context(
            _running(serve, folder, OPENAI_API_KEY="sk-any", OPENAI_BASE_URL=f"{provider}/v1")
        )
        settle = partial(_settle, ours)

        def alone(measured: Callable[[], float]) -> float:
            settle()
            return measured()

        for address in (provider, bare, ours):
            _median_ms(address, 300)
            _median_ms(address, 20, stream=True)
        print("\nThe gateway — beside a bare pass-through on the same libraries, and the provider itself")
        direct, passed, through = (
            statistics.median(each)
            for each in zip(
                *([alone(partial(_median_ms, at, 300)) for at in (provider, bare, ours)] for _ in range(_ROUNDS)),
                strict=True,
            )
        )
        print(
            f"one client, p50: direct {direct:.2f} ms, bare {passed:.2f} ms, gateway {through:.2f} ms; "
            f"added {(through - direct) / (passed - direct):.2f} times what the bare one adds"
        )
        rounds = [
            (_loaded(bare, passing, 2_000, settle), _loaded(ours, process, 2_000, settle)) for _ in range(_ROUNDS)
        ]
        (passed, for_bare, _), (through, for_ours, answering) = (
            tuple(map(statistics.median, zip(*each, strict=True))) for each in zip(*rounds, strict=True)
        )
        print(f"64 clients: bare {passed:,.0f}/s, gateway {through:,.0f}/s, {through / passed:.0%} of it")
        print(
            f"processor a request: bare {for_bare:.0f} us, gateway {for_ours:.0f} us, rows included; "
            f"{answering:.0f} us of it where it is answered"
        )
        direct, passed, through = (
            statistics.median(each)
            for each in zip(
                *(
                    [alone(partial(_median_ms, at, 40, stream=True)) for at in (provider, bare, ours)]
                    for _ in range(_ROUNDS)
                ),
                strict=True,
            )
        )
        print(f"first token, p50: direct {direct:.2f} ms, bare {passed:.2f} ms, gateway {through:.2f} ms")
        settle()
        took, beside = asyncio.run(_held_open(ours, 1_000))
        print(f"1,000 open streams: begun within {took:.1f} s; a request beside them {beside:.1f} ms at the median")
        settle()
        passed, before = _a_second(bare, rows // 5, 64), _resident_mib(process)
        through = _a_second(ours, rows, 64)
        print(
            f"64 clients, {rows:,} in a row: bare {passed:,.0f}/s, gateway {through:,.0f}/s, {through / passed:.0%} of it"
        )
        settle()
        print(f"memory: {before:.0f} MiB before, {_resident_mib(process):.0f} MiB after {rows:,} more calls")
