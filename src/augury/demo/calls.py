"""From what happened to the record of it: the one place where calls of the sample traffic are made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from augury.core.calls import CostSource, ErrorType, ModelCall
from augury.core.ids import derived_id
from augury.demo import events

if TYPE_CHECKING:
    from uuid import UUID

    from augury.core.tasks import Complexity
    from augury.demo.answers import Answer
    from augury.demo.routing import Choice
    from augury.demo.workload import Person, Workload
    from augury.models.prices import PriceBook

_WRITING_CACHES = frozenset({"anthropic", "aws.bedrock"})
"""Providers that charge for writing to the cache, and say how much."""


@dataclass(slots=True)
class Talk:
    """What holds for a whole conversation."""

    workload: Workload
    complexity: Complexity
    conversation_id: str | None
    person: Person
    turns: int
    streamed: bool
    can_wait: bool  # it goes to the batch or flex tier


@dataclass(slots=True)
class Turn:
    """One message, whatever it takes to have it answered."""

    message_id: UUID
    input_tokens: int
    cached_tokens: int

    def unread(self) -> Turn:
        """The same message to a model that failed before it told what it had read."""
        return Turn(self.message_id, 0, 0)


@dataclass(slots=True)
class Try:
    """One call to one model."""

    talk: Talk
    choice: Choice
    turn: Turn
    at: int  # milliseconds after midnight
    attempt: int
    tier: str | None
    streamed: bool


@dataclass(slots=True)
class Ending:
    """How a call ended."""

    answer: Answer
    error_type: ErrorType | None = None
    error_message: str | None = None
    rating: int | None = None


class CallMaker:
    """Makes the records of one day."""

    def __init__(self, prices: PriceBook, midnight: datetime, days_ago: int) -> None:
        self._prices = prices
        self._midnight = midnight
        self._days_ago = days_ago
        self._made = 0

    def call(self, one: Try, ending: Ending) -> ModelCall:
        """The record, as `augury.capture.records` would have it from these fields; a test shows that it would."""
        talk, turn, given = one.talk, one.turn, ending.answer
        model, provider = one.choice.model.name, one.choice.deployment.provider
        declined = events.has_declined(model, self._days_ago)
        ended = self._midnight + timedelta(milliseconds=one.at + given.duration_ms)
        cached = written = None
        if talk.turns > 1 and turn.input_tokens:
            cached = turn.cached_tokens
            written = turn.input_tokens - cached if provider in _WRITING_CACHES else None
        cost = self._prices.cost(
            model=model,
            provider=provider,
            service_tier=one.tier,
            at=ended,
            input_tokens=turn.input_tokens,
            output_tokens=given.output_tokens or 0,
            cached_input_tokens=cached,
            cache_write_tokens=written,
        )
        self._made += 1
        return ModelCall(
            id=derived_id(ended, f"sample {self._days_ago}", self._made),
            model=model,
            provider=provider,
            task_type=talk.workload.task,
            task_complexity=talk.complexity,
            response_time_ms=given.duration_ms,
            tokens_used=turn.input_tokens + (given.output_tokens or 0),
            input_tokens=turn.input_tokens,
            output_tokens=given.output_tokens,
            success=ending.error_type is None,
            error_message=ending.error_message,
            user_rating=ending.rating,
            conversation_id=talk.conversation_id,
            user_id=talk.person.user_id,
            message_id=turn.message_id,
            metadata=talk.workload.metadata,
            timestamp=ended,
            model_version=events.DECLINED_VERSION if declined else one.choice.deployment.version,
            operation=talk.workload.operation,
            time_to_first_token_ms=given.first_token_ms if one.streamed else None,
            cached_input_tokens=cached,
            cache_write_tokens=written,
            cache_write_1h_tokens=None,
            reasoning_tokens=given.reasoning_tokens,
            service_tier=one.tier,
            cost_usd=cost,
            cost_source=CostSource.UNKNOWN if cost is None else CostSource.COMPUTED,
            error_type=ending.error_type,
            segment=talk.person.segment,
            selected_by=one.choice.selected_by,
            propensity=one.choice.propensity,
            experiment=None,
            variant=None,
            attempt=one.attempt,
        )
