"""What is said of a call after it: a thumb up or down, and whether its task was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from augury.errors import InvalidValue

if TYPE_CHECKING:
    from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Whether a message did its task, as its owner found out later. It replaces the call's success."""

    message_id: UUID
    success: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A rating of a message, or else of a conversation's latest message; 0 takes a rating back.

    `success`, where it is given, replaces the call's success as an Outcome does.
    """

    rating: int
    message_id: UUID | None = None
    conversation_id: str | None = None
    success: bool | None = None

    def __post_init__(self) -> None:
        """Refuse what is no rating, and a rating of nothing.

        Raises:
            InvalidValue: the rating is not -1, 0, or 1, or both ids are missing.
        """
        if isinstance(self.rating, bool) or self.rating not in (-1, 0, 1):
            raise InvalidValue("rating", "-1 (thumbs down), 0 (take it back), or 1 (thumbs up)", self.rating)
        if self.message_id is None and self.conversation_id is None:
            raise InvalidValue("messageId", "a messageId or a conversationId")
