"""A real server whose database cannot be written, or whose disk is full: what its callers are told, and what is found later."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.limits import limit_files, mount, small_disk
from tests.processes import COMMAND
from tests.servers import CALLS, Answer, Server, serving
from tests.world import a_call

from augury.client import RemoteArchive
from augury.core.ids import uuid7
from augury.store import open_store
from augury.store.protocol import Fate

if TYPE_CHECKING:
    from pathlib import Path

ROOM = 64 * 2**10
FEEDBACK, OUTCOME = "/api/analytics/models/feedback", "/api/analytics/models/outcome"


def record(**more: Any) -> dict[str, Any]:
    call = {"id": str(uuid7()), "model": "gpt-4o", "responseTimeMs": 1, "timestamp": datetime.now(UTC).isoformat()}
    return call | more


def send(server: Server, *records: dict[str, Any]) -> Answer:
    return server.post(CALLS, list(records))


def lose_the_database(server: Server, folder: Path, room: int = ROOM) -> int:
    """From here on its log cannot be written, being longer than files may be; how many calls it has."""
    log = folder / "calls.duckdb.wal"
    count = 0
    while not log.exists() or log.stat().st_size <= room:
        assert send(server, *(record() for _ in range(500))).body["stored"] == 500
        count += 500
    limit_files(room, server.process.pid)
    return count


def drained(server: Server) -> None:
    server.until("/readyz", lambda answer: answer.status == 200 and answer.body["journaledCalls"] == 0)


def test_calls_are_accepted_while_the_database_is_away_and_brought_to_it_later(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        before = lose_the_database(server, tmp_path)

        answer = send(server, record(messageId="m-1"), record(responseTimeMs=-1), record(conversationId="c-1"))

        assert answer.status == 200
        counts = {name: answer.body[name] for name in ("stored", "known", "refused", "accepted")}
        assert counts == {"stored": 0, "known": 0, "refused": 1, "accepted": 2}
        assert [result["status"] for result in answer.body["results"]] == ["accepted", "refused", "accepted"]
        ready, healthy = server.get("/readyz"), server.get("/healthz")
        assert (ready.status, ready.body["databaseAway"], ready.body["journaledCalls"]) == (503, True, 2)
        assert (healthy.status, healthy.body["databaseAway"], healthy.body["journaledCalls"]) == (200, True, 2)
        for path, body in (
            (FEEDBACK, {"messageId": "m-1", "rating": 1}),
            (FEEDBACK, {"conversationId": "c-1", "rating": 1}),
            (OUTCOME, {"messageId": "m-1", "success": False}),
        ):
            refused = server.post(path, body)
            assert (refused.status, refused.headers["retry-after"]) == (503, "5")
            assert "wait in the journal" in refused.body["detail"]

        limit_files(None, server.process.pid)
        drained(server)

        assert server.post(FEEDBACK, {"messageId": "m-1", "rating": 1}).status == 200
        after = send(server, record())
        assert after.body["stored"] == 1
        assert "accepted" not in after.body
        summary = server.get("/api/analytics/models").body["summary"]
        assert (summary["totalCalls"], summary["thumbsUp"]) == (before + 3, 1)


def test_a_client_takes_an_accepted_call_for_kept(tmp_path: Path) -> None:
    with serving(tmp_path) as server, RemoteArchive(server.address) as archive:
        lose_the_database(server, tmp_path)

        assert archive.append([a_call(1), a_call(2)]) == [Fate.STORED, Fate.STORED]
        assert server.get("/healthz").body["journaledCalls"] == 2


def test_calls_keep_their_order_in_the_journal_and_after_it(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        lose_the_database(server, tmp_path)
        sent = [record(model=f"model-{number}") for number in range(30)]
        for call in sent[:20]:
            assert send(server, call).body["accepted"] == 1
        limit_files(None, server.process.pid)
        for call in sent[20:]:  # while it drains, or after
            assert send(server, call).status == 200
        drained(server)
    with open_store(str(tmp_path / "calls.duckdb")) as store:
        rows = store.query(
            "SELECT id::VARCHAR FROM model_performance_metrics WHERE model LIKE 'model-%' ORDER BY rowid", limit=99
        ).rows
    assert [row[0] for row in rows] == [call["id"] for call in sent]


def test_a_full_journal_is_told_and_takes_calls_again_when_it_is_empty(tmp_path: Path) -> None:
    with serving(tmp_path, AUGURY_JOURNAL_MIB="1") as server:
        before = lose_the_database(server, tmp_path, room=2**22)  # so that only the journal's own limit is in the way
        accepted = 0
        while (answer := send(server, *(record() for _ in range(500)))).status == 200:
            accepted += answer.body["accepted"]

        assert accepted > 500
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert "AUGURY_JOURNAL_MIB" in answer.body["detail"]

        limit_files(None, server.process.pid)
        drained(server)
        assert send(server, record()).body["stored"] == 1
        overview = server.get("/api/analytics/models")
        assert overview.status == 200, overview
        assert overview.body["summary"]["totalCalls"] == before + accepted + 1


def test_a_full_disk_is_507_and_says_what_to_do(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        limit_files(100, server.process.pid)

        answer = send(server, record())

        assert answer.status == 507
        assert answer.headers["content-type"] == "application/problem+json"
        assert "free some space" in answer.body["detail"]
        limit_files(None, server.process.pid)
        server.until("/readyz", lambda answer: answer.status == 200)
        server.until("/healthz", lambda answer: not answer.body["databaseAway"])
        assert send(server, record()).status == 200


def test_a_disk_that_fills_up_for_real_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    """A file system of 30 MiB. The database's log is checkpointed at 16, so it is there that the room ends."""
    disk = tmp_path / "disk"
    disk.mkdir()
    confirmed: list[str] = []
    with small_disk(disk, 30) as mounted:
        with serving(disk) as server:
            if not mounted:  # no rights to mount: no file may grow beyond this instead
                limit_files(12 * 2**20, server.process.pid)
            while True:
                batch = [record(errorMessage=uuid7().hex * 30) for _ in range(1_000)]
                answer = send(server, *batch)
                if answer.status != 200:
                    break
                confirmed += [result["id"] for result in answer.body["results"]]
            assert answer.status == 507, answer
            assert send(server, *batch).status == 507

            if mounted:
                assert mount(disk, 300, "remount,size")
            limit_files(None, server.process.pid)
            server.until("/readyz", lambda answer: answer.status == 200 and answer.body["journaledCalls"] == 0)
            assert send(server, record()).body["stored"] == 1
        with open_store(str(disk / "calls.duckdb")) as store:
            found = [
                row[0] for row in store.query("SELECT id::VARCHAR FROM model_performance_metrics", limit=10**6).rows
            ]
    assert len(set(found)) == len(found)
    assert set(confirmed) <= set(found)


def test_doctor_tells_of_what_waits_and_of_what_was_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        lose_the_database(server, tmp_path)
        assert send(server, record(), record()).body["accepted"] == 2
        server.kill()
    (tmp_path / "calls.duckdb.journal/dead-letters.jsonl").write_text("{}\n")

    done = subprocess.run(
        [COMMAND, "doctor", "--json", "--database", tmp_path / "calls.duckdb"],
        capture_output=True, text=True, check=False, env=os.environ | {"AUGURY_DATA_DIR": str(tmp_path)},
    )  # fmt: skip

    findings = {finding["check"]: finding["says"] for finding in json.loads(done.stdout)["findings"]}
    assert findings["journal"].startswith("2 calls in ")
    assert findings["dead letters"].startswith("1 call ")
    assert "dead-letters.jsonl" in findings["dead letters"]
