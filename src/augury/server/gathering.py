"""Answers in as few pieces as they are: what is written within one turn of the event loop goes out at once.

The server writes an answer's head and its body one after the other, and each is a call of the system, which costs as much as
reading the request does.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_GATHERED: Final = 65_536
"""Bytes: with more than that, whoever writes is to be told when it is too fast for whoever reads."""


class Gathering(HttpToolsProtocol):
    """Uvicorn's HTTP, over a transport that gathers."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """A caller has connected."""
        self._gathered = _Gathered(transport)
        super().connection_made(cast("asyncio.Transport", self._gathered))

    def on_response_complete(self) -> None:
        """An answer is over: nothing more comes, but where others are under way it may go out beside theirs."""
        if len(self.tasks) <= 1:
            self._gathered.flush()
        super().on_response_complete()


class _Gathered:
    """A transport, and what is to be written to it by the end of this turn of the loop."""

    __slots__ = ("_loop", "_parts", "_size", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > MOST_GATHERED:
            self.flush()

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        """Write what there is."""
        parts, self._parts, self._size = self._parts, [], 0
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
