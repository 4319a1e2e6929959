"""`augury export`: calls as a file that `augury import` reads back, to the last digit."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from augury.capture.files import write_text
from augury.cli.output import Database, console, counted, warn_of_sample
from augury.cli.targets import files_of, refuse_to_overwrite, replacing, require_folder
from augury.core.windows import MAX_DAYS, Window
from augury.settings import Settings
from augury.wiring import archive_of


class Format(StrEnum):
    """The formats of a file."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def export(
    days: Annotated[
        int | None, typer.Option(min=1, max=MAX_DAYS, help="The last so many days (UTC); all by default.")
    ] = None,
    format: Annotated[Format | None, typer.Option(help="Default: what the output file's name says, else csv.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write; stdout by default.")] = None,
    database: Database = None,
    json: Annotated[bool, typer.Option("--json", help="The same as --format jsonl.")] = False,
) -> None:
    """Write calls to a file, oldest first, every field of each."""
    chosen = format or (Format.JSONL if json else _by_name(output))
    window = Window.last_days(days, now=datetime.now(UTC)) if days else None
    settings = Settings.read(database=database)
    if output is not None:
        refuse_to_overwrite(output, "--output", files_of(settings))
        require_folder(output)
    with TemporaryDirectory(prefix="augury-export-") as folder:
        file = Path(folder) / "calls.parquet"
        with archive_of(settings, read_only=True) as archive:
            count = archive.export(window, file)
            warn_of_sample(archive)
        if chosen is not Format.PARQUET:
            text = Path(folder) / f"calls.{chosen}"
            write_text(file, text, chosen)
            file = text
        _deliver(file, output)
    console.print(f"Exported {counted(count, 'call')}.", highlight=False)


def _by_name(output: Path | None) -> Format:
    suffix = output.suffix.removeprefix(".").lower() if output else ""
    return Format(suffix) if suffix in set(Format) else Format.CSV


def _deliver(file: Path, output: Path | None) -> None:
    """Copy the file to its place, or to stdout."""
    with file.open("rb") as source:
        if output is None:
            while chunk := source.read(2**20):
                sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            return
        with replacing(output) as target:
            while chunk := source.read(2**20):
                target.write(chunk)
