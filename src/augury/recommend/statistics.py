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
_BELIEF = 2.0  # calls that the belief before all data is worth
_BELIEVED_SUCCESS = 0.5
_BELIEVED_SATISFACTION = 0.8  # people who rate at all are mostly content; and unrated is not disliked
_DISTANCE_VARIANCE = 0.5  # of a model's distance from the usual, in log odds: most models are within a factor of two
_CELL_VARIANCE = 0.1  # and of what is peculiar to a complexity of it
_LARGEST_DISTANCE = 6.0
_NEWTON_STEPS = 8
_TINY = 1e-3
_PRIOR_TIMES = 1.0  # calls that a prior time, or cost, is worth
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
        tokens: likewise; where there are no prices they stand for them.
    """

    success: Draws
    satisfaction: Draws | None
    milliseconds: Draws
    dollars: Draws | None
    tokens: Draws


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
    success = _rates(weighted["successes"], calls, worth, mix, random, _BELIEVED_SUCCESS)
    satisfaction = None
    if task.rated.sum() > 0:
        ups, rated = weighted["thumbs_up"], task.worth("rated")
        satisfaction = _rates(ups, task.rated, rated, mix, random, _BELIEVED_SATISFACTION)
    times = _amounts(_milliseconds(task), calls, worth, _variation(task), mix, random)
    tokens = _amounts(weighted["tokens_sum"], weighted["calls"], worth, _COST_VARIATION, mix, random)
    dollars = None
    if weighted["priced_calls"].sum() > 0:
        counted = np.where(weighted["priced_calls"] > 0, task.worth("priced_calls"), worth)
        dollars = _amounts(_dollars(task), calls, counted, _COST_VARIATION, mix, random) / success
        free = (weighted["priced_calls"].sum(axis=1) > 0) & (weighted["cost_sum"].sum(axis=1) == 0)
        dollars[:, free] = 0.0
    return Estimates(
        success=success,
        satisfaction=satisfaction,
        milliseconds=times / success,
        dollars=dollars,
        tokens=tokens / success,
    )


def _milliseconds(task: TaskEvidence) -> Cells:
    """The time of the calls that count; a failure is charged at least with the time of a success.

    So a model that fails fast gains nothing by it, and one that fails slowly pays for it.
    """
    weighted = task.weighted
    of_success = np.divide(
        weighted["success_ms_sum"],
        weighted["successes"],
        out=np.zeros_like(weighted["successes"]),
        where=weighted["successes"] > 0,
    )
    return np.maximum(weighted["evidence_ms_sum"], of_success * weighted["evidence_calls"])


def _mix(calls: Cells, stratum: int | None) -> NDArray[np.float64]:
    """How much each complexity counts."""
    by_stratum = calls.sum(axis=0)
    if stratum is not None and by_stratum[stratum] > 0:
        by_stratum = np.where(np.arange(len(by_stratum)) == stratum, 1.0, 0.0)
    share: NDArray[np.float64] = by_stratum / max(by_stratum.sum(), 1e-12)
    return share


def _rates(
    good: Cells, all_: Cells, worth: Cells, mix: NDArray[np.float64], random: np.random.Generator, believed: float
) -> Draws:
    """Draws of each model's rate at the mix.

    A model's rate at a complexity is the usual one there, moved in log odds by a distance of the model's own (normal around
    0), and by what is peculiar to the cell (Beta around that). The distance is found from all its cells by Newton steps
    and drawn once for all of them, so that what is not known of a model does not average out over complexities.

    Args:
        good: successes, or thumbs up.
        all_: calls, or thumbs.
        worth: how many calls of equal weight each cell is worth.
        mix: how much each complexity counts.
        random: where draws come from.
        believed: the rate that is usual before anything is known.
    """
    usual = (good.sum(axis=0) + _BELIEF * believed) / (all_.sum(axis=0) + _BELIEF)
    rate = np.divide(good, all_, out=np.zeros_like(good), where=all_ > 0)
    odds = np.log(usual / (1.0 - usual))
    distance = np.zeros((len(good), 1))
    known = np.full((len(good), 1), 1.0 / _DISTANCE_VARIANCE)
    for _ in range(_NEWTON_STEPS):
        expected = 1.0 / (1.0 + np.exp(-(odds + distance)))
        information = worth * expected * (1.0 - expected)
        damping = 1.0 / (1.0 + _CELL_VARIANCE * information)
        slope = (damping * worth * (rate - expected)).sum(axis=1, keepdims=True) - distance / _DISTANCE_VARIANCE
        known = (damping * information).sum(axis=1, keepdims=True) + 1.0 / _DISTANCE_VARIANCE
        distance = np.clip(distance + np.clip(slope / known, -1.0, 1.0), -_LARGEST_DISTANCE, _LARGEST_DISTANCE)
    drawn = distance[:, 0] + random.standard_normal((DRAWS, len(good))) / np.sqrt(known[:, 0])
    draws = np.zeros((DRAWS, len(good)))
    for column, share in enumerate(mix):
        if share > 0:
            expected = 1.0 / (1.0 + np.exp(-(odds[column] + drawn)))
            strength = 1.0 / (_CELL_VARIANCE * expected * (1.0 - expected))
            ups = strength * expected + worth[:, column] * rate[:, column]
            downs = strength * (1.0 - expected) + worth[:, column] * (1.0 - rate[:, column])
            draws += share * random.beta(np.maximum(ups, _TINY), np.maximum(downs, _TINY))
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
