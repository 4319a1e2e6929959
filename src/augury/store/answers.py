"""Which call a rating or an outcome is about, and what an outcome changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from augury.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID


class Rows(Protocol):
    """What a statement has found."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All of it."""
        ...


class Cursor(Protocol):
    """What runs statements with placeholders `?`, within a transaction."""

    def execute(self, statement: str, values: Sequence[object], /) -> Rows:
        """Run one."""
        ...


def answer_to(cursor: Cursor, message_id: UUID) -> UUID:
    """The call that answered the message: of its attempts the last that succeeded, or was later found wanting."""
    rows = cursor.execute(
        "SELECT id FROM model_performance_metrics WHERE message_id = ? "
        "ORDER BY (success OR error_type IS NOT DISTINCT FROM 'task') DESC, attempt DESC, timestamp DESC, id DESC LIMIT 1",
        [message_id],
    ).fetchall()
    if not rows:
        raise NotFound(f"there is no message {message_id}")
    return cast("UUID", rows[0][0])


def latest_answer(cursor: Cursor, conversation_id: str) -> UUID:
    """The call that answered the conversation's latest message."""
    rows = cursor.execute(
        "SELECT id, message_id FROM model_performance_metrics WHERE conversation_id = ? "
        "ORDER BY timestamp DESC, attempt DESC, id DESC LIMIT 1",
        [conversation_id],
    ).fetchall()
    if not rows:
        raise NotFound(f'there is no conversation "{conversation_id}"')
    id_, message_id = rows[0]
    return answer_to(cursor, message_id) if message_id is not None else cast("UUID", id_)


def set_success(cursor: Cursor, id_: UUID, *, success: bool, reason: str | None) -> None:
    """What the owner says replaces what the call seemed; a call that failed by itself keeps why, unless it is cleared."""
    if success:
        cursor.execute(
            "UPDATE model_performance_metrics SET success = true, error_type = NULL, error_message = NULL WHERE id = ?",
            [id_],
        )
        return
    cursor.execute(
        "UPDATE model_performance_metrics SET "
        "error_type = CASE WHEN success OR error_type IS NULL THEN 'task' ELSE error_type END, "
        "error_message = coalesce(?, error_message), success = false WHERE id = ?",
        [reason, id_],
    )
