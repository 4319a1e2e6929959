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

from augury.errors import SettingsError, shown
from augury.server.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "::1")

_SAFE = {"GET", "HEAD", "OPTIONS"}
_ADMIN = "/api/admin/"
_FILES = ("/assets/", "/docs/assets/", "/dashboard/")
_FOR_GOOD = "/dashboard/assets/"  # their names change with what is in them
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
                headers.setdefault("Cache-Control", _keeping(scope["path"]))
            await send(message)

        await (self._refusal(scope) or self._app)(scope, receive, sent)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name(f"//{host}") not in LOOPBACK:
            return problem(
                HTTPStatus.MISDIRECTED_REQUEST,
                f"this server answers to {', '.join(LOOPBACK)}; the request named another host",
            )
        origin = headers.get("origin")
        if scope["method"] not in _SAFE and origin is not None and urlsplit(origin).netloc != host:
            return problem(HTTPStatus.FORBIDDEN, "a page of another origin may not change anything here")
        if scope["path"].startswith(_ADMIN) and not hmac.compare_digest(_key(headers).encode(), self._token.encode()):
            return problem(
                HTTPStatus.UNAUTHORIZED,
                "administration needs the token that the server left beside its database, "
                "as `Authorization: Bearer TOKEN` or `x-api-key: TOKEN`",
                headers={"WWW-Authenticate": "Bearer"},
            )
        encoding = headers.get("content-encoding", "").strip() or "identity"
        if scope["method"] not in _SAFE and encoding.lower() != "identity":
            return problem(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"bodies are read uncompressed, this one is {shown(encoding)}; send it without Content-Encoding",
                headers={"Accept-Encoding": "identity"},
            )
        return None


def _keeping(path: str) -> str:
    """For how long a browser may keep an answer: figures never; files, which are asked for again with their ETag, longer."""
    if path.startswith(_FOR_GOOD):
        return "public, max-age=31536000, immutable"
    return "no-cache" if path.startswith(_FILES) else "no-store"


def _key(headers: Headers) -> str:
    """The key that a request carries; empty where there is none, or in a scheme that is not ours."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
