"""News of changes: who listens hears of every write soon, and of nothing else."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from augury.errors import StoreAway, TooBusy
from augury.server.news import News

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Written:
    """A number of writes, that can be away."""

    def __init__(self) -> None:
        self.number = 7
        self.away = False

    def __call__(self) -> int:
        if self.away:
            raise StoreAway("the database is away")
        return self.number


def news(written: Written, *, heartbeat_s: float = 60, most: int = 3) -> News:
    return News(written, look_s=0.005, heartbeat_s=heartbeat_s, most=most)


async def opened(told: News, last: str | None = None) -> AsyncIterator[bytes]:
    heard = told.heard(told.join(), last)
    assert b"retry" in await anext(heard)
    return heard


def test_a_write_is_told_to_everybody_who_listens() -> None:
    async def listen() -> None:
        written = Written()
        told = news(written)
        first, second = await opened(told), await opened(told)
        written.number += 1
        for heard in (first, second):
            assert await anext(heard) == b"event: changed\nid: 8\ndata: {}\n\n"

    asyncio.run(listen())


def test_without_news_a_heartbeat_comes() -> None:
    async def listen() -> None:
        written = Written()
        heard = await opened(news(written, heartbeat_s=0.01))
        assert (await anext(heard)).startswith(b":")
        written.away = True
        assert (await anext(heard)).startswith(b":")

    asyncio.run(listen())


def test_who_comes_back_after_something_changed_is_told_at_once() -> None:
    async def listen() -> None:
        told = news(Written())
        assert b"changed" in await anext(await opened(told, "6"))
        still = await opened(told, "7")
        told.close()
        assert [piece async for piece in still] == []

    asyncio.run(listen())


def test_there_is_room_for_so_many_and_a_place_becomes_free_again() -> None:
    async def listen() -> None:
        told = news(Written(), most=1)
        async with aclosing(told.heard(told.join(), None)) as heard:  # type: ignore[type-var]  # it is a generator
            await anext(heard)
            with pytest.raises(TooBusy, match="listen already"):
                told.join()
        told.join()

    asyncio.run(listen())


def test_a_server_that_ends_lets_its_listeners_go() -> None:
    async def listen() -> None:
        told = news(Written())
        heard = await opened(told)
        waits = asyncio.ensure_future(anext(heard, b"the end"))
        await asyncio.sleep(0)
        told.close()
        assert await waits == b"the end"

    asyncio.run(listen())
