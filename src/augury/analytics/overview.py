"""The whole answer of `GET /api/analytics/models`, from one cube of facts and a few histograms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from augury.analytics.answers import (
    GroupedOverview,
    Measures,
    ModelMeasures,
    Overview,
    Period,
    Point,
    ProviderMeasures,
    TaskMeasures,
)
from augury.analytics.tally import grouped, histograms, measured, nothing
from augury.core.windows import Interval
from augury.errors import InvalidValue
from augury.models.display import display_name
from augury.store.protocol import Dimension, Filters, Question

if TYPE_CHECKING:
    from augury.analytics.tally import Key, Measured
    from augury.core.windows import Steps, Window
    from augury.store.protocol import Facts, Latencies, Store

MAX_POINTS = 50_000
"""The most points of a trend that is split by groups."""

MODEL, PROVIDER, TASK_TYPE, STEP = Dimension.MODEL, Dimension.PROVIDER, Dimension.TASK_TYPE, Dimension.STEP


class GroupBy(StrEnum):
    """What an overview may be grouped by."""

    MODEL = "model"
    TASK_TYPE = "task_type"
    PROVIDER = "provider"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewRequest:
    """What is asked: calls of a window that pass the filters, trends cut by the interval."""

    window: Window
    interval: Interval | None = None  # None: days, or weeks where days would be too many points
    filters: Filters = field(default_factory=Filters)
    group_by: GroupBy | None = None


_ROUNDED = (
    "Calls older than the oldest kept day are known by the hour, their percentiles by the UTC day: where this period or its "
    "steps cut one, they count where most of it lies, and a step's percentiles are left out."
)


def overview(store: Store, request: OverviewRequest, *, sample: bool = False) -> Overview:
    """Measure the calls that were asked for, by everything they are shown by.

    Raises:
        InvalidValue: the trend would have too many points.
    """
    split = Dimension(request.group_by) if request.group_by not in (None, GroupBy.TIME) else None
    steps = request.window.steps(request.interval or Interval.DAY)
    with store.reading() as now:
        facts = now.facts(_question(request, steps, MODEL, PROVIDER, TASK_TYPE, STEP))
        if request.interval is None and split and len(set(facts.keys[split])) * len(steps.labels) > MAX_POINTS:
            return overview(store, replace(request, interval=Interval.WEEK), sample=sample)
        by_step = (STEP,) if split is None else (STEP, split)
        served = now.latencies(_question(request, steps, MODEL, PROVIDER))
        models = _by_model(facts, served)
        tasks = _measure(facts, now.latencies(_question(request, steps, TASK_TYPE)), TASK_TYPE)
        points = now.latencies(_question(request, steps, *by_step))
        trends = _trends(request, steps, facts, points, split)
    answer: dict[str, Any] = {
        "period": Period(
            from_=request.window.start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            to=request.window.end.strftime("%Y-%m-%dT%H:%M:%SZ"),
            timezone=str(request.window.zone),
            interval=str(request.interval or Interval.DAY),
        ),
        "summary": Measures(**models.whole),
        "by_model": models.by_model,
        "by_task_type": [TaskMeasures(task_type=name, **m) for (name,), m in _busiest(tasks)],
        "by_provider": models.by_provider,
        "trends": trends,
        "recommendations": [],
        "best_by_task": [],
        "sample": sample,
        "notes": [_ROUNDED] if facts.rounded or served.rounded or points.rounded else [],
    }
    match request.group_by:
        case None:
            return Overview(**answer)
        case GroupBy.MODEL:
            return GroupedOverview(**answer, groups=answer["by_model"])
        case GroupBy.TASK_TYPE:
            return GroupedOverview(**answer, groups=answer["by_task_type"])
        case GroupBy.PROVIDER:
            return GroupedOverview(**answer, groups=answer["by_provider"])
        case GroupBy.TIME:
            return GroupedOverview(**answer, groups=trends)


def _question(request: OverviewRequest, steps: Steps, *by: Dimension) -> Question:
    return Question(window=request.window, filters=request.filters, by=by, steps=steps)


def _measure(facts: Facts, latencies: Latencies, *by: Dimension) -> dict[Key, Measured]:
    """The measures of every group that has calls."""
    shapes = histograms(latencies, by)
    found: dict[Key, Measured] = {}
    for key, group in grouped(facts, by).items():
        shape = shapes.get(key)
        if shape is not None and STEP in by and int(shape[1].sum()) != group["calls"]:
            shape = None  # of a part of its calls the rows are gone, and how long they took is known by the day alone
        found[key] = measured(group, shape)
    return found


@dataclass(frozen=True, slots=True)
class _Models:
    whole: Measured
    by_model: list[ModelMeasures]
    by_provider: list[ProviderMeasures]


def _by_model(facts: Facts, latencies: Latencies) -> _Models:
    """Models, providers, and the whole, all from one histogram by model and provider."""

    def measures(*by: Dimension) -> dict[Key, Measured]:
        return _measure(facts, latencies, *by)

    pairs = _busiest(measures(MODEL, PROVIDER))
    by_model = []
    for (model,), own in _busiest(measures(MODEL)):
        served = [ProviderMeasures(provider=provider, **m) for (name, provider), m in pairs if name == model]
        name = display_name(model)
        by_model.append(
            ModelMeasures(model=model, display_name=name, provider=served[0].provider, providers=served, **own)
        )
    by_provider = [ProviderMeasures(provider=name, **m) for (name,), m in _busiest(measures(PROVIDER))]
    return _Models(measures().get((), nothing()), by_model, by_provider)


def _trends(
    request: OverviewRequest, steps: Steps, facts: Facts, latencies: Latencies, split: Dimension | None
) -> list[Point]:
    """A point for every step of the window, and for every group where trends are split; empty ones too."""
    by = (STEP,) if split is None else (STEP, split)
    found = _measure(facts, latencies, *by)
    if split is None:
        return [Point(date=label, **found.get((steps.first + i,), nothing())) for i, label in enumerate(steps.labels)]
    calls = {key: group["calls"] for key, group in grouped(facts, (split,)).items()}
    names = [name for (name,), _ in sorted(calls.items(), key=lambda item: (-item[1], item[0]))]
    if len(names) * len(steps.labels) > MAX_POINTS:
        raise InvalidValue(
            "interval",
            f"at most {MAX_POINTS} points, and {len(names)} groups have {len(steps.labels)} each; "
            "take a shorter period, longer steps, or a filter",
            request.interval,
        )
    return [
        Point(date=label, **{str(split): name}, **found.get((steps.first + i, name), nothing()))
        for name in names
        for i, label in enumerate(steps.labels)
    ]


def _busiest(groups: dict[Key, Any]) -> list[tuple[Key, Any]]:
    """The groups, those with most calls first, then by name."""
    return sorted(groups.items(), key=lambda item: (-item[1]["total_calls"], item[0]))
