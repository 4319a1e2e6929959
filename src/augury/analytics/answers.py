"""The answers, as their readers get them: the API writes these fields in camelCase.

Every group of calls has the same measures. Durations are milliseconds, rates and scores percent, money US dollars. A rate
of nothing is None, and so is a cost where no call of the group has a known price; counts, sums, and times of no calls are 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, PlainSerializer

from augury.core.spelling import camel

Dollars = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
"""An exact amount, written as the nearest JSON number: a double tells any sum of less than a million dollars exactly."""


Interval95 = tuple[float, float]
"""Between which two figures the truth lies, as far as so many calls can tell: a 95 % interval, for rates Wilson's."""


class Answer:
    """Tells pydantic how to write an answer; everywhere else it is a plain dataclass."""

    __pydantic_config__: ClassVar[ConfigDict] = {"alias_generator": camel, "populate_by_name": True}


@dataclass(frozen=True, kw_only=True)
class Measures(Answer):
    """What every group of calls is measured by."""

    total_calls: int
    avg_response_time: float
    min_response_time: float
    max_response_time: float
    median_response_time: float | None  # not known of calls that were pruned, where a step cuts their day
    p95_response_time: float | None
    p99_response_time: float | None
    avg_time_to_first_token: float | None  # of the calls that tell
    success_rate: float | None
    success_rate_interval: Interval95 | None
    thumbs_up: int
    thumbs_down: int
    satisfaction_rate: float | None  # of the rated calls
    satisfaction_rate_interval: Interval95 | None
    avg_tokens: float
    total_tokens: int
    input_tokens: int
    output_tokens: int
    tokens_per_second: float | None  # output of successful calls per second of their response time
    total_cost: Dollars | None
    cost_per_call: float | None  # of the priced calls
    cost_per_success: float | None  # the cost of all priced calls, failures too, for each that succeeded
    unpriced_calls: int
    quality_score: float | None
    speed_score: float | None
    confidence: float


# A group's key is a base of its own, named after Measures, because a dataclass begins with the fields of its last base: who
# reads the JSON sees first whose measures these are.


@dataclass(frozen=True, kw_only=True)
class ProviderKey(Answer):
    """Whose calls: a provider's."""

    provider: str


@dataclass(frozen=True, kw_only=True)
class ModelKey(Answer):
    """Whose calls: a model's; `provider` is the one that served most of them."""

    model: str
    display_name: str
    provider: str


@dataclass(frozen=True, kw_only=True)
class TaskKey(Answer):
    """Whose calls: those of a task type."""

    task_type: str


@dataclass(frozen=True, kw_only=True)
class PointKey(Answer):
    """Whose calls: an hour's, day's, or week's; where trends are split, those of one group of them.

    `date` is the day, the week's Monday, or the UTC instant at which the hour began.
    """

    date: str
    model: str | None = None
    task_type: str | None = None
    provider: str | None = None


@dataclass(frozen=True, kw_only=True)
class ProviderMeasures(Measures, ProviderKey):
    """The calls of one provider."""


@dataclass(frozen=True, kw_only=True)
class ModelMeasures(Measures, ModelKey):
    """The calls of one model, and of each provider that serves it."""

    providers: list[ProviderMeasures]


@dataclass(frozen=True, kw_only=True)
class TaskMeasures(Measures, TaskKey):
    """The calls of one task type."""


@dataclass(frozen=True, kw_only=True)
class Point(Measures, PointKey):
    """The calls of one step of the window."""


@dataclass(frozen=True, kw_only=True)
class Cell(Answer):
    """The calls of one model on one task type: what is known of them without looking at each."""

    model: str
    display_name: str
    task_type: str
    total_calls: int
    avg_response_time: float
    success_rate: float | None
    success_rate_interval: Interval95 | None
    thumbs_up: int
    thumbs_down: int
    satisfaction_rate: float | None
    satisfaction_rate_interval: Interval95 | None
    avg_tokens: float
    total_cost: Dollars | None
    cost_per_call: float | None
    cost_per_success: float | None
    quality_score: float | None
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Previous(Answer):
    """As long a time just before the period; of a period that is not over, as much as has passed of it.

    Its percentiles are not worked out. A change is by how many points a rate is more than it was: where its 95 % interval holds
    0, the difference may be chance.
    """

    from_: str
    to: str
    summary: Measures
    success_rate_change: Interval95 | None
    satisfaction_rate_change: Interval95 | None


@dataclass(frozen=True, kw_only=True)
class Recorded(Answer):
    """What the database holds, whatever was asked."""

    calls: int
    first: str | None
    last: str | None


@dataclass(frozen=True, kw_only=True)
class Metrics(Answer):
    """A model on a task type: the raw figures over all its calls there, and beside them what ranking uses.

    Estimates are over evidence, shrunk, at the task type's mix of complexities, recent calls weighing more; times and
    costs among them are per useful answer.
    """

    avg_response_time: float
    success_rate: float
    satisfaction_rate: float | None
    quality_score: float
    sample_size: int
    rated: int
    estimated_success_rate: float
    estimated_satisfaction_rate: float | None
    estimated_time_to_answer: float
    estimated_cost_per_answer: float | None


@dataclass(frozen=True, kw_only=True)
class Alternative(Answer):
    """A model that could be taken instead; chosen by rules it has no metrics."""

    model: str
    display_name: str
    provider: str
    confidence: float
    probability_best: float | None
    metrics: Metrics | None


@dataclass(frozen=True, kw_only=True)
class Recommendation(Answer):
    """The model to take, why, and how sure that is.

    `confidence` is the contract's formula and no probability; `probability_best` is the probability that no alternative
    is better, None where rules chose.
    """

    model: str
    display_name: str
    provider: str
    confidence: float
    probability_best: float | None
    reason: str
    source: str  # data or rules
    task_type: str
    complexity: str | None
    priority: str
    metrics: Metrics | None
    alternatives: list[Alternative]


class InsightKind(StrEnum):
    """What an insight is about; warnings first."""

    FAILING = "failing"
    LOW_SATISFACTION = "low_satisfaction"
    SLOW_TASK = "slow_task"
    MORE_SUCCESSFUL = "more_successful"
    PREFERRED = "preferred"
    FASTER = "faster"
    CHEAPER = "cheaper"


@dataclass(frozen=True, kw_only=True)
class Insight(Answer):
    """A sentence, what it is about, and the figures behind it.

    `other` is the model that `model` is compared with, None where that is all the others. `evidence` has `calls` (rated
    calls where it is about satisfaction) and `other_calls`; `value` and `other_value`, in percent, milliseconds, or dollars
    a call; and `low` to `high`, the 95 % interval of what the sentence says: of the difference in points, of the factor,
    or of the rate. Models are compared by calls weighed by age: counts are then of what those are worth.
    """

    kind: InsightKind
    severity: Literal["good", "warning"]
    text: str
    task_type: str | None
    model: str | None
    other: str | None
    complexity: str | None
    evidence: dict[str, float | int]


@dataclass(frozen=True, kw_only=True)
class Period(Answer):
    """The window that was asked for, and how it is cut."""

    from_: str
    to: str
    timezone: str
    interval: str


@dataclass(frozen=True, kw_only=True)
class Overview(Answer):
    """The answer of `GET /api/analytics/models`."""

    period: Period
    summary: Measures
    by_model: list[ModelMeasures]
    by_task_type: list[TaskMeasures]
    by_provider: list[ProviderMeasures]
    by_model_and_task_type: list[Cell]
    trends: list[Point]
    recommendations: list[Insight]
    best_by_task: list[Recommendation]
    sample: bool  # the calls are generated sample traffic
    notes: list[str]  # what is to be known about the figures
    previous: Previous | None = None  # where it was asked to compare
    recorded: Recorded | None = None  # where no call passes: what there is


@dataclass(frozen=True, kw_only=True)
class GroupedOverview(Overview):
    """The same, with the groups that were asked for; trends are split by them."""

    groups: list[ModelMeasures] | list[TaskMeasures] | list[ProviderMeasures] | list[Point]


@dataclass(frozen=True, kw_only=True)
class ComplexityMeasures(Measures):
    """The calls of one complexity; None where nobody told."""

    complexity: str | None


@dataclass(frozen=True, kw_only=True)
class Failures(Answer):
    """Calls that failed in one way; `share` is their percentage of all failed calls."""

    error_type: str | None
    calls: int
    share: float


@dataclass(frozen=True, kw_only=True)
class ModelAnswer(ModelKey):
    """The answer of `GET /api/analytics/models/{model}`.

    `failures` is None where the period has too many calls to look at each. `best_for` are the task types that this model is
    recommended for, among all models, and `recommendations` the insights that are about it.
    """

    period: Period
    retires_on: str | None
    summary: Measures
    providers: list[ProviderMeasures]
    by_task_type: list[TaskMeasures]
    by_complexity: list[ComplexityMeasures]
    trends: list[Point]
    failures: list[Failures] | None
    best_for: list[Recommendation]
    recommendations: list[Insight]
    sample: bool
    notes: list[str]


@dataclass(frozen=True, kw_only=True)
class CostMeasures(Answer):
    """What a group of calls costs, and what there is for it.

    A cost is None where no call of the group has a known price; it is of the priced calls alone. Per success and per
    thumbs-up it is the cost of all of them, failures too, for each of them that succeeded or was liked. Cached tokens are
    among the input tokens, reasoning tokens among the output tokens, and shares percent of those.
    """

    total_cost: Dollars | None
    cost_per_call: float | None
    cost_per_success: float | None
    cost_per_thumbs_up: float | None
    total_calls: int
    priced_calls: int
    unpriced_calls: int
    success_rate: float | None
    thumbs_up: int
    thumbs_down: int
    satisfaction_rate: float | None
    avg_response_time: float
    total_tokens: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cached_share: float | None
    reasoning_share: float | None


@dataclass(frozen=True, kw_only=True)
class ModelCosts(CostMeasures, ModelKey):
    """What the calls of one model cost."""


@dataclass(frozen=True, kw_only=True)
class TaskCosts(CostMeasures, TaskKey):
    """What the calls of one task type cost."""


@dataclass(frozen=True, kw_only=True)
class ProviderCosts(CostMeasures, ProviderKey):
    """What the calls of one provider cost."""


@dataclass(frozen=True, kw_only=True)
class CostPoint(CostMeasures, PointKey):
    """What the calls of one step of the window cost."""


@dataclass(frozen=True, kw_only=True)
class SourceCosts(Answer):
    """Where costs come from: what the caller reported, what was computed from tokens, or what nobody said."""

    source: Literal["reported", "computed", "unknown"]
    calls: int
    total_cost: Dollars | None


@dataclass(frozen=True, kw_only=True)
class UnpricedModel(ModelKey):
    """The calls of a model that have no price, and are in no cost."""

    calls: int


@dataclass(frozen=True, kw_only=True)
class ConversationCosts(Answer):
    """What the calls of one conversation cost, within the period."""

    conversation_id: str
    total_cost: Dollars | None
    cost_per_call: float | None
    cost_per_success: float | None
    cost_per_thumbs_up: float | None
    total_calls: int
    priced_calls: int
    unpriced_calls: int
    success_rate: float | None
    thumbs_up: int
    thumbs_down: int
    total_tokens: int
    first: str
    last: str


@dataclass(frozen=True, kw_only=True)
class Conversations(Answer):
    """The conversations of the period: `cost_per_conversation` is of the priced ones, `next` the cursor of the page after it."""

    total: int
    priced: int
    total_calls: int
    total_cost: Dollars | None
    cost_per_conversation: float | None
    dearest: list[ConversationCosts]
    next: str | None


@dataclass(frozen=True, kw_only=True)
class Costs(Answer):
    """The answer of `GET /api/analytics/costs`. `conversations` is None where they were not asked for, or are too many calls."""

    period: Period
    summary: CostMeasures
    by_source: list[SourceCosts]
    by_model: list[ModelCosts]
    by_task_type: list[TaskCosts]
    by_provider: list[ProviderCosts]
    trends: list[CostPoint]
    unpriced: list[UnpricedModel]
    conversations: Conversations | None
    sample: bool
    notes: list[str]
