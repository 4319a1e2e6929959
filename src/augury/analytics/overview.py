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
from augury.analytics.comparing import cells, previous
from augury.analytics.tally import grouped, histograms, measured, nothing
from augury.analytics.trends import points, too_many
from augury.core.windows import Interval, utc_text
from augury.models.display import display_name
from augury.store.protocol import Dimension, Filters, Question

if TYPE_CHECKING:
    from datetime import datetime

    from augury.analytics.tally import Key, Measured
    from augury.core.windows import Steps, Window
    from augury.store.protocol import Facts, Latencies, Reading, Store

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
    compared_at: datetime | None = None  # now, where the time before is asked for too


ROUNDED = (
    "Calls older than the oldest kept day are known by the hour, their percentiles by the UTC day: where this period or its "
    "steps cut one, they count where most of it lies, and a step's percentiles are left out."
)


def overview(store: Store, request: OverviewRequest, *, sample: bool = False) -> Overview:
    """Measure the calls that were asked for, by everything they are shown by.

    Raises:
        InvalidValue: the trend would have too many points.
    """
    with store.reading() as now:
        return overview_of(now, request, sample=sample)


def overview_of(now: Reading, request: OverviewRequest, *, sample: bool = False) -> Overview:
    """The same, of one moment.

    Raises:
        InvalidValue: the trend would have too many points.
    """
    split = split_of(request)
    steps = request.window.steps(request.interval or Interval.DAY)
    facts = now.facts(_question(request, steps, MODEL, PROVIDER, TASK_TYPE, STEP))
    if request.interval is None and too_many(facts, steps, split):
        return overview_of(now, replace(request, interval=Interval.WEEK), sample=sample)
    if split is MODEL:  # one histogram tells both, and is read once
        served = timed = now.latencies(_question(request, steps, MODEL, PROVIDER, STEP))
    else:
        served = now.latencies(_question(request, steps, MODEL, PROVIDER))
        timed = now.latencies(_question(request, steps, *((STEP,) if split is None else (STEP, split))))
    models = _by_model(facts, served)
    tasks = measure(facts, now.latencies(_question(request, steps, TASK_TYPE)), TASK_TYPE)
    trends = _trends(request, steps, facts, timed, split)
    earlier = request.window.before(request.compared_at) if request.compared_at else None
    before = previous(now, earlier, request.filters, facts)
    answer: dict[str, Any] = {
        "period": period_of(request),
        "summary": Measures(**models.whole),
        "by_model": models.by_model,
        "by_task_type": [TaskMeasures(task_type=name, **m) for (name,), m in busiest(tasks)],
        "by_provider": models.by_provider,
        "by_model_and_task_type": cells(facts),
        "previous": before,
        "trends": trends,
        "recommendations": [],
        "best_by_task": [],
        "sample": sample,
        "notes": [ROUNDED] if facts.rounded or served.rounded or timed.rounded else [],
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


def split_of(request: OverviewRequest) -> Dimension | None:
    """What trends are split by."""
    return Dimension(request.group_by) if request.group_by not in (None, GroupBy.TIME) else None


def period_of(request: OverviewRequest) -> Period:
    """The window, as answers tell it."""
    return Period(
        from_=utc_text(request.window.start),
        to=utc_text(request.window.end),
        timezone=str(request.window.zone),
        interval=str(request.interval or Interval.DAY),
    )


def _question(request: OverviewRequest, steps: Steps, *by: Dimension) -> Question:
    return Question(window=request.window, filters=request.filters, by=by, steps=steps)


def measure(facts: Facts, latencies: Latencies, *by: Dimension) -> dict[Key, Measured]:
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
        return measure(facts, latencies, *by)

    pairs = busiest(measures(MODEL, PROVIDER))
    by_model = []
    for (model,), own in busiest(measures(MODEL)):
        served = [ProviderMeasures(provider=provider, **m) for (name, provider), m in pairs if name == model]
        name = display_name(model)
        by_model.append(
            ModelMeasures(model=model, display_name=name, provider=served[0].provider, providers=served, **own)
        )
    by_provider = [ProviderMeasures(provider=name, **m) for (name,), m in busiest(measures(PROVIDER))]
    return _Models(measures().get((), nothing()), by_model, by_provider)


def _trends(
    request: OverviewRequest, steps: Steps, facts: Facts, latencies: Latencies, split: Dimension | None
) -> list[Point]:
    """A point for every step of the window, and for every group where trends are split; empty ones too."""
    found = measure(facts, latencies, *((STEP,) if split is None else (STEP, split)))
    calls = {key: group["calls"] for key, group in grouped(facts, (split,)).items()} if split else {}
    return [
        Point(**fields, **found.get(key, nothing())) for key, fields in points(steps, split, calls, request.interval)
    ]


def busiest(groups: dict[Key, Any]) -> list[tuple[Key, Any]]:
    """The groups, those with most calls first, then by name."""
    return sorted(groups.items(), key=lambda item: (-item[1]["total_calls"], item[0]))
