"""`/api/analytics/events`: who listens is told that something changed, and asks for what he shows.

What changed is not said: figures may hang together in any way, and answers are quick. However many listen, one task looks at one
number, and only while somebody does.
"""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from augury.errors import AuguryError, TooBusy
from augury.server.heads import asks_for_head
from augury.server.problems import documented

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

LOOK_S = 1.0
"""So often the number of writes is looked at: what comes within is one piece of news."""

HEARTBEAT_S = 15.0
"""After so long without news a comment is sent, so that nobody between takes the connection for dead."""

MOST_LISTENERS = 100

_EVENTS = "text/event-stream"

routes = APIRouter(prefix="/api/analytics", tags=["analytics"])


class News:
    """Tells listeners that something was written. Lives in one event loop, but for `close`."""

    def __init__(
        self,
        writes: Callable[[], int],
        *,
        look_s: float = LOOK_S,
        heartbeat_s: float = HEARTBEAT_S,
        most: int = MOST_LISTENERS,
    ) -> None:
        """`writes` is a number that changes with every write; it may take a moment to tell."""
        self._writes = writes
        self._look_s = look_s
        self._heartbeat_s = heartbeat_s
        self._most = most
        self._listeners: set[asyncio.Event] = set()
        self._seen = 0
        self._watching: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = False

    def join(self) -> asyncio.Event:
        """A place among the listeners, which is set when there is news.

        Raises:
            TooBusy: there is none left.
        """
        if len(self._listeners) >= self._most:
            raise TooBusy(f"{len(self._listeners)} pages listen already; ask again later, or reload to see what is new")
        place = asyncio.Event()
        self._listeners.add(place)
        return place

    async def heard(self, place: asyncio.Event, last: str | None) -> AsyncIterator[bytes]:
        """What a listener is sent, from now until he leaves, or the server ends; `last` is the last news he had."""
        try:
            await self._watch()
            yield b"retry: 3000\n\n"
            if last is not None and last != str(self._seen):
                yield self._event()
            while await self._wait(place):
                yield self._event() if place.is_set() else b": nothing new\n\n"
                place.clear()
        finally:
            self._leave(place)

    def close(self) -> None:
        """Let everybody go, so that the server can end. From any thread, and from a signal handler."""
        self._ended = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._tell)

    async def _wait(self, place: asyncio.Event) -> bool:
        """For news, or until a heartbeat is due; false when all is over."""
        if not self._ended:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(place.wait(), self._heartbeat_s)
        return not self._ended

    def _event(self) -> bytes:
        return f"event: changed\nid: {self._seen}\ndata: {{}}\n\n".encode()

    async def _watch(self) -> None:
        if self._watching is None:
            self._loop = asyncio.get_running_loop()
            self._seen = await self._look()
            if self._watching is None:
                self._watching = asyncio.create_task(self._follow(), name="augury-news")

    async def _look(self) -> int:
        try:
            return await run_in_threadpool(self._writes)
        except AuguryError:  # a database that is away has no news
            return self._seen

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self._look_s)
            if (found := await self._look()) != self._seen:
                self._seen = found
                self._tell()

    def _tell(self) -> None:
        for place in self._listeners:
            place.set()

    def _leave(self, place: asyncio.Event) -> None:
        self._listeners.discard(place)
        if not self._listeners and self._watching is not None:
            self._watching.cancel()
            self._watching = None


@routes.get(
    "/events",
    summary="Hear that something changed",
    response_class=Response,
    responses={
        HTTPStatus.OK: {
            "description": "Server-sent events, until the listener leaves: `changed` when calls, ratings, or outcomes came",
            "content": {_EVENTS: {"schema": {"type": "string"}}},
        },
        **documented(HTTPStatus.SERVICE_UNAVAILABLE),
    },
)
async def events(request: Request) -> Response:
    """A stream of server-sent events: `changed`, at most once a second, and a comment every 15 seconds without news.

    What is new is not in it: ask for what is shown. 503 where too many listen.
    """
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if asks_for_head(request.scope):
        return Response(media_type=_EVENTS, headers=headers)
    news = cast("News", request.app.state.news)
    stream = news.heard(news.join(), request.headers.get("last-event-id"))
    return StreamingResponse(stream, media_type=_EVENTS, headers=headers)
