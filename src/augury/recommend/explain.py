"""Why a model was chosen, in a sentence that a person can check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.core.tasks import Priority, TaskType
from augury.models.display import display_name

if TYPE_CHECKING:
    from augury.analytics.answers import Alternative, Metrics, Recommendation

_CLOSE = 0.6  # a probability below which the choice is called close
_SECOND_MS = 1_000
_MUCH = 1.15  # a factor that is worth saying


def task_name(task: str) -> str:
    """A task type as people say it: "function calling"."""
    return task.replace("_", " ") if task != TaskType.OTHER else "other tasks"


def by_data(
    task: str, priority: Priority, metrics: Metrics, alternatives: list[Alternative], probability: float
) -> str:
    """The reason for a choice by data."""
    parts = [f"{_claim(priority, task, metrics)}: {_proof(priority, metrics)}"]
    if not alternatives:
        parts.append("the only model with enough calls to judge")
    elif probability < _CLOSE:
        parts.append(
            f"close: {display_name(alternatives[0].model)} may be as good ({probability:.0%} that none is better)"
        )
    elif (second := alternatives[0]).metrics is not None:
        parts.append(_against(priority, metrics, second.metrics, display_name(second.model)))
    if metrics.rated == 0 and priority in (Priority.QUALITY, Priority.BALANCED):
        parts.append("nothing rated yet, so success decides")
    return "; ".join(part for part in parts if part)


def by_rules(selected: str, task: str, calls: int, most: int, enough: int) -> str:
    """The reason for a choice by rules, and what is missing for one by data.

    Args:
        selected: the rules' own reason.
        task: the task type.
        calls: how many calls there are of it.
        most: the most calls that count of any model that may be chosen.
        enough: how many would do.
    """
    if calls == 0:
        missing = f"no calls on {task_name(task)} yet"
    elif most >= enough:
        missing = f"no model with enough data on {task_name(task)} has succeeded, is current, and fits"
    else:
        missing = (
            f"not enough data on {task_name(task)} yet: {most} of {enough} calls that say something about their model"
        )
    return f"{missing}; {selected}"


def _claim(priority: Priority, task: str, metrics: Metrics) -> str:
    name = task_name(task)
    match priority:
        case Priority.SPEED:
            return f"fastest for {name}"
        case Priority.QUALITY:
            return f"highest success and satisfaction for {name}"
        case Priority.COST:
            return (
                f"cheapest per useful answer for {name}"
                if metrics.estimated_cost_per_answer is not None
                else f"fewest tokens per useful answer for {name}, as no prices are known"
            )
        case Priority.BALANCED:
            return f"best overall performance for {name} (quality score: {metrics.quality_score:.0f})"


def _proof(priority: Priority, metrics: Metrics) -> str:
    rated = (
        "" if metrics.satisfaction_rate is None else f", {metrics.satisfaction_rate:.0f}% of {metrics.rated} ratings up"
    )
    over = f"{metrics.success_rate:.0f}% of {metrics.sample_size:,} calls succeeded"
    match priority:
        case Priority.SPEED:
            return f"{_seconds(metrics.estimated_time_to_answer)} to a useful answer; {over}"
        case Priority.COST if metrics.estimated_cost_per_answer:
            return f"{_dollars(metrics.estimated_cost_per_answer)} each; {over}"
        case _:
            return f"{over}{rated}, {_seconds(metrics.avg_response_time)} on average"


def _against(priority: Priority, own: Metrics, other: Metrics, name: str) -> str:
    """What sets it apart from the next best, where that is worth a word."""
    if priority is Priority.SPEED:
        factor = other.estimated_time_to_answer / max(own.estimated_time_to_answer, 1e-9)
        return f"{factor:.1f}x faster than {name}" if factor >= _MUCH else ""
    if priority is Priority.COST and own.estimated_cost_per_answer and other.estimated_cost_per_answer:
        factor = other.estimated_cost_per_answer / own.estimated_cost_per_answer
        return f"{name} costs {factor:.1f}x as much" if factor >= _MUCH else ""
    return f"next best: {name}"


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / _SECOND_MS:.1f}s" if milliseconds >= _SECOND_MS else f"{milliseconds:.0f}ms"


def _dollars(amount: float) -> str:
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.2g}"


def describe(recommendation: Recommendation) -> str:
    """The recommendation in one line, for a terminal."""
    sure = f"{recommendation.probability_best:.0%} sure" if recommendation.probability_best is not None else "by rules"
    return f"{recommendation.display_name} ({sure}): {recommendation.reason}"
