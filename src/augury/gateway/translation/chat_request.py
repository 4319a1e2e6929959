"""An Anthropic messages request, in the words of chat completions.

Sources: the types of the clients `openai` 3.57 and `anthropic` 2.14. Older clients still send temperature, top_p, and top_k.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from augury.gateway.translation import parts, reading
from augury.gateway.translation.ledger import refusal
from augury.gateway.translation.schemas import enforceable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.gateway.translation.ledger import Ledger
    from augury.gateway.translation.traits import Traits

_READ: Final = frozenset(
    [
        "model",
        "messages",
        "max_tokens",
        "system",
        "stop_sequences",
        "stream",
        "temperature",
        "top_p",
        "tools",
        "tool_choice",
        "metadata",
        "thinking",
        "output_config",
        "context_management",
    ]
)
_HARMLESS: Final = {
    "cache_control": parts.CACHED,
    "diagnostics": "it asks about Anthropic's cache",
    "service_tier": "tiers are each provider's own",
    "speed": "tiers are each provider's own",
    "user_profile_id": "it is of Anthropic's billing",
    "workspace_id": "it is of Anthropic's billing",
}
_NEUTRAL: Final[Mapping[str, object]] = {"mcp_servers": [], "inference_geo": "global"}
_THOUGHTS: Final = "thoughts are signed for the model that had them; another cannot read them"
_SERVED: Final = "custom tools: those that run at Anthropic have no translation"
_MOST_STOPS: Final = 4
_LONGEST_NAME: Final = 64
_LONGEST_USER: Final = 64


def chat_request(body: Mapping[str, Any], traits: Traits, ledger: Ledger) -> dict[str, Any]:
    """What to ask a server that speaks like OpenAI.

    Raises:
        TranslationError: a field has no translation, or is not what it must be.
    """
    fields = ledger.sort_out(body, read=_READ, harmless=_HARMLESS, neutral=_NEUTRAL, whose="messages")
    asked: dict[str, Any] = {"model": traits.model, "messages": _conversation(fields, ledger)}
    longest = reading.whole(fields.get("max_tokens"), "max_tokens")
    asked["max_completion_tokens" if traits.openai else "max_tokens"] = min(longest, traits.max_output or longest)
    if "stream" in fields:
        asked["stream"] = reading.flag(fields["stream"], "stream")
        if asked["stream"]:
            asked["stream_options"] = {"include_usage": True}
    if stops := reading.words(fields.get("stop_sequences", []), "stop_sequences"):
        if len(stops) > _MOST_STOPS:
            raise refusal("stop_sequences", f"at most {_MOST_STOPS}, as OpenAI takes", f"{len(stops)} of them")
        asked["stop"] = stops
    user = reading.mapping(fields.get("metadata", {}), "metadata").get("user_id")
    if user is not None:
        asked["safety_identifier" if traits.openai else "user"] = _user(reading.text(user, "metadata.user_id"))
    for name in ("temperature", "top_p"):
        if fields.get(name, 1) != 1:
            if traits.samples:
                asked[name] = reading.number(fields[name], name)
            else:
                ledger.object_to(name, f"1, or nothing: {traits.model} takes no other", "another number")
    _forget(fields, ledger)
    return asked | _tools(fields, traits, ledger) | _output(fields, traits, ledger)


def _user(name: str) -> str:
    return name if len(name) <= _LONGEST_USER else hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _forget(fields: Mapping[str, Any], ledger: Ledger) -> None:
    """What only says how a Claude model should think, or which of its thoughts to forget."""
    if "thinking" in fields:
        ledger.leave_out("thinking", "how Claude thinks is its own; output_config.effort is translated")
    edits = reading.mapping(fields.get("context_management", {}), "context_management").get("edits", [])
    for place, edit in reading.objects(edits, "context_management.edits"):
        if not reading.string(edit.get("type")).startswith("clear_thinking"):
            raise refusal(f"{place}.type", "clear_thinking…: other providers cannot edit what was said", "another edit")
    if "context_management" in fields:
        ledger.leave_out("context_management", _THOUGHTS)


def _output(fields: Mapping[str, Any], traits: Traits, ledger: Ledger) -> dict[str, Any]:
    config = reading.mapping(fields.get("output_config", {}), "output_config")
    output: dict[str, Any] = {}
    for name, value in config.items():
        field = f"output_config.{name}"
        if value is None:
            continue
        match name:
            case "effort" if traits.effort:
                output["reasoning_effort"] = reading.text(value, field)
            case "effort":
                ledger.leave_out(field, f"a hint; {traits.model} has no such setting")
            case "format":
                wanted = reading.mapping(value, field)
                schema = wanted.get("schema")
                if wanted.get("type") != "json_schema" or not traits.json_schema or not enforceable(schema):
                    ledger.object_to(
                        field,
                        f"a schema that {traits.model} can be held to: every property required, and no others allowed",
                        "another",
                    )
                else:
                    described = {"name": "answer", "schema": schema, "strict": True}
                    output["response_format"] = {"type": "json_schema", "json_schema": described}
            case _:
                ledger.object_to(field, "effort or format, which have a translation", "another setting")
    return output


def _tools(fields: Mapping[str, Any], traits: Traits, ledger: Ledger) -> dict[str, Any]:
    tools = [_tool(given, place, traits, ledger) for place, given in reading.objects(fields.get("tools", []), "tools")]
    if not tools:
        return {}
    asked: dict[str, Any] = {"tools": tools}
    if "tool_choice" in fields:
        choice = reading.mapping(fields["tool_choice"], "tool_choice")
        match choice.get("type"):
            case "auto" | "none" as word:
                asked["tool_choice"] = word
            case "any":
                asked["tool_choice"] = "required"
            case "tool":
                name = reading.text(choice.get("name"), "tool_choice.name")
                asked["tool_choice"] = {"type": "function", "function": {"name": name}}
            case _:
                raise refusal("tool_choice.type", "auto, any, tool or none", "another word")
        if choice.get("disable_parallel_tool_use") is not None:
            asked["parallel_tool_calls"] = not reading.flag(
                choice["disable_parallel_tool_use"], "tool_choice.disable_parallel_tool_use"
            )
    return asked


def _tool(given: Mapping[str, Any], place: str, traits: Traits, ledger: Ledger) -> dict[str, Any]:
    if given.get("type") not in (None, "custom"):
        raise refusal(f"{place}.type", _SERVED, "another kind of tool")
    if given.get("defer_loading") or given.get("allowed_callers") not in (None, ["direct"]):
        raise refusal(place, "a tool that the model calls itself, from the start", "one that other tools find or call")
    name = reading.text(given.get("name"), f"{place}.name")
    if not name or len(name) > _LONGEST_NAME:
        raise refusal(f"{place}.name", f"1 to {_LONGEST_NAME} characters, as OpenAI takes", f"{len(name)} of them")
    for hint in ("cache_control", "input_examples", "eager_input_streaming"):
        if given.get(hint) is not None:
            ledger.leave_out(f"{place}.{hint}", parts.CACHED if hint == "cache_control" else "a hint; OpenAI has none")
    function: dict[str, Any] = {"name": name}
    if given.get("description") is not None:
        function["description"] = reading.text(given["description"], f"{place}.description")
    function["parameters"] = dict(reading.mapping(given.get("input_schema"), f"{place}.input_schema"))
    if given.get("strict") is not None and reading.flag(given["strict"], f"{place}.strict"):
        if traits.json_schema and enforceable(function["parameters"]):
            function["strict"] = True
        else:
            ledger.object_to(
                f"{place}.strict",
                "false, or a schema whose properties are all required, with no others allowed",
                "true",
            )
    return {"type": "function", "function": function}


def _conversation(fields: Mapping[str, Any], ledger: Ledger) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    if system := _system(fields.get("system", []), "system", ledger):
        messages.append(system)
    for place, message in reading.objects(fields.get("messages"), "messages"):
        content, field = message.get("content"), f"{place}.content"
        match message.get("role"):
            case "user":
                messages += _asked(content, field, ledger)
            case "assistant":
                messages += _said(content, field, ledger)
            case "system":
                messages += [system] if (system := _system(content, field, ledger)) else []
            case _:
                raise refusal(f"{place}.role", "user, assistant or system", "another role")
    if all(message["role"] == "system" for message in messages):
        raise refusal("messages", "at least one message of the user that says something", "none")
    if messages[-1]["role"] == "assistant":
        raise refusal(
            "messages",
            "a last message of the user: only Claude goes on from what it is given to say",
            "the assistant's",
        )
    return messages


def _system(content: object, field: str, ledger: Ledger) -> dict[str, Any] | None:
    """One message of all the texts; servers that speak like OpenAI may take no list of them."""
    said = _texts(content, field, ledger)
    return {"role": "system", "content": "\n\n".join(said)} if said else None


def _texts(content: object, field: str, ledger: Ledger) -> list[str]:
    said = parts.chat_parts(content, field, ledger)
    if any(part["type"] != "text" for part in said):
        raise refusal(field, "text: OpenAI takes nothing else here", "an image or a document")
    return [part["text"] for part in said if part["text"]]


def _asked(content: object, field: str, ledger: Ledger) -> list[dict[str, Any]]:
    """A user's turn: the results of tools, which OpenAI wants first and each for itself, then what the user says."""
    results: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    if isinstance(content, str):
        said = parts.chat_parts(content, field, ledger)
    else:
        for place, block in reading.objects(content, field):
            if block.get("type") == "tool_result":
                results.append(_result(block, place, ledger))
            else:
                said += parts.chat_part(block, place, ledger)
    match said:
        case []:
            return results
        case [{"type": "text", "text": str(text)}]:
            return [*results, {"role": "user", "content": text}]
    return [*results, {"role": "user", "content": said}]


def _result(block: Mapping[str, Any], place: str, ledger: Ledger) -> dict[str, Any]:
    if block.get("cache_control") is not None:
        ledger.leave_out(f"{place}.cache_control", parts.CACHED)
    text = "\n".join(_texts(block.get("content") or [], f"{place}.content", ledger))
    if block.get("is_error"):  # OpenAI has no mark for it; the model reads it
        text = f"Error: {text}" if text else "Error"
    call = reading.text(block.get("tool_use_id"), f"{place}.tool_use_id")
    return {"role": "tool", "tool_call_id": call, "content": text}


def _said(content: object, field: str, ledger: Ledger) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"role": "assistant", "content": content}] if content else []
    text = ""
    calls: list[dict[str, Any]] = []
    for place, block in reading.objects(content, field):
        if block.get("cache_control") is not None:
            ledger.leave_out(f"{place}.cache_control", parts.CACHED)
        match block.get("type"):
            case "text":
                text += reading.text(block.get("text"), f"{place}.text")
            case "tool_use":
                calls.append(
                    {
                        "id": reading.text(block.get("id"), f"{place}.id"),
                        "type": "function",
                        "function": {
                            "name": reading.text(block.get("name"), f"{place}.name"),
                            "arguments": written(reading.mapping(block.get("input"), f"{place}.input")),
                        },
                    }
                )
            case "thinking" | "redacted_thinking":
                ledger.leave_out(place, _THOUGHTS)
            case _:
                raise refusal(f"{place}.type", "text, tool_use or thinking", "another kind of block")
    if calls:
        return [{"role": "assistant", "content": text or None, "tool_calls": calls}]
    return [{"role": "assistant", "content": text}] if text else []


def written(arguments: Mapping[str, Any]) -> str:
    """A tool's arguments as OpenAI writes them: JSON in a string."""
    return json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
