"""The application, put together from its parts and its routes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from augury import __version__
from augury.gateway.asked import ROUTES
from augury.gateway.chat import Chat
from augury.gateway.memory import Memory
from augury.gateway.proxy import Gateway, Proxy
from augury.recommend.snapshot import Snapshot
from augury.server import (
    admin,
    analytics,
    chatting,
    docs,
    health,
    metering,
    model,
    news,
    otlp,
    pages,
    passing,
    problems,
    recommending,
    securing,
    signing_in,
)
from augury.server.compressing import Compressed
from augury.server.door import Door
from augury.server.garbage import Forgetting
from augury.server.guard import Guard
from augury.server.heads import Heads
from augury.server.ingest import Ingest
from augury.server.metering import Counting, Meters
from augury.server.news import News
from augury.server.otlp import Telemetry
from augury.server.params import once_each
from augury.server.parts import Parts
from augury.server.projects import Elsewhere, Projects
from augury.server.warming import Warming


def create_app(parts: Parts, projects: Projects | None = None) -> FastAPI:
    """An application over these parts; tests make one as the command does.

    Args:
        parts: of one database.
        projects: the others, where the application is to hand their callers over.
    """
    ingest = Ingest(parts)
    snapshot = Snapshot(parts.store, parts.now)
    gateway = Gateway(parts.gateway, ingest.take, snapshot.recommender, parts.prices, parts.rules.tasks)
    telemetry = Telemetry(parts, ingest)
    meters = Meters(ingest, telemetry, gateway, parts.journal.folder if parts.journal is not None else None)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        ingest.start()
        async with AsyncExitStack() as stack:
            if projects:
                await stack.enter_async_context(projects.running())
            yield
        await gateway.close()
        await run_in_threadpool(ingest.close)
        await run_in_threadpool(telemetry.evaluations.close)

    app = Application(
        title="Augury",
        version=__version__,
        summary="Which AI model should I use for this task? Answers from your own traffic, with proof.",
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(Forgetting),
            Middleware(Counting, meters=meters),
            Middleware(Heads),
            Middleware(Guard, gate=parts.gate),
            *([Middleware(Elsewhere, projects=projects)] if projects else []),
            Middleware(Door, ingest=ingest),
            Middleware(Proxy, gateway=gateway),
            Middleware(Compressed),
        ],
        lifespan=lifespan,
    )
    app.short = _short(app, parts, projects, gateway, meters)
    app.state.ingest = ingest
    app.state.meters = meters
    app.state.parts = parts
    app.state.snapshot = snapshot
    app.state.gateway = gateway
    app.state.chat = Chat(gateway, parts.prices)
    app.state.memory = Memory()
    app.state.telemetry = telemetry
    app.state.warming = Warming()
    app.state.news = News(lambda: parts.store.writes)
    problems.install(app)
    app.include_router(metering.routes)
    app.include_router(health.routes)  # whoever asks after it may add what he likes
    for module in (analytics, news, recommending, chatting, admin, model, otlp):
        app.include_router(module.routes, dependencies=[Depends(_once_each)])
    docs.mount(app)
    pages.mount(app)
    signing_in.mount(app, parts.gate)
    return app


class Application(FastAPI):
    """Requests to models go the short way: past FastAPI, which costs more than passing them on, but past no guard."""

    short: ASGIApp | None = None

    def openapi(self) -> dict[str, Any]:
        """The API's own document, with what is answered on the short way, and what each operation needs."""
        document = super().openapi()
        document["paths"].update(passing.paths())
        securing.secure(document)
        return document

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self.short is not None and scope["type"] == "http" and scope["path"] in ROUTES:
            await self.short(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _short(app: FastAPI, parts: Parts, projects: Projects | None, gateway: Gateway, meters: Meters) -> ASGIApp:
    async def longer(scope: Scope, receive: Receive, send: Send) -> None:
        await FastAPI.__call__(app, scope, receive, send)

    short: ASGIApp = Proxy(longer, gateway)
    if projects:
        short = Elsewhere(short, projects)
    return Forgetting(Counting(Guard(short, parts.gate), meters))


async def _once_each(request: Request) -> None:  # async, so that it costs no thread
    once_each(request.query_params.multi_items())
