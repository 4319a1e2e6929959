"""Who is let in, and what a browser may do with an answer. Plain ASGI, before any route.

Without keys a server is open to its own machine alone. That must include no web page that the machine's user happens to
visit: a request has to name a loopback host (so that no foreign name can be made to point here), and one that changes
something must not come from a page of another origin.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from augury.errors import SettingsError
from augury.server.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "::1")

_SAFE = {"GET", "HEAD", "OPTIONS"}
_ADMIN = "/api/admin/"
_FILES = ("/assets/", "/docs/assets/")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def refuse_open_doors(host: str) -> None:
    """Nobody but this machine may come in before there are keys.

    Raises:
        SettingsError: the address can be reached from elsewhere.
    """
    if host not in LOOPBACK:
        raise SettingsError(
            f"serve listens on this machine only (127.0.0.1, localhost or ::1), not on {host}: "
            "it has no keys yet to tell callers apart. Put a proxy that signs people in before it to share it"
        )


class Guard:
    """Refuses what must not come in, and puts the safety headers on every answer."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        """`token` opens the administration."""
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                fixed = scope["path"].startswith(_FILES)  # asked for again with their ETag; figures are never kept
                headers.setdefault("Cache-Control", "no-cache" if fixed else "no-store")
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, sent)
        else:
            status, detail = refusal
            await problem(status, detail)(scope, receive, sent)

    def _refusal(self, scope: Scope) -> tuple[HTTPStatus, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name(f"//{host}") not in LOOPBACK:
            return (
                HTTPStatus.MISDIRECTED_REQUEST,
                f"this server answers to {', '.join(LOOPBACK)}; the request named another host",
            )
        origin = headers.get("origin")
        if scope["method"] not in _SAFE and origin is not None and urlsplit(origin).netloc != host:
            return HTTPStatus.FORBIDDEN, "a page of another origin may not change anything here"
        if scope["path"].startswith(_ADMIN):
            given = headers.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(given.encode(), self._token.encode()):
                return (
                    HTTPStatus.UNAUTHORIZED,
                    "administration needs the token that the server left beside its database",
                )
        return None


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
