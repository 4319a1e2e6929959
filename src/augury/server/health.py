"""Whether the server lives, and whether it can answer."""

from http import HTTPStatus

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from augury.errors import AuguryError
from augury.server.ingest import Incoming
from augury.server.parts import Given
from augury.server.payloads import Health
from augury.server.problems import RETRY, documented, problem

routes = APIRouter(tags=["health"])


@routes.get("/healthz", summary="The process lives")
async def healthz(ingest: Incoming) -> Health:
    """Answers as long as the process does; calls are taken while the database is away too."""
    return _health("ok", ingest)


@routes.get(
    "/readyz",
    summary="The database answers",
    response_model=Health,
    responses=documented(HTTPStatus.SERVICE_UNAVAILABLE),
)
def readyz(parts: Given, ingest: Incoming) -> Response:
    """Asks the database something small; 503 where it does not answer."""
    try:
        parts.store.query("SELECT 1", limit=1)
        away = "the database could not be written when it was tried last" if ingest.committer.away else None
    except AuguryError as trouble:
        ingest.committer.suspect()
        away = str(trouble)
    health = _health("away" if away else "ready", ingest)
    if away:
        told = health.model_dump(by_alias=True, exclude={"status"})
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, away, headers=RETRY, more=told)
    return JSONResponse(health.model_dump(by_alias=True))


def _health(status: str, ingest: Incoming) -> Health:
    committer = ingest.committer
    return Health(
        status=status,
        database_away=committer.away,
        journaled_calls=committer.journaled,
        journaled_bytes=committer.journaled_bytes,
    )
