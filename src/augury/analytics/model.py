"""One model: how it performs by everything it is shown by, and how it fails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from augury.analytics.answers import ComplexityMeasures, Failures
from augury.analytics.costs import MAX_CALLS_READ, PRUNED, TOO_MANY_CALLS
from augury.analytics.overview import busiest, measure, overview_of
from augury.core.scores import percent
from augury.core.windows import EARLIEST, LATEST, Window
from augury.errors import NotFound
from augury.store.protocol import Dimension, Filters, Question

if TYPE_CHECKING:
    from augury.analytics.answers import Overview
    from augury.analytics.overview import OverviewRequest
    from augury.store.protocol import Reading, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFigures:
    """What is measured of one model: `overview` is of its calls alone."""

    overview: Overview
    by_complexity: list[ComplexityMeasures]
    failures: list[Failures] | None
    notes: list[str]


def model_figures(store: Store, model: str, request: OverviewRequest, *, sample: bool = False) -> ModelFigures:
    """Measure a model's calls of the period.

    Raises:
        NotFound: there is no call of the model, in no period.
        InvalidValue: the trend would have too many points.
    """
    filters = replace(request.filters, model=model)
    with store.reading() as now:
        whole = overview_of(now, replace(request, filters=filters), sample=sample)
        calls = whole.summary.total_calls
        if not calls and not _ever(now, model):
            raise NotFound(f'there is no call of a model "{model}"')
        asked = Question(window=request.window, filters=filters, by=(Dimension.COMPLEXITY,))
        complexities = measure(now.facts(asked), now.latencies(asked), Dimension.COMPLEXITY)
        notes = list(whole.notes)
        failures = None
        if calls > MAX_CALLS_READ:
            notes.append(TOO_MANY_CALLS.format(what="how calls fail"))
        else:
            failures = _failures(now.failures(request.window, filters))
            notes += [PRUNED.format(what="ways to fail")] if now.pruned(request.window) else []
    return ModelFigures(
        overview=whole,
        by_complexity=[ComplexityMeasures(complexity=name or None, **m) for (name,), m in busiest(complexities)],
        failures=failures,
        notes=notes,
    )


def _ever(now: Reading, model: str) -> bool:
    every = Question(window=Window(start=EARLIEST, end=LATEST), filters=Filters(model=model, operations=None))
    return len(now.facts(every).sums["calls"]) > 0


def _failures(found: dict[str, int]) -> list[Failures]:
    every = sum(found.values())
    return [
        Failures(error_type=name or None, calls=calls, share=percent(calls, every) or 0.0)
        for name, calls in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    ]
