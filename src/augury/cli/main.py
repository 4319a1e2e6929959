"""`augury`: the commands, and how each of them ends.

Exit codes: 0 done (a server: it was told to end) · 1 it could not be done, and the sentence on stderr says why · 2 the
command line is wrong · 130 interrupted.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

from augury import __version__
from augury.cli import (
    copy,
    demo,
    doctor,
    export,
    files,
    flush,
    forget,
    keys,
    migrate,
    prune,
    recommend,
    report,
    reprice,
    seal,
    serve,
    sql,
)
from augury.cli.output import console
from augury.core.spelling import visible
from augury.errors import AuguryError

app = typer.Typer(
    name="augury",
    help="Which AI model should I use for this task? Answers from your own traffic, with proof.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("import")(files.import_)
app.command("export")(export.export)
app.command("recommend")(recommend.recommend)
app.command("report")(report.report)
app.command("sql")(sql.sql)
app.command("prune")(prune.prune)
app.command("seal")(seal.seal)
app.command("reprice")(reprice.reprice)
app.command("copy")(copy.copy)
app.command("flush")(flush.flush)
app.command("forget")(forget.forget)
app.add_typer(keys.app)
app.command("migrate")(migrate.migrate)
app.command("doctor")(doctor.doctor)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"augury {__version__}")
        raise typer.Exit


@app.callback()
def _every_command(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Say what every command shares: nothing but the version."""


def main() -> None:
    """Run the command; end with a sentence instead of a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows fewer characters gets the others spelled out
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except AuguryError as problem:
        console.print(f"[bold red]error:[/] {_escaped(visible(str(problem)))}", highlight=False, soft_wrap=True)
        sys.exit(1)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")
