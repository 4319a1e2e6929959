"""How hard a task is: points for what makes one hard, and two thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from augury.core.tasks import Complexity, TaskType

if TYPE_CHECKING:
    from collections import Counter

    from augury.classify.results import Features

MEDIUM_FROM: Final = 1.8
COMPLEX_FROM: Final = 4.0

_LENGTHS: Final = ((18, 0.5), (40, 0.6), (80, 0.6), (150, 0.6), (300, 0.7), (600, 0.8))
_CODE_LINES: Final = ((4, 0.6), (15, 0.8), (50, 0.8))
_BY_TYPE: Final = {
    TaskType.CODING: 1.3,
    TaskType.ANALYSIS: 1.8,
    TaskType.REASONING: 1.0,
    TaskType.CREATIVE: 1.1,
    TaskType.FILE_PROCESSING: 1.4,
    TaskType.FUNCTION_CALLING: 0.6,
}


def _steps(value: int, steps: tuple[tuple[int, float], ...]) -> float:
    return sum(points for start, points in steps if value >= start)


def judge(task_type: TaskType, features: Features, found: Counter[str], *, asks: int, code_lines: int) -> Complexity:
    """Add up what makes a task hard.

    Length counts in steps, since a page is not ten times as hard as a paragraph; each further thing asked, each condition and each
    word of depth counts up to a limit, so that no single habit of writing decides.
    """
    points = _BY_TYPE.get(task_type, 0.0)
    points += _steps(features.words, _LENGTHS) + _steps(code_lines, _CODE_LINES)
    points += 0.5 * min(4, max(0, asks + features.questions - 1))
    points += 0.5 * ("lead.program" in found)  # to build something is more than to write it down
    points += 0.3 * min(5, features.constraints)
    points += 0.9 * min(3, found["depth"])
    points += 0.25 * min(8, features.list_items)
    points += 0.5 * features.has_math + 0.4 * features.has_table
    if task_type is TaskType.REASONING:  # quantities and formulas are steps to take
        points += 0.2 * min(6, features.numbers) + 0.3 * min(3, found["maths"] + found["logic"])
    points += 0.6 * (features.n_tools > 2) + 0.9 * (features.n_tools > 8)  # noqa: PLR2004
    points += 0.5 * min(3, features.n_attachments)
    if points >= COMPLEX_FROM:
        return Complexity.COMPLEX
    return Complexity.MEDIUM if points >= MEDIUM_FROM else Complexity.SIMPLE
