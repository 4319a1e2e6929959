"""What a request is for: what its caller says, else the owner's rules, the text in transit, the tools; its text is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from augury.capture.asking import classified
from augury.capture.taskrules import Labels
from augury.core.tasks import Complexity, TaskType

if TYPE_CHECKING:
    from augury.capture.taskrules import TaskRules
    from augury.gateway.asked import Asked
    from augury.gateway.logical import Logical

_TASK_TYPES: Final = {str(task_type): task_type for task_type in TaskType}
_COMPLEXITIES: Final = {str(complexity): complexity for complexity in Complexity}


class Tasks:
    """Tells task types by the owner's rules, and where those say nothing by what is asked."""

    def __init__(self, rules: TaskRules) -> None:
        """The rules are matched with what our headers say of where a request comes from."""
        self._rules = rules

    def of(self, asked: Asked, logical: Logical) -> tuple[TaskType, Complexity | None]:
        """A call's task type, and how hard it is, worked out once; None where there is no text to tell by."""
        if logical.task is None:
            logical.task = self._of(asked)
        return logical.task

    def _of(self, asked: Asked) -> tuple[TaskType, Complexity | None]:
        complexity = _COMPLEXITIES.get(asked.ours.get("complexity", ""))
        task_type = _TASK_TYPES.get(asked.ours.get("task-type", ""))
        if task_type is None and self._rules and (rule := self._rules.match(_labels(asked))):
            task_type, complexity = rule.task_type, complexity or rule.complexity
        if task_type is not None and complexity is not None:
            return task_type, complexity
        if not asked.route.generates:
            return task_type or TaskType.OTHER, complexity
        found = classified(asked.data)
        if complexity is None and found.features.characters:
            complexity = found.complexity
        return task_type or found.task_type, complexity


def _labels(asked: Asked) -> Labels:
    ours = asked.ours
    return Labels(
        service=ours.get("service"),
        agent=ours.get("agent"),
        span=ours.get("span"),
        prompt=ours.get("prompt"),
        tags=tuple(tag.strip() for tag in ours.get("tags", "").split(",") if tag.strip()),
    )
