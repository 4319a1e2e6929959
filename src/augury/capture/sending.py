"""A server as a destination, over plain HTTP: records go as they are, a line for each.

The standard library's client, since a batch costs a tenth of what it would cost with others, and what costs time here is taken from
the application.
"""

from __future__ import annotations

import http.client
import json
import logging
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from augury.access.keys import id_of
from augury.errors import AuguryError, InvalidValue, NotFound, ServerUnreachable, SettingsError, StorageFull, TooBusy

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOG = logging.getLogger("augury")

_CONNECT_S, _ANSWER_S = 3.0, 60.0
_MOST_ANSWER = 64 * 2**20
_CALLS = "/api/analytics/models/calls"
_SAY = "/api/analytics/models/"
_OK, _NOT_FOUND, _TOO_LARGE, _INVALID = 200, 404, 413, 422
_BUSY = (429, 503)
_FULL = 507
_REFUSED = (400, _TOO_LARGE, _INVALID)

# How our own server begins an answer where it has taken everything: two thousand results need not be read then.
_ALL_WELL = re.compile(
    rb'\{"stored":(\d+),"known":(\d+),"refused":0(?:,"accepted":(\d+))?,"sample":(true|false),"results":\['
)


class ServerDestination:
    """The server at an address. Used by one thread."""

    def __init__(self, url: str, token: str | None = None) -> None:
        """Nothing is sent yet.

        Args:
            url: such as http://127.0.0.1:8765, or with a path before ours where a proxy wants one.
            token: a key, or a server's own token.

        Raises:
            SettingsError: the address cannot be one of a server.
        """
        self._url = url.rstrip("/")
        try:
            parts = urlsplit(self._url)
            self._host, self._port = parts.hostname or "", parts.port
        except ValueError:
            parts, self._host, self._port = urlsplit(""), "", None
        if parts.scheme not in ("http", "https") or not self._host:
            raise SettingsError(
                f"{without_secrets(url)} is no address of an Augury server; expected one such as http://127.0.0.1:8765"
            )
        self._secure = parts.scheme == "https"
        self._path = parts.path
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._connection: http.client.HTTPConnection | None = None
        self._warned = False

    def deliver(self, records: Sequence[bytes]) -> Sequence[str | None]:
        """Send records.

        Raises:
            AuguryError: they did not arrive, or nobody has said so.
        """
        status, text = self._ask(_CALLS, b"\n".join(records), "application/x-ndjson")
        told = _ALL_WELL.match(text) if status == _OK else None
        if told and sum(int(number or 0) for number in told.group(1, 2, 3)) == len(records):
            self._warn(sample=told[4] == b"true")
            return [None] * len(records)
        answer = _read(text)
        results = answer.get("results") if isinstance(answer, dict) else None
        if status in (_OK, _INVALID) and isinstance(results, list) and len(results) == len(records):
            self._warn(sample=bool(answer.get("sample")))
            return [_why(result) for result in results]
        if status in _REFUSED and len(records) > 1:  # too large, or one of them spoils it: find out which
            middle = len(records) // 2
            return [*self.deliver(records[:middle]), *self.deliver(records[middle:])]
        if status in _REFUSED and isinstance(answer, dict) and "detail" in answer:
            return [str(answer["detail"])]
        raise self._problem(status, answer)

    def tell(self, kind: str, body: dict[str, Any]) -> None:
        """Send what is said of a call.

        Raises:
            NotFound: there is no such message.
            InvalidValue: it is refused for good.
            AuguryError: it did not arrive.
        """
        status, text = self._ask(_SAY + kind, json.dumps(body).encode(), "application/json")
        answer = _read(text)
        if status == _OK and isinstance(answer, dict) and "callId" in answer:
            return
        detail = answer.get("detail") if isinstance(answer, dict) else None
        if status == _NOT_FOUND and detail:
            raise NotFound(str(detail))
        if status in _REFUSED and detail:
            raise InvalidValue(kind, "what the server takes", told=str(detail))
        raise self._problem(status, answer)

    def rest(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ask(self, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        kept = self._connection is not None
        try:
            return self._asked(path, body, content_type)
        except (OSError, http.client.HTTPException) as problem:
            self.rest()
            if not kept or isinstance(problem, TimeoutError):
                raise self._unreachable(problem) from None
        # A connection that was kept may have been closed by the server meanwhile; ids make it harmless to send again.
        try:
            return self._asked(path, body, content_type)
        except (OSError, http.client.HTTPException) as problem:
            self.rest()
            raise self._unreachable(problem) from None

    def _asked(self, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._connection = kind(self._host, self._port, timeout=_CONNECT_S)
            self._connection.connect()
            self._connection.sock.settimeout(_ANSWER_S)
        headers = self._headers | {"Content-Type": content_type}
        self._connection.request("POST", self._path + path, body, headers)
        response = self._connection.getresponse()
        text = response.read(_MOST_ANSWER)
        if not response.isclosed():  # longer than any answer of ours
            self.rest()
        return response.status, text

    def _warn(self, *, sample: bool) -> None:
        if sample and not self._warned:
            self._warned = True
            _LOG.warning(
                "%s is a demo: what is recorded there is gone when it starts again", without_secrets(self._url)
            )

    def _unreachable(self, problem: Exception) -> ServerUnreachable:
        return ServerUnreachable(
            f"no answer from an Augury server at {without_secrets(self._url)} ({type(problem).__name__}); start one with "
            "`augury serve`, or name another with AUGURY_URL"
        )

    def _problem(self, status: int, answer: Any) -> AuguryError:
        detail = answer.get("detail") if isinstance(answer, dict) else None
        said = f"{without_secrets(self._url)} answered {status}" + (
            f": {detail}" if detail else "; is it an Augury server?"
        )
        if status in _BUSY:
            return TooBusy(said)
        return StorageFull(said) if status == _FULL else ServerUnreachable(said)


def _read(text: bytes) -> Any:
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    return None


def _why(result: Any) -> str | None:
    """Why a record is refused for good; None where it is safe."""
    if not isinstance(result, dict) or result.get("status") != "refused":
        return None
    return str(result.get("error") or f"{result.get('field')}: expected {result.get('expected')}")


def name_of(url: str, key: str | None) -> str:
    """What a server is called as a destination: its address, and the id within a key, which leads to a project.

    What waits for one project must not be delivered by a process that has another's key.
    """
    number = id_of(key or "")
    return without_secrets(url) + (f"#{number}" if number else "")


def without_secrets(url: str) -> str:
    """The address as it may be shown, and as its outbox is named: neither a name and password before it, nor a query."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.partition('?')[0].rpartition('@')[2].rstrip('/')}"
