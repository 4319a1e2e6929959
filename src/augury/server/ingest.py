"""Taking in calls: a body becomes records, records become calls, and what became of them becomes the answer.

The event loop only moves bytes. A few threads read and check records, the committer's thread keeps them and writes the
answers; what is done for many requests at once (waking the loop, a transaction) is done once for all of them.
"""

from __future__ import annotations

import concurrent.futures
import json
import logging
from asyncio import Future, get_running_loop
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Annotated, TypeAlias, cast

from fastapi import Depends, Request

from augury.capture.records import log_lines, read_all
from augury.core.calls import ModelCall
from augury.errors import InvalidValue, TooBusy
from augury.server import bodies
from augury.server.committing import Committer, Waiting
from augury.store.protocol import Fate, too_late

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from augury.gateway.proxy import Gateway
    from augury.server.parts import Parts

_LOG = logging.getLogger("augury.server")

READERS = 2
"""Threads that read records: more than one, so that a single record need not wait for a long batch to be read."""

MOST_BYTES = 128 * 2**20
"""So many bytes of bodies may be under way."""

MOST_UNASKED = 4_096
"""So many groups of records may wait to be read."""


Read: TypeAlias = "Sequence[ModelCall | InvalidValue]"
"""A body's records: calls, or what is wrong with them."""


@dataclass(slots=True, frozen=True)
class Answered:
    """An answer's status and body."""

    status: int
    body: bytes


@dataclass(slots=True, eq=False, kw_only=True)
class Arrival(Waiting):
    """One request under way."""

    reads: Callable[[], Read]
    answers: Callable[[Arrival], Answered] | None = None  # None: nobody waits
    loop: AbstractEventLoop | None = None
    answer: Future[Answered] | None = None
    kept: concurrent.futures.Future[None] | None = None  # done when it is known what became of it
    read: Read = field(default_factory=list)
    answered: Answered | None = None

    def statuses(self) -> Iterator[tuple[ModelCall | InvalidValue, str, InvalidValue | None]]:
        """Each record as it was read, what became of it, and why where it was refused."""
        fates = iter(self.fates)
        for call in self.read:
            if isinstance(call, InvalidValue):
                yield call, "refused", call
            elif self.accepted:
                yield call, "accepted", None
            else:
                fate = next(fates)
                yield (call, "refused", too_late(call)) if fate is Fate.FINAL else (call, fate.value, None)


class Ingest:
    """The way in for calls over HTTP."""

    def __init__(self, parts: Parts) -> None:
        """Threads are started when there is something to do."""
        self._parts = parts
        self.committer: Committer[Arrival] = Committer(parts.store, parts.journal, self._settle)
        self._arrived: SimpleQueue[Arrival | None] = SimpleQueue()
        self.settled: list[Callable[[Sequence[Arrival]], None]] = []  # told of requests that are over
        self._lock = Lock()
        self._readers: list[Thread] = []
        self._bytes = 0

    def start(self) -> None:
        """Begin, with what an earlier process left."""
        if self.committer.journaled:
            self.committer.start()

    def close(self) -> None:
        """Finish what has arrived, and end."""
        with self._lock:
            readers, self._readers = self._readers, []
        for _ in readers:
            self._arrived.put(None)
        for reader in readers:
            reader.join()
        self.committer.close()
        if self._parts.journal is not None:
            self._parts.journal.close()

    def take(self, records: Callable[[], Iterable[object]]) -> concurrent.futures.Future[None]:
        """Have records kept that no request waits for; they are made on a thread of ours. Done when they are safe, or refused.

        Raises:
            TooBusy: too much is under way already.
        """
        if self._arrived.qsize() >= MOST_UNASKED:
            raise TooBusy("more calls wait to be read than may")
        self._begin()
        kept: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._arrived.put(Arrival(reads=lambda: self._calls(records()), kept=kept))
        return kept

    async def record(self, body: bytes, content_type: str) -> Answered:
        """What became of the records of a body, once those that are good are safe.

        Raises:
            InvalidValue: the body is no batch.
            TooBusy: too much is under way, or waits for the database; nothing was kept.
            StoreError: nothing was kept.
        """
        return await self.receive(
            len(body),
            lambda: self._calls(bodies.records(body, content_type)),
            partial(_answer, sample=self._parts.sample),
        )

    async def receive(self, size: int, reads: Callable[[], Read], answers: Callable[[Arrival], Answered]) -> Answered:
        """What became of a body's calls, once those that are good are safe.

        Args:
            size: of the body, in bytes.
            reads: makes its calls, on a thread of ours; an InvalidValue for each that is none.
            answers: says what became of them, on another.

        Raises:
            InvalidValue: the body cannot be read, says `reads`.
            TooBusy: too much is under way, or waits for the database; nothing was kept.
            StoreError: nothing was kept.
        """
        loop = get_running_loop()
        answer: Future[Answered] = loop.create_future()
        arrival = Arrival(reads=reads, answers=answers, size=size, loop=loop, answer=answer)
        with self._lock:
            if self._bytes and self._bytes + size > MOST_BYTES:
                raise TooBusy(f"{self._bytes} bytes are under way, and nothing of this was kept; send again later")
            self._bytes += size
        self._begin()
        self._arrived.put(arrival)
        try:
            return await answer
        finally:
            with self._lock:
                self._bytes -= size
            del answer, arrival  # which a problem on its way up would keep, and they it

    def _begin(self) -> None:
        with self._lock:
            if not self._readers:
                self._readers = [Thread(target=self._work, name="augury-reader", daemon=True) for _ in range(READERS)]
                for reader in self._readers:
                    reader.start()

    def _work(self) -> None:
        while (arrival := self._arrived.get()) is not None:
            try:
                self._read(arrival)
            except Exception as problem:  # noqa: BLE001 - whatever it is, the request must be answered
                arrival.problem = problem
                self._settle([arrival])

    def _read(self, arrival: Arrival) -> None:
        arrival.read = arrival.reads()
        arrival.reads = tuple  # what it holds may be long, and is done with
        arrival.calls = [call for call in arrival.read if isinstance(call, ModelCall)]
        if arrival.calls:
            self.committer.submit(arrival)
        else:
            self._settle([arrival])

    def _calls(self, records: Iterable[object]) -> Read:
        parts = self._parts
        return read_all(records, parts.prices, now=parts.now(), rules=parts.rules.tasks)

    def _settle(self, group: list[Arrival]) -> None:
        """Answer the requests of a group, waking the event loop once."""
        for arrival in group:
            if arrival.answers is None:
                self._tell_of(arrival)
                if arrival.kept is not None:
                    arrival.kept.set_result(None)
            elif arrival.problem is None:
                try:
                    arrival.answered = arrival.answers(arrival)
                except Exception as problem:  # noqa: BLE001 - one answer must not cost the others theirs
                    arrival.problem = problem
        for told in self.settled:
            try:
                told(group)
            except Exception:  # noqa: BLE001 - counting must not cost anybody his answer
                _LOG.exception("requests could not be counted")
        for arrival in group:
            if arrival.answers is None:
                arrival.problem = None
        for loop in {arrival.loop for arrival in group if arrival.loop is not None}:
            try:
                loop.call_soon_threadsafe(_deliver, [arrival for arrival in group if arrival.loop is loop])
            except RuntimeError:  # the loop has ended, and with it whoever waited
                _LOG.debug("nobody waits for %d answers", len(group))

    def _tell_of(self, arrival: Arrival) -> None:
        """Log what became of records that nobody waits for."""
        if arrival.problem is not None:
            _LOG.error("%d calls of the gateway were not kept: %s", max(len(arrival.calls), 1), arrival.problem)
            return
        for one in arrival.read:
            if isinstance(one, InvalidValue):  # what came may be a prompt, put where it does not belong
                _LOG.warning("a call of the gateway was not kept: %s: expected %s", one.field, one.expected)
        log_lines(arrival.calls)


def _deliver(group: list[Arrival]) -> None:
    for arrival in group:
        # A problem keeps where it came up, and that keeps the arrival: neither may keep the other any longer.
        answer, problem = arrival.answer, arrival.problem
        arrival.answer = arrival.problem = None
        if answer is None or answer.done():  # whoever asked has gone
            continue
        if arrival.answered is not None:
            answer.set_result(arrival.answered)
        else:
            answer.set_exception(problem or AssertionError("neither answer nor problem"))


def _answer(arrival: Arrival, *, sample: bool) -> Answered:
    """The batch's answer, the fields of `BatchAnswer` as JSON: written by hand, since there are many records a second."""
    results: list[str] = []
    kept: list[ModelCall] = []
    counts = dict.fromkeys(("stored", "known", "refused"), 0)
    if arrival.accepted:
        counts["accepted"] = 0
    for index, (call, status, why) in enumerate(arrival.statuses()):
        counts[status] += 1
        if isinstance(call, ModelCall) and why is None:
            results.append(f'{{"index":{index},"status":"{status}","id":"{call.id}"}}')
            kept.append(call)
        elif why is not None:
            results.append(_refusal(index, why))
    log_lines(kept)
    counted = ",".join(f'"{status}":{count}' for status, count in counts.items())
    body = f'{{{counted},"sample":{"true" if sample else "false"},"results":[{",".join(results)}]}}'
    refused = counts["refused"] == len(arrival.read) > 0
    return Answered(422 if refused else 200, body.encode())


def _refusal(index: int, why: InvalidValue) -> str:
    said = {"index": index, "status": "refused", "field": why.field, "expected": why.expected, "error": str(why)}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


async def _ingest(request: Request) -> Ingest:
    return cast("Ingest", request.app.state.ingest)


Incoming = Annotated[Ingest, Depends(_ingest)]


async def nothing_waits(ingest: Incoming, request: Request) -> None:
    """What is said of a call must not come before it: who has just had an answer through the gateway may rate it at once.

    Raises:
        TooBusy: confirmed calls wait in the journal.
    """
    await cast("Gateway", request.app.state.gateway).recorder.settled()
    if ingest.committer.journaled:
        raise TooBusy(
            f"{ingest.committer.journaled} calls wait in the journal for the database, and this may be about one of them; "
            "send it again later"
        )
