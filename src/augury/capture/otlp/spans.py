"""Spans and log records as both encodings of OTLP carry them, without anything that nobody asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Value: TypeAlias = "str | bool | int | float | list[Value] | dict[str, Value] | None"

TRACE_CHARACTERS, SPAN_CHARACTERS = 32, 16  # of an id in hexadecimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened within a span."""

    name: str
    time_ns: int
    attributes: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One span. Times are nanoseconds since 1970; ids are hexadecimal, in lower case."""

    trace_id: str
    span_id: str
    parent_id: str  # empty: a root
    name: str
    start_ns: int
    end_ns: int
    failed: bool  # its status is an error
    told: str = ""  # what the status says, cut: it may quote a prompt, so it is judged and never kept
    attributes: Mapping[str, Value]
    events: tuple[Event, ...] = ()
    scope: str = ""  # the instrumentation that made it
    resource: Mapping[str, Value] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The span among all spans."""
        return self.trace_id + self.span_id

    @property
    def parent_key(self) -> str:
        """The parent among all spans; empty where there is none."""
        return self.trace_id + self.parent_id if self.parent_id else ""

    @property
    def identified(self) -> bool:
        """Whether its ids are ids: of their lengths, and not all zeros, which OTLP says are none."""
        return is_id(self.trace_id, TRACE_CHARACTERS) and is_id(self.span_id, SPAN_CHARACTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecord:
    """One log record; ids are empty where it belongs to no span."""

    event: str
    trace_id: str
    span_id: str
    time_ns: int
    attributes: Mapping[str, Value]
    body: Value

    @property
    def span_key(self) -> str:
        """The span that it belongs to; empty where there is none."""
        known = is_id(self.trace_id, TRACE_CHARACTERS) and is_id(self.span_id, SPAN_CHARACTERS)
        return self.trace_id + self.span_id if known else ""


def is_id(text: str, characters: int) -> bool:
    """Whether the text is an id of so many hexadecimal characters, and not OTLP's word for none."""
    return len(text) == characters and text.strip("0") != ""
