"""Helicone: what `npx @helicone/export` writes, and what its request API answers (https://docs.helicone.ai/tools/export)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.capture.elsewhere.reading import (
    any_of,
    dollars,
    failed,
    first,
    flag,
    mapping,
    metadata,
    number,
    task,
    text,
    timed,
    tokens,
)
from augury.core.calls import ErrorType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.capture.elsewhere.reading import Record

MARKS = (frozenset({"response_id", "request_created_at", "response_status"}),)

_PENDING, _CANCELLED, _TIMED_OUT = -2, -3, -1  # of its own, where others have the status of HTTP
_ERRORS_FROM = 400
_NO_CACHE = ("", "00000000-0000-0000-0000-000000000000")
_SESSION = ("Helicone-Session-Id", "helicone-session-id", "session_id")


def translate(values: Mapping[str, object]) -> Record | None:
    """A request to a model; not one that a cache answered, is under way, or was to a tool or a vector database."""
    model = first(values, "response_model", "model_override", "model", "request_model")
    status = number(first(values, "response_status"))
    cached = text(first(values, "cache_reference_id")) or ""
    if status == _PENDING or cached not in _NO_CACHE or str(model).startswith(("tool:", "vector_db:")):
        return None
    properties = mapping(first(values, "request_properties", "properties"))
    body = mapping(values.get("request_body"))
    path = text(first(values, "request_path")) or ""
    record = timed(
        "helicone",
        first(values, "request_id", "response_id"),
        began=first(values, "request_created_at"),
        ended=first(values, "response_created_at"),
        milliseconds=number(first(values, "delay_ms", "latency")),
        first_token_ms=number(first(values, "time_to_first_token")),
    )
    provider = first(values, "provider")
    record |= {
        "model": model,
        "provider": None if any_of(("custom",), provider) else provider,
        "operation": "embeddings" if "embedding" in path else "chat",
        "conversation_id": first(properties, *_SESSION),
        "user_id": first(values, "request_user_id", "helicone_user"),
        "cost_usd": dollars(first(values, "costUSD", "cost_usd"), first(values, "cost")),
        "user_rating": {True: 1, False: -1}.get(flag(first(values, "feedback_rating"))),  # type: ignore[arg-type]  # None has none
        **tokens(
            first(values, "prompt_tokens"),
            first(values, "completion_tokens"),
            cached=first(values, "prompt_cache_read_tokens"),
            written=first(values, "prompt_cache_write_tokens"),
            reasoning=first(values, "reasoning_tokens"),
        ),
        **task(body.get("messages") or body.get("input") or body.get("prompt"), body.get("tools")),
        **metadata(
            source="helicone",
            prompt=first(values, "prompt_id") or properties.get("Helicone-Prompt-Id"),
            session=properties.get("Helicone-Session-Name"),
            path=properties.get("Helicone-Session-Path"),
        ),
    }
    if status is not None and not 0 < status < _ERRORS_FROM:
        record |= failed(status=int(status) if status > 0 else None)
        own = {_CANCELLED: ErrorType.CANCELLED, _TIMED_OUT: ErrorType.TIMEOUT}
        if int(status) in own:
            record["error_type"] = str(own[int(status)])
    return record
