"""`augury seal`: sum the days that are over."""

from __future__ import annotations

from datetime import UTC, datetime

from augury.cli.output import Database, Json, console, counted, progress, write_json
from augury.core.windows import date_of
from augury.settings import Settings
from augury.store.sealing import seal_closed
from augury.wiring import archive_of


def seal(database: Database = None, json: Json = False) -> None:
    """Sum the days that are over, so that answers stay fast; `serve` does it by itself.

    Figures do not change by it: a sealed day that is written to, by a late call or a rating, counts from its rows again until
    its next seal.
    """
    sealed: dict[int, int] = {}
    disturbed: list[int] = []
    with archive_of(Settings.read(database=database)) as archive, progress() as bar:
        task = bar.add_task("Sealing", total=None)
        for left, day, calls in seal_closed(archive, datetime.now(UTC)):
            if calls is None:
                disturbed.append(day)
            else:
                sealed[day] = calls
            bar.update(task, total=len(sealed) + len(disturbed) + left, completed=len(sealed) + len(disturbed))
        found = archive.describe()
    if json:
        write_json(
            {
                "sealed": [{"day": date_of(day).isoformat(), "calls": calls} for day, calls in sorted(sealed.items())],
                "disturbed": [date_of(day).isoformat() for day in sorted(disturbed)],
                "sealedDays": found.sealed_days,
                "finalDays": found.final_days,
            }
        )
        return
    console.print(
        f"Sealed {counted(len(sealed), 'day')} of {counted(sum(sealed.values()), 'call')}; "
        f"{counted(found.sealed_days, 'day')} sealed now."
    )
    if disturbed:
        console.print(f"{counted(len(disturbed), 'day')} changed meanwhile; run this again, or leave it to `serve`.")
