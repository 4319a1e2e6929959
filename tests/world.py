"""A small world of calls, the same each time: what every engine is asked about, and what plain Python answers for it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from augury.core.calls import NO_USER, CostSource, ErrorType, ModelCall, SelectedBy
from augury.core.tasks import Complexity, TaskType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NOW = datetime(2026, 3, 31, 15, 30, tzinfo=UTC)
MIDNIGHT = NOW.replace(hour=0, minute=0, second=0, microsecond=0)

HOSTILE = "<script>alert('x')</script>"
FOREIGN = 'модель "ü" 🦊; DROP TABLE model_performance_metrics --'

NAMES = {
    "claude-sonnet-4-5": "Claude Sonnet 4.5",
    "claude-haiku-4-5": "Claude Haiku 4.5",
    "gpt-4o": "GPT-4o",
    "gpt-4o-mini": "GPT-4o mini",
    "mistral-large": "Mistral Large",
    "text-embedding-3-small": "text-embedding-3-small",
    "unknown": "Unknown model",
    HOSTILE: HOSTILE,
    FOREIGN: FOREIGN,
}
"""Each model of the world, and how it is shown."""

_SERVED = (
    *[("claude-sonnet-4-5", "anthropic")] * 5,
    *[("claude-sonnet-4-5", "aws.bedrock")] * 3,
    *[("gpt-4o", "openai")] * 6,
    *[("gpt-4o-mini", "openai")] * 3,
    *[("claude-haiku-4-5", "anthropic")] * 4,
    ("unknown", "openai"),
    (HOSTILE, "Robert'); DROP TABLE students; --"),
    (FOREIGN, "größe 🦊"),
)

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu")
SEGMENTS = (None, None, "pro", "free", "größe 🦊 'x'")

_EDGE_DAYS = (
    date(2025, 10, 26),  # Berlin: 25 hours
    date(2025, 11, 2),  # New York: 25 hours
    date(2026, 1, 1),  # 90 days
    date(2026, 3, 2),  # 30 days, a Monday
    date(2026, 3, 8),  # New York: 23 hours
    date(2026, 3, 29),  # Berlin: 23 hours
    date(2026, 3, 31),  # today
)
_CLOCK_CHANGES = (
    datetime(2025, 10, 26, 1, tzinfo=UTC),
    datetime(2025, 11, 2, 6, tzinfo=UTC),
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 3, 29, 1, tzinfo=UTC),
)
_DURATIONS = (0, 1, 127, 128, 129, 255, 256, 1023, 1024, 2**31 - 1)
_MESSAGE = UUID("6f0d0b9e-2f0a-5d35-9a55-0f4f3c4b8d11")
_TICK = timedelta(microseconds=1)


def meant(calls: Iterable[ModelCall]) -> list[ModelCall]:
    """The calls with their metadata as JSON means it: engines write an object's names in an order of their own."""
    return [
        call
        if call.metadata is None
        else call._replace(metadata=json.dumps(json.loads(call.metadata), sort_keys=True, ensure_ascii=False))
        for call in calls
    ]


def a_call(number: int = 0, **changes: Any) -> ModelCall:
    """An unremarkable call, but for its id and what is said about it."""
    when: datetime = changes.pop("timestamp", NOW - timedelta(hours=1))
    plain = ModelCall(
        id=call_id(number, when),
        model="gpt-4o",
        provider="openai",
        task_type=TaskType.CODING,
        task_complexity=Complexity.MEDIUM,
        response_time_ms=1_200,
        tokens_used=300,
        input_tokens=200,
        output_tokens=100,
        success=True,
        error_message=None,
        user_rating=None,
        conversation_id=None,
        user_id=NO_USER,
        message_id=None,
        metadata=None,
        timestamp=when,
        model_version="gpt-4o-2024-11-20",
        operation="chat",
        time_to_first_token_ms=240,
        cached_input_tokens=None,
        cache_write_tokens=None,
        cache_write_1h_tokens=None,
        reasoning_tokens=None,
        service_tier=None,
        cost_usd=Decimal("0.0015000000"),
        cost_source=CostSource.COMPUTED,
        error_type=None,
        segment=None,
        selected_by=SelectedBy.CALLER,
        propensity=None,
        experiment=None,
        variant=None,
        attempt=1,
    )
    return plain._replace(**changes)


def call_id(number: int, when: datetime) -> UUID:
    """A UUIDv7 of the time; every seventh is a UUIDv5, which does not sort by it."""
    if number % 7 == 6:
        return uuid5(_MESSAGE, f"call {number}")
    milliseconds = (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | number)


def message(number: int) -> UUID:
    """The id of a message of the world, or of a test."""
    return uuid5(_MESSAGE, f"message {number}")


def world(now: datetime = NOW) -> tuple[ModelCall, ...]:
    """All calls of the world, moved by whole days so that its last day is the day of `now` (UTC); in no order."""
    later = timedelta(days=(now.date() - NOW.date()).days)
    dice = Random(20260331)  # noqa: S311 - sample data wants a seed, not a secret
    calls = [
        *(_any_call(dice, number, when) for number, when in enumerate(_moments(dice))),
        *_unusual(),
        *_retried(),
    ]
    dice.shuffle(calls)
    return tuple(call._replace(timestamp=call.timestamp + later) for call in calls)


def _moments(dice: Random) -> Iterator[datetime]:
    """When calls end: at any time of five months, more of them lately, and at every edge there is."""
    first = datetime(2025, 10, 20, tzinfo=UTC)
    for _ in range(130):
        yield first + dice.random() * (NOW - first)
    for _ in range(190):
        yield NOW - dice.random() * timedelta(days=32)
    for day in _EDGE_DAYS:
        for zone in ZONES:
            midnight = datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)
            yield midnight
            yield midnight - _TICK
    for change in _CLOCK_CHANGES:
        yield from (change - _TICK, change, change - timedelta(minutes=30), change + timedelta(minutes=30))
    yield NOW
    yield NOW  # two calls of one instant


def _any_call(dice: Random, number: int, when: datetime) -> ModelCall:
    model, provider = dice.choice(_SERVED)
    success = dice.random() < 0.85
    input_tokens = dice.choice((None, dice.randrange(20_000)))
    output_tokens = dice.choice((None, dice.randrange(4_000), dice.randrange(4_000)))
    if not success and dice.random() < 0.7:
        input_tokens, output_tokens = None, None
    error = None if success else dice.choice(list(ErrorType))
    cost = dice.choice((None, Decimal(dice.randrange(10**9)).scaleb(-10), Decimal(dice.randrange(10**6)).scaleb(-10)))
    duration = dice.choice(_DURATIONS[:-1]) if dice.random() < 0.1 else int(10 ** (2 + 2.6 * dice.random()))
    return a_call(
        number,
        model=model,
        provider=provider,
        task_type=dice.choice(list(TaskType)),
        task_complexity=dice.choice((None, *Complexity)),
        response_time_ms=duration,
        tokens_used=(input_tokens or 0) + (output_tokens or 0),
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        success=success,
        error_message=f"{error} ⚠ <b>'\"" if error and dice.random() < 0.5 else None,
        user_rating=dice.choice((-1, 0, 1, 1, None, None, None)),
        conversation_id=dice.choice((None, f"conversation {dice.randrange(20)}")),
        user_id=dice.choice((NO_USER, uuid5(_MESSAGE, f"user {dice.randrange(5)}"))),
        message_id=dice.choice((None, message(number))),
        metadata=dice.choice((None, '{"ключ":"значение","n":[1,2.50]}')),
        timestamp=when,
        operation=dice.choice(("chat",) * 6 + ("text_completion", "generate_content", "embeddings", "rerank")),
        time_to_first_token_ms=dice.choice((None, duration // 3)),
        cached_input_tokens=None if input_tokens is None else input_tokens // 2,
        reasoning_tokens=None if output_tokens is None else output_tokens // 4,
        cost_usd=cost,
        cost_source=CostSource.UNKNOWN if cost is None else CostSource.COMPUTED,
        error_type=error,
        segment=dice.choice(SEGMENTS),
        propensity=dice.choice((None, 0.1, 1.0)),
        experiment=dice.choice((None, "short prompts")),
        variant=dice.choice((None, "a", "b")),
    )


def _unusual() -> Iterator[ModelCall]:
    """Extremes, and groups of a single call."""
    for number, duration in enumerate(_DURATIONS, start=1_000):
        yield a_call(number, response_time_ms=duration, timestamp=NOW - timedelta(days=number - 1_000, minutes=7))
    yield a_call(1_101, model="mistral-large", provider="mistral_ai", cost_usd=None, cost_source=CostSource.UNKNOWN)
    yield a_call(1_102, cost_usd=Decimal("99999.9999999999"), tokens_used=2**31 - 1)
    yield a_call(1_103, cost_usd=Decimal("99999.9999999999"), input_tokens=10**9, output_tokens=10**9)
    yield a_call(1_104, cost_usd=Decimal("0.0000000001"))
    yield a_call(1_105, cost_usd=Decimal(0), success=False, error_type=ErrorType.SERVER, segment="alone")
    yield a_call(
        1_106, cost_usd=Decimal("0.25"), cost_source=CostSource.REPORTED, cache_write_tokens=150, user_rating=1
    )
    yield a_call(1_107, cost_usd=Decimal("1e-10"), cost_source=CostSource.REPORTED, timestamp=NOW - timedelta(days=9))
    yield a_call(1_108, model="gpt-4o-mini", cost_usd=None, cost_source=CostSource.REPORTED, conversation_id="free?")
    for number in range(1_110, 1_125):
        yield a_call(
            number,
            model="text-embedding-3-small",
            operation="embeddings",
            output_tokens=None,
            task_type=TaskType.OTHER,
            time_to_first_token_ms=None,
            timestamp=NOW - timedelta(days=3 * (number - 1_110), minutes=2),
        )


def _retried() -> Iterator[ModelCall]:
    """Messages that took several attempts, the last on another model."""
    for number in range(12):
        began = NOW - timedelta(days=2 * number, hours=5)
        failures = (ErrorType.RATE_LIMIT, ErrorType.OVERLOADED)
        for attempt, error in enumerate(failures, start=1):
            yield a_call(
                1_200 + 10 * number + attempt,
                timestamp=began + timedelta(seconds=attempt),
                message_id=message(5_000 + number),
                conversation_id=f"retried {number % 3}",
                success=False,
                error_type=error,
                tokens_used=0,
                input_tokens=None,
                output_tokens=None,
                cost_usd=None,
                attempt=attempt,
            )
        yield a_call(
            1_200 + 10 * number + 3,
            model="claude-haiku-4-5",
            provider="anthropic",
            timestamp=began + timedelta(seconds=3),
            message_id=message(5_000 + number),
            conversation_id=f"retried {number % 3}",
            attempt=3,
            user_rating=number % 3 - 1,
        )
