"""Pieces of an answer: what each sealed day and the rows of open ones add to it, kept in memory and added up.

A sealed day does not change while its seal has the same number, nor an open hour while its stamp is the same, so what it
adds to a question is read once. A warm answer is a sum of arrays.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from augury.core.grouping import numbered
from augury.core.histogram import merged
from augury.store.coverage import DAY_S, HOUR_S, stretches_in
from augury.store.protocol import COSTS, DOLLARS, LEAST, LOGARITHMS, MOST, SUMS, Dimension, Facts, Latencies

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from augury.store.coverage import Part
    from augury.store.protocol import Filters, Question

MEMORY_BYTES = 256 << 20
"""How much of sealed days is kept in memory."""

_OBJECT_BYTES = 64  # about what a Python integer or a name costs, with its place in a list


@dataclass(frozen=True, slots=True)
class Keys:
    """A column of keys: the values there are, and for each row which of them it has."""

    values: tuple[Any, ...]
    codes: NDArray[np.int64]

    @classmethod
    def of(cls, column: Sequence[Any]) -> Keys:
        """The column in fewer words."""
        values = tuple(dict.fromkeys(column))
        code_of = {value: code for code, value in enumerate(values)}
        return cls(values, np.fromiter(map(code_of.__getitem__, column), np.int64, len(column)))

    def are(self, value: Any) -> NDArray[np.bool_]:
        """Whether each row has it."""
        code = self.values.index(value) if value in self.values else -1
        return np.equal(self.codes, code)

    def rows(self, chosen: slice | NDArray[np.int64]) -> Keys:
        """Some of the rows."""
        return Keys(self.values, self.codes[chosen])


@dataclass(frozen=True, slots=True)
class Partial:
    """Rows of facts, or of histograms: a column of keys for each dimension, and columns of numbers."""

    keys: tuple[Keys, ...]
    numbers: dict[str, NDArray[Any]]

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        names = sum(len(column.values) * _OBJECT_BYTES + column.codes.nbytes for column in self.keys)
        return names + sum(
            column.nbytes + (_OBJECT_BYTES * len(column) if column.dtype == object else 0)
            for column in self.numbers.values()
        )

    def rows(self, chosen: slice | NDArray[np.int64]) -> Partial:
        """Some of the rows."""
        keys = tuple(column.rows(chosen) for column in self.keys)
        # Copied, so that a part does not hold on to the whole it was cut from.
        return Partial(keys, {name: column[chosen].copy() for name, column in self.numbers.items()})


class Memory:
    """Remembers what sealed days and unchanged hours add to questions; the least used is forgotten first. Safe in several threads."""

    def __init__(self, limit: int = MEMORY_BYTES) -> None:
        """Nothing is remembered yet; `limit` is in bytes."""
        self._limit = limit
        self._size = 0
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, Partial] = OrderedDict()

    def recall(self, key: Hashable) -> Partial | None:
        """What was kept under the key."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def keep(self, key: Hashable, partial: Partial) -> None:
        """Remember this, and forget what there is no room for."""
        with self._lock:
            before = self._kept.pop(key, None)
            self._size += partial.size - (before.size if before else 0)
            self._kept[key] = partial
            while self._size > self._limit:
                _, gone = self._kept.popitem(last=False)
                self._size -= gone.size


def name_of(part: Part, question: Question, *, histogram: bool) -> Hashable:
    """What a part of a sealed day is remembered by, for this question and all that ask the same of the day."""
    begins = part.seal.day * DAY_S
    return part.seal.day, part.seal.number, part.within, *_asked(question, begins, begins + DAY_S, histogram=histogram)


def name_of_hour(hour: int, stamp: int, question: Question, *, histogram: bool) -> Hashable:
    """What the rows of an open hour are remembered by, for as long as nobody changes one."""
    return "hour", hour, stamp, *_asked(question, hour * HOUR_S, (hour + 1) * HOUR_S, histogram=histogram)


def _asked(question: Question, begins: int, ends: int, *, histogram: bool) -> tuple[Hashable, ...]:
    shifts: Hashable = None
    if question.steps is not None and Dimension.STEP in question.by:
        shifts = question.steps.width, stretches_in(question.steps, begins, ends)
    return histogram, question.costs, question.filters, question.by, shifts


_FILTERS = {
    Dimension.MODEL: "model",
    Dimension.PROVIDER: "provider",
    Dimension.TASK_TYPE: "task_type",
    Dimension.COMPLEXITY: "complexity",
}
"""The fields of `Filters` that say which value of a dimension counts."""


def wider(question: Question) -> Question | None:
    """The question without its filters by what it is grouped by: its answer tells this one's too. None where there are none."""
    picked = _picked(question.filters)
    if not picked or not picked.keys() <= set(question.by):
        return None
    return replace(question, filters=replace(question.filters, **{_FILTERS[name]: None for name in picked}))


def narrowed(partial: Partial, question: Question) -> Partial:
    """Of what a wider question found, what this one would have."""
    chosen = np.ones(len(next(iter(partial.numbers.values()))), dtype=np.bool_)
    for name, value in _picked(question.filters).items():
        chosen &= partial.keys[question.by.index(name)].are(value)
    return partial.rows(np.flatnonzero(chosen))


def _picked(filters: Filters) -> dict[Dimension, str]:
    told = {name: getattr(filters, field) for name, field in _FILTERS.items()}
    return {name: value for name, value in told.items() if value is not None}


def facts_of(partials: Sequence[Partial], question: Question, *, rounded: bool) -> Facts:
    """The sums of all pieces: one row for each group."""
    keys, group = _grouped(partials, question.by)
    rows = len(group)
    groups = int(group.max()) + 1 if rows else 0
    sums: dict[str, NDArray[Any]] = {}
    for name in (*SUMS, *(COSTS if question.costs else ()), *LOGARITHMS, LEAST, MOST):
        column = np.concatenate([partial.numbers[name] for partial in partials]) if rows else np.zeros(0, np.int64)
        if name == LEAST:
            total = np.full(groups, np.iinfo(np.int64).max)
            np.minimum.at(total, group, column)
        else:
            total = np.zeros(groups, dtype=_type_of(name))
            (np.maximum if name == MOST else np.add).at(total, group, column)
        sums[name] = total
    return Facts(keys=keys, sums=sums, rounded=rounded)


def latencies_of(partials: Sequence[Partial], question: Question, *, rounded: bool) -> Latencies:
    """The histograms of all pieces: one row for each group and bucket, buckets ascending within a group."""
    keys, group = _grouped(partials, question.by)
    if not len(group):
        nothing = np.zeros(0, np.int64)
        return Latencies(keys=keys, groups=nothing, buckets=nothing, calls=nothing, rounded=rounded)
    buckets = np.concatenate([partial.numbers["bucket"] for partial in partials])
    calls = np.concatenate([partial.numbers["calls"] for partial in partials])
    groups, buckets, calls = merged(group, buckets, calls)
    return Latencies(keys=keys, groups=groups, buckets=buckets, calls=calls, rounded=rounded)


def _type_of(name: str) -> type:
    if name in LOGARITHMS:
        return float
    return object if name in DOLLARS else np.int64


def _grouped(
    partials: Sequence[Partial], by: tuple[Dimension, ...]
) -> tuple[dict[Dimension, NDArray[Any]], NDArray[np.int64]]:
    """The distinct keys, a column for each dimension, and for each row of all pieces which of them it has."""
    rows = sum(len(next(iter(partial.numbers.values()))) for partial in partials)
    combined = np.zeros(rows, dtype=np.int64)
    columns: list[tuple[Any, ...]] = []
    for place in range(len(by)):
        known: dict[Any, int] = {}
        codes = []
        for partial in partials:
            own = partial.keys[place]
            code = np.array([known.setdefault(value, len(known)) for value in own.values], dtype=np.int64)
            codes.append(code[own.codes] if len(own.codes) else own.codes)
        columns.append(tuple(known))
        combined = combined * max(len(known), 1) + (np.concatenate(codes) if codes else 0)
    distinct, group = numbered(combined, math.prod(max(len(values), 1) for values in columns))
    keys: dict[Dimension, NDArray[Any]] = {}
    for name, values in zip(reversed(by), reversed(columns), strict=True):
        distinct, place_of = np.divmod(distinct, max(len(values), 1))
        column = np.array(values, dtype=np.int64 if name is Dimension.STEP else object)
        keys[name] = column[place_of]
    return {name: keys[name] for name in by}, group
