"""What a report says in words. All of it is plain text: whoever puts it into a document escapes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from augury.analytics.answers import InsightKind
from augury.core.scores import ENOUGH_CALLS
from augury.report.formatting import chance, count, decimal, duration, factor, money, percent, plural, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from augury.analytics.answers import Alternative, Insight, Measures, Overview, Recommendation
    from augury.store.protocol import Description

SAMPLE = "Sample traffic: generated, nobody's real calls."
NO_CALLS_YET = "No call has been recorded yet, so there is nothing to report."
WAYS_TO_BEGIN = (
    ("Record calls from Python: put augury.track around a call to a model, or POST them to a server.", "augury serve"),
    ("Bring a log: CSV, JSON Lines, or Parquet.", "augury import FILE"),
    ("Or look at it first with sample traffic.", "augury demo"),
)
"""What to do about an empty database, and the command for it."""
BALANCED = "Balanced between quality, speed, and cost, from these calls; recent ones weigh more."
WEIGHED = (
    "Models are compared at the same mix of tasks and complexities, and by calls weighed by age: counts are then of what "
    "those are worth."
)
COUNTED = "Figures count every call of the period that passes the filters. No prompts or answers are stored."


def summary(answer: Overview) -> list[str]:
    """The answer in a paragraph: a sentence each on calls, success, satisfaction, time, and cost."""
    whole = answer.summary
    if not whole.total_calls:
        return []
    few = " That is few: the figures may be luck." if whole.total_calls < ENOUGH_CALLS else ""
    models, providers = plural(len(answer.by_model), "model"), plural(len(answer.by_provider), "provider")
    return [
        f"{plural(whole.total_calls, 'call')} to {models} of {providers}.{few}",
        f"{percent(whole.success_rate)} succeeded.",
        _satisfaction(whole),
        f"{_times(whole)}; the average is {duration(whole.avg_response_time)}.",
        _cost(whole),
    ]


def _satisfaction(whole: Measures) -> str:
    rated = whole.thumbs_up + whole.thumbs_down
    if not rated:
        return "None was rated, so nothing is known of satisfaction."
    few = "; these are few" if rated < ENOUGH_CALLS else ""
    return f"Of {plural(rated, 'rated call')} {percent(whole.satisfaction_rate)} got a thumb up{few}."


def _times(whole: Measures) -> str:
    if whole.median_response_time is None or whole.p95_response_time is None:
        return "How long most of them took is no longer known"
    return f"Half took at most {duration(whole.median_response_time)}, 95 of 100 at most {duration(whole.p95_response_time)}"


def _cost(whole: Measures) -> str:
    if whole.total_cost is None:
        return "What they cost is not known: none has a known price."
    each = f"{money(whole.cost_per_call)} a call"
    success = "" if whole.cost_per_success is None else f", {money(whole.cost_per_success)} for each success"
    unpriced = f"; {plural(whole.unpriced_calls, 'call')} of unknown price not counted" if whole.unpriced_calls else ""
    return f"They cost {money(whole.total_cost)}: {each}{success}{unpriced}."


def only(filters: Mapping[str, str]) -> str | None:
    """Which calls are counted, where not all are."""
    said = [
        f"{words(name).lower()} {words(value) if name == 'task_type' else value}" for name, value in filters.items()
    ]
    return f"Only calls of {', '.join(said)}." if said else None


def elsewhere(held: Description) -> str:
    """Where the calls are of a database none of whose calls were asked for."""
    when = f", recorded from {held.first:%Y-%m-%d} to {held.last:%Y-%m-%d} (UTC)" if held.first and held.last else ""
    return f"The database holds {plural(held.calls, 'call')}{when}, but none in this period that passes these filters."


def command_for_all(held: Description) -> str | None:
    """The command that reports on every call that there is."""
    return f"augury report --from {held.first:%Y-%m-%d} --to {held.last:%Y-%m-%d}" if held.first and held.last else None


def alternative(other: Alternative) -> str:
    """A model that could be taken instead, and how likely it is the best."""
    return other.display_name + ("" if other.probability_best is None else f" ({chance(other.probability_best)})")


def how_sure(best: Recommendation) -> str:
    """How probable it is that no other is better; of the only candidate that would say nothing."""
    if best.probability_best is None:
        return "by rules"
    return chance(best.probability_best if best.alternatives else None)


class _Kind(NamedTuple):
    """How the evidence of a kind of insight is told."""

    value: Callable[[float], str]
    over: str  # of, or over, so many
    counted: str
    interval: Callable[[float, float], str]
    of_what: str | None = None  # the interval's, where it is not the value's


def _percents(low: float, high: float) -> str:
    return f"{percent(low)} to {percent(high)}"


def _durations(low: float, high: float) -> str:
    return f"{duration(low)} to {duration(high)}"


def _points(low: float, high: float) -> str:
    return f"{decimal(low)} to {decimal(high)} points"


def _factors(low: float, high: float) -> str:
    return f"{factor(low)} to {factor(high)}"


_KINDS = {
    InsightKind.FAILING: _Kind(percent, "of", "calls failed", _percents),
    InsightKind.LOW_SATISFACTION: _Kind(percent, "of", "ratings are thumbs up", _percents),
    InsightKind.SLOW_TASK: _Kind(duration, "on average over", "calls", _durations),
    InsightKind.MORE_SUCCESSFUL: _Kind(percent, "of", "calls succeeded", _points, "difference"),
    InsightKind.PREFERRED: _Kind(percent, "of", "ratings are thumbs up", _points, "difference"),
    InsightKind.FASTER: _Kind(duration, "over", "calls", _factors, "factor"),
    InsightKind.CHEAPER: _Kind(money, "a call over", "calls", _factors, "factor"),
}


def evidence(insight: Insight) -> str:
    """The figures behind an insight, as far as it has them."""
    kind, found = _KINDS[insight.kind], insight.evidence
    said = f"{kind.value(found['value'])} {kind.over} {count(found['calls'])} {kind.counted}"
    against = (
        f", against {kind.value(found['other_value'])} {kind.over} {count(found['other_calls'])}"
        if "other_value" in found and "other_calls" in found
        else ""
    )
    interval = (
        f" (95 % interval{f' of the {kind.of_what}' if kind.of_what else ''}: {kind.interval(found['low'], found['high'])})"
        if "low" in found and "high" in found
        else ""
    )
    return said + (against + interval if kind.of_what else interval + against)
