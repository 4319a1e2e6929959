"""HEAD, for every address that has a GET: the same answer, without its body (RFC 9110, section 9.3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


_HEAD = "augury.head"


def asks_for_head(scope: Scope) -> bool:
    """Whether what looks like a GET is the head alone: of interest to an answer that has no end."""
    return bool(scope.get(_HEAD))


class Heads:
    """Asks the application as if by GET, and keeps what is more than the head of its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET", _HEAD: True}, receive, sent)
