"""The application, put together from its parts and its routes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from augury import __version__
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
    otlp,
    pages,
    problems,
    recommending,
    signing_in,
)
from augury.server.door import Door
from augury.server.guard import Guard
from augury.server.heads import Heads
from augury.server.ingest import Ingest
from augury.server.metering import Counting, Meters
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
    gateway = Gateway(parts.gateway, ingest.take, snapshot.recommender, parts.prices)
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

    app = FastAPI(
        title="Augury",
        version=__version__,
        summary="Which AI model should I use for this task? Answers from your own traffic, with proof.",
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(Counting, meters=meters),
            Middleware(Heads),
            Middleware(Guard, gate=parts.gate),
            *([Middleware(Elsewhere, projects=projects)] if projects else []),
            Middleware(Door, ingest=ingest),
            Middleware(Proxy, gateway=gateway),
        ],
        lifespan=lifespan,
    )
    app.state.ingest = ingest
    app.state.meters = meters
    app.state.parts = parts
    app.state.snapshot = snapshot
    app.state.gateway = gateway
    app.state.chat = Chat(gateway, parts.prices)
    app.state.memory = Memory()
    app.state.telemetry = telemetry
    app.state.warming = Warming()
    problems.install(app)
    app.include_router(metering.routes)
    app.include_router(health.routes)  # whoever asks after it may add what he likes
    for module in (analytics, recommending, chatting, admin, model, otlp):
        app.include_router(module.routes, dependencies=[Depends(_once_each)])
    docs.mount(app)
    pages.mount(app)
    signing_in.mount(app, parts.gate)
    return app


async def _once_each(request: Request) -> None:  # async, so that it costs no thread
    once_each(request.query_params.multi_items())
