"""Errors, in the words of each API. Bodies of providers may be anything; what is not of their API's shape is not shown."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from augury.gateway.translation import reading

if TYPE_CHECKING:
    from collections.abc import Mapping

_OVERLOADED: Final = 529  # Anthropic's own status
_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    _OVERLOADED: "overloaded_error",
}
"""https://platform.claude.com/docs/en/api/errors"""

_CODES: Final = {
    "authentication_error": "invalid_api_key",
    "billing_error": "insufficient_quota",
    "not_found_error": "model_not_found",
    "rate_limit_error": "rate_limit_exceeded",
    "overloaded_error": "overloaded",
    "timeout_error": "timeout",
}
_OF_OPENAI: Final = {
    "invalid_request_error": "invalid_request_error",
    "request_too_large": "invalid_request_error",
    "authentication_error": "authentication_error",
    "permission_error": "permission_error",
    "not_found_error": "not_found_error",
    "rate_limit_error": "rate_limit_error",
    "billing_error": "insufficient_quota",
}
_TOO_LONG: Final = ("prompt is too long", "context window", "context limit", "maximum context length")
_LONGEST: Final = 2_000  # characters of a message


def openai_error(message: str, *, type_: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """An error as OpenAI's APIs answer it."""
    return {"error": {"message": message[:_LONGEST], "type": type_, "param": param, "code": code}}


def anthropic_error(message: str, *, type_: str) -> dict[str, Any]:
    """An error as Anthropic's API answers it."""
    return {"type": "error", "error": {"type": type_, "message": message[:_LONGEST]}}


def anthropic_type(status: int) -> str:
    """Anthropic's word for an error of this status."""
    fault = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return _TYPES.get(status, "invalid_request_error" if fault else "api_error")


def to_openai(status: int, body: bytes) -> tuple[int, dict[str, Any]]:
    """An error of Anthropic's, status and body, as OpenAI would answer it."""
    said = _parsed(body)
    error = reading.part(said.get("error"))
    type_ = reading.string(error.get("type")) or anthropic_type(status)
    told = chat_failure({"error": {"type": type_, "message": _message(error, status)}})
    return HTTPStatus.SERVICE_UNAVAILABLE if status == _OVERLOADED else status, told


def to_anthropic(status: int, body: bytes) -> tuple[int, dict[str, Any]]:
    """An error of OpenAI's, or of a server that speaks like it, as Anthropic would answer it."""
    error = reading.part(_parsed(body).get("error"))
    if error.get("code") == "insufficient_quota" and status == HTTPStatus.TOO_MANY_REQUESTS:
        status = HTTPStatus.PAYMENT_REQUIRED  # it does not help to try again
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        status = _OVERLOADED
    return status, anthropic_error(_message(error, status), type_=anthropic_type(status))


def chat_failure(event: Mapping[str, Any]) -> dict[str, Any]:
    """An error event of Anthropic's, as a stream of chat completions tells it."""
    error = reading.part(event.get("error"))
    type_ = reading.string(error.get("type"))
    message = reading.string(error.get("message")) or "the provider's stream ended with an error"
    code = _CODES.get(type_)
    if type_ in ("invalid_request_error", "request_too_large") and any(part in message.lower() for part in _TOO_LONG):
        code = "context_length_exceeded"
    return openai_error(message, type_=_OF_OPENAI.get(type_, "server_error"), code=code)


def messages_failure(chunk: Mapping[str, Any]) -> dict[str, Any]:
    """An error within a stream of chat completions, as Anthropic's event."""
    error = reading.part(chunk.get("error"))
    code, type_ = error.get("code"), reading.string(error.get("type"))
    if isinstance(code, int) or (isinstance(code, str) and code.isdecimal()):  # as OpenRouter and vLLM have it
        kind = anthropic_type(int(code))
    elif type_ in _TYPES.values():
        kind = type_
    elif code == "rate_limit_exceeded" or type_ in ("rate_limit_exceeded", "requests", "tokens"):
        kind = "rate_limit_error"
    elif code == "insufficient_quota" or type_ == "insufficient_quota":
        kind = "billing_error"
    elif code in ("overloaded", "server_overloaded"):
        kind = "overloaded_error"
    else:
        kind = "api_error"
    return anthropic_error(
        reading.string(error.get("message")) or "the provider's stream ended with an error", type_=kind
    )


def _message(error: Mapping[str, Any], status: int) -> str:
    return (
        reading.string(error.get("message")) or f"the provider answered with the status {int(status)}, and said no more"
    )


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        return reading.part(json.loads(body))
    except (ValueError, RecursionError):
        return {}
