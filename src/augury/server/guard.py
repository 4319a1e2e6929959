"""Who is let in, and what a browser may do with an answer. Plain ASGI, before any route.

A server of this machine alone is open to it. That must include no web page that the machine's user happens to visit: a
request has to name a host of ours (so that no foreign name can be made to point here), and one that changes something must
not come from a page of another origin. Elsewhere every caller needs a key; one of those is for pages: it rates, from the
origins that it is bound to.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse, Response

from augury.errors import shown
from augury.server.gate import first_headers, said_twice
from augury.server.needs import ADMINISTRATION, FEEDBACK, SIGN_IN, needed
from augury.server.problems import problem
from augury.settings import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from augury.access.keys import Scope as May
    from augury.server.gate import Caller, Gate

_SAFE = {"GET", "HEAD", "OPTIONS"}
INFLATED = {"/api/analytics/models/calls", "/v1/traces", "/v1/logs"}
"""Where bodies may be compressed: inflated while they are read, see `augury.server.bodies`."""

_FILES = ("/assets/", "/docs/assets/", "/dashboard/")
_FOR_GOOD = "/dashboard/assets/"  # their names change with what is in them
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    b"font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, content-type, x-api-key",
    "Access-Control-Max-Age": "600",
}


class Guard:
    """Refuses what must not come in, and puts the safety headers on every answer."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        """`gate` tells callers apart."""
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":  # nothing here speaks anything else
                await self._app(scope, receive, send)
            return
        asked = first_headers(scope)
        origin = asked.get(b"origin", b"").decode("latin-1")
        # A page must be able to read its refusal, too: whether to try again, or that its key is wrong.
        readable = scope["path"] == FEEDBACK and not _own(origin, scope, asked) and self._gate.binds(origin)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = dict(message.get("headers", ()))
                kept = (b"cache-control", _keeping(scope["path"]))
                ours = [header for header in (*_HEADERS, kept) if header[0] not in given]
                message["headers"] = [*message.get("headers", ()), *ours]
                if scope["path"] == FEEDBACK:
                    headers = MutableHeaders(scope=message)
                    headers.add_vary_header("Origin")
                    if readable:
                        headers["Access-Control-Allow-Origin"] = origin
                        headers["Access-Control-Expose-Headers"] = "Retry-After"
            await send(message)

        await (self._refusal(scope, asked, origin, readable=readable) or self._app)(scope, receive, sent)

    def _refusal(self, scope: Scope, asked: Mapping[bytes, bytes], origin: str, *, readable: bool) -> ASGIApp | None:
        if name := said_twice(scope):
            return problem(HTTPStatus.BAD_REQUEST, f"the header {name} came more than once; send it once")
        if not self._gate.answers_to(asked.get(b"host", b"").decode("latin-1")):
            return problem(HTTPStatus.MISDIRECTED_REQUEST, self._other_host())
        if readable and scope["method"] == "OPTIONS" and b"access-control-request-method" in asked:
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=_PREFLIGHT)
        changes = scope["method"] not in _SAFE
        if changes and not readable and not _from_our_page(origin, scope, asked):
            return problem(HTTPStatus.FORBIDDEN, "a page of another origin may not change anything here")
        if refusal := self._stranger(scope, asked, origin):
            return refusal
        encoding = asked.get(b"content-encoding", b"").decode("latin-1").strip() or "identity"
        if changes and scope["path"] not in INFLATED and encoding.lower() != "identity":
            return problem(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"bodies are read uncompressed, this one is {shown(encoding)}; send it without Content-Encoding",
                headers={"Accept-Encoding": "identity"},
            )
        return None

    def _stranger(self, scope: Scope, asked: Mapping[bytes, bytes], origin: str) -> ASGIApp | None:
        """What is said to who may not do this."""
        caller, need = self._gate.caller(scope), needed(scope["method"], scope["path"])
        if need is None:
            return None
        if caller is None or (caller.here and scope["path"].startswith(ADMINISTRATION)):
            return _unknown(scope, asked, token=caller is not None)
        if caller.origins and origin not in caller.origins:
            return problem(
                HTTPStatus.FORBIDDEN, "this key is for pages of other origins; `augury keys list` says which"
            )
        if not caller.origins and not _from_our_page(origin, scope, asked) and scope["method"] not in _SAFE:
            return problem(
                HTTPStatus.FORBIDDEN,
                "a page of another origin needs a key that is bound to it: augury keys create --scope feedback --origin ORIGIN",
            )
        if caller.here:
            return None
        return None if caller.opens(need) else _lacking(caller, need)

    def _other_host(self) -> str:
        if self._gate.required:
            return (
                "this server does not answer to the host that the request named; its owner can add it to AUGURY_HOSTS"
            )
        return f"this server answers to {', '.join(LOOPBACK)}; the request named another host"


def _unknown(scope: Scope, asked: Mapping[bytes, bytes], *, token: bool) -> ASGIApp:
    """For who has shown no key, or one that is none: people are sent to sign in."""
    if token:
        needs = "administration needs the token that the server left beside its database, or a key of scope admin, "
    else:
        needs = "this needs a key that is valid, "
    page = scope["method"] in {"GET", "HEAD"} and not scope["path"].startswith(("/api/", "/v1/"))
    if page and b"text/html" in asked.get(b"accept", b""):
        there = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
        return RedirectResponse(f"{SIGN_IN}?next={quote(there, safe='/')}", HTTPStatus.SEE_OTHER)
    return problem(
        HTTPStatus.UNAUTHORIZED,
        needs + "as `Authorization: Bearer KEY` or `x-api-key: KEY`",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _lacking(caller: Caller, need: May) -> ASGIApp:
    has = " and ".join(sorted(caller.scopes))
    return problem(
        HTTPStatus.FORBIDDEN,
        f"this needs a key of scope {need}; this key's is {has}",
        headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{need}"'},
        more={"scope": need},
    )


def _from_our_page(origin: str, scope: Scope, asked: Mapping[bytes, bytes]) -> bool:
    """Whether a change may have been asked for by a page of ours, or by no page at all."""
    if origin:
        return _own(origin, scope, asked)
    return asked.get(b"sec-fetch-site", b"none") in {
        b"none",
        b"same-origin",
    }  # browsers say this where they leave out the origin


def _own(origin: str, scope: Scope, asked: Mapping[bytes, bytes]) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    downgraded = scope["scheme"] == "https" and parts.scheme != "https"
    return parts.netloc == asked.get(b"host", b"").decode("latin-1") and not downgraded


def _keeping(path: str) -> bytes:
    """For how long a browser may keep an answer: figures never; files, which are asked for again with their ETag, longer."""
    if path.startswith(_FOR_GOOD):
        return b"public, max-age=31536000, immutable"
    return b"no-cache" if path.startswith(_FILES) else b"no-store"
