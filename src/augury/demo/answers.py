"""How long an answer is, and how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING

from augury.demo.workload import (
    INPUT_FACTOR,
    LONGEST_INPUT,
    LONGEST_OUTPUT,
    OUTPUT_FACTOR,
    REASONING_FACTOR,
)

if TYPE_CHECKING:
    from random import Random

    from augury.core.tasks import Complexity
    from augury.demo.lineup import SampleModel
    from augury.demo.workload import Workload

# ray-project/llmperf-leaderboard (Apache-2.0), December 2023: in the median of 16 pairs of provider and model without an
# outage, the logarithm of the time to first token has a standard deviation of 0.24, that of the speed of 0.10.
_FIRST_TOKEN_SIGMA = 0.24
_SPEED_SIGMA = 0.10

# The same: one request in 72 takes more than twice the median to its first token.
_STRAGGLERS = 0.014
_STRAGGLER_SIGMA = 0.8

# The application gives up after a minute and a half, and asks for no longer answers.
_LONGEST_MS = 88_000
_LONGEST_WAIT_MS = 80_000

_READING_MS = 0.018  # per token of input that is not cached
_REASONING_SIGMA = 0.6
_FOLLOW_UP = 0.3  # what later turns add to a conversation, against its first


@dataclass(frozen=True, slots=True)
class Answer:
    """The size and the pace of one answer."""

    output_tokens: int | None  # with the reasoning; None: it is no text
    reasoning_tokens: int | None
    first_token_ms: int
    duration_ms: int

    def cut_at(self, milliseconds: int) -> Answer:
        """What there was of it when somebody stopped reading, after the first token."""
        duration = min(milliseconds, self.duration_ms)
        reasoning = self.reasoning_tokens or 0
        visible = (self.output_tokens or 0) - reasoning
        part = (duration - self.first_token_ms) / max(1, self.duration_ms - self.first_token_ms)
        return Answer(reasoning + int(visible * part), self.reasoning_tokens, self.first_token_ms, duration)


def question_tokens(workload: Workload, complexity: Complexity, rng: Random, *, first: bool) -> int:
    """How many tokens a turn adds to what the model reads."""
    tokens = exp(rng.gauss(workload.input_mu, workload.input_sigma)) * INPUT_FACTOR[complexity]
    return max(12, min(LONGEST_INPUT, int(tokens if first else tokens * _FOLLOW_UP)))


def answer(
    workload: Workload, complexity: Complexity, model: SampleModel, rng: Random, *, new_tokens: int, slowness: float
) -> Answer:
    """What the model writes, and when: time to first token, then tokens at its speed."""
    words = exp(rng.gauss(workload.output_mu, workload.output_sigma)) * OUTPUT_FACTOR[complexity] * model.wordiness
    visible = max(2, min(LONGEST_OUTPUT, int(words)))
    reasoning = None
    if model.reasoning_tokens:
        median = model.reasoning_tokens * workload.thinking * REASONING_FACTOR[complexity]
        reasoning = min(LONGEST_OUTPUT, int(median * exp(rng.gauss(0.0, _REASONING_SIGMA))))
    ms_per_token = 1000.0 * slowness / (model.tokens_per_second * exp(rng.gauss(0.0, _SPEED_SIGMA)))
    waiting = model.first_token_ms * slowness * exp(rng.gauss(0.0, _FIRST_TOKEN_SIGMA)) + new_tokens * _READING_MS
    if rng.random() < _STRAGGLERS:
        waiting *= 2.0 * exp(abs(rng.gauss(0.0, _STRAGGLER_SIGMA)))
    first_token = min(_LONGEST_WAIT_MS, waiting + (reasoning or 0) * ms_per_token)
    visible = max(2, min(visible, int((_LONGEST_MS - first_token) / ms_per_token)))
    return Answer(
        output_tokens=visible + (reasoning or 0),
        reasoning_tokens=reasoning,
        first_token_ms=int(first_token),
        duration_ms=int(first_token + visible * ms_per_token),
    )
