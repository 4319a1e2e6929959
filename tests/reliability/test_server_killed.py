"""A server that is killed in the middle of its work: everything it confirmed is found once, and nothing twice."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import pytest
from tests.limits import limit_files
from tests.servers import CALLS, Server, ask, serving

from augury.core.ids import uuid7
from augury.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPConnection
    from pathlib import Path

CONNECTIONS = 4
ROOM = 64 * 2**10


@dataclass
class Tally:
    """What was sent to servers, and what they confirmed."""

    sent: list[list[dict[str, Any]]] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    kills: int = 0
    _lock: Lock = field(default_factory=Lock)

    def send_until(self, server: Server, ended: Event, size: int, confirmed: Callable[[int], None]) -> None:
        """Send batches over one connection until the server is gone."""
        connection = server.connect()
        with closing(connection):
            self._send(connection, ended, size, confirmed)

    def _send(self, connection: HTTPConnection, ended: Event, size: int, confirmed: Callable[[int], None]) -> None:
        while not ended.is_set():
            batch = [record() for _ in range(size)]
            with self._lock:
                self.sent.append(batch)
            try:
                answer = ask(connection, "POST", CALLS, batch)
            except OSError:
                return
            if answer.status != 200:
                assert answer.status == 503, answer
                continue
            kept = [result["id"] for result in answer.body["results"]]
            assert answer.body["refused"] == 0
            with self._lock:
                self.confirmed += kept
                confirmed(len(self.confirmed))


def record() -> dict[str, Any]:
    return {"id": str(uuid7()), "model": "gpt-4o", "responseTimeMs": 1, "timestamp": datetime.now(UTC).isoformat()}


def killed_while_sending(server: Server, tally: Tally, calls: int) -> None:
    """Send over several connections, single records and batches, and kill the server once so many more are confirmed."""
    ended = Event()
    goal = len(tally.confirmed) + calls

    def confirmed(count: int) -> None:
        if count >= goal and not ended.is_set():
            ended.set()
            server.process.kill()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [
            pool.submit(tally.send_until, server, ended, size, confirmed) for size in (1, 1, 7, 40)[:CONNECTIONS]
        ]:
            done.result()
    server.kill()
    tally.kills += 1


def found(folder: Path) -> list[str]:
    with open_store(str(folder / "calls.duckdb")) as store:
        rows = store.query("SELECT id::VARCHAR FROM model_performance_metrics", limit=10**7).rows
    return [row[0] for row in rows]


def sums_up(folder: Path, tally: Tally) -> None:
    """Nothing confirmed is missing, nothing is there twice, and no batch is there in part."""
    there = found(folder)
    assert len(set(there)) == len(there)
    assert set(tally.confirmed) <= set(there)
    assert set(there) <= {call["id"] for batch in tally.sent for call in batch}
    parts = [len({call["id"] for call in batch} & set(there)) for batch in tally.sent]
    assert all(part in (0, len(batch)) for part, batch in zip(parts, tally.sent, strict=True))
    print(f"{tally.kills} kills, {len(tally.confirmed)} confirmed, {len(there)} found, 0 doubled")  # noqa: T201 - the figures


def rounds_of(kills: int) -> list[int]:
    """After how many calls each kill comes: soon, and later."""
    return [(60, 700, 5, 250, 1_500)[number % 5] for number in range(kills)]


def storing(folder: Path, kills: int) -> Tally:
    tally = Tally()
    for calls in rounds_of(kills):
        with serving(folder) as server:
            killed_while_sending(server, tally, calls)
        sums_up(folder, tally)
    with serving(folder) as server:  # whoever heard nothing sends again
        for batch in tally.sent:
            assert server.post(CALLS, batch).status == 200
    assert sorted(found(folder)) == sorted(call["id"] for batch in tally.sent for call in batch)
    return tally


def journaling(folder: Path, kills: int) -> Tally:
    """The same, with a database that cannot be written, so that the journal is what is killed; and drained, and killed."""
    tally = Tally()
    for number, calls in enumerate(rounds_of(kills)):
        with serving(folder, AUGURY_JOURNAL_MIB="64") as server:
            if number % 2 == 0:  # every other round the journal is brought to the database while more comes in
                fill(server, folder, tally)
                limit_files(ROOM + 2**20, server.process.pid)
            killed_while_sending(server, tally, calls)
    with serving(folder) as server:
        server.until("/healthz", lambda answer: answer.body["journaledCalls"] == 0)
    sums_up(folder, tally)
    assert not list((folder / "calls.duckdb.journal").glob("*.calls"))
    return tally


def fill(server: Server, folder: Path, tally: Tally) -> None:
    """Write until the database's log is so long that a limit keeps it from growing."""
    log = folder / "calls.duckdb.wal"
    while not log.exists() or log.stat().st_size <= ROOM + 2**20:
        batch = [record() for _ in range(2_000)]
        tally.sent.append(batch)
        answer = server.post(CALLS, batch)
        assert answer.status == 200
        tally.confirmed += [result["id"] for result in answer.body["results"]]


def test_killed_while_storing(tmp_path: Path) -> None:
    storing(tmp_path, kills=3)


def test_killed_while_the_database_is_away(tmp_path: Path) -> None:
    journaling(tmp_path, kills=3)


@pytest.mark.ordeal
@pytest.mark.parametrize("way", [storing, journaling])
def test_killed_many_times(tmp_path: Path, way: Callable[[Path, int], Tally]) -> None:
    way(tmp_path, int(os.environ.get("AUGURY_ORDEAL_KILLS", "50")))
