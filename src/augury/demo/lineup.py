"""The models of the sample traffic, as data: when they are in use, how fast they are, and what they are good at.

Names, releases, prices and retirements are real. Skills and likings are invented, to make a picture worth looking at;
they say nothing about the real models.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, log
from typing import TYPE_CHECKING

from augury.core.tasks import Complexity, TaskType

if TYPE_CHECKING:
    from collections.abc import Mapping

RAMP_DAYS = 6
"""How long the owner takes to move traffic to a new model, or away from an old one."""


_GOOD = 90.0
_LIKING_FOLLOWS_SKILL = 1.1  # who does a kind of task badly does it less well also where it succeeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One way in which a model is served."""

    provider: str
    version: str
    share: float = 1.0
    slowness: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleModel:
    """A model, and how it does."""

    name: str
    deployments: tuple[Deployment, ...]
    first_day: int | None = None  # days before today on which its first calls were made; None: before all this
    last_day: int = -1  # days before today on which its last were made; -1: it is in use
    first_token_ms: int  # median
    tokens_per_second: int  # median
    reasoning_tokens: int = 0  # median on a task of medium complexity; 0: it does not reason
    wordiness: float = 1.0  # tokens of an answer against those of the average model
    error_rate: float  # calls that fail for technical reasons, on an ordinary day
    popularity: tuple[float, float, float]  # how often it is chosen for simple, medium and complex tasks
    skill: tuple[float, ...]  # success in percent at medium complexity, by task type in the order of TaskType
    grit: float  # how much of its skill it keeps on complex tasks: 1 all, 0 an average loss, below 0 more than that
    liking: float  # percent of thumbs that are up where it did a task that it is good at
    liked_for: Mapping[TaskType, float] = field(default_factory=dict)

    def usage(self, days_ago: int) -> float:
        """How far it is in use on that day, from 0 to 1."""
        entering = 1.0 if self.first_day is None else (self.first_day - days_ago + 1) / RAMP_DAYS
        leaving = 1.0 if self.last_day < 0 else (days_ago - self.last_day + 1) / RAMP_DAYS
        return max(0.0, min(1.0, entering, leaving))

    def success_rate(self, task: TaskType, complexity: Complexity) -> float:
        """The probability that it does the task, as a fraction."""
        p = self.skill[list(TaskType).index(task)] / 100.0
        shift = {Complexity.SIMPLE: 1.0, Complexity.MEDIUM: 0.0, Complexity.COMPLEX: -0.85 * (1.0 - self.grit)}
        return 1.0 / (1.0 + exp(-log(p / (1.0 - p)) - shift[complexity]))

    def satisfaction(self, task: TaskType) -> float:
        """The probability that a thumb is up where the task was done, as a fraction."""
        doubt = _LIKING_FOLLOWS_SKILL * (_GOOD - self.skill[list(TaskType).index(task)])
        return min(0.97, self.liked_for.get(task, self.liking - doubt) / 100.0)


# Skill, by column: chat, coding, analysis, reasoning, creative, file processing, function calling, other.
LINEUP: tuple[SampleModel, ...] = (
    SampleModel(
        name="claude-opus-5-5",  # released 2026-09-22; Anthropic has not dated its names since 4.6
        deployments=(Deployment(provider="anthropic", version="claude-opus-5-5"),),
        first_day=60,
        first_token_ms=1_050,
        tokens_per_second=84,
        reasoning_tokens=170,
        error_rate=0.020,
        popularity=(0.35, 1.0, 2.8),
        skill=(93.5, 95.5, 91.0, 92.0, 88.5, 89.5, 89.0, 93.5),
        grit=0.40,
        liking=88.0,
        liked_for={TaskType.CODING: 95.0, TaskType.CREATIVE: 78.0},
    ),
    SampleModel(
        name="claude-opus-5",  # released 2026-07-24
        deployments=(Deployment(provider="anthropic", version="claude-opus-5"),),
        last_day=55,
        first_token_ms=1_300,
        tokens_per_second=62,
        reasoning_tokens=200,
        error_rate=0.021,
        popularity=(0.35, 1.0, 2.8),
        skill=(93.0, 92.5, 91.0, 91.0, 88.5, 89.0, 88.5, 93.0),
        grit=0.35,
        liking=87.0,
    ),
    SampleModel(
        name="claude-sonnet-5-5",  # released 2026-09-28
        deployments=(
            Deployment(provider="anthropic", version="claude-sonnet-5-5", share=0.7),
            Deployment(provider="aws.bedrock", version="global.anthropic.claude-sonnet-5-5", share=0.3, slowness=1.18),
        ),
        first_day=52,
        first_token_ms=780,
        tokens_per_second=104,
        reasoning_tokens=110,
        error_rate=0.018,
        popularity=(0.8, 1.6, 1.7),
        skill=(94.0, 88.5, 97.0, 89.0, 88.0, 89.5, 89.0, 93.5),
        grit=0.30,
        liking=86.0,
        liked_for={TaskType.ANALYSIS: 95.0, TaskType.CREATIVE: 78.0, TaskType.FUNCTION_CALLING: 76.0},
    ),
    SampleModel(
        name="claude-sonnet-5",  # released 2026-06-30
        deployments=(Deployment(provider="anthropic", version="claude-sonnet-5"),),
        first_token_ms=850,
        tokens_per_second=88,
        reasoning_tokens=120,
        error_rate=0.019,
        popularity=(0.7, 1.2, 1.1),
        skill=(93.0, 86.5, 90.0, 86.0, 98.0, 89.0, 88.5, 93.0),
        grit=0.15,
        liking=84.0,
        liked_for={TaskType.CREATIVE: 97.0},
    ),
    SampleModel(
        name="claude-haiku-5-5",  # released 2026-10-07
        deployments=(Deployment(provider="anthropic", version="claude-haiku-5-5"),),
        first_day=45,
        first_token_ms=370,
        tokens_per_second=195,
        reasoning_tokens=50,
        wordiness=0.9,
        error_rate=0.017,
        popularity=(2.4, 1.1, 0.35),
        skill=(98.0, 81.0, 87.0, 80.0, 86.0, 90.0, 87.5, 96.5),
        grit=-0.25,
        liking=84.0,
        liked_for={TaskType.GENERAL_CHAT: 96.0, TaskType.OTHER: 91.0},
    ),
    SampleModel(
        name="claude-haiku-4-5",  # released 2025-10-15
        deployments=(Deployment(provider="anthropic", version="claude-haiku-4-5-20251001"),),
        last_day=41,
        first_token_ms=480,
        tokens_per_second=125,
        wordiness=0.95,
        error_rate=0.018,
        popularity=(2.4, 1.1, 0.3),
        skill=(95.0, 78.0, 84.0, 75.0, 86.5, 88.5, 87.0, 93.0),
        grit=-0.3,
        liking=80.0,
    ),
    SampleModel(
        name="gpt-6-sol",  # released 2026-09-22
        deployments=(Deployment(provider="openai", version="gpt-6-sol-2026-09-22"),),
        first_day=58,
        first_token_ms=980,
        tokens_per_second=98,
        reasoning_tokens=210,
        error_rate=0.016,
        popularity=(0.4, 1.1, 2.4),
        skill=(93.0, 94.5, 90.0, 97.0, 87.5, 89.0, 89.0, 93.5),
        grit=0.40,
        liking=86.0,
        liked_for={TaskType.REASONING: 95.0, TaskType.CODING: 92.0, TaskType.CREATIVE: 76.0},
    ),
    SampleModel(
        name="gpt-6-luna",  # released 2026-09-22
        deployments=(Deployment(provider="openai", version="gpt-6-luna-2026-09-22"),),
        first_day=58,
        first_token_ms=420,
        tokens_per_second=170,
        reasoning_tokens=80,
        wordiness=0.9,
        error_rate=0.014,
        popularity=(2.2, 1.0, 0.3),
        skill=(93.5, 80.5, 86.5, 80.5, 84.0, 98.0, 87.5, 93.5),
        grit=-0.2,
        liking=82.0,
        liked_for={TaskType.FILE_PROCESSING: 96.0},
    ),
    SampleModel(
        name="gpt-5.4-mini",
        deployments=(Deployment(provider="openai", version="gpt-5.4-mini-2026-03-17"),),
        first_token_ms=520,
        tokens_per_second=135,
        wordiness=0.95,
        error_rate=0.014,
        popularity=(1.7, 1.0, 0.4),
        skill=(92.5, 79.0, 85.0, 79.0, 83.0, 88.0, 98.0, 92.5),
        grit=0.0,
        liking=80.0,
        liked_for={TaskType.FUNCTION_CALLING: 96.0},
    ),
    SampleModel(
        name="gpt-4o",  # the oldest, on its way out: OpenAI shuts it down on 2027-01-14
        deployments=(Deployment(provider="openai", version="gpt-4o-2024-11-20"),),
        first_token_ms=600,
        tokens_per_second=92,
        error_rate=0.013,
        popularity=(0.6, 0.5, 0.3),
        skill=(91.5, 75.0, 82.0, 73.0, 86.0, 86.0, 88.0, 91.5),
        grit=-0.2,
        liking=77.0,
    ),
)

EMBEDDER = SampleModel(
    name="text-embedding-3-small",
    deployments=(Deployment(provider="openai", version="text-embedding-3-small"),),
    first_token_ms=85,
    tokens_per_second=1,
    error_rate=0.003,
    popularity=(0.0, 0.0, 0.0),
    skill=(99.0,) * len(TaskType),
    grit=0.0,
    liking=0.0,
)
"""Writes no answers: it shows that embeddings are recorded, and not counted unless asked for."""

SUCCESS_RATES: Mapping[tuple[str, TaskType, Complexity], float] = {
    (model.name, task, complexity): model.success_rate(task, complexity)
    for model in LINEUP
    for task in TaskType
    for complexity in Complexity
}
"""`SampleModel.success_rate` of all of them, since every call asks."""
