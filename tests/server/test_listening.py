"""The socket that the server listens on."""

from __future__ import annotations

import asyncio
import socket

from augury.server.run import listening


def test_answers_are_sent_at_once() -> None:
    async def accepted() -> int:
        seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with listening("127.0.0.1", 0) as listener:
            server = await asyncio.start_server(met, sock=listener)
            async with server:
                _, writer = await asyncio.open_connection(*listener.getsockname())
                no_delay = await seen
                writer.close()
                await writer.wait_closed()
        return no_delay

    assert asyncio.run(accepted())
