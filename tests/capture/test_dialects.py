"""What providers' documented answers say, in our own counting; and what hostile ones cannot do."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import anthropic.types
import openai.types.chat
import openai.types.responses
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.capture import anthropic as anthropic_dialect
from augury.capture import openai as openai_dialect
from augury.capture.asking import classified
from augury.capture.dialects import reader_for
from augury.capture.records import RecordReader

CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"


def read(path: str, *events: object, body: object = None) -> dict[str, Any]:
    reader = reader_for(path)
    assert reader is not None
    for event in events:
        reader.event(event)
    if events:
        reader.close()
    else:
        reader.body(body)
    return reader.fields()


# Each as the provider's own documentation shows it, or its reference says it is counted.
OPENAI_USAGES = [
    pytest.param(  # https://platform.openai.com/docs/api-reference/chat/object
        {
            "prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "accepted_prediction_tokens": 0},
        },
        {"input_tokens": 19, "output_tokens": 10, "cached_input_tokens": 0, "reasoning_tokens": 0},
        id="chat completion",
    ),
    pytest.param(  # https://platform.openai.com/docs/guides/prompt-caching: cached ones are among prompt_tokens
        {
            "prompt_tokens": 2006, "completion_tokens": 300, "total_tokens": 2306,
            "prompt_tokens_details": {"cached_tokens": 1920},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        {"input_tokens": 2006, "output_tokens": 300, "cached_input_tokens": 1920, "reasoning_tokens": 0},
        id="cached prompt",
    ),
    pytest.param(  # https://platform.openai.com/docs/guides/reasoning: reasoning is among output_tokens
        {
            "input_tokens": 75, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 1186,
            "output_tokens_details": {"reasoning_tokens": 1024}, "total_tokens": 1261,
        },
        {"input_tokens": 75, "output_tokens": 1186, "cached_input_tokens": 0, "reasoning_tokens": 1024},
        id="response with reasoning",
    ),
    pytest.param(  # https://platform.openai.com/docs/api-reference/embeddings/create
        {"prompt_tokens": 8, "total_tokens": 8}, {"input_tokens": 8}, id="embedding"
    ),
    pytest.param(  # https://api-docs.deepseek.com/guides/kv_cache: hits and misses add up to prompt_tokens
        {
            "prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105,
            "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36,
        },
        {"input_tokens": 100, "output_tokens": 5, "cached_input_tokens": 64},
        id="DeepSeek's cache",
    ),
    pytest.param(  # https://docs.x.ai/docs/guides/reasoning: reasoning is in total_tokens, not in completion_tokens
        {
            "prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 136,
            "prompt_tokens_details": {"cached_tokens": 6}, "completion_tokens_details": {"reasoning_tokens": 95},
        },
        {"input_tokens": 32, "output_tokens": 104, "cached_input_tokens": 6, "reasoning_tokens": 95},
        id="xAI's reasoning",
    ),
    pytest.param(  # https://ai.google.dev/gemini-api/docs/openai: thoughts are told by the total alone
        {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 530},
        {"input_tokens": 10, "output_tokens": 520},
        id="Gemini's thoughts",
    ),
    pytest.param(  # a proxy that passes Anthropic's own counting on: cached tokens are more than it says went in
        {"prompt_tokens": 21, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 1_000}},
        {"input_tokens": 1_021, "output_tokens": 4, "cached_input_tokens": 1_000},
        id="cached beside the prompt",
    ),
]  # fmt: skip

ANTHROPIC_USAGES = [
    pytest.param(  # https://platform.claude.com/docs/en/api/messages
        {"input_tokens": 2095, "output_tokens": 503}, {"input_tokens": 2095, "output_tokens": 503}, id="message"
    ),
    pytest.param(  # https://platform.claude.com/docs/en/build-with-claude/prompt-caching: three sorts that exclude each other
        {
            "input_tokens": 50, "cache_read_input_tokens": 100_000, "cache_creation_input_tokens": 0, "output_tokens": 503,
        },
        {"input_tokens": 100_050, "cached_input_tokens": 100_000, "cache_write_tokens": 0, "output_tokens": 503},
        id="read from a cache",
    ),
    pytest.param(  # …#1-hour-cache-duration
        {
            "input_tokens": 2048, "cache_read_input_tokens": 1800, "cache_creation_input_tokens": 248, "output_tokens": 503,
            "cache_creation": {"ephemeral_5m_input_tokens": 148, "ephemeral_1h_input_tokens": 100},
            "service_tier": "standard",
        },
        {
            "input_tokens": 4096, "cached_input_tokens": 1800, "cache_write_tokens": 248, "cache_write_1h_tokens": 100,
            "output_tokens": 503, "service_tier": "standard",
        },
        id="written for an hour",
    ),
    pytest.param(  # the reference of BetaUsage: a compaction's tokens are not in the sums beside it
        {
            "input_tokens": 23_000, "output_tokens": 1_000, "speed": "fast",
            "iterations": [
                {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3_500},
                {"type": "message", "input_tokens": 23_000, "output_tokens": 1_000},
            ],
        },
        {"input_tokens": 203_000, "output_tokens": 4_500, "service_tier": "fast"},
        id="compaction",
    ),
    pytest.param(  # the reference of OutputTokensDetails
        {"input_tokens": 9, "output_tokens": 400, "output_tokens_details": {"thinking_tokens": 350}},
        {"input_tokens": 9, "output_tokens": 400, "reasoning_tokens": 350},
        id="thinking",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("told", "counted"), OPENAI_USAGES)
def test_tokens_of_openais_dialect(told: dict[str, Any], counted: dict[str, Any]) -> None:
    assert openai_dialect.usage_of(told).fields() == counted


@pytest.mark.parametrize(("told", "counted"), ANTHROPIC_USAGES)
def test_tokens_of_anthropics_dialect(told: dict[str, Any], counted: dict[str, Any]) -> None:
    assert anthropic_dialect.usage_of(told).fields() == counted


def chunk(
    delta: dict[str, Any] | None = None, finish: str | None = None, index: int = 0, **more: Any
) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": index, "delta": delta, "finish_reason": finish}]
    return {"id": "chatcmpl-123", "model": "gpt-4o-2024-08-06", "choices": choices, "usage": None} | more


def completion(finish: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-123",
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": "Hello"}} | more],
        "usage": {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29},
        "service_tier": "default",
    }


def response(status: str, **more: Any) -> dict[str, Any]:
    return {"id": "resp_67ccd2bed1ec8190b14f964abc054267", "model": "gpt-4o-2024-08-06", "status": status} | more


FAILED = {"success": False}
TEXT = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}
START = {
    "type": "message_start",
    "message": {
        "id": "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY",
        "model": "claude-opus-4-20250514",
        "usage": {"input_tokens": 25, "cache_read_input_tokens": 75, "output_tokens": 1},
    },
}


def message_delta(stop: str, **usage: int) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None}, "usage": usage}


ENDINGS = [
    ("stop", read(CHAT, body=completion("stop")), {"success": True, "service_tier": "default", "input_tokens": 19}),
    ("length", read(CHAT, body=completion("length")), {"success": True}),
    ("tools", read(CHAT, body=completion("tool_calls")), {"success": True}),
    ("refusal", read(CHAT, body=completion("stop", message={"refusal": "I cannot"})), {"success": True}),
    ("filter", read(CHAT, body=completion("content_filter")), FAILED | {"error_type": "content_filter"}),
    ("overloaded", read(CHAT, body=completion("insufficient_system_resource")), FAILED | {"error_type": "overloaded"}),
    (
        "error at a provider behind",  # https://openrouter.ai/docs/api-reference/errors
        read(CHAT, body={"error": {"code": 429, "message": "you said: secret"}}),
        FAILED | {"error_type": "rate_limit", "error_message": "429"},
    ),
    ("stream", read(CHAT, chunk({"content": "Hi"}), chunk({}, "stop")), {"success": True}),
    ("cut", read(CHAT, chunk({"content": "Hi"})), FAILED | {"error_type": "connection"}),
    (
        "one of two cut",
        read(CHAT, chunk({"content": "a"}), chunk({"content": "b"}, index=1), chunk({}, "stop")),
        FAILED,
    ),
    (
        "usage at the end",
        read(CHAT, chunk({}, "stop"), chunk(usage={"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7})),
        {"success": True, "input_tokens": 3, "output_tokens": 4, "model": "gpt-4o-2024-08-06"},
    ),
    (
        "Groq's usage",  # https://console.groq.com/docs/api-reference#chat-create
        read(CHAT, chunk({}, "stop", x_groq={"usage": {"prompt_tokens": 3, "completion_tokens": 4}})),
        {"success": True, "input_tokens": 3, "output_tokens": 4},
    ),
    (
        "error in a stream",
        read(CHAT, chunk({"content": "Hi"}), {"error": {"message": "secret", "type": "server_error", "code": None}}),
        FAILED | {"error_type": "server", "error_message": "server_error"},
    ),
    ("completed", read(RESPONSES, body=response("completed")), {"success": True, "operation": "chat"}),
    (
        "out of tokens",
        read(RESPONSES, body=response("incomplete", incomplete_details={"reason": "max_output_tokens"})),
        {"success": True},
    ),
    (
        "filtered",
        read(RESPONSES, body=response("incomplete", incomplete_details={"reason": "content_filter"})),
        FAILED | {"error_type": "content_filter"},
    ),
    (
        "failed",
        read(RESPONSES, body=response("failed", error={"code": "rate_limit_exceeded", "message": "secret"})),
        FAILED | {"error_type": "rate_limit", "error_message": "rate_limit_exceeded"},
    ),
    ("cancelled", read(RESPONSES, body=response("cancelled")), FAILED | {"error_type": "cancelled"}),
    (
        "streamed",
        read(
            RESPONSES,
            {"type": "response.created", "response": response("in_progress")},
            {"type": "response.output_text.delta", "delta": "Hi"},
            {
                "type": "response.completed",
                "response": response("completed", usage={"input_tokens": 37, "output_tokens": 11, "total_tokens": 48}),
            },
        ),
        {"success": True, "input_tokens": 37, "output_tokens": 11},
    ),
    (
        "streamed and failed",
        read(RESPONSES, {"type": "response.failed", "response": response("failed", error={"code": "server_error"})}),
        FAILED | {"error_type": "server"},
    ),
    (
        "an error event",
        read(RESPONSES, {"type": "error", "code": "server_error", "message": "secret", "param": None}),
        FAILED | {"error_type": "server", "error_message": "server_error"},
    ),
    (
        "streamed and cut",
        read(RESPONSES, {"type": "response.output_text.delta"}),
        FAILED | {"error_type": "connection"},
    ),
    (
        "cumulative",  # https://platform.claude.com/docs/en/build-with-claude/streaming
        read(MESSAGES, START, TEXT, message_delta("end_turn", output_tokens=15), {"type": "message_stop"}),
        {"success": True, "input_tokens": 100, "cached_input_tokens": 75, "output_tokens": 15},
    ),
    (
        "cumulative input",  # …/streaming#streaming-with-web-search-tool
        read(MESSAGES, START, message_delta("end_turn", input_tokens=10_682, output_tokens=510)),
        {"success": True, "input_tokens": 10_757, "output_tokens": 510},
    ),
    ("full", read(MESSAGES, START, message_delta("max_tokens", output_tokens=15)), {"success": True}),
    ("refused in words", read(MESSAGES, START, message_delta("refusal", output_tokens=15)), {"success": True}),
    ("broken off", read(MESSAGES, START, TEXT), FAILED | {"error_type": "connection", "input_tokens": 100}),
    (
        "overloaded in a stream",  # …/streaming#error-events
        read(MESSAGES, START, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        FAILED | {"error_type": "overloaded", "error_message": "overloaded_error"},
    ),
    (
        "OpenRouter's charge",
        read(CHAT, body=completion("stop") | {"usage": {"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.0015}}),
        {"cost_usd": Decimal("0.0015")},
    ),
]


@pytest.mark.parametrize(("fields", "said"), [pytest.param(*one[1:], id=one[0]) for one in ENDINGS])
def test_every_ending_is_told_as_it_was(fields: dict[str, Any], said: dict[str, Any]) -> None:
    assert {name: fields.get(name) for name in said} == said
    assert "secret" not in str(fields)


@pytest.mark.parametrize(
    ("path", "silent", "telling"),
    [
        (CHAT, [chunk({"role": "assistant", "content": ""})], chunk({"content": "Hi"})),
        (CHAT, [chunk({"role": "assistant"})], chunk({"tool_calls": [{"index": 0}]})),
        (RESPONSES, [{"type": "response.created", "response": response("in_progress")}], {"type": "response.x.delta"}),
        (MESSAGES, [START, {"type": "ping"}, {"type": "content_block_start"}], TEXT),
    ],
)
def test_the_first_token_is_the_first_of_the_answer_itself(path: str, silent: list[Any], telling: Any) -> None:
    reader = reader_for(path)
    assert reader is not None
    for event in silent:
        reader.event(event)
        assert not reader.begun
    reader.event(telling)
    assert reader.begun


@pytest.mark.parametrize("path", [CHAT, RESPONSES, MESSAGES])
def test_what_a_reader_skips_tells_nothing_new(path: str) -> None:
    told = [
        chunk({"content": 'he said "finish_reason":null'}),
        chunk({}, "stop"),
        chunk(usage={"prompt_tokens": 1, "completion_tokens": 2}),
        {"error": {"type": "server_error"}},
        {"type": "response.output_text.delta", "delta": "Hi"},
        {"type": "response.completed", "response": response("completed")},
        TEXT,
        message_delta("end_turn", output_tokens=3),
        {"type": "message_stop"},
    ]
    for event in told:
        reader = reader_for(path)
        assert reader is not None
        reader.begun = True
        before = reader.fields(), reader.ended
        if reader.skips(json.dumps(event, separators=(",", ":")).encode()):
            reader.event(event)
            assert reader.fields() | {"model": None} == before[0] | {"model": None}
            assert reader.ended == before[1]


def test_objects_of_the_clients_read_like_the_json_they_were() -> None:
    whole = completion("stop") | {"object": "chat.completion", "created": 1}
    assert read(CHAT, body=openai.types.chat.ChatCompletion.model_validate(whole)) == read(CHAT, body=whole)
    chunks = [
        one | {"object": "chat.completion.chunk", "created": 1}
        for one in (chunk({"content": "Hi"}), chunk({}, "stop"), chunk(usage=whole["usage"]))
    ]
    built = [openai.types.chat.ChatCompletionChunk.model_validate(one) for one in chunks]
    assert read(CHAT, *built) == read(CHAT, *chunks)
    failed = response("failed", error={"code": "server_error", "message": "secret"})
    assert read(RESPONSES, body=openai.types.responses.Response.model_construct(**failed)) == read(
        RESPONSES, body=failed
    )
    start = START["message"]
    assert isinstance(start, dict)
    message = start | {"type": "message", "role": "assistant", "content": [], "stop_reason": "end_turn"}
    assert read(MESSAGES, body=anthropic.types.Message.model_validate(message)) == read(MESSAGES, body=message)


def test_an_error_keeps_its_codes_and_not_its_sentence() -> None:
    reader = reader_for(CHAT)
    assert reader is not None
    reader.refused(
        400, {"error": {"message": "secret", "type": "invalid_request_error", "code": "context_length_exceeded"}}
    )
    fields = reader.fields()
    assert fields["error_type"] == "context_length"
    assert fields["error_message"] == "400 invalid_request_error context_length_exceeded"
    other = reader_for(MESSAGES)
    assert other is not None
    other.refused(529, {"type": "error", "error": {"type": "overloaded_error", "message": "secret"}})
    assert other.fields()["error_message"] == "529 overloaded_error"
    hostile = reader_for(CHAT)
    assert hostile is not None
    hostile.refused(400, {"error": {"type": "what you said: secret", "code": ["secret"]}})
    assert hostile.fields()["error_message"] == "400"


def test_what_works_on_in_the_background_has_not_ended() -> None:
    reader = openai_dialect.ResponsesReader()
    reader.body(response("queued"))
    assert (reader.pending, reader.ended) == (True, False)
    reader.body(response("completed"))
    assert (reader.pending, reader.ended) == (False, True)


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("/chat/completions", "chat"),
        ("https://x.openai.azure.com/openai/deployments/a/chat/completions?api-version=1", "chat"),
        ("/completions", "text_completion"),
        ("/responses", "chat"),
        ("/v1/messages?beta=true", "chat"),
        ("/embeddings", "embeddings"),
        ("/v1/messages/count_tokens", None),
        ("/v1/messages/batches", None),
        ("/threads/thread_1/messages", None),
        ("/responses/resp_1/cancel", None),
        ("/models", None),
    ],
)
def test_what_is_a_call_and_what_is_none(path: str, operation: str | None) -> None:
    reader = reader_for(path)
    assert (reader and reader.operation) == operation


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["id", "model", "choices", "usage", "delta", "error", "code", "type", "message", "status", "response", "finish_reason", "index", "input_tokens", "prompt_tokens", "total_tokens", "output_tokens", "cached_tokens", "prompt_tokens_details", "cache_creation", "iterations", "stop_reason", "cost"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.sampled_from([CHAT, RESPONSES, MESSAGES, "/v1/embeddings"]), st.lists(JSON, min_size=1, max_size=4), JSON)
def test_whatever_a_provider_answers_makes_a_record_that_keeps_the_rules(
    path: str, events: list[Any], body: Any
) -> None:
    streamed = read(path, *events)
    whole = reader_for(path)
    assert whole is not None
    whole.body(body)
    whole.refused(400, body)
    for fields in (streamed, whole.fields()):
        RecordReader(None).read({"model": "gpt-4o", "response_time_ms": 1} | fields)


@pytest.mark.parametrize(
    ("body", "task_type"),
    [
        ({"messages": [{"role": "user", "content": "Write a Python function that reverses a list."}]}, "coding"),
        ({"input": "Write a Python function that reverses a list."}, "coding"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "Write a poem about the sea"}]}]}, "creative"),
        (
            {
                "messages": [
                    {"role": "system", "content": "You are helpful."},
                    {"role": "user", "content": "Write a poem about the sea"},
                    {"role": "assistant", "content": "def f(): pass"},
                    {"role": "user", "content": [{"type": "tool_result", "content": "def f(): return 1"}]},
                ]
            },
            "creative",
        ),
        ({"messages": [{"role": "user", "content": "What is the weather?"}], "tools": [{"type": "function"}]}, "function_calling"),
        ({"input": [{"role": "user", "content": [{"type": "input_text", "text": "Write a poem about the sea"}]}]}, "creative"),
        ({"messages": "nonsense", "tools": 3}, None),
        ([], "other"),
        ({"messages": [7, None, {"role": "user", "content": {"text": 1}}]}, "other"),
    ],
)  # fmt: skip
def test_a_request_is_of_the_kind_that_its_latest_words_are(body: Any, task_type: str | None) -> None:
    found = classified(body).task_type
    assert task_type is None or found == task_type
