"""What spans mean in each convention: whether they are calls, and how their tokens are counted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.capture.otlp.building import MS, START_NS, chat, span

from augury.capture.otlp.conventions import Role, finish_reasons, first_token_ms, operation_of, role_of, usage_of
from augury.capture.otlp.spans import Event
from augury.capture.usage import Usage

CALLS: dict[str, dict[str, Any]] = {
    "OpenTelemetry 1.27": {"gen_ai.system": "openai", "gen_ai.operation.name": "chat", "gen_ai.request.model": "m"},
    "OpenTelemetry 1.37": {"gen_ai.provider.name": "openai", "gen_ai.operation.name": "generate_content"},
    "its first generation": {"gen_ai.system": "openai", "gen_ai.request.model": "m", "gen_ai.usage.prompt_tokens": 3},
    "OpenLLMetry": {"llm.request.type": "chat", "llm.vendor": "OpenAI", "llm.request.model": "m"},
    "OpenInference": {"openinference.span.kind": "LLM", "llm.model_name": "m"},
    "its embeddings": {"openinference.span.kind": "EMBEDDING", "embedding.model_name": "m"},
    "its refused calls": {"openinference.span.kind": "LLM", "llm.input_messages.0.message.role": "user"},
    "Vercel": {"gen_ai.system": "openai.chat", "gen_ai.request.model": "m", "ai.usage.promptTokens": 3},
    "LiteLLM": {"gen_ai.operation.name": "acompletion", "gen_ai.request.model": "m"},
}
NONE: dict[str, dict[str, Any]] = {
    "an HTTP request": {"http.response.status_code": 200, "url.full": "https://api.openai.com/v1/chat/completions"},
    "a span without anything": {},
    "an agent": {"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 9},
    "a tool": {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather"},
    "a workflow of OpenLLMetry": {"traceloop.span.kind": "workflow", "gen_ai.request.model": "m"},
    "a chain": {"openinference.span.kind": "CHAIN", "llm.model_name": "m"},
    "a retriever": {"openinference.span.kind": "RETRIEVER"},
    "a reranker": {"openinference.span.kind": "RERANKER", "llm.model_name": "m"},
    "a moderation, which OpenInference marks as a call": {
        "openinference.span.kind": "LLM",
        "llm.system": "openai",
        "llm.invocation_parameters": '{"model": "omni-moderation-latest"}',
    },
    "a session of Anthropic's client": {"gen_ai.provider.name": "anthropic", "gen_ai.request.model": "m"},
    "an answer fetched again": {"gen_ai.operation.name": "fetch_response", "gen_ai.response.id": "resp_1"},
}


@pytest.mark.parametrize("attributes", CALLS.values(), ids=CALLS)
def test_a_request_to_a_model_is_a_call(attributes: dict[str, Any]) -> None:
    assert role_of(span(attributes)) is Role.CALL


@pytest.mark.parametrize("attributes", NONE.values(), ids=NONE)
def test_what_is_around_and_beside_calls_is_none(attributes: dict[str, Any]) -> None:
    assert role_of(span(attributes)) is not Role.CALL


@pytest.mark.parametrize("name", ["messages.count_tokens", "anthropic.messages.count_tokens"])
def test_counting_tokens_is_no_call(name: str) -> None:
    counted = {"openinference.span.kind": "LLM", "llm.model_name": "claude", "gen_ai.usage.input_tokens": 3}

    assert role_of(span(counted, name=name)) is Role.OTHER


def test_operations_have_one_name_each() -> None:
    named = [
        {"gen_ai.operation.name": "generate_content"},
        {"gen_ai.operation.name": "text_completion"},
        {"gen_ai.operation.name": "acompletion"},
        {"llm.request.type": "completion"},
        {"llm.request.type": "embedding"},
        {"openinference.span.kind": "EMBEDDING"},
        {"openinference.span.kind": "LLM", "llm.prompts.0.prompt.text": "Say hi"},
        {"openinference.span.kind": "LLM"},
    ]
    assert [operation_of(span(attributes)) for attributes in named] == [
        "generate_content", "text_completion", "chat", "text_completion", "embeddings", "embeddings", "text_completion",
        "chat",
    ]  # fmt: skip


# Each row: the attributes, as the convention's documentation or its code has them, and what they come to.
# https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ : input_tokens "SHOULD include all types of input
# tokens, including cached tokens"; cache_read and cache_creation "SHOULD be included in gen_ai.usage.input_tokens".
# https://arize-ai.github.io/openinference/spec/semantic_conventions.html : prompt_details.* are details of the prompt's count.
TOKENS: dict[str, tuple[dict[str, Any], Usage]] = {
    "OpenTelemetry counts the cache in": (
        {
            "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 50,
            "gen_ai.usage.cache_read.input_tokens": 500,
            "gen_ai.usage.cache_creation.input_tokens": 100,
            "gen_ai.usage.reasoning.output_tokens": 20,
        },
        Usage(input=1000, output=50, cached_input=500, cache_write=100, reasoning=20),
    ),
    "its first names": (
        {"gen_ai.usage.prompt_tokens": 10, "gen_ai.usage.completion_tokens": 5},
        Usage(input=10, output=5),
    ),
    "Anthropic's client tells what is written for an hour": (
        {
            "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 50,
            "gen_ai.usage.cache_read.input_tokens": 500,
            "gen_ai.usage.cache_write.input_tokens": 100,
            "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 40,
            "anthropic.response.service_tier": "standard",
        },
        Usage(input=1000, output=50, cached_input=500, cache_write=100, cache_write_1h=40, service_tier="standard"),
    ),
    "OpenLLMetry adds Anthropic's counts up": (
        {
            "gen_ai.usage.prompt_tokens": 1000,
            "gen_ai.usage.completion_tokens": 50,
            "llm.usage.total_tokens": 1050,
            "gen_ai.usage.cache_read_input_tokens": 500,
            "gen_ai.usage.cache_creation_input_tokens": 100,
        },
        Usage(input=1000, output=50, cached_input=500, cache_write=100),
    ),
    "OpenInference has details of the prompt": (
        {
            "llm.token_count.prompt": 1000,
            "llm.token_count.completion": 50,
            "llm.token_count.total": 1050,
            "llm.token_count.prompt_details.cache_read": 600,
            "llm.token_count.completion_details.reasoning": 20,
        },
        Usage(input=1000, output=50, cached_input=600, reasoning=20),
    ),
    "Anthropic's own count passed on, and the total shows it": (
        {
            "llm.token_count.prompt": 700,
            "llm.token_count.completion": 50,
            "llm.token_count.total": 1350,
            "llm.token_count.prompt_details.cache_read": 500,
            "llm.token_count.prompt_details.cache_write": 100,
        },
        Usage(input=1300, output=50, cached_input=500, cache_write=100),
    ),
    "Anthropic's own count passed on, and the parts show it": (
        {"gen_ai.usage.input_tokens": 11, "gen_ai.usage.output_tokens": 5, "gen_ai.usage.cache_read_input_tokens": 500},
        Usage(input=511, output=5, cached_input=500),
    ),
    "Gemini's thoughts beside its answer, and the total shows it": (
        {
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 50,
            "gen_ai.usage.total_tokens": 90,
            "gen_ai.usage.reasoning_tokens": 30,
        },
        Usage(input=10, output=80, reasoning=30),
    ),
    "Vercel": ({"ai.usage.promptTokens": 10, "ai.usage.completionTokens": 5}, Usage(input=10, output=5)),
    "what is no count is unknown": ({"gen_ai.usage.input_tokens": -3, "gen_ai.usage.output_tokens": "many"}, Usage()),
}


@pytest.mark.parametrize(("attributes", "usage"), TOKENS.values(), ids=TOKENS)
def test_tokens_are_brought_to_one_meaning(attributes: dict[str, Any], usage: Usage) -> None:
    assert usage_of(span(attributes)) == usage


@pytest.mark.parametrize(
    ("attributes", "events"),
    [
        ({"gen_ai.response.time_to_first_chunk": 0.25}, ()),
        ({"ai.response.msToFirstChunk": 250}, ()),
        ({}, ("gen_ai.content.completion.chunk", "gen_ai.content.completion.chunk")),
        ({}, ("First Token Stream Event",)),
    ],
)
def test_the_first_token_is_told_by_an_attribute_or_an_event(
    attributes: dict[str, Any], events: tuple[str, ...]
) -> None:
    happened = [
        Event(name=name, time_ns=START_NS + (250 + number) * MS, attributes={}) for number, name in enumerate(events)
    ]

    assert first_token_ms(span(chat() | attributes, events=happened)) == pytest.approx(250)


def test_reasons_to_finish_are_a_list_or_a_word() -> None:
    assert finish_reasons(span({"gen_ai.response.finish_reasons": ["stop", "length"]})) == ("stop", "length")
    assert finish_reasons(span({"anthropic.message.stop_reason": "end_turn"})) == ("end_turn",)
    assert finish_reasons(span({})) == ()
