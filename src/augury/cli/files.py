"""`augury import`: a log of calls from elsewhere goes in."""

from __future__ import annotations

import json as jsons
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from augury.capture.elsewhere import Format
from augury.capture.files import CheckedFile
from augury.capture.sources import Wishes
from augury.cli.output import (
    Database,
    Json,
    console,
    counted,
    progress,
    warn_of_sample,
    write_json,
    write_table,
)
from augury.cli.targets import files_of, refuse_to_overwrite
from augury.core.spelling import visible
from augury.errors import FileUnreadable
from augury.settings import Settings
from augury.store.protocol import NOT_PRUNED
from augury.wiring import archive_of, prices_of

if TYPE_CHECKING:
    from typing import TextIO

    from augury.models.prices import PriceBook
    from augury.store.protocol import Archive

_MOST_REASONS = 12


def import_(
    file: Annotated[list[Path], typer.Argument(help="CSV, JSONL, or Parquet files; .gz too.", show_default=False)],
    map: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="FIELD=COLUMN[:UNIT],…", help="Which column fills which field; UNIT is s, ms, us, or ns."
        ),
    ] = None,
    set: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE,…", help="A value for every record.")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write refused records here, as JSON Lines with the reason.")
    ] = None,
    format: Annotated[
        Format | None, typer.Option("--format", help="Whose export the files are; --map is not needed then.")
    ] = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Take calls from files: columns that have a field's name match by themselves.

    With --format, take the calls out of another product's export, and leave what is none. Says how many went in, were there already, and were refused, and why. Importing a file again adds nothing. A call
    needs a timestamp (when it ended), a model, and a response time.
    """
    settings = Settings.read(database=database)
    if format is not None and map:
        raise FileUnreadable("--format says what every column is, and leaves nothing to --map; take one")
    wishes = Wishes.parse(map or [], set or [])
    prices = prices_of(settings)
    for path in file:
        if not path.is_file():
            raise FileUnreadable(f"there is no file {path}")
    if rejects is not None:
        refuse_to_overwrite(rejects, "--rejects", [*file, *files_of(settings)])
    with ExitStack() as stack:
        refused = stack.enter_context(_opened(rejects)) if rejects else None
        archive = stack.enter_context(archive_of(settings))
        warn_of_sample(archive)
        results = [_take(path, wishes, prices, archive, refused, format) for path in file]
    if json:
        write_json(results[0] if len(results) == 1 else results)
    else:
        for result in results:
            _tell(result, rejects)
    if all(result["refused"] and result["refused"] + result["skipped"] == result["records"] for result in results):
        raise typer.Exit(1)


def _opened(rejects: Path) -> TextIO:
    try:
        return rejects.open("w", encoding="utf-8")
    except OSError as problem:
        raise FileUnreadable(f"{rejects} cannot be written: {problem.strerror or problem}") from None


def _take(
    path: Path, wishes: Wishes, prices: PriceBook, archive: Archive, refused: TextIO | None, form: Format | None
) -> dict[str, Any]:
    stored = known = final = 0
    with progress() as bar:
        task = bar.add_task(f"Checking {path.name}", total=None)
        with CheckedFile(path, wishes, prices, form=form) as checked:
            bar.update(task, description=f"Importing {path.name}", total=checked.accepted)
            for chunk in checked.chunks():
                added = archive.append_file(chunk)
                stored, known, final = stored + added.stored, known + added.known, final + added.final
                bar.update(task, completed=stored + known + final)
            reasons = [
                {"field": field, "expected": expected, "records": count} for field, expected, count in checked.reasons()
            ]
            if final:
                reasons.append({"field": "timestamp", "expected": NOT_PRUNED, "records": final})
            if refused is not None:
                for refusal in checked.refusals():
                    line = {
                        "file": str(path), "row": refusal.row, "field": refusal.field, "expected": refusal.expected,
                        "came": refusal.came, "record": refusal.values,
                    }  # fmt: skip
                    refused.write(jsons.dumps(line, ensure_ascii=False) + "\n")
            return {
                "file": str(path), "records": checked.records, "stored": stored, "known": known,
                "refused": checked.records - checked.accepted - checked.skipped + final, "skipped": checked.skipped, "reasons": reasons, "unusedColumns": checked.unused,
            }  # fmt: skip


def _tell(result: dict[str, Any], rejects: Path | None) -> None:
    console.print(
        f"{visible(result['file'])}: {counted(result['records'], 'record')}: {result['stored']:,} went in, "
        f"{result['known']:,} were there already, {result['refused']:,} were refused"
        + (f", {result['skipped']:,} were no calls." if result["skipped"] else "."),
        soft_wrap=True, highlight=False, markup=False,
    )  # fmt: skip
    if result["unusedColumns"]:
        console.print(
            visible(f"Columns that fill no field: {', '.join(result['unusedColumns'][:40])}"),
            soft_wrap=True, highlight=False, markup=False,
        )  # fmt: skip
    if result["reasons"]:
        rows = [(reason["records"], reason["field"], reason["expected"]) for reason in result["reasons"]]
        write_table(("refused", "field", "expected"), rows[:_MOST_REASONS])
        if rejects is None:
            console.print("--rejects FILE writes each refused record with its reason.")
