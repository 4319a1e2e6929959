"""A request's spans or log records, from its bytes to what is to be kept; and what is remembered from one request to the next.

Of prompts that come as log records apart from their spans, only the task type and the complexity are remembered, until the span
comes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from augury.capture.otlp import conventions
from augury.capture.otlp.calls import Task, record_of
from augury.capture.otlp.evaluations import EVENT, Verdict, verdict_of
from augury.capture.otlp.once import REMEMBERED, Once
from augury.capture.otlp.prompts import classified_event
from augury.capture.otlp.wire import read_logs, read_spans
from augury.capture.records import RecordReader
from augury.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from augury.capture.otlp.wire import Encoding
    from augury.capture.rules import OwnerRules
    from augury.core.calls import ModelCall
    from augury.models.prices import PriceBook

ValueT = TypeVar("ValueT")


class _Remembered(Generic[ValueT]):
    """Values by name, the latest so many. Safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[str, ValueT] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str) -> ValueT | None:
        with self._lock:
            return self._values.get(name)

    def put(self, name: str, value: ValueT) -> None:
        with self._lock:
            self._values[name] = value
            self._values.move_to_end(name)
            if len(self._values) > self._most:
                self._values.popitem(last=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """What a request's spans are: an answer for each call, and how many spans are none."""

    calls: Sequence[ModelCall | InvalidValue]
    duplicates: int  # tell of calls that other spans tell of too
    others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """What a request's log records say of calls."""

    verdicts: Sequence[Verdict]
    refused: Sequence[InvalidValue]
    others: int


class TelemetryReader:
    """Reads telemetry. Safe to use from several threads."""

    def __init__(self, prices: PriceBook | None, rules: OwnerRules, remembered: int = REMEMBERED) -> None:
        """At most so many spans and tasks are remembered."""
        self._prices = prices
        self._rules = rules
        self._once = Once(remembered)
        self._heard: _Remembered[Task] = _Remembered(remembered)
        self._messages: _Remembered[UUID] = _Remembered(remembered)

    def spans(self, body: bytes, encoding: Encoding, *, now: datetime, here: str = "") -> Spans:
        """The calls that an ExportTraceServiceRequest tells of, each once.

        Args:
            body: the request.
            encoding: how it is written.
            now: the present, for the rule about the future.
            here: the host and port of our own gateway, which records what it is asked by itself.

        Raises:
            InvalidValue: the body is none, or has too many spans.
        """
        sorted_ = self._once.sort(read_spans(body, encoding))
        reader = RecordReader(self._prices)
        calls: list[ModelCall | InvalidValue] = []
        duplicates = sorted_.duplicates
        for seen in sorted_.calls:
            if any(conventions.asks(span, here) for span in (seen.span, *seen.same)):
                duplicates += 1
                continue
            try:
                record = record_of(seen, self._rules.tasks, self._heard.get)
                call = reader.read(record, now=now)
            except InvalidValue as problem:
                calls.append(problem.with_traceback(None))  # which would keep the spans, and the answers themselves
                continue
            calls.append(call)
            if call.message_id is not None and record["message_id"] != seen.span.key:
                for span in (seen.span, *seen.same):
                    self._messages.put(span.key, call.message_id)
        return Spans(calls=calls, duplicates=duplicates, others=sorted_.others)

    def logs(self, body: bytes, encoding: Encoding) -> Logs:
        """What an ExportLogsServiceRequest says of calls.

        Raises:
            InvalidValue: the body is none.
        """
        verdicts: list[Verdict] = []
        refused: list[InvalidValue] = []
        others = 0
        for record in read_logs(body, encoding):
            if record.event != EVENT:
                others += 1
                if record.span_key and (found := classified_event(record.event, record.attributes, record.body)):
                    self._heard.put(record.span_key, Task(str(found.task_type), str(found.complexity)))
                continue
            try:
                verdict = verdict_of(record, self._rules.evaluations)
            except InvalidValue as problem:
                refused.append(problem)
                continue
            if verdict is None:
                others += 1
            else:
                verdicts.append(verdict)
        return Logs(verdicts=verdicts, refused=refused, others=others)

    def message_of(self, span_key: str) -> UUID | None:
        """The message that a span's call was, where it is remembered and not the span's own."""
        return self._messages.get(span_key)
