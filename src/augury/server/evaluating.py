"""Evaluations of calls, which may come before the calls themselves: applied, or kept waiting for a while.

An application sends its log records every second and its spans every five, so an evaluation of a call that has just ended comes
first. It waits here in memory, and is applied once the call is kept.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections import defaultdict
from dataclasses import dataclass
from threading import Condition, Thread
from typing import TYPE_CHECKING

from augury.capture.otlp.evaluations import about_span
from augury.core.calls import ModelCall
from augury.core.feedback import Feedback
from augury.errors import AuguryError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from augury.capture.otlp.evaluations import Verdict
    from augury.server.ingest import Arrival
    from augury.store.protocol import Store

_LOG = logging.getLogger("augury.server")

MOST_WAITING = 10_000
WAITS_S = 600.0
"""For so long an evaluation may come before its call."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 10.0
_LOOKS_EVERY_S = 1.0


@dataclass(slots=True, eq=False)
class _Pending:
    verdict: Verdict
    message_id: UUID
    until: float
    next_try: float
    pause: float = _FIRST_PAUSE_S
    kept: bool = False  # its call is safe, if not yet in the database


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a request's evaluations."""

    applied: int
    waiting: int  # for their calls
    refused: int  # since too many wait


class Evaluations:
    """Applies evaluations. Safe to use from several threads."""

    def __init__(self, store: Store, message_of: Callable[[str], UUID | None], journaled: Callable[[], int]) -> None:
        """Nothing happens until there is something to apply.

        Args:
            store: where the calls are.
            message_of: by a span's key, the message that it was, as far as that is remembered.
            journaled: how many calls the store does not have yet.
        """
        self._store = store
        self._message_of = message_of
        self._journaled = journaled
        self._changed = Condition()
        self._waiting: defaultdict[UUID, list[_Pending]] = defaultdict(list)
        self._count = 0
        self._thread: Thread | None = None
        self._ended = False

    @property
    def waiting(self) -> int:
        """How many wait for their calls."""
        return self._count

    def close(self) -> None:
        """End. What waits is given up."""
        with self._changed:
            self._ended = True
            self._changed.notify()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def take(self, verdicts: Iterable[Verdict]) -> Applied:
        """Apply what can be, and have the rest wait. Of several outcomes of one message a bad one counts."""
        counts = {"applied": 0, "waiting": 0, "refused": 0}
        for verdict in sorted(verdicts, key=lambda verdict: not verdict.rates and not verdict.good):
            message_id = self._message_of(verdict.span_key) or verdict.about
            if not self._journaled() and self._apply(verdict, message_id):
                counts["applied"] += 1
            else:
                counts["waiting" if self._wait(verdict, message_id) else "refused"] += 1
        return Applied(**counts)

    def settled(self, group: Sequence[Arrival]) -> None:
        """Told of calls that were kept: somebody may have waited for them."""
        if not self._count:
            return
        calls = [call for arrival in group if arrival.problem is None for call in arrival.read]
        with self._changed:
            for call in calls:
                if not isinstance(call, ModelCall) or call.message_id is None:
                    continue
                for name in self._waiting.keys() & {call.message_id, _span_of(call)}:
                    for pending in self._waiting[name]:
                        pending.message_id, pending.kept, pending.next_try = call.message_id, True, 0.0
            self._changed.notify()

    def _wait(self, verdict: Verdict, message_id: UUID) -> bool:
        now = time.monotonic()
        with self._changed:
            if self._count >= MOST_WAITING:
                return False
            self._count += 1
            # Once more in a second: the call may just have come.
            self._waiting[verdict.about].append(_Pending(verdict, message_id, until=now + WAITS_S, next_try=now + 1))
            self._begin()
            return True

    def _begin(self) -> None:
        if self._thread is None and not self._ended:
            self._thread = Thread(target=self._work, name="augury-evaluations", daemon=True)
            self._thread.start()
        self._changed.notify()

    def _apply(self, verdict: Verdict, message_id: UUID) -> bool:
        """Whether the call was there. Where the database is away it is as if it were not."""
        told = verdict.of_message(message_id)
        try:
            if isinstance(told, Feedback):
                self._store.rate(told)
            else:
                self._store.report(told)
        except NotFound:
            return False
        except AuguryError as problem:
            _LOG.warning("an evaluation could not be applied yet: %s", problem)
            return False
        return True

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _work(self) -> None:
        while True:
            with self._changed:
                if self._ended or not self._count:
                    self._thread = None
                    return
                now = time.monotonic()
                self._give_up(now)
                tried = [one for waiting in self._waiting.values() for one in waiting if one.next_try <= now]
                if not tried:
                    self._changed.wait(_LOOKS_EVERY_S)
                    continue
            for pending in tried:
                done = self._apply(pending.verdict, pending.message_id)
                with self._changed:
                    if done:
                        self._forget(pending)
                    elif pending.kept:  # it is still in the journal
                        pending.next_try = time.monotonic() + pending.pause
                        pending.pause = min(2 * pending.pause, _LONGEST_PAUSE_S)
                    else:
                        pending.next_try = math.inf  # until its call comes

    def _forget(self, pending: _Pending) -> None:
        waiting = self._waiting[pending.verdict.about]
        waiting.remove(pending)
        self._count -= 1
        if not waiting:
            del self._waiting[pending.verdict.about]

    def _give_up(self, now: float) -> None:
        late = [one for waiting in self._waiting.values() for one in waiting if one.until < now]
        for pending in late:
            self._forget(pending)
        if late:
            _LOG.warning("gave up %d evaluations whose calls did not come within %d s", len(late), WAITS_S)


def _span_of(call: ModelCall) -> UUID | None:
    """What stands for the call's span, where it came as one."""
    if call.metadata is None or '"span_id"' not in call.metadata:
        return None
    found = json.loads(call.metadata)
    trace_id, span_id = found.get("trace_id"), found.get("span_id")
    return about_span(trace_id + span_id) if isinstance(trace_id, str) and isinstance(span_id, str) else None
