"""`augury prune`: delete old calls."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from augury.cli.output import Database, Json, console, counted, write_json
from augury.core.windows import MAX_DAYS, Window
from augury.settings import Settings
from augury.wiring import archive_of, require_database


def prune(
    days: Annotated[int, typer.Option(min=1, max=MAX_DAYS, help="Calendar days (UTC) to keep, today included.")] = 90,
    database: Database = None,
    json: Json = False,
) -> None:
    """Delete the calls that are older than so many days, and keep their sums for two years.

    Only whole days go, and a day that went is final: it takes no more calls, and its figures stay. Nothing is ever deleted
    unasked: run this, schedule it, or set AUGURY_RETENTION_DAYS. AUGURY_SUMS_RETENTION_DAYS says how long sums are kept.
    """
    now = datetime.now(UTC)
    settings = Settings.read(database=database)
    keep_from = Window.last_days(days, now=now).start
    keep_sums_from = Window.last_days(max(days, settings.sums_retention_days), now=now).start
    require_database(settings, "delete calls from")
    with archive_of(settings) as archive:
        deleted = archive.prune(keep_from, keep_sums_from=keep_sums_from)
    if json:
        write_json({"deleted": deleted, "keptFrom": keep_from.strftime("%Y-%m-%dT%H:%M:%SZ")})
    else:
        console.print(f"Deleted {counted(deleted, 'call')} from before {keep_from:%Y-%m-%d} (UTC).")
