"""A Responses request, in the words of chat completions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from augury.gateway.translation import reading
from augury.gateway.translation.ledger import refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from augury.gateway.translation.ledger import Ledger

_SAME: Final = [
    "model",
    "stream",
    "temperature",
    "top_p",
    "parallel_tool_calls",
    "metadata",
    "user",
    "safety_identifier",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_retention",
]
_READ: Final = frozenset(
    [*_SAME, *["input", "instructions", "max_output_tokens", "tools", "tool_choice", "text", "reasoning", "include"]]
)
_HARMLESS: Final = {
    "stream_options": "it hides the length of pieces",
    "store": "nothing is kept at OpenAI, and a later request must send the conversation again",
    "max_tool_calls": "it counts tools that run at OpenAI, and there are none",
    "prompt_cache_options": "it is of OpenAI's cache",
}
_NEUTRAL: Final[Mapping[str, object]] = {
    "background": False,
    "truncation": "disabled",
    "top_logprobs": 0,
    "previous_response_id": "",
    "conversation": "",
    "prompt": {},
}
_RENAMED: Final = {
    "messages": "input",
    "max_completion_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "verbosity": "text.verbosity",
}


def original(field: str) -> str:
    """A field of chat completions as the Responses request names it."""
    head = field.partition(".")[0].partition("[")[0]
    if head == "messages":
        return "input"
    return _RENAMED[head] + field[len(head) :] if head in _RENAMED else field


def expendable_in_chat(fields: Collection[str]) -> set[str]:
    """The names that chat completions have for fields of a Responses request."""
    return {*fields, *(name for name, whose in _RENAMED.items() if whose.partition(".")[0] in fields)}


def chat_from_responses(body: Mapping[str, Any], ledger: Ledger) -> dict[str, Any]:
    """The same request for chat completions.

    Raises:
        TranslationError: a field has no translation, or is not what it must be.
    """
    fields = ledger.sort_out(body, read=_READ, harmless=_HARMLESS, neutral=_NEUTRAL, whose="responses")
    asked: dict[str, Any] = {name: fields[name] for name in _SAME if name in fields}
    asked["messages"] = _conversation(fields, ledger)
    if fields.get("stream"):
        asked["stream_options"] = {"include_usage": True}
    if "max_output_tokens" in fields:
        asked["max_completion_tokens"] = reading.whole(fields["max_output_tokens"], "max_output_tokens")
    if tools := [_tool(tool, place) for place, tool in reading.objects(fields.get("tools", []), "tools")]:
        asked["tools"] = tools
    if "tool_choice" in fields:
        asked["tool_choice"] = _choice(fields["tool_choice"])
    if any(wanted != "reasoning.encrypted_content" for wanted in reading.items(fields.get("include", []), "include")):
        ledger.object_to("include", "nothing but reasoning.encrypted_content, which may be left out", "something else")
    return asked | _text(fields, ledger) | _reasoning(fields, ledger)


def _text(fields: Mapping[str, Any], ledger: Ledger) -> dict[str, Any]:
    text = reading.mapping(fields.get("text", {}), "text")
    asked: dict[str, Any] = {}
    if text.get("verbosity") is not None:
        asked["verbosity"] = reading.text(text["verbosity"], "text.verbosity")
    if text.get("format") is not None:
        wanted = dict(reading.mapping(text["format"], "text.format"))
        match wanted.pop("type", None):
            case "text":
                pass
            case "json_object":
                asked["response_format"] = {"type": "json_object"}
            case "json_schema":
                asked["response_format"] = {"type": "json_schema", "json_schema": wanted}
            case _:
                ledger.object_to("text.format.type", "text, json_object or json_schema", "another format")
    return asked


def _reasoning(fields: Mapping[str, Any], ledger: Ledger) -> dict[str, Any]:
    reasoning = reading.mapping(fields.get("reasoning", {}), "reasoning")
    asked: dict[str, Any] = {}
    for name, value in reasoning.items():
        if value is None:
            continue
        if name == "effort":
            asked["reasoning_effort"] = reading.text(value, "reasoning.effort")
        else:
            ledger.leave_out(f"reasoning.{name}", "thoughts are not passed on")
    return asked


def _tool(tool: Mapping[str, Any], place: str) -> dict[str, Any]:
    if tool.get("type") != "function":
        raise refusal(f"{place}.type", "function: tools that run at OpenAI have no translation", "another kind of tool")
    if tool.get("defer_loading") or tool.get("async") or tool.get("allowed_callers") not in (None, ["direct"]):
        raise refusal(
            place, "a function that the model calls itself, from the start", "one that is found or called otherwise"
        )
    known = ("name", "description", "parameters", "strict")
    return {"type": "function", "function": {name: tool[name] for name in known if tool.get(name) is not None}}


def _choice(choice: object) -> object:
    match choice:
        case "none" | "auto" | "required":
            return choice
        case {"type": "function", "name": str(name)}:
            return {"type": "function", "function": {"name": name}}
        case {"type": "allowed_tools", "mode": mode, "tools": tools}:
            return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}
        case _:
            raise refusal("tool_choice", "none, auto, required, a function, or allowed_tools", reading.kind(choice))


def _conversation(fields: Mapping[str, Any], ledger: Ledger) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    if fields.get("instructions") is not None:
        messages.append({"role": "system", "content": reading.text(fields["instructions"], "instructions")})
    given = fields.get("input")
    if isinstance(given, str):
        return [*messages, {"role": "user", "content": given}]
    for place, item in reading.objects(given, "input"):
        match item.get("type", "message"):
            case "message":
                messages.append(_message(item, place))
            case "function_call":
                call = _call(item, place)
                if messages and messages[-1]["role"] == "assistant":  # calls made at once belong to one answer
                    messages[-1].setdefault("tool_calls", []).append(call)
                else:
                    messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
            case "function_call_output":
                messages.append(_output(item, place))
            case "reasoning":
                ledger.leave_out(place, "thoughts belong to the model that had them; another cannot read them")
            case _:
                raise refusal(
                    f"{place}.type", "message, function_call, function_call_output or reasoning", "another kind of item"
                )
    return messages


def _call(item: Mapping[str, Any], place: str) -> dict[str, Any]:
    read = {name: reading.text(item.get(name), f"{place}.{name}") for name in ("call_id", "name", "arguments")}
    return {
        "id": read["call_id"],
        "type": "function",
        "function": {"name": read["name"], "arguments": read["arguments"]},
    }


def _output(item: Mapping[str, Any], place: str) -> dict[str, Any]:
    call = reading.text(item.get("call_id"), f"{place}.call_id")
    output = item.get("output")
    if not isinstance(output, str):
        output = [_part(part, inner) for inner, part in reading.objects(output, f"{place}.output")]
        if any(part["type"] != "text" for part in output):
            raise refusal(f"{place}.output", "text: chat completions take nothing else here", "an image or a file")
    return {"role": "tool", "tool_call_id": call, "content": output}


def _message(item: Mapping[str, Any], place: str) -> dict[str, Any]:
    role = reading.text(item.get("role"), f"{place}.role")
    content = item.get("content")
    if not isinstance(content, str):
        content = [_part(part, inner) for inner, part in reading.objects(content, f"{place}.content")]
    return {"role": role, "content": content}


def _part(part: Mapping[str, Any], place: str) -> dict[str, Any]:
    kept = {"prompt_cache_breakpoint": mark} if (mark := part.get("prompt_cache_breakpoint")) else {}
    match part.get("type"):
        case "input_text" | "output_text" | "text":
            return {"type": "text", "text": reading.text(part.get("text"), f"{place}.text")} | kept
        case "refusal":
            return {"type": "refusal", "refusal": reading.text(part.get("refusal"), f"{place}.refusal")}
        case "input_image":
            if part.get("image_url") is None:
                raise refusal(f"{place}.image_url", "an address: a file at OpenAI cannot be read by another", "none")
            image = {"url": reading.text(part["image_url"], f"{place}.image_url")}
            return {"type": "image_url", "image_url": image | _given(part, "detail")} | kept
        case "input_file":
            if part.get("file_data") is None:
                raise refusal(
                    f"{place}.file_data", "the file itself: other providers read none at OpenAI or elsewhere", "none"
                )
            return {"type": "file", "file": _given(part, "file_data") | _given(part, "filename")} | kept
        case _:
            raise refusal(f"{place}.type", "text, an image, or a file", "another kind of part")


def _given(part: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {name: part[name]} if part.get(name) is not None else {}
