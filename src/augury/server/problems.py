"""Errors as problem documents (RFC 9457): one shape for all of them."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from augury.errors import AuguryError, FileUnreadable, InvalidValue, NotFound, QueryRefused, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastapi import FastAPI, Request

_LOG = logging.getLogger("augury.server")
MEDIA_TYPE = "application/problem+json"


_TEXT = {"type": "string"}
_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "kind": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "expected", "came"],
                "properties": {
                    "field": _TEXT, "expected": _TEXT, "came": _TEXT, "allowed": {"type": "array", "items": _TEXT},
                },
            },
        },
    },
}  # fmt: skip


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with, for the API's own document."""
    content = {MEDIA_TYPE: {"schema": _SCHEMA}}
    return {status.value: {"description": status.phrase, "content": content} for status in statuses}


_IN = {"query", "body", "path", "header"}


def problem(
    status: HTTPStatus,
    detail: str,
    *,
    errors: Iterable[Mapping[str, Any]] = (),
    kind: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem document.

    Args:
        status: the HTTP status.
        detail: one sentence: what was wrong, what was expected, what to do next.
        errors: one object for each thing that was wrong: `field`, `expected`, `came`, and `allowed` where there is a list.
        kind: a word by which a program may tell this problem from others of the same status.
        headers: to be sent along.
    """
    document: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    if found := list(errors):
        document["errors"] = found
    if kind:
        document["kind"] = kind
    return JSONResponse(document, status.value, dict(headers or {}), MEDIA_TYPE)


def invalid(error: InvalidValue, allowed: Iterable[str] = ()) -> JSONResponse:
    """The problem of one value that breaks its rule."""
    entry: dict[str, Any] = {"field": error.field, "expected": error.expected, "came": error.came}
    if words := list(allowed):
        entry["allowed"] = words
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors=[entry])


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem document."""
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(AuguryError, _ours)
    app.add_exception_handler(Exception, _unexpected)


def finding(error: Mapping[str, Any]) -> dict[str, Any]:
    """One of pydantic's findings in our words."""
    place = [str(part) for part in error["loc"] if part not in _IN]
    field = ".".join(place) or "body"
    kind, context = error["type"], error.get("ctx", {})
    entry: dict[str, Any] = {"field": field}
    match kind:
        case "enum" | "literal_error":
            words = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
            entry |= {"expected": "one of " + ", ".join(words), "allowed": words}
        case "parameter":
            entry |= {"field": context["name"], "expected": context["expected"]}
            if context["allowed"]:
                entry["allowed"] = context["allowed"]
        case "missing":
            entry["expected"] = "a value"
        case "json_invalid":
            entry |= {"field": "body", "expected": "a JSON object"}
        case "int_parsing" | "int_type" | "int_from_float":
            entry["expected"] = "a whole number"
        case "greater_than_equal":
            entry["expected"] = f"{context['ge']} or more"
        case "less_than_equal":
            entry["expected"] = f"{context['le']} or less"
        case "extra_forbidden":
            entry["expected"] = "a field of this body"
        case _:
            text = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
            entry["expected"] = text[0].lower() + text[1:]
    if kind == "parameter":
        entry["came"] = shown(error["input"].get(context["name"]) if isinstance(error["input"], dict) else None)
        return entry
    entry["came"] = shown(None if kind in {"missing", "json_invalid"} else error.get("input"))
    return entry


async def _validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it is registered for nothing else
    entries = [finding(found) for found in error.errors()]
    detail = "; ".join(f"{entry['field']}: expected {entry['expected']}, got {entry['came']}" for entry in entries)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=entries)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for nothing else
    status = HTTPStatus(error.status_code)
    detail = error.detail if error.detail != status.phrase else f"{status.phrase}: {request.method} {request.url.path}"
    return problem(status, detail, headers=error.headers)


async def _ours(_: Request, error: Exception) -> JSONResponse:
    match error:
        case InvalidValue():
            return invalid(error)
        case NotFound():
            return problem(HTTPStatus.NOT_FOUND, str(error))
        case FileUnreadable():
            entry = {"field": "body", "expected": "a file of checked calls", "came": "something else"}
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors=[entry])
        case QueryRefused():
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), kind="query")
        case _:
            _LOG.error("%s", error)
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers={"Retry-After": "5"})


async def _unexpected(_: Request, __: Exception) -> JSONResponse:
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "an error that nobody expected; the server's log has more")
