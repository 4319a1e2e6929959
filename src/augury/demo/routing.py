"""Which model the sample application asks: the owner's habit, which is what Augury has to see through.

Hard tasks go to the strong models, so that these fail more often than they deserve; easy ones to the cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from augury.core.calls import SelectedBy
from augury.core.tasks import TaskType
from augury.demo.lineup import LINEUP
from augury.demo.workload import COMPLEXITIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from augury.core.tasks import Complexity
    from augury.demo.lineup import Deployment, SampleModel

EXPLORING_DAYS = 28
EXPLORING = 0.04
"""Share of the conversations of the last weeks whose model is drawn evenly, to see what the others would do."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A model, how it is served, and why it was chosen."""

    model: SampleModel
    deployment: Deployment
    selected_by: SelectedBy
    propensity: float | None = None


class Router:
    """One day's habits."""

    def __init__(self, days_ago: int) -> None:
        self._explores = days_ago < EXPLORING_DAYS
        self._models = [model for model in LINEUP if model.usage(days_ago) > 0]
        self._weights: Mapping[Complexity, list[float]] = {
            complexity: list(accumulate(model.usage(days_ago) * model.popularity[column] for model in self._models))
            for column, complexity in enumerate(COMPLEXITIES)
        }

    def choose(self, complexity: Complexity, rng: Random) -> Choice:
        """The model of a conversation."""
        if self._explores and rng.random() < EXPLORING:
            model = rng.choice(self._models)
            return Choice(model, _deployment(model, rng), SelectedBy.EXPLORATION, 1.0 / len(self._models))
        model = rng.choices(self._models, cum_weights=self._weights[complexity])[0]
        return Choice(model, _deployment(model, rng), SelectedBy.CALLER)

    def fall_back(self, choice: Choice, task: TaskType) -> Choice:
        """The best model for the task that another provider serves."""
        column = list(TaskType).index(task)
        elsewhere = [one for one in self._models if one.deployments[0].provider != choice.deployment.provider]
        model = max(elsewhere, key=lambda one: one.skill[column])
        return Choice(model, model.deployments[0], SelectedBy.CALLER)


def _deployment(model: SampleModel, rng: Random) -> Deployment:
    if len(model.deployments) == 1:
        return model.deployments[0]
    return rng.choices(model.deployments, weights=[one.share for one in model.deployments])[0]
