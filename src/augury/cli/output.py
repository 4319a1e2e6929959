"""How commands speak: data to stdout, talk to stderr, a table for people and JSON for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from augury.core.spelling import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from augury.store.protocol import Archive

console = Console(stderr=True)
"""Talk: progress, advice, errors."""

# In a pipe nothing is folded: a program, or a page of text, has no width.
_data = Console(width=None if sys.stdout.isatty() else 2_000)

Database = Annotated[
    str | None,
    typer.Option(
        "--database", "-d", metavar="URL", envvar="AUGURY_DATABASE", show_default=False,
        help="The database, such as duckdb:///calls.duckdb. Default: augury.duckdb in the user's data folder.",
    ),
]  # fmt: skip
Json = Annotated[bool, typer.Option("--json", help="Write JSON to stdout, for programs.")]


def write_json(value: Any) -> None:
    """The value on stdout, for programs."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def write_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """A table on stdout, for people. Every cell is shown as it is: no text of a call is taken for markup."""
    table = Table(title=title, title_justify="left", header_style="bold")
    grid = [list(row) for row in rows]
    for index, column in enumerate(columns):
        numeric = any(isinstance(row[index], int | float) and not isinstance(row[index], bool) for row in grid)
        table.add_column(
            Text(visible(column)), justify="right" if numeric else "left", overflow="fold", no_wrap=numeric
        )
    for row in grid:
        table.add_row(*(Text(visible(_cell(value))) for value in row))
    _data.print(table)


def write_line(line: Text) -> None:
    """A line on stdout, for people."""
    line.plain = visible(line.plain)
    _data.print(line, soft_wrap=True)


def _cell(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value)
        case float():
            return f"{value:,.4f}".rstrip("0").rstrip(".") if value == 0 or abs(value) >= _SMALL else f"{value:.3g}"
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def warn_of_sample(archive: Archive) -> None:
    """Say so where the calls are sample traffic."""
    if archive.describe().sample:
        console.print("[yellow]Sample traffic:[/] generated, nobody's real calls, and made anew when the demo starts.")


_SMALL = 0.01  # below it, four places would hide the figure


def progress() -> Progress:
    """A progress bar on stderr, seen only by people."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip


def counted(number: int, noun: str) -> str:
    """`1 call`, `2,000 calls`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
