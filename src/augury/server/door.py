"""The short way for calls: the one request that may come thousands of times a second does not pass through FastAPI.

It would match routes, solve dependencies, and open and close stacks of contexts: two thirds of what such a request costs. What
is left out is what a request without parameters does not need; the route in `augury.server.analytics` answers those that
have some, and says in the API's document what both do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from augury.errors import AuguryError
from augury.server import bodies, problems

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from augury.server.ingest import Ingest

CALLS = "/api/analytics/models/calls"


class Door:
    """Takes calls in; everything else goes on to the application."""

    def __init__(self, app: ASGIApp, ingest: Ingest) -> None:
        self._app = app
        self._ingest = ingest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        short = scope["type"] == "http" and scope["path"] == CALLS and scope["method"] == "POST"
        if not short or scope["query_string"]:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        response: Response
        try:
            response = await take(request, self._ingest)
        except ClientDisconnect:  # in the middle of the body: nobody is there to be answered
            return
        except (AuguryError, HTTPException) as error:
            response = await problems.answer(request, error)
        await response(scope, receive, send)


async def take(request: Request, ingest: Ingest) -> Response:
    """Have the calls of a request kept.

    Raises:
        HTTPException: the body is too long.
        AuguryError: nothing was kept; see `Ingest.record`.
    """
    content_type = request.headers.get("content-type", "application/json")
    answer = await ingest.record(await bodies.read(request), content_type)
    return Response(answer.body, answer.status, media_type="application/json")
