"""The server: a thread to a connection, and a script of what goes wrong."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from tests.provider import answers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LONGEST_WAIT = 30.0  # seconds: a test that forgets to let the provider go on still ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How one request is answered; by default as a provider would.

    Attributes:
        status: of the answer; from 400 on with an error in its body.
        body: JSON instead of the usual body, or bytes as they are.
        headers: beside the usual ones.
        events: of a stream, instead of the usual ones, each as it goes over the wire.
        drop_after: so many events, or of a whole body bytes, the connection is reset; 0 is before there is any answer.
        end_after: so many events the body ends, as if it were whole.
        split: bytes that go out at a time, so that events come in odd pieces.
        wait: nothing more is sent until this is set, and `reached` is when it is waited for.
        wait_after: so many events.
    """

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    events: Sequence[bytes] | None = None
    drop_after: int | None = None
    end_after: int | None = None
    split: int | None = None
    wait: threading.Event | None = None
    wait_after: int = 0
    reached: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]  # by lower-case names
    body: Any


class Provider:
    """A running provider: `with Provider() as provider`, then clients at `provider.openai` and `provider.anthropic`.

        provider.will(Turn(status=429, headers={"retry-after-ms": "1"}), Turn())

    says what comes next, in order; after that it answers as usual.
    """

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.raw: list[bytes] = []  # their bodies as they came
        self._turns: deque[Turn] = deque()
        self._waiting: list[threading.Event] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.provider = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.openai = f"{self.url}/v1"
        self.anthropic = self.url

    def will(self, *turns: Turn) -> None:
        """Answer the next requests so."""
        self._turns.extend(turns)

    def go_on(self) -> None:
        """Let all go on that waits."""
        while self._waiting:
            self._waiting.pop().set()

    def next_turn(self, seen: Seen) -> Turn:
        """Note a request, and say how it is answered."""
        self.requests.append(seen)
        turn = Turn()
        with contextlib.suppress(IndexError):
            turn = self._turns.popleft()
        if turn.wait is not None:
            self._waiting.append(turn.wait)
        return turn

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    provider: Provider

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what tests do."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        pass

    def _answer(self) -> None:
        asked = self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.loads(asked) if asked else {}
        self.server.provider.raw.append(asked)
        seen = Seen(self.command, self.path, {key.lower(): value for key, value in self.headers.items()}, body)
        turn = self.server.provider.next_turn(seen)
        streamed = turn.status == 200 and turn.body is None and bool(body.get("stream"))
        if turn.drop_after == 0:
            self._reset()
        elif streamed:
            self._stream(turn, list(turn.events if turn.events is not None else answers.events(self.path, body)))
        else:
            self._wait(turn)
            whole = turn.body
            if whole is None:
                whole = answers.error(self.path, turn.status) if turn.status >= 400 else answers.answer(self.path, body)
            sent = whole if isinstance(whole, bytes) else json.dumps(whole).encode()
            self._head(turn, {"content-type": "application/json", "content-length": str(len(sent))})
            self.wfile.write(sent[: turn.drop_after])
            if turn.drop_after is not None:
                self._reset()

    def _stream(self, turn: Turn, events: list[bytes]) -> None:
        if turn.wait_after == 0:
            self._wait(turn)
        self._head(turn, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        for number, event in enumerate(events[: turn.end_after]):
            if number and number == turn.wait_after:
                self._wait(turn)
            if number == turn.drop_after:
                self._reset()
                return
            step = turn.split or len(event)
            for start in range(0, len(event), step):
                self._chunk(event[start : start + step])
        self._chunk(b"")

    def _head(self, turn: Turn, headers: Mapping[str, str]) -> None:
        self.send_response(turn.status)
        for name, value in {**headers, **turn.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def _wait(self, turn: Turn) -> None:
        if turn.wait is not None:
            turn.reached.set()
            turn.wait.wait(_LONGEST_WAIT)

    def _reset(self) -> None:
        """Drop the connection, as a network that fails does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
