"""Reading JSON that anybody may have sent: each value is what it must be, or the error names its place and shows nothing of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, cast

from augury.gateway.translation.ledger import refusal


def mapping(value: object, field: str) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise refusal(field, "an object", kind(value))
    return cast("Mapping[str, Any]", value)


def items(value: object, field: str) -> list[Any]:
    """A JSON array."""
    if not isinstance(value, list):
        raise refusal(field, "a list", kind(value))
    return value


def objects(value: object, field: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of an array, each with its place."""
    for at, item in enumerate(items(value, field)):
        place = f"{field}[{at}]"
        yield place, mapping(item, place)


def text(value: object, field: str) -> str:
    """A string."""
    if not isinstance(value, str):
        raise refusal(field, "a string", kind(value))
    return value


def flag(value: object, field: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise refusal(field, "true or false", kind(value))
    return value


def whole(value: object, field: str) -> int:
    """A whole number from 1 on."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise refusal(field, "a whole number from 1 on", kind(value))
    return value


def number(value: object, field: str) -> float:
    """A finite number."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise refusal(field, "a number", kind(value))
    return value


def words(value: object, field: str) -> list[str]:
    """A string, or a list of them."""
    if isinstance(value, str):
        return [value]
    return [text(item, f"{field}[{at}]") for at, item in enumerate(items(value, field))]


def arguments(value: object, field: str) -> dict[str, Any]:
    """A tool's arguments, written as JSON; an empty string stands for none."""
    written = text(value, field)
    if not written.strip():
        return {}
    try:
        read = json.loads(written)
    except (ValueError, RecursionError):
        raise refusal(field, "a JSON object, written as a string", "a string that is no JSON") from None
    return dict(mapping(read, field))


def count(value: object) -> int:
    """A number of tokens in an answer; what is none counts as 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def part(value: object) -> Mapping[str, Any]:
    """A part of an answer; what is no object is an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def parts(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list in an answer; what is no list is an empty one."""
    return [part(item) for item in value] if isinstance(value, list) else []


def string(value: object) -> str:
    """A string in an answer; what is none is empty."""
    return value if isinstance(value, str) else ""


def kind(value: object) -> str:
    """What a value is, without its content."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "a truth value"
        case int() | float():
            return "another number" if math.isfinite(value) else "a number without end"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"
