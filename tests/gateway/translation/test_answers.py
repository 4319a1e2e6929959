"""Whole answers, tokens, and errors in the words of the other API; each is read by the official client of the API it is for."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import openai
import pytest
from anthropic.types import Message
from openai.types.chat import ChatCompletion
from openai.types.responses import Response
from tests.gateway.translation.wire import CLAUDE, GPT, NOW, anthropic_client, openai_client, to_anthropic, to_openai

from augury.errors import TranslationError
from augury.gateway.translation import Shape, Translation

ASK: list[dict[str, Any]] = [{"role": "user", "content": "hi"}]
FROM_CHAT = to_anthropic({"messages": ASK})
FROM_MESSAGES = to_openai({"messages": ASK, "max_tokens": 9})


def message(content: list[dict[str, Any]], reason: str = "end_turn", **more: Any) -> dict[str, Any]:
    usage = {
        "input_tokens": 10, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 2, "output_tokens": 30,
        "output_tokens_details": {"thinking_tokens": 4}, "service_tier": "standard",
    }  # fmt: skip
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-6", "content": content,
        "stop_reason": reason, "stop_sequence": None, "usage": usage,
    } | more  # fmt: skip


def completion(said: dict[str, Any], reason: str | None = "stop") -> dict[str, Any]:
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": NOW, "model": "gpt-6-sol",
        "choices": [{"index": 0, "message": {"role": "assistant", **said}, "finish_reason": reason}],
        "usage": {
            "prompt_tokens": 17, "completion_tokens": 30, "total_tokens": 47,
            "prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 4},
        },
    }  # fmt: skip


CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Rome"}'}}
USE = {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Rome"}}


def test_claude_answers_openais_client() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    answer = ChatCompletion.model_validate(
        FROM_CHAT.answer(message([thought, {"type": "text", "text": "Hello"}, USE], "tool_use")), strict=True
    )

    assert answer.choices[0].message.content == "Hello"
    assert answer.choices[0].message.to_dict()["tool_calls"] == [CALL]
    assert answer.choices[0].finish_reason == "tool_calls"
    assert (answer.created, answer.model, answer.service_tier) == (NOW, "claude-sonnet-4-6", "default")
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (17, 30, 47)
    assert answer.usage.prompt_tokens_details is not None
    assert (
        answer.usage.prompt_tokens_details.cached_tokens,
        answer.usage.prompt_tokens_details.cache_write_tokens,
    ) == (5, 2)


def test_gpt_answers_anthropics_client() -> None:
    answer = Message.model_validate(
        FROM_MESSAGES.answer(completion({"content": "Hello", "tool_calls": [CALL]}, "tool_calls"))
    )

    assert [block.type for block in answer.content] == ["text", "tool_use"]
    assert answer.content[1].to_dict() == USE
    assert answer.stop_reason == "tool_use"
    usage = answer.usage
    assert (
        usage.input_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
        usage.output_tokens,
    ) == (10, 5, 2, 30)
    assert usage.output_tokens_details is not None
    assert usage.output_tokens_details.thinking_tokens == 4


def test_tokens_survive_both_ways() -> None:
    there = FROM_CHAT.answer(message([{"type": "text", "text": "Hello"}]))

    assert FROM_MESSAGES.answer(there)["usage"].items() <= message([])["usage"].items()


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("end_turn", "stop"),
        ("max_tokens", "length"),
        ("stop_sequence", "stop"),
        ("refusal", "content_filter"),
        ("model_context_window_exceeded", "length"),
        ("new", "stop"),
    ],
)
def test_claudes_stop_reasons_have_a_word_at_openai(stop: str, finish: str) -> None:
    assert FROM_CHAT.answer(message([], stop))["choices"][0]["finish_reason"] == finish


@pytest.mark.parametrize(
    ("finish", "stop"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("content_filter", "refusal"),
        (None, "end_turn"),
        ("new", "end_turn"),
    ],
)
def test_openais_finish_reasons_have_a_word_at_anthropic(finish: str | None, stop: str) -> None:
    assert FROM_MESSAGES.answer(completion({"content": "Hello"}, finish))["stop_reason"] == stop


def test_a_call_is_a_stop_for_tools_whatever_the_server_says() -> None:
    assert (
        FROM_MESSAGES.answer(completion({"content": None, "tool_calls": [CALL]}, "stop"))["stop_reason"] == "tool_use"
    )


def test_refusals_are_told_as_such() -> None:
    refused = FROM_CHAT.answer(message([], "refusal", stop_details={"type": "refusal", "explanation": "No."}))
    assert refused["choices"][0]["message"]["refusal"] == "No."

    declined = FROM_MESSAGES.answer(completion({"content": None, "refusal": "No."}))
    assert (declined["content"], declined["stop_reason"]) == ([{"type": "text", "text": "No."}], "refusal")


def test_arguments_that_are_no_json_are_an_error_unless_the_limit_cut_them() -> None:
    broken = CALL | {"function": {"name": "get_weather", "arguments": '{"city":'}}

    assert FROM_MESSAGES.answer(completion({"tool_calls": [broken]}, "length"))["content"] == []
    with pytest.raises(TranslationError, match="arguments"):
        FROM_MESSAGES.answer(completion({"tool_calls": [broken]}, "tool_calls"))


@pytest.mark.parametrize("odd", [{}, {"choices": []}, {"choices": 5}, {"type": "error"}])
def test_what_is_no_answer_is_refused(odd: dict[str, Any]) -> None:
    with pytest.raises(TranslationError):
        FROM_CHAT.answer(odd)
    with pytest.raises(TranslationError):
        FROM_MESSAGES.answer(odd)


def test_an_answer_without_tokens_counts_none() -> None:
    assert (
        FROM_MESSAGES.answer({"choices": [{"message": {"content": "Hello"}}], "usage": None})["usage"]["output_tokens"]
        == 0
    )


@pytest.mark.parametrize("spoken", [Shape.CHAT, Shape.MESSAGES])
def test_both_answer_who_asked_for_responses(spoken: Shape) -> None:
    tools = [
        {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}, "strict": False}
    ]
    translation = Translation(
        {"input": "hi", "tools": tools, "metadata": {"a": "b"}, "temperature": 0.5}, asked=Shape.RESPONSES, spoken=spoken,
        traits=CLAUDE if spoken is Shape.MESSAGES else GPT, created=NOW,
    )  # fmt: skip
    whole = (
        completion({"content": "Hello", "tool_calls": [CALL]}, "tool_calls")
        if spoken is Shape.CHAT
        else message([{"type": "text", "text": "Hello"}, USE], "tool_use")
    )
    answer = Response.model_validate(translation.answer(whole))

    assert answer.output_text == "Hello"
    assert [item.type for item in answer.output] == ["message", "function_call"]
    assert (answer.status, answer.metadata, answer.temperature) == ("completed", {"a": "b"}, 0.5)
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens) == (17, 30, 47)
    assert (answer.usage.input_tokens_details.cached_tokens, answer.usage.output_tokens_details.reasoning_tokens) == (
        5,
        4,
    )


def test_an_answer_cut_by_the_limit_is_an_incomplete_response() -> None:
    translation = Translation({"input": "hi"}, asked=Shape.RESPONSES, spoken=Shape.CHAT, traits=GPT, created=NOW)
    answer = Response.model_validate(translation.answer(completion({"content": "Hel"}, "length")))

    assert (answer.status, answer.incomplete_details and answer.incomplete_details.reason) == (
        "incomplete",
        "max_output_tokens",
    )
    with pytest.raises(TranslationError):
        translation.answer({})


@pytest.mark.parametrize(
    ("status", "type_", "expected", "code"),
    [
        (400, "invalid_request_error", openai.BadRequestError, None),
        (401, "authentication_error", openai.AuthenticationError, "invalid_api_key"),
        (403, "permission_error", openai.PermissionDeniedError, None),
        (404, "not_found_error", openai.NotFoundError, "model_not_found"),
        (429, "rate_limit_error", openai.RateLimitError, "rate_limit_exceeded"),
        (500, "api_error", openai.InternalServerError, None),
        (529, "overloaded_error", openai.InternalServerError, "overloaded"),
    ],
)
def test_openais_client_understands_anthropics_errors(
    status: int, type_: str, expected: type[openai.APIStatusError], code: str | None
) -> None:
    body = json.dumps({"type": "error", "error": {"type": type_, "message": "Why."}, "request_id": "r"}).encode()
    status, told = FROM_CHAT.failure(status, body)

    with pytest.raises(expected, match="Why") as caught:
        openai_client(json.dumps(told).encode(), status, "application/json").models.list()
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("status", "error", "expected", "type_"),
    [
        (400, {"code": "context_length_exceeded"}, anthropic.BadRequestError, "invalid_request_error"),
        (401, {"code": "invalid_api_key"}, anthropic.AuthenticationError, "authentication_error"),
        (404, {"code": "model_not_found"}, anthropic.NotFoundError, "not_found_error"),
        (429, {"code": "rate_limit_exceeded"}, anthropic.RateLimitError, "rate_limit_error"),
        (429, {"code": "insufficient_quota"}, anthropic.APIStatusError, "billing_error"),
        (500, {"code": None}, anthropic.InternalServerError, "api_error"),
        (503, {"code": None}, anthropic.InternalServerError, "overloaded_error"),
    ],
)
def test_anthropics_client_understands_openais_errors(
    status: int, error: dict[str, Any], expected: type[anthropic.APIStatusError], type_: str
) -> None:
    status, told = FROM_MESSAGES.failure(status, json.dumps({"error": error | {"message": "Why."}}).encode())

    with pytest.raises(expected, match="Why") as caught:
        anthropic_client(json.dumps(told).encode(), status, "application/json").messages.create(
            model="m", max_tokens=1, messages=[]
        )
    assert caught.value.type == type_


def test_too_long_a_prompt_has_openais_code() -> None:
    told = {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "prompt is too long: 9 tokens > 8 maximum"},
    }

    assert FROM_CHAT.failure(400, json.dumps(told).encode())[1]["error"]["code"] == "context_length_exceeded"


@pytest.mark.parametrize("body", [b"", b"<html>secret</html>", b"[]", b'{"error": "secret"}', b"[" * 100_000, b"\xff"])
def test_a_body_of_another_shape_is_an_error_all_the_same(body: bytes) -> None:
    for translation in (FROM_CHAT, FROM_MESSAGES):
        status, told = translation.failure(502, body)
        assert status == 502
        assert "502" in told["error"]["message"]
