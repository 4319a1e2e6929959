"""From evidence to a decision. Pure at its core: no I/O, no clock, no randomness but a fixed seed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np

from augury.analytics.answers import Alternative, Insight, Metrics, Recommendation
from augury.core import scores
from augury.core.tasks import Priority
from augury.models.display import display_name
from augury.recommend import explain
from augury.recommend.catalogue import Catalogue
from augury.recommend.context import TaskContext, chosen, need_of
from augury.recommend.evidence import STRATA, gather
from augury.recommend.insights import insights
from augury.recommend.ranking import rank
from augury.recommend.selector import choose
from augury.recommend.statistics import estimate

if TYPE_CHECKING:
    from augury.core.tasks import Complexity, TaskType
    from augury.models.names import ModelName
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
        self._chosen: dict[tuple[object, ...], Recommendation] = {}

    @classmethod
    def from_store(
        cls,
        store: Store,
        catalogue: Catalogue | None = None,
        *,
        enough: int = scores.ENOUGH_CALLS,
        now: datetime | None = None,
    ) -> ModelRecommender:
        """Recommend from what a store holds now."""
        now = now or datetime.now(UTC)
        return cls(gather(store, now=now), catalogue, enough=enough, today=now.date())

    def best_by_task(self) -> list[Recommendation]:
        """The balanced choice for each task type that has calls, by name."""
        return [self.get_model_recommendation(TaskContext(task_type=task)) for task in sorted(self._evidence)]

    def insights(self) -> list[Insight]:
        """What stands out: said only with enough data and beyond chance."""
        return insights(self._evidence, enough=self._enough)

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
        told = context.complexity is not None or bool((context.message_content or "").strip())
        by_data = self._from_data(need, need.complexity if told else None, wanted, allowed)
        if by_data is not None:
            return by_data
        picked = choose(need, priority=wanted, allowed=allowed, catalogue=self._catalogue, on=self._today)
        return self._from_rules(self._unless_hopeless(picked), need, allowed)

    def _from_data(
        self, need: Need, stratum: Complexity | None, priority: Priority, allowed: tuple[ModelName, ...] | None
    ) -> Recommendation | None:
        """The choice by data; None where no model has enough of it."""
        task = self._evidence.get(need.task_type)
        if task is None:
            return None
        names = None if allowed is None else {name.model for name in allowed}
        candidates = [place for place, model in enumerate(task.models) if self._may(task, place, model, need, names)]
        if not candidates:
            return None
        key = (need.task_type, stratum, priority, *candidates)
        known = self._chosen.get(key)
        if known is None:
            if len(self._chosen) >= _REMEMBERED:
                self._chosen.clear()
            known = self._chosen[key] = self._best(task, need.task_type, stratum, priority, candidates)
        return known

    def _best(
        self,
        task: TaskEvidence,
        task_type: TaskType,
        stratum: Complexity | None,
        priority: Priority,
        candidates: list[int],
    ) -> Recommendation:
        """The best of the candidates, and why."""
        ranked = rank(self._estimate(task_type, task, stratum), candidates, priority)
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
            reason=explain.by_data(task_type, priority, metrics[0], others, best.probability_best),
            source="data",
            task_type=task_type,
            complexity=stratum,
            priority=priority,
            metrics=metrics[0],
            alternatives=others,
        )

    def _may(self, task: TaskEvidence, place: int, model: str, need: Need, allowed: set[str] | None) -> bool:
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

    def _unless_hopeless(self, picked: Selection) -> Selection:
        """The rules' choice, or their next one where all the calls of the first have failed here."""
        task = self._evidence.get(picked.task_type)
        if task is None:
            return picked
        tried = (task.raw["evidence_calls"] >= self._enough) & (task.raw["successes"] == 0)
        hopeless = {model for model, failed in zip(task.models, tried, strict=True) if failed}
        others = [model for model in picked.alternatives if model not in hopeless]
        if picked.model not in hopeless or not others:
            return picked
        passed = f"{picked.reason}; {display_name(picked.model)} is passed over, since all its calls here failed"
        provider = _maker(self._catalogue, others[0])
        return replace(picked, model=others[0], provider=provider, reason=passed, alternatives=tuple(others[1:]))

    def _from_rules(self, picked: Selection, need: Need, allowed: tuple[ModelName, ...] | None) -> Recommendation:
        calls = most = 0
        if task := self._evidence.get(need.task_type):
            calls = int(task.raw["calls"].sum())
            names = None if allowed is None else {name.model for name in allowed}
            counted = zip(task.models, task.raw["evidence_calls"], strict=True)
            most = int(max((count for model, count in counted if names is None or model in names), default=0))
        return Recommendation(
            model=picked.model,
            display_name=display_name(picked.model),
            provider=picked.provider,
            confidence=0.0,
            probability_best=None,
            reason=explain.by_rules(picked.reason, need.task_type, calls, most, self._enough),
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
