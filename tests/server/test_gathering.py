"""What is written within one turn of the event loop goes out in one piece."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from augury.server.gathering import MOST_GATHERED, _Gathered


class Transport:
    """Notes what happens to it."""

    def __init__(self) -> None:
        self.happened: list[str | bytes] = []

    def write(self, data: bytes) -> None:
        self.happened.append(data)

    def close(self) -> None:
        self.happened.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.happened

    def get_extra_info(self, name: str) -> str:
        return f"its {name}"


Writing = Callable[[asyncio.Transport], None]


def happens(*turns: Writing) -> list[str | bytes]:
    """What happens to a transport that is written to in these turns of the event loop."""
    transport = Transport()

    async def write() -> None:
        gathered = cast("asyncio.Transport", _Gathered(cast("asyncio.Transport", transport)))
        for turn in turns:
            turn(gathered)
            await asyncio.sleep(0)

    asyncio.run(write())
    return transport.happened


def test_what_is_written_in_one_turn_goes_out_together() -> None:
    def answer(writer: asyncio.Transport) -> None:
        writer.write(b"head ")
        writer.write(b"body")

    assert happens(answer, answer) == [b"head body", b"head body"]


def test_what_was_written_before_the_end_goes_out_before_it_and_nothing_after() -> None:
    def end(writer: asyncio.Transport) -> None:
        writer.write(b"last words")
        writer.close()
        writer.write(b"too late")

    assert happens(end) == [b"last words", "closed"]


def test_much_goes_out_at_once_so_that_its_writer_hears_when_it_is_too_much() -> None:
    def write_much(writer: asyncio.Transport) -> None:
        writer.write(bytes(MOST_GATHERED))
        writer.write(b"1")
        writer.write(b"2")

    assert [len(piece) for piece in happens(write_much)] == [MOST_GATHERED + 1, 1]


def test_all_else_is_the_transports_own() -> None:
    told: list[object] = []

    assert happens(lambda writer: told.append(writer.get_extra_info("socket"))) == []
    assert told == ["its socket"]
