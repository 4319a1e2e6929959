"""Streams in the words of the other API, read by the official clients."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gateway.translation import wire
from tests.gateway.translation.wire import CLAUDE, GPT, NOW

from augury.gateway.events import MOST_BYTES
from augury.gateway.translation import Shape, Translation

ASK: list[dict[str, Any]] = [{"role": "user", "content": "hi"}]
USES: list[dict[str, Any]] = [
    {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Römisch 🏛"}},
    {"type": "tool_use", "id": "call_2", "name": "now", "input": {}},
]
CALLS: list[dict[str, Any]] = [
    {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Römisch 🏛"}'}},
    {"id": "call_2", "type": "function", "function": {"name": "now", "arguments": "{}"}},
]
SPOKEN: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "hm", "signature": "s"},
    {"type": "text", "text": "I look at Ω and 🏛."},
    *USES,
]
BY_CLAUDE = wire.anthropic_stream(*wire.message_events(SPOKEN, "tool_use"))
BY_GPT = wire.openai_stream(*wire.chunks({"content": "I look at Ω and 🏛.", "tool_calls": CALLS}, "tool_calls"))


def from_chat(*, usage: bool = True) -> Translation:
    return wire.to_anthropic({"messages": ASK, "stream": True, "stream_options": {"include_usage": usage}})


def from_messages() -> Translation:
    return wire.to_openai({"messages": ASK, "max_tokens": 9, "stream": True})


def from_responses(spoken: Shape) -> Translation:
    traits = CLAUDE if spoken is Shape.MESSAGES else GPT
    return Translation(
        {"input": "hi", "stream": True}, asked=Shape.RESPONSES, spoken=spoken, traits=traits, created=NOW
    )


def test_openais_client_reads_claudes_stream() -> None:
    answer = wire.as_openai_reads(wire.streamed(from_chat(), BY_CLAUDE))

    said = answer.choices[0].message
    assert said.content == "I look at Ω and 🏛."
    functions: list[Any] = [call.to_dict()["function"] for call in said.tool_calls or ()]
    assert [call.id for call in said.tool_calls or ()] == ["call_1", "call_2"]
    assert [function["name"] for function in functions] == ["get_weather", "now"]
    assert [json.loads(function["arguments"]) for function in functions] == [use["input"] for use in USES]
    assert answer.choices[0].finish_reason == "tool_calls"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (17, 30)
    assert (answer.id, answer.model) == ("msg_1", "claude-sonnet-4-6")


def test_anthropics_client_reads_gpts_stream() -> None:
    answer = wire.as_anthropic_reads(wire.streamed(from_messages(), BY_GPT))

    assert [block.to_dict() for block in answer.content] == [{"type": "text", "text": "I look at Ω and 🏛."}, *USES]
    assert answer.stop_reason == "tool_use"
    assert (answer.usage.input_tokens, answer.usage.cache_read_input_tokens, answer.usage.output_tokens) == (10, 5, 30)
    assert (answer.id, answer.model) == ("chatcmpl-1", "gpt-6-sol")


@pytest.mark.parametrize(("spoken", "sent"), [(Shape.MESSAGES, BY_CLAUDE), (Shape.CHAT, BY_GPT)])
def test_openais_client_reads_either_as_responses(spoken: Shape, sent: bytes) -> None:
    body = wire.streamed(from_responses(spoken), sent)
    answer = wire.as_responses_read(body)

    assert answer.output_text == "I look at Ω and 🏛."
    assert [item.type for item in answer.output] == ["message", "function_call", "function_call"]
    assert answer.status == "completed"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 47
    assert [event["sequence_number"] for event in wire.events_of(body)] == list(range(len(wire.events_of(body))))


def test_tokens_are_told_only_to_who_asked() -> None:
    body = wire.streamed(from_chat(usage=False), BY_CLAUDE)

    assert not any("usage" in chunk for chunk in wire.events_of(body))
    assert body.endswith(b"data: [DONE]\n\n")


@given(cuts=st.lists(st.integers(0, 10_000), max_size=40), ending=st.sampled_from([b"\n", b"\r\n", b"\r"]))
@settings(max_examples=40)
def test_it_does_not_matter_where_a_stream_is_cut(cuts: list[int], ending: bytes) -> None:
    for translation, sent in (
        (from_chat(), BY_CLAUDE),
        (from_messages(), BY_GPT),
        (from_responses(Shape.MESSAGES), BY_CLAUDE),
    ):
        assert wire.streamed(translation, sent.replace(b"\n", ending), cuts) == wire.streamed(translation, sent)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
@settings(max_examples=40)
def test_nonsense_is_an_error_and_never_an_exception(noise: bytes, cuts: list[int]) -> None:
    assert b"error" in wire.streamed(from_chat(), noise, cuts)
    assert b"error" in wire.streamed(from_messages(), noise, cuts)
    assert b"error" in wire.streamed(from_responses(Shape.CHAT), noise, cuts)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(
        st.sampled_from(["type", "delta", "index", "message", "content_block", "usage", "choices", "tool_calls", "function", "id", "name", "error", "content", "finish_reason"]),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
_ODD = st.fixed_dictionaries(
    {"type": st.sampled_from(["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta"])},
    optional=dict.fromkeys(("delta", "index", "message", "content_block", "usage", "choices", "error", "id"), _JSON),
)  # fmt: skip


@given(st.lists(_ODD, max_size=6))
@settings(max_examples=40)
def test_events_of_odd_shapes_are_read_as_well_as_can_be(events: list[dict[str, Any]]) -> None:
    for translation in (from_chat(), from_messages(), from_responses(Shape.MESSAGES), from_responses(Shape.CHAT)):
        wire.streamed(translation, wire.anthropic_stream(*events))


def test_a_stream_that_is_cut_is_an_error_for_either_client() -> None:
    half = wire.anthropic_stream(*wire.message_events(SPOKEN)[:5])
    with pytest.raises(openai.APIError, match="ended before"):
        wire.as_openai_reads(wire.streamed(from_chat(), half))
    assert b"[DONE]" not in wire.streamed(from_chat(), half)

    half = wire.openai_stream(*wire.chunks({"content": "Hello"}, None)[:-1], done=False)
    with pytest.raises(anthropic.APIStatusError, match="ended before"):
        wire.as_anthropic_reads(wire.streamed(from_messages(), half))

    last = wire.events_of(wire.streamed(from_responses(Shape.CHAT), half))[-1]
    assert (last["type"], last["response"]["status"]) == ("response.failed", "failed")


def test_an_error_within_a_stream_keeps_its_kind() -> None:
    told = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    with pytest.raises(openai.APIError, match="Overloaded") as from_claude:
        wire.as_openai_reads(wire.streamed(from_chat(), wire.anthropic_stream(*wire.message_events(SPOKEN)[:5], told)))
    assert from_claude.value.code == "overloaded"

    chunk = {"error": {"message": "Slow down", "code": 429}}
    with pytest.raises(anthropic.APIStatusError, match="Slow down") as from_gpt:
        wire.as_anthropic_reads(wire.streamed(from_messages(), wire.openai_stream(chunk)))
    assert from_gpt.value.type == "rate_limit_error"


def test_without_its_last_words_an_answer_that_had_ended_is_whole() -> None:
    events = wire.message_events([{"type": "text", "text": "Hello"}])[:-1]
    assert (
        wire.as_openai_reads(wire.streamed(from_chat(), wire.anthropic_stream(*events))).choices[0].finish_reason
        == "stop"
    )

    chunks = wire.chunks({"content": "Hello"})[:-1]
    assert (
        wire.as_anthropic_reads(wire.streamed(from_messages(), wire.openai_stream(*chunks, done=False))).stop_reason
        == "end_turn"
    )


def test_what_comes_after_the_end_is_not_read() -> None:
    again = wire.message_events([{"type": "text", "text": "more"}])

    assert wire.streamed(from_chat(), BY_CLAUDE + wire.anthropic_stream(*again)) == wire.streamed(
        from_chat(), BY_CLAUDE
    )
    assert wire.streamed(from_messages(), BY_GPT + BY_GPT) == wire.streamed(from_messages(), BY_GPT)


def test_comments_and_pings_keep_either_connection_alive() -> None:
    assert from_chat().stream().feed(wire.anthropic_stream({"type": "ping"})) == b": ping\n\n"
    assert from_messages().stream().feed(b": PROCESSING\n\n").startswith(b"event: ping\n")
    assert from_responses(Shape.MESSAGES).stream().feed(wire.anthropic_stream({"type": "ping"})) == b": ping\n\n"


def test_an_event_without_end_is_given_up() -> None:
    stream = from_chat().stream()
    said = b"".join(stream.feed(b"data: " + b"x" * 2**20) for _ in range(MOST_BYTES // 2**20 + 1))

    assert b"error" in said
    assert stream.ended


def test_servers_that_give_every_call_the_same_place_are_understood() -> None:
    head: dict[str, Any] = {"id": "c", "model": "gemini"}
    whole = [call | {"index": 0} for call in CALLS]
    deltas = [{"tool_calls": [call]} for call in whole]
    sent = wire.openai_stream(
        *(head | {"choices": [{"delta": delta}]} for delta in deltas),
        head | {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    )
    answer = wire.as_anthropic_reads(wire.streamed(from_messages(), sent))

    assert [block.to_dict() for block in answer.content] == USES
    assert answer.stop_reason == "tool_use"


def test_a_refusal_in_words_is_text_and_a_reason() -> None:
    head: dict[str, Any] = {"id": "c", "model": "gpt"}
    sent = wire.openai_stream(
        head | {"choices": [{"delta": {"refusal": "No."}}]},
        head | {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    )
    answer = wire.as_anthropic_reads(wire.streamed(from_messages(), sent))

    assert (answer.content[0].to_dict()["text"], answer.stop_reason) == ("No.", "refusal")
    done = wire.events_of(wire.streamed(from_responses(Shape.CHAT), sent))[-1]["response"]
    assert done["output"][0]["content"] == [{"type": "refusal", "refusal": "No."}]
