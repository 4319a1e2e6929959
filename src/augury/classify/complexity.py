"""How hard a task is: points for what makes one hard, and two thresholds.

Points are whole numbers, so that a sum at a threshold does not hang on the order it was added in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from augury.core.tasks import Complexity, TaskType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.classify.results import Features


class Points(NamedTuple):
    """What each of something adds, and how many count."""

    each: int
    most: int

    def of(self, count: int) -> int:
        """The points of so many."""
        return self.each * min(self.most, count)


MEDIUM_FROM: Final = 180
COMPLEX_FROM: Final = 400

TYPES: Final[Mapping[TaskType, int]] = {
    TaskType.CODING: 130,
    TaskType.ANALYSIS: 180,
    TaskType.REASONING: 100,
    TaskType.CREATIVE: 110,
    TaskType.FILE_PROCESSING: 140,
    TaskType.FUNCTION_CALLING: 60,
}
"""What a task of a type has to begin with."""

WORD_STEPS: Final = ((18, 50), (40, 60), (80, 60), (150, 60), (300, 70), (600, 80))
CODE_LINE_STEPS: Final = ((4, 60), (15, 80), (50, 80))
"""From so many on, so many points more."""

FURTHER_ASK: Final = Points(50, most=4)
"""Everything asked or told to do beyond the first."""

PROGRAM_TO_BUILD: Final = 50
"""To build something is more than to write it down."""

CONSTRAINT: Final = Points(30, most=5)
WORD_OF_DEPTH: Final = Points(90, most=3)
LIST_ITEM: Final = Points(25, most=8)
MATHS_IN_SYMBOLS: Final = 50
TABLE: Final = 40
ATTACHMENT: Final = Points(50, most=3)

NUMBER_TO_REASON_WITH: Final = Points(20, most=6)
WORD_TO_REASON_WITH: Final = Points(30, most=3)
"""Quantities and formulas are steps to take, where the task is to reason."""

TOOL_STEPS: Final = ((3, 60), (9, 90))
"""To choose between tools is harder the more there are."""


def _steps(value: int, steps: tuple[tuple[int, int], ...]) -> int:
    total = 0
    for start, points in steps:
        if value < start:
            break
        total += points
    return total


def judge(
    task_type: TaskType, features: Features, found: Mapping[str, int], *, asks: int, code_lines: int
) -> Complexity:
    """Add up what makes a task hard.

    Length counts in steps, since a page is not ten times as hard as a paragraph; each further thing asked, each condition and each
    word of depth counts up to a limit, so that no single habit of writing decides.
    """
    points = TYPES.get(task_type, 0)
    points += _steps(features.words, WORD_STEPS) + _steps(code_lines, CODE_LINE_STEPS)
    points += FURTHER_ASK.of(max(0, asks + features.questions - 1))
    points += PROGRAM_TO_BUILD * ("lead.program" in found)
    points += CONSTRAINT.of(features.constraints)
    points += WORD_OF_DEPTH.of(found.get("depth", 0))
    points += LIST_ITEM.of(features.list_items)
    points += MATHS_IN_SYMBOLS * features.has_math + TABLE * features.has_table
    if task_type is TaskType.REASONING:
        points += NUMBER_TO_REASON_WITH.of(features.numbers)
        points += WORD_TO_REASON_WITH.of(found.get("maths", 0) + found.get("logic", 0))
    points += _steps(features.n_tools, TOOL_STEPS)
    points += ATTACHMENT.of(features.n_attachments)
    if points >= COMPLEX_FROM:
        return Complexity.COMPLEX
    return Complexity.MEDIUM if points >= MEDIUM_FROM else Complexity.SIMPLE
