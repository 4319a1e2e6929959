"""A sentence that could be said, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass

from augury.analytics.answers import Insight, InsightKind
from augury.core.scores import wilson_interval

WARNINGS = frozenset({InsightKind.FAILING, InsightKind.LOW_SATISFACTION, InsightKind.SLOW_TASK})
"""The kinds that say that something goes badly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence that could be said: how likely it is by mere chance, whether it matters, and how much."""

    chance: float
    matters: bool
    first: tuple[float, ...]  # of those of one kind about the same calls the smallest is said
    impact: float  # on how many calls, times how much
    insight: Insight


def statement(
    kind: InsightKind,
    text: str,
    *,
    chance: float,
    matters: bool,
    impact: float,
    evidence: dict[str, float | int],
    first: tuple[float, ...] = (),
    task: str | None = None,
    model: str | None = None,
    other: str | None = None,
    complexity: str | None = None,
) -> Statement:
    """A statement; numbers that order it lose the noise of summing."""
    return Statement(
        chance=chance,
        matters=matters,
        first=tuple(_steady(one) for one in first),
        impact=_steady(impact),
        insight=Insight(
            kind=kind,
            severity="warning" if kind in WARNINGS else "good",
            text=text,
            task_type=task,
            model=model,
            other=other,
            complexity=complexity,
            evidence=evidence,
        ),
    )


def rate_evidence(part: float, whole: float) -> dict[str, float | int]:
    """What a share is worth: of how many calls, its percentage, and the 95 % interval of that."""
    low, high = wilson_interval(round(float(part)), round(float(whole)))
    return {
        "calls": round(float(whole)),
        "value": rounded(100.0 * float(part) / float(whole)),
        "low": rounded(100.0 * low),
        "high": rounded(100.0 * high),
    }


def rounded(value: float) -> float:
    """As evidence shows a figure."""
    return round(float(value), 2)


def _steady(value: float) -> float:
    """The value without the noise of summing in another order, so that equals stay equal."""
    return float(f"{value:.9g}")
