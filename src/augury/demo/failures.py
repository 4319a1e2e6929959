"""How calls of the sample traffic go wrong.

The shares follow what public records show, as far as they do: most failures are rate limits (all 392 that have an HTTP
status in ray-project/llmperf-leaderboard), and 1.1 % of a coding assistant's calls raise (Aider-AI/aider,
sample-analytics.jsonl).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from augury.core.calls import ErrorType

if TYPE_CHECKING:
    from random import Random

MOST_ATTEMPTS = 3
RETRIED = 0.75
"""Share of the failures worth a retry that are tried again."""
FALLBACK = 0.35
"""Share of the retries that go to another provider's model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One way to fail."""

    kind: ErrorType
    share: float
    fastest_ms: int
    slowest_ms: int
    retried: bool
    cut: bool = False  # an answer had begun, and its tokens count
    at_anthropic: str
    elsewhere: str

    def message(self, provider: str) -> str:
        """What the client says."""
        return self.at_anthropic if provider == "anthropic" else self.elsewhere

    def duration_ms(self, rng: Random) -> int:
        """How long it took to fail."""
        return self.fastest_ms + int(rng.random() ** 2 * (self.slowest_ms - self.fastest_ms))


OVERLOADED = Failure(
    kind=ErrorType.OVERLOADED,
    share=0.13,
    fastest_ms=300,
    slowest_ms=9_000,
    retried=True,
    at_anthropic="Error code: 529 - overloaded_error: Overloaded",
    elsewhere="Error code: 503 - The engine is currently overloaded, please try again later",
)
SERVER = Failure(
    kind=ErrorType.SERVER,
    share=0.10,
    fastest_ms=400,
    slowest_ms=12_000,
    retried=True,
    at_anthropic="Error code: 500 - api_error: Internal server error",
    elsewhere="Error code: 500 - The server had an error while processing your request",
)
FAILURES: tuple[Failure, ...] = (
    Failure(
        kind=ErrorType.RATE_LIMIT,
        share=0.36,
        fastest_ms=60,
        slowest_ms=700,
        retried=True,
        at_anthropic="Error code: 429 - rate_limit_error: This request would exceed your organization's rate limit",
        elsewhere="Error code: 429 - Rate limit reached on tokens per min (TPM)",
    ),
    Failure(
        kind=ErrorType.TIMEOUT,
        share=0.12,
        fastest_ms=90_000,
        slowest_ms=90_400,
        retried=True,
        at_anthropic="Request timed out.",
        elsewhere="Request timed out.",
    ),
    OVERLOADED,
    SERVER,
    Failure(
        kind=ErrorType.CANCELLED,
        share=0.11,
        fastest_ms=900,
        slowest_ms=14_000,
        retried=False,
        cut=True,
        at_anthropic="Stopped by the user",
        elsewhere="Stopped by the user",
    ),
    Failure(
        kind=ErrorType.CONTENT_FILTER,
        share=0.05,
        fastest_ms=500,
        slowest_ms=3_000,
        retried=False,
        at_anthropic="Error code: 400 - Output blocked by content filtering policy",
        elsewhere="Error code: 400 - The response was filtered: content_filter",
    ),
    Failure(
        kind=ErrorType.CONTEXT_LENGTH,
        share=0.04,
        fastest_ms=150,
        slowest_ms=900,
        retried=False,
        at_anthropic="Error code: 400 - invalid_request_error: prompt is too long",
        elsewhere="Error code: 400 - Your input exceeds the context window of this model",
    ),
    Failure(
        kind=ErrorType.INVALID_REQUEST,
        share=0.04,
        fastest_ms=80,
        slowest_ms=400,
        retried=False,
        at_anthropic="Error code: 400 - tools.0.input_schema: Field required",
        elsewhere="Error code: 400 - Invalid schema for function 'search_orders'",
    ),
    Failure(
        kind=ErrorType.CONNECTION,
        share=0.05,
        fastest_ms=20,
        slowest_ms=5_000,
        retried=True,
        at_anthropic="Connection error.",
        elsewhere="Connection error.",
    ),
)
_WEIGHTS = tuple(accumulate(one.share for one in FAILURES))


def some_failure(rng: Random) -> Failure:
    """A failure of an ordinary day."""
    return rng.choices(FAILURES, cum_weights=_WEIGHTS)[0]


def outage_failure(rng: Random) -> Failure:
    """A failure while the provider is down."""
    return OVERLOADED if rng.random() < 0.65 else SERVER
