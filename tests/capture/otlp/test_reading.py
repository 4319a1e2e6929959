"""From a request's bytes to calls, in both encodings, and from log records to verdicts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.capture.otlp.building import START_NS, chat, json_request, log_request, request, span

from augury.capture.otlp.reading import TelemetryReader
from augury.capture.otlp.spans import Event
from augury.capture.otlp.wire import Encoding
from augury.capture.rules import OwnerRules
from augury.core import ids
from augury.core.calls import ErrorType, ModelCall
from augury.core.tasks import TaskType
from augury.errors import InvalidValue
from augury.models.prices import PriceBook

if TYPE_CHECKING:
    from pathlib import Path

    from augury.capture.otlp.spans import Span

NOW = datetime(2026, 3, 31, 15, 30, tzinfo=UTC)
CODE = "Write a Python function that sorts a list of tuples by their second field."
PRICES = PriceBook()


def a_reader(rules: OwnerRules | None = None) -> TelemetryReader:
    return TelemetryReader(PRICES, rules or OwnerRules())


def read(*spans: Span, reader: TelemetryReader | None = None) -> list[ModelCall | InvalidValue]:
    return list((reader or a_reader()).spans(request(*spans), Encoding.PROTOBUF, now=NOW).calls)


def one(*spans: Span, reader: TelemetryReader | None = None) -> ModelCall:
    [call] = read(*spans, reader=reader)
    assert isinstance(call, ModelCall), call
    return call


def test_a_span_becomes_a_call_with_all_that_it_tells() -> None:
    call = one(
        span(
            chat(
                gen_ai__response__id="chatcmpl-1",
                gen_ai__response__finish_reasons=["stop"],
                gen_ai__conversation__id="c-1",
                gen_ai__usage__cache_read__input_tokens=60,
                openai__response__service_tier="default",
                user__id="anna",
                session__id="another",
                augury__segment="pro",
                gen_ai__agent__name="planner",
                tag__tags=["nightly", "eu"],
            ),
            span_id="00f067aa0ba902b7",
            took_ms=250.4,
        )
    )

    assert call.id == ids.derived_id(call.timestamp, f"{'0af7651916cd43dd8448eb211c80319c'}00f067aa0ba902b7", 0)
    assert call.timestamp == datetime.fromtimestamp(START_NS / 1e9 + 0.2504, UTC)
    assert (call.model, call.model_version, call.provider) == ("gpt-4o", "gpt-4o-2024-11-20", "openai")
    assert (call.response_time_ms, call.input_tokens, call.output_tokens, call.cached_input_tokens) == (
        250,
        100,
        20,
        60,
    )
    assert call.message_id == ids.as_uuid("chatcmpl-1", ids.MESSAGES)
    assert call.user_id == ids.as_uuid("anna", ids.USERS)
    assert (call.conversation_id, call.segment, call.service_tier) == ("c-1", "pro", "default")
    assert call.cost_usd is not None
    assert json.loads(call.metadata or "") == {
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": "00f067aa0ba902b7",
        "service": "shop",
        "agent": "planner",
        "tags": ["nightly", "eu"],
        "finish_reasons": ["stop"],
    }


def test_both_encodings_say_the_same() -> None:
    spans = [
        span(chat(gen_ai__input__messages=json.dumps([{"role": "user", "content": CODE}]), augury__propensity=0.5)),
        span(chat(error__type="timeout"), failed=True, told="timed out"),
        span(chat(), events=[Event(name="First Token Stream Event", time_ns=START_NS + 5_000_000, attributes={})]),
        span({"gen_ai.operation.name": "invoke_agent"}),
    ]
    as_json = json.dumps(json_request(*spans)).encode()

    told = a_reader().spans(as_json, Encoding.JSON, now=NOW)

    assert told == a_reader().spans(request(*spans), Encoding.PROTOBUF, now=NOW)
    assert (len(told.calls), told.others) == (3, 1)


@pytest.mark.parametrize(
    ("attributes", "told", "kind", "message"),
    [
        ({"error.type": "429"}, "", ErrorType.RATE_LIMIT, "429"),
        ({"error.type": "<class 'openai.RateLimitError'>"}, "", ErrorType.RATE_LIMIT, "openai.RateLimitError"),
        ({"error.type": "overloaded_error", "http.response.status_code": 529}, "", ErrorType.OVERLOADED, "529 overloaded_error"),
        ({"error.type": "client_timeout_error"}, "", ErrorType.TIMEOUT, "client_timeout_error"),
        ({"error.type": "APIConnectionError"}, "", ErrorType.CONNECTION, "APIConnectionError"),
        ({"error.type": "asyncio.exceptions.CancelledError"}, "", ErrorType.CANCELLED, "asyncio.exceptions.CancelledError"),
        ({"error.type": "BadRequestError"}, "This model's maximum context length is 8 tokens", ErrorType.CONTEXT_LENGTH, "BadRequestError"),
        ({"error.type": "AuthenticationError"}, "", ErrorType.AUTHENTICATION, "AuthenticationError"),
        ({"error.type": "no name: Write me a poem"}, "", ErrorType.OTHER, "error"),
        ({}, "Write me a poem", ErrorType.OTHER, "error"),
    ],
)  # fmt: skip
def test_failures_have_a_kind_and_no_sentence_is_kept(
    attributes: dict[str, Any], told: str, kind: ErrorType, message: str
) -> None:
    call = one(span(chat() | attributes, failed=True, told=told))

    assert (call.success, call.error_type, call.error_message) == (False, kind, message)


def test_an_exception_that_was_caught_on_the_way_is_no_failure() -> None:
    caught = Event(name="exception", time_ns=START_NS, attributes={"exception.type": "ConnectError"})

    assert one(span(chat(), events=[caught])).success
    assert one(span(chat(), events=[caught], failed=True)).error_type is ErrorType.CONNECTION


def test_a_threads_number_is_no_conversation_and_a_time_that_is_none_costs_no_call() -> None:
    call = one(span(chat(thread__id=7, gen_ai__response__time_to_first_chunk=-1.0)))

    assert (call.conversation_id, call.time_to_first_token_ms) == (None, None)


def test_an_answer_that_a_filter_stopped_is_a_failure_and_a_refusal_in_words_is_none() -> None:
    stopped = one(span(chat(gen_ai__response__finish_reasons=["content_filter"])))
    refused = one(span(chat(gen_ai__response__finish_reasons=["refusal"])))

    assert (stopped.success, stopped.error_type) == (False, ErrorType.CONTENT_FILTER)
    assert refused.success


MESSAGES: Any = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "parts": [{"type": "text", "content": CODE}]},
]
PROMPTS: dict[str, tuple[dict[str, Any], list[Event]]] = {
    "OpenTelemetry, as JSON": ({"gen_ai.input.messages": json.dumps(MESSAGES)}, []),
    "OpenTelemetry, structured": ({"gen_ai.input.messages": MESSAGES}, []),
    "OpenTelemetry, as an event": (
        {},
        [Event(name="gen_ai.client.inference.operation.details", time_ns=1, attributes={"gen_ai.input.messages": MESSAGES})],
    ),
    "OpenTelemetry's first events": ({}, [Event(name="gen_ai.user.message", time_ns=1, attributes={"content": CODE})]),
    "OpenLLMetry": (
        {"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "Hi", "gen_ai.prompt.1.role": "assistant",
         "gen_ai.prompt.1.content": "Hello", "gen_ai.prompt.2.role": "user", "gen_ai.prompt.2.content": CODE}, [],
    ),
    "OpenLLMetry, parts": (
        {"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": json.dumps([{"type": "text", "text": CODE}])}, [],
    ),
    "OpenInference": (
        {"llm.input_messages.0.message.role": "user",
         "llm.input_messages.0.message.contents.0.message_content.type": "text",
         "llm.input_messages.0.message.contents.0.message_content.text": CODE}, [],
    ),
    "OpenInference, the body": ({"input.value": json.dumps({"messages": [{"role": "user", "content": CODE}]})}, []),
    "OpenInference, a completion": ({"llm.prompts.0.prompt.text": CODE}, []),
    "a text": ({"input.value": CODE}, []),
    "Vercel": ({"ai.prompt.messages": json.dumps([{"role": "user", "content": [{"type": "text", "text": CODE}]}])}, []),
}  # fmt: skip


@pytest.mark.parametrize(("attributes", "events"), PROMPTS.values(), ids=PROMPTS)
def test_a_prompt_tells_the_task_wherever_it_stands_and_is_forgotten(
    attributes: dict[str, Any], events: list[Event]
) -> None:
    call = one(span(chat() | attributes, events=events))

    assert (call.task_type, call.task_complexity) == (TaskType.CODING, "simple")
    assert "tuples" not in repr(call)


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.tool.definitions": '[{"type": "function", "name": "weather"}]'},
        {"gen_ai.tool.definitions": [{"type": "function", "name": "weather"}]},
        {"llm.tools.0.tool.json_schema": "{}"},
        {"llm.request.functions.0.name": "weather"},
        {"ai.prompt.tools": ['{"name": "weather"}']},
    ],
)
def test_tools_on_offer_make_it_function_calling(attributes: dict[str, Any]) -> None:
    assert one(span(chat() | attributes)).task_type is TaskType.FUNCTION_CALLING


def test_a_call_without_text_and_tools_is_other() -> None:
    assert one(span(chat())).task_type is TaskType.OTHER


RULES = """
[[rule]]
service = "shop"
agent = "plan*"
task_type = "reasoning"

[[rule]]
tag = "night*"
task_type = "analysis"
complexity = "complex"
"""


def test_the_callers_word_goes_before_the_owners_rules_and_these_before_the_text(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    reader = a_reader(OwnerRules.from_file(path))
    prompt = {"gen_ai.input.messages": json.dumps(MESSAGES)}

    def task(**more: Any) -> tuple[str, str | None]:
        call = one(span(chat(**more) | prompt), reader=reader)
        return call.task_type, call.task_complexity

    assert task(gen_ai__agent__name="Planner") == ("reasoning", "simple")
    assert task(tag__tags=["x", "nightly"]) == ("analysis", "complex")
    assert task(tag__tags=["x", "nightly"], augury__task_type="creative") == ("creative", "simple")
    assert task(augury__taskType="creative", augury__taskComplexity="medium") == ("creative", "medium")
    assert task() == ("coding", "simple")


def test_what_the_application_says_of_itself_holds_for_all_its_calls() -> None:
    resource = {"service.name": "shop", "augury.task_type": "creative", "augury.segment": "pro"}

    call = one(span(chat(augury__segment="free"), resource=resource))

    assert (call.task_type, call.segment) == (TaskType.CREATIVE, "free")


def test_an_agent_around_a_call_tells_what_the_call_does_not() -> None:
    agent = span({"openinference.span.kind": "AGENT", "agent.name": "planner", "session.id": "s-1"}, took_ms=100)
    inner = span(chat(), within=agent, start_ms=1, took_ms=10)

    call = one(agent, inner)

    assert call.conversation_id == "s-1"
    assert json.loads(call.metadata or "")["agent"] == "planner"


def test_what_the_innermost_span_does_not_know_another_of_the_same_call_tells() -> None:
    prompt = {"gen_ai.input.messages": json.dumps(MESSAGES), "gen_ai.response.id": "msg_1"}
    outer = span(chat() | prompt, took_ms=100, scope="framework")
    bare = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
    inner = span(bare, within=outer, start_ms=1, took_ms=90, scope="client")

    call = one(outer, inner)

    assert (call.task_type, call.input_tokens, call.response_time_ms) == (TaskType.CODING, 100, 90)
    assert call.message_id == ids.as_uuid("msg_1", ids.MESSAGES)


def test_a_prompt_that_came_as_a_log_record_before_its_span_tells_the_task() -> None:
    reader = a_reader()
    call = span(chat())
    said = [{"event": "gen_ai.user.message", "span": call, "body": {"content": CODE}}]

    assert reader.logs(log_request(*said), Encoding.PROTOBUF).others == 1
    assert one(call, reader=reader).task_type is TaskType.CODING


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        (span(chat(), span_id="0" * 16), "span_id"),
        (span(chat(), took_ms=-5), "response_time_ms"),
        (span(chat(), start_ms=10_000_000), "timestamp"),
        (span({"gen_ai.operation.name": "chat"}), "model"),
        (span(chat(augury__task_type="codng")), "task_type"),
        (span(chat(augury__propensity=2.0)), "propensity"),
        (span(chat(user__id="a\0b")), "user_id"),
    ],
)
def test_a_span_that_breaks_a_rule_costs_no_other(broken: Span, field: str) -> None:
    good, bad = span(chat(), took_ms=1), broken

    told = read(good, bad)

    assert [call for call in told if isinstance(call, ModelCall)]
    assert [call.field for call in told if isinstance(call, InvalidValue)] == [field]


@pytest.mark.parametrize(
    "asked",
    [{"server.address": "127.0.0.1", "server.port": 8765}, {"gen_ai.openai.api_base": "http://127.0.0.1:8765/v1/"}],
)
def test_a_call_through_our_own_gateway_is_recorded_there(asked: dict[str, Any]) -> None:
    body = request(span(chat() | asked), span(chat() | {"server.address": "api.openai.com", "server.port": 443}))

    told = a_reader().spans(body, Encoding.PROTOBUF, now=NOW, here="127.0.0.1:8765")

    assert (len(told.calls), told.duplicates) == (1, 1)


def test_too_many_spans_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augury.capture.otlp.wire.MOST_SPANS", 2)

    with pytest.raises(InvalidValue, match="at most 2 spans"):
        a_reader().spans(request(*(span(chat()) for _ in range(3))), Encoding.PROTOBUF, now=NOW)


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize(
    "body",
    [
        b"garbage", b"[]", b'{"resourceSpans": 3}', b'{"resourceSpans": [{"scopeSpans": [{"spans": [7]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"startTimeUnixNano": "soon"}]}]}]}', b'{"resourceSpans": [' * 9_999,
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"endTimeUnixNano": 1e999}]}]}]}',
    ],
)  # fmt: skip
def test_garbage_is_refused_whole(body: bytes, encoding: Encoding) -> None:
    with pytest.raises(InvalidValue, match="ExportTraceServiceRequest"):
        a_reader().spans(body, encoding, now=NOW)


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "gen_ai.operation.name", "gen_ai.request.model", "gen_ai.usage.input_tokens", "gen_ai.input.messages", "user.id",
        "gen_ai.response.finish_reasons", "llm.input_messages.0.message.content", "llm.invocation_parameters",
        "openinference.span.kind", "augury.success", "augury.message_id", "tag.tags", "error.type", "input.value",
        "gen_ai.response.time_to_first_chunk", "llm.cost.total", "output.value", "gen_ai.tool.definitions",
    ]
)  # fmt: skip


def _json(value: Any) -> dict[str, Any]:
    """Any value as OTLP's JSON, or as something that is none."""
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case list():
            return {"arrayValue": {"values": [_json(one) for one in value]}}
        case dict():
            return {"kvlistValue": {"values": [{"key": key, "value": _json(one)} for key, one in value.items()]}}
        case _:
            return {}


@given(st.dictionaries(NAMES, HOSTILE, max_size=8))
def test_whatever_attributes_hold_a_span_is_a_call_or_refused_by_name(attributes: dict[str, Any]) -> None:
    document = json_request(span(chat()))
    sent = document["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    sent["attributes"] += [{"key": key, "value": _json(value)} for key, value in attributes.items()]

    told = a_reader().spans(json.dumps(document).encode(), Encoding.JSON, now=NOW)

    assert all(isinstance(call, ModelCall | InvalidValue) for call in told.calls)
