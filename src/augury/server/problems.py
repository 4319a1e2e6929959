"""Errors as problem documents (RFC 9457): one shape for all of them."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from augury.errors import (
    AuguryError,
    FileUnreadable,
    InvalidValue,
    NotFound,
    QueryRefused,
    StorageFull,
    StoreAway,
    TooBusy,
)
from augury.server.bodies import DEEP, SHALLOW
from augury.server.findings import NO_JSON, finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastapi import FastAPI, Request

_LOG = logging.getLogger("augury.server")
MEDIA_TYPE = "application/problem+json"
RETRY = {"Retry-After": "5"}
SOON = {"Retry-After": "1"}


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


def problem(
    status: HTTPStatus,
    detail: str,
    *,
    errors: Iterable[Mapping[str, Any]] = (),
    kind: str | None = None,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> JSONResponse:
    """A problem document.

    Args:
        status: the HTTP status.
        detail: one sentence: what was wrong, what was expected, what to do next.
        errors: one object for each thing that was wrong: `field`, `expected`, `came`, and `allowed` where there is a list.
        kind: a word by which a program may tell this problem from others of the same status.
        headers: to be sent along.
        more: members that only this problem has.
    """
    document: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    if found := list(errors):
        document["errors"] = found
    if kind:
        document["kind"] = kind
    document |= more or {}
    return JSONResponse(document, status.value, dict(headers or {}), MEDIA_TYPE)


def invalid(error: InvalidValue, allowed: Iterable[str] = ()) -> JSONResponse:
    """The problem of one value that breaks its rule."""
    entry: dict[str, Any] = {"field": error.field, "expected": error.expected, "came": error.came}
    if words := list(allowed):
        entry["allowed"] = words
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors=[entry])


async def answer(request: Request, error: AuguryError | HTTPException) -> JSONResponse:
    """What a request is told whose answer failed with this."""
    return await (_ours if isinstance(error, AuguryError) else _http)(request, error)


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem document."""
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(AuguryError, _ours)
    app.add_exception_handler(Exception, _unexpected)


async def _validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - it is registered for nothing else
    entries = [finding(found) for found in error.errors()]
    detail = "; ".join(f"{entry['field']}: expected {entry['expected']}, got {entry['came']}" for entry in entries)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=entries)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for nothing else
    match error.__cause__:  # what kept FastAPI from reading a body
        case RecursionError():
            return invalid(InvalidValue("body", SHALLOW, told=DEEP))
        case UnicodeDecodeError():
            return invalid(InvalidValue("body", "a JSON object in UTF-8", told=NO_JSON))
    status = HTTPStatus(error.status_code)
    detail = error.detail if error.detail != status.phrase else f"{status.phrase}: {request.method} {request.url.path}"
    return problem(status, detail, headers=error.headers)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, StoreAway):
        request.app.state.ingest.committer.suspect()  # it may have to be opened anew
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
        case StorageFull() if request.method == "POST":  # what it carries is not kept; a question has only to wait
            _LOG.error("%s", error)
            return problem(HTTPStatus.INSUFFICIENT_STORAGE, str(error), headers=RETRY)
        case TooBusy():
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers=RETRY)
        case _:
            _LOG.error("%s", error)
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers=RETRY)


async def _unexpected(_: Request, __: Exception) -> JSONResponse:
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "an error that nobody expected; the server's log has more")
