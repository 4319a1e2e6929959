"""LiteLLM's proxy: its table LiteLLM_SpendLogs, by SQL, or from `/spend/logs` (https://docs.litellm.ai/docs/proxy)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.capture.elsewhere.reading import (
    any_of,
    count,
    dollars,
    failed,
    first,
    flag,
    listing,
    mapping,
    metadata,
    task,
    text,
    timed,
    tokens,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.capture.elsewhere.reading import Record

MARKS = (frozenset({"request_id", "call_type", "spend", "startTime"}),)

OPERATIONS = {
    "completion": "chat",
    "acompletion": "chat",
    "text_completion": "text_completion",
    "atext_completion": "text_completion",
    "responses": "chat",
    "aresponses": "chat",
    "anthropic_messages": "chat",
    "generate_content": "generate_content",
    "agenerate_content": "generate_content",
    "agenerate_content_stream": "generate_content",
    "embedding": "embeddings",
    "aembedding": "embeddings",
}
"""By LiteLLM's type of call: what is not among them is no call that Augury compares, such as an image or a file."""


def translate(values: Mapping[str, object]) -> Record | None:
    """A call; not what a cache answered, nor images, files, batches, and administration."""
    operation = OPERATIONS.get(text(first(values, "call_type")) or "")
    if operation is None or flag(first(values, "cache_hit")):
        return None
    beside = mapping(values.get("metadata"))
    usage = mapping(beside.get("usage_object")) or mapping(beside.get("additional_usage_values"))
    request = mapping(values.get("proxy_server_request"))
    record = timed(
        "litellm",
        first(values, "request_id"),
        began=first(values, "startTime", "start_time"),
        ended=first(values, "endTime", "end_time"),
        first_token=first(values, "completionStartTime", "completion_start_time"),
    )
    record |= {
        "model": first(values, "model", "model_group"),
        "provider": first(values, "custom_llm_provider"),
        "operation": operation,
        "conversation_id": first(values, "session_id"),
        "user_id": first(values, "end_user", "user"),
        "cost_usd": dollars(first(values, "spend")),
        **usage_tokens(first(values, "prompt_tokens"), first(values, "completion_tokens"), usage),
        **task(
            listing(values.get("messages")) or request.get("messages") or request.get("input"), request.get("tools")
        ),
        **metadata(
            source="litellm",
            group=first(values, "model_group"),
            team=first(values, "team_id"),
            tags=[tag for tag in listing(values.get("request_tags")) if not str(tag).startswith("User-Agent:")],
        ),
    }
    if any_of(("failure",), first(values, "status") or beside.get("status")):
        error = mapping(beside.get("error_information"))
        code = count(error.get("error_code"))
        record |= failed(error.get("error_message"), status=code, kind=error.get("error_class"))
    return record


def usage_tokens(given: object, taken: object, usage: Mapping[str, object]) -> Record:
    """Tokens as LiteLLM counts them for every provider: cached ones are among the input, reasoning among the output."""
    of_input = mapping(usage.get("prompt_tokens_details"))
    of_output = mapping(usage.get("completion_tokens_details"))
    return tokens(
        given,
        taken,
        cached=first({**usage, **of_input}, "cached_tokens", "cache_read_input_tokens"),
        written=first({**of_input, **usage}, "cache_creation_input_tokens", "cache_creation_tokens"),
        reasoning=first(of_output, "reasoning_tokens"),
    )
