"""Conversations stay with their model, unless the gain of another beats the warm cache that is thrown away with it.

The rule, and all of it: within five minutes of its last answer a conversation's model has most of the prompt in its cache.
Let `s` be the share of a turn's price that this saves (a half where prices are not known). Another model that is chosen by data is
then taken only where it is

- for `cost`: cheaper without a cache than this one with it;
- for `speed`: quicker by more than the share `s`;
- for `quality`: expected to succeed more often by `10 s` points or more;
- for `balanced`: that, or cheaper without a cache than this one with it and no less successful.

What rules choose moves no conversation. After five minutes, and where its model is not fit for a request or does not answer, the
choice is free.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from augury.core.tasks import Priority

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from augury.analytics.answers import Metrics, Recommendation
    from augury.gateway.asked import Asked
    from augury.gateway.targets import Target
    from augury.models.prices import PriceBook

WARM_S: Final = 300.0
"""How long a provider keeps a prompt in its cache after it was used: five minutes, at OpenAI and at Anthropic."""

LEAST_TOKENS: Final = 1_024
"""Shorter prompts are not cached: https://platform.openai.com/docs/guides/prompt-caching."""

_POINTS: Final = 10.0
_UNKNOWN_SHARE: Final = 0.5
_MOST: Final = 10_000  # conversations that are remembered
_ANSWER_TOKENS: Final = 300  # of a turn, where the last one does not tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The model of a conversation, and what its last turn took."""

    target: Target
    at: float
    input_tokens: int
    output_tokens: int


class Conversations:
    """Remembers for a while which model a conversation is with. Safe to use from several threads; bounded."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()

    def note(self, key: bytes, target: Target, *, input_tokens: int, output_tokens: int) -> None:
        """A turn of a conversation was answered."""
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = Kept(
                target=target, at=self._clock(), input_tokens=input_tokens, output_tokens=output_tokens
            )
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def warm(self, key: bytes) -> Kept | None:
        """What a conversation is with, if that has its prompt in the cache still."""
        with self._lock:
            kept = self._kept.get(key)
        if kept is None or kept.input_tokens < LEAST_TOKENS or self._clock() - kept.at > WARM_S:
            return None
        return kept


def moves(kept: Kept, choice: Recommendation, priority: Priority, prices: PriceBook, provider: str) -> bool:
    """Whether the choice beats the warm cache of a conversation's model; `provider` is who would serve the choice."""
    if choice.source != "data" or choice.metrics is None:
        return False
    mine = next((other.metrics for other in choice.alternatives if other.model == kept.target.model), None)
    warm, cold = (
        _cost(kept, kept.target.model, kept.target.upstream.provider, prices, cached=cached) for cached in (True, False)
    )
    other = _cost(kept, choice.model, provider, prices, cached=False)
    share = _UNKNOWN_SHARE if not warm or not cold else float(1 - warm / cold)
    cheaper = other is not None and warm is not None and other < warm
    if priority is Priority.COST:
        return cheaper
    if mine is None:
        return False
    match priority:
        case Priority.SPEED:
            return choice.metrics.estimated_time_to_answer < (1 - share) * mine.estimated_time_to_answer
        case Priority.QUALITY:
            return _gain(choice.metrics, mine) >= _POINTS * share
    gain = _gain(choice.metrics, mine)
    return gain >= _POINTS * share or (cheaper and gain >= 0)


def _gain(one: Metrics, other: Metrics) -> float:
    return one.estimated_success_rate - other.estimated_success_rate


def _cost(kept: Kept, model: str, provider: str, prices: PriceBook, *, cached: bool) -> Decimal | None:
    return prices.cost(
        model=model,
        provider=provider,
        service_tier=None,
        at=datetime.now(UTC),
        input_tokens=kept.input_tokens,
        output_tokens=kept.output_tokens or _ANSWER_TOKENS,
        cached_input_tokens=kept.input_tokens if cached else 0,
    )


def key_of(asked: Asked, conversation_id: str | None) -> tuple[bytes, bool]:
    """A fingerprint of the conversation, and whether this request goes on with one.

    By the id that the caller gives; else by how the conversation begins: who asks, the system's words and the first message,
    which every later turn carries along. Nothing can be read back from it.
    """
    who = asked.header(b"authorization") or asked.header(b"x-api-key") or ""
    if conversation_id is not None:
        return _fingerprint(who, conversation_id), True
    messages = asked.data.get("messages", asked.data.get("input"))
    messages = messages if isinstance(messages, list) else [messages]
    first: list[Any] = []
    for message in messages[:3]:
        first.append(message)
        if isinstance(message, dict) and message.get("role") == "user":
            break
    goes_on = any(isinstance(message, dict) and message.get("role") == "assistant" for message in messages)
    return _fingerprint(who, [asked.data.get("system"), asked.data.get("instructions"), first]), goes_on


def _fingerprint(who: str, what: object) -> bytes:
    said = json.dumps([who, what], ensure_ascii=True, default=str).encode()
    return hashlib.blake2b(said, digest_size=16).digest()
