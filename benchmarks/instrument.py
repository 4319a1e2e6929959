"""What observing costs the official clients, beside the bare client and OpenTelemetry's instrumentation with a batch processor.

All in one process and in turns, so that whatever else the machine does befalls each alike. OpenTelemetry's spans go nowhere,
which flatters it; our calls go into the journal and from there to a server of ours.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections import defaultdict, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WARM, _CALLS, _FEWER, _ROUNDS = 20, 100, 20, 12
_ASK: Any = [
    {
        "role": "system",
        "content": "You are a careful reviewer of Python code. Answer briefly, and say what you changed.",
    },
    {
        "role": "user",
        "content": "Please fix this function so that it also handles empty lists:\n\n" + "x = x + 1\n" * 40,
    },
]
_numbers = count()
_USAGE = {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29}
_WORDS = 40

# A provider that answers at once, or 30 ms later with a piece each 2 ms, in a process of its own: a client library would be most of a better one.
_PROVIDER = """
import asyncio, json, sys
whole, stream = (bytes.fromhex(text) for text in sys.argv[1:])

class Answering(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""
    def data_received(self, data):
        self.buffer += data
        while True:
            head, ended, rest = self.buffer.partition(b"\\r\\n\\r\\n")
            if not ended:
                return
            length = next((int(line[15:]) for line in head.split(b"\\r\\n") if line.lower().startswith(b"content-length:")), 0)
            if len(rest) < length:
                return
            body, self.buffer = rest[:length], rest[length:]
            answer = stream if b'"stream":true' in body.replace(b" ", b"") else whole
            if b'"later"' not in body:
                self.transport.write(answer)
                continue
            for number, piece in enumerate(answer.split(b"data: ")):
                piece = piece if number == 0 else b"data: " + piece
                asyncio.get_running_loop().call_later(0.03 + number * 0.002, self.transport.write, piece)

async def main():
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    print("http://127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def _answers() -> tuple[bytes, bytes]:
    model = {"id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "created": 1, "model": "gpt-4o-2024-08-06"}
    message = {"role": "assistant", "content": "word " * _WORDS, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    whole = json.dumps(model | {"object": "chat.completion", "choices": [choice], "usage": _USAGE}).encode()
    deltas: list[tuple[dict[str, str], str | None]] = [({"content": "word "}, None)] * _WORDS + [({}, "stop")]
    chunks = [
        model
        | {"object": "chat.completion.chunk", "usage": None}
        | {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}
        for delta, finish in deltas
    ]
    chunks.append(model | {"object": "chat.completion.chunk", "choices": [], "usage": _USAGE})
    lines = [f"data: {json.dumps(chunk, separators=(',', ':'))}\n\n".encode() for chunk in chunks]
    body = b"".join(b"%x\r\n%b\r\n" % (len(line), line) for line in [*lines, b"data: [DONE]\n\n", b""])
    head = b"HTTP/1.1 200 OK\r\ncontent-type: "
    return (
        head + b"application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(whole), whole),
        head + b"text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + body,
    )


@contextmanager
def _running(command: list[str], **more: str) -> Iterator[str]:
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | more
    )
    try:
        assert process.stdout is not None  # noqa: S101 - it is piped
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                # What it says is read on: it would wait for a full pipe.
                Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
                yield found.group()
                return
        raise RuntimeError(f"{command[:2]} did not start")
    finally:
        process.terminate()
        process.wait()


@dataclass
class _Taken:
    """What calls took: each by the clock, and together of the processor, on the caller's thread."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def _opentelemetry() -> tuple[Callable[[], None], Callable[[], None]]:
    from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor  # noqa: PLC0415 - of the development tools
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult  # noqa: PLC0415

    class Nowhere(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:  # noqa: ARG002 - dropped
            return SpanExportResult.SUCCESS

    tracers = TracerProvider()
    tracers.add_span_processor(BatchSpanProcessor(Nowhere()))
    other: Any = OpenAIInstrumentor()  # type: ignore[no-untyped-call] # it says nothing of its types
    return (lambda: other.instrument(tracer_provider=tracers)), other.uninstrument


def _nothing() -> None: ...


def run(rounds: int = _ROUNDS) -> None:
    """Measure, and print a table."""
    import augury  # noqa: PLC0415 - after the folder for its journal is chosen

    whole, stream = (answer.hex() for answer in _answers())
    with (
        TemporaryDirectory() as folder,
        _running([sys.executable, "-c", _PROVIDER, whole, stream]) as provider,
        _running(
            [str(Path(sys.executable).with_name("augury")), "serve", "--port", "0"],
            AUGURY_DATA_DIR=folder,
            AUGURY_DATABASE=f"duckdb:///{folder}/calls.duckdb",
        ) as server,
    ):
        os.environ["AUGURY_DATA_DIR"] = folder
        augury.configure(url=server)
        observers = {
            "nobody": (_nothing, _nothing),
            "Augury": (lambda: augury.instrument(stream_usage=True), augury.uninstrument),
            "OpenTelemetry": _opentelemetry(),
        }
        print("\n== observing the official openai client, on the caller's thread ==")
        print(f"{'':22}{'p50 ms':>9}{'p99 ms':>9}{'added p50 µs':>14}{'added processor µs':>20}")
        for name, measure in _WAYS.items():
            _table(name, _in_turns(observers, lambda measure=measure: measure(f"{provider}/v1"), rounds))  # type: ignore[misc]
        augury.flush()
        augury.configure()


def _in_turns(
    observers: dict[str, tuple[Callable[[], None], Callable[[], None]]], measure: Callable[[], _Taken], rounds: int
) -> dict[str, _Taken]:
    taken: dict[str, _Taken] = defaultdict(_Taken)
    order = list(observers)
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            begin, end = observers[name]
            begin()
            now = measure()
            end()
            taken[name].wall += now.wall
            taken[name].processor += now.processor
    return taken


def _timed(ask: Callable[[], object], calls: int = _CALLS) -> _Taken:
    for _ in range(min(_WARM, calls)):
        ask()
    taken = _Taken()
    for _ in range(calls):
        spent, began = time.thread_time(), time.perf_counter()
        ask()
        taken.wall.append(time.perf_counter() - began)
        taken.processor.append(time.thread_time() - spent)
    return taken


def _ask(*, new: bool = True) -> Any:
    """A message that was not sent before: an agent sends the same with each of its steps, but most others do not."""
    system, user = _ASK
    return [system, user | {"content": f"{user['content']}x = {next(_numbers)}\n"}] if new else _ASK


def _whole(url: str, *, new: bool = True, user: str = "now") -> _Taken:
    import openai  # noqa: PLC0415 - of the development tools

    with openai.OpenAI(base_url=url, api_key="none") as client:
        return _timed(lambda: client.chat.completions.create(model="gpt-4o", messages=_ask(new=new), user=user))


def _streamed(url: str, *, new: bool = True, user: str = "now") -> _Taken:
    import openai  # noqa: PLC0415

    def ask() -> object:
        return list(client.chat.completions.create(model="gpt-4o", messages=_ask(new=new), user=user, stream=True))

    with openai.OpenAI(base_url=url, api_key="none") as client:
        return _timed(ask, _FEWER if user == "later" else _CALLS)


def _async_whole(url: str, *, new: bool = True) -> _Taken:
    import openai  # noqa: PLC0415

    async def many() -> _Taken:
        taken = _Taken()
        async with openai.AsyncOpenAI(base_url=url, api_key="none") as client:
            for number in range(_WARM + _CALLS):
                spent, began = time.thread_time(), time.perf_counter()
                await client.chat.completions.create(model="gpt-4o", messages=_ask(new=new))
                if number >= _WARM:
                    taken.wall.append(time.perf_counter() - began)
                    taken.processor.append(time.thread_time() - spent)
        return taken

    return asyncio.run(many())


_WAYS = {
    "whole, 30 ms later": partial(_whole, user="later"),
    f"{_WORDS} chunks, from 30 ms on": partial(_streamed, user="later"),
    "whole": _whole,
    "whole, same message": partial(_whole, new=False),
    f"{_WORDS} chunks": _streamed,
    f"{_WORDS} chunks, same message": partial(_streamed, new=False),
    "whole, async": _async_whole,
    "whole, async, same message": partial(_async_whole, new=False),
}


def _table(way: str, taken: dict[str, _Taken]) -> None:
    print(way)
    bare = taken["nobody"]
    for name in ("nobody", "Augury", "OpenTelemetry"):
        wall = sorted(taken[name].wall)
        p50 = statistics.median(wall)
        more = (p50 - statistics.median(bare.wall)) * 1e6
        spent = (statistics.median(taken[name].processor) - statistics.median(bare.processor)) * 1e6
        added = "" if name == "nobody" else f"{more:>14.0f}{spent:>20.0f}"
        print(f"  {name:20}{p50 * 1e3:>9.2f}{wall[round(len(wall) * 0.99) - 1] * 1e3:>9.2f}{added}")
