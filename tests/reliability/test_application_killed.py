"""An application that is killed while it records, with its server and its disk failing too: every call that was safe is stored once."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.limits import limit_files, mount, small_disk
from tests.processes import COMMAND
from tests.servers import serving

from augury.capture.outbox import places, survey
from augury.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Records from two threads until it is killed, and says of each call that is safe which one it is.
ENDLESS = """
import os, threading, augury

def work():
    number = 0
    while True:
        with augury.track(model="gpt-4o", task_type="coding") as call:
            call.tokens(input=8, output=2)
        number += 1
        rated = number % 20 == 0 and augury.feedback(message_id=call.message_id, rating=1)
        if call.recorded:
            os.write(1, f"{call.id} {'rated' if rated else 'unrated'}\\n".encode())

threading.Thread(target=work).start()
work()
"""


@dataclass
class Tally:
    """What applications have said to be safe."""

    folder: Path
    recorded: set[str] = field(default_factory=set)
    rated: set[str] = field(default_factory=set)
    kills: int = 0

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")}
        return kept | {"AUGURY_DATA_DIR": str(self.folder / "data"), "COLUMNS": "200"} | more

    def kill(self, calls: int, **more: str) -> None:
        """Run an application, and kill it when so many more calls are safe."""
        with subprocess.Popen(
            [sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, text=True, env=self.environment(**more)
        ) as process:
            assert process.stdout is not None
            heard = 0
            for line in process.stdout:
                if line.endswith("\n"):
                    name, _, rated = line.strip().partition(" ")
                    self.recorded.add(name)
                    if rated == "rated":
                        self.rated.add(name)
                    heard += 1
                if heard == calls:
                    process.kill()
        self.kills += 1

    def run(self, script: str, **more: str) -> list[str]:
        """Run an application to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=self.environment(**more)
        )
        return done.stdout.split()

    def flush(self, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, "flush", "--timeout", "20", "--json"],
            capture_output=True, text=True, check=False, env=self.environment(**more),
        )  # fmt: skip

    def sums_up(self, what: str) -> None:
        """All is delivered: each call that was safe is there, and none twice, and its rating where that was safe too."""
        assert [survey(place).calls + survey(place).said for place in places(self.folder / "data")] == [0]
        with open_store(str(self.folder / "calls.duckdb")) as store:
            rows = store.query("SELECT id::VARCHAR, user_rating FROM model_performance_metrics", limit=10**7).rows
        there = Counter(row[0] for row in rows)
        assert set(there.values()) <= {1}
        assert self.recorded <= set(there)
        assert self.rated <= {row[0] for row in rows if row[1] == 1}
        # A kill may come between what is safe and the word of it, in each of two threads.
        assert len(there) - len(self.recorded) <= 2 * self.kills
        print(  # noqa: T201 - the figures
            f"{what}: {self.kills} kills, {len(self.recorded)} safe, of them {len(self.rated)} rated, {len(there)} stored, "
            "0 doubled, 0 lost"
        )


def moments(kills: int) -> list[int]:
    """After how many calls each kill comes: while the journal is opened, before the first batch, and among many."""
    chance = random.Random(kills)  # noqa: S311 - the same each time
    return [chance.choice((1, chance.randint(2, 60), chance.randint(100, 1_000))) for _ in range(kills)]


def by_server(folder: Path, kills: int) -> Tally:
    tally = Tally(folder)
    left = moments(kills)
    number = 0
    port = "0"
    while left:
        with serving(folder, "--port", port, AUGURY_DATA_DIR=str(folder / "data")) as server:
            port = server.address.rpartition(":")[2]
            if number % 3 == 1:
                limit_files(1, server.process.pid)  # its database is away, and its journal too
            if number % 3 == 2:
                server.kill()
            for calls in left[:2]:
                tally.kill(calls, AUGURY_URL=server.address)
            del left[:2]
            if number % 2:
                server.kill()
        number += 1
    with serving(folder, "--port", port, AUGURY_DATA_DIR=str(folder / "data")) as server:
        done = tally.flush(AUGURY_URL=server.address)
        assert done.returncode == 0, done
    return tally


def by_itself(folder: Path, kills: int) -> Tally:
    """The same with a database that the application opens itself."""
    tally = Tally(folder)
    database = {"AUGURY_DATABASE": f"duckdb:///{folder / 'calls.duckdb'}"}
    for calls in moments(kills):
        tally.kill(calls, **database)
    done = tally.flush(**database)
    assert done.returncode == 0, done
    return tally


@pytest.mark.parametrize(("way", "kills"), [(by_server, 3), (by_itself, 2)])
def test_an_application_that_is_killed_while_it_records(
    tmp_path: Path, way: Callable[[Path, int], Tally], kills: int
) -> None:
    way(tmp_path, kills).sums_up(way.__name__)


@pytest.mark.ordeal
@pytest.mark.parametrize("way", [by_server, by_itself])
def test_an_application_that_is_killed_many_times(tmp_path: Path, way: Callable[[Path, int], Tally]) -> None:
    way(tmp_path, int(os.environ.get("AUGURY_ORDEAL_KILLS", "50"))).sums_up(way.__name__)


BRIEF = """
import augury
for _ in range(40):
    with augury.track(model="gpt-4o") as call:
        pass
    print(call.id if call.recorded else "unsafe")
augury.feedback(message_id=call.message_id, rating=1)
"""


def test_an_application_that_ends_at_once_has_stored_what_it_recorded(tmp_path: Path) -> None:
    tally = Tally(tmp_path)
    tally.recorded |= set(tally.run(BRIEF, AUGURY_DATABASE=f"duckdb:///{tmp_path / 'calls.duckdb'}"))

    assert len(tally.recorded) == 40
    with open_store(str(tmp_path / "calls.duckdb")) as store:
        rows = store.query("SELECT count(DISTINCT id), sum(user_rating) FROM model_performance_metrics", limit=1).rows
    assert list(rows[0]) == [40, 1]


FORKING = """
import multiprocessing, os, threading, augury

def record(count):
    for _ in range(count):
        with augury.track(model="gpt-4o") as call:
            pass
        os.write(1, f"{call.id if call.recorded else 'unsafe'}\\n".encode())

record(1)
assert augury.flush()  # it has the database open, and a thread
busy = threading.Thread(target=record, args=(2_000,))
busy.start()
children = []
for number in range(3):
    children.append(os.fork())
    if children[-1] == 0:
        record(50)
        os._exit(0)  # without a word to anybody
for child in children:
    os.waitpid(child, 0)
other = multiprocessing.get_context("fork").Process(target=record, args=(50,))
other.start()
other.join()
busy.join()
assert augury.flush(), augury.counters()
"""


def test_forked_processes_record_for_themselves_and_their_parent_delivers_what_they_leave(tmp_path: Path) -> None:
    tally = Tally(tmp_path)
    printed = tally.run(FORKING, AUGURY_DATABASE=f"duckdb:///{tmp_path / 'calls.duckdb'}", PYTHONWARNINGS="ignore")
    tally.recorded |= set(printed)

    assert len(printed) == len(tally.recorded) == 1 + 2_000 + 3 * 50 + 50
    tally.sums_up("forked")


FILLING = """
import os, sys, augury
safe, unsafe = [], 0
while unsafe < 50:
    with augury.track(model="gpt-4o", error_message="x" * 1_900, success=False) as call:
        pass
    if call.recorded:
        print(call.id)
    else:
        unsafe += 1
print("full", augury.counters().dropped, file=sys.stderr)
sys.stdout.flush()
input()
for _ in range(10):
    with augury.track(model="gpt-4o") as call:
        pass
    print(call.id if call.recorded else "unsafe")
"""


def test_a_full_disk_costs_what_came_then_and_nothing_that_was_safe(tmp_path: Path) -> None:
    tally = Tally(tmp_path)
    disk = tmp_path / "data"
    disk.mkdir()
    database = {"AUGURY_URL": "http://127.0.0.1:9"}
    with small_disk(disk, 2) as mounted:
        with subprocess.Popen(
            [sys.executable, "-c", FILLING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=tally.environment(**database, AUGURY_OUTBOX_MIB="100" if mounted else "1"),
        ) as process:  # fmt: skip
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            while not (said := process.stderr.readline()).startswith("full "):
                pass
            assert ("the disk is full" if mounted else "the journal is full") in said
            if mounted:
                assert mount(disk, 50, "remount,size")
            printed, _ = process.communicate("\n")
        lines = printed.split()
        tally.recorded |= set(lines) - {"unsafe"}
        assert len(tally.recorded) > 200
        assert lines[-10:] == [line for line in lines[-10:] if line != "unsafe"] or not mounted

        (place,) = places(disk)
        assert survey(place).calls == len(tally.recorded)
        # Meant for a server that will never come; its owner sends it elsewhere.
        (place / "destination.json").write_text(json.dumps({"destination": f"duckdb:///{tmp_path / 'calls.duckdb'}"}))
        done = tally.flush()
        assert done.returncode == 0, done
        tally.sums_up("disk full")


def test_doctor_says_what_waits_and_why_and_flush_that_it_cannot(tmp_path: Path) -> None:
    tally = Tally(tmp_path)
    away = {"AUGURY_URL": "http://127.0.0.1:9"}
    tally.kill(300, **away)
    tally.run(
        "import augury\nwith augury.track(model='m', task_type='cooking'): pass\nwith augury.track(model='m'): pass",
        **away,
    )

    flushed = subprocess.run(
        [COMMAND, "flush", "--timeout", "0.2"],
        capture_output=True, text=True, check=False, env=tally.environment(**away),
    )  # fmt: skip
    checked = subprocess.run(
        [COMMAND, "doctor", "--json"], capture_output=True, text=True, check=False, env=tally.environment(**away)
    )

    assert flushed.returncode == 1
    assert "still wait for http://127.0.0.1:9: no answer from an Augury server" in flushed.stderr
    findings = {finding["check"]: finding for finding in json.loads(checked.stdout)["findings"]}
    assert findings["outbox"]["verdict"] == "wrong"
    assert "wait for http://127.0.0.1:9 since " in findings["outbox"]["says"]
    assert "augury serve" in findings["outbox"]["says"]
    assert "1 times task_type: expected one of general_chat" in findings["not recorded"]["says"]
