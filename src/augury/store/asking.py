"""Questions in SQL: what to select, what to filter by, what to group by."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from augury.store.protocol import Dimension

if TYPE_CHECKING:
    from augury.core.windows import Steps, Window
    from augury.store.protocol import CallsQuestion, ConversationsQuestion, Filters, Question

_EXACT = "NUMERIC(38, 10)"
_BINARY = 'COLLATE "C"'  # in the order of Unicode, whatever the language of the database


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


def where_calls(question: CallsQuestion, member: str) -> tuple[str, list[object]]:
    """The condition for a page of the latest calls, likewise.

    Args:
        question: what is asked.
        member: the engine's condition on a member of the metadata, with placeholders for its name and its text.
    """
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
    for name, text in question.metadata:
        parts += f" AND {member}"
        values += [name, text]
    if question.before is not None:
        parts += " AND (timestamp < ? OR timestamp = ? AND id < ?)"
        values += [question.before[0], *question.before]
    return parts, values


def failures(table: str, window: Window, filters: Filters) -> tuple[str, list[object]]:
    """A statement that counts failed calls by error type, and its values."""
    condition, values = where(filters, window)
    return (
        f"SELECT coalesce(error_type, ''), count(*) FROM {table} WHERE {condition} AND NOT success GROUP BY 1",
        values,
    )


def conversations(table: str, question: ConversationsQuestion) -> tuple[str, list[object]]:
    """A statement for all conversations in sums, in the first columns of each row, and a page of them in the others.

    Without a conversation on the page one row, of which the others are null. Costs are text: dollars with ten decimals.
    """
    condition, values = where(question.filters, question.window)
    after = "true"
    if question.after is not None:
        after = "(sort < ? OR sort = ? AND conversation > ?)"
        cost, conversation = question.after
        values += [cost, cost, conversation]
    return (
        f"""
        WITH sums AS (
            SELECT conversation_id {_BINARY} AS conversation, count(*) AS calls, sum(CASE WHEN success THEN 1 ELSE 0 END) AS successes,
                sum(tokens_used) AS tokens, coalesce(sum(cost_usd), 0)::{_EXACT} AS cost, count(cost_usd) AS priced,
                sum(CASE WHEN success AND cost_usd IS NOT NULL THEN 1 ELSE 0 END) AS priced_successes,
                sum(CASE WHEN user_rating = 1 THEN 1 ELSE 0 END) AS up, sum(CASE WHEN user_rating = -1 THEN 1 ELSE 0 END) AS down,
                sum(CASE WHEN user_rating = 1 AND cost_usd IS NOT NULL THEN 1 ELSE 0 END) AS priced_up,
                min(timestamp) AS first, max(timestamp) AS last
            FROM {table} WHERE {condition} AND conversation_id IS NOT NULL GROUP BY 1
        ),
        whole AS (
            SELECT count(*) AS conversations, count(CASE WHEN priced > 0 THEN 1 END) AS priced, coalesce(sum(calls), 0)::BIGINT AS calls,
                coalesce(sum(cost), 0)::{_EXACT}::VARCHAR AS cost
            FROM sums
        ),
        -- What has no price is the cheapest, less than free.
        page AS (
            SELECT * FROM (SELECT *, CASE WHEN priced > 0 THEN cost * 10000000000 ELSE -1 END AS sort FROM sums) AS sorted
            WHERE {after} ORDER BY sort DESC, conversation LIMIT {question.limit}
        )
        SELECT whole.conversations, whole.priced, whole.calls, whole.cost, page.conversation, page.calls, page.successes::BIGINT,
            page.tokens::BIGINT, page.cost::VARCHAR, page.priced, page.priced_successes::BIGINT, page.up::BIGINT, page.down::BIGINT,
            page.priced_up::BIGINT, page.first, page.last
        FROM whole LEFT JOIN page ON true ORDER BY page.sort DESC, page.conversation
        """,
        values,
    )
