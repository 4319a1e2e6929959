"""Whether the server lives, and whether it can answer."""

from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from augury.errors import AuguryError
from augury.server.ingest import Incoming
from augury.server.parts import Given
from augury.server.payloads import Health
from augury.server.problems import RETRY, SOON, documented, problem

if TYPE_CHECKING:
    from augury.server.warming import Warming

routes = APIRouter(tags=["health"])


@routes.get("/healthz", summary="The process lives")
async def healthz(ingest: Incoming) -> Health:
    """Answers as long as the process does; calls are taken while the database is away too."""
    return _health("ok", ingest)


@routes.get(
    "/readyz",
    summary="The server answers, and quickly",
    response_model=Health,
    responses=documented(HTTPStatus.SERVICE_UNAVAILABLE),
)
def readyz(parts: Given, ingest: Incoming, request: Request) -> Response:
    """Asks the database something small; 503 where it does not answer, and in the first second, while the server warms up.

    Calls are taken in either case.
    """
    try:
        parts.store.query("SELECT 1", limit=1)
        away = "the database could not be written when it was tried last" if ingest.committer.away else None
    except AuguryError as trouble:
        ingest.committer.suspect()
        away = str(trouble)
    starting = None
    if cast("Warming", request.app.state.warming).under_way:
        starting = "the server has just started, and works its first answer out"
    health = _health("ready", ingest)
    if not_ready := away or starting:
        told = health.model_dump(by_alias=True, exclude={"status"})
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, not_ready, headers=RETRY if away else SOON, more=told)
    return JSONResponse(health.model_dump(by_alias=True))


def _health(status: str, ingest: Incoming) -> Health:
    committer = ingest.committer
    return Health(
        status=status,
        database_away=committer.away,
        journaled_calls=committer.journaled,
        journaled_bytes=committer.journaled_bytes,
    )
