"""What the evidence says that is worth a sentence: who is faster, better liked, cheaper, and what goes badly. Pure.

Models are compared at the same mix: for a task type within its complexities, for a complexity within its task types, so
that nobody shines by being given the easy calls. Every sentence that could be said is tested, and Holm's procedure keeps
the chance that any of those said is a mere accident at 5 %, however many were tried; of what is left, only differences
that matter are said. Rates are tested exactly, because a handful of calls is where accidents look like findings.

Sources: S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979); N. Mantel and
W. Haenszel, JNCI 22 (1959); D. L. Wallace, "Bounds on normal approximations to Student's and the chi-square
distributions", Ann. Math. Statist. 30 (1959).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from math import erfc, exp, expm1, inf, log, log1p, sqrt
from typing import TYPE_CHECKING

import numpy as np

from augury.analytics.answers import Insight, InsightKind
from augury.core.scores import ENOUGH_CALLS, wilson_interval
from augury.core.tasks import Complexity, TaskType
from augury.models.display import display_name
from augury.recommend.evidence import STRATA
from augury.recommend.explain import task_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from augury.recommend.evidence import Evidence

    Numbers = NDArray[np.float64]

MOST = 12
"""Sentences said at once."""

SLOW_MS = 8_000.0
"""A task type whose calls take longer on average is called slow."""

LOW_SATISFACTION = 0.70
"""Below it satisfaction is called low."""

_ALPHA = 0.05
_MOST_WARNINGS = 6
_SURELY_SLOW_MS = 0.75 * SLOW_MS  # beyond chance, the average is over this
_SURELY_LOW = 0.75  # and satisfaction below this
_FAILING, _SURELY_FAILING = 0.15, 0.10  # the same for failures
_FAILS_MORE = 0.03  # than the others
_FASTER = 1.2
_CHEAPER = 1.5
_POINTS = 0.01  # of success
_LIKED_MORE, _LIKED = 0.03, 0.5
_STANDS_OUT = 0.05  # a task type is named beside the total where it is so much worse
_SAME_SUCCESS, _SLIGHTLY_LESS = 0.03, 0.01  # surely not worse by more than the one, and it seems not by the other
_COST_VARIATION = 2.0  # squared coefficient of variation of one call's cost: squares are not kept, so taken high
_LEAST_VARIANCE = 1e-3  # of the logarithm of a time
_LEAST_FREEDOM = 3.0  # degrees of it, for a comparison of times
_GONE = 0.5  # whose calls weigh so little against everybody's, is no longer used
_EXACT = 400.0  # the variance of a count from which the normal distribution does
_TAIL = 12.0  # standard deviations around the mean beyond which there is nothing
_Z = 1.959963984540054
_SECOND_MS = 1_000.0
_TINY = 1e-9

_FRACTIONS = (("half", 1 / 2), ("a third", 1 / 3), ("a quarter", 1 / 4), ("a fifth", 1 / 5), ("a tenth", 1 / 10))
_NEAR = 0.08  # a fraction's neighbourhood, in which it is named


_WARNINGS = frozenset({InsightKind.FAILING, InsightKind.LOW_SATISFACTION, InsightKind.SLOW_TASK})


def insights(evidence: Evidence, *, enough: int = ENOUGH_CALLS) -> list[Insight]:
    """What may be said: warnings first, then the strongest of every kind before the second of any.

    Args:
        evidence: of the window and calls in question.
        enough: how many calls that say something of its model, or ratings, each side of a comparison needs.
    """
    if not evidence:
        return []
    table = _Table(evidence, enough)
    tried = [
        *_failing(table),
        *_low_satisfaction(table),
        *_slow(table),
        *_more_successful(table),
        *_preferred(table),
        *_faster(table),
        *_cheaper(table),
    ]
    sure = _beyond_chance([one.chance for one in tried])
    return _chosen([one for one, is_sure in zip(tried, sure, strict=True) if is_sure and one.matters])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statement:
    """A sentence that could be said: how likely it is by mere chance, whether it matters, and how much."""

    chance: float
    matters: bool
    first: tuple[float, ...]  # of those of one kind about the same calls the smallest is said
    impact: float  # on how many calls, times how much
    insight: Insight


def _statement(
    kind: InsightKind,
    text: str,
    *,
    chance: float,
    matters: bool,
    impact: float,
    evidence: dict[str, float | int],
    first: tuple[float, ...] = (),
    task: str | None = None,
    model: str | None = None,
    other: str | None = None,
    complexity: str | None = None,
) -> _Statement:
    return _Statement(
        chance=chance,
        matters=matters,
        first=tuple(_steady(one) for one in first),
        impact=_steady(impact),
        insight=Insight(
            kind=kind,
            severity="warning" if kind in _WARNINGS else "good",
            text=text,
            task_type=task,
            model=model,
            other=other,
            complexity=complexity,
            evidence=evidence,
        ),
    )


def _beyond_chance(chances: list[float]) -> list[bool]:
    """Holm: which statements hold, with at most 5 % that any of them does not."""
    sure = [False] * len(chances)
    for rank, place in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        if chances[place] > _ALPHA / (len(chances) - rank):
            break
        sure[place] = True
    return sure


def _chosen(said: list[_Statement]) -> list[Insight]:
    best: dict[tuple[InsightKind, str | None, str | None], _Statement] = {}
    for one in said:
        key = (one.insight.kind, one.insight.task_type, one.insight.complexity)
        if key not in best or (one.first, one.insight.text) < (best[key].first, best[key].insight.text):
            best[key] = one
    queues = {
        kind: sorted(
            (one for one in best.values() if one.insight.kind is kind), key=lambda one: (-one.impact, one.insight.text)
        )
        for kind in InsightKind
    }
    warnings = _in_turn([queue for kind, queue in queues.items() if kind in _WARNINGS])[:_MOST_WARNINGS]
    good = _in_turn([queue for kind, queue in queues.items() if kind not in _WARNINGS])
    return [one.insight for one in (*warnings, *good)][:MOST]


def _in_turn(queues: list[list[_Statement]]) -> list[_Statement]:
    return [one for row in zip_longest(*queues) for one in row if one is not None]


class _Table:
    """The evidence as arrays: models by task types by complexities, and the raw sums as models by task types.

    `current` tells which models are still used: those that are not count in totals, and are compared with nobody.
    """

    def __init__(self, evidence: Evidence, enough: int) -> None:
        self.enough = enough - _TINY
        self.tasks = sorted(evidence)
        self.models = sorted({model for task in evidence.values() for model in task.models})
        self._evidence = evidence
        self._places = [np.array([self.models.index(m) for m in evidence[t].models], np.int64) for t in self.tasks]
        self.calls = self.weighted("evidence_calls")
        self.successes = self.weighted("successes")
        self.up = self.weighted("thumbs_up")
        self.rated = self.up + self.weighted("thumbs_down")
        self.calls_squares = self.squares("evidence_calls")
        self.rated_squares = self.squares("rated")
        self.current = self._current()

    def weighted(self, name: str) -> Numbers:
        return self._gathered([self._evidence[task].weighted[name] for task in self.tasks])

    def squares(self, name: str) -> Numbers:
        return self._gathered([self._evidence[task].squares[name] for task in self.tasks])

    def raw(self, name: str) -> Numbers:
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
        squares, total = self.calls_squares.sum(axis=(1, 2)), self.calls.sum(axis=(1, 2))
        usual = _ratio(squares.sum(), total.sum())
        current: NDArray[np.bool_] = (total > 0) & (_ratio(squares, total) >= _GONE * usual)
        return current


# Statements about one model or task type -----------------------------------------------------------------------------


def _failing(table: _Table) -> Iterator[_Statement]:
    """A model that fails often, and more often than the others do on the same work; or else all of them."""
    calls, successes = table.raw("evidence_calls"), table.raw("successes")
    for t, task in enumerate(table.tasks):
        cells = _Rates.of(table.successes[:, t], table.calls[:, t], table.calls_squares[:, t])
        everyone = cells.together(np.arange(len(table.models)))
        used = table.current & (table.calls[:, t].sum(axis=1) > 0)
        judged = [(m, cells.one(m)) for m in np.flatnonzero(used).tolist()]
        for m, own, n, good in [
            *((m, own, calls[m, t], successes[m, t]) for m, own in judged),
            (None, everyone, calls[:, t].sum(), successes[:, t].sum()),
        ]:
            if own.worth.sum() < table.enough:
                continue
            whole, recent = own.total()
            failures, chance = 1.0 - good / n, _at_least(round(whole * (1.0 - recent)), round(whole), _SURELY_FAILING)
            more = 0.0
            alone = whole >= everyone.total()[0] - _TINY
            evidence = _rate_evidence(n - good, n)
            if m is not None:
                others = cells.together(np.array([o for o, _ in judged if o != m], np.int64))
                shared = _Comparison(others, own)
                if shared.enough(table.enough):  # else nobody to compare with
                    chance = max(chance, shared.chance())
                    more = shared.difference
                    evidence |= {
                        "other_calls": round(float(others.worth.sum())),
                        "other_value": _rounded(100.0 * (failures - more)),
                    }
            model = None if m is None else table.models[m]
            share = f"{100 * failures:.0f}% of {task_name(task) if task != TaskType.OTHER else 'other'} calls"
            yield _statement(
                InsightKind.FAILING,
                f"{display_name(model)} fails on {share}" if model else f"{share} fail. Review model quality.",
                chance=chance,
                matters=min(failures, 1.0 - recent) >= _FAILING and (more >= _FAILS_MORE or alone),
                impact=failures * float(n),
                first=(float(m is None), -more * whole),  # the model that does most harm
                evidence=evidence,
                task=task,
                model=model,
            )


def _low_satisfaction(table: _Table) -> Iterator[_Statement]:
    up, down = table.raw("thumbs_up"), table.raw("thumbs_down")
    overall = _satisfaction(up.sum(), down.sum())
    everything = [(None, up.sum(), down.sum(), _ratio(table.up.sum(), table.rated.sum()))]
    tasks = [
        (task, up[:, t].sum(), down[:, t].sum(), _ratio(table.up[:, t].sum(), table.rated[:, t].sum()))
        for t, task in enumerate(table.tasks)
    ]
    for task, ups, downs, recent in [*everything, *tasks]:
        rated = round(float(ups + downs))
        if rated < table.enough:
            continue
        rate = float(ups) / rated
        high = wilson_interval(round(float(ups)), rated)[1]
        about = f" with {_work(task)}" if task else ""
        yield _statement(
            InsightKind.LOW_SATISFACTION,
            f"User satisfaction{about} is at {100 * rate:.0f}% ({rated:,} ratings). Review model quality.",
            chance=_at_most(round(float(ups)), rated, _SURELY_LOW),
            matters=max(rate, float(recent)) < LOW_SATISFACTION
            and high < _SURELY_LOW
            and (task is None or overall >= LOW_SATISFACTION or rate <= overall - _STANDS_OUT),
            impact=inf if task is None else (1.0 - rate) * rated,
            evidence=_rate_evidence(float(ups), rated),
            task=task,
        )


def _satisfaction(up: float, down: float) -> float:
    return up / (up + down) if up + down else 1.0


def _slow(table: _Table) -> Iterator[_Statement]:
    calls, times = table.raw("calls"), table.raw("response_ms_sum")
    lately = table.weighted("evidence_ms_sum")
    logs, log_squares = table.weighted("success_ln_ms_sum"), table.weighted("success_ln_ms_square_sum")
    for t, task in enumerate(table.tasks):
        weight = float(table.calls[:, t].sum())
        worth = weight**2 / max(float(table.calls_squares[:, t].sum()), _TINY)
        good = float(table.successes[:, t].sum())
        if min(float(calls[:, t].sum()), worth) < table.enough or good <= 0:
            continue
        average, recent = float(times[:, t].sum() / calls[:, t].sum()), float(lately[:, t].sum()) / weight
        variance = float(log_squares[:, t].sum()) / good - (float(logs[:, t].sum()) / good) ** 2
        variance = max(variance * worth / max(worth - 1.0, 1.0), _LEAST_VARIANCE)
        error = sqrt(expm1(min(variance, 2.0)) / worth)
        yield _statement(
            InsightKind.SLOW_TASK,
            f"{_capital(_tasks(task))} are slow ({average / _SECOND_MS:.1f}s avg). Consider optimizing prompts.",
            chance=_student(log(max(recent, 1.0) / _SURELY_SLOW_MS) / error, worth - 1.0),
            matters=min(average, recent) >= SLOW_MS,
            impact=average * float(calls[:, t].sum()),
            evidence={
                "calls": round(float(calls[:, t].sum())),
                "value": _rounded(average),
                "low": _rounded(average * exp(-_Z * error)),
                "high": _rounded(average * exp(_Z * error)),
            },
            task=task,
        )


# Comparisons ---------------------------------------------------------------------------------------------------------


def _more_successful(table: _Table) -> Iterator[_Statement]:
    calls, successes = table.raw("evidence_calls"), table.raw("successes")
    for t, task in enumerate(table.tasks):
        cells = _Rates.of(table.successes[:, t], table.calls[:, t], table.calls_squares[:, t])
        for m, usual, is_usual in _pairs(table, table.calls[:, t]):
            pair = _Comparison(cells.one(m), cells.one(usual))
            if not pair.enough(table.enough):
                continue
            low, high = pair.interval()
            model, other = table.models[m], table.models[usual]
            # Where the plain rates say the opposite, the sentence says what makes the difference.
            plain = successes[m, t] / calls[m, t] > successes[usual, t] / calls[usual, t]
            yield _statement(
                InsightKind.MORE_SUCCESSFUL,
                f"{display_name(model)} has {100 * pair.difference:.0f}% higher success rate for {_tasks(task)} "
                f"than {display_name(other)}{'' if plain else ' at the same complexity'}",
                chance=pair.chance(),
                matters=pair.difference >= _POINTS,
                impact=low * float(table.calls[:, t].sum()),
                first=(float(is_usual), -low),
                evidence={
                    "calls": round(float(calls[m, t])),
                    "other_calls": round(float(calls[usual, t])),
                    "value": _rounded(100.0 * pair.rate),
                    "other_value": _rounded(100.0 * pair.other_rate),
                    "low": _rounded(100.0 * low),
                    "high": _rounded(100.0 * high),
                },
                task=task,
                model=model,
                other=other,
            )


def _preferred(table: _Table) -> Iterator[_Statement]:
    up, down = table.raw("thumbs_up"), table.raw("thumbs_down")
    current = np.flatnonzero(table.current)
    for t, task in enumerate(table.tasks):
        cells = _Rates.of(table.up[:, t], table.rated[:, t], table.rated_squares[:, t])
        for m in current.tolist():
            others = current[current != m]
            pair = _Comparison(cells.one(m), cells.together(others))
            if not pair.enough(table.enough):
                continue
            rated, other_rated = up[m, t] + down[m, t], up[others, t].sum() + down[others, t].sum()
            rate, other_rate = float(up[m, t] / rated), float(up[others, t].sum() / other_rated)
            low, high = pair.interval()
            model = table.models[m]
            yield _statement(
                InsightKind.PREFERRED,
                f"Users prefer {display_name(model)} for {_work(task)} ({100 * rate:.0f}% satisfaction)",
                chance=pair.chance(),
                matters=rate > other_rate and rate >= _LIKED and pair.difference >= _LIKED_MORE,
                impact=low * float(table.calls[:, t].sum()),
                first=(-low,),
                evidence={
                    "calls": round(float(rated)),
                    "other_calls": round(float(other_rated)),
                    "value": _rounded(100.0 * rate),
                    "other_value": _rounded(100.0 * other_rate),
                    "low": _rounded(100.0 * low),
                    "high": _rounded(100.0 * high),
                },
                task=task,
                model=model,
            )


def _faster(table: _Table) -> Iterator[_Statement]:
    logs, squares = table.weighted("success_ln_ms_sum"), table.weighted("success_ln_ms_square_sum")
    sums = table.weighted("evidence_ms_sum")
    for complexity in Complexity:
        at = STRATA.index(complexity)
        yield from _faster_among(
            table, (slice(None), slice(None), at), (logs, squares, sums), f"{complexity} tasks", complexity=complexity
        )
    for t, task in enumerate(table.tasks):
        yield from _faster_among(table, (slice(None), t), (logs, squares, sums), _tasks(task), task=task)


def _faster_among(
    table: _Table,
    where: tuple[slice | int, ...],
    times: tuple[Numbers, Numbers, Numbers],
    what: str,
    *,
    task: str | None = None,
    complexity: str | None = None,
) -> Iterator[_Statement]:
    calls, successes = table.calls[where], table.successes[where]
    logs, squares, sums = (one[where] for one in times)
    worth = _ratio(calls * calls, table.calls_squares[where]) * _ratio(successes, calls)
    mean = _ratio(logs, successes)
    inner = np.maximum(_ratio(squares, successes) - mean**2, 0.0)
    average = _ratio(sums, calls)
    for m, usual, is_usual in _pairs(table, calls):
        shared = (worth[m] >= 1.0) & (worth[usual] >= 1.0)
        own, other = worth[m, shared], worth[usual, shared]
        freedom, other_freedom = float((own - 1.0).sum()), float((other - 1.0).sum())
        if min(own.sum(), other.sum()) < table.enough or min(freedom, other_freedom) < _LEAST_FREEDOM:
            continue
        share = own * other / (own + other)
        share /= share.sum()
        difference = float((share * (mean[usual, shared] - mean[m, shared])).sum())
        mine = max(float((own * inner[m, shared]).sum()) / freedom, _LEAST_VARIANCE) * float((share**2 / own).sum())
        theirs = float((other * inner[usual, shared]).sum()) / other_freedom
        theirs = max(theirs, _LEAST_VARIANCE) * float((share**2 / other).sum())
        error = sqrt(mine + theirs)
        degrees = error**4 / (mine**2 / freedom + theirs**2 / other_freedom)
        on_average = float((share * np.log(average[usual, shared] / np.maximum(average[m, shared], 1.0))).sum())
        model, against = table.models[m], table.models[usual]
        low, high = difference - _Z * error, difference + _Z * error
        yield _statement(
            InsightKind.FASTER,
            f"{display_name(model)} is {exp(difference):.1f}x faster for {what} than {display_name(against)}",
            chance=_student(difference / error, degrees),
            matters=difference >= log(_FASTER) and on_average > 0,
            impact=low * float(calls.sum()),
            first=(float(is_usual), -low),
            evidence={
                "calls": round(float(own.sum())),
                "other_calls": round(float(other.sum())),
                "value": _rounded(exp(float((share * mean[m, shared]).sum()))),
                "other_value": _rounded(exp(float((share * mean[usual, shared]).sum()))),
                "low": _rounded(exp(low)),
                "high": _rounded(exp(high)),
            },
            task=task,
            model=model,
            other=against,
            complexity=complexity,
        )


def _cheaper(table: _Table) -> Iterator[_Statement]:
    """Less money for the same success: both must be beyond chance, so the larger of the two chances counts."""
    costs, priced, squares = table.weighted("cost_sum"), table.weighted("priced_calls"), table.squares("priced_calls")
    worth, average = _ratio(priced * priced, squares), _ratio(costs, priced)
    for t, task in enumerate(table.tasks):
        cells = _Rates.of(table.successes[:, t], table.calls[:, t], table.calls_squares[:, t])
        for m, usual, is_usual in _pairs(table, table.calls[:, t]):
            pair = _Comparison(cells.one(m), cells.one(usual))
            shared = (average[m, t] > 0) & (average[usual, t] > 0)
            own, other = worth[m, t, shared], worth[usual, t, shared]
            if not pair.enough(table.enough) or min(own.sum(), other.sum()) < table.enough:
                continue
            share = own * other / (own + other)
            share /= share.sum()
            ratio = np.log(average[usual, t, shared] / average[m, t, shared])
            difference = float((share * ratio).sum())
            error = sqrt(log1p(_COST_VARIATION) * float((share**2 * (1.0 / own + 1.0 / other)).sum()))
            model, against = table.models[m], table.models[usual]
            low, high = difference - _Z * error, difference + _Z * error
            yield _statement(
                InsightKind.CHEAPER,
                f"{display_name(model)} costs {_part(exp(-difference))} {display_name(against)} "
                f"for {'the same' if pair.interval()[0] <= 0 else 'more'} success on {_work(task)}",
                chance=max(_normal(difference / error), _normal((pair.difference + _SAME_SUCCESS) / pair.error)),
                matters=difference >= log(_CHEAPER) and pair.difference >= -_SLIGHTLY_LESS,
                impact=low * float(costs[usual, t].sum()),
                first=(float(is_usual), -low),
                evidence={
                    "calls": round(float(own.sum())),
                    "other_calls": round(float(other.sum())),
                    "value": float(f"{float((share * average[m, t, shared]).sum()):.6g}"),
                    "other_value": float(f"{float((share * average[usual, t, shared]).sum()):.6g}"),
                    "low": _rounded(exp(low)),
                    "high": _rounded(exp(high)),
                },
                task=task,
                model=model,
                other=against,
            )


def _pairs(table: _Table, calls: Numbers) -> Iterator[tuple[int, int, bool]]:
    """Each model in use, the most used of the others, and whether it is itself the most used of all.

    Whom a model is compared with must not depend on how it does: the best of many would look good by chance.
    """
    used = np.where(table.current, calls.sum(axis=1), 0.0)
    first = int(used.argmax())
    for m in np.flatnonzero(used > 0).tolist():
        rest = used.copy()
        rest[m] = 0.0
        usual = int(rest.argmax())
        if rest[usual] > 0:
            yield m, usual, m == first


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rates:
    """Shares of something: what there is of it, of how much, and how many calls that is worth; any shape."""

    good: Numbers = field(repr=False)
    total_weight: Numbers = field(repr=False)
    squares: Numbers = field(repr=False)

    @classmethod
    def of(cls, good: Numbers, total: Numbers, squares: Numbers) -> _Rates:
        return cls(good=good, total_weight=total, squares=squares)

    def one(self, model: int) -> _Rates:
        return _Rates.of(self.good[model], self.total_weight[model], self.squares[model])

    def together(self, models: NDArray[np.int64]) -> _Rates:
        own = (self.good[models], self.total_weight[models], self.squares[models])
        return _Rates.of(own[0].sum(axis=0), own[1].sum(axis=0), own[2].sum(axis=0))

    @property
    def worth(self) -> Numbers:
        return _ratio(self.total_weight**2, self.squares)

    @property
    def rate(self) -> Numbers:
        return np.clip(_ratio(self.good, self.total_weight), 0.0, 1.0)

    def total(self) -> tuple[float, float]:
        """What all are worth together, and their rate."""
        weight = float(self.total_weight.sum())
        return weight**2 / max(float(self.squares.sum()), _TINY), min(float(self.good.sum()) / max(weight, _TINY), 1.0)


class _Comparison:
    """Two rates over the strata that both have calls in, at the same mix."""

    def __init__(self, own: _Rates, other: _Rates) -> None:
        worth, other_worth = own.worth, other.worth
        shared = (worth > 0) & (other_worth > 0)
        self._n, self._other_n = worth[shared], other_worth[shared]
        self._p, self._other_p = own.rate[shared], other.rate[shared]
        share = self._n * self._other_n / (self._n + self._other_n)
        self._share = share / max(float(share.sum()), _TINY)
        self.rate = float((self._share * self._p).sum())
        self.other_rate = float((self._share * self._other_p).sum())
        self.difference = self.rate - self.other_rate

    def enough(self, least: float) -> bool:
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
        return max(-1.0, self.difference - _Z * self.error), min(1.0, self.difference + _Z * self.error)

    def chance(self) -> float:
        """That equals would differ so far in favour of the first: the exact conditional test over all strata."""
        n, other_n = np.rint(self._n).astype(int), np.rint(self._other_n).astype(int)
        good, other_good = np.rint(self._p * n).astype(int), np.rint(self._other_p * other_n).astype(int)
        everyone, all_good = (n + other_n).astype(float), (good + other_good).astype(float)
        mean = n * all_good / everyone
        variance = mean * (everyone - all_good) / everyone * other_n / np.maximum(everyone - 1.0, 1.0)
        seen = float(good.sum())
        if float(variance.sum()) > _EXACT:
            return _normal((seen - 0.5 - float(mean.sum())) / sqrt(float(variance.sum())))
        least, law = 0, np.ones(1)
        for size, rest, marked in zip(n.tolist(), other_n.tolist(), (good + other_good).tolist(), strict=True):
            start, one = _hypergeometric(size, rest, marked)
            least, law = least + start, np.convolve(law, one)
        return min(1.0, float(law[max(0, round(seen) - least) :].sum()))


# Chances -------------------------------------------------------------------------------------------------------------


def _hypergeometric(size: int, rest: int, marked: int) -> tuple[int, Numbers]:
    """How many of `marked` among size + rest are among the `size`: the smallest number, and the law from there."""
    lowest, highest = max(0, marked - rest), min(size, marked)
    steps = np.arange(lowest, highest, dtype=np.float64)
    ratios = np.log((marked - steps) * (size - steps)) - np.log((steps + 1.0) * (rest - marked + steps + 1.0))
    return lowest, _law(ratios)


def _law(ratios: Numbers) -> Numbers:
    """Probabilities of which the logarithms differ by `ratios` from one to the next."""
    logs = np.concatenate(([0.0], np.cumsum(ratios)))
    weights = np.exp(logs - logs.max())
    law: Numbers = weights / weights.sum()
    return law


def _at_least(seen: int, trials: int, rate: float) -> float:
    """The chance of so many, or more, in as many trials."""
    variance = trials * rate * (1.0 - rate)
    if variance > _EXACT:
        return _normal((seen - 0.5 - trials * rate) / sqrt(variance))
    steps = np.arange(trials, dtype=np.float64)
    law = _law(np.log((trials - steps) / (steps + 1.0)) + log(rate / (1.0 - rate)))
    return min(1.0, float(law[max(0, seen) :].sum()))


def _at_most(seen: int, trials: int, rate: float) -> float:
    return _at_least(trials - seen, trials, 1.0 - rate)


def _normal(z: float) -> float:
    """The chance that a standard normal variable is at least z."""
    return 0.5 * erfc(z / sqrt(2.0))


def _student(t: float, degrees: float) -> float:
    """The same of Student's distribution, by Wallace's approximation: within 2 % of it where it matters."""
    z = (8.0 * degrees + 1.0) / (8.0 * degrees + 3.0) * sqrt(degrees * log1p(t * t / degrees))
    return _normal(z if t > 0 else -z)


def _ratio(part: Numbers, whole: Numbers) -> Numbers:
    """`part` of `whole`; of nothing, 0."""
    return np.divide(part, whole, out=np.zeros_like(part, dtype=np.float64), where=np.asarray(whole) > 0)


# Words ---------------------------------------------------------------------------------------------------------------


def _tasks(task: str) -> str:
    """As in "analysis tasks"."""
    return task_name(task) if task == TaskType.OTHER else f"{task_name(task)} tasks"


def _work(task: str) -> str:
    """As in "for coding"; creative is no noun."""
    return _tasks(task) if task == TaskType.CREATIVE else task_name(task)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _part(fraction: float) -> str:
    for name, size in _FRACTIONS:
        if abs(fraction / size - 1.0) <= _NEAR:
            return f"{name} of"
    return f"{100 * fraction:.0f}% of" if fraction >= _POINTS else "less than 1% of"


def _rate_evidence(part: float, whole: float) -> dict[str, float | int]:
    low, high = wilson_interval(round(float(part)), round(float(whole)))
    return {
        "calls": round(float(whole)),
        "value": _rounded(100.0 * float(part) / float(whole)),
        "low": _rounded(100.0 * low),
        "high": _rounded(100.0 * high),
    }


def _steady(value: float) -> float:
    """The value without the noise of summing in another order, so that equals stay equal."""
    return float(f"{value:.9g}")


def _rounded(value: float) -> float:
    return round(float(value), 2)
