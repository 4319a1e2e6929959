"""Bar charts of models side by side: what each bar stands for, before it is drawn in HTML or in text.

Lengths are percent of the chart's width. Every chart begins at zero, and ends at 100 % or with its largest value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from augury.core.scores import ENOUGH_CALLS, wilson_interval
from augury.report.formatting import count, duration, money, percent, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from augury.analytics.answers import ModelMeasures

MOST = 12
"""Models that a chart shows; of more, those with most calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One model's bar; without a length where its figure is not known.

    Attributes:
        name: the model, as people write it.
        figure: what stands beside the bar.
        told: the bar in words, for who does not see it.
        length: of the bar.
        reach: of a fainter bar behind it.
        interval: from where to where its end could lie by chance, at 95 %.
        few: whether that is a figure of so few calls, or ratings, that it may be luck.
    """

    name: str
    figure: str
    told: str
    length: float | None
    reach: float | None = None
    interval: tuple[float, float] | None = None
    few: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """A chart, with a remark on how to read it."""

    name: str
    remark: str
    bars: tuple[Bar, ...]

    @property
    def drawn(self) -> bool:
        """Whether any of its figures is known."""
        return any(bar.length is not None for bar in self.bars)


def charts(models: Sequence[ModelMeasures]) -> tuple[BarChart, ...]:
    """What can be drawn by model, those with most calls first: response time, success, satisfaction, and cost."""
    return tuple(chart for chart in _all(models[:MOST]) if chart.drawn)


def not_known(models: Sequence[ModelMeasures]) -> str | None:
    """Why there are fewer charts than there could be."""
    missing = [chart.name.lower() for chart in _all(models[:MOST]) if not chart.drawn]
    return f"Not drawn, since nothing is known of it: {', '.join(missing)}." if missing else None


def _all(shown: Sequence[ModelMeasures]) -> tuple[BarChart, ...]:
    return (
        _response_time(shown),
        _rate("Success rate", "calls", shown, _succeeded),
        _rate("Satisfaction", "ratings", shown, _liked),
        _cost("Cost", "in total", shown, lambda model: model.total_cost),
        _cost("Cost of a success", "failures included", shown, lambda model: model.cost_per_success),
    )


def left_out(models: Sequence[ModelMeasures]) -> int:
    """How many models have no bars."""
    return max(len(models) - MOST, 0)


def _response_time(models: Sequence[ModelMeasures]) -> BarChart:
    top = max((model.p95_response_time or 0.0 for model in models), default=0.0)

    def bar(model: ModelMeasures) -> Bar:
        median, p95 = duration(model.median_response_time), duration(model.p95_response_time)
        return Bar(
            name=model.display_name,
            figure=f"{median} · {p95}",
            told=f"median {median}, p95 {p95}",
            length=_part(model.median_response_time, top),
            reach=_part(model.p95_response_time, top),
            few=model.total_calls < ENOUGH_CALLS,
        )

    return BarChart(name="Response time", remark="median, and behind it p95", bars=tuple(map(bar, models)))


def _rate(
    name: str, counted: str, models: Sequence[ModelMeasures], told: Callable[[ModelMeasures], tuple[int, int]]
) -> BarChart:
    """A chart of shares; `told` says of how many of how many."""

    def bar(model: ModelMeasures) -> Bar:
        part, whole = told(model)
        if not whole:
            return Bar(name=model.display_name, figure=f"no {counted}", told=f"no {counted}", length=None)
        rate = 100.0 * part / whole
        low, high = wilson_interval(part, whole)
        return Bar(
            name=model.display_name,
            figure=f"{percent(rate)} of {count(whole)}",
            told=f"{percent(rate)} of {count(whole)} {counted}, 95 % interval {percent(100 * low)} to {percent(100 * high)}",
            length=rate,
            interval=(100.0 * low, 100.0 * high),
            few=whole < ENOUGH_CALLS,
        )

    return BarChart(name=name, remark=f"of all {counted}", bars=tuple(map(bar, models)))


def _succeeded(model: ModelMeasures) -> tuple[int, int]:
    return round((model.success_rate or 0.0) * model.total_calls / 100.0), model.total_calls


def _liked(model: ModelMeasures) -> tuple[int, int]:
    return model.thumbs_up, model.thumbs_up + model.thumbs_down


def _cost(
    name: str, remark: str, models: Sequence[ModelMeasures], told: Callable[[ModelMeasures], Decimal | float | None]
) -> BarChart:
    costs = [None if (cost := told(model)) is None else float(cost) for model in models]
    top = max((cost for cost in costs if cost is not None), default=0.0)

    def bar(model: ModelMeasures, cost: float | None) -> Bar:
        unpriced = f"{plural(model.unpriced_calls, 'call')} of unknown price" if model.unpriced_calls else ""
        said = "no price known" if cost is None else money(cost)
        return Bar(
            name=model.display_name,
            figure=said,
            told=f"{said}, {unpriced}" if unpriced and cost is not None else said,
            length=_part(cost, top),
            few=model.total_calls < ENOUGH_CALLS,
        )

    return BarChart(name=name, remark=remark, bars=tuple(map(bar, models, costs)))


def _part(value: float | None, top: float) -> float | None:
    """The value in percent of the top."""
    return None if value is None else 100.0 * value / top if top else 0.0
