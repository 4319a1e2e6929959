"""Who is to answer a request: the model that its caller names and who stands in for it, or the one that suits it best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from augury.core.calls import SelectedBy
from augury.gateway.asked import ROUTES, conversation_of
from augury.gateway.choosing import Chooser
from augury.gateway.refusals import Refused
from augury.gateway.targets import Target, Targets
from augury.gateway.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from augury.capture.taskrules import TaskRules
    from augury.gateway.asked import Asked
    from augury.gateway.choosing import Choice
    from augury.gateway.configuration import Configuration
    from augury.gateway.logical import Logical
    from augury.models.prices import PriceBook
    from augury.recommend.recommender import ModelRecommender

_REMEMBERED = 4_096  # plans by names: far more than the callers of one installation use
_NOT_AGAIN = {"x-should-retry": "false"}  # as the official clients take it
_NOTHING = (
    "this gateway has no provider yet: start the server with OPENAI_API_KEY or ANTHROPIC_API_KEY set, or name a file of "
    "providers by AUGURY_GATEWAY"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Targets in the order in which they are asked, and how the choice came about; None: the caller named the first."""

    targets: Sequence[Target]
    choice: Choice | None = None

    def selected_by(self, target: Target) -> SelectedBy:
        """Who picked a target: where the caller named the first, the others are the owner's rule."""
        if self.choice is not None:
            return self.choice.selected_by
        return SelectedBy.CALLER if target is self.targets[0] else SelectedBy.RULES

    def propensity(self, target: Target) -> float | None:
        """The probability with which a target was picked: chance has no part in it, so 1 where we did."""
        return None if self.selected_by(target) is SelectedBy.CALLER else 1.0

    def told(self, logical: Logical, target: Target | None = None) -> Mapping[str, object]:
        """Our headers, without their prefix, once a target has answered, or when none has."""
        choice, given = self.choice, target or self.targets[0]
        said: dict[str, object] = {
            "message-id": logical.message_id,
            "model": given.name,
            "provider": given.upstream.name,
            "selected-by": self.selected_by(given),
            "attempts": logical.attempts or None,
        }
        if choice is not None:
            said |= {
                "reason": choice.reason,
                "confidence": f"{choice.confidence:.0f}",
                "priority": choice.priority,
                "task-type": choice.task_type,
                "complexity": choice.complexity,
            }
        if given is not self.targets[0]:
            said["instead-of"] = self.targets[0].name
        return said


class Planner:
    """Makes plans."""

    def __init__(
        self,
        configuration: Configuration,
        recommender: Callable[[], ModelRecommender],
        prices: PriceBook,
        rules: TaskRules,
        rests_s: Callable[[Target], float],
    ) -> None:
        """`rests_s` says for how long a target is to be left alone."""
        self._configuration = configuration
        self.targets = Targets(configuration.upstreams)
        self.tasks = Tasks(rules)
        self.chooser = Chooser(configuration, self.targets, recommender, prices, rests_s)
        self._named = lru_cache(maxsize=_REMEMBERED)(self._name)

    async def plan(self, asked: Asked, logical: Logical) -> Plan:
        """Say who is to answer.

        Raises:
            Refused: nobody can.
            AuguryError: a choice is asked for, and the store cannot be asked.
        """
        if not self.targets.upstreams:
            raise Refused(HTTPStatus.NOT_FOUND, _NOTHING, code="no_provider", headers=_NOT_AGAIN)
        if asked.chosen_here:
            return await self._choice(asked, logical)
        return self._named(asked.model, asked.route.path)

    def _name(self, model: str, path: str) -> Plan:
        route = ROUTES[path]
        first = self.targets.find(model, route.api)
        others = [self.targets.find(name, route.api) for name in self._configuration.fallbacks.get(first.model, ())]
        able = [target for target in (first, *others) if target.may_answer(route)]
        if first not in able[:1]:
            raise Refused(
                HTTPStatus.BAD_REQUEST,
                f"{first.name} is at {first.upstream.name}, which cannot answer {path}",
                param="model",
            )
        return Plan(targets=able)

    async def _choice(self, asked: Asked, logical: Logical) -> Plan:
        if not asked.route.generates:
            raise Refused(
                HTTPStatus.BAD_REQUEST, "embeddings of different models do not compare: name the model", param="model"
            )
        choice = await self.chooser.choose(asked, self.tasks.of(asked, logical), conversation_of(asked))
        logical.conversation = choice.conversation
        return Plan(targets=choice.targets, choice=choice)
