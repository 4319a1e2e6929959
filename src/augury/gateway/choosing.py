"""`model: "auto"`: which of the models offered is to answer, by the owner's own calls, and why."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from augury.core.calls import SelectedBy
from augury.core.tasks import Priority
from augury.gateway import staying
from augury.gateway.asked import AUTO, RESPONSES
from augury.gateway.demands import demands_of, lacks
from augury.gateway.refusals import Refused
from augury.models import display_name
from augury.recommend.context import TaskContext

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from augury.analytics.answers import Recommendation
    from augury.core.tasks import Complexity, TaskType
    from augury.gateway.asked import Asked, Route
    from augury.gateway.configuration import Configuration
    from augury.gateway.targets import Target, Targets
    from augury.models.prices import PriceBook
    from augury.recommend.recommender import ModelRecommender

_MOST_TARGETS: Final = 4
"""The choice and its stand-ins."""

_FRESH_S: Final = 2.0
_MOST_ALLOWED: Final = 200  # models that a recommendation is asked of


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Who is to answer, the first choice first, and what is said of it."""

    targets: Sequence[Target]
    selected_by: SelectedBy
    reason: str
    confidence: float
    priority: Priority
    task_type: TaskType
    complexity: Complexity | None
    conversation: bytes


class Recommenders:
    """The recommender of a moment ago, for requests that must not wait for the store."""

    def __init__(self, make: Callable[[], ModelRecommender], clock: Callable[[], float] = time.monotonic) -> None:
        """`make` may take long; it is called on a thread."""
        self._make = make
        self._clock = clock
        self._made: ModelRecommender | None = None
        self._at = 0.0
        self._making: asyncio.Task[None] | None = None

    async def get(self) -> ModelRecommender:
        """The recommender; only the first one is waited for.

        Raises:
            AuguryError: the store cannot be asked, and never could.
        """
        if self._made is None:
            await self._refresh()
        elif self._clock() - self._at > _FRESH_S and self._making is None:
            self._making = asyncio.create_task(self._quietly())
        assert self._made is not None  # noqa: S101 - it was just made
        return self._made

    async def _refresh(self) -> None:
        self._made = await asyncio.to_thread(self._make)
        self._at = self._clock()

    async def _quietly(self) -> None:
        try:
            await self._refresh()
        except Exception:  # noqa: BLE001 - the store is away: what is known of it stands, and is tried again
            self._at = self._clock()
        finally:
            self._making = None


class Chooser:
    """Chooses among the models offered."""

    def __init__(
        self,
        configuration: Configuration,
        targets: Targets,
        recommender: Callable[[], ModelRecommender],
        prices: PriceBook,
        rests_s: Callable[[Target], float],
    ) -> None:
        """`rests_s` says for how long a target is to be left alone."""
        self._configuration = configuration
        self._recommenders = Recommenders(recommender)
        self._prices = prices
        self._rests_s = rests_s
        self.conversations = staying.Conversations()
        models = configuration.auto_models
        self._open = [target for target in targets.offered() if models is None or target.model in models]

    async def choose(
        self, asked: Asked, task: tuple[TaskType, Complexity | None], conversation_id: str | None
    ) -> Choice:
        """Choose for one request.

        Raises:
            Refused: no model that may be chosen fits, or the priority is none.
            AuguryError: the store cannot be asked.
        """
        priority = self._priority(asked)
        fitting, why_not = self._sift(asked)
        if not fitting:
            raise Refused(
                HTTPStatus.BAD_REQUEST, f"no model that may be chosen fits this request: {why_not}", param="model"
            )
        key, goes_on = staying.key_of(asked, conversation_id)
        models = list(dict.fromkeys(target.model for target in fitting))[:_MOST_ALLOWED]
        context = TaskContext(task_type=task[0], complexity=task[1], allowed_models=models)
        recommender = await self._recommenders.get()
        chosen = await asyncio.to_thread(recommender.get_model_recommendation, context, priority)
        targets = _ordered(fitting, asked.route, [chosen.model, *(other.model for other in chosen.alternatives)])
        reason = chosen.reason
        kept = self.conversations.warm(key) if goes_on else None
        if kept is not None and kept.target in fitting:
            same = kept.target.model == chosen.model
            if same or not staying.moves(kept, chosen, priority, self._prices, targets[0].upstream.provider):
                targets = [kept.target, *(target for target in targets if target != kept.target)]
                reason = reason if same else _stays(kept.target, chosen, kept.input_tokens)
        return Choice(
            targets=targets[:_MOST_TARGETS],
            selected_by=SelectedBy.DATA if chosen.source == "data" else SelectedBy.RULES,
            reason=reason,
            confidence=chosen.confidence,
            priority=priority,
            task_type=task[0],
            complexity=task[1],
            conversation=key,
        )

    def _priority(self, asked: Asked) -> Priority:
        _, colon, told = asked.model.partition(":")
        told = told if colon else asked.ours.get("priority", self._configuration.auto_priority)
        if told not in set(Priority):
            names = ", ".join(f"{AUTO}:{name}" for name in Priority)
            raise Refused(
                HTTPStatus.BAD_REQUEST, f"the priority is none; expected the model {AUTO}, {names}", param="model"
            )
        return Priority(told)

    def _sift(self, asked: Asked) -> tuple[list[Target], str]:
        """The targets that can do it, those left out that rest where there are others; and what each of the rest lacks."""
        demands, on = demands_of(asked.data), datetime.now(UTC).date()
        fitting: list[Target] = []
        resting: list[Target] = []
        why_not: dict[str, str] = {}
        for target in self._open:
            if not target.may_answer(asked.route):
                why_not.setdefault(target.model, "is where this request cannot be answered")
            elif _bound_elsewhere(asked, target):
                why_not.setdefault(target.model, "does not have the conversation that this request goes on with")
            elif why := lacks(target, demands, on):
                why_not.setdefault(target.model, why)
            else:
                (resting if self._rests_s(target) else fitting).append(target)
        told = "; ".join(f"{display_name(model)} {why}" for model, why in list(why_not.items())[:_MOST_TARGETS])
        return fitting or resting, told or "none is offered; list some as `models` of a provider"


def _ordered(fitting: Sequence[Target], route: Route, models: Sequence[str]) -> list[Target]:
    """The targets of these models in their order; of one model those that need no translation first."""
    found: list[Target] = []
    for model in models:
        of_model = [target for target in fitting if target.model == model]
        found += sorted(of_model, key=lambda target: target.speaks(route) is not None)
    return found


def _bound_elsewhere(asked: Asked, target: Target) -> bool:
    """Whether a request goes on with what only a provider with an API of responses keeps."""
    if asked.route is not RESPONSES or not (asked.data.get("previous_response_id") or asked.data.get("conversation")):
        return False
    return target.upstream.api is not asked.route.api or not target.upstream.responses


def _stays(target: Target, chosen: Recommendation, tokens: int) -> str:
    return (
        f"the conversation stays with {display_name(target.model)}, which has about {tokens:,} tokens of it in its cache: "
        f"what {display_name(chosen.model)} would gain does not outweigh that"
    )
