"""Short requests go past the client's session, long ones through it: nobody can tell which way one took."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from tests.gateway.serving import serving, upstream

from augury.core.calls import ErrorType
from augury.gateway.upstreams import Api, Upstream, UpstreamFailed, Upstreams
from augury.gateway.wire import MOST_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.provider import Provider

CHAT = "/v1/chat/completions"
LENGTHS = pytest.mark.parametrize("length", [2, MOST_AT_ONCE + 1], ids=["short", "long"])
WHOLE = b"HTTP/1.1 200 OK\r\nX-One: 1\r\nContent-Length: 2\r\n\r\n{}"


class Line:
    """A provider that answers in these bytes, and a client that asks it."""

    def __init__(self, says: bytes) -> None:
        self.says = says
        self.connections: list[asyncio.Task[object] | None] = []

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, ConnectionError):  # its client has gone
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
                writer.write(self.says)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def asked(line: Line) -> AsyncIterator[tuple[Upstreams, Upstream]]:
    server = await asyncio.start_server(line.take, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = Upstreams()
    try:
        yield client, Upstream(name="one", api=Api.OPENAI, base_url=base, provider="openai")
    finally:
        await client.close()
        server.close()
        await asyncio.gather(*(task for task in line.connections if task is not None))


def test_a_long_request_arrives_as_a_short_one_does(provider: Provider, tmp_path: Path) -> None:
    with serving(tmp_path, upstream(provider, headers={"x-title": "grün"})) as served:
        for length in (2, MOST_AT_ONCE):
            said = {"model": "gpt-4o", "messages": [{"role": "user", "content": "x" * length}]}
            assert served.post(f"{CHAT}?beta=a%20b", said).status_code == 200
    short, long = (
        (seen.method, seen.path, {name: value for name, value in seen.headers.items() if name != "content-length"})
        for seen in provider.requests
    )
    assert short == long
    assert short[1] == f"{CHAT}?beta=a%20b"
    assert short[2]["host"] == provider.url.removeprefix("http://")


@LENGTHS
def test_a_header_that_breaks_its_line_goes_nowhere(length: int) -> None:
    async def ask() -> None:
        async with asked(Line(WHOLE)) as (client, one):
            for headers in ({"x-one": "1\r\nx-two: 2"}, {"x-one\nx-two": "2"}):
                with pytest.raises(UpstreamFailed, match="no HTTP"):
                    await client.open(one, one.url(CHAT), headers, b"x" * length)

    asyncio.run(ask())


@LENGTHS
def test_what_comes_before_an_answer_is_not_taken_for_it(length: int) -> None:
    async def ask() -> None:
        async with asked(Line(b"HTTP/1.1 103 Early Hints\r\nX-One: 0\r\n\r\n" + WHOLE)) as (client, one):
            reply = await client.open(one, one.url(CHAT), {}, b"x" * length)
            assert (reply.status, reply.header("x-one"), await reply.read(10)) == (200, "1", (b"{}", True))
            reply.close()

    asyncio.run(ask())


@LENGTHS
def test_what_is_no_http_is_no_answer(length: int) -> None:
    async def ask() -> None:
        async with asked(Line(b"+OK POP3 ready\r\n\r\n")) as (client, one):
            with pytest.raises(UpstreamFailed, match="no HTTP") as failed:
                await client.open(one, one.url(CHAT), {}, b"x" * length)
            assert failed.value.error_type is ErrorType.SERVER

    asyncio.run(ask())


def test_a_connection_is_kept_until_an_answer_is_not_read_to_its_end() -> None:
    async def ask() -> None:
        async with asked(line := Line(WHOLE)) as (client, one):
            for _ in range(3):
                reply = await client.open(one, one.url(CHAT), {}, b"{}")
                assert await reply.read(10) == (b"{}", True)
                reply.close()
            assert len(line.connections) == 1
            line.says = WHOLE[:-1]
            reply = await client.open(one, one.url(CHAT), {}, b"{}")
            reply.close()
            line.says = WHOLE
            (await client.open(one, one.url(CHAT), {}, b"{}")).close()
            assert len(line.connections) == 2

    asyncio.run(ask())
