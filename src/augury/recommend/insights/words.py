"""The parts of speech that the sentences share."""

from __future__ import annotations

from augury.core.tasks import TaskType
from augury.recommend.phrases import task_name

_FRACTIONS = (("half", 1 / 2), ("a third", 1 / 3), ("a quarter", 1 / 4), ("a fifth", 1 / 5), ("a tenth", 1 / 10))
_NEAR = 0.08  # a fraction's neighbourhood, in which it is named
_ONE_PERCENT = 0.01


def tasks_named(task: str) -> str:
    """As in "analysis tasks"."""
    return task_name(task) if task == TaskType.OTHER else f"{task_name(task)} tasks"


def work_named(task: str) -> str:
    """As in "for coding"; creative is no noun."""
    return tasks_named(task) if task == TaskType.CREATIVE else task_name(task)


def capital(text: str) -> str:
    """As at the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def part_named(fraction: float) -> str:
    """As in "costs a third of"."""
    for name, size in _FRACTIONS:
        if abs(fraction / size - 1.0) <= _NEAR:
            return f"{name} of"
    return f"{100 * fraction:.0f}% of" if fraction >= _ONE_PERCENT else "less than 1% of"
