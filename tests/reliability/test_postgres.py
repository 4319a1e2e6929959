"""Servers over PostgreSQL while it stops, is killed, comes back, or is kept busy: what was confirmed is there, once."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest
from tests.postgres import running
from tests.processes import COMMAND
from tests.servers import CALLS, Answer, Server, ask, serving
from tests.world import a_call

from augury.capture.journal import survey
from augury.core.ids import uuid7
from augury.settings import Settings
from augury.store import open_store
from augury.wiring import journal_folders, journal_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.postgres import OwnServer

AWAY_S = 2.0
OVERVIEW = "/api/analytics/models"
BACK_WITHIN_S = 10
"""The longest pause between two tries is five seconds."""


@dataclass
class Tally:
    """What was sent, what was confirmed, and what questions were answered meanwhile."""

    sent: set[str] = field(default_factory=set)
    confirmed: list[str] = field(default_factory=list)
    accepted: int = 0
    asked: list[Answer] = field(default_factory=list)
    kills: int = 0
    lock: Lock = field(default_factory=Lock)

    def send_until(self, server: Server, ended: Event, size: int) -> None:
        """Send batches over one connection, until it is enough or the server is gone."""
        with closing(server.connect()) as connection:
            while not ended.is_set():
                batch = [record() for _ in range(size)]
                with self.lock:
                    self.sent |= {call["id"] for call in batch}
                try:
                    answer = ask(connection, "POST", CALLS, batch)
                except OSError:
                    return
                assert answer.status == 200, answer
                with self.lock:
                    self.confirmed += [result["id"] for result in answer.body["results"]]
                    self.accepted += answer.body.get("accepted", 0)

    def ask_until(self, server: Server, ended: Event) -> None:
        """Ask for the page's figures all the time."""
        with closing(server.connect()) as connection:
            while not ended.is_set():
                try:
                    self.asked.append(ask(connection, "GET", OVERVIEW))
                except OSError:
                    return


def record(**more: Any) -> dict[str, Any]:
    call = {"id": str(uuid7()), "model": "gpt-4o", "responseTimeMs": 1, "timestamp": datetime.now(UTC).isoformat()}
    return call | more


@pytest.fixture(scope="module")
def postgres() -> Iterator[OwnServer]:
    with running() as own:
        yield own


@pytest.fixture
def database(postgres: OwnServer) -> Iterator[str]:
    with postgres.database() as url:
        yield url
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:  # a test that failed has left it away
            postgres.start()


@contextmanager
def under_load(server: Server, tally: Tally) -> Iterator[None]:
    """Several clients send and one asks, until the end of the block."""
    ended = Event()
    workers = [Thread(target=tally.send_until, args=(server, ended, size)) for size in (1, 1, 7, 40)]
    workers.append(Thread(target=tally.ask_until, args=(server, ended)))
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        ended.set()
        for worker in workers:
            worker.join()


def confirm(tally: Tally, calls: int) -> None:
    """Wait until so many more are confirmed."""
    goal = len(tally.confirmed) + calls
    until(lambda: len(tally.confirmed) >= goal)


def until(holds: Callable[[], bool], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def drained(server: Server, within_s: float = 60) -> None:
    server.until("/readyz", lambda answer: answer.status == 200 and answer.body["journaledCalls"] == 0, within_s)


def found(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [str(id_) for (id_,) in connection.execute("SELECT id FROM model_performance_metrics").fetchall()]


def sums_up(url: str, tally: Tally, what: str) -> None:
    """Nothing confirmed is missing, nothing is there twice, and nothing that nobody sent."""
    there = found(url)
    doubled = len(there) - len(set(there))
    print(f"| {what} | {tally.kills} | {len(tally.confirmed)} | {tally.accepted} | {len(there)} | {doubled} |")  # noqa: T201 - the figures: kills, confirmed, by the journal, found, doubled
    assert not doubled
    assert len(set(tally.confirmed)) == len(tally.confirmed)
    assert set(tally.confirmed) <= set(there) <= tally.sent


def explained(answers: list[Answer]) -> set[int]:
    """The statuses of answers, of which those that failed are problems with a sentence for their reader."""
    for answer in answers:
        if answer.status != 200:
            assert answer.status == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.body["detail"].startswith("postgresql://")
    return {answer.status for answer in answers}


ENDS: dict[str, Callable[[OwnServer], None]] = {
    "stopped": lambda own: own.stop("fast"),
    "stopped at once": lambda own: own.stop("immediate"),
    "killed": lambda own: own.kill(),
}


def going_away(postgres: OwnServer, url: str, folder: Path, ends: list[str], away_s: float) -> None:
    """PostgreSQL ends each way in turn under load, is away for some time, and comes back."""
    tally = Tally()
    with serving(folder, "--database", url) as server:
        for end in ends:
            with under_load(server, tally):
                confirm(tally, 200)
                ENDS[end](postgres)
                tally.kills += 1
                gone = time.monotonic()
                server.until("/healthz", lambda answer: bool(answer.body["databaseAway"]), 10)
                tally.asked.clear()
                confirm(tally, 200)  # by the journal
                until(lambda gone=gone: time.monotonic() - gone >= away_s and len(tally.asked) > 1)  # type: ignore[misc]
                assert explained(tally.asked[:-1]) == {503}
                postgres.start()
                server.until(OVERVIEW, lambda answer: answer.status == 200, BACK_WITHIN_S)
                confirm(tally, 200)
                explained(tally.asked)
            drained(server)
        summary = server.get(OVERVIEW).body["summary"]
        assert summary["totalCalls"] == len(found(url))
        assert not any("Traceback" in line for line in server.said), "".join(server.said)
    assert tally.accepted
    sums_up(url, tally, " and ".join(dict.fromkeys(ends)))


@pytest.mark.parametrize("end", ENDS)
def test_postgres_goes_away_under_load_and_comes_back(
    postgres: OwnServer, database: str, tmp_path: Path, end: str
) -> None:
    going_away(postgres, database, tmp_path, [end], AWAY_S)


@pytest.mark.ordeal
def test_postgres_is_away_for_a_minute(postgres: OwnServer, database: str, tmp_path: Path) -> None:
    going_away(postgres, database, tmp_path, ["stopped"], 60)


@pytest.mark.ordeal
def test_postgres_is_killed_many_times(postgres: OwnServer, database: str, tmp_path: Path) -> None:
    kills = int(os.environ.get("AUGURY_ORDEAL_KILLS", "50"))
    going_away(postgres, database, tmp_path, ["killed", "stopped at once", "stopped"] * (kills // 3) or ["killed"], 0.5)


def both_dying(postgres: OwnServer, url: str, folder: Path, kills: int, servers: int) -> None:
    """PostgreSQL is killed under load; then, with calls in their journals, so are the servers. All come back."""
    tally = Tally()
    for _ in range(kills):
        with ExitStack() as stack:
            own = [stack.enter_context(serving(folder, "--database", url)) for _ in range(servers)]
            with ExitStack() as load:
                for server in own:
                    load.enter_context(under_load(server, tally))
                confirm(tally, 200)
                postgres.kill()
                for server in own:
                    server.until("/healthz", lambda answer: answer.body["journaledCalls"] >= 50)
                for server in own:
                    server.kill()
                    tally.kills += 1
        assert finding(folder, url, "journal").startswith(f"{waiting(folder):,} calls in ")
        postgres.start()
    with serving(folder, "--database", url) as server:  # one alone, which brings what all of them have left
        drained(server)
    assert not list(folder.glob("*.journal*/*.calls"))
    sums_up(url, tally, f"killed, and {servers} of its servers")


def waiting(folder: Path) -> int:
    """How many calls the journals hold."""
    return sum(survey(each).calls for each in folder.glob("*.journal*") if each.is_dir())


def finding(folder: Path, url: str, check: str) -> str:
    """What `augury doctor` says of something."""
    done = subprocess.run(
        [COMMAND, "doctor", "--json", "--database", url],
        capture_output=True, text=True, check=False, env=os.environ | {"AUGURY_DATA_DIR": str(folder)},
    )  # fmt: skip
    return str(next(one["says"] for one in json.loads(done.stdout)["findings"] if one["check"] == check))


def test_servers_and_postgres_are_killed(postgres: OwnServer, database: str, tmp_path: Path) -> None:
    both_dying(postgres, database, tmp_path, kills=1, servers=2)


@pytest.mark.ordeal
def test_servers_and_postgres_are_killed_many_times(postgres: OwnServer, database: str, tmp_path: Path) -> None:
    both_dying(postgres, database, tmp_path, int(os.environ.get("AUGURY_ORDEAL_KILLS", "50")) // 3 or 1, servers=3)


@contextmanager
def standby(url: str) -> Iterator[None]:
    """Whoever connects now, or has been connected, may read only, as after a failover of the server."""
    name = url.partition("?")[0].rpartition("/")[2]

    def cut_off(read_only: LiteralString) -> None:
        with psycopg.connect(url.replace(f"/{name}?", "/postgres?"), autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {read_only}")
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

    cut_off("on")
    try:
        yield
    finally:
        cut_off("off")


def test_calls_wait_while_the_database_is_read_only_and_questions_are_answered(database: str, tmp_path: Path) -> None:
    tally = Tally()
    with serving(tmp_path, "--database", database) as server:
        with under_load(server, tally):
            confirm(tally, 200)
            with standby(database):
                server.until("/healthz", lambda answer: answer.body["journaledCalls"] >= 50)
                assert server.until(OVERVIEW, lambda answer: answer.status == 200, 5).body["summary"]["totalCalls"] > 0
                rated = server.post("/api/analytics/models/feedback", {"messageId": "m", "rating": 1})
                assert rated.status == 503
            server.until("/healthz", lambda answer: not answer.body["databaseAway"], BACK_WITHIN_S)
            confirm(tally, 200)
        drained(server)
    assert tally.accepted
    sums_up(database, tally, "read-only")


def test_calls_are_safe_while_somebody_has_locked_the_table(database: str, tmp_path: Path) -> None:
    tally = Tally()
    with serving(tmp_path, "--database", database) as server:
        with under_load(server, tally):
            confirm(tally, 200)
            with psycopg.connect(database) as other:
                other.execute("LOCK TABLE model_performance_metrics")
                server.until("/healthz", lambda answer: answer.body["journaledCalls"] >= 50, 20)
            server.until("/healthz", lambda answer: not answer.body["databaseAway"], 2 * BACK_WITHIN_S)
            confirm(tally, 200)
        drained(server)
        assert explained(tally.asked) <= {200, 503}
    sums_up(database, tally, "locked")


def test_questions_that_take_long_do_not_keep_calls_from_being_stored(database: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--database", database) as server:
        assert server.post(CALLS, [record() for _ in range(100)]).body["stored"] == 100
        with psycopg.connect(database) as other, ExitStack() as asking:
            other.execute("LOCK TABLE augury.sealed_days IN ACCESS EXCLUSIVE MODE")  # which every question reads
            answers: list[Answer] = []
            for days in range(1, 21):
                path = f"{OVERVIEW}?days={days}"
                worker = Thread(target=lambda path=path: answers.append(server.get(path)))
                worker.start()
                asking.callback(worker.join)
            with psycopg.connect(database, autocommit=True) as watching:
                waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                until(lambda: watching.execute(waiting).rowcount >= 8)
            other.rollback()
            assert server.post(CALLS, [record()]).body["stored"] == 1
        assert explained(answers) <= {200, 503}
        assert server.get(OVERVIEW).body["summary"]["totalCalls"] == 101


def test_servers_on_one_database_seal_each_day_once_and_answer_alike(database: str, tmp_path: Path) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = 40
    with open_store(database):
        pass  # sets it up
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE sealings AS SELECT day FROM augury.sealed_days")
        connection.execute(
            "CREATE FUNCTION note() RETURNS TRIGGER LANGUAGE plpgsql AS "
            "$$ BEGIN INSERT INTO public.sealings VALUES (new.day); RETURN NULL; END $$"
        )
        connection.execute(
            "CREATE TRIGGER note AFTER INSERT ON augury.sealed_days FOR EACH ROW EXECUTE FUNCTION note()"
        )
        connection.execute(
            "INSERT INTO model_performance_metrics (model, provider, task_type, response_time_ms, tokens_used, user_id, timestamp) "
            "SELECT 'model-' || mod(n, 5), 'openai', 'coding', n, 1, gen_random_uuid(), %s - n * INTERVAL '3 minutes' "
            "FROM generate_series(1, %s) AS n",
            [today, days * 480],
        )

    def sealed() -> int:
        with psycopg.connect(database) as connection:
            ((count,),) = connection.execute("SELECT count(*) FROM augury.sealed_days").fetchall()
        return int(count)

    with (
        serving(tmp_path, "--database", database) as one,
        serving(tmp_path, "--database", database) as other,
    ):
        until(lambda: sealed() == days)
        with psycopg.connect(database) as connection:
            often = connection.execute("SELECT count(*), count(DISTINCT day) FROM sealings").fetchall()
        assert often == [(days, days)]
        assert len(list(tmp_path.glob("*.journal*.lock"))) == 2
        late = (today - timedelta(days=3, hours=-5)).isoformat()
        total = days * 480
        for number, (server, beside) in enumerate([(one, other), (other, one)] * 3):
            message = f"message {number}"
            assert server.post(CALLS, [record(timestamp=late, messageId=message), record()]).body["stored"] == 2
            rated = beside.post("/api/analytics/models/feedback", {"messageId": message, "rating": 1})
            assert rated.status == 200
            total += 2
            answers = [each.get(f"{OVERVIEW}?days=60").body for each in (server, beside)]
            assert answers[0]["summary"] == answers[1]["summary"]
            assert answers[0]["byModel"] == answers[1]["byModel"]
            assert (answers[0]["summary"]["totalCalls"], answers[0]["summary"]["thumbsUp"]) == (total, number + 1)


def test_each_server_has_a_journal_of_its_own_and_takes_over_what_dead_ones_left(tmp_path: Path) -> None:
    settings = Settings(database="postgresql://somewhere/calls", data_dir=tmp_path / "made")
    with journal_of(settings) as first, journal_of(settings) as second, journal_of(settings) as third:
        assert [each.folder for each in (first, second, third)] == [
            first.folder.with_name(f"{first.folder.name}{more}") for more in ("", "-2", "-3")
        ]
        for number, journal in enumerate((first, second, second, third)):
            journal.append([a_call(number)])
        second.close()
    with journal_of(settings) as held:
        assert (held.folder, held.calls) == (first.folder, 4)
        with journal_of(settings) as beside:  # what the living have is theirs
            assert (beside.folder, beside.calls) == (second.folder, 0)
        ids = []
        while batch := held.front(1):
            ids += [call.id for call in batch.calls]
            held.forget(batch)
        assert ids == [a_call(number).id for number in range(4)]
    assert [survey(folder).calls for folder in journal_folders(settings)] == [0, 0, 0]


def test_a_frame_that_a_killed_server_left_half_written_costs_no_other(tmp_path: Path) -> None:
    settings = Settings(database="postgresql://somewhere/calls", data_dir=tmp_path)
    with journal_of(settings) as first, journal_of(settings) as second:
        for journal in (first, second):
            journal.append([a_call(1)])
            journal.close()
            (segment,) = journal.folder.glob("*.calls")
            with segment.open("ab") as file:
                file.write(segment.read_bytes()[-50:])
    with journal_of(settings) as journal:
        found = 0
        while batch := journal.front(100):
            found += len(batch.calls)
            journal.forget(batch)
        assert found == 2
        assert not list(tmp_path.glob("*/*.damaged"))
