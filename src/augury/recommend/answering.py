"""Whole answers, as the API, the page, and reports show them: figures, and what they advise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from augury.analytics.answers import ModelAnswer
from augury.analytics.model import model_figures
from augury.analytics.overview import overview
from augury.models import display_name
from augury.recommend.catalogue import Catalogue

if TYPE_CHECKING:
    from augury.analytics.answers import Overview
    from augury.analytics.overview import OverviewRequest
    from augury.recommend.snapshot import Snapshot
    from augury.store.protocol import Store


def whole_overview(store: Store, snapshot: Snapshot, asked: OverviewRequest, *, sample: bool) -> Overview:
    """The figures that were asked for, and what the same calls advise.

    Args:
        store: what is asked.
        snapshot: recommenders over the same store.
        asked: the calls.
        sample: whether they are generated sample traffic.

    Raises:
        InvalidValue: the trend would have too many points.
    """
    answer = overview(store, asked, sample=sample)
    recommender = snapshot.of(asked.window, asked.filters)
    return replace(answer, best_by_task=recommender.best_by_task(), recommendations=recommender.insights())


def whole_model(store: Store, snapshot: Snapshot, model: str, asked: OverviewRequest, *, sample: bool) -> ModelAnswer:
    """The figures of one model, and what the calls of all models advise about it; likewise.

    Raises:
        NotFound: there is no call of the model, in no period.
        InvalidValue: the trend would have too many points.
    """
    found = model_figures(store, model, asked, sample=sample)
    figures = found.overview
    recommender = snapshot.of(asked.window, asked.filters)
    retires = Catalogue.bundled().retires(model)
    return ModelAnswer(
        model=model,
        display_name=display_name(model),
        provider=figures.by_provider[0].provider if figures.by_provider else "",
        period=figures.period,
        retires_on=None if retires is None else retires.isoformat(),
        summary=figures.summary,
        providers=figures.by_provider,
        by_task_type=figures.by_task_type,
        by_complexity=found.by_complexity,
        trends=figures.trends,
        failures=found.failures,
        best_for=[best for best in recommender.best_by_task() if best.model == model],
        recommendations=[said for said in recommender.insights() if model in (said.model, said.other)],
        sample=sample,
        notes=found.notes,
    )
