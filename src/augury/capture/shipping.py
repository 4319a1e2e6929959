"""A thread that brings what a process has recorded to its destination, without ever being waited for.

It sleeps until something is recorded, waits a moment for more, and carries all of it away. While the destination is away it tries
again, each time later, and not at the same moment as other processes do. Every so often it looks for what processes of the same
destination have left behind.
"""

from __future__ import annotations

import logging
import random
import time
from contextlib import suppress
from threading import Condition, Event, Lock, Thread
from typing import TYPE_CHECKING

from augury.capture.carrying import Carrier, Counts
from augury.capture.outbox import State, left_behind
from augury.errors import AuguryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from augury.capture.carrying import Destination
    from augury.capture.outbox import Outbox

_LOG = logging.getLogger("augury")

GATHER_S = 0.2
"""How long a call waits for others that go along."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 30.0
ADOPT_EVERY_S = 15.0
REST_AFTER_S = 2.0
_HURRIED_PAUSE_S, _LEAST_PAUSE_S = 0.5, 0.02
_MOST_UNSENT = 500  # fewer can wait for more
_SAY_AGAIN_S = 600.0


def deliver_left(place: Path, destination: Destination) -> Iterator[int]:
    """Deliver what processes that have ended left for a destination; after each batch, how much of it.

    Raises:
        AuguryError: it cannot be delivered now; it stays where it is.
    """
    carrier = Carrier(destination, Counts())
    for box in left_behind(place):
        try:
            before = box.waiting
            while carrier.carry(box):
                yield before - box.waiting
                before = box.waiting
            yield before - box.waiting
        finally:
            box.close()


class Shipper:
    """Carries one outbox, and those that others have left, to one destination."""

    def __init__(
        self, box: Outbox, opened: Callable[[], Destination], gone: Callable[[Shipper], None] = lambda _: None
    ) -> None:
        """Nothing happens until it is started.

        Args:
            box: what is to be delivered.
            gone: told when somebody has deleted files of the outbox, and the thread has ended.
            opened: gives the destination; asked by the thread, since what it takes to reach one may take long to load.
        """
        self.box = box
        self.asleep = False
        self.counts = Counts()
        self._opened = opened
        self._gone = gone
        self._carrier: Carrier | None = None
        self._adopted: list[Outbox] = []
        self._bell = (
            Lock()
        )  # who sleeps waits for it, and who rings releases it: unlike an event, safe in a signal's handler
        self._bell.acquire()
        self._hurry = Event()
        self._changed = Condition()
        self._flushing = 0
        self._round = 0
        self._ending_by: float | None = None
        self._trouble: State | None = None
        self._said_at = 0.0
        self._next_try = 0.0
        self._adopt_at = 0.0
        self._idle_since: float | None = None
        self._moved = True
        self._thread = Thread(target=self._work, name="augury-shipper", daemon=True)

    @property
    def trouble(self) -> str | None:
        """What keeps it from delivering, if anything does."""
        state = self._trouble
        return None if state is None else state.trouble

    def start(self) -> None:
        """Begin.

        Raises:
            RuntimeError: the interpreter ends, and starts no threads any more.
        """
        self._thread.start()

    def ring(self) -> None:
        """Something was recorded while it was asleep."""
        with suppress(RuntimeError):  # it has been rung already
            self._bell.release()

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that is recorded here, and what dead processes have left, has arrived; whether it has.

        What is said of messages that the destination does not know is not waited for.
        """
        deadline = time.monotonic() + timeout_s
        with self._changed:
            self._flushing += 1
            self._adopt_at = 0.0
            self._hurry.set()
            self.ring()
            seen = self._round
            try:
                # A round that has begun before may have missed what came last.
                while self._unsettled() or self._round < seen + 2:
                    left = deadline - time.monotonic()
                    if left <= 0 or not self._thread.is_alive():
                        return not self._unsettled()
                    self.ring()
                    self._changed.wait(min(left, _HURRIED_PAUSE_S))
            finally:
                self._flushing -= 1
                if not self._flushing and self._ending_by is None:
                    self._hurry.clear()
        return True

    def close(self, timeout_s: float) -> None:
        """Try for a while to deliver what is left, and end; what cannot be delivered waits for somebody else."""
        with self._changed:
            self._ending_by = time.monotonic() + timeout_s
            self._hurry.set()
            self.ring()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if not self._thread.is_alive():
            for box in [*self._adopted, self.box]:
                box.close()

    def abandon(self) -> None:
        """Let go of the files, in a process that was forked: they are its parent's."""
        for box in [*self._adopted, self.box]:
            box.abandon()

    def _unsettled(self) -> bool:
        return any(box.calls.entries or box.said.entries > box.deferred for box in [self.box, *self._adopted])

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _work(self) -> None:
        while True:
            self._sleep()
            try:
                self._adopt()
                self._moved = self._carry()
                if self._hurry.is_set() and not self._unsettled():
                    self._rest()  # who waits for it may want the database
            except Exception as problem:  # noqa: BLE001 - the thread must live on, and try again
                self._suffer(problem)
            else:
                self._recover()
            if self._trouble is not None and self.box.gone:
                _LOG.error(
                    "files of %s are gone, and what waited in them: calls are kept in another folder now",
                    self.box.folder,
                )
                self._gone(self)
                break
            self.box.lock_again()
            self.box.tell_dropped()
            with self._changed:
                self._round += 1
                self._changed.notify_all()
                if self._ending_by is not None and (
                    self._trouble is not None or not self._unsettled() or time.monotonic() > self._ending_by
                ):
                    break
        self._rest()

    def _rest(self) -> None:
        if self._carrier is not None:
            self._carrier.destination.rest()

    def _sleep(self) -> None:
        """Until there is something to do."""
        while not self._hurry.is_set():
            now = time.monotonic()
            until = self._adopt_at
            if self._trouble is not None:
                until = self._next_try
            elif self.box.calls.entries or self.box.said.entries > self.box.deferred:
                self._hurry.wait(GATHER_S)
                return
            elif self.box.said.entries or self._adopted:
                until = min(until, max(self.box.said_from, now + GATHER_S))
            if now >= until:
                return
            self._nap(until - now)
        if self._ending_by is None:  # somebody waits: sooner, but not without a pause
            if self._trouble is not None:
                time.sleep(min(_HURRIED_PAUSE_S, max(0.0, self._next_try - time.monotonic())))
            elif not self._moved:
                time.sleep(_LEAST_PAUSE_S)

    def _nap(self, longest_s: float) -> None:
        if self._trouble is not None:
            self._hurry.wait(longest_s)
            return
        if self._idle_since is None:
            self._idle_since = time.monotonic()
        rest_in = self._idle_since + REST_AFTER_S - time.monotonic()
        # Only who sleeps is rung for; who rings looks at `asleep` after having recorded, and this at what is recorded after.
        self.asleep = True
        try:
            if not (self.box.calls.entries or self.box.said.entries > self.box.deferred):
                rung = self._bell.acquire(timeout=min(longest_s, rest_in) if rest_in > 0 else longest_s)
            else:
                rung = True
        finally:
            self.asleep = False
        if rung:
            self._idle_since = None
        elif rest_in > 0 and time.monotonic() >= self._idle_since + REST_AFTER_S:
            self._rest()

    def _adopt(self) -> None:
        now = time.monotonic()
        if now < self._adopt_at or self._trouble is not None:
            return
        self._adopt_at = now + ADOPT_EVERY_S * random.uniform(0.8, 1.2)  # noqa: S311 - so that processes take turns
        for box in left_behind(self.box.place):
            self._adopted.append(box)
            if box.waiting:
                _LOG.info("delivering %d entries that another process has left in %s", box.waiting, box.folder)

    def _carry(self) -> bool:
        """Whether anything moved."""
        moved = False
        if not (self.box.waiting or self._adopted):
            return moved
        carrier = self._carrier
        if carrier is None:
            carrier = self._carrier = Carrier(self._opened(), self.counts)
        while carrier.carry(self.box):
            moved = True
            if self.box.calls.entries < _MOST_UNSENT and not self._hurry.is_set():
                break
        for box in list(self._adopted):
            while carrier.carry(box):
                moved = True
            if not box.waiting:
                self._adopted.remove(box)
                box.close()
        return moved

    def _suffer(self, problem: Exception) -> None:
        if not isinstance(problem, AuguryError):
            _LOG.exception("what is recorded could not be delivered")
        state, now = self._trouble, time.time()
        tries = 1 if state is None else state.tries + 1
        said = f"{problem}" if isinstance(problem, AuguryError) else f"{type(problem).__name__}, which nobody expected"
        pause = min(FIRST_PAUSE_S * 2 ** min(tries, 20), LONGEST_PAUSE_S)
        self._next_try = time.monotonic() + pause * random.uniform(0.5, 1.0)  # noqa: S311 - as above
        self._trouble = State(since=now if state is None else state.since, trouble=said, tries=tries)
        if state is None or now - self._said_at > _SAY_AGAIN_S:
            self._said_at = now
            _LOG.warning("calls are kept in %s until they can be delivered: %s", self.box.folder, said)
        if state is None or state.trouble != said or tries & (tries - 1) == 0:
            self.box.tell(self._trouble)

    def _recover(self) -> None:
        if self._trouble is not None:
            self._trouble = None
            self.box.tell(None)
            _LOG.info("calls are delivered again; %d wait", self.box.calls.entries)
