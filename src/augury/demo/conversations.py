"""Conversations: turns, retries and fallbacks, and what people thought of the answers."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from math import exp
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

from augury.core.calls import ErrorType, ModelCall, SelectedBy
from augury.core.tasks import Complexity
from augury.demo import events, failures, rhythm
from augury.demo import workload as work
from augury.demo.answers import Answer, answer, question_tokens
from augury.demo.calls import CallMaker, Ending, Talk, Try, Turn
from augury.demo.lineup import EMBEDDER, SUCCESS_RATES
from augury.demo.routing import Choice, Router

if TYPE_CHECKING:
    from collections.abc import Iterator

    from augury.demo.failures import Failure
    from augury.models.prices import PriceBook

_SEED = 6_000  # one of the many whose ratings, few as they are, agree with `lineup` on every weekday

_EMBEDDED = 0.03  # share of embeddings among the calls
_EXTRA_ATTEMPTS = 1.012
_SEVERAL_TURNS = sum(one.share for one in work.WORKLOADS if one.several_turns)
_CALLS_PER_CONVERSATION = (_SEVERAL_TURNS * work.MEAN_TURNS + 1.0 - _SEVERAL_TURNS) * _EXTRA_ATTEMPTS

_SHORTEST_CACHED = 1_024  # tokens: the least that OpenAI caches, and that Anthropic does with most of its models
_CACHE_LIFE_MS = 300_000
_CACHE_HITS = 0.9
_OPENAI_BLOCK = 128  # OpenAI counts cached tokens in blocks
_LONGEST_READ = work.LONGEST_INPUT - 100  # of earlier turns, so that the next one has room

_RATED = 0.105
_RATED_WHEN_MISSED = 0.18  # people who are not served say so
_TAKEN_BACK = 0.015
# WildBench: of the weakest models' answers that a judge scores at either end (8 and above, 4 and below), a fifth are good.
_LIKED_THOUGH_MISSED = 0.20

_PEAK_ERRORS = 1.4
_PEAK_SLOWNESS = 1.12
_LATE_TIER_SLOWNESS = 2.4

_BATCH = "batch"
_FLEX = "flex"
_MILLISECOND = timedelta(milliseconds=1)


class Day:
    """One calendar day of sample traffic; times in it are milliseconds after midnight, UTC.

    It draws from the number of days before today, not from its date, so that the picture is the same whenever it is made.
    """

    def __init__(self, prices: PriceBook, day: date, days_ago: int, outage: tuple[datetime, datetime]) -> None:
        self._date = day
        self._days_ago = days_ago
        self._midnight = datetime.combine(day, time(), tzinfo=UTC)
        self._rng = Random(_SEED + days_ago)
        self._router = Router(days_ago)
        self._maker = CallMaker(prices, self._midnight, days_ago)
        begin, end = ((moment - self._midnight) // _MILLISECOND for moment in outage)
        self._outage = range(begin, end)

    def calls(self, calls_per_day: float) -> list[ModelCall]:
        """The day's calls, in order of their time."""
        rng = self._rng
        expected = rhythm.volume(self._date, self._days_ago, calls_per_day, rng)
        conversations = round(expected * (1.0 - _EMBEDDED) / _CALLS_PER_CONVERSATION)
        made = [call for at in rhythm.starts(self._date, conversations, rng) for call in self._conversation(at)]
        made += [self._embedding(at) for at in rhythm.starts(self._date, round(expected * _EMBEDDED), rng)]
        # What would end after midnight is left out: each day is made by itself.
        made = [call for call in made if self._ended(call) < rhythm.DAY_MS]
        return sorted(made, key=lambda call: (call.timestamp, call.id))

    def _ended(self, call: ModelCall) -> int:
        return (call.timestamp - self._midnight) // _MILLISECOND

    def _conversation(self, start: int) -> Iterator[ModelCall]:
        rng = self._rng
        talk = self._talk()
        choice = self._router.choose(talk.complexity, rng)
        at = answered = start
        read = held = 0  # tokens of the earlier turns, and of those what the provider may still have
        for number in range(talk.turns):
            asked = question_tokens(talk.workload, talk.complexity, rng, first=number == 0)
            cached = self._cached(choice, held, at - answered)
            turn = Turn(self._message_id(), min(work.LONGEST_INPUT, read + asked), cached)
            attempts = list(self._attempts(talk, choice, turn, at))
            yield from attempts
            last = attempts[-1]
            answered = self._ended(last)
            read = turn.input_tokens + (last.output_tokens or 0) - (last.reasoning_tokens or 0)
            read = min(_LONGEST_READ, read)
            if last.input_tokens and last.provider == choice.deployment.provider:
                held = read
            pause = exp(rng.gauss(work.PAUSE_MU, work.PAUSE_SIGMA)) * 1000.0
            at = answered + min(work.LONGEST_PAUSE_MS, int(pause))

    def _talk(self) -> Talk:
        rng = self._rng
        load = rng.choices(work.WORKLOADS, cum_weights=work.WORKLOAD_WEIGHTS)[0]
        return Talk(
            workload=load,
            complexity=rng.choices(work.COMPLEXITIES, cum_weights=work.COMPLEXITY_WEIGHTS[load.task])[0],
            conversation_id=f"conv-{rng.getrandbits(48):012x}" if load.several_turns else None,
            person=work.somebody(rng),
            turns=rng.choices(work.TURNS, cum_weights=work.TURN_WEIGHTS)[0] if load.several_turns else 1,
            streamed=rng.random() < load.streamed,
            can_wait=rng.random() < load.batched,
        )

    def _message_id(self) -> UUID:
        return UUID(int=self._rng.getrandbits(128), version=4)

    def _cached(self, choice: Choice, held: int, idle_ms: int) -> int:
        if held < _SHORTEST_CACHED or idle_ms > _CACHE_LIFE_MS or self._rng.random() > _CACHE_HITS:
            return 0
        return held // _OPENAI_BLOCK * _OPENAI_BLOCK if choice.deployment.provider == "openai" else held

    def _attempts(self, talk: Talk, choice: Choice, turn: Turn, at: int) -> Iterator[ModelCall]:
        """The tries at one message: the first, retries, and fallbacks to another provider."""
        rng = self._rng
        for attempt in range(1, failures.MOST_ATTEMPTS + 1):
            failure = self._failure(choice, at)
            call = self._attempt(self._try(talk, choice, turn, at, attempt), failure)
            yield call
            if failure is None or not failure.retried or rng.random() > failures.RETRIED:
                return
            if rng.random() < failures.FALLBACK:
                choice = self._router.fall_back(choice, talk.workload.task)
                turn.cached_tokens = 0
            at = self._ended(call) + int(500 * 2**attempt * (0.5 + rng.random()))

    def _is_down(self, choice: Choice, at: int) -> bool:
        return at in self._outage and choice.deployment.provider == events.OUTAGE_PROVIDER

    def _failure(self, choice: Choice, at: int) -> Failure | None:
        rng = self._rng
        if self._is_down(choice, at):
            return failures.outage_failure(rng) if rng.random() < events.OUTAGE_FAILURES else None
        rate = choice.model.error_rate * (_PEAK_ERRORS if rhythm.is_busy(at) else 1.0)
        return failures.some_failure(rng) if rng.random() < rate else None

    def _try(self, talk: Talk, choice: Choice, turn: Turn, at: int, attempt: int) -> Try:
        tier = None
        if talk.can_wait:
            tier = _FLEX if choice.deployment.provider == "openai" and at % 2 else _BATCH
        return Try(talk, choice, turn, at, attempt, tier, streamed=talk.streamed and tier is None)

    def _attempt(self, one: Try, failure: Failure | None) -> ModelCall:
        rng = self._rng
        model, task, complexity = one.choice.model, one.talk.workload.task, one.talk.complexity
        slowness = one.choice.deployment.slowness * (_PEAK_SLOWNESS if rhythm.is_busy(one.at) else 1.0)
        slowness *= _LATE_TIER_SLOWNESS if one.tier else 1.0
        slowness *= events.OUTAGE_SLOWNESS if self._is_down(one.choice, one.at) else 1.0
        unread = one.turn.input_tokens - one.turn.cached_tokens
        full = answer(one.talk.workload, complexity, model, rng, new_tokens=unread, slowness=slowness)
        if failure is not None:
            return self._failed(one, failure, full)
        kept, liked = events.decline(model.name, task, self._days_ago)
        done = rng.random() < SUCCESS_RATES[model.name, task, complexity] * kept
        rating = self._rating(model.satisfaction(task) * liked, done=done)
        if done:
            return self._maker.call(one, Ending(full, rating=rating))
        missed = rng.choice(one.talk.workload.missed)
        return self._maker.call(one, Ending(full, ErrorType.TASK, missed, rating))

    def _failed(self, one: Try, failure: Failure, full: Answer) -> ModelCall:
        duration = failure.duration_ms(self._rng)
        if self._is_down(one.choice, one.at):
            duration = events.slowed_failure_ms(duration)
        message = failure.message(one.choice.deployment.provider)
        if failure.cut and one.streamed and full.first_token_ms < duration:
            return self._maker.call(one, Ending(full.cut_at(duration), failure.kind, message))
        # Providers do not say what they read before they failed.
        nothing = Try(one.talk, one.choice, one.turn.unread(), one.at, one.attempt, one.tier, streamed=False)
        return self._maker.call(nothing, Ending(Answer(0, None, 0, duration), failure.kind, message))

    def _rating(self, liking: float, *, done: bool) -> int | None:
        rng = self._rng
        if rng.random() >= (_RATED if done else _RATED_WHEN_MISSED):
            return None
        if rng.random() < _TAKEN_BACK:
            return 0
        return 1 if rng.random() < (liking if done else _LIKED_THOUGH_MISSED) else -1

    def _embedding(self, at: int) -> ModelCall:
        rng = self._rng
        load = work.EMBEDDINGS
        talk = Talk(load, Complexity.SIMPLE, None, work.somebody(rng), turns=1, streamed=False, can_wait=False)
        turn = Turn(self._message_id(), question_tokens(load, talk.complexity, rng, first=True), 0)
        choice = Choice(EMBEDDER, EMBEDDER.deployments[0], SelectedBy.CALLER)
        duration = int(EMBEDDER.first_token_ms * exp(rng.gauss(0.0, 0.4)))
        return self._maker.call(
            Try(talk, choice, turn, at, attempt=1, tier=None, streamed=False), Ending(Answer(None, None, 0, duration))
        )
