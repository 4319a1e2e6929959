"""Whether the server lives, and whether it can answer."""

from fastapi import APIRouter

from augury.server.parts import Given

routes = APIRouter(tags=["health"])


@routes.get("/healthz", summary="The process lives")
def healthz() -> dict[str, str]:
    """Answers as long as the process does."""
    return {"status": "ok"}


@routes.get("/readyz", summary="The database answers")
def readyz(parts: Given) -> dict[str, str]:
    """Asks the database something small; 503 where it does not answer."""
    parts.store.query("SELECT 1", limit=1)
    return {"status": "ready"}
