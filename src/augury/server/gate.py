"""Who asks: by a key, by a sign-in made with one, by a server's token, or by being on this machine.

What a caller may do is in `augury.server.needs`; that it is so is seen to by `augury.server.guard`.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from starlette.requests import cookie_parser

from augury.access.keys import PREFIX, Scope, opened
from augury.errors import SettingsError
from augury.settings import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import Scope as Request

    from augury.access.keyring import KeyRing
    from augury.access.keys import Key
    from augury.access.sessions import Sessions

_LOG = logging.getLogger("augury.server")
_KEPT, _HEADERS = "augury.caller", "augury.headers"
_ONCE = frozenset((b"host", b"origin", b"authorization", b"x-api-key"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who was let in."""

    name: str = ""
    key: str | None = None  # the key's id
    scopes: frozenset[Scope]
    origins: tuple[str, ...] = ()  # the pages that this key is for
    database: str | None = None  # None: the server's own
    session: str | None = field(default=None, repr=False)  # signed in, by this cookie
    here: bool = False  # without a key, on a server that needs none

    def opens(self, scope: Scope) -> bool:
        """Whether the caller may do this."""
        return opened(self.scopes, scope)


ANYBODY = Caller(scopes=frozenset({Scope.INGEST, Scope.FEEDBACK, Scope.READ}), here=True)
"""Who comes without a key to a server that needs none: all but the administration, which needs its token."""


class Gate:
    """Tells callers apart."""

    def __init__(
        self,
        *,
        keys: KeyRing | None = None,
        sessions: Sessions | None = None,
        required: bool = False,
        hosts: tuple[str, ...] = (),
    ) -> None:
        """Nobody has a token yet.

        Args:
            keys: the keys; none: a server of this machine alone.
            sessions: who is signed in.
            required: whether callers without a key are strangers.
            hosts: names by which requests may address the server, beside those of this machine.
        """
        self.keys = keys
        self.sessions = sessions
        self.required = required
        self._hosts = frozenset(host.lower() for host in (*LOOPBACK, *hosts))
        self._tokens: dict[str, str | None] = {}
        self._complaint = ""

    def admit(self, token: str, database: str | None = None) -> None:
        """Let a token administer a database from now on: the server's own, or a project's."""
        self._tokens[token] = database

    def dismiss(self, token: str) -> None:
        """Let the token in no more."""
        self._tokens.pop(token, None)

    def answers_to(self, host: str) -> bool:
        """Whether a request may name this host.

        A name that somebody else has made to point here is none of ours. A bare address cannot be: where strangers are
        told apart by their keys, each is as good as the next.
        """
        name = _name(host)
        return name in self._hosts or (self.required and _is_address(name))

    def binds(self, origin: str) -> bool:
        """Whether pages of this origin have a key."""
        return any(origin in key.origins for key in self._keys())

    def caller(self, request: Request) -> Caller | None:
        """Who asks, worked out once a request; None for a stranger."""
        if _KEPT not in request:
            request[_KEPT] = self._caller(request)
        return cast("Caller | None", request[_KEPT])

    def _caller(self, request: Request) -> Caller | None:
        ours = False
        for secret in _secrets(request):
            for token, database in self._tokens.items():
                if hmac.compare_digest(token.encode(), secret.encode("utf-8", "surrogatepass")):
                    return Caller(name="this machine's commands", scopes=frozenset({Scope.ADMIN}), database=database)
            if secret.startswith(PREFIX):
                ours = True
                if key := self._find(secret):
                    return _of(key)
        if ours:  # a key that was taken back does not become nobody's call in the wrong project
            return None
        if signed_in := self._signed_in(request):
            return signed_in
        return None if self.required else ANYBODY

    def _find(self, secret: str) -> Key | None:
        try:
            key = self.keys.find(secret) if self.keys else None
        except SettingsError as problem:
            self._complain(problem)
            return None
        if key and self.keys:
            self.keys.note_use(key)
        return key

    def _signed_in(self, request: Request) -> Caller | None:
        token = session_of(request)
        if not token or self.sessions is None or self.keys is None:
            return None
        try:
            number = self.sessions.key_of(token)
            key = self.keys.get(number) if number else None
        except SettingsError as problem:
            self._complain(problem)
            return None
        if key is None:
            return None
        self.keys.note_use(key)
        return _of(key, session=token)

    def _keys(self) -> list[Key]:
        try:
            return self.keys.all() if self.keys else []
        except SettingsError as problem:
            self._complain(problem)
            return []

    def _complain(self, problem: SettingsError) -> None:
        """Say once what keeps everybody out."""
        if self._complaint != str(problem):
            self._complaint = str(problem)
            _LOG.error("nobody's key is taken: %s", problem)


def _of(key: Key, *, session: str | None = None) -> Caller:
    return Caller(
        name=key.name, key=key.id, scopes=key.scopes, origins=key.origins, database=key.database, session=session
    )


def caller_of(request: Request) -> Caller:
    """Who asks, where the guard has let them through."""
    caller = request.get(_KEPT)
    return caller if isinstance(caller, Caller) else Caller(scopes=frozenset())


def first_headers(request: Request) -> Mapping[bytes, bytes]:
    """The headers by name, worked out once a request; of one that came more than once, the first."""
    found = request.get(_HEADERS)
    if found is None:
        found = request[_HEADERS] = dict(reversed(request["headers"]))
    return cast("Mapping[bytes, bytes]", found)


def said_twice(request: Request) -> str | None:
    """The header that came more than once although two readers may then read two things: whose word would count?"""
    if len(first_headers(request)) == len(request["headers"]):
        return None
    seen: set[bytes] = set()
    for name, _ in request["headers"]:
        if name in seen:
            return str(name, "ascii")
        if name in _ONCE:
            seen.add(name)
    return None


def cookie_name(request: Request) -> str:
    """The session's cookie: over https no other host of the domain can have set it; over http each port has its own."""
    return "__Host-augury" if request.get("scheme") == "https" else f"augury-{(request.get('server') or ('', 0))[1]}"


def session_of(request: Request) -> str:
    """What the browser shows as its session; empty where it shows nothing."""
    if b"cookie" not in first_headers(request):
        return ""
    for header, value in request["headers"]:
        if header == b"cookie" and (found := cookie_parser(value.decode("latin-1")).get(cookie_name(request))):
            return found
    return ""


def _secrets(request: Request) -> Iterator[str]:
    """What a request shows as its key; one for a provider may be among it, which is none of ours."""
    for name, value in request["headers"]:
        if name == b"authorization":
            scheme, _, credentials = value.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer":
                yield credentials.strip()
        elif name == b"x-api-key":
            yield value.decode("latin-1").strip()


@lru_cache(maxsize=256)
def _name(host: str) -> str:
    """The host without its port, lower-case; empty where it is none."""
    try:
        parts = urlsplit(f"//{host}")
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.username is None and not parts.path else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
