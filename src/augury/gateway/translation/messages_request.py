"""A chat completions request, in the words of Anthropic's messages.

Sources: the types of the clients `openai` 3.57 and `anthropic` 2.14, and what Anthropic says of its own layer for OpenAI's
clients (https://platform.claude.com/docs/en/cli-sdks-libraries/libraries/openai-sdk), which ignores what we refuse.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

from augury.gateway.translation import parts, reading
from augury.gateway.translation.ledger import refusal
from augury.gateway.translation.traits import MOST_TOKENS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.gateway.translation.ledger import Ledger
    from augury.gateway.translation.traits import Traits

_READ: Final = frozenset(
    [
        "model",
        "messages",
        "max_tokens",
        "max_completion_tokens",
        "stop",
        "stream",
        "temperature",
        "top_p",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "user",
        "safety_identifier",
        "reasoning_effort",
        "thinking",
    ]
)
_HARMLESS: Final = {
    "stream_options": "tokens are counted anyway, and told where that was asked for",
    "store": "it would keep the answer at OpenAI, for its dashboard",
    "metadata": "labels for OpenAI's dashboard",
    "prompt_cache_key": "it speeds OpenAI's cache up",
    "prompt_cache_retention": "it is of OpenAI's cache",
    "prompt_cache_options": "it is of OpenAI's cache",
    "prediction": "it speeds the answer up, and does not change it",
    "service_tier": "tiers are each provider's own",
    "seed": "it promises nothing, and Anthropic has none",
    "verbosity": "a hint; Anthropic has none",
}
_NEUTRAL: Final[Mapping[str, object]] = {
    "n": 1,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "logprobs": False,
    "top_logprobs": 0,
    "logit_bias": {},
    "modalities": ["text"],
}
_EFFORTS: Final = {"none": "low", "minimal": "low"} | {word: word for word in ("low", "medium", "high", "xhigh", "max")}
_NAME: Final = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_USER: Final = 256  # characters
_LONGEST_ID: Final = 64


def messages_request(body: Mapping[str, Any], traits: Traits, ledger: Ledger) -> dict[str, Any]:
    """What to ask Anthropic.

    Raises:
        TranslationError: a field has no translation, or is not what it must be.
    """
    fields = ledger.sort_out(body, read=_READ, harmless=_HARMLESS, neutral=_NEUTRAL, whose="chat completions")
    system, turns = _conversation(fields.get("messages"), ledger)
    if not turns:
        raise refusal("messages", "at least one message of the user that says something", "none")
    asked: dict[str, Any] = {"model": traits.model, "max_tokens": _longest(fields, traits), "messages": turns}
    if system:
        asked["system"] = parts.simple(system)
    if "stream" in fields:
        asked["stream"] = reading.flag(fields["stream"], "stream")
    if "thinking" in fields:  # not OpenAI's, but how its clients ask Anthropic for it
        asked["thinking"] = dict(reading.mapping(fields["thinking"], "thinking"))
    if stops := reading.words(fields.get("stop", []), "stop"):
        if not all(map(str.strip, stops)):
            raise refusal("stop", "words to stop at that are more than white space", "white space")
        asked["stop_sequences"] = stops
    if user := fields.get("safety_identifier", fields.get("user")):
        asked["metadata"] = {"user_id": _user(reading.text(user, "user"))}
    asked |= _sampling(fields, traits, ledger)
    asked |= _tools(fields, traits, ledger)
    if output := _output(fields, traits, ledger):
        asked["output_config"] = output
    return asked


def _longest(fields: Mapping[str, Any], traits: Traits) -> int:
    """Anthropic wants a limit; where the caller set none, it is the model's own, as it would be at OpenAI."""
    for name in ("max_completion_tokens", "max_tokens"):
        if name in fields:
            return min(reading.whole(fields[name], name), traits.max_output or 2**31)
    return traits.max_output or MOST_TOKENS


def _user(name: str) -> str:
    return name if len(name) <= _LONGEST_USER else hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _sampling(fields: Mapping[str, Any], traits: Traits, ledger: Ledger) -> dict[str, float]:
    """Temperature or top_p. The default of both is 1, and so it may be left out."""
    given = {name: reading.number(fields[name], name) for name in ("temperature", "top_p") if fields.get(name, 1) != 1}
    kept: dict[str, float] = {}
    for name, value in given.items():
        if not traits.samples:
            ledger.object_to(name, f"1, or nothing: {traits.model} takes no other", "another number")
        elif not 0 <= value <= 1:
            ledger.object_to(name, "a number from 0 to 1, where Anthropic's scale ends", "a number beyond it")
        elif kept:
            ledger.object_to(name, "temperature or top_p: Anthropic takes one of them", "both")
        else:
            kept[name] = value
    return kept


def _output(fields: Mapping[str, Any], traits: Traits, ledger: Ledger) -> dict[str, Any]:
    output: dict[str, Any] = {}
    if "reasoning_effort" in fields:
        effort = _EFFORTS.get(reading.text(fields["reasoning_effort"], "reasoning_effort"))
        if effort is None:
            raise refusal("reasoning_effort", f"one of {', '.join(_EFFORTS)}", "another word")
        if traits.effort:
            output["effort"] = effort
        else:
            ledger.leave_out("reasoning_effort", f"a hint; {traits.model} has no such setting")
    if "response_format" in fields:
        wanted = reading.mapping(fields["response_format"], "response_format")
        match wanted.get("type"):
            case "text":
                pass
            case "json_schema" if traits.json_schema:
                described = reading.mapping(wanted.get("json_schema"), "response_format.json_schema")
                schema = reading.mapping(described.get("schema"), "response_format.json_schema.schema")
                output["format"] = {"type": "json_schema", "schema": dict(schema)}
            case "json_object":
                ledger.object_to(
                    "response_format.type",
                    "json_schema with a schema: Anthropic has no JSON without one",
                    "json_object",
                )
            case _:
                ledger.object_to("response_format.type", f"what {traits.model} can keep to", "another format")
    return output


def _tools(fields: Mapping[str, Any], traits: Traits, ledger: Ledger) -> dict[str, Any]:
    defined: dict[str, dict[str, Any]] = {}
    for place, given in reading.objects(fields.get("tools", []), "tools"):
        tool = _tool(given, place, traits, ledger)
        if defined.setdefault(tool["name"], tool) is not tool:
            raise refusal(f"{place}.function.name", "a name that no other tool has", "one that another has")
    choice, names = _choice(fields.get("tool_choice"), len(defined))
    if not defined:
        return {}
    if names is not None:
        if unknown := sorted(names - defined.keys()):
            raise refusal("tool_choice.allowed_tools.tools", "names of tools that are given", f"{len(unknown)} others")
        defined = {name: tool for name, tool in defined.items() if name in names}
    if not reading.flag(fields.get("parallel_tool_calls", True), "parallel_tool_calls"):
        choice = choice or {"type": "auto"}
        if choice["type"] != "none":
            choice["disable_parallel_tool_use"] = True
    return {"tools": list(defined.values())} | ({"tool_choice": choice} if choice else {})


def _tool(given: Mapping[str, Any], place: str, traits: Traits, ledger: Ledger) -> dict[str, Any]:
    if given.get("type") != "function":
        raise refusal(f"{place}.type", "function: Anthropic has no other tools of a caller's", "another kind of tool")
    function = reading.mapping(given.get("function"), f"{place}.function")
    tool: dict[str, Any] = {"name": _called(function.get("name"), f"{place}.function.name")}
    if function.get("description") is not None:
        tool["description"] = reading.text(function["description"], f"{place}.function.description")
    schema = dict(reading.mapping(function.get("parameters") or {}, f"{place}.function.parameters"))
    tool["input_schema"] = {"type": "object", "properties": {}} | schema
    if function.get("strict") is not None and reading.flag(function["strict"], f"{place}.function.strict"):
        if traits.json_schema:
            tool["strict"] = True
        else:
            ledger.object_to(f"{place}.function.strict", f"false: {traits.model} does not keep to a schema", "true")
    return tool


def _called(value: object, field: str) -> str:
    name = reading.text(value, field)
    if not name or _NAME.search(name):
        raise refusal(field, "letters, digits, _ and -", "other characters")
    return name


def _choice(given: object, tools: int) -> tuple[dict[str, Any], set[str] | None]:
    """How to choose among the tools, and which of them, where not all."""
    choice: dict[str, Any]
    names = None
    match given:
        case None:
            return {}, None
        case "auto" | "none":
            choice = {"type": given}
        case "required":
            choice = {"type": "any"}
        case {"type": "function", "function": {"name": str(name)}}:
            choice = {"type": "tool", "name": name}
        case {"type": "allowed_tools", "allowed_tools": {"mode": "auto" | "required" as mode, "tools": list(allowed)}}:
            choice = {"type": "auto" if mode == "auto" else "any"}
            names = {_allowed(tool, f"tool_choice.allowed_tools.tools[{at}]") for at, tool in enumerate(allowed)}
        case _:
            raise refusal("tool_choice", "none, auto, required, a function, or allowed_tools", reading.kind(given))
    if not tools and choice["type"] not in ("auto", "none"):
        raise refusal("tool_choice", "none or auto where there are no tools", "a choice that needs some")
    return choice, names


def _allowed(tool: object, place: str) -> str:
    match tool:
        case {"type": "function", "function": {"name": str(name)}} | {"type": "function", "name": str(name)}:
            return name
    raise refusal(place, 'a function: {"type": "function", "function": {"name": …}}', reading.kind(tool))


def _conversation(messages: object, ledger: Ledger) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The system's blocks and the turns.

    Neighbours of one role become one turn, as the results of several tools must. All system messages come first, as in
    Anthropic's own layer for OpenAI's clients.
    """
    system: list[dict[str, Any]] = []
    turns: list[dict[str, Any]] = []
    for place, message in reading.objects(messages, "messages"):
        if message.get("name") is not None:
            ledger.leave_out(f"{place}.name", "Anthropic has no names of participants")
        if message.get("role") in ("system", "developer"):
            if turns:
                ledger.leave_out(f"{place}.role", "kept, but said before the conversation instead of within it")
            system += parts.texts(message.get("content"), f"{place}.content")
            continue
        role, content = _turn(message, place, ledger)
        if content and turns and turns[-1]["role"] == role:
            turns[-1]["content"] += content
        elif content:
            turns.append({"role": role, "content": content})
    if turns and turns[-1]["role"] == "assistant" and turns[-1]["content"][-1]["type"] == "text":
        last = turns[-1]["content"][-1]
        last["text"] = last["text"].rstrip()  # Anthropic goes on from here, and refuses white space at the end
    for turn in turns:
        turn["content"] = parts.simple(turn["content"])
    return system, turns


def _turn(message: Mapping[str, Any], place: str, ledger: Ledger) -> tuple[str, list[dict[str, Any]]]:
    """Whose turn it is, and what is said."""
    match message.get("role"):
        case "user":
            return "user", parts.blocks(message.get("content"), f"{place}.content", ledger)
        case "tool":
            return "user", [_result(message, place)]
        case "assistant":
            return "assistant", _said(message, place)
        case _:
            raise refusal(f"{place}.role", "system, developer, user, assistant or tool", "another role")


def _result(message: Mapping[str, Any], place: str) -> dict[str, Any]:
    call = _identifier(reading.text(message.get("tool_call_id"), f"{place}.tool_call_id"))
    content = parts.texts(message.get("content"), f"{place}.content") if message.get("content") is not None else []
    result: dict[str, Any] = {"type": "tool_result", "tool_use_id": call}
    return result | ({"content": parts.simple(content)} if content else {})


def _said(message: Mapping[str, Any], place: str) -> list[dict[str, Any]]:
    for name in ("audio", "function_call"):
        if message.get(name) is not None:
            raise refusal(f"{place}.{name}", "content and tool_calls, which have a translation", "something else")
    said: list[dict[str, Any]] = []
    content = message.get("content")
    if isinstance(content, list):
        for inner, part in reading.objects(content, f"{place}.content"):
            spoken = part.get("refusal") if part.get("type") == "refusal" else part.get("text")
            if part.get("type") not in ("text", "refusal"):
                raise refusal(f"{inner}.type", "text or refusal", "another kind of part")
            said += parts.texts(reading.text(spoken, inner), inner)
    elif content is not None:
        said += parts.texts(content, f"{place}.content")
    if message.get("refusal"):
        said += parts.texts(message["refusal"], f"{place}.refusal")
    for inner, call in reading.objects(message.get("tool_calls") or [], f"{place}.tool_calls"):
        said.append(_use(call, inner))
    return said


def _use(call: Mapping[str, Any], place: str) -> dict[str, Any]:
    if call.get("type", "function") != "function":
        raise refusal(f"{place}.type", "function", "another kind of tool")
    function = reading.mapping(call.get("function"), f"{place}.function")
    return {
        "type": "tool_use",
        "id": _identifier(reading.text(call.get("id"), f"{place}.id")),
        "name": _called(function.get("name"), f"{place}.function.name"),
        "input": reading.arguments(function.get("arguments", ""), f"{place}.function.arguments"),
    }


def _identifier(name: str) -> str:
    """A call's id in the letters that Anthropic takes: itself, or, made of others, a hash that is the same each time."""
    if name and len(name) <= _LONGEST_ID and not _NAME.search(name):
        return name
    return f"call_{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
