"""One call: a request to a model, and how it ended."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from augury.core.tasks import Complexity, TaskType

NO_USER = UUID(int=0)
"""The user of a call that came without one."""

UNKNOWN_MODEL = "unknown"
"""The model of an imported call that does not tell: counted, never recommended."""


OTHER = "(other)"
"""What is rare among too many names of a day, in the sums of that day: never recommended."""


class ErrorType(StrEnum):
    """Why a call failed."""

    RATE_LIMIT = "rate_limit"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"
    CONTEXT_LENGTH = "context_length"
    CONTENT_FILTER = "content_filter"
    AUTHENTICATION = "authentication"
    INVALID_REQUEST = "invalid_request"
    SERVER = "server"
    CONNECTION = "connection"
    CANCELLED = "cancelled"
    TASK = "task"
    OTHER = "other"


NOT_EVIDENCE = (ErrorType.CANCELLED, ErrorType.AUTHENTICATION, ErrorType.INVALID_REQUEST, ErrorType.CONNECTION)
"""Failures that say nothing about the model: the caller's own, or the line's."""


class CostSource(StrEnum):
    """Where a call's cost comes from."""

    REPORTED = "reported"
    COMPUTED = "computed"
    UNKNOWN = "unknown"


class SelectedBy(StrEnum):
    """Who picked the model of a call."""

    CALLER = "caller"
    RULES = "rules"
    DATA = "data"
    EXPLORATION = "exploration"
    EXPERIMENT = "experiment"


GENERATING = ("chat", "text_completion", "generate_content")
"""Operations that write an answer, by OpenTelemetry's `gen_ai.operation.name`: what is counted unless asked otherwise."""


class ModelCall(NamedTuple):
    """One row of `model_performance_metrics`, its fields in the table's order.

    Durations are integer milliseconds, times are aware and in UTC, money is US dollars. `input_tokens` counts cached and
    cache-written tokens too, `cache_write_tokens` those written for an hour too, and `output_tokens` the reasoning.
    """

    id: UUID
    model: str
    provider: str
    task_type: TaskType
    task_complexity: Complexity | None
    response_time_ms: int
    tokens_used: int
    input_tokens: int | None
    output_tokens: int | None
    success: bool
    error_message: str | None
    user_rating: int | None
    conversation_id: str | None
    user_id: UUID
    message_id: UUID | None
    metadata: str | None  # a JSON object, as compact text
    timestamp: datetime  # when the call ended
    model_version: str | None  # the model's name as it was reported
    operation: str
    time_to_first_token_ms: int | None
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    cache_write_1h_tokens: int | None
    reasoning_tokens: int | None
    service_tier: str | None
    cost_usd: Decimal | None  # None: the price is unknown; zero: it was free
    cost_source: CostSource
    error_type: ErrorType | None
    segment: str | None
    selected_by: SelectedBy | None
    propensity: float | None
    experiment: str | None
    variant: str | None
    attempt: int


COLUMNS: tuple[str, ...] = ModelCall._fields
"""The columns of `model_performance_metrics`, in order."""
