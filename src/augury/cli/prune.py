"""`augury prune`: delete old calls."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from augury.cli.output import Database, Json, console, counted, write_json
from augury.core.windows import MAX_DAYS, Window
from augury.errors import StoreError
from augury.settings import Settings
from augury.store.urls import parse_url
from augury.wiring import archive_of


def prune(
    days: Annotated[int, typer.Option(min=1, max=MAX_DAYS, help="Calendar days (UTC) to keep, today included.")] = 90,
    database: Database = None,
    json: Json = False,
) -> None:
    """Delete the calls that are older than so many days.

    Only whole days go. Nothing is ever deleted unasked: run this, schedule it, or set AUGURY_RETENTION_DAYS.
    """
    keep_from = Window.last_days(days, now=datetime.now(UTC)).start
    settings = Settings.read(database=database)
    path = parse_url(settings.database_url).path
    if not path.exists():
        raise StoreError(f"there is no database {path} to delete calls from")
    with archive_of(settings) as archive:
        deleted = archive.prune(keep_from)
    if json:
        write_json({"deleted": deleted, "keptFrom": keep_from.strftime("%Y-%m-%dT%H:%M:%SZ")})
    else:
        console.print(f"Deleted {counted(deleted, 'call')} from before {keep_from:%Y-%m-%d} (UTC).")
