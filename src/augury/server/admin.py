"""`/api/admin`: what commands need while the server holds the database. The guard asks for its token."""

from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from augury.core.windows import Window
from augury.errors import InvalidValue, SettingsError, StoreError
from augury.models.prices import PricesInUse
from augury.server import bodies
from augury.server.ingest import nothing_waits
from augury.server.parts import Given, Parts
from augury.server.payloads import MAX_DAY, ForgetBody, PruneBody, QueryAnswer, QueryBody, RepriceBody, SealBody
from augury.server.problems import documented
from augury.store.protocol import Added, Description, Forgotten
from augury.store.repricing import Repriceable, Repriced

routes = APIRouter(
    prefix="/api/admin",
    tags=["administration"],
    responses=documented(
        HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)  # fmt: skip


@routes.get("/describe", summary="What the database holds")
def describe(parts: Given) -> Description:
    """Counts, span, size, and versions."""
    return parts.store.describe()


@routes.post("/query", summary="Read-only SQL")
def query(body: QueryBody, parts: Given) -> QueryAnswer:
    """One statement that changes nothing."""
    table = parts.store.query(body.sql, limit=body.limit)
    return QueryAnswer(columns=list(table.columns), rows=[list(row) for row in table.rows], cut=table.cut)


@routes.post("/import", summary="Checked calls as Parquet")
async def take_file(request: Request, parts: Given) -> Added:
    """Takes what `augury import` has checked and written."""
    body = await bodies.read(request, bodies.MAX_IMPORT)
    return await run_in_threadpool(_take_file, parts, body)


def _take_file(parts: Parts, body: bytes) -> Added:
    with TemporaryDirectory(prefix="augury-upload-") as folder:
        file = Path(folder) / "calls.parquet"
        file.write_bytes(body)
        return parts.store.append_file(file)


@routes.get("/export", summary="All calls as Parquet", response_class=FileResponse)
def export(
    parts: Given,
    start: Annotated[datetime | None, Query(alias="from")] = None,
    end: Annotated[datetime | None, Query(alias="to")] = None,
) -> FileResponse:
    """The calls of a period, or all of them, oldest first."""
    folder = TemporaryDirectory(prefix="augury-export-")
    try:
        window = Window.between(start, end) if start and end else None
        file = Path(folder.name) / "calls.parquet"
        count = parts.store.export(window, file)
    except (StoreError, InvalidValue):
        folder.cleanup()
        raise
    return FileResponse(file, headers={"x-augury-calls": str(count)}, background=BackgroundTask(folder.cleanup))


@routes.post("/prune", summary="Delete old calls")
def prune(body: PruneBody, parts: Given) -> dict[str, int]:
    """Deletes whole days only, and keeps their sums."""
    keep_sums_from = _midnight("keepSumsFrom", body.keep_sums_from) if body.keep_sums_from else None
    return {"deleted": parts.store.prune(_midnight("keepFrom", body.keep_from), keep_sums_from=keep_sums_from)}


def _midnight(field: str, text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidValue(field, "a midnight, UTC", text) from None


@routes.post("/forget", summary="Erase a user", dependencies=[Depends(nothing_waits)])
def forget(body: ForgetBody, parts: Given) -> Forgotten:
    """Deletes the user's calls."""
    return parts.store.forget(body.user_id)


@routes.get("/unsealed", summary="Days to seal")
def unsealed(parts: Given, before: Annotated[int, Query(ge=0, le=MAX_DAY)]) -> list[int]:
    """The open days before this one that have calls; days are counted from 1970-01-01."""
    return parts.store.unsealed(before)


@routes.post("/seal", summary="Seal a day")
def seal(body: SealBody, parts: Given) -> dict[str, int | None]:
    """Sums a day's calls; `calls` is null where it was sealed already, or written to meanwhile."""
    return {"calls": parts.store.seal(body.day)}


@routes.post("/prices", summary="Read prices anew", responses=documented(HTTPStatus.CONFLICT))
def prices(parts: Given) -> PricesInUse:
    """Reads the owner's file of prices again, for calls to come and for pricing again; answers which prices there are."""
    try:
        parts.prices.reread()
    except SettingsError as problem:
        raise HTTPException(HTTPStatus.CONFLICT, str(problem)) from None
    return parts.prices.in_use()


@routes.get("/repriceable", summary="Days to price again")
def repriceable(parts: Given, since: Annotated[int, Query(ge=0, le=MAX_DAY)] = 0) -> Repriceable:
    """The days from this one on that have calls whose cost nobody reported; days are counted from 1970-01-01."""
    return parts.store.repriceable(since)


@routes.post("/reprice", summary="Price a day again", dependencies=[Depends(nothing_waits)])
def reprice(body: RepriceBody, parts: Given) -> list[Repriced]:
    """Prices the calls of a day again by the server's prices, but for those whose cost was reported."""
    return parts.store.reprice(body.day, parts.prices, dry_run=body.dry_run)
