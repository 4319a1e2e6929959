"""Chat completions requests in Anthropic's words."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.gateway.translation.wire import CLAUDE, to_anthropic

from augury.errors import TranslationError
from augury.gateway.translation import Traits

HI: list[dict[str, Any]] = [{"role": "user", "content": "hi"}]
PIXEL = "data:image/png;base64,iVBORw0KGgo="
WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def asked(messages: list[dict[str, Any]] | None = None, traits: Traits = CLAUDE, **fields: Any) -> dict[str, Any]:
    return to_anthropic({"model": "auto", "messages": messages or HI, **fields}, traits).body


def refused(messages: list[dict[str, Any]] | None = None, traits: Traits = CLAUDE, **fields: Any) -> str:
    with pytest.raises(TranslationError) as caught:
        asked(messages, traits, **fields)
    return caught.value.field


def test_a_plain_question_is_asked_of_the_chosen_model() -> None:
    assert asked() == {"model": "claude-sonnet-4-6", "max_tokens": 64_000, "messages": HI}


def test_the_request_is_not_changed() -> None:
    request = {
        "model": "auto",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi "}]}],
        "tools": [WEATHER],
    }
    before = copy.deepcopy(request)

    to_anthropic(request)

    assert request == before


def test_system_messages_come_first() -> None:
    body = asked(
        [
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
            *HI,
        ]
    )

    assert body["system"] == [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Be kind."}]
    assert body["messages"] == HI


def test_a_system_message_within_the_conversation_is_kept_and_noted() -> None:
    made = to_anthropic({"messages": [*HI, {"role": "system", "content": "In French."}]})

    assert made.body["system"] == "In French."
    assert "messages[1].role" in made.left_out


def test_neighbours_of_one_role_become_one_turn() -> None:
    body = asked(
        [
            *HI,
            {"role": "user", "content": "there"},
            {"role": "assistant", "content": "yes?"},
            {"role": "user", "content": "?"},
        ]
    )

    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert [block["text"] for block in body["messages"][0]["content"]] == ["hi", "there"]


def test_what_says_nothing_is_left_out() -> None:
    body = asked(
        [*HI, {"role": "assistant", "content": ""}, {"role": "user", "content": [{"type": "text", "text": " "}]}]
    )

    assert body["messages"] == HI
    assert refused([{"role": "system", "content": "Be brief."}]) == "messages"


def test_what_the_model_shall_go_on_from_ends_without_white_space() -> None:
    body = asked([*HI, {"role": "assistant", "content": "The answer is "}])

    assert body["messages"][-1] == {"role": "assistant", "content": "The answer is"}


def test_calls_made_at_once_and_their_results_belong_together() -> None:
    calls = [
        {
            "id": f"call_{city}",
            "type": "function",
            "function": {"name": "get_weather", "arguments": f'{{"city":"{city}"}}'},
        }
        for city in ("Rome", "Oslo")
    ]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "sunny"} for call in calls]

    body = asked(
        [
            *HI,
            {"role": "assistant", "content": None, "tool_calls": calls},
            *results,
            {"role": "user", "content": "And?"},
        ],
        tools=[WEATHER],
    )

    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "call_Rome", "name": "get_weather", "input": {"city": "Rome"}},
                {"type": "tool_use", "id": "call_Oslo", "name": "get_weather", "input": {"city": "Oslo"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_Rome", "content": "sunny"},
                {"type": "tool_result", "tool_use_id": "call_Oslo", "content": "sunny"},
                {"type": "text", "text": "And?"},
            ],
        },
    ]
    assert body["tools"][0]["input_schema"] == WEATHER["function"]["parameters"]


def test_ids_in_other_letters_are_renamed_alike_where_they_are_made_and_answered() -> None:
    call = {"id": "functions.get:0", "type": "function", "function": {"name": "get", "arguments": ""}}

    body = asked(
        [*HI, {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": call["id"], "content": ""}]
    )

    (use,), (result,) = (turn["content"] for turn in body["messages"][1:])
    assert use["id"] == result["tool_use_id"] != call["id"]
    assert use["input"] == {}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ({"type": "function", "function": {"name": "get_weather"}}, {"type": "tool", "name": "get_weather"}),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [{"type": "function", "function": {"name": "get_weather"}}],
                },
            },
            {"type": "any"},
        ),
    ],
)
def test_how_to_choose_among_tools_is_kept(choice: object, expected: dict[str, Any]) -> None:
    other = {"type": "function", "function": {"name": "other"}}
    body = asked(tools=[WEATHER, other], tool_choice=choice, parallel_tool_calls=False)

    assert body["tool_choice"] == expected | ({} if choice == "none" else {"disable_parallel_tool_use": True})
    assert len(body["tools"]) == (1 if isinstance(choice, dict) and choice["type"] == "allowed_tools" else 2)


def test_without_a_choice_one_call_at_a_time_is_still_asked_for() -> None:
    assert asked(tools=[WEATHER], parallel_tool_calls=False)["tool_choice"] == {
        "type": "auto", "disable_parallel_tool_use": True,
    }  # fmt: skip
    assert "tool_choice" not in asked(parallel_tool_calls=False)


def test_images_are_passed_by_address_or_whole() -> None:
    parts = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
        {
            "type": "image_url",
            "image_url": {"url": "https://example.com/a.png"},
            "prompt_cache_breakpoint": {"mode": "explicit"},
        },
    ]
    body = asked([{"role": "user", "content": parts}])

    assert body["messages"][0]["content"][1:] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
        {
            "type": "image",
            "source": {"type": "url", "url": "https://example.com/a.png"},
            "cache_control": {"type": "ephemeral"},
        },
    ]


def test_documents_are_passed_whole() -> None:
    parts = [
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"}},
        {"type": "file", "file": {"file_data": "data:text/plain;base64,aGk=", "filename": "a.txt"}},
    ]
    pdf, plain = asked([{"role": "user", "content": parts}])["messages"][0]["content"]

    assert pdf["source"] == {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
    assert plain["source"] == {"type": "text", "media_type": "text/plain", "data": "hi"}
    assert plain["title"] == "a.txt"


def test_a_schema_becomes_anthropics_output_format() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "integer"}},
        "required": ["a"],
        "additionalProperties": False,
    }

    body = asked(
        response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": True}}
    )

    assert body["output_config"] == {"format": {"type": "json_schema", "schema": schema}}


def test_limits_stops_users_and_effort_have_other_names() -> None:
    body = asked(
        max_completion_tokens=99, stop="END", user="u1", reasoning_effort="minimal", temperature=0.5, stream=True
    )

    assert body["max_tokens"] == 99
    assert body["stop_sequences"] == ["END"]
    assert body["metadata"] == {"user_id": "u1"}
    assert body["output_config"] == {"effort": "low"}
    assert body["temperature"] == 0.5
    assert body["stream"] is True


def test_a_limit_beyond_the_models_is_the_models() -> None:
    assert asked(max_tokens=1_000_000)["max_tokens"] == 64_000
    assert asked(traits=Traits(model="claude-x"))["max_tokens"] == 8_192


def test_what_changes_nothing_is_left_out_with_a_reason() -> None:
    made = to_anthropic(
        {"messages": HI, "seed": 1, "store": True, "stream_options": {"include_usage": True}, "n": 1, "temperature": 1,
         "top_p": 1.0, "logit_bias": {}, "frequency_penalty": 0, "tools": None, "stop": None}
    )  # fmt: skip

    assert made.body == {"model": CLAUDE.model, "max_tokens": 64_000, "messages": HI}
    assert made.left_out.keys() == {"seed", "store", "stream_options"}
    assert all(made.left_out.values())


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"logit_bias": {"1": 5}}, "logit_bias"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"functions": []}, "functions"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"mystery": 1}, "mystery"),
        ({"temperature": 1.5}, "temperature"),
        ({"temperature": 0.5, "top_p": 0.5}, "top_p"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"stop": [" "]}, "stop"),
        ({"stop": [1]}, "stop[0]"),
        ({"stream": 1}, "stream"),
        ({"response_format": {"type": "json_object"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"reasoning_effort": "extreme"}, "reasoning_effort"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "custom", "custom": {"name": "x"}}}, "tool_choice"),
        ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools[0].type"),
        ({"tools": [WEATHER, WEATHER]}, "tools[1].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
        ({"tools": {}}, "tools"),
        ({"messages": None}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "function", "name": "f", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]}]}, "messages[0].content[0].image_url.url"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/svg+xml;base64,aa"}}]}]}, "messages[0].content[0].image_url.url"),
        ({"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]}, "messages[0].content[0].file.file_id"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{"}}]}]}, "messages[0].tool_calls[0].function.arguments"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "[]"}}]}]}, "messages[0].tool_calls[0].function.arguments"),
    ],
)  # fmt: skip
def test_what_has_no_translation_is_refused_by_its_name(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(TranslationError) as caught:
        to_anthropic({"messages": HI, **fields})
    assert caught.value.field == named


def test_an_error_shows_nothing_of_what_was_said() -> None:
    with pytest.raises(TranslationError) as caught:
        to_anthropic({"messages": [{"role": "user", "content": [{"type": "secret plan", "text": "secret plan"}]}]})
    assert "secret" not in str(caught.value)


def test_a_model_that_takes_no_temperature_is_not_asked_for_one() -> None:
    traits = Traits(model="claude-opus-5-5", samples=False, json_schema=False)
    strict = {"type": "function", "function": WEATHER["function"] | {"strict": True}}

    assert "temperature" not in asked(traits=traits, temperature=1)
    assert refused(traits=traits, temperature=0) == "temperature"
    assert refused(traits=traits, tools=[strict]) == "tools[0].function.strict"
    assert refused(traits=traits, response_format={"type": "json_schema", "json_schema": {}}) == "response_format.type"


def test_what_may_be_left_out_is_not_refused() -> None:
    request = {"messages": HI, "temperature": 2, "n": 3, "mystery": 1, "response_format": {"type": "json_object"}}
    made = to_anthropic(request, expendable=("temperature", "n", "mystery", "response_format"))

    assert made.body.keys() == {"model", "max_tokens", "messages"}
    assert made.left_out.keys() == {"temperature", "n", "mystery", "response_format.type"}


def test_what_claude_models_take_is_known_by_their_names() -> None:
    def of(name: str) -> Traits:
        return Traits.of(name, name=name, provider="anthropic", known=None)

    assert all(
        of(name).samples for name in ("claude-3-haiku", "claude-opus-4-6", "claude-sonnet-4", "claude-haiku-4-5")
    )
    assert not any(
        of(name).samples for name in ("claude-opus-4-7", "claude-sonnet-5", "claude-haiku-5-5", "claude-fable-5-2")
    )
    assert all(of(name).effort for name in ("claude-opus-4-5", "claude-sonnet-4-6", "claude-haiku-5-5"))
    assert not any(of(name).effort for name in ("claude-3-opus", "claude-sonnet-4-5", "claude-haiku-4-5"))
    assert not Traits.of("gpt-5", name="gpt-5", provider="openai", known=None).samples
    assert Traits.of("gpt-4o", name="gpt-4o", provider="openai", known=None).samples
