"""The application, put together from its parts and its routes."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from augury import __version__
from augury.recommend.snapshot import Snapshot
from augury.server import admin, analytics, docs, health, pages, problems, recommending
from augury.server.guard import Guard
from augury.server.parts import Parts


def create_app(parts: Parts) -> FastAPI:
    """An application over these parts; tests make one as the command does."""
    app = FastAPI(
        title="Augury",
        version=__version__,
        summary="Which AI model should I use for this task? Answers from your own traffic, with proof.",
        docs_url=None,
        redoc_url=None,
        middleware=[Middleware(Guard, token=parts.token)],
    )
    app.state.parts = parts
    app.state.snapshot = Snapshot(parts.store, parts.now)
    problems.install(app)
    for module in (health, analytics, recommending, admin):
        app.include_router(module.routes)
    docs.mount(app)
    pages.mount(app)
    return app
