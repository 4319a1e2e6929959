"""What a request is for: what its caller says, else the owner's rules, the text in transit, the tools; its text is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from augury.capture.asking import classified
from augury.core.tasks import Complexity, TaskType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.gateway.asked import Asked
    from augury.gateway.logical import Logical

_NAMES: Final = ("agent", "service", "prompt")
"""Our headers that name who asks, for the owner's own rules of task types, the most telling first."""


class Tasks:
    """Tells task types by the owner's rules, and where those say nothing by what is asked."""

    def __init__(self, rules: Mapping[str, TaskType]) -> None:
        """`rules` are by what a caller is named, in lower case."""
        self._rules = rules

    def of(self, asked: Asked, logical: Logical) -> tuple[TaskType, Complexity | None]:
        """A call's task type, and how hard it is, worked out once; None where there is no text to tell by."""
        if logical.task is None:
            logical.task = self._of(asked)
        return logical.task

    def _of(self, asked: Asked) -> tuple[TaskType, Complexity | None]:
        told, hard = asked.ours.get("task-type"), asked.ours.get("complexity")
        complexity = Complexity(hard) if hard in set(Complexity) else None
        if told in set(TaskType):
            task_type: TaskType | None = TaskType(told)
        else:
            names = (asked.ours[name].lower() for name in _NAMES if name in asked.ours)
            task_type = next((self._rules[name] for name in names if name in self._rules), None)
        if task_type is not None and complexity is not None:
            return task_type, complexity
        if not asked.route.generates:
            return task_type or TaskType.OTHER, complexity
        found = classified(asked.data)
        if complexity is None and found.features.characters:
            complexity = found.complexity
        return task_type or found.task_type, complexity
