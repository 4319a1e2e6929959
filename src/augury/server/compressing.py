"""Answers are compressed by gzip for who takes that, and a compressed one is never taken for the plain one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_WORTH_IT: Final = 2_000
_LEVEL: Final = 5
"""The highest makes of the pages' script 1 % less than this, and takes twice as long."""


class Compressed:
    """Starlette's middleware, for requests that name gzip and want it, and with ETags of its own (RFC 9110, 8.8.1 and 12.5.3)."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._packed = GZipMiddleware(app, minimum_size=_WORTH_IT, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._plain(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                tag = headers.get("etag")
                if tag is not None:
                    if "accept-encoding" not in headers.get("vary", "").lower():
                        headers.add_vary_header("Accept-Encoding")
                    if "content-encoding" in headers and not tag.startswith("W/"):
                        headers["etag"] = f"W/{tag}"
            await send(message)

        answer = self._packed if takes_gzip(Headers(scope=scope).get("accept-encoding", "")) else self._plain
        await answer(scope, receive, sent)


def takes_gzip(accepted: str) -> bool:
    """Whether a header `Accept-Encoding` names gzip, and not with a weight of nothing."""
    for coding in accepted.split(","):
        name, *parameters = (part.strip() for part in coding.split(";"))
        if name == "gzip":
            weights = (
                value.strip() for key, _, value in (part.partition("=") for part in parameters) if key.strip() == "q"
            )
            return any(digit in "123456789" for digit in next(weights, "1"))
    return False
