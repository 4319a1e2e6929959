"""The application, put together from its parts and its routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from augury import __version__
from augury.gateway.proxy import Gateway, Proxy
from augury.recommend.snapshot import Snapshot
from augury.server import admin, analytics, docs, health, model, pages, problems, recommending
from augury.server.door import Door
from augury.server.guard import Guard
from augury.server.heads import Heads
from augury.server.ingest import Ingest
from augury.server.params import once_each
from augury.server.parts import Parts
from augury.server.warming import Warming


def create_app(parts: Parts) -> FastAPI:
    """An application over these parts; tests make one as the command does."""
    ingest = Ingest(parts)
    snapshot = Snapshot(parts.store, parts.now)
    gateway = Gateway(parts.gateway, ingest.take, snapshot.recommender, parts.prices)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        ingest.start()
        yield
        await gateway.close()
        await run_in_threadpool(ingest.close)

    app = FastAPI(
        title="Augury",
        version=__version__,
        summary="Which AI model should I use for this task? Answers from your own traffic, with proof.",
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(Heads),
            Middleware(Guard, token=parts.token),
            Middleware(Door, ingest=ingest),
            Middleware(Proxy, gateway=gateway),
        ],
        lifespan=lifespan,
    )
    app.state.ingest = ingest
    app.state.parts = parts
    app.state.snapshot = snapshot
    app.state.gateway = gateway
    app.state.warming = Warming()
    problems.install(app)
    app.include_router(health.routes)  # whoever asks after it may add what he likes
    for module in (analytics, recommending, admin, model):
        app.include_router(module.routes, dependencies=[Depends(_once_each)])
    docs.mount(app)
    pages.mount(app)
    return app


async def _once_each(request: Request) -> None:  # async, so that it costs no thread
    once_each(request.query_params.multi_items())
