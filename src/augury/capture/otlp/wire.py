"""OTLP's two encodings, protobuf and JSON: bytes to spans and log records, and what became of them to bytes.

Only attributes that somebody asks for are read (`names.wanted`): an answer's text, a vector, a stack trace is never looked at.

JSON is not protobuf's own mapping: ids are hexadecimal instead of base64, and enumerations are numbers; so it is read here.
Unknown fields are passed over, as OTLP says.
"""

from __future__ import annotations

import json
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from augury.capture.otlp.names import wanted
from augury.capture.otlp.spans import Event, LogRecord, Span, Value
from augury.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ERROR = 2  # Status.StatusCode.STATUS_CODE_ERROR
_GARBAGE = (DecodeError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)
MOST_SPANS = 20_000  # of one request; a collector's batch has 8,192
_LONGEST_NAME, _LONGEST_SENTENCE = 200, 2_000
_MOST_DEPTH = 40  # of lists and objects in an attribute
_MOST_EVENTS = 1_000  # of one span that are looked at: a stream's first chunk is among the first


class Encoding(Enum):
    """How a request is written; its answer is written the same way."""

    PROTOBUF = "application/x-protobuf"
    JSON = "application/json"


def read_spans(body: bytes, encoding: Encoding) -> list[Span]:
    """The spans of an ExportTraceServiceRequest.

    Raises:
        InvalidValue: the body is none, or has too many.
    """
    try:
        found = list(islice(_proto_spans(body) if encoding is Encoding.PROTOBUF else _json_spans(body), MOST_SPANS + 1))
    except _GARBAGE:
        raise _garbage("ExportTraceServiceRequest", encoding) from None
    if len(found) > MOST_SPANS:
        raise InvalidValue("body", f"at most {MOST_SPANS} spans; send them in parts", told="more")
    return found


def read_logs(body: bytes, encoding: Encoding) -> list[LogRecord]:
    """The log records of an ExportLogsServiceRequest.

    Raises:
        InvalidValue: the body is none.
    """
    try:
        return list(_proto_logs(body) if encoding is Encoding.PROTOBUF else _json_logs(body))
    except _GARBAGE:
        raise _garbage("ExportLogsServiceRequest", encoding) from None


def _garbage(message: str, encoding: Encoding) -> InvalidValue:
    return InvalidValue("body", f"an {message} of OTLP as {encoding.value}", told="something else")


def trace_answer(encoding: Encoding, *, rejected: int, message: str) -> bytes:
    """An ExportTraceServiceResponse: how many spans were rejected, and why; or, of none, a warning."""
    if encoding is Encoding.JSON:
        return _json_answer("rejectedSpans", rejected, message)
    answer = ExportTraceServiceResponse()
    if rejected or message:
        answer.partial_success.rejected_spans = rejected
        answer.partial_success.error_message = message.encode(errors="replace").decode()
    return answer.SerializeToString()


def logs_answer(encoding: Encoding, *, rejected: int, message: str) -> bytes:
    """An ExportLogsServiceResponse: how many log records were rejected, and why; or, of none, a warning."""
    if encoding is Encoding.JSON:
        return _json_answer("rejectedLogRecords", rejected, message)
    answer = ExportLogsServiceResponse()
    if rejected or message:
        answer.partial_success.rejected_log_records = rejected
        answer.partial_success.error_message = message.encode(errors="replace").decode()
    return answer.SerializeToString()


def failure(encoding: Encoding, message: str) -> bytes:
    """A google.rpc.Status, which OTLP wants as the body of every answer but 200: its field 2 is the message."""
    if encoding is Encoding.JSON:
        return json.dumps({"message": message}).encode()
    # That of a span has its message in the same field, and may have nothing else.
    return Status(message=message.encode(errors="replace").decode()).SerializeToString()


def _json_answer(field: str, rejected: int, message: str) -> bytes:
    told = {field: str(rejected), "errorMessage": message}  # 64-bit integers are text in protobuf's JSON
    return json.dumps({"partialSuccess": told} if rejected or message else {}).encode()


# ── protobuf ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _proto_spans(body: bytes) -> Iterator[Span]:
    for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = _proto_attributes(of_resource.resource.attributes)
        for of_scope in of_resource.scope_spans:
            scope = of_scope.scope.name[:_LONGEST_NAME]
            for span in of_scope.spans:
                attributes = _proto_attributes(span.attributes)
                yield Span(
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    name=span.name[:_LONGEST_NAME],
                    start_ns=span.start_time_unix_nano,
                    end_ns=span.end_time_unix_nano,
                    failed=span.status.code == _ERROR,
                    told=span.status.message[:_LONGEST_SENTENCE],
                    attributes=attributes,
                    events=tuple(_proto_events(span.events)) if attributes else (),
                    scope=scope,
                    resource=resource,
                )


def _proto_events(events: Any) -> Iterator[Event]:
    for event in events[:_MOST_EVENTS]:
        yield Event(name=event.name, time_ns=event.time_unix_nano, attributes=_proto_attributes(event.attributes))


def _proto_logs(body: bytes) -> Iterator[LogRecord]:
    for of_resource in ExportLogsServiceRequest.FromString(body).resource_logs:
        for of_scope in of_resource.scope_logs:
            for record in of_scope.log_records:
                attributes = _proto_attributes(record.attributes)
                yield LogRecord(
                    event=record.event_name or _event_name(attributes),
                    trace_id=record.trace_id.hex(),
                    span_id=record.span_id.hex(),
                    time_ns=record.time_unix_nano or record.observed_time_unix_nano,
                    attributes=attributes,
                    body=_proto_value(record.body),
                )


def _proto_attributes(pairs: Any) -> dict[str, Value]:
    return {key: _proto_value(pair.value) for pair in pairs if wanted(key := pair.key)}


def _proto_value(value: Any) -> Value:
    """An AnyValue; protobuf has bounded its depth."""
    kind = value.WhichOneof("value")
    match kind:
        case None | "bytes_value":
            return None
        case "array_value":
            return [_proto_value(one) for one in value.array_value.values]
        case "kvlist_value":
            return {pair.key: _proto_value(pair.value) for pair in value.kvlist_value.values}
        case _:
            found: Value = getattr(value, kind)
            return found


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _json_spans(body: bytes) -> Iterator[Span]:
    for of_resource in _objects(_document(body), "resourceSpans"):
        resource = _json_attributes((of_resource.get("resource") or {}).get("attributes"))
        for of_scope in _objects(of_resource, "scopeSpans"):
            scope = _text((of_scope.get("scope") or {}).get("name"))[:_LONGEST_NAME]
            for span in _objects(of_scope, "spans"):
                attributes = _json_attributes(span.get("attributes"))
                status = span.get("status") or {}
                yield Span(
                    trace_id=_id(span.get("traceId")),
                    span_id=_id(span.get("spanId")),
                    parent_id=_id(span.get("parentSpanId")),
                    name=_text(span.get("name"))[:_LONGEST_NAME],
                    start_ns=_whole(span.get("startTimeUnixNano")),
                    end_ns=_whole(span.get("endTimeUnixNano")),
                    failed=status.get("code") in (_ERROR, "STATUS_CODE_ERROR"),
                    told=_text(status.get("message"))[:_LONGEST_SENTENCE],
                    attributes=attributes,
                    events=tuple(_json_events(span)) if attributes else (),
                    scope=scope,
                    resource=resource,
                )


def _json_events(span: dict[str, Any]) -> Iterator[Event]:
    for number, event in enumerate(_objects(span, "events")):
        if number == _MOST_EVENTS:
            return
        yield Event(
            name=_text(event.get("name")),
            time_ns=_whole(event.get("timeUnixNano")),
            attributes=_json_attributes(event.get("attributes")),
        )


def _json_logs(body: bytes) -> Iterator[LogRecord]:
    for of_resource in _objects(_document(body), "resourceLogs"):
        for of_scope in _objects(of_resource, "scopeLogs"):
            for record in _objects(of_scope, "logRecords"):
                attributes = _json_attributes(record.get("attributes"))
                yield LogRecord(
                    event=_text(record.get("eventName")) or _event_name(attributes),
                    trace_id=_id(record.get("traceId")),
                    span_id=_id(record.get("spanId")),
                    time_ns=_whole(record.get("timeUnixNano")) or _whole(record.get("observedTimeUnixNano")),
                    attributes=attributes,
                    body=_json_value(record.get("body") or {}),
                )


def _document(body: bytes) -> dict[str, Any]:
    document = json.loads(body)
    if not isinstance(document, dict):
        raise TypeError
    return document


def _objects(within: dict[str, Any], name: str) -> Iterable[dict[str, Any]]:
    """The objects of a list; a TypeError where it is something else."""
    found = within.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise TypeError
    return found


def _json_attributes(pairs: object) -> dict[str, Value]:
    return {
        key: _json_value(pair.get("value") or {})
        for pair in (pairs if isinstance(pairs, list) else ())
        if isinstance(pair, dict) and isinstance(key := pair.get("key"), str) and wanted(key)
    }


def _json_value(value: Any, depth: int = 0) -> Value:
    if depth > _MOST_DEPTH:
        raise ValueError
    for kind, given in value.items():
        match kind, given:
            case "stringValue", str():
                return str(given)
            case "boolValue", bool():
                return bool(given)
            case "intValue", _:  # text or a number
                return _whole(given)
            case "doubleValue", int() | float() | str():
                return float(given)
            case "arrayValue", dict():
                return [_json_value(one, depth + 1) for one in _objects(given, "values")]
            case "kvlistValue", dict():
                return {
                    _text(pair.get("key")): _json_value(pair.get("value") or {}, depth + 1)
                    for pair in _objects(given, "values")
                }
    return None


def _event_name(attributes: dict[str, Value]) -> str:
    """Where SDKs put an event's name before log records had a field for it."""
    return _text(attributes.get("event.name"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _id(value: object) -> str:
    """Hexadecimal, in lower case; text that is none is no id."""
    text = _text(value)
    try:
        return bytes.fromhex(text).hex()
    except ValueError:
        return ""


def _whole(value: object) -> int:
    """A 64-bit integer, which JSON has as text; ValueError for what is none."""
    if value is None or isinstance(value, bool):
        return 0
    return int(value) if isinstance(value, str | int) else int(float(str(value)))
