"""Shares of something, and the difference between two of them at the same mix.

Source: N. Mantel and W. Haenszel, "Statistical aspects of the analysis of data from retrospective studies of disease",
JNCI 22 (1959).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from augury.recommend.insights.chances import NORMAL_FROM, Z95, hypergeometric, normal
from augury.recommend.insights.table import TINY, ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augury.recommend.insights.table import Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Shares of something: what there is of it, of how much, and how many calls that is worth; any shape."""

    good: Numbers = field(repr=False)
    total_weight: Numbers = field(repr=False)
    squares: Numbers = field(repr=False)

    @classmethod
    def of(cls, good: Numbers, total: Numbers, squares: Numbers) -> Rates:
        """Of these sums."""
        return cls(good=good, total_weight=total, squares=squares)

    def one(self, model: int) -> Rates:
        """Of one model, where the rows are models."""
        return Rates.of(self.good[model], self.total_weight[model], self.squares[model])

    def together(self, models: NDArray[np.int64]) -> Rates:
        """Of these models together."""
        own = (self.good[models], self.total_weight[models], self.squares[models])
        return Rates.of(own[0].sum(axis=0), own[1].sum(axis=0), own[2].sum(axis=0))

    @property
    def worth(self) -> Numbers:
        """How many calls of equal weight each is worth (Kish's effective sample size)."""
        return ratio(self.total_weight**2, self.squares)

    @property
    def rate(self) -> Numbers:
        """The share of each; of nothing, 0."""
        return np.clip(ratio(self.good, self.total_weight), 0.0, 1.0)

    def total(self) -> tuple[float, float]:
        """What all are worth together, and their rate."""
        weight = float(self.total_weight.sum())
        return weight**2 / max(float(self.squares.sum()), TINY), min(float(self.good.sum()) / max(weight, TINY), 1.0)


class Comparison:
    """Two rates over the strata that both have calls in, at the same mix."""

    def __init__(self, own: Rates, other: Rates) -> None:
        worth, other_worth = own.worth, other.worth
        shared = (worth > 0) & (other_worth > 0)
        self._n, self._other_n = worth[shared], other_worth[shared]
        self._p, self._other_p = own.rate[shared], other.rate[shared]
        share = self._n * self._other_n / (self._n + self._other_n)
        self._share = share / max(float(share.sum()), TINY)
        self.rate = float((self._share * self._p).sum())
        self.other_rate = float((self._share * self._other_p).sum())
        self.difference = self.rate - self.other_rate

    def enough(self, least: float) -> bool:
        """Whether both are worth so many calls where they meet."""
        return bool(min(self._n.sum(), self._other_n.sum()) >= least)

    @property
    def error(self) -> float:
        """Of the difference; a good and a bad call more keep it from being nothing where all went well."""
        p, q = (
            (self._p * self._n + 1.0) / (self._n + 2.0),
            (self._other_p * self._other_n + 1.0) / (self._other_n + 2.0),
        )
        variance = self._share**2 * (p * (1.0 - p) / self._n + q * (1.0 - q) / self._other_n)
        return sqrt(float(variance.sum()))

    def interval(self) -> tuple[float, float]:
        """Of the difference, at 95 %."""
        return max(-1.0, self.difference - Z95 * self.error), min(1.0, self.difference + Z95 * self.error)

    def chance(self) -> float:
        """That equals would differ so far in favour of the first: the exact conditional test over all strata."""
        n, other_n = np.rint(self._n).astype(int), np.rint(self._other_n).astype(int)
        good, other_good = np.rint(self._p * n).astype(int), np.rint(self._other_p * other_n).astype(int)
        everyone, all_good = (n + other_n).astype(float), (good + other_good).astype(float)
        mean = n * all_good / everyone
        variance = mean * (everyone - all_good) / everyone * other_n / np.maximum(everyone - 1.0, 1.0)
        seen = float(good.sum())
        if float(variance.sum()) > NORMAL_FROM:
            return normal((seen - 0.5 - float(mean.sum())) / sqrt(float(variance.sum())))
        least, law = 0, np.ones(1)
        for size, rest, marked in zip(n.tolist(), other_n.tolist(), (good + other_good).tolist(), strict=True):
            start, one = hypergeometric(size, rest, marked)
            least, law = least + start, np.convolve(law, one)
        return min(1.0, float(law[max(0, round(seen) - least) :].sum()))
