"""What goes into a classification beside text, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from augury.core.tasks import Complexity, TaskType


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file sent along: what is known of it without opening it."""

    name: str | None = None
    media_type: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Figures about a message: never a piece of it, so that they may be stored.

    `words`, `lines`, `questions`, `numbers`, and `list_items` of a message longer than what is read are scaled up from the part
    that is (`augury.classify.window`); `characters` is exact.
    """

    characters: int = 0
    words: int = 0
    lines: int = 0
    sentences: int = 0
    questions: int = 0
    numbers: int = 0
    list_items: int = 0
    constraints: int = 0
    code_share: float = 0.0
    has_code: bool = False
    has_math: bool = False
    has_table: bool = False
    has_choices: bool = False
    n_tools: int = 0
    n_attachments: int = 0
    script: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What a message asks for.

    `task_types` stand in order of weight, the first being the row's; `weights` belong to them and add up to 1. They say how clearly
    the signs point somewhere and are no calibrated probabilities.
    """

    task_types: tuple[TaskType, ...]
    weights: tuple[float, ...]
    complexity: Complexity
    features: Features

    @property
    def task_type(self) -> TaskType:
        """The one that counts."""
        return self.task_types[0]
