"""OpenRouter: the CSV of its activity page, a generation a line (https://openrouter.ai/activity)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.capture.elsewhere.reading import failed, first, flag, metadata, number, text, timed, tokens
from augury.core.calls import ErrorType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.capture.elsewhere.reading import Record

MARKS = (frozenset({"generation_id", "created_at", "model_permaslug"}),)

_FAILED = {"error": ErrorType.SERVER, "content_filter": ErrorType.CONTENT_FILTER}


def translate(values: Mapping[str, object]) -> Record | None:
    """A generation: every line is one."""
    variant = text(first(values, "variant"))
    model = text(first(values, "model_permaslug"))
    if model is not None and variant not in (None, "standard"):
        model = f"{model}:{variant}"
    record = timed(
        "openrouter",
        first(values, "generation_id"),
        began=first(values, "created_at"),
        milliseconds=number(first(values, "generation_time_ms")),
        first_token_ms=number(first(values, "time_to_first_token_ms")),
    )
    record |= {
        "model": model,
        "provider": first(values, "provider_name"),
        "operation": "chat",
        "user_id": first(values, "user"),
        **tokens(
            first(values, "tokens_prompt"),
            first(values, "tokens_completion"),
            cached=first(values, "tokens_cached"),
            reasoning=first(values, "tokens_reasoning"),
        ),
        "cost_usd": _cost(values),
        **metadata(source="openrouter", app=first(values, "app_name"), key=first(values, "api_key_name")),
    }
    finish = text(first(values, "finish_reason_normalized")) or ""
    if flag(first(values, "cancelled")):
        record |= {"success": False, "error_type": str(ErrorType.CANCELLED)}
    elif finish.lower() in _FAILED:
        record |= failed() | {"error_type": str(_FAILED[finish.lower()])}
    return record


def _cost(values: Mapping[str, object]) -> object:
    """What OpenRouter charged, and what the provider did where a key of one's own was used; a model may be free."""
    charged, own_key = first(values, "cost_total"), number(first(values, "byok_usage_inference"))
    whole = number(charged)
    return charged if whole is None or not own_key or own_key < 0 else whole + own_key
