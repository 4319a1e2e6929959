"""`augury recommend`: which model to take, and why."""

from __future__ import annotations

import json as jsons
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from augury.cli.output import Database, Json, warn_of_sample, write_json, write_line, write_table
from augury.client import RemoteArchive
from augury.core.tasks import Complexity, Priority, TaskType
from augury.errors import AuguryError, FileUnreadable, InvalidValue
from augury.report.formatting import chance, duration, money, percent, plural
from augury.settings import Settings
from augury.wiring import archive_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_AT_ONCE = 500


def recommend(
    task_type: Annotated[TaskType | None, typer.Option(help="The kind of task.")] = None,
    message: Annotated[str | None, typer.Option(help="A prompt, to be classified; it is not stored.")] = None,
    priority: Annotated[Priority | None, typer.Option(help="What matters most. Default: balanced.")] = None,
    complexity: Annotated[Complexity | None, typer.Option(help="How hard the task is.")] = None,
    allowed: Annotated[
        list[str] | None, typer.Option("--allow", help="Only these models; say it again for more.")
    ] = None,
    batch: Annotated[
        Path | None, typer.Option(help="JSON Lines: a task context a line in, a recommendation a line out.")
    ] = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Say which model to take for a task, from your own calls of the last 90 days, or by rules where they are too few."""
    if batch is None and task_type is None and message is None:
        raise typer.BadParameter("give --task-type, --message, or --batch")
    shared: dict[str, Any] = {"priority": priority} if priority else {}
    with _asking(Settings.read(database=database)) as ask:
        if batch is not None:
            _answer_lines(batch, shared, ask)
            return
        context = {
            "taskType": task_type, "messageContent": message, "complexity": complexity, "allowedModels": allowed or None,
        }  # fmt: skip
        (answer,) = ask([{name: value for name, value in context.items() if value is not None} | shared])
    if json:
        write_json(answer)
        return
    _show(answer)


def _show(answer: dict[str, Any]) -> None:
    """The chosen model, why, and the figures that the reason may be checked against."""
    write_line(Text.assemble((answer["displayName"], "bold"), f" ({answer['provider']})"))
    write_line(Text(answer["reason"]))
    models = [answer, *answer["alternatives"]]
    expected = _EXPECTED[answer["priority"]]
    write_table(
        ("model", "sure", "confidence", "calls", "success", "liked", "avg", *expected, "cost/answer"),
        [(one["displayName"], _sure(one, models), round(one["confidence"]), *_seen(one, expected)) for one in models],
    )


_EXPECTED: dict[str, tuple[str, ...]] = {
    Priority.SPEED: ("time/answer",),
    Priority.QUALITY: ("expected",),
    Priority.COST: (),
    Priority.BALANCED: ("expected", "time/answer"),
}
"""The estimates, beside that of the price, that a priority's reason is about: of success, and of the time to an answer."""


def _sure(one: dict[str, Any], models: list[dict[str, Any]]) -> str | None:
    """How probable it is that no other is better; of the only candidate that would say nothing."""
    return None if one["probabilityBest"] is None or len(models) == 1 else chance(one["probabilityBest"])


def _seen(one: dict[str, Any], expected: tuple[str, ...]) -> tuple[str | int | None, ...]:
    """What was seen of a model, and what is expected of it."""
    seen = one["metrics"]
    if seen is None:
        return (None,) * (5 + len(expected))
    liked, paid = seen["satisfactionRate"], seen["estimatedCostPerAnswer"]
    estimates = {
        "expected": percent(seen["estimatedSuccessRate"]),
        "time/answer": duration(seen["estimatedTimeToAnswer"]),
    }
    return (
        seen["sampleSize"],
        percent(seen["successRate"]),
        None if liked is None else percent(liked),
        duration(seen["avgResponseTime"]),
        *(estimates[name] for name in expected),
        None if paid is None else money(paid),
    )


@contextmanager
def _asking(settings: Settings) -> Iterator[Callable[[list[dict[str, Any]]], list[dict[str, Any]]]]:
    """Who answers a list of task contexts: the server that owns the database, or a recommender of our own."""
    with archive_of(settings, read_only=True) as archive:
        warn_of_sample(archive)
        if isinstance(archive, RemoteArchive):
            yield archive.recommend
            return
        from pydantic import TypeAdapter  # noqa: PLC0415 - and numbers: other commands do without

        from augury.analytics.answers import Recommendation  # noqa: PLC0415
        from augury.recommend.context import TaskContext  # noqa: PLC0415
        from augury.recommend.recommender import ModelRecommender  # noqa: PLC0415

        recommender = ModelRecommender.from_store(archive)
        adapter = TypeAdapter(list[Recommendation])

        def ask(contexts: list[dict[str, Any]]) -> list[dict[str, Any]]:
            answers = []
            for context in contexts:
                fields = dict(context)
                priority = fields.pop("priority", None)
                answers.append(
                    recommender.get_model_recommendation(TaskContext.from_json(fields, beside=("priority",)), priority)
                )
            written: list[dict[str, Any]] = adapter.dump_python(answers, mode="json", by_alias=True)
            return written

        yield ask


def _answer_lines(
    batch: Path, shared: dict[str, Any], ask: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
) -> None:
    """A line out for each line in, in order; a line that cannot be answered gets its error, and the command ends with 1."""
    try:
        text = batch.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise FileUnreadable(f"{batch} cannot be read as JSON Lines: {problem}") from None
    lines = [
        line for line in text.split("\n") if line.strip()
    ]  # splitlines would end one at U+2028, which texts contain
    refused = 0
    for first in range(0, len(lines), _AT_ONCE):
        contexts = [_context(line, shared) for line in lines[first : first + _AT_ONCE]]
        try:
            answers = ask([context for context in contexts if not isinstance(context, InvalidValue)])
            found = iter(answers)
            results = [_error(one) if isinstance(one, InvalidValue) else next(found) for one in contexts]
        except AuguryError:  # one of them is wrong: which one shows when they are asked alone
            results = [_alone(context, ask) for context in contexts]
        for result in results:
            refused += "error" in result
            sys.stdout.write(jsons.dumps(result, ensure_ascii=False) + "\n")
    if refused:
        typer.echo(f"{refused} of {plural(len(lines), 'line')} have an error instead of an answer", err=True)
        raise typer.Exit(1)


def _context(line: str, shared: dict[str, Any]) -> dict[str, Any] | InvalidValue:
    try:
        value = jsons.loads(line)
    except (ValueError, RecursionError):
        return InvalidValue("line", "a JSON object on one line", told="what is no JSON")
    return value | shared if isinstance(value, dict) else InvalidValue("line", "a JSON object on one line", value)


def _alone(
    context: dict[str, Any] | InvalidValue, ask: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
) -> dict[str, Any]:
    if isinstance(context, InvalidValue):
        return _error(context)
    try:
        return ask([context])[0]
    except AuguryError as problem:
        return _error(problem)


def _error(problem: AuguryError) -> dict[str, Any]:
    return {"error": str(problem)}
