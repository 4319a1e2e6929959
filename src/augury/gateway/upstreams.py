"""Providers as the gateway calls them: where each is, what it speaks, and a client that sends a request and streams the answer.

Bytes go through as they are. Nothing here knows what a body says.
"""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import aiohttp

from augury.core.calls import ErrorType
from augury.errors import AuguryError
from augury.gateway.wire import MOST_AT_ONCE, Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

MOST_CONNECTIONS: Final = 4_096
"""Open connections to all providers together: more streams than that are a fault, or an attack."""

_KEPT_ALIVE_S: Final = 60.0


class Api(StrEnum):
    """What a provider speaks, and what a caller does."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model that a provider has, as its owner lists it. What is None is not told; the catalogue may know."""

    name: str  # as the provider is called with it
    model: str  # canonical
    max_input: int | None = None  # tokens
    tools: bool | None = None
    images: bool | None = None
    json_schema: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """One provider: any server that speaks OpenAI's or Anthropic's API."""

    name: str  # of its table in the configuration
    api: Api
    base_url: str  # as the official client takes it: OpenAI's ends with /v1, Anthropic's has no path
    provider: str  # OpenTelemetry's `gen_ai.provider.name`, as a row has it
    key: str | None = field(default=None, repr=False)
    callers_key: bool = False  # the caller's own provider key goes through, and `key` is None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    offers: tuple[Offer, ...] = ()
    listed: bool = False  # whether the owner has listed them: then there are no others
    aliases: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # asked for → called with
    responses: bool = True  # whether it has /responses, where it speaks OpenAI's API
    stream_usage: bool = True  # whether it may be asked to tell usage at the end of a stream
    connect_s: float = 10.0
    answer_s: float = 600.0  # until an answer begins, and between two parts of one
    retries: int = 2  # after the first attempt at one model

    def url(self, path: str, query: str = "") -> str:
        """The address of a route, named as this gateway has it: `/v1/chat/completions`."""
        own = path.removeprefix("/v1") if self.api is Api.OPENAI else path
        return f"{self.base_url}{own}?{query}" if query else f"{self.base_url}{own}"

    def credentials(self) -> dict[str, str]:
        """The headers that say who calls; none where the caller's own go through, or no key is needed."""
        if self.key is None:
            return {}
        if self.api is Api.ANTHROPIC:
            return {"x-api-key": self.key}
        return {"authorization": f"Bearer {self.key}"}


class UpstreamFailed(AuguryError):
    """A provider gave no answer, or not all of one.

    Attributes:
        error_type: what a row says of it.
    """

    def __init__(self, error_type: ErrorType, message: str) -> None:
        """`message` holds nothing that a caller or a provider wrote."""
        self.error_type = error_type
        super().__init__(message)


class Reply:
    """An answer that has begun: its head is there, its body is read as fast as whoever reads it takes it."""

    __slots__ = ("_break_off", "_content", "_named", "_upstream", "headers", "status")

    def __init__(
        self,
        upstream: Upstream,
        status: int,
        headers: tuple[tuple[bytes, bytes], ...],
        named: Mapping[str, str],
        content: aiohttp.StreamReader,
        break_off: Callable[[], None],
    ) -> None:
        self.status = status
        self.headers = headers
        self._named = named
        self._content = content
        self._break_off = break_off
        self._upstream = upstream

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return self._named.get(name)

    def close(self) -> None:
        """End it: the connection is kept where all of the answer has come, and closed where not."""
        if not self._content.is_eof():
            self._break_off()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body in the pieces in which it arrives.

        Raises:
            UpstreamFailed: it ends before its end, or does not go on.
        """
        try:
            async for chunk in self._content.iter_any():
                yield chunk
        except (aiohttp.ClientError, OSError) as problem:
            raise failed(problem, self._upstream) from None

    async def read(self, limit: int) -> tuple[bytes, bool]:
        """The body up to about `limit` bytes, and whether that is all of it; the rest is then in `chunks`.

        Raises:
            UpstreamFailed: it ends before its end, or does not go on.
        """
        content, size = self._content, 0
        parts: list[bytes] = []
        try:
            while size <= limit:
                if content.at_eof():
                    return b"".join(parts), True
                part = await content.readany()
                if not part:
                    return b"".join(parts), True
                parts.append(part)
                size += len(part)
        except (aiohttp.ClientError, OSError) as problem:
            raise failed(problem, self._upstream) from None
        return b"".join(parts), False


class Upstreams:
    """The client for all providers: one pool of connections, opened when it is first used, on the loop that uses it."""

    def __init__(self) -> None:
        self._opened: tuple[aiohttp.ClientSession, Wire] | None = None
        self._proxies: dict[str, str | None] = {}

    async def open(self, upstream: Upstream, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Send a request, and have the head of its answer; whoever asks closes it.

        Args:
            upstream: who is asked.
            url: where, see `Upstream.url`.
            headers: as they go over the line, credentials included.
            body: as it goes over the line.

        Raises:
            UpstreamFailed: no answer began.
        """
        session, wire = self._opened or self._open()
        timeout = _timeout(upstream.connect_s, upstream.answer_s)
        proxy = self._proxy(upstream.base_url)
        try:
            if proxy is None and len(body) <= MOST_AT_ONCE:
                head, content, connection = await wire.ask(url, headers, body, timeout)
                return Reply(upstream, head.code, head.raw_headers, head.headers, content, connection.close)
            whole = await session.post(
                url,
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,  # a key goes nowhere but where its owner sends it
                proxy=proxy,
            )
            return Reply(upstream, whole.status, whole.raw_headers, whole.headers, whole.content, whole.close)
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            raise failed(problem, upstream) from None

    async def close(self) -> None:
        """Close what is open."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened[0].close()

    def _open(self) -> tuple[aiohttp.ClientSession, Wire]:
        connector = aiohttp.TCPConnector(limit=MOST_CONNECTIONS, keepalive_timeout=_KEPT_ALIVE_S)
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )
        self._opened = session, Wire(session, connector)
        return self._opened

    def _proxy(self, base_url: str) -> str | None:
        """The proxy that the environment names for an address, looked up once."""
        if base_url not in self._proxies:
            parts = urlsplit(base_url)
            proxy = urllib.request.getproxies().get(parts.scheme)
            passed_by = urllib.request.proxy_bypass(parts.hostname or "")
            self._proxies[base_url] = None if passed_by else proxy
        return self._proxies[base_url]


@cache
def _timeout(connect_s: float, answer_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=None, sock_connect=connect_s, sock_read=answer_s)


def failed(problem: Exception, upstream: Upstream) -> UpstreamFailed:
    """What went wrong, in words that hold nothing of what was sent."""
    match problem:
        case aiohttp.ConnectionTimeoutError():
            return UpstreamFailed(
                ErrorType.CONNECTION, f"{upstream.name} could not be reached within {upstream.connect_s:g} s"
            )
        case TimeoutError():
            return UpstreamFailed(ErrorType.TIMEOUT, f"{upstream.name} sent nothing for {upstream.answer_s:g} s")
        case aiohttp.ClientConnectorError():
            return UpstreamFailed(ErrorType.CONNECTION, f"{upstream.name} cannot be reached ({type(problem).__name__})")
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError() | OSError():
            return UpstreamFailed(ErrorType.CONNECTION, f"{upstream.name} ended the connection before its answer")
    return UpstreamFailed(ErrorType.SERVER, f"{upstream.name} answered with what is no HTTP ({type(problem).__name__})")
