"""Models that resemble each other: what is seen of one tells of the others, and how much is learnt too. Pure arithmetic.

A model k at a complexity s does as  m[k, s] = level[s] + distance[k] + peculiarity[k, s],  in logarithms or log odds; the
distances are normal around 0 with a standard deviation that is not known, and so are the peculiarities. A cell's
observation is normal around m with a variance that is. This is the normal-normal model of J. M. Bernardo's and A.
Gelman's textbooks with the mean integrated out (Gelman et al., Bayesian Data Analysis, 3rd ed., section 5.4, equations
5.17-5.21) and a second factor; the deviations are integrated over a grid, as there, instead of being set to their best
guess, since with a handful of models the best guess is often 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


_FARTHEST = 9.0  # log odds of one in eight thousand: beyond it nothing is told apart
_STRIDE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is believed before anything is seen.

    Attributes:
        middle, doubt: of the level of a task: its mean and standard deviation.
        levels: how levels of complexities differ from the task's: a standard deviation.
        distances: the standard deviations that distances may have, one a row of the grid.
        peculiarities: those of peculiarities, as many.
        weights: how likely each row is before.
    """

    middle: float
    doubt: float
    levels: float
    distances: Floats
    peculiarities: Floats
    weights: Floats

    @classmethod
    def grid(
        cls, *, middle: float, doubt: float, levels: float, distances: list[float], peculiarities: list[float]
    ) -> Prior:
        """Every pair of deviations, all as likely: steps of equal ratio say that nothing is known of the scale."""
        first, second = np.meshgrid(distances, peculiarities, indexing="ij")
        return cls(
            middle=middle,
            doubt=doubt,
            levels=levels,
            distances=first.ravel(),
            peculiarities=second.ravel(),
            weights=np.full(first.size, 1.0 / first.size),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What is believed after observations, for each row of the grid.

    Attributes:
        prior: what was believed before.
        likelihood: the logarithm of the observations' density.
        level: the mean of the levels, and `root` a square root of their covariance.
        weight: 1 / variance of each observation about level + distance; 0 where there is none.
        variance: of each model's distance, given the levels.
        seen: the observations, 0 where there is none.
    """

    prior: Prior
    likelihood: Floats  # grid
    level: Floats  # grid by complexities
    root: Floats  # grid by complexities by complexities
    weight: Floats  # grid by models by complexities
    variance: Floats  # grid by models
    seen: Floats  # models by complexities, or grid by those

    @property
    def weights(self) -> Floats:
        """How likely each row of the grid is now."""
        odds = self.prior.weights * np.exp(self.likelihood - self.likelihood.max())
        found: Floats = odds / odds.sum()
        return found

    def modes(self) -> Floats:
        """The likeliest m for each row of the grid: by models by complexities."""
        level = self.level[:, None, :]
        rest = self.weight * (self.seen - level)
        distance = (self.variance * rest.sum(axis=2))[:, :, None]
        own = self.prior.peculiarities[:, None, None] ** 2
        found: Floats = level + distance + own * (rest - self.weight * distance)
        return found

    def draw(self, columns: list[int], draws: int, random: np.random.Generator) -> list[Floats]:
        """Draws of m, by models, for each of some complexities; every other one mirrors that before it.

        Mirrored (antithetic) draws cost half and tell more: J. M. Hammersley and K. W. Morton, "A new Monte Carlo technique:
        antithetic variates", Mathematical Proceedings of the Cambridge Philosophical Society 52 (1956).
        """

        def noise(width: int) -> Floats:
            half = random.standard_normal((draws // 2, width))
            return np.stack([half, -half], axis=1).reshape(draws, width)

        row = np.searchsorted(np.cumsum(self.weights)[:-1], random.random(draws // 2)).repeat(2)
        level = self.level.take(row, axis=0)
        for column, own in enumerate(noise(level.shape[1]).T):
            level += self.root[:, :, column].take(row, axis=0) * own[:, None]
        weights = [self.weight[:, :, column].take(row, axis=0) for column in range(level.shape[1])]
        total = (self.weight * self.seen).sum(axis=2).take(row, axis=0)
        for column, weight in enumerate(weights):
            total -= weight * level[:, column, None]
        models = total.shape[1]
        distance = self.variance.take(row, axis=0) * total
        distance += np.sqrt(self.variance).take(row, axis=0) * noise(models)
        found = []
        for column in columns:
            usual = level[:, column, None] + distance
            own = self.prior.peculiarities[:, None] ** 2
            part = own * self.weight[:, :, column]  # of what is left, that is the cell's own
            left = np.broadcast_to(self.seen[..., column], part.shape).take(row, axis=0) - usual
            spread = np.sqrt(own * (1.0 - part)).take(row, axis=0)
            found.append(usual + part.take(row, axis=0) * left + spread * noise(models))
        return found


def fit(seen: Floats, noise: Floats, prior: Prior) -> Fit:
    """Learn from observations of variance `noise`, infinite where there is none: (grid by) models by complexities."""
    grid, cells = len(prior.weights), seen.shape[-1]
    weight = np.broadcast_to(1.0 / (noise + prior.peculiarities[:, None, None] ** 2), (grid, *seen.shape[-2:]))
    seen = np.where(np.isfinite(noise), seen, 0.0)
    value = seen - prior.middle
    between = prior.distances[:, None] ** -2.0
    variance = 1.0 / (weight.sum(axis=2) + between)
    total = (weight * value).sum(axis=2)
    before = np.linalg.inv(np.full((cells, cells), prior.doubt**2) + np.diag(np.full(cells, prior.levels**2)))
    shared = (variance[:, :, None] * weight).transpose(0, 2, 1)
    precision = before - shared @ weight
    precision[:, np.arange(cells), np.arange(cells)] += weight.sum(axis=1)
    pull = (weight * value).sum(axis=1) - (shared @ total[:, :, None])[:, :, 0]
    covariance = np.linalg.inv(precision)
    level = (covariance @ pull[:, :, None])[:, :, 0]
    misfit = (weight * value**2).sum(axis=(1, 2)) - (variance * total**2).sum(axis=1) - (pull * level).sum(axis=1)
    determinants = (
        np.linalg.slogdet(precision)[1]
        - np.log(variance * between).sum(axis=1)
        - np.log(np.where(weight > 0, weight, 1.0)).sum(axis=(1, 2))
    )
    return Fit(
        prior=prior,
        likelihood=-0.5 * (misfit + determinants),
        level=level + prior.middle,
        root=np.linalg.cholesky(covariance),
        weight=weight,
        variance=variance,
        seen=seen,
    )


def fit_rates(rate: Floats, trials: Floats, prior: Prior, steps: int = 6) -> Fit:
    """Learn from rates of so many trials; m is in log odds.

    Each step takes a rate for a normal observation of the log odds around the likeliest ones (P. McCullagh and J. A.
    Nelder, Generalized Linear Models, 2nd ed., section 2.5), and the density of all is Laplace's approximation (L. Tierney
    and J. B. Kadane, "Accurate approximations for posterior moments and marginal densities", JASA 81 (1986)).
    """
    there = trials > 0
    pooled = (rate * trials).sum(axis=0) / np.maximum(trials.sum(axis=0), 1e-300)
    start = (rate * trials + 2.0 * pooled + 0.5) / (trials + 3.0)
    odds = np.broadcast_to(np.log(start / (1.0 - start)), (len(prior.weights), *rate.shape))

    def around(odds: Floats) -> tuple[Fit, Floats, Floats, Floats]:
        expected = 1.0 / (1.0 + np.exp(-odds))
        one = expected * (1.0 - expected)
        information = np.where(there, trials * one, 1.0)
        away = (rate - expected) / one
        return fit(odds + away, np.where(there, 1.0 / information, np.inf), prior), expected, information, away

    for _ in range(steps - 1):
        odds = np.clip(odds + np.clip(around(odds)[0].modes() - odds, -_STRIDE, _STRIDE), -_FARTHEST, _FARTHEST)
    found, expected, information, away = around(odds)
    exact = trials * (rate * np.log(expected) + (1.0 - rate) * np.log1p(-expected))
    correction = np.where(there, exact + 0.5 * information * away**2 - 0.5 * np.log(information), 0.0)
    return replace(found, likelihood=found.likelihood + correction.sum(axis=(1, 2)))
