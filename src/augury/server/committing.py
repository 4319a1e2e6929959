"""Group commit: the calls of many requests in one transaction, and in the journal while the database is away.

One thread takes whatever waits and hands it to the store at once. While it commits, more requests arrive, and they are
the next group: the busier the server, the larger the groups, and nobody waits for a group to fill. A request is answered
when its calls are committed.

While the database cannot be written, groups go to the journal instead, and are answered when they are safe there. The
thread tries the database again, each time a little later, and brings it what waits, oldest first; only then do calls go to
the store directly again. So calls arrive in order, and an id makes it harmless to bring one twice.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass
from threading import Condition, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

from augury.capture.records import as_record
from augury.errors import (
    AuguryError,
    JournalFull,
    StoreAway,
    TooBusy,
)
from augury.store.protocol import Fate, too_late
from augury.store.taking import AWAY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from augury.capture.journal import Journal
    from augury.core.calls import ModelCall
    from augury.store.protocol import Store

_LOG = logging.getLogger("augury.server")

GROUP_CALLS = 10_000
"""At this many calls a group is large enough: more would make its requests wait, and win nothing."""

GROUP_BYTES = 16 * 2**20

MOST_CALLS = 100_000
"""So many calls may wait: a few seconds' work, and a few hundred MB."""

DRAINED_CALLS = 2 * GROUP_CALLS
"""So many of the journal's calls go to the store between two groups: more than a group adds, so that it gets shorter."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0


@dataclass(slots=True, eq=False, kw_only=True)
class Waiting:
    """The calls of one request; afterwards their fates, or that the journal has them, or why neither came to be."""

    calls: Sequence[ModelCall] = ()
    size: int = 0  # bytes, about
    fates: Sequence[Fate] = ()
    accepted: bool = False
    problem: Exception | None = None


RequestT = TypeVar("RequestT", bound=Waiting)


class Committer(Generic[RequestT]):
    """Takes requests from any thread; what became of them is told by a thread of its own."""

    def __init__(self, store: Store, journal: Journal | None, settled: Callable[[list[RequestT]], None]) -> None:
        """Nothing happens until it is started, or something is submitted.

        Args:
            store: where calls belong.
            journal: where they wait while it is away; without one they are refused then.
            settled: told of each group of requests, when it is known what became of them.
        """
        self._store = store
        self._journal = journal
        self._settled = settled
        self._changed = Condition()
        self._waiting: deque[RequestT] = deque()
        self._waiting_calls = 0
        self._thread: Thread | None = None
        self._ended = False
        self._suspected = False
        self._away = False
        self._pause = 0.0
        self._next_try = 0.0
        self._at_once = GROUP_CALLS

    def start(self) -> None:
        """Begin: first with what an earlier process left in the journal."""
        with self._changed:
            self._begin()

    def close(self) -> None:
        """Finish what was submitted, and end. What the journal holds stays there for the next start."""
        with self._changed:
            self._ended = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def submit(self, request: RequestT) -> None:
        """Have the request's calls kept.

        Raises:
            TooBusy: more calls wait already than may.
        """
        with self._changed:
            if self._ended:
                raise TooBusy("the server is ending; send again when it has started")
            if self._waiting and self._waiting_calls + len(request.calls) > MOST_CALLS:
                raise TooBusy(f"{self._waiting_calls} calls wait to be kept, and nothing of this was; send again later")
            self._waiting.append(request)
            self._waiting_calls += len(request.calls)
            self._begin()
            self._changed.notify()

    def suspect(self) -> None:
        """Have the database looked after: somebody was told that it is away."""
        with self._changed:
            self._suspected = True
            self._begin()
            self._changed.notify()

    @property
    def away(self) -> bool:
        """Whether the database could not be written when it was tried last."""
        return self._away

    @property
    def journaled(self) -> int:
        """How many confirmed calls the database does not have yet."""
        return self._journal.calls if self._journal is not None else 0

    @property
    def journaled_bytes(self) -> int:
        """How large the journal is."""
        return self._journal.size if self._journal is not None else 0

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self) -> None:
        if self._thread is None and not self._ended:
            self._thread = Thread(target=self._work, name="augury-committer", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (self._waiting or self._ended) and self._until_next_try() != 0:
                    self._changed.wait(self._until_next_try())
                group = self._take()
                if not group and self._ended:
                    return
            if group:
                self._keep(group)
                self._settled(group)
            if self._until_next_try() == 0:
                self._mend()

    def _until_next_try(self) -> float | None:
        """How long to leave the database and the journal alone; None for as long as nothing changes."""
        if self._away or self._suspected or self.journaled:
            return max(0.0, self._next_try - time.monotonic())
        return None

    def _take(self) -> list[RequestT]:
        group: list[RequestT] = []
        calls = size = 0
        while self._waiting:
            calls += len(self._waiting[0].calls)
            size += self._waiting[0].size
            if group and (calls > GROUP_CALLS or size > GROUP_BYTES):
                break
            group.append(self._waiting.popleft())
            self._waiting_calls -= len(group[-1].calls)
        return group

    def _keep(self, group: list[RequestT]) -> None:
        if not self._away and 0 < self.journaled <= DRAINED_CALLS:
            self._mend()  # soon done, and then calls go the short way again
        if self._away or self.journaled:
            self._put_aside(group)
            return
        try:
            fates = self._store.append([call for request in group for call in request.calls])
        except AWAY as problem:
            self._lose(problem)
            self._put_aside(group, problem)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the requests must be answered
            self._keep_singly(group, problem)
        else:
            self._pause = 0.0
            first = 0
            for request in group:
                request.fates = fates[first : first + len(request.calls)]
                first += len(request.calls)

    def _keep_singly(self, group: list[RequestT], problem: Exception) -> None:
        """A group that was refused, each request for itself: whose fault it is, alone is refused."""
        if len(group) == 1:
            group[0].problem = problem
            self._suspected = True
            return
        for number, request in enumerate(group):
            try:
                self._store.reopen()  # some errors take the whole database along
                request.fates = self._store.append(request.calls)
            except AWAY as lost:
                self._lose(lost)
                self._put_aside(group[number:], lost)
                return
            except Exception as own:  # noqa: BLE001 - as above
                request.problem = own
                self._suspected = True

    def _put_aside(self, group: list[RequestT], problem: Exception | None = None) -> None:
        """Into the journal, in one piece where that fits."""
        if self._journal is None:
            for request in group:
                request.problem = problem or StoreAway("the database cannot be used now; send again later")
            return
        try:
            self._journal.append([call for request in group for call in request.calls])
        except JournalFull as full:
            if len(group) > 1:
                for request in group:
                    self._put_aside([request])
            else:
                group[0].problem = full
        except AuguryError as refused:
            for request in group:
                request.problem = refused
        else:
            for request in group:
                request.accepted = True

    # ── while the database is away ───────────────────────────────────────────────────────────────────────────────────

    def _lose(self, problem: Exception) -> None:
        if not self._away:
            _LOG.error("the database is away; calls are kept in the journal meanwhile: %s", problem)
        self._away = True
        self._pause = min(max(2 * self._pause, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
        self._next_try = time.monotonic() + self._pause

    def _mend(self) -> None:
        """Look after the database, and bring it some of what the journal holds."""
        self._suspected = False
        try:
            self._store.reopen()
            drained = self._drain()
        except Exception as problem:  # noqa: BLE001 - the thread must live on, and try again
            if not isinstance(problem, AuguryError):
                _LOG.exception("the journal could not be brought to the database")
            self._lose(problem)
            return
        if self._away:
            _LOG.info("the database is back")
            self._away = False
        if drained:
            self._pause = 0.0
            _LOG.info("brought %d calls from the journal to the database; %d wait", drained, self.journaled)

    def _drain(self) -> int:
        """Bring the journal's oldest calls to the store; how many."""
        drained = 0
        while self._journal is not None and drained < DRAINED_CALLS and (batch := self._journal.front(GROUP_CALLS)):
            for record in batch.strange:
                self._journal.bury(record, "this version of Augury cannot read it")
            self._bring(self._journal, batch.calls)
            self._journal.forget(batch)
            drained += batch.count
        return drained

    def _bring(self, journal: Journal, calls: Sequence[ModelCall]) -> None:
        """Store confirmed calls, fewer at once where the database was away while it did: it may be too slow for so many."""
        done = 0
        while done < len(calls):
            portion = calls[done : done + self._at_once]
            try:
                self._deliver(journal, portion)
            except AWAY:
                self._at_once = max(1, self._at_once // 2)
                raise
            done += len(portion)
            self._at_once = min(2 * self._at_once, GROUP_CALLS)

    def _deliver(self, journal: Journal, calls: Sequence[ModelCall]) -> None:
        """Store confirmed calls; of those that are refused for good, keep what they were."""
        try:
            fates = self._store.append(calls)
        except AWAY:
            raise
        except Exception as problem:  # noqa: BLE001 - one of them is at fault: find out which
            self._store.reopen()  # some errors take the whole database along
            if len(calls) == 1:
                journal.bury(as_record(calls[0]), str(problem))
                _LOG.error("a call that was confirmed is refused by the database: %s", problem)
                return
            middle = len(calls) // 2
            self._deliver(journal, calls[:middle])
            self._deliver(journal, calls[middle:])
            return
        for call, fate in zip(calls, fates, strict=True):
            if fate is Fate.FINAL:
                journal.bury(as_record(call), str(too_late(call)))
