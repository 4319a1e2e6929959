"""What a request may ask, checked at the edge: query parameters become a question to analytics."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from augury.analytics import costs
from augury.analytics.costs import ConversationsPage
from augury.analytics.overview import GroupBy, OverviewRequest
from augury.core import ids
from augury.core.calls import GENERATING, ErrorType
from augury.core.rules import NAME_CHARACTERS
from augury.core.tasks import Complexity, TaskType
from augury.core.windows import MAX_DAYS, Interval, Window, zone_named
from augury.errors import InvalidValue
from augury.models.names import canonical_provider, resolve
from augury.server.findings import WITHOUT_CONTROLS, expectation
from augury.store.protocol import CallsQuestion, Filters

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_DAYS = 30
MAX_CONVERSATIONS = 100
DEFAULT_CONVERSATIONS = 10
MAX_CALLS = 1_000
DEFAULT_CALLS = 50

Name = Annotated[str, StringConstraints(min_length=1, max_length=NAME_CHARACTERS, pattern=WITHOUT_CONTROLS)]


class Operations(StrEnum):
    """Which operations are counted: what writes an answer, embeddings, or everything."""

    GENERATING = "generating"
    EMBEDDINGS = "embeddings"
    ALL = "all"


def _zone(name: str) -> str:
    try:
        zone_named(name)
    except InvalidValue as problem:
        raise ValueError(problem.expected) from None
    return name


def _moment(text: str) -> str:
    try:
        _parsed(text)
    except ValueError:
        raise ValueError("a date such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z") from None
    return text


def _parsed(text: str) -> date | datetime:
    """A date, or an instant; naive where the text does not say which zone it means."""
    text = re.sub(r" (?=\d\d:\d\d$)", "+", text)  # a plus that a browser's address line made a space
    return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else datetime.fromisoformat(text)


def _member(text: str) -> str:
    name, equals, _ = text.partition("=")
    if not name or not equals:
        raise ValueError("a member of the metadata, such as release=2026-11")
    return text


Moment = Annotated[str, StringConstraints(max_length=40), AfterValidator(_moment)]


def once_each(parameters: Iterable[tuple[str, str]]) -> None:
    """See that each parameter of an address has one value: who reads them takes the last, which may not be what was meant.

    Raises:
        InvalidValue: one of them is given twice.
    """
    given: dict[str, str] = {}
    for name, value in parameters:
        if name in given:
            raise InvalidValue(name, "one value", [given[name], value])
        given[name] = value


class ScopeParams(BaseModel):
    """Which calls count, of whatever model."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    provider: Annotated[Name | None, Field(description="only this provider")] = None
    task_type: Annotated[TaskType | None, Field(description="only this task type")] = None
    complexity: Annotated[Complexity | None, Field(description="only this complexity")] = None
    segment: Annotated[Name | None, Field(description="only this user segment")] = None
    operation: Annotated[Operations, Field(description="which operations are counted")] = Operations.GENERATING
    days: Annotated[
        int | None,
        Field(
            ge=1,
            le=MAX_DAYS,
            description=f"the last so many calendar days, today included; {DEFAULT_DAYS} unless from is given",
        ),
    ] = None
    from_: Annotated[Moment | None, Field(alias="from", description="the first day, or the first instant")] = None
    to: Annotated[
        Moment | None, Field(description="the last day, or the instant that ends the period; now unless given")
    ] = None
    timezone: Annotated[
        str,
        StringConstraints(max_length=64),
        AfterValidator(_zone),
        Field(description="an IANA time zone: where days begin"),
    ] = "UTC"

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        names = [field.alias or name for name, field in cls.model_fields.items()]
        for name in given:
            if name not in names:
                raise expectation(name, "a parameter of this address", allowed=names)
        return given

    @model_validator(mode="after")
    def _one_period(self) -> Self:
        if self.days is not None and (self.from_ or self.to):
            raise expectation("days", "nothing beside from and to")
        if self.to and not self.from_:
            raise expectation("from", "the beginning of a period that has an end")
        return self

    def filters(self) -> Filters:
        """The filters, names resolved."""
        operations = {
            Operations.GENERATING: GENERATING,
            Operations.EMBEDDINGS: ("embeddings",),
            Operations.ALL: None,
        }
        return Filters(
            provider=canonical_provider(self.provider) if self.provider else None,
            task_type=self.task_type,
            complexity=self.complexity,
            segment=self.segment,
            operations=operations[self.operation],
        )

    def window(self, now: datetime, default_days: int = DEFAULT_DAYS) -> Window:
        """The period that was asked for.

        Raises:
            InvalidValue: it ends before it begins, or is too long.
        """
        zone = zone_named(self.timezone)
        if self.from_ is None:
            return Window.last_days(self.days or default_days, now=now, zone=zone)
        bounds = [_parsed(self.from_), _parsed(self.to) if self.to else now.astimezone(zone).date()]
        start, end = (
            bound.replace(tzinfo=zone) if isinstance(bound, datetime) and bound.tzinfo is None else bound
            for bound in bounds
        )
        return Window.between(start, end, zone=zone)


class FilterParams(ScopeParams):
    """Which calls count."""

    model: Annotated[Name | None, Field(description="only this model, in any spelling")] = None

    def filters(self) -> Filters:
        """The filters, names resolved."""
        return replace(super().filters(), model=resolve(self.model).model if self.model else None)


Every = Annotated[
    Interval | None,
    Field(description="the length of a trend's points; days, or weeks where days would be too many, unless given"),
]


class ModelParams(ScopeParams):
    """The parameters of `GET /api/analytics/models/{model}`."""

    interval: Every = None

    def request(self, now: datetime) -> OverviewRequest:
        """What is asked of analytics.

        Raises:
            InvalidValue: the period is none.
        """
        return OverviewRequest(window=self.window(now), interval=self.interval, filters=self.filters())


class OverviewParams(FilterParams):
    """The parameters of `GET /api/analytics/models`."""

    group_by: Annotated[GroupBy | None, Field(description="adds groups, and splits trends by them")] = None
    interval: Every = None

    compare: Annotated[bool, Field(description="adds `previous`: as long a time just before")] = False

    def request(self, now: datetime) -> OverviewRequest:
        """What is asked of analytics.

        Raises:
            InvalidValue: the period is none.
        """
        return OverviewRequest(
            window=self.window(now),
            interval=self.interval,
            filters=self.filters(),
            group_by=self.group_by,
            compared_at=now if self.compare else None,
        )


class CostsParams(OverviewParams):
    """The parameters of `GET /api/analytics/costs`."""

    group_by: Annotated[GroupBy | None, Field(description="splits trends by it")] = None
    conversations: Annotated[
        int,
        Field(ge=0, le=MAX_CONVERSATIONS, description="how many of the dearest conversations; 0: none are looked for"),
    ] = DEFAULT_CONVERSATIONS
    cursor: Annotated[
        str | None, StringConstraints(max_length=1_200), Field(description="`conversations.next` of the page before")
    ] = None

    def page(self) -> ConversationsPage:
        """Which conversations are asked for.

        Raises:
            InvalidValue: the cursor is none.
        """
        return ConversationsPage(limit=self.conversations, after=costs.opened(self.cursor) if self.cursor else None)


class CallsParams(FilterParams):
    """The parameters of `GET /api/analytics/calls`."""

    operation: Annotated[Operations, Field(description="which operations are listed")] = Operations.ALL
    success: Annotated[bool | None, Field(description="only calls that succeeded, or that failed")] = None
    error_type: Annotated[ErrorType | None, Field(description="only calls that failed so")] = None
    conversation_id: Annotated[Name | None, Field(description="only this conversation")] = None
    user_id: Annotated[Name | None, Field(description="only this user")] = None
    message_id: Annotated[Name | None, Field(description="only the attempts at this message")] = None
    tag: Annotated[Name | None, Field(description="only calls with this among the `tags` of their metadata")] = None
    metadata: Annotated[
        Name | None,
        AfterValidator(_member),
        Field(description="only calls whose metadata has this, as `name=value`; in a list it may be one of several"),
    ] = None
    limit: Annotated[int, Field(ge=1, le=MAX_CALLS, description="how many at the most")] = DEFAULT_CALLS
    cursor: Annotated[str | None, StringConstraints(max_length=100), Field(description="`next` of the page before")] = (
        None
    )

    def question(self, now: datetime) -> CallsQuestion:
        """What is asked of the store: one call more than a page has, to know whether there is another page.

        Raises:
            InvalidValue: the period or the cursor is none.
        """
        dated = self.days is not None or self.from_ is not None
        return CallsQuestion(
            filters=self.filters(),
            window=self.window(now) if dated else None,
            success=self.success,
            error_type=self.error_type,
            conversation_id=self.conversation_id,
            user_id=ids.as_uuid(self.user_id, ids.USERS) if self.user_id else None,
            message_id=ids.as_uuid(self.message_id, ids.MESSAGES) if self.message_id else None,
            metadata=self._members(),
            limit=self.limit + 1,
            before=_opened(self.cursor) if self.cursor else None,
        )

    def _members(self) -> tuple[tuple[str, str], ...]:
        tag = [("tags", self.tag)] if self.tag else []
        name, _, text = (self.metadata or "").partition("=")
        return (*tag, *([(name, text)] if self.metadata else []))


def cursor_after(timestamp: datetime, id_: UUID) -> str:
    """Where a page of calls ends, for who asks for the next."""
    return base64.urlsafe_b64encode(f"{ids.epoch_us(timestamp)} {id_}".encode()).decode()


def _opened(cursor: str) -> tuple[datetime, UUID]:
    try:
        microseconds, id_ = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(microseconds)), UUID(id_)
    except (ValueError, OverflowError):
        raise InvalidValue("cursor", "the `next` of an answer", cursor) from None
