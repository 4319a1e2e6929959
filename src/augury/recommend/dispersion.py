"""How much more figures vary from day to day than those of calls that have nothing to do with each other would.

Calls come in sessions: those of one conversation succeed or fail together, and a hundred of them say less than a hundred
calls. Sums do not tell which calls belong together, but such calls are of the same day, so the days of a model differ more
than chance would have it. By what factor is its design effect (L. Kish, "Survey Sampling", 1965), found here as for days
that are clusters: the squared deviations of days from what the model's own mean would give, over the variance that they
would have if calls were independent. Pure: arrays in, arrays out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COST_VARIATION = 2.0
"""The squared coefficient of variation of one call's cost: squares of costs are not summed, so it is taken high."""


@dataclass(frozen=True, slots=True)
class Scatter:
    """For each model its design effect, and how many independent days' deviations it was found from."""

    effect: Floats
    degrees: Floats


def scatter(
    model: NDArray[Any], stratum: NDArray[Any], day: NDArray[Any], weight: Floats, sums: dict[str, Floats]
) -> dict[str, Scatter]:
    """The scatter of each measure of the models of a task, by name: "success", "rating", "time", "cost".

    Args:
        model: for each row its model's number.
        stratum: its complexity's; a day's calls of all complexities vary together.
        day: its day's.
        weight: of a call of that day.
        sums: what the row's calls add up to, by name as in SUMS and LOGARITHMS.
    """
    models = int(model.max()) + 1 if len(model) else 0
    cell = model * (int(stratum.max()) + 1 if len(stratum) else 1) + stratum
    _, group = np.unique(np.stack([model, day]), axis=1, return_inverse=True)
    group = group.reshape(-1)
    owner = np.zeros(int(group.max()) + 1 if len(group) else 0, dtype=np.int64)
    owner[group] = model
    latest = np.zeros(models)
    np.maximum.at(latest, model, weight)
    weight = _share(weight, latest[model])  # what follows has their fourth power, and is the same at every scale

    def of(part: Floats, whole: Floats, each: Floats) -> Scatter:
        """Of sums over `whole` calls, whose cell's mean is theirs, and `each` the variance of one call."""
        mean = _share(_total(cell, part), _total(cell, whole))[cell]
        off = _sums(group, weight * (part - whole * mean), len(owner))
        expected = _sums(group, weight**2 * whole * each, len(owner))
        total = _sums(owner, expected, models)
        days = _share(total**2, _sums(owner, expected**2, models))
        degrees = np.maximum(days - 1.0, 0.0)
        # The mean is the days' own, so that they deviate from it a little less than from the truth.
        effect = _share(_sums(owner, off**2, models), total * _share(degrees, days))
        return Scatter(effect, degrees)

    def of_rate(part: Floats, whole: Floats) -> Scatter:
        rate = _share(_total(cell, part), _total(cell, whole))[cell]
        return of(part, whole, rate * (1.0 - rate))

    good, logs = sums["successes"], sums["success_ln_ms_sum"]
    successes = _total(cell, good)
    squares = _total(cell, sums["success_ln_ms_square_sum"])
    inner = np.maximum(squares - _share(_total(cell, logs) ** 2, successes), 0.0)
    costs, priced = sums["cost_sum"], sums["priced_calls"]
    price = _share(_total(cell, costs), _total(cell, priced))[cell]
    return {
        "success": of_rate(good, sums["evidence_calls"]),
        "rating": of_rate(sums["thumbs_up"], sums["thumbs_up"] + sums["thumbs_down"]),
        "time": of(logs, good, _share(inner, np.maximum(successes - 1.0, 0.0))[cell]),
        "cost": of(costs, priced, COST_VARIATION * price**2),
    }


def _total(cell: NDArray[Any], values: Floats) -> Floats:
    return _sums(cell, values, 0)


def _sums(place: NDArray[Any], values: Floats, places: int) -> Floats:
    return np.bincount(place, values, places).astype(np.float64)


def _share(part: Floats, whole: Floats) -> Floats:
    """0 of nothing."""
    return np.divide(part, whole, out=np.zeros_like(part, dtype=np.float64), where=whole > 0)


def shrunk(found: list[Scatter | None]) -> list[Floats]:
    """The design effects of several tasks, none below 1: each model's is drawn to its task's, and this to that of all.

    The fewer days there are, the more. Where nothing is known of days (None), calls are taken to be independent.
    """
    known = [one for one in found if one is not None]
    everywhere = _pooled(
        np.concatenate([one.effect for one in known]) if known else np.zeros(0),
        np.concatenate([one.degrees for one in known]) if known else np.zeros(0),
        _BELIEVED,
        _BELIEF_DAYS,
    )
    effects = []
    for one in found:
        if one is None:
            effects.append(np.ones(0))
            continue
        of_task = _pooled(one.effect, one.degrees, everywhere, _TASK_DAYS)
        own = (one.degrees * one.effect + _MODEL_DAYS * of_task) / (one.degrees + _MODEL_DAYS)
        effects.append(np.maximum(own, 1.0))
    return effects


_BELIEVED = 1.5
"""The design effect to expect where days tell little: of sessions of a few calls that are somewhat alike."""

_BELIEF_DAYS, _TASK_DAYS, _MODEL_DAYS = 4.0, 10.0, 20.0
"""How many days' deviations that is worth, a task's beside all tasks, and a model's beside its task."""


def _pooled(effect: Floats, degrees: Floats, prior: float, days: float) -> float:
    return float((degrees * effect).sum() + days * prior) / float(degrees.sum() + days)
