"""The evidence as arrays of models by task types by complexities, and who is compared with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augury.recommend.dispersion import shrunk
from augury.recommend.evidence import STRATA

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from augury.recommend.evidence import Evidence

    Numbers = NDArray[np.float64]

TINY = 1e-9
"""Less than it is nothing, but for the noise of summing."""

_GONE = 0.5  # whose calls weigh so little against everybody's, is no longer used


class Table:
    """The evidence as arrays: models by task types by complexities, and the raw sums as models by task types.

    `current` tells which models are still used: those that are not count in totals, and are compared with nobody.
    `advisable` are those of them that can still be asked for: of what is retired nothing good is said.
    """

    def __init__(self, evidence: Evidence, enough: int, retired: Collection[str] = ()) -> None:
        self.enough = enough - TINY
        self.tasks = sorted(evidence)
        self.models = sorted({model for task in evidence.values() for model in task.models})
        self._evidence = evidence
        self._places = [np.array([self.models.index(m) for m in evidence[t].models], np.int64) for t in self.tasks]
        self.calls = self.weighted("evidence_calls")
        self.successes = self.weighted("successes")
        self.up = self.weighted("thumbs_up")
        self.rated = self.up + self.weighted("thumbs_down")
        self.current = self._current()
        self.advisable = self.current & np.array([model not in retired for model in self.models], dtype=bool)
        # Calls of one session say less than as many others: their squares count by their design effect, so that whatever
        # is worked out of them, such as what they are worth, is that of fewer calls.
        self.calls_squares = self._inflated("evidence_calls", "success")
        self.rated_squares = self._inflated("rated", "rating")
        self.times_squares = self._inflated("evidence_calls", "time")
        self.costs_squares = self._inflated("priced_calls", "cost")

    def weighted(self, name: str) -> Numbers:
        """Sums weighed by age."""
        return self._gathered([self._evidence[task].weighted[name] for task in self.tasks])

    def squares(self, name: str) -> Numbers:
        """Sums of squared weights."""
        return self._gathered([self._evidence[task].squares[name] for task in self.tasks])

    def _inflated(self, name: str, measure: str) -> Numbers:
        """Sums of squared weights, times the design effect of a measure."""
        found = [self._evidence[task].scatter for task in self.tasks]
        effects = shrunk([None if one is None else one[measure] for one in found])
        table = self.squares(name)
        for place, effect in enumerate(effects):
            if found[place] is not None:
                table[self._places[place], place, :] *= effect[:, None]
        return table

    def rating_effect(self, task: int | None) -> float:
        """The design effect of the ratings of a task, or of all."""
        place = slice(None) if task is None else task
        plain, own = self.squares("rated")[:, place].sum(), self.rated_squares[:, place].sum()
        return float(own / plain) if plain > 0 else 1.0

    def raw(self, name: str) -> Numbers:
        """Plain sums over all calls, models by task types."""
        table = np.zeros((len(self.models), len(self.tasks)))
        for place, task in enumerate(self.tasks):
            table[self._places[place], place] = self._evidence[task].raw[name]
        return table

    def _gathered(self, cells: list[Numbers]) -> Numbers:
        table = np.zeros((len(self.models), len(self.tasks), len(STRATA)))
        for place, own in enumerate(cells):
            table[self._places[place], place, :] = own
        return table

    def _current(self) -> NDArray[np.bool_]:
        """Who is used about as lately as the average call: its calls' weight, averaged over that weight, tells."""
        squares, total = self.squares("evidence_calls").sum(axis=(1, 2)), self.calls.sum(axis=(1, 2))
        usual = ratio(squares.sum(), total.sum())
        current: NDArray[np.bool_] = (total > 0) & (ratio(squares, total) >= _GONE * usual)
        return current


def pairs(table: Table, calls: Numbers) -> Iterator[tuple[int, int, bool]]:
    """Each model in use, the most used of the others, and whether it is itself the most used of all.

    Whom a model is compared with must not depend on how it does: the best of many would look good by chance.
    """
    used = np.where(table.current, calls.sum(axis=1), 0.0)
    first = int(used.argmax())
    for m in np.flatnonzero((used > 0) & table.advisable).tolist():
        rest = used.copy()
        rest[m] = 0.0
        usual = int(rest.argmax())
        if rest[usual] > 0:
            yield m, usual, m == first


def ratio(part: Numbers, whole: Numbers) -> Numbers:
    """`part` of `whole`; of nothing, 0."""
    return np.divide(part, whole, out=np.zeros_like(part, dtype=np.float64), where=np.asarray(whole) > 0)
