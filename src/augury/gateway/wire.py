"""Short requests over connections of aiohttp's pool, past its session, which would be a quarter of what an answer costs.

What a session does beside is what the gateway has no use for: cookies, redirects, headers of its own, a task that writes while
another reads. Connections, TLS, timeouts, and the reading of answers are aiohttp's.
"""

from __future__ import annotations

import asyncio
import re
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import aiohttp
from aiohttp.http import HttpProcessingError
from yarl import URL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp.connector import Connection
    from aiohttp.http_parser import RawResponseMessage

    Begun = tuple[RawResponseMessage, aiohttp.StreamReader, Connection]

MOST_AT_ONCE: Final = 2**16
"""A longer body is written bit by bit, while its answer may begin already."""

_REMEMBERED: Final = 1_024  # addresses: one for each provider and route, and what their callers add to it
_BREAKS: Final = re.compile("[\r\n\0]")


class Wire:
    """Asks over the connections of a session."""

    def __init__(self, session: aiohttp.ClientSession, connector: aiohttp.BaseConnector) -> None:
        self._session = session
        self._connector = connector
        self._address = lru_cache(maxsize=_REMEMBERED)(self._addressed)

    async def ask(self, url: str, headers: Mapping[str, str], body: bytes, limits: aiohttp.ClientTimeout) -> Begun:
        """Send a request at once, and have the head of its answer, what reads its body, and its connection.

        The connection goes back to the pool when all of the answer has come; whoever wants no more of it closes it.

        Raises:
            aiohttp.ClientError: no answer began, as a session says it.
            OSError: likewise.
            ValueError: it cannot be said in HTTP.
        """
        request, line = self._address(url)
        sent = _head(line, headers, body) + body
        try:
            connection = await self._connector.connect(request, traces=[], timeout=limits)
        except TimeoutError as problem:
            raise aiohttp.ConnectionTimeoutError from problem
        protocol, transport = connection.protocol, connection.transport
        if protocol is None or transport is None or transport.is_closing():
            connection.close()
            raise aiohttp.ServerDisconnectedError
        try:
            protocol.set_response_params(read_until_eof=True, auto_decompress=False, read_timeout=limits.sock_read)
            transport.write(sent)
            protocol.start_timeout()
            message, content = await protocol.read()
            while message.code < HTTPStatus.OK and message.code != HTTPStatus.SWITCHING_PROTOCOLS:
                message, content = await protocol.read()
        except HttpProcessingError as problem:
            connection.close()
            raise aiohttp.ClientResponseError(request.request_info, (), status=problem.code) from problem
        except BaseException:
            connection.close()
            raise
        content.on_eof(connection.release)
        return message, content, connection

    def _addressed(self, url: str) -> tuple[aiohttp.ClientRequest, str]:
        """What connections to this address are told apart by, and how a request to it begins."""
        at = URL(url)
        request = aiohttp.ClientRequest("POST", at, session=self._session, loop=asyncio.get_running_loop())
        return request, f"POST {at.raw_path_qs} HTTP/1.1\r\nhost: {at.host_port_subcomponent}\r\n"


def _head(line: str, headers: Mapping[str, str], body: bytes) -> bytes:
    if _BREAKS.search("".join((*headers, *headers.values()))):
        raise ValueError("a header breaks its line")
    said = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    return f"{line}{said}content-length: {len(body)}\r\n\r\n".encode()
