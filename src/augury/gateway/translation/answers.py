"""Whole answers: Anthropic's messages as chat completions, and the reverse.

An answer is a provider's, and whoever gets it has paid for it: what is odd in it is read as well as can be, not refused.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from augury.gateway.translation import reading
from augury.gateway.translation.chat_request import written
from augury.gateway.translation.ledger import refusal
from augury.gateway.translation.usage import chat_usage, finish_reason, messages_usage, stop_reason

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIERS: Final = {"standard": "default", "priority": "priority"}


def chat_answer(message: Mapping[str, Any], created: int) -> dict[str, Any]:
    """An answer of Anthropic's as a chat completion.

    Thoughts are left out: chat completions have no place for them.

    Args:
        message: the answer.
        created: when it was asked for, in seconds since 1970; Anthropic does not say.

    Raises:
        TranslationError: it is no message.
    """
    if message.get("type") != "message":
        raise refusal("type", "a message, as Anthropic answers", "something else")
    text = ""
    calls: list[dict[str, Any]] = []
    for block in reading.parts(message.get("content")):
        match block.get("type"):
            case "text":
                text += reading.string(block.get("text"))
            case "tool_use":
                calls.append(tool_call(block.get("id"), block.get("name"), written(reading.part(block.get("input")))))
    why = reading.part(message.get("stop_details")).get("explanation")
    said: dict[str, Any] = {
        "role": "assistant",
        "content": text if text or not calls else None,
        "refusal": why if message.get("stop_reason") == "refusal" and isinstance(why, str) else None,
    }
    if calls:
        said["tool_calls"] = calls
    finished = finish_reason(message.get("stop_reason"), calls=bool(calls))
    usage = reading.part(message.get("usage"))
    return {
        "id": reading.string(message.get("id")),
        "object": "chat.completion",
        "created": created,
        "model": reading.string(message.get("model")),
        "choices": [{"index": 0, "message": said, "logprobs": None, "finish_reason": finished}],
        "usage": chat_usage(usage),
    } | tier(usage)


def tier(usage: Mapping[str, Any]) -> dict[str, str]:
    """The service tier of an answer of Anthropic's, as OpenAI names it."""
    named = _TIERS.get(reading.string(usage.get("service_tier")))
    return {"service_tier": named} if named else {}


def tool_call(call: object, name: object, arguments: str) -> dict[str, Any]:
    """A call of a tool, as chat completions write it."""
    function = {"name": reading.string(name), "arguments": arguments}
    return {"id": reading.string(call), "type": "function", "function": function}


def messages_answer(completion: Mapping[str, Any]) -> dict[str, Any]:
    """A chat completion as a message of Anthropic's.

    A call of a tool whose arguments were cut by the limit of tokens is left out: the stop reason tells.

    Raises:
        TranslationError: it is no chat completion, or a tool's arguments are no JSON object, which Anthropic cannot say.
    """
    choices = reading.parts(completion.get("choices"))
    if not choices:
        raise refusal("choices", "a chat completion", "something else")
    said, finished = reading.part(choices[0].get("message")), choices[0].get("finish_reason")
    content: list[dict[str, Any]] = [
        {"type": "text", "text": said[name]}
        for name in ("content", "refusal")
        if isinstance(said.get(name), str) and said[name]
    ]
    calls = 0
    for place, call in enumerate(reading.parts(said.get("tool_calls"))):
        function = reading.part(call.get("function"))
        arguments = _object(reading.string(function.get("arguments")))
        if arguments is None:
            if finished == "length":
                continue
            field = f"choices[0].message.tool_calls[{place}].function.arguments"
            raise refusal(field, "a JSON object, written as a string", "a string that is none")
        calls += 1
        content.append(tool_use(call.get("id"), function.get("name"), arguments))
    why = "refusal" if said.get("refusal") else stop_reason(finished, calls=calls > 0)
    return {
        "id": reading.string(completion.get("id")),
        "type": "message",
        "role": "assistant",
        "model": reading.string(completion.get("model")),
        "content": content,
        "stop_reason": why,
        "stop_sequence": None,
        "usage": messages_usage(reading.part(completion.get("usage"))),
    }


def tool_use(call: object, name: object, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A call of a tool, as Anthropic writes it."""
    return {"type": "tool_use", "id": reading.string(call), "name": reading.string(name), "input": dict(arguments)}


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        read = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None
