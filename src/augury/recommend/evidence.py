"""What is known of each model on each task type: facts, weighed by their age.

Pure: arrays in, arrays out. A cell is a model on a task type at one complexity; recent days weigh more, so that a slump
of last week is not hidden by a good quarter. Recent means near the newest day of the task type, not near today: what is old
as a whole is not worth less for choosing between its models, and an old log gives the answer it gave when it was new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from augury.core.calls import OTHER
from augury.core.tasks import Complexity
from augury.core.windows import Interval, Window
from augury.models import UNKNOWN
from augury.recommend.dispersion import scatter
from augury.store.protocol import LOGARITHMS, SUMS, Dimension, Filters, Question

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from augury.recommend.dispersion import Scatter
    from augury.store.protocol import Facts, Store

HALF_LIFE_DAYS = 14.0
"""A call that much older than the newest of its task type counts half."""

DAYS = 90
"""How far back evidence goes."""

STRATA: tuple[str, ...] = ("", *Complexity)
"""The complexities that calls are compared within; the first is of those that nobody told."""

_OUTLYING = 9.0  # a dearest call is taken for at most ten times as dear as the next
_BY = (Dimension.TASK_TYPE, Dimension.MODEL, Dimension.PROVIDER, Dimension.COMPLEXITY, Dimension.STEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEvidence:
    """The evidence of one task type: `models` rows by STRATA columns.

    Attributes:
        models: canonical names, ascending; never the unknown one, nor what overflowed.
        providers: for each model the provider with most of its calls.
        raw: plain sums over all calls, by name as in SUMS, one value a model: what is reported.
        weighted: sums weighed by age, by name as in SUMS and LOGARITHMS; `cost_sum` in dollars, and as `tame_cost_sum`,
            in which no single record decides.
        squares: the sum of squared weights for each of "evidence_calls", "rated", and "priced_calls": with it the number
            of calls that a weighted mean is worth is (sum of weights)² / (sum of squared weights).
        scatter: how much more each measure varies from day to day than that of independent calls would; None: not known.
    """

    models: tuple[str, ...]
    providers: tuple[str, ...]
    raw: dict[str, NDArray[np.float64]]
    weighted: dict[str, NDArray[np.float64]]
    squares: dict[str, NDArray[np.float64]]
    scatter: dict[str, Scatter] | None = None

    def worth(self, name: str) -> NDArray[np.float64]:
        """How many calls of equal weight the weighted sum of `name` is worth (Kish's effective sample size)."""
        total = self.rated if name == "rated" else self.weighted[name]
        return np.divide(total * total, self.squares[name], out=np.zeros_like(total), where=self.squares[name] > 0)

    @property
    def rated(self) -> NDArray[np.float64]:
        """Weighted thumbs, up and down."""
        return self.weighted["thumbs_up"] + self.weighted["thumbs_down"]


Evidence = dict[str, TaskEvidence]
"""By task type."""


def gather(store: Store, *, now: datetime, window: Window | None = None, filters: Filters | None = None) -> Evidence:
    """The evidence that a store holds: of the last 90 days, or of a window and some calls only, where they are named."""
    window = window or Window.last_days(DAYS, now=now)
    steps = window.steps(Interval.DAY)
    facts = store.facts(Question(window=window, filters=filters or Filters(), by=_BY, steps=steps))
    return weigh(facts, today=steps.first + len(steps.labels) - 1)


def weigh(facts: Facts, *, today: int, half_life: float = HALF_LIFE_DAYS) -> Evidence:
    """Facts by task type, model, provider, complexity, and day, as evidence.

    Args:
        facts: grouped by exactly those.
        today: the number of the day after which there can be none: later ones are clocks that go wrong, and count as it.
        half_life: days after which a call counts half of what one of the newest day of its task type does.
    """
    named = ~np.isin(facts.keys[Dimension.MODEL], (UNKNOWN, OTHER))
    keys = {name: column[named] for name, column in facts.keys.items()}
    sums = {name: facts.sums[name][named].astype(np.float64) for name in (*SUMS, *LOGARITHMS)}
    sums["cost_sum"] = sums["cost_sum"] * 1e-10
    day = np.minimum(keys[Dimension.STEP].astype(np.float64), today)
    found = {}
    for task in np.unique(keys[Dimension.TASK_TYPE]):
        rows = keys[Dimension.TASK_TYPE] == task
        counted = rows & (sums["evidence_calls"] > 0)
        newest = day[counted if counted.any() else rows].max()
        age = np.maximum(newest - day, 0.0)
        found[str(task)] = _task(keys, sums, 0.5 ** (age / half_life), rows)
    return found


def _task(
    keys: dict[Dimension, NDArray[Any]],
    sums: dict[str, NDArray[np.float64]],
    weight: NDArray[np.float64],
    rows: NDArray[np.bool_],
) -> TaskEvidence:
    models, model = np.unique(keys[Dimension.MODEL][rows], return_inverse=True)
    stratum = np.array([STRATA.index(name) for name in keys[Dimension.COMPLEXITY][rows]], dtype=np.int64)
    shape = (len(models), len(STRATA))

    def by_cell(values: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.zeros(shape)
        np.add.at(total, (model, stratum), values)
        return total

    own = {name: column[rows] for name, column in sums.items()}
    own_weight = weight[rows]
    counted = {name: own[name] for name in ("evidence_calls", "priced_calls")}
    counted["rated"] = own["thumbs_up"] + own["thumbs_down"]
    own["tame_cost_sum"] = _tamed(own["cost_sum"], own["priced_calls"], model * len(STRATA) + stratum)
    return TaskEvidence(
        models=tuple(str(name) for name in models),
        providers=_providers(keys[Dimension.PROVIDER][rows], model, own["calls"], len(models)),
        raw={name: np.bincount(model, own[name], len(models)).astype(np.float64) for name in SUMS},
        weighted={name: by_cell(own_weight * own[name]) for name in (*SUMS, *LOGARITHMS, "tame_cost_sum")},
        squares={name: by_cell(own_weight**2 * count) for name, count in counted.items()},
        scatter=scatter(model, stratum, keys[Dimension.STEP][rows], own_weight, own),
    )


def _tamed(total: NDArray[np.float64], calls: NDArray[np.float64], cell: NDArray[np.int64]) -> NDArray[np.float64]:
    """What days cost, where the dearest day of a cell, a call, is taken for at most so many times the next dearest.

    So one corrupt record does not decide; what was dear on two days is taken for true. The fewer calls a day has, the more
    may it differ from others.
    """
    counted = np.flatnonzero(calls > 0)
    each = np.divide(total, calls, out=np.zeros_like(total), where=calls > 0)
    order = counted[np.lexsort((each[counted], cell[counted]))]
    last = np.flatnonzero(np.diff(cell[order], append=-1) != 0)
    last = last[(last > 0) & (cell[order[last - 1]] == cell[order[last]])]
    dearest, next_ = order[last], each[order[last - 1]]
    most = next_ * (1.0 + _OUTLYING / np.sqrt(calls[dearest])) * calls[dearest]
    found = total.copy()
    found[dearest] = np.where(next_ > 0, np.minimum(total[dearest], most), total[dearest])
    return found


def _providers(
    providers: NDArray[Any], model: NDArray[np.int64], calls: NDArray[np.float64], models: int
) -> tuple[str, ...]:
    names, provider = np.unique(providers, return_inverse=True)
    served = np.zeros((models, len(names)))
    np.add.at(served, (model, provider), calls)
    return tuple(str(names[place]) for place in served.argmax(axis=1))
