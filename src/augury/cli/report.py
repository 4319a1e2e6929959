"""`augury report`: the analytics as a document with plots."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from augury.cli.output import Database, Json, console, counted, warn_of_sample, write_json
from augury.cli.targets import files_of, refuse_to_overwrite, replacing, require_folder
from augury.client import RemoteArchive
from augury.core.tasks import Complexity, TaskType
from augury.core.windows import MAX_DAYS, Interval
from augury.errors import InvalidValue
from augury.settings import Settings
from augury.wiring import archive_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.analytics.overview import OverviewRequest
    from augury.store.protocol import Store

_FORMATS = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}
_FILTERS = ("model", "provider", "task_type", "complexity", "segment")


def report(
    days: Annotated[
        int | None, typer.Option(min=1, max=MAX_DAYS, help="The last so many days, today included. Default: 30.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write, .md or .html; Markdown to stdout by default."),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Instead of --days: the first day, or instant.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="The last day, or the instant that ends it.")
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="Where days begin, such as Europe/Berlin. Default: UTC.")] = None,
    interval: Annotated[Interval | None, typer.Option(help="The steps of trends. Default: day.")] = None,
    task_type: Annotated[TaskType | None, typer.Option(help="Only this kind of task.")] = None,
    model: Annotated[str | None, typer.Option(help="Only this model, in any spelling.")] = None,
    provider: Annotated[str | None, typer.Option(help="Only this provider.")] = None,
    complexity: Annotated[Complexity | None, typer.Option(help="Only tasks as hard as this.")] = None,
    segment: Annotated[str | None, typer.Option(help="Only this segment of users.")] = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Write a report: which model for which task, what stands out, and every figure, with plots.

    HTML is one file that needs nothing beside it and no network; it prints well. --json gives the API's whole answer
    instead, or, where a file is written, what was written.
    """
    asked = {
        "days": days, "from": since, "to": until, "timezone": timezone, "interval": interval, "task_type": task_type,
        "model": model, "provider": provider, "complexity": complexity, "segment": segment,
    }  # fmt: skip
    given = {name: str(value) for name, value in asked.items() if value is not None}
    settings = Settings.read(database=database)
    form = _form(output, settings)
    now = datetime.now(UTC)
    request = _request(given, now)
    with archive_of(settings, read_only=True) as archive:
        with console.status("Measuring calls") if console.is_terminal else nullcontext():
            answer = archive.overview(given) if isinstance(archive, RemoteArchive) else _answer(archive, request, now)
        held = None if answer["summary"]["totalCalls"] else archive.describe()
        warn_of_sample(archive)
    if json and output is None:
        write_json(answer)
        return
    from augury.report.document import Document, read  # noqa: PLC0415 - and templates: other commands do without
    from augury.report.formatting import period_text  # noqa: PLC0415

    only = {name: given[name] for name in _FILTERS if name in given}
    document = Document(answer=read(answer), made=now, only=only, held=held)
    text = _written(document, form)
    if output is None:
        sys.stdout.write(text)
        return
    with replacing(output) as file:
        file.write(text.encode())
    calls = document.answer.summary.total_calls
    if json:
        write_json({"output": str(output), "format": form, "calls": calls, "sample": document.answer.sample})
    console.print(
        f"Wrote {output}: {counted(calls, 'call')}, {period_text(document.answer.period)}.",
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip


def _form(output: Path | None, settings: Settings) -> str:
    """What to write: as the file's name says."""
    if output is None:
        return "markdown"
    form = _FORMATS.get(output.suffix.lower())
    if form is None:
        allowed = ", ".join(_FORMATS)
        raise typer.BadParameter(
            f"a report is Markdown or HTML, so its file ends in one of {allowed}; got {output.name}",
            param_hint="--output",
        )
    refuse_to_overwrite(output, "--output", files_of(settings))
    require_folder(output)
    return form


def _request(given: Mapping[str, str], now: datetime) -> OverviewRequest:
    """The question, checked as the API checks it."""
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    from augury.server.findings import finding  # noqa: PLC0415
    from augury.server.params import OverviewParams  # noqa: PLC0415

    try:
        return OverviewParams.model_validate(given).request(now)
    except ValidationError as error:
        found = finding(error.errors()[0])
    except InvalidValue as error:
        found = {"field": error.field, "expected": error.expected, "came": error.came}
    raise typer.BadParameter(
        f"expected {found['expected']}, got {found['came']}", param_hint=f"--{found['field'].replace('_', '-')}"
    )


def _answer(store: Store, request: OverviewRequest, now: datetime) -> Any:
    """The answer of a database of our own, as the API would give it."""
    from augury.recommend.answering import whole_overview  # noqa: PLC0415
    from augury.recommend.snapshot import Snapshot  # noqa: PLC0415
    from augury.report.document import written  # noqa: PLC0415

    return written(whole_overview(store, Snapshot(store, lambda: now), request, sample=store.describe().sample))


def _written(document: Any, form: str) -> str:
    from augury.report.html import as_html  # noqa: PLC0415
    from augury.report.markdown import as_markdown  # noqa: PLC0415

    return as_html(document) if form == "html" else as_markdown(document)
