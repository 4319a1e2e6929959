"""What a request demands of a model, and what a model lacks of it. Nothing of what is said stays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from augury.gateway.translation import Traits
from augury.recommend.catalogue import Catalogue, tokens

if TYPE_CHECKING:
    from datetime import date

    from augury.gateway.targets import Target

_SAYING: Final = ("messages", "input", "system", "instructions", "prompt", "tools", "functions")
_PICTURES: Final = frozenset({"image_url", "input_image", "image"})
_ENCODED: Final = frozenset({"data", "file_data", "url", "image_url"})  # where bytes stand, which are no text
_TOKENS_PER_PICTURE: Final = 1_600
_BYTES_PER_TOKEN: Final = 3.5  # as `augury.recommend.context` estimates
_MOST_PARTS: Final = 200_000
_LIMITS: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What must be able to do it."""

    input_tokens: int  # a rough estimate of all that is sent
    output_tokens: int | None  # the longest answer that is allowed for, where that is told
    tools: bool
    images: bool
    json_schema: bool
    sampling: bool  # temperature or top_p, other than what all models have


def demands_of(data: Mapping[str, Any]) -> Demands:
    """Read the body of a request, in any of the dialects."""
    size, pictures, parts = 0, 0, 0
    waiting: list[tuple[str, object]] = [(name, data[name]) for name in _SAYING if name in data]
    while waiting and parts < _MOST_PARTS:
        parts += 1
        name, part = waiting.pop()
        if isinstance(part, str):
            if name not in _ENCODED:
                size += len(part) if part.isascii() else len(part.encode("utf-8", "surrogatepass"))
        elif isinstance(part, Mapping):
            if part.get("type") in _PICTURES:
                pictures += 1
            waiting.extend(part.items())
        elif isinstance(part, list):
            waiting.extend((name, other) for other in part)
    limits = [limit for key in _LIMITS if isinstance(limit := data.get(key), int) and not isinstance(limit, bool)]
    return Demands(
        input_tokens=math.ceil(size / _BYTES_PER_TOKEN) + pictures * _TOKENS_PER_PICTURE,
        output_tokens=max(limits, default=None),
        tools=bool(data.get("tools") or data.get("functions")),
        images=pictures > 0,
        json_schema=_wants_schema(data),
        sampling=any(isinstance(data.get(name), int | float) and data[name] != 1 for name in ("temperature", "top_p")),
    )


def lacks(target: Target, demands: Demands, on: date) -> str | None:
    """Why a target cannot do it, as the end of a sentence that begins with its name; None where it can, as far as is known.

    What its owner says of a model goes before what the catalogue knows.
    """
    offer, catalogue = target.offer, Catalogue.bundled()
    known = catalogue.get(target.model)
    if catalogue.is_retired(target.model, on):
        return f"retired on {catalogue.retires(target.model)}"

    for demanded, ability, why in (
        (demands.tools, "tools", "does not call tools"),
        (demands.images, "images", "does not read images"),
        (demands.json_schema, "json_schema", "does not keep to a JSON schema"),
    ):
        told: bool | None = getattr(offer, ability, None)
        if demanded and not (told if told is not None else getattr(known, ability, True)):
            return why
    if demands.sampling and not Traits.of(target.name, name=target.model, provider="", known=known).samples:
        return "takes no temperature"
    longest = getattr(offer, "max_input", None) or getattr(known, "max_input", None)
    if longest is not None and demands.input_tokens > longest:
        return f"takes {tokens(longest)} tokens of input, and this is about {tokens(demands.input_tokens)}"
    if known is not None and demands.output_tokens is not None and demands.output_tokens > known.max_output:
        return f"answers with at most {tokens(known.max_output)} tokens, and {tokens(demands.output_tokens)} are allowed for"
    return None


def _wants_schema(data: Mapping[str, Any]) -> bool:
    """Whether the answer is to keep to a schema: as chat completions, responses, or messages say so."""
    for path in (("response_format",), ("text", "format"), ("output_config", "format"), ("output_format",)):
        part: Any = data
        for name in path:
            part = part.get(name) if isinstance(part, Mapping) else None
        if isinstance(part, Mapping) and part.get("type") == "json_schema":
            return True
    return False
