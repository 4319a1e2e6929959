"""Tokens and stop reasons, in the words of each API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from augury.gateway.translation.reading import count, part

if TYPE_CHECKING:
    from collections.abc import Mapping

_FINISHED: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",  # only where tools run at Anthropic, which no translated request asks for
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_STOPPED: Final = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}


def finish_reason(stop_reason: object, *, calls: bool) -> str:
    """OpenAI's word for why an answer ended; a reason that is not known is a normal end."""
    return _FINISHED.get(stop_reason, "tool_calls" if calls else "stop") if isinstance(stop_reason, str) else "stop"


def stop_reason(finish_reason: object, *, calls: bool) -> str:
    """Anthropic's word for why an answer ended. Some servers say "stop" where tools are called."""
    found = _STOPPED.get(finish_reason, "end_turn") if isinstance(finish_reason, str) else "end_turn"
    return "tool_use" if calls and found == "end_turn" else found


def chat_usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Anthropic's tokens as OpenAI counts them: the cached ones are part of the prompt."""
    read, wrote = count(usage.get("cache_read_input_tokens")), count(usage.get("cache_creation_input_tokens"))
    prompt = count(usage.get("input_tokens")) + read + wrote
    completion = count(usage.get("output_tokens"))
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": wrote},
        "completion_tokens_details": {
            "reasoning_tokens": count(part(usage.get("output_tokens_details")).get("thinking_tokens"))
        },
    }


def messages_usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    """OpenAI's tokens as Anthropic counts them: the cached ones stand beside the others."""
    details = part(usage.get("prompt_tokens_details"))
    read, wrote = count(details.get("cached_tokens")), count(details.get("cache_write_tokens"))
    thought = count(part(usage.get("completion_tokens_details")).get("reasoning_tokens"))
    return {
        "input_tokens": max(0, count(usage.get("prompt_tokens")) - read - wrote),
        "output_tokens": count(usage.get("completion_tokens")),
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": wrote,
    } | ({"output_tokens_details": {"thinking_tokens": thought}} if thought else {})


def responses_usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    """The tokens of chat completions as the Responses API names them."""
    prompt = part(usage.get("prompt_tokens_details"))
    completion = part(usage.get("completion_tokens_details"))
    return {
        "input_tokens": count(usage.get("prompt_tokens")),
        "input_tokens_details": {
            "cached_tokens": count(prompt.get("cached_tokens")),
            "cache_write_tokens": count(prompt.get("cache_write_tokens")),
        },
        "output_tokens": count(usage.get("completion_tokens")),
        "output_tokens_details": {"reasoning_tokens": count(completion.get("reasoning_tokens"))},
        "total_tokens": count(usage.get("total_tokens"))
        or count(usage.get("prompt_tokens")) + count(usage.get("completion_tokens")),
    }
