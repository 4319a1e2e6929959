"""Which model is best for a priority, and how sure that is. Pure: estimates in, an order out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from augury.core.tasks import Priority

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augury.recommend.statistics import Draws, Estimates

_CAUTION = 0.2  # models are ranked by this quantile: of two equals the better known one comes first
_HALF_AS_FAST = 25.0  # points that twice the time, or the price, costs in a balance


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A candidate: its position among the task's models, and what is believed of it.

    Attributes:
        place: the position.
        probability_best: that no other candidate is better.
        success_rate, satisfaction_rate: shrunk estimates, percent.
        milliseconds: per useful answer.
        dollars: per useful answer; None where no price is known.
    """

    place: int
    probability_best: float
    success_rate: float
    satisfaction_rate: float | None
    milliseconds: float
    dollars: float | None


def rank(estimates: Estimates, candidates: list[int], priority: Priority) -> list[Ranked]:
    """The candidates, the best first.

    Args:
        estimates: of every model of the task.
        candidates: the positions of those that may be chosen.
        priority: what matters.
    """
    utility = _utility(estimates, candidates, priority)
    best = np.bincount(utility.argmax(axis=1), minlength=len(candidates)) / len(utility)
    cautious = _utility(_of_known_taste(estimates), candidates, priority)
    order = np.argsort(-np.quantile(cautious, _CAUTION, axis=0), kind="stable")
    return [
        Ranked(
            place=candidates[at],
            probability_best=float(best[at]),
            success_rate=100.0 * _mean(estimates.success, candidates[at]),
            satisfaction_rate=(
                None if estimates.satisfaction is None else 100.0 * _mean(estimates.satisfaction, candidates[at])
            ),
            milliseconds=_middle(estimates.milliseconds, candidates[at]),
            dollars=None if estimates.dollars is None else _middle(estimates.dollars, candidates[at]),
        )
        for at in order.tolist()
    ]


def _of_known_taste(estimates: Estimates) -> Estimates:
    """The same with satisfaction at its mean: a model that few have rated is not to be passed over for that."""
    if estimates.satisfaction is None:
        return estimates
    return replace(
        estimates, satisfaction=np.broadcast_to(estimates.satisfaction.mean(axis=0), estimates.success.shape)
    )


def _utility(estimates: Estimates, candidates: list[int], priority: Priority) -> Draws:
    """How good each candidate is in each draw; more is better, the scale is the priority's own."""
    success = estimates.success[:, candidates]
    quality = success if estimates.satisfaction is None else (success + estimates.satisfaction[:, candidates]) / 2.0
    slowness = np.log2(estimates.milliseconds[:, candidates])
    paid = estimates.tokens if estimates.dollars is None else estimates.dollars
    expense = np.log2(paid[:, candidates] + 1e-12)
    match priority:
        case Priority.SPEED:
            return -slowness
        case Priority.COST:
            return -expense
        case Priority.QUALITY:
            return quality
        case Priority.BALANCED:
            return 0.7 * 100.0 * quality + 0.15 * _points(slowness) + 0.15 * _points(expense)


def _points(doublings: Draws) -> Draws:
    """0-100, 50 for the middle candidate; twice the time, or the price, costs a quarter of the scale."""
    middle = np.median(doublings, axis=1, keepdims=True)
    return np.clip(50.0 - _HALF_AS_FAST * (doublings - middle), 0.0, 100.0)


def _mean(draws: NDArray[np.float64], place: int) -> float:
    return float(draws[:, place].mean())


def _middle(draws: NDArray[np.float64], place: int) -> float:
    return float(np.median(draws[:, place]))
