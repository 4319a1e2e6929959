"""There and back again: whatever both APIs can say is the same afterwards; and responses requests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gateway.translation import wire
from tests.gateway.translation.wire import CLAUDE, GPT, NOW

from augury.errors import TranslationError
from augury.gateway.translation import Shape, Translation

_SAID = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(lambda text: text == text.strip() != "")
_ID = st.from_regex(r"call_[a-zA-Z0-9]{1,12}", fullmatch=True)
_ARGUMENTS = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.booleans(), max_size=3)


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [{"role": "system", "content": draw(_SAID)}] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(0, 3))):
        messages.append({"role": "user", "content": draw(_SAID)})
        if draw(st.booleans()):
            calls = [
                {
                    "id": name,
                    "type": "function",
                    "function": {"name": "f", "arguments": json.dumps(draw(_ARGUMENTS), ensure_ascii=False, separators=(",", ":"))},
                }
                for name in draw(st.lists(_ID, min_size=1, max_size=3, unique=True))
            ]  # fmt: skip
            messages.append({"role": "assistant", "content": draw(st.none() | _SAID), "tool_calls": calls})
            messages += [{"role": "tool", "tool_call_id": call["id"], "content": draw(_SAID)} for call in calls]
        else:
            messages.append({"role": "assistant", "content": draw(_SAID)})
    return [*messages, {"role": "user", "content": draw(_SAID)}]


@given(conversations())
@settings(max_examples=40)
def test_a_conversation_is_the_same_there_and_back(messages: list[dict[str, Any]]) -> None:
    # Anthropic's turns alternate: what follows the results of tools belongs to their turn, and comes back as it was.
    there = wire.to_anthropic({"model": "m", "messages": messages})
    back = wire.to_openai(there.body)

    assert back.body["messages"] == messages
    assert not there.left_out


@given(
    content=st.lists(
        st.builds(lambda text: {"type": "text", "text": text}, _SAID)
        | st.builds(lambda name, given: {"type": "tool_use", "id": name, "name": "f", "input": given}, _ID, _ARGUMENTS),
        min_size=1,
        max_size=4,
        unique_by=lambda block: block["type"] if block["type"] == "text" else str(block.get("id")),
    ),
    pieces=st.integers(1, 5),
)
@settings(max_examples=40)
def test_an_answer_streamed_is_the_answer_whole(content: list[dict[str, Any]], pieces: int) -> None:
    content.sort(key=lambda block: str(block["type"]))  # text before calls, as chat completions have it
    translation = wire.to_anthropic(
        {"messages": [{"role": "user", "content": "hi"}], "stream": True, "stream_options": {"include_usage": True}}
    )
    back = wire.to_openai({"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9, "stream": True})

    chunks = wire.streamed(translation, wire.anthropic_stream(*wire.message_events(content, "end_turn", pieces)))
    again = wire.as_anthropic_reads(wire.streamed(back, chunks))

    assert [block.to_dict() for block in again.content] == content
    assert (again.usage.input_tokens, again.usage.cache_read_input_tokens, again.usage.output_tokens) == (10, 5, 30)


def responses(body: dict[str, Any], spoken: Shape = Shape.MESSAGES) -> Translation:
    traits = CLAUDE if spoken is Shape.MESSAGES else GPT
    made = Translation(body, asked=Shape.RESPONSES, spoken=spoken, traits=traits, created=NOW)
    wire.typed(spoken, made.body)
    return made


RICH: dict[str, Any] = {
    "model": "auto",
    "instructions": "Be brief.",
    "input": [
        {"role": "user", "content": [
            {"type": "input_text", "text": "hi"},
            {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"},
        ]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look.", "annotations": []}]},
        {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "call_2", "name": "f", "arguments": '{"a":1}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "one"},
        {"type": "function_call_output", "call_id": "call_2", "output": [{"type": "input_text", "text": "two"}]},
    ],
    "tools": [{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}, "additionalProperties": False}, "strict": True}],
    "tool_choice": {"type": "function", "name": "f"},
    "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}},
    "reasoning": {"effort": "high", "summary": "auto"},
    "max_output_tokens": 50, "store": False, "include": ["reasoning.encrypted_content"], "stream": True,
}  # fmt: skip


def test_a_responses_request_becomes_a_chat() -> None:
    body = responses(RICH, Shape.CHAT).body

    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool", "tool"]
    assert [call["id"] for call in body["messages"][2]["tool_calls"]] == ["call_1", "call_2"]
    assert body["response_format"]["json_schema"]["name"] == "n"
    assert (body["max_completion_tokens"], body["reasoning_effort"]) == (50, "high")
    assert body["model"] == GPT.model


def test_a_responses_request_becomes_a_message() -> None:
    made = responses(RICH)

    assert made.body["system"] == "Be brief."
    assert [turn["role"] for turn in made.body["messages"]] == ["user", "assistant", "user"]
    assert made.body["tool_choice"] == {"type": "tool", "name": "f"}
    assert made.body["output_config"]["effort"] == "high"
    assert "input[1]" in made.left_out
    assert responses({"input": "hi"}).body["messages"] == [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"background": True}, "background"),
        ({"truncation": "auto"}, "truncation"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tool_choice": {"type": "file_search"}}, "tool_choice"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]}, "input[0].content[0].image_url"),
        ({"include": ["file_search_call.results"]}, "include"),
        ({"text": {"format": {"type": "json_object"}}}, "text.format.type"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"temperature": 2}, "temperature"),
        ({"reasoning": {"effort": "extreme"}}, "reasoning.effort"),
        ({"input": [{"role": "robot", "content": "hi"}]}, "input"),
        ({"input": None}, "input"),
    ],
)  # fmt: skip
def test_what_has_no_translation_is_refused_by_the_name_it_has_in_the_request(
    fields: dict[str, Any], named: str
) -> None:
    with pytest.raises(TranslationError) as caught:
        responses({"input": "hi"} | fields)
    assert caught.value.field == named


def test_what_may_be_left_out_is_named_as_in_the_request() -> None:
    made = Translation(
        {"input": "hi", "text": {"format": {"type": "json_object"}}, "temperature": 2}, asked=Shape.RESPONSES,
        spoken=Shape.MESSAGES, traits=CLAUDE, created=NOW, expendable=("text", "temperature"),
    )  # fmt: skip
    assert made.body.keys() == {"model", "max_tokens", "messages"}
