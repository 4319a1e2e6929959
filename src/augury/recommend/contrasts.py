"""Why a model is not chosen although its raw figures look better: said with the figures that are compared.

The table beside a reason shows raw figures over all calls; ranking leaves out calls that say nothing of their model, lets
recent ones count more, and compares at the same mix of complexities. Where that turns two models round, the reason says
which of these did it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.core.tasks import Priority
from augury.recommend.phrases import counted, level_name, percent, seconds

if TYPE_CHECKING:
    from augury.recommend.standing import Asked, Standing

_POINTS = 0.5  # a difference that whole percents can hide
_FEW = 0.5  # so much fewer calls are few beside the other's
_FEW_RATINGS = 20
_FAILS_MORE = 3.0  # points
_NEARLY = 1.5  # a factor within which failures explain most of a time
_LESS_TIME = 0.97  # a time that is shown as shorter, and is


def contrasts(asked: Asked, best: Standing, others: list[Standing], rival: Standing | None) -> list[str]:
    """A clause for each model whose raw figures speak against the choice, the strongest first.

    Args:
        asked: what the choice is for.
        best: the choice.
        others: all the other candidates.
        rival: one of them of whom the reason speaks anyway.
    """
    others = [other for other in others if other is not rival]
    found = [(_advantage(asked.priority, best, other), other) for other in others]
    against = sorted((pair for pair in found if pair[0] > 0), key=lambda pair: -pair[0])
    said = [_why(asked, best, other) for _, other in against]
    return [clause for clause in said if clause]


def is_few(best: Standing, other: Standing) -> bool:
    """Whether the other model has few calls beside the best."""
    return other.counted <= _FEW * best.counted


def _advantage(priority: Priority, best: Standing, other: Standing) -> float:
    """By how much the other looks better in the raw figures that this priority is about; 0 where it does not."""
    own, its = best.metrics, other.metrics
    match priority:
        case Priority.SPEED:
            shorter = its.avg_response_time < _LESS_TIME * own.avg_response_time
            return 1.0 - its.avg_response_time / own.avg_response_time if shorter else 0.0
        case Priority.COST:  # what is shown of costs are the estimates themselves
            return 0.0
        case _:
            more = _visibly_more(its.success_rate, own.success_rate)
            if priority is Priority.BALANCED or its.satisfaction_rate is None or own.satisfaction_rate is None:
                return max(0.0, more)
            liked = _visibly_more(its.satisfaction_rate, own.satisfaction_rate)
            return max(0.0, more + liked, liked if liked > 0 and more >= 0 else 0.0)


def _visibly_more(rate: float, other: float) -> float:
    """By how much the one rate is more in whole percents; 0 where only rounding makes the difference."""
    return float(round(rate) - round(other)) if abs(rate - other) >= _POINTS else 0.0


def _why(asked: Asked, best: Standing, other: Standing) -> str:
    if asked.priority is Priority.SPEED:
        return _why_slower(asked, best, other)
    own, its = best.metrics, other.metrics
    if round(its.success_rate) > round(own.success_rate):
        if its.estimated_success_rate <= own.estimated_success_rate:
            return _why_fails_more(asked, best, other)
        if asked.priority is Priority.BALANCED:  # what it gives up is said elsewhere
            return ""
    return _why_liked_less(best, other)


def _why_fails_more(asked: Asked, best: Standing, other: Standing) -> str:
    expected, its = percent(best.metrics.estimated_success_rate), percent(other.metrics.estimated_success_rate)
    if best.counted_rate >= other.counted_rate:
        against = f"against {percent(other.counted_rate)} of {other.counted:,} for {other.name}"
        return against if best.tells_counted else f"of calls that count {percent(best.counted_rate)}, {against}"
    if asked.complexity is not None:
        return f"{other.name} is expected to succeed on {its} of {level_name(asked.complexity)}"
    if best.lately > other.lately:
        return f"lately {percent(best.lately)}, against {percent(other.lately)} for {other.name}"
    if is_few(best, other) and best.counted_rate >= other.metrics.estimated_success_rate:
        return f"{other.name} has {percent(other.counted_rate)}, but of only {counted(other.counted, 'call')}"
    if expected == its:
        return ""
    return f"at the same mix of complexities {expected}, against {its} for {other.name}"


def _why_liked_less(best: Standing, other: Standing) -> str:
    own, its = best.metrics, other.metrics
    if its.satisfaction_rate is not None and own.satisfaction_rate is not None:
        liked_more = round(its.satisfaction_rate) > round(own.satisfaction_rate)
        if liked_more and its.rated < _FEW_RATINGS and its.rated <= _FEW * own.rated:
            return f"{other.name} has {percent(its.satisfaction_rate)} of ratings up, but of only {its.rated}"
    if own.estimated_satisfaction_rate is None or its.estimated_satisfaction_rate is None:
        return ""
    if its.rated == 0:
        return f"{other.name} has {percent(its.success_rate)} success, but nobody has rated it yet"
    return (
        f"expected are {percent(own.estimated_success_rate)} success and {percent(own.estimated_satisfaction_rate)} "
        f"satisfaction, against {percent(its.estimated_success_rate)} and "
        f"{percent(its.estimated_satisfaction_rate)} for {other.name}"
    )


def _why_slower(asked: Asked, best: Standing, other: Standing) -> str:
    its = other.metrics
    a_call, useful = seconds(its.avg_response_time), seconds(its.estimated_time_to_answer)
    if its.estimated_time_to_answer < best.metrics.estimated_time_to_answer:
        return ""  # then the reason does not call the choice the fastest
    if asked.complexity is not None:
        return f"{other.name} averages {a_call}, but on {level_name(asked.complexity)} it needs {useful}"
    by_failures = its.avg_response_time * 100.0 / max(other.counted_rate, 1.0)
    if other.counted_rate < best.counted_rate - _FAILS_MORE and its.estimated_time_to_answer <= _NEARLY * by_failures:
        return (
            f"{other.name} takes {a_call} a call, but only {percent(other.counted_rate)} of them succeed: "
            f"{useful} to a useful answer"
        )
    if best.lately_ms < other.lately_ms:
        return f"lately {seconds(best.lately_ms)} a call, against {seconds(other.lately_ms)} for {other.name}"
    if is_few(best, other):
        return f"{other.name} averages {a_call}, but over only {counted(other.counted, 'call')}"
    return f"{other.name} averages {a_call}, but at the same mix of complexities it needs {useful}"
