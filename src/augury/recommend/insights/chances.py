"""How likely something is by mere chance, and how many such findings may be believed at once.

Sources: S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979); D. L. Wallace,
"Bounds on normal approximations to Student's and the chi-square distributions", Ann. Math. Statist. 30 (1959).
"""

from __future__ import annotations

from math import erfc, log, log1p, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Law = NDArray[np.float64]  # the probabilities of numbers that follow each other

NORMAL_FROM = 400.0
"""The variance of a count from which the normal distribution does."""

Z95 = 1.959963984540054
"""Standard deviations to both sides that hold 95 % of a normal distribution."""

LEAST_VARIANCE = 1e-3
"""Of the logarithm of a time: calls that all took as long are no proof that the next will."""

_ALPHA = 0.05


def beyond_chance(chances: list[float]) -> list[bool]:
    """Holm: which statements hold, with at most 5 % that any of them does not."""
    sure = [False] * len(chances)
    for rank, place in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        if chances[place] > _ALPHA / (len(chances) - rank):
            break
        sure[place] = True
    return sure


def hypergeometric(size: int, rest: int, marked: int) -> tuple[int, Law]:
    """How many of `marked` among size + rest are among the `size`: the smallest number, and the law from there."""
    lowest, highest = max(0, marked - rest), min(size, marked)
    steps = np.arange(lowest, highest, dtype=np.float64)
    ratios = np.log((marked - steps) * (size - steps)) - np.log((steps + 1.0) * (rest - marked + steps + 1.0))
    return lowest, _law(ratios)


def _law(ratios: NDArray[np.float64]) -> Law:
    """Probabilities of which the logarithms differ by `ratios` from one to the next."""
    logs = np.concatenate(([0.0], np.cumsum(ratios)))
    weights = np.exp(logs - logs.max())
    law: Law = weights / weights.sum()
    return law


def at_least(seen: int, trials: int, rate: float) -> float:
    """The chance of so many, or more, in as many trials."""
    variance = trials * rate * (1.0 - rate)
    if variance > NORMAL_FROM:
        return normal((seen - 0.5 - trials * rate) / sqrt(variance))
    steps = np.arange(trials, dtype=np.float64)
    law = _law(np.log((trials - steps) / (steps + 1.0)) + log(rate / (1.0 - rate)))
    return min(1.0, float(law[max(0, seen) :].sum()))


def at_most(seen: int, trials: int, rate: float) -> float:
    """The chance of so many, or fewer."""
    return at_least(trials - seen, trials, 1.0 - rate)


def normal(z: float) -> float:
    """The chance that a standard normal variable is at least z."""
    return 0.5 * erfc(z / sqrt(2.0))


def student(t: float, degrees: float) -> float:
    """The same of Student's distribution, by Wallace's approximation: within 2 % of it where it matters."""
    z = (8.0 * degrees + 1.0) / (8.0 * degrees + 3.0) * sqrt(degrees * log1p(t * t / degrees))
    return normal(z if t > 0 else -z)
