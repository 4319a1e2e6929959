"""Spans as tests make them, and the requests that carry them."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from augury.capture.otlp.spans import Event, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

START_NS = 1_774_970_000_000_000_000  # 2026-03-31T15:13:20Z
MS = 1_000_000
TRACE = "0af7651916cd43dd8448eb211c80319c"

_numbers = count(1)


def span(
    attributes: Mapping[str, Any],
    *,
    name: str = "chat gpt-4o",
    trace_id: str = TRACE,
    span_id: str | None = None,
    within: Span | None = None,
    start_ms: float = 0,
    took_ms: float = 100,
    failed: bool = False,
    told: str = "",
    events: Iterable[Event] = (),
    scope: str = "an.instrumentation",
    resource: Mapping[str, Any] | None = None,
) -> Span:
    """A span; `start_ms` counts from START_NS."""
    start = START_NS + int(start_ms * MS)
    return Span(
        trace_id=within.trace_id if within else trace_id,
        span_id=span_id or f"{next(_numbers):016x}",
        parent_id=within.span_id if within else "",
        name=name,
        start_ns=start,
        end_ns=start + int(took_ms * MS),
        failed=failed,
        told=told,
        attributes=attributes,
        events=tuple(events),
        scope=scope,
        resource=resource or {"service.name": "shop"},
    )


def chat(**more: Any) -> dict[str, Any]:
    """The attributes of a call by today's conventions; dots in names are spelled by two underscores."""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-11-20",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
    } | {name.replace("__", "."): value for name, value in more.items()}


def any_value(value: Any) -> AnyValue:
    """A Python value as OTLP has it."""
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case str():
            return AnyValue(string_value=value)
        case dict():
            found = AnyValue()
            found.kvlist_value.values.extend(pairs(value))
            return found
        case _:
            found = AnyValue()
            found.array_value.values.extend(any_value(one) for one in value)
            return found


def pairs(attributes: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def request(*spans: Span) -> bytes:
    """An ExportTraceServiceRequest with these spans, as protobuf."""
    message = ExportTraceServiceRequest()
    for one in spans:
        of_resource = message.resource_spans.add()
        of_resource.resource.attributes.extend(pairs(one.resource))
        of_scope = of_resource.scope_spans.add()
        of_scope.scope.name = one.scope
        sent = of_scope.spans.add(
            trace_id=bytes.fromhex(one.trace_id),
            span_id=bytes.fromhex(one.span_id),
            parent_span_id=bytes.fromhex(one.parent_id),
            name=one.name,
            start_time_unix_nano=one.start_ns,
            end_time_unix_nano=one.end_ns,
        )
        sent.attributes.extend(pairs(one.attributes))
        sent.status.code = Status.STATUS_CODE_ERROR if one.failed else Status.STATUS_CODE_UNSET
        sent.status.message = one.told
        for event in one.events:
            told = sent.events.add(name=event.name, time_unix_nano=event.time_ns)
            told.attributes.extend(pairs(event.attributes))
    return message.SerializeToString()


def json_value(value: Any) -> dict[str, Any]:
    """A Python value as OTLP's JSON has it."""
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case dict():
            return {"kvlistValue": {"values": json_pairs(value)}}
        case _:
            return {"arrayValue": {"values": [json_value(one) for one in value]}}


def json_pairs(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": json_value(value)} for key, value in attributes.items()]


def json_request(*spans: Span) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": json_pairs(one.resource)},
                "scopeSpans": [
                    {
                        "scope": {"name": one.scope},
                        "spans": [
                            {
                                "traceId": one.trace_id.upper(),
                                "spanId": one.span_id,
                                "parentSpanId": one.parent_id,
                                "name": one.name,
                                "kind": 3,
                                "startTimeUnixNano": str(one.start_ns),
                                "endTimeUnixNano": one.end_ns,
                                "attributes": json_pairs(one.attributes),
                                "status": {"code": 2, "message": one.told} if one.failed else {},
                                "events": [
                                    {
                                        "name": event.name,
                                        "timeUnixNano": str(event.time_ns),
                                        "attributes": json_pairs(event.attributes),
                                    }
                                    for event in one.events
                                ],
                                "somethingNew": [1],
                            }
                        ],
                    }
                ],
            }
            for one in spans
        ]
    }


def log_request(*records: Mapping[str, Any]) -> bytes:
    """An ExportLogsServiceRequest: records of `event`, `attributes`, and perhaps `span`, or `body`."""
    message = ExportLogsServiceRequest()
    within = message.resource_logs.add().scope_logs.add()
    for record in records:
        sent = within.log_records.add(event_name=record["event"], time_unix_nano=START_NS)
        sent.attributes.extend(pairs(record.get("attributes", {})))
        if (about := record.get("span")) is not None:
            sent.trace_id, sent.span_id = bytes.fromhex(about.trace_id), bytes.fromhex(about.span_id)
        if "body" in record:
            sent.body.CopyFrom(any_value(record["body"]))
    return message.SerializeToString()
