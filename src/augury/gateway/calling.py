"""Getting a request answered: attempts, each of them recorded, until one has an answer that may go to whoever asked.

Nothing is tried again once an answer has begun to go out. Until then a provider's failure costs a pause, or another model.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from augury.capture.dialects import reader_for
from augury.core.calls import ErrorType
from augury.errors import TranslationError
from augury.gateway import bodies, headers, patience
from augury.gateway.answering import GONE, Answer, Trial, begin, no_answer
from augury.gateway.refusals import Refused
from augury.gateway.upstreams import UpstreamFailed

if TYPE_CHECKING:
    from augury.gateway.asked import Asked
    from augury.gateway.bodies import Body
    from augury.gateway.health import Health
    from augury.gateway.logical import Logical
    from augury.gateway.planning import Plan
    from augury.gateway.recording import Recorder
    from augury.gateway.targets import Target
    from augury.gateway.upstreams import Reply, Upstreams


class Calling:
    """Sends requests on, with what is known of providers' health."""

    def __init__(self, upstreams: Upstreams, recorder: Recorder, health: Health, *, deadline_s: float) -> None:
        self.upstreams = upstreams
        self.recorder = recorder
        self.health = health
        self.deadline_s = deadline_s

    async def answer(self, asked: Asked, plan: Plan, logical: Logical) -> Answer:
        """An answer, as good as one can be had from the models of a plan, the first choice first.

        Its caller calls `end` on it, whatever happens. Attempts that led to nothing are recorded when this returns.

        Raises:
            Refused: no provider gave any answer.
        """
        return await _Call(self, asked, plan, logical).answer()


class _Call:
    """One request under way."""

    def __init__(self, calling: Calling, asked: Asked, plan: Plan, logical: Logical) -> None:
        self.asked = asked
        self._calling = calling
        self._health = calling.health
        self._plan = plan
        self._logical = logical
        self._clock = asyncio.get_running_loop().time
        self._deadline = self._clock() + min(calling.deadline_s, _patience_of(asked))
        self._last: Answer | Refused | None = None  # what is given back where nothing better comes

    async def answer(self) -> Answer:
        try:
            return await self._answer()
        finally:
            self._last = None  # or it and this would keep each other, and the request, until garbage is looked for

    async def _answer(self) -> Answer:
        left_alone = 0.0
        for target in self._plan.targets:
            if rests := self._health.rests_s(target):
                left_alone = max(left_alone, rests)
                continue
            if found := await self._ask(target):
                return found
            if self._clock() >= self._deadline:
                break
        if isinstance(self._last, Answer):
            return self._last
        raise self._last or _resting(self._plan.targets[0], left_alone)

    async def _ask(self, target: Target) -> Answer | None:
        """An answer of one model that may go out; None where another model is to be asked, if there is one."""
        try:
            body = bodies.onward(self.asked, target)
        except TranslationError as problem:
            self._last = _untranslatable(target, problem)
            return None
        budget = self._health.budget(target)
        budget.earn()
        tries = 0
        while True:
            tries += 1
            answer, error_type, wish = await self._try(target, body)
            if error_type is None:
                return answer
            pause = patience.pause_s(tries, error_type, wish)
            soon = pause is not None and tries <= target.upstream.retries and self._clock() + pause < self._deadline
            if soon and not self._health.rests_s(target) and budget.spend():
                await asyncio.sleep(pause or 0.0)
                continue
            missing = answer is not None and answer.status == HTTPStatus.NOT_FOUND
            return None if error_type in patience.ANOTHER_MODEL or missing else answer

    async def _try(self, target: Target, body: Body) -> tuple[Answer | None, ErrorType | None, float | None]:
        """Ask once: an answer, why it is none that one would want, and the pause that it asks for."""
        trial = self._trial(target, body)
        reply: Reply | None = None
        try:
            async with asyncio.timeout_at(self._deadline):
                reply = await self._calling.upstreams.open(
                    target.upstream,
                    target.upstream.url(body.path, "" if body.translation else self.asked.query),
                    headers.onward(self.asked.headers, target.upstream, body.headers if body.translation else None),
                    body.content,
                )
                answer = await begin(self, trial, reply, body)
        except UpstreamFailed as problem:
            return self._failed(trial, reply, problem)
        except TimeoutError:
            return self._failed(trial, reply, UpstreamFailed(ErrorType.TIMEOUT, "there was no answer in time"))
        except BaseException:  # whoever asked has gone, or the server ends
            self._close(trial, reply, ErrorType.CANCELLED, GONE)
            raise
        error_type = trial.reader.error_type
        self._health.ends(target, error_type)
        if error_type is None:
            return answer, None, None
        answer.complete()
        answer.end()  # now: what is tried next is another attempt
        self._last = answer
        wish = patience.retry_after_s(reply.header("retry-after-ms"), reply.header("retry-after"))
        return answer, error_type, wish

    def _trial(self, target: Target, body: Body) -> Trial:
        self._logical.attempts += 1
        reader = reader_for(body.path)
        assert reader is not None  # noqa: S101 - every route has one
        self._health.begins(target)
        return Trial(
            target=target,
            number=self._logical.attempts,
            reader=reader,
            selected_by=self._plan.selected_by(target),
            propensity=self._plan.propensity(target),
            left_out=body.translation.fields_left_out if body.translation else (),
        )

    def _failed(
        self, trial: Trial, reply: Reply | None, problem: UpstreamFailed
    ) -> tuple[None, ErrorType, float | None]:
        self._close(trial, reply, problem.error_type, str(problem))
        self._last = no_answer(problem)
        return None, problem.error_type, None

    def _close(self, trial: Trial, reply: Reply | None, error_type: ErrorType, said: str) -> None:
        if reply is not None:
            reply.close()
        trial.reader.fail(error_type, said)
        self._health.ends(trial.target, error_type)
        self.record(trial)

    def record(self, trial: Trial) -> None:
        """Have a row made of an attempt that is over."""
        trial.took_ms = trial.elapsed_ms()
        self._calling.recorder.add(self.asked, self._logical, trial)


def _patience_of(asked: Asked) -> float:
    """How long the caller's client waits, where it tells."""
    try:
        told = float(asked.header(b"x-stainless-read-timeout") or asked.header(b"x-stainless-timeout") or "inf")
    except ValueError:
        return float("inf")
    return told if told > 0 else float("inf")


def _resting(target: Target, rests_s: float) -> Refused:
    return Refused(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"{target.upstream.name} has failed with {target.name} several times in a row, and is left alone for a moment",
        code="circuit_open",
        headers={"retry-after": str(max(1, round(rests_s)))},
    )


def _untranslatable(target: Target, problem: TranslationError) -> Refused:
    return Refused(
        HTTPStatus.BAD_REQUEST,
        f"{target.name} is at {target.upstream.name}, which speaks another API, and this request cannot be put into its words: "
        f"{problem}",
        code="not_translatable",
        param=problem.field,
    )
