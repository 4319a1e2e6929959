"""Group commit over a real store and a real journal: many requests, one transaction, and nobody pays for another."""

from __future__ import annotations

import time
from datetime import timedelta
from queue import Queue
from typing import TYPE_CHECKING

import pytest
from tests.limits import limit_files, limited
from tests.world import MIDNIGHT, NOW, a_call

from augury.capture.journal import Journal, survey
from augury.errors import JournalFull, StorageFull, StoreError, TooBusy
from augury.server import committing
from augury.server.committing import Committer, Waiting
from augury.store.duckdb import DuckDBStore
from augury.store.protocol import Fate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from augury.core.calls import ModelCall

ROOM = 64 * 2**10  # what the database's log has outgrown, and the journal has not

TOO_LONG = a_call(1_001, response_time_ms=2**40)
"""A call that no table takes: it could not come in by a door."""


class Desk:
    """Hands requests to a committer, and waits for what became of them."""

    def __init__(self, folder: Path, limit: int = 2**20) -> None:
        self.store = DuckDBStore(folder / "calls.duckdb")
        self.journal = Journal(folder / "calls.duckdb.journal", limit=limit)
        self.settled: Queue[Waiting] = Queue()
        self.committer: Committer[Waiting] = Committer(self.store, self.journal, self._settle)

    def _settle(self, group: list[Waiting]) -> None:
        for request in group:
            self.settled.put(request)

    def send(self, *batches: list[ModelCall]) -> list[Waiting]:
        """Submit each batch as a request, and wait for all."""
        requests = [Waiting(calls=batch) for batch in batches]
        for request in requests:
            self.committer.submit(request)
        waiting = {id(request) for request in requests}
        while waiting:
            waiting.discard(id(self.settled.get(timeout=60)))
        return requests

    def stored(self) -> list[str]:
        table = self.store.query("SELECT id::VARCHAR FROM model_performance_metrics ORDER BY rowid", limit=10**6)
        return [row[0] for row in table.rows]

    def outgrow(self) -> None:
        """Write so much that the database's log passes ROOM: from there on a limit keeps it from being written."""
        for first in range(10_000, 12_000, 400):
            (done,) = self.send([a_call(number) for number in range(first, first + 400)])
            assert done.problem is None
        log = self.journal.folder.with_suffix(".wal")
        assert log.stat().st_size > ROOM

    def drained(self) -> None:
        """Wait until the journal has been brought to the database: a request settles that went the short way."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            (request,) = self.send([a_call(12_345)])
            if request.fates:
                return
        pytest.fail(f"{self.committer.journaled} calls still wait")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    limit_files(None)
    made.committer.close()
    made.journal.close()
    made.store.close()


def ids(*calls: ModelCall) -> list[str]:
    return [str(call.id) for call in calls]


def test_many_requests_share_a_transaction_and_each_gets_its_own_fates(desk: Desk) -> None:
    long = [a_call(number) for number in range(100, 3_100)]  # while these are written, the others come together
    short = [[a_call(number), a_call(7)] for number in range(50)]
    before = desk.store.writes

    done = desk.send(long, *short)

    assert desk.store.writes - before < 10
    assert list(done[0].fates) == [Fate.STORED] * len(long)
    fates = [list(request.fates) for request in done[1:]]
    assert fates == [
        [Fate.STORED, Fate.KNOWN if n > 0 else Fate.STORED] if n != 7 else [Fate.KNOWN] * 2 for n in range(50)
    ]
    assert len(set(desk.stored())) == len(desk.stored()) == len(long) + 50


def test_a_request_that_cannot_be_stored_costs_its_neighbours_nothing(desk: Desk) -> None:
    long = [a_call(number) for number in range(2_000, 4_000)]
    done = desk.send(long, [a_call(0)], [a_call(1), TOO_LONG], [a_call(2)])

    assert [request.problem is None for request in done] == [True, True, False, True]
    assert isinstance(done[2].problem, StoreError)
    assert set(ids(a_call(0), a_call(2))) <= set(desk.stored())
    assert not set(ids(a_call(1), TOO_LONG)) & set(desk.stored())
    assert not desk.committer.away


def test_more_calls_than_may_wait_are_refused(desk: Desk) -> None:
    batch = [a_call(number) for number in range(committing.GROUP_CALLS)]

    with pytest.raises(TooBusy, match="send again later"):
        desk.send(*[batch] * (committing.MOST_CALLS // len(batch) + 3))


def test_while_the_database_is_away_calls_are_kept_and_later_brought_in_order(desk: Desk) -> None:
    desk.outgrow()
    before = desk.stored()
    sent = [[a_call(number), a_call(number + 500)] for number in range(20)]

    with limited(ROOM):
        done = [desk.send(batch)[0] for batch in sent]
        assert all(request.accepted and request.problem is None for request in done)
        assert (desk.committer.away, desk.committer.journaled) == (True, 40)
        assert desk.stored() == before
    desk.drained()

    found = desk.stored()
    assert (desk.committer.away, desk.committer.journaled) == (False, 0)
    assert [id_ for id_ in found if id_ not in before][:40] == ids(*(call for batch in sent for call in batch))
    assert len(set(found)) == len(found)
    assert not list(desk.journal.folder.glob("*.calls"))


def test_what_an_earlier_process_left_is_brought_first(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "calls.duckdb.journal", limit=2**20)
    journal.append([a_call(0), a_call(1)])
    journal.append([a_call(1), a_call(2)])
    journal.close()
    desk = Desk(tmp_path)

    (request,) = desk.send([a_call(3), a_call(2)])

    assert list(request.fates) == [Fate.STORED, Fate.KNOWN]
    assert desk.stored() == ids(*(a_call(number) for number in range(4)))
    desk.committer.close()
    desk.store.close()


def test_a_confirmed_call_that_is_refused_for_good_is_kept_for_its_owner(tmp_path: Path) -> None:
    with DuckDBStore(tmp_path / "calls.duckdb") as store:
        store.append([a_call(50, timestamp=NOW - timedelta(days=9))])
        store.prune(MIDNIGHT - timedelta(days=5))
    late = a_call(51, timestamp=NOW - timedelta(days=9))
    journal = Journal(tmp_path / "calls.duckdb.journal", limit=2**20)
    journal.append([a_call(0), TOO_LONG, a_call(1), late, a_call(2)])
    journal.close()
    desk = Desk(tmp_path)

    desk.send([a_call(3)])

    assert desk.stored() == ids(*(a_call(number) for number in range(4)))
    letters = survey(desk.journal.folder)
    assert (letters.calls, letters.dead_letters) == (0, 2)
    text = letters.dead_letters_path.read_text()
    assert "sums are final" in text
    assert all(id_ in text for id_ in ids(TOO_LONG, late))
    desk.committer.close()
    desk.store.close()


def test_a_full_journal_and_a_full_disk_refuse_what_they_cannot_keep(tmp_path: Path) -> None:
    desk = Desk(tmp_path, limit=3_000)
    desk.outgrow()

    with limited(ROOM):
        small, large = desk.send([a_call(0)], [a_call(number) for number in range(20)])
        assert small.accepted
        assert isinstance(large.problem, JournalFull)
    with limited(100):
        (refused,) = desk.send([a_call(1)])
        assert isinstance(refused.problem, StorageFull)
    desk.drained()

    assert set(ids(a_call(0))) <= set(desk.stored())
    assert not set(ids(a_call(1))) & set(desk.stored())
    desk.committer.close()
    desk.store.close()


def test_ending_finishes_what_was_submitted(desk: Desk) -> None:
    requests = [Waiting(calls=[a_call(number)]) for number in range(30)]
    for request in requests:
        desk.committer.submit(request)

    desk.committer.close()

    assert [list(request.fates) for request in requests] == [[Fate.STORED]] * 30
    with pytest.raises(TooBusy, match="ending"):
        desk.committer.submit(Waiting(calls=[a_call(99)]))
