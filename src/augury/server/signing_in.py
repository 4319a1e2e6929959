"""`/sign-in`: where people show their key once, and browsers get a cookie for it."""

from __future__ import annotations

import time
from collections import OrderedDict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

from augury.access.keys import Scope
from augury.access.sessions import LASTS_S
from augury.errors import SettingsError
from augury.report.html import environment
from augury.server import bodies
from augury.server.gate import cookie_name, session_of
from augury.server.needs import SESSION, SIGN_IN, SIGN_OUT
from augury.server.problems import problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

    from augury.access.keys import Key
    from augury.server.gate import Gate

HOME = "/analytics/models"
MOST_FAILURES = 10
"""From one address within a minute; more are not even looked at."""

_MINUTE_S = 60.0
_MOST_ADDRESSES = 4_096
_LONGEST_FORM = 4_096
_TEMPLATES = environment("augury.server")


class Failures:
    """How often signing in went wrong lately, by address. It remembers a bounded number of them."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait_s(self, address: str) -> int:
        """For how long nothing more is taken from there; 0 where the next attempt is welcome."""
        began, count = self._seen.get(address, (0.0, 0))
        left = began + _MINUTE_S - self._now()
        return max(1, round(left)) if count >= MOST_FAILURES and left > 0 else 0

    def add(self, address: str) -> None:
        """One more."""
        now = self._now()
        began, count = self._seen.pop(address, (now, 0))
        self._seen[address] = (began, count + 1) if began + _MINUTE_S > now else (now, 1)
        while len(self._seen) > _MOST_ADDRESSES:
            self._seen.popitem(last=False)


def mount(app: FastAPI, gate: Gate) -> None:
    """Serve the page where people sign in, and what signs them out."""
    desk = _Desk(gate)
    app.add_route(SIGN_IN, desk.page, methods=["GET"], include_in_schema=False)
    app.add_route(SIGN_IN, desk.sign_in, methods=["POST"], include_in_schema=False)
    app.add_route(SIGN_OUT, desk.sign_out, methods=["POST"], include_in_schema=False)
    app.add_route(SESSION, desk.session, methods=["GET"], include_in_schema=False)


class _Desk:
    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._failures = Failures()

    async def page(self, request: Request) -> Response:
        """The form."""
        return self._page(request, path_within(request.query_params.get("next", "")))

    async def sign_in(self, request: Request) -> Response:
        """A session for the key that was shown; never one whose name came with the request."""
        fields = dict(parse_qsl((await bodies.read(request, _LONGEST_FORM)).decode("utf-8", "replace")))
        there = path_within(fields.get("next", ""))
        address = _address(request)
        if wait := self._failures.wait_s(address):
            says = f"Too many attempts. Try again in {wait} seconds."
            return self._page(request, there, says, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(wait)})
        key = self._find(fields.get("key", "").strip())
        if key is None:
            self._failures.add(address)
            return self._page(
                request, there, "This is no key of this server, or it was revoked.", HTTPStatus.UNAUTHORIZED
            )
        if key.origins or not key.opens(Scope.READ):
            says = f"This key may not read pages: its scope is {' and '.join(sorted(key.scopes))}. Use one of scope read or admin."
            return self._page(request, there, says, HTTPStatus.FORBIDDEN)
        assert self._gate.sessions is not None  # noqa: S101 - there are keys
        try:
            token = await run_in_threadpool(self._gate.sessions.begin, key, instead_of=session_of(request.scope))
        except SettingsError as problem_:
            return self._page(request, there, str(problem_), HTTPStatus.SERVICE_UNAVAILABLE)
        answer = RedirectResponse(there, HTTPStatus.SEE_OTHER)
        answer.set_cookie(
            cookie_name(request.scope), token, max_age=LASTS_S, path="/", httponly=True, samesite="lax",
            secure=request.scope["scheme"] == "https",
        )  # fmt: skip
        return answer

    async def sign_out(self, request: Request) -> Response:
        """The session ends, here and not only in the browser."""
        if self._gate.sessions is not None:
            try:
                await run_in_threadpool(self._gate.sessions.end, session_of(request.scope))
            except SettingsError as trouble:
                return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(trouble))
        answer = RedirectResponse(f"{SIGN_IN}?signed-out=1", HTTPStatus.SEE_OTHER)
        answer.delete_cookie(
            cookie_name(request.scope),
            path="/",
            httponly=True,
            samesite="lax",
            secure=request.scope["scheme"] == "https",
        )
        return answer

    async def session(self, request: Request) -> Response:
        """Who is signed in, for pages that offer to sign out."""
        caller = self._gate.caller(request.scope)
        known = caller is not None and not caller.here
        return JSONResponse(
            {
                "signedIn": caller is not None and caller.session is not None,
                "name": caller.name if caller and known else None,
                "scopes": sorted(caller.scopes) if caller else [],
                "keyRequired": self._gate.required,
            }
        )

    def _find(self, secret: str) -> Key | None:
        try:
            return self._gate.keys.find(secret) if self._gate.keys else None
        except SettingsError:
            return None

    def _page(
        self,
        request: Request,
        there: str,
        wrong: str = "",
        status: HTTPStatus = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
    ) -> Response:
        caller = self._gate.caller(request.scope)
        shown: dict[str, Any] = {
            "there": there,
            "wrong": wrong,
            "signed_out": "signed-out" in request.query_params,
            "signed_in": caller.name if caller and caller.session else "",
            "required": self._gate.required,
        }
        return HTMLResponse(_TEMPLATES.get_template("sign_in.html").render(shown), status, headers)


def path_within(text: str) -> str:
    """The path of ours that this names, to go on to; the home page where it names none, or could lead anywhere else."""
    suspect = not text.startswith("/") or text.startswith("//") or "\\" in text or not text.isprintable()
    if suspect or " " in text:
        return HOME
    try:
        parts = urlsplit(text)
    except ValueError:
        return HOME
    if parts.scheme or parts.netloc or parts.path in {SIGN_IN, SIGN_OUT}:
        return HOME
    return quote(text, safe="/?&=%:,;+-_.~!*'()@$")


def _address(request: Request) -> str:
    """Whom attempts are counted against: of an IPv6 address the network, since one has as many addresses as one likes."""
    host = request.client.host if request.client else ""
    return ":".join(host.split(":")[:4]) if ":" in host else host
