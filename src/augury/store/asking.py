"""Questions in SQL: what to select, what to filter by, what to group by."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from augury.store.protocol import Dimension

if TYPE_CHECKING:
    from augury.core.windows import Steps, Window
    from augury.store.protocol import CallsQuestion, Filters, Question


def keys(question: Question, second: str, divided_by: str) -> dict[Dimension, str]:
    """An SQL expression for each dimension that is asked for.

    Args:
        question: what is asked.
        second: an expression for a row's second since 1970, a whole number.
        divided_by: the engine's operator that divides whole numbers.
    """
    expressions = {Dimension.COMPLEXITY: "coalesce(task_complexity, '')"}
    if question.steps is not None:
        expressions[Dimension.STEP] = _step_sql(question.steps, second, divided_by)
    return {name: expressions.get(name, str(name)) for name in question.by}


def positions(columns: int) -> str:
    """The first so many columns, to group by: a name would mean the table's column, not what is made of it."""
    return ", ".join(str(position) for position in range(1, columns + 1))


def _step_sql(steps: Steps, second: str, divided_by: str) -> str:
    """The number of the step that a second is in: `Steps.number` in SQL."""
    earlier = "".join(
        f"WHEN {second} < {after.since} THEN {before.shift} " for before, after in pairwise(steps.stretches)
    )
    last = steps.stretches[-1].shift
    shift = f"CASE {earlier}ELSE {last} END" if earlier else str(last)
    return f"({second} + {shift}) {divided_by} {steps.width}"


def where(filters: Filters | None, window: Window | None) -> tuple[str, list[object]]:
    """A condition with placeholders, and their values."""
    parts: list[str] = []
    values: list[object] = []
    if window is not None:
        parts.append("timestamp >= ? AND timestamp < ?")
        values += [window.start, window.end]
    if filters is not None:
        for column, value in (
            ("model", filters.model),
            ("provider", filters.provider),
            ("task_type", filters.task_type),
            ("task_complexity", filters.complexity),
            ("segment", filters.segment),
        ):
            if value is not None:
                parts.append(f"{column} = ?")
                values.append(value)
        if filters.operations is not None:
            parts.append(f"operation IN ({', '.join('?' * len(filters.operations))})")
            values += filters.operations
    return " AND ".join(parts) or "true", values


def where_calls(question: CallsQuestion) -> tuple[str, list[object]]:
    """The condition for a page of the latest calls, likewise."""
    parts, values = where(question.filters, question.window)
    for column, value in (
        ("success", question.success),
        ("error_type", question.error_type),
        ("conversation_id", question.conversation_id),
        ("user_id", question.user_id),
        ("message_id", question.message_id),
    ):
        if value is not None:
            parts += f" AND {column} = ?"
            values.append(value)
    if question.before is not None:
        parts += " AND (timestamp < ? OR timestamp = ? AND id < ?)"
        values += [question.before[0], *question.before]
    return parts, values
