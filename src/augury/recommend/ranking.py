"""Which model is best for a priority, and how sure that is. Pure: estimates in, an order out.

How sure: the share of draws in which no other candidate is better. That is a matter of belief, and calibrated.

Which: the highest mean of the priority's measure, less a margin of doubt. What is best on average over all that may be true
is the best choice once; but it is taken again and again, and who tries eight models five times each will nearly always
find one that looks better than a model that is truly as good and was tried five hundred times. So a model that is known
far less than the best known candidate has to be better by so many standard deviations of what is believed of it (a lower
confidence bound); the margin shrinks with its calls, to nothing where nobody is known better. The figures were chosen so
that in worlds where such models are all alike, one of a single, three, or eight lucky ones is chosen in less than 5, 10,
or 20 of 100 (`python -m benchmarks calibration`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augury.core.tasks import Priority

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augury.recommend.statistics import Draws, Estimates

    Floats = NDArray[np.float64]

_MARGIN = 1.5  # standard deviations by which a model of which next to nothing is known has to be better
_LITTLE = 0.03  # of the calls of the best known candidate: at so few the margin is half
_FREE = 1e-12  # dollars; less is nothing
_BEYOND = 1e3  # farther than any doublings go
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
    success = estimates.success[:, candidates]
    liked = None if estimates.satisfaction is None else estimates.satisfaction[:, candidates]
    rest = _rest(estimates, candidates, priority)
    utility = _utility(success, liked, rest, priority)
    best = np.bincount(utility.argmax(axis=1), minlength=len(candidates)) / len(utility)
    if liked is not None:
        credit = _credit(liked, estimates.ratings[candidates], estimates.unrated)
        utility = _utility(success, credit, rest, priority)
    order = np.argsort(-_bound(utility, estimates.calls[candidates]), kind="stable")
    return [
        Ranked(
            place=candidates[at],
            probability_best=float(best[at]),
            success_rate=100.0 * float(success[:, at].mean()),
            satisfaction_rate=None if liked is None else 100.0 * float(liked[:, at].mean()),
            milliseconds=_middle(estimates.milliseconds[:, candidates[at]]),
            dollars=_known(estimates.dollars, candidates[at]),
        )
        for at in order.tolist()
    ]


def _bound(draws: Draws, known: Floats) -> Floats:
    """The mean of each column less its margin: the less is known of it, beside the best known, the larger."""
    little = _LITTLE * known.max()
    margin = np.divide(little, little + known, out=np.ones_like(known), where=little + known > 0)
    bound: Floats = draws.mean(axis=0) - _MARGIN * margin * draws.std(axis=0)
    return bound


def _credit(liked: Draws, ratings: Floats, unrated: float) -> Floats:
    """What satisfaction each is credited with.

    A good opinion of few counts as far as it is beyond doubt; but none counts for less than what is believed of a model
    that nobody has rated, and a bad one for what it is: a model that few have rated is not to be passed over for that.
    """
    mean: Floats = liked.mean(axis=0)
    return np.minimum(mean, np.maximum(_bound(liked, ratings), unrated))


def _rest(estimates: Estimates, candidates: list[int], priority: Priority) -> Draws | float:
    """What else than quality matters to a priority: more is better, the scale is the priority's own."""
    match priority:
        case Priority.QUALITY:
            return 0.0
        case Priority.SPEED:
            return -np.log2(estimates.milliseconds[:, candidates])
        case Priority.COST:
            return -np.log2(np.maximum(estimates.expense[:, candidates], _FREE))
        case Priority.BALANCED:
            slowness = np.log2(estimates.milliseconds[:, candidates])
            expense = np.log2(np.maximum(estimates.expense[:, candidates], _FREE))
            return 0.15 * _points(slowness) + 0.15 * _points(expense)


def _utility(success: Draws, liked: Draws | Floats | None, rest: Draws | float, priority: Priority) -> Draws:
    """How good each candidate is in each draw; more is better, the scale is the priority's own."""
    match priority:
        case Priority.SPEED:
            return np.asarray(rest)
        case Priority.COST:
            return _cheapness(np.asarray(rest), success)
        case Priority.QUALITY | Priority.BALANCED:
            quality = success if liked is None else (success + liked) / 2.0
            return 70.0 * quality + rest


def _cheapness(cheap: Draws, success: Draws) -> Draws:
    """Where cost says nothing, success decides: among models that are free, and among those of which nothing is known."""
    told = np.where(cheap >= -np.log2(_FREE), _BEYOND + success, cheap)
    return np.where(np.isnan(told), success - _BEYOND, told)


def _points(doublings: Draws) -> Draws:
    """0-100, 50 for the middle candidate; twice the time, or the price, costs a quarter of the scale.

    What is not known counts as in the middle.
    """
    known = ~np.isnan(doublings[0])
    if not known.any():
        return np.full_like(doublings, 50.0)
    ranked = np.sort(doublings[:, known], axis=1)  # for short rows many times as fast as numpy's median
    middle = (ranked[:, (ranked.shape[1] - 1) // 2] + ranked[:, ranked.shape[1] // 2]) / 2.0
    return np.where(known, np.clip(50.0 - _HALF_AS_FAST * (doublings - middle[:, None]), 0.0, 100.0), 50.0)


def _known(draws: Draws | None, place: int) -> float | None:
    return None if draws is None or np.isnan(draws[0, place]) else _middle(draws[:, place])


def _middle(draws: Floats) -> float:
    return float(np.median(draws))
