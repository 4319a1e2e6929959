"""Bringing what an outbox holds to its destination: calls in batches, and what is said of them behind them.

Whatever the destination has confirmed is forgotten here; what it refuses for good becomes a dead letter; when it is away, all
stays where it is. A batch may be sent twice, and ids make that harmless.

Feedback waits until the calls that were recorded before it have arrived. About a message that the destination does not know it
is tried again for a while, behind what else waits: the call may be under way, here or in another process.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from augury.capture.frames import encode, frame
from augury.errors import AuguryError, InvalidValue, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from augury.capture.outbox import Outbox

MOST_CALLS = 2_000
MOST_BYTES = 2**20
"""A batch: large enough that a request costs little for each call, and answered within a second."""

PATIENCE_S = 60.0
"""For so long a message may be unknown to the destination before what is said of it is given up."""

LEAST_TRIES = 5
_LOOKED_AT = 50
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 8.0

FEEDBACK, OUTCOME = "feedback", "outcome"


class Destination(Protocol):
    """What takes calls for good: a server, or a database."""

    def deliver(self, records: Sequence[bytes]) -> Sequence[str | None]:
        """Take records, each a JSON object; for each None where it is safe there, or why it is refused for good.

        Raises:
            AuguryError: nothing can be said of them now; they are to be brought again.
        """

    def tell(self, kind: str, body: dict[str, Any]) -> None:
        """Take what is said of a call: the body of `POST /api/analytics/models/feedback` or `…/outcome`.

        Raises:
            NotFound: there is no such message or conversation.
            InvalidValue: it is refused for good.
            AuguryError: it is to be brought again.
        """

    def rest(self) -> None:
        """Let go of what others might want, until there is something to deliver again."""


@dataclass(slots=True)
class Counts:
    """What has become of calls, and of what was said of them."""

    shipped: int = 0
    refused: int = 0
    told: int = 0
    untold: int = 0  # feedback and outcomes that nobody took


@dataclass(frozen=True, slots=True)
class Said:
    """Feedback, or an outcome, on its way."""

    kind: str
    body: dict[str, Any]
    behind: int  # calls of its process that were recorded before it
    at: float  # seconds since 1970
    tries: int = 0
    due: float = 0.0  # not before, in seconds since 1970

    @property
    def about(self) -> str:
        """The message or the conversation."""
        return str(self.body.get("messageId") or self.body.get("conversationId"))

    @property
    def itself(self) -> bytes:
        """What is the same however often it is tried."""
        return encode([self.kind, self.body, self.behind, self.at])

    @property
    def frame(self) -> bytes:
        """As it is kept."""
        kept = {name: getattr(self, name) for name in ("kind", "body", "behind", "at", "tries", "due")}
        return frame(encode(kept), 1)


@dataclass(slots=True)
class Carrier:
    """Brings outboxes to one destination; used by one thread."""

    destination: Destination
    counts: Counts
    _unknown: set[str] = field(default_factory=set)  # messages

    def carry(self, box: Outbox) -> bool:
        """Bring a batch, and what is said of calls that have arrived; whether anything moved.

        Raises:
            AuguryError: the destination, or the outbox, cannot be used now.
        """
        stop = self._stop(box)
        moved = False
        if stop != 0 and (batch := box.calls.front(min(stop or MOST_CALLS, MOST_CALLS), MOST_BYTES)):
            self._deliver(box, batch.payloads)
            box.calls.forget(batch)
            moved = True
        return self._tell(box) or moved

    # ── calls ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _stop(self, box: Outbox) -> int | None:
        """How many calls may go before something must be said: of a conversation's latest message, which is then another."""
        if box.adopted or not box.said.entries or time.monotonic() < box.said_from:
            return None
        first = box.said.front(_LOOKED_AT)
        for said in map(_said, first.payloads if first else ()):
            if said is not None and not said.tries and "messageId" not in said.body:
                return max(0, said.behind - box.arrived)
        return None

    def _deliver(self, box: Outbox, records: Sequence[bytes]) -> None:
        answers = self.destination.deliver(records)
        refused = [(record, why) for record, why in zip(records, answers, strict=True) if why is not None]
        for record, why in refused:
            box.bury(_readable(record), why)
        self.counts.refused += len(refused)
        self.counts.shipped += len(records) - len(refused)

    # ── what is said of them ─────────────────────────────────────────────────────────────────────────────────────────

    def _tell(self, box: Outbox) -> bool:
        moved = False
        if time.monotonic() < box.said_from:
            return moved
        pause = None
        put_back: set[str] = set()  # what is said of one message stays in its order
        seen: set[bytes] = set()
        waiting = 0
        for _ in range(box.said.entries):  # once around: what must wait goes behind the rest
            front = box.said.front(1)
            if front is None:
                break
            said = _said(front.payloads[0])
            if said is None:
                box.bury(_readable(front.payloads[0]), "this version of Augury cannot read it")
                box.said.forget(front)
                continue
            if box.calls.entries if box.adopted else said.behind > box.arrived:
                break
            if said.itself in seen:  # put back before by a process that was killed: once is enough
                box.said.forget(front)
                continue
            seen.add(said.itself)
            now = time.time()
            too_early = now < said.due < now + 2 * _LONGEST_PAUSE_S
            if too_early or said.about in put_back or (not said.tries and said.about in self._unknown):
                later: Said | None = said if said.tries else _again(said, now)
            else:
                later = self._told(box, said, now)
                moved = moved or later is None
            if later is not None:
                put_back.add(said.about)
                box.said.add(later.frame)
                waiting += 1
                box.deferred += (not said.tries) or 0
                pause = min(pause or _LONGEST_PAUSE_S, max(_FIRST_PAUSE_S, later.due - now))
            elif said.tries:
                box.deferred = max(0, box.deferred - 1)
            box.said.forget(front)
        else:
            box.deferred = waiting
        if pause is not None:
            box.said_from = time.monotonic() + pause
        return moved

    def _told(self, box: Outbox, said: Said, now: float) -> Said | None:
        """Bring it; what remains to be brought later."""
        try:
            self.destination.tell(said.kind, said.body)
        except NotFound as problem:
            again = _again(said, now)
            if again.tries < LEAST_TRIES or now - said.at < PATIENCE_S:
                self._unknown.add(said.about)
                return again
            box.bury({said.kind: said.body}, str(problem))
            self.counts.untold += 1
        except InvalidValue as problem:
            box.bury({said.kind: said.body}, str(problem))
            self.counts.untold += 1
        except AuguryError:
            box.said_from = time.monotonic() + _LONGEST_PAUSE_S / 4  # calls need not wait for it
            raise
        else:
            self.counts.told += 1
        self._unknown.discard(said.about)
        return None


def _again(said: Said, now: float) -> Said:
    pause = min(_FIRST_PAUSE_S * 2**said.tries, _LONGEST_PAUSE_S)
    return Said(said.kind, said.body, said.behind, said.at, said.tries + 1, now + pause)


def _said(payload: bytes) -> Said | None:
    try:
        return Said(**json.loads(payload))
    except (ValueError, TypeError):
        return None


def _readable(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")
