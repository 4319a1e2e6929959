"""Langfuse: observations from its UI, its API, and its blob storage (https://langfuse.com/docs/api-and-data-platform)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.capture.elsewhere.reading import (
    any_of,
    count,
    dollars,
    failed,
    first,
    listing,
    mapping,
    metadata,
    number,
    task,
    timed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.capture.elsewhere.reading import Record

MARKS = frozenset({"traceId", "startTime", "type"}), frozenset({"trace_id", "start_time", "usage_details"})

_EMBEDDING = "embedding"
_CALLS = frozenset({"generation", _EMBEDDING})
_INPUT = ("input", "input_tokens", "prompt_tokens", "promptTokens")
_OUTPUT = ("output", "output_tokens", "completion_tokens", "completionTokens")
_CACHE_READ = ("input_cached_tokens", "cache_read_input_tokens", "input_cache_read", "input_cached", "cached_tokens")
_CACHE_WRITE = ("cache_creation_input_tokens", "input_cache_creation", "input_cache_write")
_REASONING = ("output_reasoning_tokens", "output_reasoning", "reasoning_tokens")


def translate(values: Mapping[str, object]) -> Record | None:
    """A generation, or an embedding; every other observation is no call."""
    kind = first(values, "type")
    if not any_of(_CALLS, kind):
        return None
    record = timed(
        "langfuse",
        first(values, "id"),
        began=first(values, "startTime", "start_time"),
        ended=first(values, "endTime", "end_time"),
        first_token=first(values, "completionStartTime", "completion_start_time"),
        milliseconds=_of_seconds(first(values, "latency")) if not first(values, "endTime", "end_time") else None,
    )
    record |= {
        "model": first(values, "providedModelName", "provided_model_name", "model"),
        "operation": "embeddings" if any_of((_EMBEDDING,), kind) else "chat",
        "conversation_id": first(values, "sessionId", "session_id", "traceSessionId", "traceId", "trace_id"),
        "user_id": first(values, "userId", "user_id", "traceUserId"),
        "cost_usd": _cost(values),
        **_tokens(values),
        **task(first(values, "input"), first(values, "tools", "tool_definitions")),
        **metadata(
            source="langfuse",
            name=first(values, "name"),
            trace=first(values, "traceId", "trace_id"),
            environment=first(values, "environment"),
            prompt=first(values, "promptName", "prompt_name"),
            version=first(values, "version"),
            tags=listing(first(values, "traceTags", "trace_tags", "tags")),
        ),
    }
    if any_of(("error",), first(values, "level")):
        record |= failed(first(values, "statusMessage", "status_message"))
    return record


def _of_seconds(value: object) -> float | None:
    seconds = number(value)
    return None if seconds is None else 1_000 * seconds


def _cost(values: Mapping[str, object]) -> object:
    details = mapping(first(values, "costDetails", "cost_details"))
    return dollars(
        first(values, "totalCost", "total_cost"),
        details.get("total"),
        first(values, "calculatedTotalCost", "calculated_total_cost"),
    )


def _tokens(values: Mapping[str, object]) -> Record:
    """Tokens by what they were: Langfuse keeps parts beside `input` and `output`, and not in them, unless its total says so."""
    usage = mapping(first(values, "usageDetails", "usage_details")) or mapping(first(values, "usage"))
    given = first(usage, *_INPUT) or first(values, "inputTokens", "promptTokens", "inputUsage", "input_tokens")
    taken = first(usage, *_OUTPUT) or first(values, "outputTokens", "completionTokens", "outputUsage", "output_tokens")
    cached, written, reasoning = (first(usage, *names) for names in (_CACHE_READ, _CACHE_WRITE, _REASONING))
    beside_input = _beside(usage, _INPUT, ("input", "cache"))
    beside_output = _beside(usage, _OUTPUT, ("output", "reasoning"))
    whole = count(first(usage, "total"))
    own_input, own_output = count(given), count(taken)
    if whole is not None and whole == (own_input or 0) + (own_output or 0):
        beside_input = beside_output = 0  # its parts are in them
    return {
        "input_tokens": given if own_input is None else own_input + beside_input,
        "output_tokens": taken if own_output is None else own_output + beside_output,
        "cached_input_tokens": cached,
        "cache_write_tokens": written,
        "reasoning_tokens": reasoning,
    }


def _beside(usage: Mapping[str, object], own: tuple[str, ...], words: tuple[str, ...]) -> int:
    """The parts that are told beside a whole."""
    named = ((name, count(value)) for name, value in usage.items() if name not in own and name.startswith(words))
    return sum(tokens or 0 for _, tokens in named)
