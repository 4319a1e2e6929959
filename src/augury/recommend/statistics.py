"""Estimates that small samples cannot fool, and how sure they are. Pure arithmetic on evidence.

What a model did is drawn towards what is usual for its task and complexity, and how it does at the other complexities:
the fewer calls there are, and the more alike models have shown to be, the more (`hierarchy`). A model is compared at the mix
of complexities of the whole task type, or at the one asked for, so that it is not blamed for being given the harder ones.

Sums are weighed by age, so they are never held against fixed numbers of calls: rates and means are ratios of them, and how
much they tell is the number of calls of equal weight that they are worth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from augury.recommend.hierarchy import Prior, fit, fit_rates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augury.recommend.evidence import TaskEvidence

    Floats = NDArray[np.float64]
    Places = NDArray[np.int64]
    Cells = NDArray[np.float64]  # models by complexities
    Draws = NDArray[np.float64]  # draws by models

DRAWS = 2_000
_ALIKE: dict[str, list[float]] = {"distances": [0.15, 0.4, 1.0], "peculiarities": [0.15, 0.5]}
_SUCCESS = Prior.grid(middle=1.7, doubt=1.2, levels=0.8, **_ALIKE)  # in log odds: 85 %, give or take
_SATISFACTION = Prior.grid(
    middle=1.3, doubt=0.8, levels=0.6, **_ALIKE
)  # people who rate at all are mostly content; and unrated is not disliked
_AMOUNT = Prior.grid(
    middle=0.0, doubt=3.0, levels=1.0, distances=[0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0], peculiarities=[0.02, 0.1, 0.3]
)  # in logarithms, from the mean of what is seen
_LEAST_MS = 1.0  # as in the facts' logarithms: a time of 0 ms is a short one, not an unknown one
_LEAST_SHARE = 0.01  # of a model's own mean: what a complexity of it costs that seems to cost nothing
_USUAL = 1.0  # squared coefficient of variation: calls differ in length about as much as their average
_USUAL_BELIEF = 2.0  # calls that this belief is worth
_OWN_BELIEF = 20.0  # and the one that a model's calls vary as the others' do
_ALLOWED = 3.0  # standard deviations by which a mean may be off
_PRICE_SPREAD = 1.2  # of the logarithm of a token's price, between models
_TOKEN_PRICE = 1e-6  # dollars, where every known price is 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """Draws from what is believed of each model of a task: DRAWS rows, a column for each model.

    Attributes:
        success: the share of tasks done, 0-1.
        satisfaction: the share of thumbs that are up, 0-1; None where nothing of the task is rated.
        unrated: what satisfaction is believed of a model that nobody has rated.
        milliseconds: of all calls that count, failures too, for each success.
        dollars: likewise; NaN for a model of which no call has a price, None where no model has one.
        expense: likewise, what models are compared by: dollars; for a model without a price its tokens, at a price that is
            not known, the same for all such; tokens alone where no model has a price; NaN where there are none either.
        calls, ratings: how many calls, and how many thumbs, of equal weight each model is known by.
    """

    success: Draws
    satisfaction: Draws | None
    unrated: float
    milliseconds: Draws
    dollars: Draws | None
    expense: Draws
    calls: Floats
    ratings: Floats


def estimate(task: TaskEvidence, stratum: int | None, random: np.random.Generator) -> Estimates:
    """What is believed of each model.

    Args:
        task: the evidence.
        stratum: the complexity asked for, as a position in STRATA; None: the mix that the task comes in.
        random: where draws come from; the same state gives the same answer.
    """
    weighted = task.weighted
    calls, worth = weighted["evidence_calls"], task.worth("evidence_calls")
    mix = _mix(calls, stratum)
    success, alike = _rates(_ratio(weighted["successes"], calls), worth, mix, _SUCCESS, random)
    satisfaction, unrated = None, 0.0
    if (task.rated > 0).any():
        nobody = np.zeros((1, calls.shape[1]))
        liked = np.concatenate([_ratio(weighted["thumbs_up"], task.rated), nobody])
        prior = replace(_SATISFACTION, weights=alike)
        drawn, _ = _rates(liked, np.concatenate([task.worth("rated"), nobody]), mix, prior, random)
        satisfaction, unrated = drawn[:, :-1], float(drawn[:, -1].mean())
    times = _amounts(_times(task), mix, random)
    dollars = _dollars(task, mix, random)
    return Estimates(
        success=success,
        satisfaction=satisfaction,
        unrated=unrated,
        milliseconds=times / success,
        dollars=None if dollars is None else dollars / success,
        expense=_expense(task, dollars, mix, random) / success,
        calls=worth.sum(axis=1),
        ratings=task.worth("rated").sum(axis=1),
    )


def _ratio(part: Floats, whole: Floats) -> Floats:
    """0 of nothing."""
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


def _mix(calls: Cells, stratum: int | None) -> Floats:
    """How much each complexity counts, in sum 1."""
    by_stratum = calls.sum(axis=0)
    if stratum is not None and by_stratum[stratum] > 0:
        by_stratum = np.where(np.arange(len(by_stratum)) == stratum, 1.0, 0.0)
    total = by_stratum.sum()
    return by_stratum / total if total > 0 else np.full(len(by_stratum), 1.0 / len(by_stratum))


def _rates(rate: Cells, worth: Cells, mix: Floats, prior: Prior, random: np.random.Generator) -> tuple[Draws, Floats]:
    """Draws of each model's rate at the mix, and how likely each row of the prior's grid is."""
    used, columns, shares = _used(worth, mix)
    found = fit_rates(rate[:, used], worth[:, used], prior)
    odds = found.draw(columns, DRAWS, random)
    draws = sum(share / (1.0 + np.exp(-drawn)) for share, drawn in zip(shares, odds, strict=True))
    return np.clip(draws, 1e-6, 1.0), found.weights


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What calls took, by cell.

    Attributes:
        mean: of the calls.
        worth: how many calls of equal weight it is worth; 0 where nothing is known.
        variation: the squared coefficient of variation of one call's amount.
        astray: by how much the logarithm of the mean is above what the mean of logarithms would have it.
    """

    mean: Cells
    worth: Cells
    variation: Cells
    astray: Cells


def _seen(mean: Cells, worth: Cells, log: Cells, log_square: Cells) -> _Seen:
    """What calls took, by the means of the amounts, and of their logarithms and the squares of those.

    A model's calls vary as those of the others do, unless it shows otherwise.
    """
    known = worth > 1.0
    inner = np.where(known, np.maximum(log_square - log**2, 0.0) * worth, 0.0)
    degrees = np.where(known, worth - 1.0, 0.0)
    usual = (inner.sum() + _USUAL_BELIEF * np.log1p(_USUAL)) / (degrees.sum() + _USUAL_BELIEF)
    own = (inner.sum(axis=1) + _OWN_BELIEF * usual) / (degrees.sum(axis=1) + _OWN_BELIEF)
    variance = np.broadcast_to(np.clip(own, 1e-4, 4.0)[:, None], mean.shape)
    there = (worth > 0) & (mean > 0)
    astray = np.where(there, np.log(np.where(there, mean, 1.0)) - log - variance / 2.0, 0.0)
    return _Seen(mean=mean, worth=worth, variation=np.expm1(variance), astray=astray)


def _amounts(seen: _Seen, mix: Floats, random: np.random.Generator) -> Draws:
    """Draws of each model's mean amount a call (milliseconds, dollars, tokens) at the mix.

    The mean of log-normal calls is nearly log-normal, with variance log(1 + variation / calls), and lies half of that below
    the true mean: L. F. Fenton, "The sum of log-normal probability distributions in scatter transmission systems", IRE
    Transactions on Communications Systems 8 (1960). Where it is farther than that allows from what the logarithms say, a few
    calls made it: whether they are true or an error nobody knows, so it is taken half way, and doubted as much.
    """
    there = (seen.worth > 0) & (seen.mean > 0)
    with np.errstate(divide="ignore"):
        noise = np.where(there, np.log1p(seen.variation / np.where(there, seen.worth, 1.0)), np.inf)
    log = np.where(there, np.log(np.where(there, seen.mean, 1.0)) + np.where(there, noise, 0.0) / 2.0, 0.0)
    allowed = _ALLOWED * np.sqrt(np.where(there, noise, 0.0))
    excess = (seen.astray - np.clip(seen.astray, -allowed, allowed)) / 2.0
    log, noise = log - excess, noise + excess**2
    middle = float(log[there].mean()) if there.any() else 0.0
    used, columns, shares = _used(seen.worth, mix)
    drawn = fit(log[:, used] - middle, noise[:, used], _AMOUNT).draw(columns, DRAWS, random)
    draws: Draws = np.exp(middle) * sum(share * np.exp(own) for share, own in zip(shares, drawn, strict=True))
    return draws


def _used(worth: Cells, mix: Floats) -> tuple[Places, list[int], list[float]]:
    """The complexities that say something or count; where those that count are among them, and how much each does."""
    used = np.flatnonzero((worth > 0).any(axis=0) | (mix > 0))
    columns = np.flatnonzero(mix[used])
    return used, columns.tolist(), mix[used][columns].tolist()


def _times(task: TaskEvidence) -> _Seen:
    """The times of calls that count; a failure is charged at least with the time of a success.

    So a model that fails fast gains nothing by it, and one that fails slowly pays for it.
    """
    weighted, successes = task.weighted, task.weighted["successes"]
    took = np.maximum(_ratio(weighted["success_ms_sum"], successes), _LEAST_MS)
    share = _ratio(successes, weighted["evidence_calls"])
    worth = task.worth("evidence_calls")
    found = _seen(
        took,
        worth * share,
        _ratio(weighted["success_ln_ms_sum"], successes),
        _ratio(weighted["success_ln_ms_square_sum"], successes),
    )
    charged = np.maximum(_ratio(weighted["evidence_ms_sum"], weighted["evidence_calls"]), took)
    return replace(found, mean=charged, worth=worth)


def _dollars(task: TaskEvidence, mix: Floats, random: np.random.Generator) -> Draws | None:
    """Draws of what a call costs, by price; NaN for a model without, None where no model has one."""
    cost, priced, costing = (task.weighted[name] for name in ("tame_cost_sum", "priced_calls", "costing_calls"))
    known = priced.sum(axis=1) > 0
    if not known.any():
        return None
    own = _ratio(cost.sum(axis=1), priced.sum(axis=1))
    paid = np.maximum(_ratio(cost, priced), _LEAST_SHARE * own[:, None])
    worth, share = task.worth("priced_calls"), _ratio(costing, priced)
    log, square = (_ratio(task.weighted[name], costing) for name in ("cost_ln_sum", "cost_ln_square_sum"))
    found = _seen(paid, worth * share, log, square)
    found = replace(found, worth=worth, astray=np.where(share > 0, found.astray - np.log(np.maximum(share, 1e-9)), 0.0))
    dollars = _amounts(found, mix, random)
    dollars[:, known & (own == 0)] = 0.0
    dollars[:, ~known] = np.nan
    return dollars


def _expense(task: TaskEvidence, dollars: Draws | None, mix: Floats, random: np.random.Generator) -> Draws:
    """What models are compared by: dollars where known, else tokens."""
    if dollars is not None and not np.isnan(dollars[0]).any():
        return dollars
    used, calls = task.weighted["tokens_sum"], task.weighted["calls"]
    worth = np.where(used > 0, task.worth("evidence_calls"), 0.0)
    plain = np.zeros_like(used)
    found = _Seen(mean=_ratio(used, calls), worth=worth, variation=plain + _USUAL, astray=plain)
    tokens = _amounts(found, mix, random)
    tokens[:, ~(worth > 0).any(axis=1)] = np.nan
    if dollars is None:
        return tokens
    price = _ratio(task.weighted["tame_cost_sum"].sum(axis=1), used.sum(axis=1))
    usual = float(np.log(price[price > 0]).mean()) if (price > 0).any() else np.log(_TOKEN_PRICE)
    unknown = np.exp(usual + _PRICE_SPREAD * random.standard_normal((DRAWS, 1)))
    return np.where(np.isnan(dollars), tokens * unknown, dollars)
