"""Getting a request answered: attempts, each of them recorded, until one has an answer that may go to whoever asked.

Nothing is tried again once an answer has begun to go out. Until then a provider's failure costs a pause, or another model.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from augury.capture.dialects import reader_for
from augury.core.calls import ErrorType
from augury.gateway import bodies, headers, patience
from augury.gateway.breaker import Breakers
from augury.gateway.events import Events, data_of
from augury.gateway.refusals import Refused
from augury.gateway.unpacking import Unpacker
from augury.gateway.upstreams import Prepared, UpstreamFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from augury.capture.answers import AnswerReader
    from augury.gateway.asked import Asked
    from augury.gateway.bodies import Body
    from augury.gateway.headers import Raw
    from augury.gateway.logical import Logical
    from augury.gateway.planning import Plan
    from augury.gateway.recording import Recorder
    from augury.gateway.targets import Target
    from augury.gateway.upstreams import Reply, Upstreams

_ERRORS_FROM: Final = 400
_MOST_ERROR: Final = 2**20
_MOST_WHOLE: Final = 4 * 2**20
"""An answer up to this length is read whole before it goes out, so that one which breaks off can be asked for again."""

_JSON: Final = "application/json"
_STREAM: Final = "text/event-stream"


@dataclass(slots=True, kw_only=True)
class Trial:
    """One attempt: what a row says of it."""

    target: Target
    number: int  # 1 for the first of the logical call
    reader: AnswerReader
    began: float = field(default_factory=time.perf_counter)
    took_ms: int = 0
    first_token_ms: int | None = None
    whole: bytes | None = field(default=None, repr=False)  # an answer that its reader has not read yet

    def elapsed_ms(self) -> int:
        """How long it has taken until now."""
        return round((time.perf_counter() - self.began) * 1e3)


class Answer:
    """What goes to whoever asked: a head, and then either a whole body or pieces.

    Attributes:
        status: the HTTP status.
        headers: without the body's length.
        whole: the body; None where it comes in pieces.
        cut: whether the pieces ended before their end: so should the connection.
        trial: the attempt that it came of.
        source: what the pieces are made of.
        reply: what is to be closed.
    """

    def __init__(self, calling: _Call, trial: Trial, status: int, raw: Sequence[Raw]) -> None:
        self.status = status
        self.headers = headers.back(raw)
        self.whole: bytes | None = None
        self.cut = False
        self.trial = trial
        self._call = calling
        self.source: AsyncIterator[bytes] | None = None
        self.reply: Reply | None = None
        self._ended = False
        self._complete = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, as it comes; where it breaks off, an error in the caller's own shape is its last piece."""
        if self.source is None:
            return
        try:
            async for piece in self.source:
                yield piece
            self.trial.reader.close()
        except UpstreamFailed as problem:
            self.trial.reader.fail(problem.error_type, str(problem))
            self.cut = True
            if any(value.startswith(_STREAM.encode()) for name, value in self.headers if name == b"content-type"):
                yield _no_answer(problem).event(self._call.asked.route.api)
        self._complete = True

    @property
    def failed(self) -> bool:
        """Whether its caller may want to ask again."""
        return self.status >= _ERRORS_FROM or _failed_already(self.trial.reader)

    def complete(self) -> None:
        """All of it has gone out."""
        self._complete = True

    def end(self) -> None:
        """Record what became of it; an answer that has not gone out whole was cancelled by whoever asked."""
        if self._ended:
            return
        self._ended = True
        if self.reply is not None:
            self.reply.close()
        if not self._complete:
            self.trial.reader.fail(ErrorType.CANCELLED, "the caller closed the connection")
        self._call.record(self.trial)


class Calling:
    """Sends requests on, with what is known of providers' health."""

    def __init__(self, upstreams: Upstreams, recorder: Recorder, *, deadline_s: float) -> None:
        self.upstreams = upstreams
        self.recorder = recorder
        self.deadline_s = deadline_s
        self.breakers = Breakers()
        self._budgets: dict[str, patience.Budget] = {}

    async def answer(self, asked: Asked, plan: Plan, logical: Logical) -> Answer:
        """An answer, as good as one can be had from the models of a plan, the first choice first.

        Its caller calls `end` on it, whatever happens. Attempts that led to nothing are recorded when this returns.

        Raises:
            Refused: no provider gave any answer.
        """
        return await _Call(self, asked, plan, logical).answer()

    def budget(self, upstream: str) -> patience.Budget:
        """The retries that a provider may be burdened with."""
        return self._budgets.setdefault(upstream, patience.Budget())

    def rests_s(self, target: Target) -> float:
        """For how long a target is to be left alone."""
        return max(self.breakers.rests_s(key) for key in _keys(target))


class _Call:
    """One request under way."""

    def __init__(self, calling: Calling, asked: Asked, plan: Plan, logical: Logical) -> None:
        self.asked = asked
        self._calling = calling
        self._plan = plan
        self._logical = logical
        loop = asyncio.get_running_loop()
        self._clock = loop.time
        self._deadline = loop.time() + min(calling.deadline_s, _patience_of(asked))
        self._last: Answer | Refused | None = None
        self._left_alone = 0.0

    async def answer(self) -> Answer:
        for target in self._plan:
            if rests := self._calling.rests_s(target):
                self._left_alone = rests
                continue
            if found := await self._ask(target):
                return found
            if self._clock() >= self._deadline:
                break
        if isinstance(self._last, Answer):
            return self._last
        if self._last is not None:
            raise self._last
        raise Refused(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"{self._plan[0].upstream.name} has failed with {self._plan[0].name} several times in a row, and is left alone "
            "for a moment",
            code="circuit_open",
            headers={"retry-after": str(max(1, round(self._left_alone)))},
        )

    async def _ask(self, target: Target) -> Answer | None:
        """An answer of one model that may go out; None where another model is to be asked, if there is one."""
        budget = self._calling.budget(target.upstream.name)
        budget.earn()
        body = bodies.onward(self.asked, target)
        tries = 0
        while True:
            tries += 1
            self._drop_last()
            answer, error_type, wish = await self._try(target, body)
            if error_type is None and answer is not None:
                return answer
            assert error_type is not None  # noqa: S101 - without an answer there is a failure
            pause = patience.pause_s(tries, error_type, wish)
            again = pause is not None and tries <= target.upstream.retries and self._clock() + pause < self._deadline
            if again and pause is not None and budget.spend():
                await asyncio.sleep(pause)
                continue
            missing = answer is not None and answer.status == HTTPStatus.NOT_FOUND
            if error_type in patience.ANOTHER_MODEL or missing:
                return None
            return answer

    async def _try(self, target: Target, body: Body) -> tuple[Answer | None, ErrorType | None, float | None]:
        """Ask once: an answer, why it is none that one would want, and the pause that it asks for."""
        self._logical.attempts += 1
        reader = reader_for(target.upstream.url(body.path))
        assert reader is not None  # noqa: S101 - every route has one
        trial = Trial(target=target, number=self._logical.attempts, reader=reader)
        for key in _keys(target):
            self._calling.breakers.begins(key)
        reply: Reply | None = None
        try:
            async with asyncio.timeout_at(self._deadline):
                reply = await self._calling.upstreams.open(
                    Prepared(
                        upstream=target.upstream,
                        url=target.upstream.url(body.path, self.asked.query),
                        headers=headers.onward(self.asked.headers, target.upstream),
                        body=body.content,
                    )
                )
                answer = await self._begun(trial, reply, body)
        except UpstreamFailed as problem:
            return self._failed(trial, reply, problem)
        except TimeoutError:
            return self._failed(trial, reply, UpstreamFailed(ErrorType.TIMEOUT, "there was no answer in time"))
        except BaseException:  # whoever asked has gone, or the server ends
            self._close(trial, reply, ErrorType.CANCELLED, "the caller closed the connection")
            raise
        if reply.status < _ERRORS_FROM and not _failed_already(reader):
            self._settle(trial, None)
            return answer, None, None
        error_type = _error_type(reader)
        self._settle(trial, error_type)
        self._last = answer
        answer.complete()
        wish = patience.retry_after_s(reply.header("retry-after-ms"), reply.header("retry-after"))
        return answer, error_type, wish

    async def _begun(self, trial: Trial, reply: Reply, body: Body) -> Answer:
        """The answer, once it is sure to be one: whole, or with its first event."""
        answer = Answer(self, trial, reply.status, reply.headers)
        answer.reply = reply
        if reply.status >= _ERRORS_FROM:
            content, _ = await reply.read(_MOST_ERROR)
            trial.reader.refused(reply.status, _json(content))
            answer.whole = content
            return answer
        kind = (reply.header("content-type") or "").partition(";")[0].strip().lower()
        if kind == _STREAM:
            pieces = self._passed(trial, reply, body)
            first = await anext(pieces, b"")
            answer.source = _joined(first, pieces)
            return answer
        content, complete = await reply.read(_MOST_WHOLE)
        if complete:
            if kind == _JSON and not reply.header("content-encoding") and content.rstrip()[-1:] not in (b"}", b"]"):
                raise UpstreamFailed(ErrorType.CONNECTION, f"{trial.target.upstream.name} sent half an answer")
            answer.whole = trial.whole = content
        else:
            answer.source = _joined(content, reply.chunks())
            trial.reader.done()
        return answer

    async def _passed(self, trial: Trial, reply: Reply, body: Body) -> AsyncIterator[bytes]:
        """A stream's bytes as they go out, each piece read on its way."""
        events, reader = Events(), trial.reader
        unpacker = Unpacker.of(reply.header("content-encoding"))
        async for chunk in reply.chunks():
            found = events.feed(chunk if unpacker is None else unpacker.feed(chunk))
            if not events.blind:
                found = self._read(trial, found, body)
            elif not reader.ended:
                reader.done()  # what it says of itself is not known any more
            if unpacker is not None:
                yield chunk
            elif found:
                yield found[0] if len(found) == 1 else b"".join(found)
        rest = events.rest()
        if rest.strip() and unpacker is None:
            self._read(trial, [rest], body)
            yield rest

    def _read(self, trial: Trial, found: list[bytes], body: Body) -> list[bytes]:
        """Read events; those that are to go on."""
        reader, kept = trial.reader, found
        for place, event in enumerate(found):
            data = data_of(event)
            if not data or reader.skips(data):
                continue
            if data == b"[DONE]":
                reader.done()
                continue
            said = _json(data)
            if said is None:
                continue
            begun = reader.begun
            reader.event(said)
            if reader.begun and not begun:
                trial.first_token_ms = trial.elapsed_ms()
            if body.strips_usage and isinstance(said, dict) and said.get("choices") == [] and said.get("usage"):
                kept = [other for number, other in enumerate(kept) if number != place] if kept is found else kept
        return kept

    def _failed(
        self, trial: Trial, reply: Reply | None, problem: UpstreamFailed
    ) -> tuple[None, ErrorType, float | None]:
        self._close(trial, reply, problem.error_type, str(problem))
        self._last = _no_answer(problem)
        return None, problem.error_type, None

    def _close(self, trial: Trial, reply: Reply | None, error_type: ErrorType, said: str) -> None:
        if reply is not None:
            reply.close()
        trial.reader.fail(error_type, said)
        self._settle(trial, error_type)
        self.record(trial)

    def _settle(self, trial: Trial, error_type: ErrorType | None) -> None:
        model, upstream = _keys(trial.target)
        self._calling.breakers.ends(model, error_type)
        self._calling.breakers.ends(upstream, error_type if error_type in _OF_THE_LINE else None)

    def _drop_last(self) -> None:
        """What an attempt answered that is not given back after all."""
        if isinstance(self._last, Answer):
            self._last.end()
        self._last = None

    def record(self, trial: Trial) -> None:
        trial.took_ms = trial.elapsed_ms()
        self._calling.recorder.add(self.asked, self._logical, trial)


_OF_THE_LINE: Final = (ErrorType.CONNECTION, ErrorType.CANCELLED)


def _keys(target: Target) -> tuple[tuple[str, str], tuple[str, None]]:
    """The circuits of a model, and of its provider, which is left alone when it cannot even be reached."""
    return (target.upstream.name, target.name), (target.upstream.name, None)


def _patience_of(asked: Asked) -> float:
    """How long the caller's client waits, where it tells."""
    try:
        told = float(asked.header(b"x-stainless-read-timeout") or asked.header(b"x-stainless-timeout") or "inf")
    except ValueError:
        return float("inf")
    return told if told > 0 else float("inf")


def _failed_already(reader: AnswerReader) -> bool:
    return reader.fields()["success"] is False


def _error_type(reader: AnswerReader) -> ErrorType:
    return ErrorType(reader.fields().get("error_type", ErrorType.OTHER))


def _no_answer(problem: UpstreamFailed) -> Refused:
    timeout = problem.error_type is ErrorType.TIMEOUT
    return Refused(
        HTTPStatus.GATEWAY_TIMEOUT if timeout else HTTPStatus.BAD_GATEWAY, str(problem), code=str(problem.error_type)
    )


def _json(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for piece in rest:
        yield piece
