"""Several databases behind one address: each request goes to the application of its caller's project."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi.concurrency import run_in_threadpool

from augury.errors import AuguryError
from augury.server.gate import caller_of
from augury.server.problems import RETRY, problem
from augury.store.urls import file_of, parse_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractContextManager

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

_LOG = logging.getLogger("augury.server")
_PAUSE_S = 5.0  # before a database that could not be opened is tried again


class Projects:
    """The databases beside the server's own: opened when they are first needed, and closed with the server."""

    def __init__(
        self,
        open_one: Callable[[str], AbstractContextManager[FastAPI]],
        *,
        own: str,
        known: Callable[[], set[str]] = set,
    ) -> None:
        """Nothing is opened yet.

        Args:
            open_one: opens a database by its URL, with its application and all that works in the background.
            own: the URL of the server's own database.
            known: those to open as soon as the server runs, so that their days are sealed and their old calls deleted.
        """
        self._open_one = open_one
        self._own = own
        self._known = known
        self._open: dict[str, FastAPI] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._stack = AsyncExitStack()
        self._failed: dict[str, tuple[float, AuguryError]] = {}
        self._ending = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the server runs; at its end everything is closed in order."""
        async with self._stack:
            beginning = asyncio.create_task(self._begin())
            try:
                yield
            finally:
                self._ending = True
                await beginning  # a store that is being opened has to be closed again

    async def _begin(self) -> None:
        try:
            known = sorted(self._known())
        except AuguryError as trouble:
            _LOG.warning("keys cannot be read: %s", trouble)
            return
        for database in known:
            if self._ending:
                return
            try:
                await self.app(database)
            except AuguryError as trouble:
                _LOG.warning("a key's database cannot be opened yet: %s", trouble)

    async def app(self, database: str) -> FastAPI | None:
        """The application over a database; None where it is the server's own.

        Raises:
            AuguryError: it cannot be opened now.
        """
        if same(database, self._own):
            return None
        async with self._locks.setdefault(database, asyncio.Lock()):
            if database not in self._open:
                when, failure = self._failed.get(database, (0.0, None))
                if failure is not None and time.monotonic() < when + _PAUSE_S:
                    raise failure
                try:
                    self._open[database] = await self._enter(database)
                except AuguryError as trouble:
                    self._failed[database] = time.monotonic(), trouble
                    raise
            return self._open[database]

    def opened(self) -> list[FastAPI]:
        """The applications that are open now."""
        return list(self._open.values())

    async def _enter(self, database: str) -> FastAPI:
        opening = self._open_one(database)
        app = await run_in_threadpool(opening.__enter__)
        self._stack.push_async_callback(run_in_threadpool, opening.__exit__, None, None, None)
        await self._stack.enter_async_context(app.router.lifespan_context(app))
        return app


class Elsewhere:
    """Middleware of the server's own application: hands over who belongs to another project."""

    def __init__(self, app: ASGIApp, projects: Projects) -> None:
        self._app = app
        self._projects = projects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        database = caller_of(scope).database if scope["type"] == "http" else None
        if database is None:
            await self._app(scope, receive, send)
            return
        app: ASGIApp
        try:
            app = await self._projects.app(database) or self._app
        except AuguryError as trouble:
            _LOG.error("a key's database cannot be opened: %s", trouble)
            says = "this key's database cannot be opened now; the server's log says why"
            app = problem(HTTPStatus.SERVICE_UNAVAILABLE, says, headers=RETRY)
        await app(scope, receive, send)


def same(url: str, other: str) -> bool:
    """Whether both URLs name one database, as far as can be told without opening it.

    Raises:
        SettingsError: one of them names none.
    """
    file, other_file = file_of(url), file_of(other)
    if file is not None and other_file is not None:
        return file.resolve() == other_file.resolve()
    return parse_url(url) == parse_url(other)
