"""What the gateway's calls are for, by the owner's rules for every way in."""

from __future__ import annotations

from augury.capture.taskrules import TaskRule, TaskRules
from augury.core.tasks import Complexity, TaskType
from augury.gateway.asked import ROUTES, Asked
from augury.gateway.logical import Logical
from augury.gateway.tasks import Tasks

CODE = {"messages": [{"role": "user", "content": "Write a Python function that sorts a list."}]}
RULES = TaskRules(
    (
        TaskRule(agent="plan*", task_type=TaskType.REASONING, complexity=Complexity.COMPLEX),
        TaskRule(service="reviewer", task_type=TaskType.CREATIVE),
        TaskRule(tag="nightly", task_type=TaskType.ANALYSIS),
    )
)


def task(**headers: str) -> tuple[TaskType, Complexity | None]:
    asked = Asked(route=ROUTES["/v1/chat/completions"], body=b"", data=CODE, headers=(), ours=headers)
    return Tasks(RULES).of(asked, Logical())


def test_the_callers_word_goes_first_then_the_owners_rules_then_the_text() -> None:
    assert task(agent="planner", **{"task-type": "creative"}) == (TaskType.CREATIVE, "simple")
    assert task(service="reviewer") == (TaskType.CREATIVE, "simple")
    assert task(tags="x, nightly") == (TaskType.ANALYSIS, "simple")
    assert task(agent="planner") == (TaskType.REASONING, "complex")
    assert task(agent="planner", complexity="medium") == (TaskType.REASONING, "medium")
    assert task(agent="somebody") == (TaskType.CODING, "simple")
