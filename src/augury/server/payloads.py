"""What requests carry and answers look like, where `augury.analytics.answers` does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, cast
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints

from augury.capture.records import as_record
from augury.core.calls import COLUMNS
from augury.core.rules import MESSAGE_CHARACTERS, NAME_CHARACTERS
from augury.core.spelling import camel
from augury.models import display_name
from augury.server.findings import WITHOUT_NUL

if TYPE_CHECKING:
    from augury.core.calls import ModelCall

Id = Annotated[
    str, StringConstraints(min_length=1, max_length=NAME_CHARACTERS, strip_whitespace=True, pattern=WITHOUT_NUL)
]


class Payload(BaseModel):
    """A body: its names are camelCase on the wire, and a name that is none is refused."""

    model_config = ConfigDict(alias_generator=camel, populate_by_name=True, extra="forbid")


def schema_of(body: type[Payload]) -> dict[str, Any]:
    """A body's schema for a route that reads it by itself: references would be looked for at the top of the API's document."""
    schema = body.model_json_schema(by_alias=True)
    parts = schema.pop("$defs", {})

    def whole(value: Any) -> Any:
        if isinstance(value, list):
            return [whole(one) for one in value]
        if not isinstance(value, dict):
            return value
        named = value.get("$ref")
        found = whole(parts[named.rpartition("/")[2]]) if isinstance(named, str) else {}
        return found | {name: whole(one) for name, one in value.items() if name != "$ref"}

    return cast("dict[str, Any]", whole(schema))


def _no_lookalike(value: object) -> object:
    """`true` and `1.0` equal 1 in Python, and mean something else."""
    return str(value) if isinstance(value, bool | float) else value


class FeedbackBody(Payload):
    """A rating: of a message, or of a conversation's latest one."""

    conversation_id: Annotated[Id | None, Field(description="rates the conversation's latest message")] = None
    message_id: Annotated[Id | None, Field(description="rates this message; goes before conversationId")] = None
    rating: Annotated[
        Literal[-1, 0, 1], BeforeValidator(_no_lookalike), Field(description="1 up, -1 down, 0 takes it back")
    ]
    success: Annotated[StrictBool | None, Field(description="whether the task was done, where that is known")] = None


class FeedbackAnswer(Payload):
    """What became of a rating."""

    success: bool = True
    call_id: str
    rating: int


class OutcomeBody(Payload):
    """Whether a message did its task."""

    message_id: Id
    success: StrictBool
    reason: Annotated[str | None, StringConstraints(max_length=MESSAGE_CHARACTERS, pattern=WITHOUT_NUL)] = None


class OutcomeAnswer(Payload):
    """What became of an outcome."""

    call_id: str
    success: bool


class RecordAnswer(Payload):
    """What became of one record of a batch."""

    index: int
    status: Literal["stored", "known", "accepted", "refused"]
    id: str | None = None
    field: str | None = None
    expected: str | None = None
    error: str | None = None


class BatchAnswer(Payload):
    """What became of a batch: `known` calls were there already.

    `accepted` is there while the database is away: so many calls are safe in the server's journal, and whether they are
    known is found out later.
    `sample` is true where they went among sample traffic, which is made anew at each start of the demo.
    """

    stored: int
    known: int
    refused: int
    accepted: int | None = None
    sample: bool
    results: list[RecordAnswer]


class CallAnswer(Payload):
    """A call: its record, and its model's name as people write it."""

    id: str
    model: str
    display_name: str
    provider: str
    task_type: str
    task_complexity: str | None
    response_time_ms: int
    tokens_used: int
    input_tokens: int | None
    output_tokens: int | None
    success: bool
    error_message: str | None
    user_rating: int | None
    conversation_id: str | None
    user_id: str
    message_id: str | None
    metadata: dict[str, Any] | None
    timestamp: str
    model_version: str | None
    operation: str | None  # rows older than the column do not tell
    time_to_first_token_ms: int | None
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    cache_write_1h_tokens: int | None
    reasoning_tokens: int | None
    service_tier: str | None
    cost_usd: float | None
    cost_source: str | None
    error_type: str | None
    segment: str | None
    selected_by: str | None
    propensity: float | None
    experiment: str | None
    variant: str | None
    attempt: int | None  # likewise


class CallsAnswer(Payload):
    """A page of calls, the newest first; `next` is the cursor of the page after it."""

    calls: list[CallAnswer]
    next: str | None


class Health(Payload):
    """How the server is."""

    status: str
    database_away: Annotated[bool, Field(description="the database could not be written when it was tried last")]
    journaled_calls: Annotated[int, Field(description="confirmed calls that wait for it in the journal")]
    journaled_bytes: int


class QueryBody(Payload):
    """A read-only SQL statement."""

    sql: Annotated[str, StringConstraints(max_length=100_000)]
    limit: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000


class QueryAnswer(Payload):
    """Its answer; `cut` says that there were more rows than the limit."""

    columns: list[str]
    rows: list[list[Any]]
    cut: bool


class PruneBody(Payload):
    """Where the calls begin that are kept, and where the sums of older ones do: midnights, UTC."""

    keep_from: str
    keep_sums_from: str | None = None


class ForgetBody(Payload):
    """Whose calls are deleted."""

    user_id: UUID


MAX_DAY = 84_006  # 2200-01-01


class SealBody(Payload):
    """Which day is sealed, in days since 1970-01-01."""

    day: int = Field(ge=0, lt=MAX_DAY)


class RepriceBody(Payload):
    """Whose prices are looked up again: a day's calls, in days since 1970-01-01."""

    day: int = Field(ge=0, lt=MAX_DAY)
    dry_run: Annotated[StrictBool, Field(description="only tell what would change")] = False


def call_answer(call: ModelCall) -> CallAnswer:
    """A call with every field, and its model's name as people write it."""
    record = as_record(call)
    answer: dict[str, Any] = {column: record.get(column) for column in COLUMNS}
    answer["cost_usd"] = None if call.cost_usd is None else float(call.cost_usd)
    return CallAnswer(**answer, display_name=display_name(call.model))
