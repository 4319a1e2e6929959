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
from augury.recommend import candidates, explain
from augury.recommend.candidates import FLOOR, Field
from augury.recommend.catalogue import Catalogue
from augury.recommend.context import TaskContext, chosen, need_of
from augury.recommend.evidence import STRATA
from augury.recommend.history import remember
from augury.recommend.insights import insights
from augury.recommend.ranking import rank
from augury.recommend.selector import choose
from augury.recommend.standing import Asked, lately, standing
from augury.recommend.statistics import estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.models.names import ModelName
    from augury.recommend.candidates import LeftOut
    from augury.recommend.context import Need
    from augury.recommend.evidence import Evidence, TaskEvidence
    from augury.recommend.history import Background
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
        self,
        evidence: Evidence,
        catalogue: Catalogue | None = None,
        *,
        enough: int = scores.ENOUGH_CALLS,
        today: date,
        background: Mapping[str, Background] | None = None,
    ) -> None:
        """Recommend from this evidence, as of `today`: what retires by then is never chosen.

        Args:
            evidence: by task type.
            catalogue: what is known of models; left out, the one that Augury came with.
            enough: how many calls that count a model needs to be chosen by data.
            today: the day of the decision.
            background: what else is to be said of the evidence, by task type.
        """
        self._evidence = evidence
        self._catalogue = catalogue or Catalogue.bundled()
        self._enough = enough
        self._today = today
        self._background = background or {}
        self._fields = {
            name: Field(task, self._catalogue, enough=enough, today=today) for name, task in evidence.items()
        }
        self._estimates: dict[tuple[str, int | None], Estimates] = {}
        self._chosen: dict[tuple[Asked, str, tuple[int, ...]], Recommendation | None] = {}
        self._insights: list[Insight] | None = None

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
        evidence, background = remember(store, now=now, enough=enough)
        return cls(evidence, catalogue, enough=enough, today=now.date(), background=background)

    def best_by_task(self) -> list[Recommendation]:
        """The balanced choice for each task type that has calls, by name."""
        return [self.get_model_recommendation(TaskContext(task_type=task)) for task in sorted(self._evidence)]

    def insights(self) -> list[Insight]:
        """What stands out: said only with enough data and beyond chance."""
        if self._insights is None:
            models = {model for task in self._evidence.values() for model in task.models}
            retired = {model for model in models if self._catalogue.is_retired(model, self._today)}
            self._insights = insights(self._evidence, enough=self._enough, retired=retired)
        return list(self._insights)

    def warm(self, other: ModelRecommender) -> None:
        """Work out beforehand what another recommender was asked, so that nobody waits for it again."""
        for asked in {key[0] for key in list(other._chosen)}:
            context = TaskContext(task_type=asked.task, complexity=asked.complexity)
            self.get_model_recommendation(context, asked.priority)

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
        asked = Asked(task=need.task_type, priority=wanted, complexity=need.complexity if told else None)
        by_data = self._from_data(asked, need, allowed)
        if by_data is not None:
            return by_data
        picked = choose(need, priority=wanted, allowed=allowed, catalogue=self._catalogue, on=self._today)
        return self._from_rules(picked, asked, need, allowed)

    def _from_data(self, asked: Asked, need: Need, allowed: tuple[ModelName, ...] | None) -> Recommendation | None:
        """The choice by data; None where no model has enough of it, or none does well."""
        field = self._fields.get(asked.task)
        if field is None:
            return None
        names = None if allowed is None else {name.model for name in allowed}
        places = field.candidates(need, names)
        if not places:
            return None
        left = candidates.of_the_allowed(allowed, self._catalogue, self._today)
        if len(places) == 1:
            alone = candidates.beside_one(field.left_out(need, names), self._enough)
            left = alone if not left or left in alone else f"{alone}; {left}"
        key = (asked, left, tuple(places))
        if key not in self._chosen:
            if len(self._chosen) >= _REMEMBERED:
                self._chosen.clear()
            self._chosen[key] = self._best(asked, places, left)
        return self._chosen[key]

    def _best(self, asked: Asked, places: list[int], left_out: str) -> Recommendation | None:
        """The best of the candidates, and why; None where all of them are expected to fail."""
        task = self._evidence[asked.task]
        stratum = None if asked.complexity is None else STRATA.index(asked.complexity)
        estimates = self._estimate(asked.task, task, stratum)
        poor = self._poor(asked, places)
        places = [place for place in places if place not in poor]
        if not places:
            return None
        if poor and len(places) == 1:
            failed = [candidates.failing(task.models[place], rate) for place, rate in poor.items()]
            left_out = candidates.beside_one(failed, self._enough)
        ranked = rank(estimates, places, asked.priority)
        metrics = [_metrics(task, one) for one in ranked]
        standings = [
            standing(task, one, measured, stratum=stratum, enough=self._enough)
            for one, measured in zip(ranked, metrics, strict=True)
        ]
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
        background = self._background.get(asked.task)
        age = "" if background is None else background.said(int(task.raw["calls"].sum()))
        return Recommendation(
            model=model,
            display_name=display_name(model),
            provider=task.providers[best.place],
            confidence=_confidence(task, best.place),
            probability_best=best.probability_best,
            reason=explain.by_data(asked, standings, left_out, age),
            source="data",
            task_type=asked.task,
            complexity=asked.complexity,
            priority=asked.priority,
            metrics=metrics[0],
            alternatives=others,
        )

    def _poor(self, asked: Asked, places: list[int]) -> dict[int, float]:
        """Those of these models that have come to fail: by their recent calls, and by what is expected, in percent."""
        task = self._evidence[asked.task]
        stratum = None if asked.complexity is None else STRATA.index(asked.complexity)
        expected = 100.0 * self._estimate(asked.task, task, stratum).success.mean(axis=0)
        return {at: float(expected[at]) for at in places if expected[at] < FLOOR and lately(task, at) < FLOOR}

    def _estimate(self, task_type: str, task: TaskEvidence, stratum: int | None) -> Estimates:
        found = self._estimates.get((task_type, stratum))
        if found is None:
            found = self._estimates[task_type, stratum] = estimate(task, stratum, np.random.default_rng(_SEED))
        return found

    def _from_rules(
        self, picked: Selection, asked: Asked, need: Need, allowed: tuple[ModelName, ...] | None
    ) -> Recommendation:
        """The rules' choice, and what keeps data from deciding."""
        field = self._fields.get(asked.task)
        names = None if allowed is None else {name.model for name in allowed}
        left = [] if field is None else self._all_left_out(field, asked, need, names)
        picked = _unless_hopeless(picked, left, self._catalogue)
        lacking = candidates.missing(
            asked.task, field, left, self._background.get(asked.task), self._enough, chosen=allowed is not None
        )
        gone = candidates.of_the_allowed(allowed, self._catalogue, self._today)
        reason = "; ".join(part for part in (lacking, "" if "(retired on" in lacking else gone, picked.reason) if part)
        return Recommendation(
            model=picked.model,
            display_name=display_name(picked.model),
            provider=picked.provider,
            confidence=0.0,
            probability_best=None,
            reason=reason,
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

    def _all_left_out(self, field: Field, asked: Asked, need: Need, names: set[str] | None) -> list[LeftOut]:
        """Why no model could be chosen by data, those included that are left out for what is expected of them."""
        left = field.left_out(need, names)
        if places := field.candidates(need, names):
            models = self._evidence[asked.task].models
            left += [candidates.failing(models[place], rate) for place, rate in self._poor(asked, places).items()]
        return left


def _unless_hopeless(picked: Selection, left: list[LeftOut], catalogue: Catalogue) -> Selection:
    """The rules' choice, or their next one where the first does not do the task here."""
    hopeless = {one.model: one.why for one in left if one.cause is candidates.Cause.FAILS}
    others = [model for model in picked.alternatives if model not in hopeless]
    if picked.model not in hopeless:
        return picked
    if not others:
        return replace(picked, reason=f"{picked.reason}; no other may be chosen")
    passed = f"{picked.reason}; {display_name(picked.model)} is passed over: {hopeless[picked.model]}"
    return replace(
        picked, model=others[0], provider=_maker(catalogue, others[0]), reason=passed, alternatives=tuple(others[1:])
    )


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
