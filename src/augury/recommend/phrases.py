"""The words and numbers that sentences about models share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.core.tasks import Complexity, TaskType

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECOND_MS = 1_000
_ALL = 100  # percent
_LARGE = 10  # a factor whose tenths say nothing


def task_name(task: str) -> str:
    """A task type as people say it: "function calling"."""
    return task.replace("_", " ") if task != TaskType.OTHER else "other tasks"


def work_name(task: str, complexity: str | None = None) -> str:
    """What is to be done, as after "for": complex coding, analysis of medium complexity; creative is no noun."""
    called = "creative tasks" if task == TaskType.CREATIVE else task_name(task)
    if complexity is None:
        return called
    return f"{called} of medium complexity" if complexity == Complexity.MEDIUM else f"{complexity} {called}"


def level_name(complexity: str) -> str:
    """As after "on": complex tasks."""
    return "tasks of medium complexity" if complexity == Complexity.MEDIUM else f"{complexity} tasks"


def seconds(milliseconds: float) -> str:
    """A time in its fitting unit: 836ms, 2.3s."""
    return f"{milliseconds / _SECOND_MS:.1f}s" if milliseconds >= _SECOND_MS else f"{milliseconds:.0f}ms"


def dollars(amount: float) -> str:
    """An amount with its first digits, never as a power of ten: $1.50, $0.012, $0.000033."""
    if amount >= 1:
        return f"${amount:,.2f}"
    if amount <= 0:
        return "$0"
    digits = f"{amount:.1e}"  # two of them, rounded, before the place is looked at: 0.0999 is $0.10
    return f"${float(digits):.{1 - int(digits[digits.index('e') + 1 :])}f}"


def percent(rate: float) -> str:
    """A rate in whole percent; 100% and 0% only where it is exactly that."""
    if rate in (0, 100):
        return f"{rate:.0f}%"
    whole = round(rate)
    return f"{whole}%" if 0 < whole < _ALL else f"{min(max(rate, 0.1), 99.9):.1f}%"


def chance(probability: float) -> str:
    """A probability, from 0 to 1: 79%; at the ends <1% and >99%, since what is drawn is never known to be certain."""
    whole = round(round(100 * probability, 6))  # halves to even: those of two make 100
    return "<1%" if whole < 1 else ">99%" if whole >= _ALL else f"{whole}%"


def times(factor: float) -> str:
    """A factor: 1.2x, 497x."""
    return f"{factor:.1f}x" if factor < _LARGE else f"{factor:,.0f}x"


def counted(number: int, noun: str) -> str:
    """`1 call`, `2,000 calls`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(parts: Sequence[str]) -> str:
    """A, B, and C."""
    if len(parts) <= 2:  # noqa: PLR2004 - two take no comma
        return " and ".join(parts)
    return f"{', '.join(parts[:-1])}, and {parts[-1]}"
