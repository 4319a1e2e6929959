"""`augury sql`: read-only SQL on the views and the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from augury.cli.output import Database, Json, console, warn_of_sample, write_json, write_table
from augury.settings import Settings
from augury.wiring import archive_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def sql(
    query: Annotated[str, typer.Argument(help="One SELECT, such as: SELECT * FROM model_success_rate")],
    database: Database = None,
    json: Json = False,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="Rows at the most.")] = 10_000,
) -> None:
    """Ask the database in SQL; nothing can be changed.

    Views: model_avg_response_time, model_success_rate, model_user_satisfaction, best_model_by_task,
    model_token_efficiency, model_performance_trends; each also takes a number of days, such as model_success_rate(7).
    Function: get_model_performance_summary(days). Table: model_performance_metrics.
    """
    with archive_of(Settings.read(database=database), read_only=True) as archive:
        table = archive.query(query, limit=limit)
        warn_of_sample(archive)
    if json:
        names = _distinct(table.columns)
        write_json([dict(zip(names, row, strict=True)) for row in table.rows])
    else:
        write_table(table.columns, table.rows)
    if not table.rows and not json:
        console.print(
            "No rows. Views cover the last 90 days; another number of them is asked for so: model_success_rate(3650)"
        )
    if table.cut:
        console.print(f"Only the first {limit:,} rows are shown; --limit gives more.")


def _distinct(columns: Sequence[str]) -> list[str]:
    """A name for each column, since an object has each name once: of those that share one, later ones are counted."""
    names: list[str] = []
    for column in columns:
        name, number = column, 2
        while name in names or (name != column and name in columns):  # no other column loses its own name
            name, number = f"{column}_{number}", number + 1
        names.append(name)
    return names
