"""From evidence to a decision. Pure at its core: no I/O, no clock, no randomness but a fixed seed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np

from augury.analytics.answers import Alternative, Metrics, Recommendation
from augury.core import scores
from augury.core.tasks import Complexity, Priority
from augury.models.display import display_name
from augury.recommend import explain
from augury.recommend.catalogue import Catalogue
from augury.recommend.context import TaskContext, chosen, need_of
from augury.recommend.evidence import STRATA, gather
from augury.recommend.ranking import rank
from augury.recommend.selector import choose
from augury.recommend.statistics import estimate

if TYPE_CHECKING:
    from augury.recommend.context import Need
    from augury.recommend.evidence import Evidence, TaskEvidence
    from augury.recommend.ranking import Ranked
    from augury.recommend.selector import Selection
    from augury.recommend.statistics import Estimates
    from augury.store.protocol import Store

_SEED = 1  # the same evidence gives the same answer
_ALTERNATIVES = 5
_REMEMBERED = 4_096


class ModelRecommender:
    """Recommends the best model for a task from the owner's own calls; by rules where those are too few."""

    def __init__(
        self, evidence: Evidence, catalogue: Catalogue | None = None, *, enough: int = scores.ENOUGH_CALLS, today: date
    ) -> None:
        """Recommend from this evidence, as of `today`: what retires by then is never chosen."""
        self._evidence = evidence
        self._catalogue = catalogue or Catalogue.bundled()
        self._enough = enough
        self._today = today
        self._estimates: dict[tuple[str, int | None], Estimates] = {}
        self._answers: dict[tuple[object, ...], Recommendation] = {}

    @classmethod
    def from_store(
        cls, store: Store, catalogue: Catalogue | None = None, *, now: datetime | None = None
    ) -> ModelRecommender:
        """Recommend from what a store holds now."""
        now = now or datetime.now(UTC)
        return cls(gather(store, now=now), catalogue, today=now.date())

    def best_by_task(self) -> list[Recommendation]:
        """The balanced choice for each task type that has calls, by name."""
        return [self.get_model_recommendation(TaskContext(task_type=task)) for task in sorted(self._evidence)]

    def get_model_recommendation(
        self, task_context: TaskContext | None = None, priority: Priority | str | None = None
    ) -> Recommendation:
        """The best model for the task.

        Args:
            task_context: what is known of the task; what is missing is classified from the rest.
            priority: what matters most; else the context's preference, else a balance.

        Raises:
            InvalidValue: the priority is none; or none of the allowed models may be used.
        """
        context = task_context or TaskContext()
        wanted = chosen(Priority, "priority", priority) or context.user_preference or Priority.BALANCED
        need = need_of(context)
        allowed = context.allowed
        names = None if allowed is None else tuple(sorted({name.model for name in allowed}))
        stratum = need.complexity if context.complexity is not None or context.message_content else None
        key = (
            need.task_type,
            stratum,
            wanted,
            names,
            need.tools,
            need.images,
            need.json_schema,
            need.input_tokens // 1000,
        )
        known = self._answers.get(key)
        if known is None:
            known = self._from_data(need, stratum, wanted, names)
            if known is None:
                picked = choose(need, priority=wanted, allowed=allowed, catalogue=self._catalogue, on=self._today)
                known = self._from_rules(picked, need)
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            self._answers[key] = known
        return known

    def _from_data(
        self, need: Need, stratum: Complexity | None, priority: Priority, allowed: tuple[str, ...] | None
    ) -> Recommendation | None:
        """The choice by data; None where no model has enough of it."""
        task = self._evidence.get(need.task_type)
        if task is None:
            return None
        candidates = [place for place, model in enumerate(task.models) if self._may(task, place, model, need, allowed)]
        if not candidates:
            return None
        ranked = rank(self._estimate(need.task_type, task, stratum), candidates, priority)
        metrics = [_metrics(task, one) for one in ranked]
        others = [
            Alternative(
                model=task.models[one.place],
                display_name=display_name(task.models[one.place]),
                provider=task.providers[one.place],
                confidence=_confidence(task, one.place),
                probability_best=one.probability_best,
                metrics=measured,
            )
            for one, measured in zip(ranked[1 : 1 + _ALTERNATIVES], metrics[1:], strict=False)
        ]
        best = ranked[0]
        model = task.models[best.place]
        return Recommendation(
            model=model,
            display_name=display_name(model),
            provider=task.providers[best.place],
            confidence=_confidence(task, best.place),
            probability_best=best.probability_best,
            reason=explain.by_data(model, need.task_type, priority, metrics[0], others, best.probability_best),
            source="data",
            task_type=need.task_type,
            complexity=stratum,
            priority=priority,
            metrics=metrics[0],
            alternatives=others,
        )

    def _may(self, task: TaskEvidence, place: int, model: str, need: Need, allowed: tuple[str, ...] | None) -> bool:
        """Whether there is enough data on the model, some of it good, and it may and can be used."""
        return (
            task.raw["evidence_calls"][place] >= self._enough
            and task.raw["successes"][place] > 0
            and (allowed is None or model in allowed)
            and not self._catalogue.is_retired(model, self._today)
            and self._catalogue.fits(model, need) is None
        )

    def _estimate(self, task_type: str, task: TaskEvidence, stratum: Complexity | None) -> Estimates:
        place = None if stratum is None else STRATA.index(stratum)
        found = self._estimates.get((task_type, place))
        if found is None:
            found = self._estimates[task_type, place] = estimate(task, place, np.random.default_rng(_SEED))
        return found

    def _from_rules(self, picked: Selection, need: Need) -> Recommendation:
        task = self._evidence.get(need.task_type)
        most = 0 if task is None else int(task.raw["evidence_calls"].max(initial=0))
        return Recommendation(
            model=picked.model,
            display_name=display_name(picked.model),
            provider=picked.provider,
            confidence=0.0,
            probability_best=None,
            reason=picked.reason if most >= self._enough else explain.by_rules(picked.reason, need.task_type, most, self._enough),
            source="rules",
            task_type=need.task_type,
            complexity=need.complexity,
            priority=picked.priority,
            metrics=None,
            alternatives=[
                Alternative(
                    model=name, display_name=display_name(name), provider=_maker(self._catalogue, name),
                    confidence=0.0, probability_best=None, metrics=None,
                )
                for name in picked.alternatives[:_ALTERNATIVES]
            ],
        )  # fmt: skip


def _maker(catalogue: Catalogue, model: str) -> str:
    known = catalogue.get(model)
    return known.provider if known else "unknown"


def _confidence(task: TaskEvidence, place: int) -> float:
    return scores.confidence(
        *(int(task.raw[name][place]) for name in ("calls", "successes", "thumbs_up", "thumbs_down"))
    )


def _metrics(task: TaskEvidence, one: Ranked) -> Metrics:
    """The raw figures, by the contract's formulas, and the estimates beside them."""
    raw = {name: float(column[one.place]) for name, column in task.raw.items()}
    average = raw["response_ms_sum"] / raw["calls"]
    success = 100.0 * raw["successes"] / raw["calls"]
    rated = raw["thumbs_up"] + raw["thumbs_down"]
    satisfaction = scores.percent(raw["thumbs_up"], rated)
    return Metrics(
        avg_response_time=average,
        success_rate=success,
        satisfaction_rate=satisfaction,
        quality_score=scores.quality_score(success, satisfaction, scores.speed_score(average)),
        sample_size=int(raw["calls"]),
        rated=int(rated),
        estimated_success_rate=one.success_rate,
        estimated_satisfaction_rate=one.satisfaction_rate,
        estimated_time_to_answer=one.milliseconds,
        estimated_cost_per_answer=one.dollars,
    )
