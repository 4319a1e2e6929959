"""Real servers for tests: started as a user starts them, asked over HTTP, ended in order or killed."""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.processes import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import IO

STARTS_WITHIN_S = 60
ENDS_WITHIN_S = 60
CALLS = "/api/analytics/models/calls"


@dataclass
class Answer:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Server:
    """A running server."""

    address: str
    process: Command
    said: list[str] = field(default_factory=list)

    def connect(self) -> HTTPConnection:
        """A connection of one's own."""
        return HTTPConnection(urlsplit(self.address).netloc, timeout=60)

    def get(self, path: str) -> Answer:
        """Ask once."""
        with closing(self.connect()) as connection:
            return ask(connection, "GET", path)

    def post(self, path: str, body: object) -> Answer:
        """Send once."""
        with closing(self.connect()) as connection:
            return ask(connection, "POST", path, body)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def until(self, path: str, holds: Callable[[Answer], bool], within_s: float = 60) -> Answer:
        """Ask until the answer is as it should be."""
        deadline = time.monotonic() + within_s
        while not holds(answer := self.get(path)):
            assert time.monotonic() < deadline, f"{path} still answers {answer}; the server said {''.join(self.said)}"
            time.sleep(0.02)
        return answer


def ask(connection: HTTPConnection, method: str, path: str, body: object = None) -> Answer:
    """One request over a connection.

    Raises:
        OSError: nobody answers any more.
    """
    try:
        connection.request(
            method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"}
        )
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, json.loads(response.read()))
    except HTTPException as problem:  # killed in the middle of an answer
        raise OSError(str(problem)) from problem


@contextmanager
def serving(folder: Path, *arguments: str | Path, **environment: str) -> Iterator[Server]:
    """A server over `calls.duckdb` in a folder, until the end of the block, or until it is killed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")}
    process = Command(
        "serve", "--port", "0", "--database", folder / "calls.duckdb", *arguments,
        folder=folder, environment=kept | {"AUGURY_DATA_DIR": str(folder), "COLUMNS": "200"} | environment,
    )  # fmt: skip
    addresses: Queue[str | None] = Queue()
    said: list[str] = []
    # Reads on to the end: a server whose log nobody reads stands still when the pipe is full.
    reader = Thread(target=_listen, args=(process.stderr, said, addresses), daemon=True)
    reader.start()
    try:
        address = addresses.get(timeout=STARTS_WITHIN_S)
        assert address is not None, "".join(said)
        yield Server(address, process, said)
    finally:
        process.terminate()
        try:
            process.wait(timeout=ENDS_WITHIN_S)
        finally:
            process.kill()
            process.wait()
            reader.join(timeout=ENDS_WITHIN_S)
            process.stderr.close()


def _listen(log: IO[str], said: list[str], addresses: Queue[str | None]) -> None:
    for line in log:
        said.append(line)
        if found := re.search(r"is at (http://\S+)/analytics/models", line):
            addresses.put(found[1])
    addresses.put(None)
