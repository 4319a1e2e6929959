"""`augury forget`: erase a user."""

from __future__ import annotations

from typing import Annotated

import typer

from augury.cli.output import Database, Json, console, counted, write_json
from augury.core import ids
from augury.core.calls import NO_USER
from augury.errors import InvalidValue
from augury.settings import Settings
from augury.wiring import archive_of, require_database


def forget(
    user: Annotated[str, typer.Argument(help="The user's id, as calls were recorded with it.", show_default=False)],
    database: Database = None,
    json: Json = False,
) -> None:
    """Delete a user's calls.

    Sums hold no user, and those of pruned days cannot be changed any more: their figures still count calls of the user, if
    there were any.
    """
    user_id = ids.as_uuid(user, ids.USERS)
    if user_id == NO_USER:
        raise InvalidValue("user", "the id of a user; this one stands for all calls without one", user)
    settings = Settings.read(database=database)
    require_database(settings, "delete calls from")
    with archive_of(settings) as archive:
        gone = archive.forget(user_id)
    if json:
        write_json(
            {
                "deleted": gone.calls,
                "changedDays": [day.isoformat() for day in gone.changed],
                "finalDays": [day.isoformat() for day in gone.final],
            }
        )
        return
    console.print(f"Deleted {counted(gone.calls, 'call')} of {counted(len(gone.changed), 'day')}.")
    if gone.final:
        console.print(
            f"The sums of {counted(len(gone.final), 'day')} whose calls were pruned before, {gone.final[0]} to "
            f"{gone.final[-1]}, cannot be changed; they name no user.",
            soft_wrap=True, highlight=False,
        )  # fmt: skip
