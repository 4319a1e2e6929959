"""What pydantic finds wrong with a request, in our words: which field, what was expected, and what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError

from augury.errors import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

WITHOUT_NUL = r"^[^\x00]*$"
"""The pattern of texts that are kept: no engine keeps a NUL."""

WITHOUT_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""The pattern of texts that are searched for: names have no control characters, so they are a mistake."""

NO_JSON = "text that is no JSON"

_IN = {"query", "body", "path", "header"}
_OBJECT, _WHOLE, _FLAG = "a JSON object", "a whole number", "true or false"
_WORDS = {
    "missing": "a value",
    "extra_forbidden": "a field of this body",
    "string_type": "text",
    "string_unicode": "text without half characters (lone surrogates)",
    "bool_type": _FLAG,
    "bool_parsing": _FLAG,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "list_type": "a JSON list",
}
_PATTERNS = {WITHOUT_NUL: "text without NUL characters", WITHOUT_CONTROLS: "text without control characters"}


def expectation(
    name: str, expected: str, *, allowed: list[str] | None = None, came: str | None = None
) -> PydanticCustomError:
    """A finding of a check of our own about one field or parameter, where it takes more than its value to find it.

    Args:
        name: of the field or parameter.
        expected: what would have been accepted.
        allowed: the list of that, where there is one.
        came: in words, where showing what came would not help, or would show a prompt.
    """
    return PydanticCustomError(
        "parameter", "{expected}", {"name": name, "expected": expected, "allowed": allowed or [], "came": came}
    )


def finding(error: Mapping[str, Any]) -> dict[str, Any]:
    """One of pydantic's findings: `field`, `expected`, `came`, and `allowed` where there is a list."""
    kind, context, given = error["type"], error.get("ctx", {}), error.get("input")
    field = ".".join(str(part) for part in error["loc"] if part not in _IN) or "body"
    came, allowed = shown(given), []
    match kind:
        case "parameter":  # of our own: see `expectation`
            field, expected, allowed = context["name"], context["expected"], context["allowed"]
            came = context["came"] or shown(given.get(field) if isinstance(given, dict) else None)
        case "json_invalid":
            field, expected, came = "body", _OBJECT, NO_JSON
        case "missing" if field == "body":
            expected, came = _OBJECT, shown(None)
        case "missing":  # what pydantic shows is what surrounds it
            expected, came = _WORDS[kind], shown(None)
        case _ if isinstance(given, bytes):
            expected, came = f"{_OBJECT}, and Content-Type: application/json", "a body of another type"
        case "enum" | "literal_error":
            allowed = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
            expected = "one of " + ", ".join(allowed)
        case _:
            expected = _WORDS.get(kind) or _expected(kind, context)
    entry = {"field": field, "expected": expected, "came": came}
    return entry | {"allowed": allowed} if allowed else entry


def _expected(kind: str, context: Mapping[str, Any]) -> str:
    """What a finding of this kind says was expected, where that takes its context to say."""
    match kind:
        case "value_error":  # raised by a check of ours
            return str(context["error"])
        case "greater_than_equal":
            return f"{context['ge']} or more"
        case "less_than_equal":
            return f"{context['le']} or less"
        case "string_too_short":
            return "text that is not empty"
        case "string_too_long":
            return f"text of at most {context['max_length']} characters"
        case "string_pattern_mismatch":
            return _PATTERNS[context["pattern"]]
        case _ if kind.startswith("datetime"):
            return "a time such as 2026-01-31T12:00:00Z"
        case _:
            return "a value of the kind that /docs describes"
