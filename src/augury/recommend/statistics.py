"""Estimates that small samples cannot fool, and how sure they are. Pure arithmetic on evidence.

Rates are shrunk: what a model did at one complexity is drawn towards what is usual there, shifted by how the model does
at the others, and the fewer calls there are, the more. A model is compared at the mix of complexities of the whole task
type, so that it is not blamed for being given the harder ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augury.recommend.evidence import TaskEvidence

    Cells = NDArray[np.float64]  # models by complexities
    Draws = NDArray[np.float64]  # draws by models

DRAWS = 2_000
_PRIOR_CALLS = 10.0  # calls that a prior rate is worth
_PRIOR_TIMES = 3.0  # and a prior time, or cost
_OFFSET_VARIANCE = 0.5  # of a model's distance from the usual, in log odds: most models are within a factor of two
_LARGEST_OFFSET = 3.0
_LARGEST_VARIATION = 4.0  # of squared coefficient of variation
_COST_VARIATION = 1.0  # calls differ in length about as much as their average


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """Draws from what is believed of each model of a task: DRAWS rows, a column for each model.

    Attributes:
        success: the share of tasks done, 0-1.
        satisfaction: the share of thumbs that are up, 0-1; None where nothing of the task is rated.
        milliseconds: of all calls that count, failures too, for each success.
        dollars: likewise; None where no call of the task has a price.
    """

    success: Draws
    satisfaction: Draws | None
    milliseconds: Draws
    dollars: Draws | None


def estimate(task: TaskEvidence, stratum: int | None, random: np.random.Generator) -> Estimates:
    """What is believed of each model.

    Args:
        task: the evidence.
        stratum: the complexity asked for, as a position in STRATA; None: the mix that the task comes in.
        random: where draws come from; the same state gives the same answer.
    """
    calls = task.weighted["evidence_calls"]
    mix = _mix(calls, stratum)
    success = _rates(task.weighted["successes"], calls, task.worth("evidence_calls"), mix, random)
    satisfaction = None
    if task.rated.sum() > 0:
        satisfaction = _rates(task.weighted["thumbs_up"], task.rated, task.worth("rated"), mix, random)
    times = _amounts(
        task.weighted["evidence_ms_sum"], calls, task.worth("evidence_calls"), _variation(task), mix, random
    )
    dollars = None
    if task.weighted["cost_sum"].sum() > 0:
        amounts = _dollars(task)
        worth = np.where(task.weighted["priced_calls"] > 0, task.worth("priced_calls"), task.worth("evidence_calls"))
        costs = _amounts(amounts, calls, worth, _COST_VARIATION, mix, random)
        dollars = costs / success
    return Estimates(success=success, satisfaction=satisfaction, milliseconds=times / success, dollars=dollars)


def _mix(calls: Cells, stratum: int | None) -> NDArray[np.float64]:
    """How much each complexity counts."""
    by_stratum = calls.sum(axis=0)
    if stratum is not None and by_stratum[stratum] > 0:
        by_stratum = np.where(np.arange(len(by_stratum)) == stratum, 1.0, 0.0)
    share: NDArray[np.float64] = by_stratum / max(by_stratum.sum(), 1e-12)
    return share


def _rates(good: Cells, all_: Cells, worth: Cells, mix: NDArray[np.float64], random: np.random.Generator) -> Draws:
    """Draws of each model's rate at the mix, from Beta posteriors of its cells."""
    usual = (good.sum(axis=0) + 1.0) / (all_.sum(axis=0) + 2.0)  # of a complexity, never quite 0 or 1
    rate = np.divide(good, all_, out=np.zeros_like(good), where=all_ > 0)
    # How the model does at the other complexities: one Newton step towards its distance from the usual in log odds.
    surprise = worth * (rate - usual)
    information = worth * usual * (1.0 - usual)
    elsewhere = surprise.sum(axis=1, keepdims=True) - surprise
    known = information.sum(axis=1, keepdims=True) - information
    offset = np.clip(elsewhere / (known + 1.0 / _OFFSET_VARIANCE), -_LARGEST_OFFSET, _LARGEST_OFFSET)
    prior = 1.0 / (1.0 + np.exp(-(np.log(usual / (1.0 - usual)) + offset)))
    ups = _PRIOR_CALLS * prior + worth * rate
    downs = _PRIOR_CALLS * (1.0 - prior) + worth * (1.0 - rate)
    draws = np.zeros((DRAWS, len(good)))
    for column, share in enumerate(mix):
        if share > 0:
            draws += share * random.beta(ups[:, column], downs[:, column], size=(DRAWS, len(good)))
    return np.clip(draws, 1e-6, 1.0)


def _amounts(
    total: Cells, calls: Cells, worth: Cells, variation: float, mix: NDArray[np.float64], random: np.random.Generator
) -> Draws:
    """Draws of each model's mean amount per call (milliseconds, dollars) at the mix, log-normal.

    `variation` is the squared coefficient of variation of one call's amount.
    """
    seen = (calls > 0) & (total > 0)
    log = np.log(np.divide(total, calls, out=np.ones_like(total), where=seen))
    counted = np.where(seen, worth, 0.0)
    everyone = max(counted.sum(), 1e-12)
    overall = float((counted * log).sum() / everyone)
    usual = np.where(
        counted.sum(axis=0) > 0, (counted * log).sum(axis=0) / np.maximum(counted.sum(axis=0), 1e-12), overall
    )
    distance = counted * (log - usual)
    elsewhere = distance.sum(axis=1, keepdims=True) - distance
    known = counted.sum(axis=1, keepdims=True) - counted
    prior = usual + elsewhere / (known + _PRIOR_TIMES)
    mean = (_PRIOR_TIMES * prior + counted * log) / (_PRIOR_TIMES + counted)
    spread = np.sqrt(variation / (_PRIOR_TIMES + counted))
    draws = np.zeros((DRAWS, len(total)))
    for column, share in enumerate(mix):
        if share > 0:
            noise = random.standard_normal((DRAWS, len(total)))
            draws += share * np.exp(mean[:, column] + spread[:, column] * noise)
    return draws


def _variation(task: TaskEvidence) -> float:
    """The squared coefficient of variation of a call's time within a cell, from the logarithms of successful ones."""
    calls = np.maximum(task.weighted["successes"], 1e-12)
    mean = task.weighted["success_ln_ms_sum"] / calls
    inner = task.weighted["success_ln_ms_square_sum"] - calls * mean**2
    variance = float(np.maximum(inner, 0.0).sum() / max(task.weighted["successes"].sum(), 1e-12))
    return min(float(np.expm1(variance)), _LARGEST_VARIATION) if variance > 0 else _COST_VARIATION


def _dollars(task: TaskEvidence) -> Cells:
    """What the calls that count cost: by price where it is known, else by tokens at the task's average price of one."""
    priced, calls = task.weighted["priced_calls"], task.weighted["evidence_calls"]
    tokens = task.weighted["tokens_sum"]
    priced_share = np.divide(
        priced, task.weighted["calls"], out=np.zeros_like(priced), where=task.weighted["calls"] > 0
    )
    per_token = task.weighted["cost_sum"].sum() / max((tokens * priced_share).sum(), 1e-12)
    per_call = np.divide(task.weighted["cost_sum"], priced, out=np.zeros_like(priced), where=priced > 0)
    guess = np.divide(tokens, task.weighted["calls"], out=np.zeros_like(tokens), where=task.weighted["calls"] > 0)
    return np.where(priced > 0, per_call, guess * per_token) * calls
