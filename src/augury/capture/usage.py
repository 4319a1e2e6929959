"""How many tokens a call took, as our table counts them, whoever counted: input with the cached, output with the reasoning."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from augury.core.rules import LARGEST_TOKENS, NAME_CHARACTERS

_FIELDS = (
    "input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "cache_write_1h_tokens",
    "reasoning_tokens", "service_tier",
)  # fmt: skip


class Usage(NamedTuple):
    """Tokens of one call; None where nobody tells.

    `input` counts cached and cache-written tokens too, `cache_write` those written for an hour too, `output` the reasoning.
    """

    input: int | None = None
    output: int | None = None
    cached_input: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    reasoning: int | None = None
    service_tier: str | None = None

    def fields(self) -> dict[str, Any]:
        """What is known, by the names of `model_performance_metrics`."""
        return {name: value for name, value in zip(_FIELDS, self, strict=True) if value is not None}


def field_of(whole: object, name: str) -> Any:
    """A field of a JSON object, or of an object of a client; None where there is none."""
    if type(whole) is dict:
        return whole.get(name)
    if whole is None:
        return None
    return whole.get(name) if isinstance(whole, (dict, Mapping)) else getattr(whole, name, None)


def first_of(whole: object, *names: str) -> int | None:
    """The first of these fields that is a count of tokens."""
    if whole is None:
        return None
    read = whole.get if type(whole) is dict else partial(field_of, whole)
    for name in names:
        if (value := read(name)) is not None and (found := count(value)) is not None:
            return found
    return None


def count(value: object) -> int | None:
    """A count of tokens, where the value is one."""
    if type(value) is int:
        return value if 0 <= value <= LARGEST_TOKENS else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 <= value <= LARGEST_TOKENS and value == int(value) else None


def name(value: object) -> str | None:
    """A name, where the value is one."""
    return value[:NAME_CHARACTERS] if isinstance(value, str) and value.strip() and "\0" not in value else None


def including(whole: int | None, *parts: int | None) -> int | None:
    """A count that includes its parts: where they are more than it, it was meant without them."""
    if whole is None:
        return None
    within = 0
    for part in parts:
        within += part or 0
    return whole if within <= whole else min(whole + within, LARGEST_TOKENS)
