"""Anthropic's requests in the words of chat completions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.gateway.translation.wire import GPT, OLLAMA, to_openai

from augury.errors import TranslationError

if TYPE_CHECKING:
    from augury.gateway.translation import Traits

HI: list[dict[str, Any]] = [{"role": "user", "content": "hi"}]
WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "description": "The weather of a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False},
}  # fmt: skip


def asked(traits: Traits = GPT, **fields: Any) -> dict[str, Any]:
    return to_openai({"model": "auto", "max_tokens": 100, "messages": HI} | fields, traits).body


def test_a_plain_question_is_asked_of_the_chosen_model() -> None:
    assert asked() == {"model": "gpt-6-sol", "max_completion_tokens": 100, "messages": HI}


def test_servers_that_only_speak_like_openai_get_the_older_names() -> None:
    assert asked(OLLAMA, metadata={"user_id": "u"}) == {
        "model": "qwen3", "max_tokens": 100, "messages": HI, "user": "u",
    }  # fmt: skip


def test_a_stream_is_asked_for_with_its_tokens() -> None:
    assert asked(stream=True)["stream_options"] == {"include_usage": True}


def test_the_system_is_the_first_message() -> None:
    blocks = [
        {"type": "text", "text": "Be brief."},
        {"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}},
    ]

    assert asked(system=blocks)["messages"][0] == {"role": "system", "content": "Be brief.\n\nBe kind."}
    assert asked(system="")["messages"] == HI
    assert asked(messages=[*HI, {"role": "system", "content": "In French."}])["messages"][1]["role"] == "system"


def test_calls_and_results_are_messages_of_their_own() -> None:
    messages = [
        *HI,
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "t1", "name": "get_weather", "input": {"city": "Rome"}},
                {"type": "tool_use", "id": "t2", "name": "get_weather", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "sunny"},
                {"type": "tool_result", "tool_use_id": "t2", "content": [{"type": "text", "text": "no city"}], "is_error": True},
                {"type": "text", "text": "And?"},
            ],
        },
    ]  # fmt: skip
    made = to_openai({"max_tokens": 9, "messages": messages, "tools": [WEATHER]})

    assert made.body["messages"][1:] == [
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                {"id": "t1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Rome"}'}},
                {"id": "t2", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "t1", "content": "sunny"},
        {"role": "tool", "tool_call_id": "t2", "content": "Error: no city"},
        {"role": "user", "content": "And?"},
    ]
    assert "messages[1].content[0]" in made.left_out


def test_images_and_documents_are_parts() -> None:
    content = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aaaa"}},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        {
            "type": "document",
            "title": "a.pdf",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "aaaa"},
        },
        {"type": "document", "title": "Notes", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}},
    ]
    assert asked(messages=[{"role": "user", "content": content}])["messages"][0]["content"] == [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aaaa"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aaaa"}},
        {"type": "text", "text": "Notes\n\nhi"},
    ]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any", "disable_parallel_tool_use": True}, {"tool_choice": "required", "parallel_tool_calls": False}),
        ({"type": "none"}, {"tool_choice": "none"}),
        (
            {"type": "tool", "name": "get_weather"},
            {"tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
        ),
    ],
)
def test_how_to_choose_among_tools_is_kept(choice: dict[str, Any], expected: dict[str, Any]) -> None:
    body = asked(tools=[WEATHER | {"strict": True}], tool_choice=choice)

    assert {name: body[name] for name in ("tool_choice", "parallel_tool_calls") if name in body} == expected
    assert body["tools"][0]["function"]["strict"] is True


def test_a_schema_becomes_openais_response_format() -> None:
    body = asked(output_config={"format": {"type": "json_schema", "schema": WEATHER["input_schema"]}, "effort": "high"})

    assert body["response_format"]["json_schema"]["schema"] == WEATHER["input_schema"]
    assert body["response_format"]["json_schema"]["strict"] is True
    assert body["reasoning_effort"] == "high"


def test_what_claude_code_sends_can_be_translated() -> None:
    made = to_openai(
        {
            "model": "auto", "max_tokens": 32_000, "stream": True, "temperature": 1, "metadata": {"user_id": "user_" + "a" * 150},
            "thinking": {"type": "enabled", "budget_tokens": 31_999},
            "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
            "system": [{"type": "text", "text": "You are a coder.", "cache_control": {"type": "ephemeral"}}],
            "tools": [WEATHER | {"cache_control": {"type": "ephemeral"}}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]}],
        }
    )  # fmt: skip

    assert made.body["messages"][1] == HI[0]
    assert len(made.body["safety_identifier"]) == 64
    assert "thinking" in made.left_out


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"top_k": 5}, "top_k"),
        ({"mcp_servers": [{"url": "x"}]}, "mcp_servers"),
        ({"container": "c"}, "container"),
        ({"inference_geo": "eu"}, "inference_geo"),
        ({"stop_sequences": list("abcde")}, "stop_sequences"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0].type"),
        ({"tools": [WEATHER | {"name": "a" * 65}]}, "tools[0].name"),
        ({"tools": [WEATHER | {"defer_loading": True}]}, "tools[0]"),
        ({"tools": [{"name": "f", "input_schema": {"type": "object", "properties": {"a": {}}}, "strict": True}]}, "tools[0].strict"),
        ({"tools": [WEATHER], "tool_choice": {"type": "some"}}, "tool_choice.type"),
        ({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}, "output_config.format"),
        ({"output_config": {"task_budget": 1}}, "output_config.task_budget"),
        ({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}, "context_management.edits[0].type"),
        ({"messages": [*HI, {"role": "assistant", "content": "The answer is"}]}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "search_result"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "file", "file_id": "f"}}]}]}, "messages[0].content[0].source.type"),
        ({"messages": [{"role": "assistant", "content": [{"type": "server_tool_use"}]}, *HI]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image", "source": {"type": "url", "url": "https://a"}}]}]}]}, "messages[0].content[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "document", "citations": {"enabled": True}, "source": {"type": "text", "data": "a"}}]}]}, "messages[0].content[0].citations"),
        ({"system": 5}, "system"),
    ],
)  # fmt: skip
def test_what_has_no_translation_is_refused_by_its_name(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(TranslationError) as caught:
        asked(**fields)
    assert caught.value.field == named


def test_what_may_be_left_out_is_not_refused() -> None:
    assert to_openai({"max_tokens": 9, "messages": HI, "top_k": 5}, expendable=("top_k",)).left_out.keys() == {"top_k"}
