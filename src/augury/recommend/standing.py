"""What a reason may say of each candidate: what was seen of it, what is expected of it, and on how much that rests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from augury.models.display import display_name
from augury.recommend.evidence import STRATA

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from augury.analytics.answers import Metrics
    from augury.core.tasks import Complexity, Priority, TaskType
    from augury.recommend.evidence import TaskEvidence
    from augury.recommend.ranking import Ranked

_THIN = 3.0  # fewer calls of a complexity than this say next to nothing about it
_POINT = 1.0  # of percent
_COVERED = 0.75  # of the mix; what rests on less is not worth a factor


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a recommendation is about."""

    task: TaskType
    priority: Priority
    complexity: Complexity | None  # None: the mix that the task comes in


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A candidate, as a reason may speak of it.

    Attributes:
        name: as it is shown.
        probability: that no other candidate is better.
        metrics: the raw figures, and the estimates beside them.
        counted: how many calls say something about the model.
        succeeded: how many of them succeeded.
        lately: the share of these, percent, recent calls weighing more; at the model's own mix of complexities.
        lately_ms: likewise the time of a call.
        tokens: of all its calls for each success, recent ones weighing more.
        solid: whether its estimates rest on calls of what was asked, rather than on what is usual.
        seen: the complexities that it has enough calls of to say something about them, as named in STRATA.
    """

    name: str
    probability: float
    metrics: Metrics
    counted: int
    succeeded: int
    lately: float
    lately_ms: float
    tokens: float
    solid: bool
    seen: frozenset[str] = frozenset()

    @property
    def counted_rate(self) -> float:
        """The share of calls that count which succeeded, percent."""
        return 100.0 * self.succeeded / self.counted

    @property
    def excused(self) -> int:
        """How many calls failed through no fault of the model."""
        return self.metrics.sample_size - self.counted

    @property
    def tells_counted(self) -> bool:
        """Whether these make a difference that is worth a word."""
        return self.counted_rate - self.metrics.success_rate >= _POINT


def standing(task: TaskEvidence, one: Ranked, metrics: Metrics, *, stratum: int | None, enough: int) -> Standing:
    """The standing of one candidate; `stratum` is the complexity asked for, as a position in STRATA."""
    return Standing(
        name=display_name(task.models[one.place]),
        probability=one.probability_best,
        metrics=metrics,
        counted=int(task.raw["evidence_calls"][one.place]),
        succeeded=int(task.raw["successes"][one.place]),
        lately=lately(task, one.place),
        lately_ms=_per_call(task, one.place, "evidence_ms_sum"),
        tokens=_per(task, one.place, "tokens_sum", "successes"),
        solid=_solid(task, one.place, stratum, enough),
        seen=_seen(task, one.place),
    )


def lately(task: TaskEvidence, place: int) -> float:
    """The success rate of a model's calls that count, recent ones weighing more, percent."""
    return 100.0 * _per_call(task, place, "successes")


def _per_call(task: TaskEvidence, place: int, name: str) -> float:
    return _per(task, place, name, "evidence_calls")


def _per(task: TaskEvidence, place: int, name: str, what: str) -> float:
    of = float(task.weighted[what][place].sum())
    return float(task.weighted[name][place].sum()) / of if of > 0 else 0.0


def _seen(task: TaskEvidence, place: int) -> frozenset[str]:
    worth = task.worth("evidence_calls")[place]
    return frozenset(name for name, calls in zip(STRATA, worth.tolist(), strict=True) if calls >= _THIN)


def _solid(task: TaskEvidence, place: int, stratum: int | None, enough: int) -> bool:
    worth: NDArray[np.float64] = task.worth("evidence_calls")[place]
    if stratum is not None:
        return bool(worth[stratum] >= enough)
    mix = task.weighted["evidence_calls"].sum(axis=0)
    return bool(mix[worth >= _THIN].sum() >= _COVERED * mix.sum())
