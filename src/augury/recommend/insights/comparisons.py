"""Who does better than another at the same mix of calls: succeeds more often, is liked more, is faster, or cheaper."""

from __future__ import annotations

from math import exp, log, log1p, sqrt
from typing import TYPE_CHECKING

import numpy as np

from augury.analytics.answers import InsightKind
from augury.core.tasks import Complexity
from augury.models.display import display_name
from augury.recommend.dispersion import COST_VARIATION
from augury.recommend.evidence import STRATA
from augury.recommend.insights.chances import LEAST_VARIANCE, Z95, normal, student
from augury.recommend.insights.rates import Comparison, Rates
from augury.recommend.insights.statement import rounded, statement
from augury.recommend.insights.table import pairs, ratio
from augury.recommend.insights.words import part_named, tasks_named, work_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from augury.recommend.insights.statement import Statement
    from augury.recommend.insights.table import Numbers, Table

_POINTS = 0.01  # of success
_LIKED_MORE, _LIKED = 0.03, 0.5
_FASTER = 1.2
_LEAST_FREEDOM = 3.0  # degrees of it, for a comparison of times
_CHEAPER = 1.5
_SAME_SUCCESS, _SLIGHTLY_LESS = 0.03, 0.01  # surely not worse by more than the one, and it seems not by the other


def more_successful(table: Table) -> Iterator[Statement]:
    """A model that succeeds more often than the one that is used most."""
    calls, successes = table.raw("evidence_calls"), table.raw("successes")
    for t, task in enumerate(table.tasks):
        cells = Rates.of(table.successes[:, t], table.calls[:, t], table.calls_squares[:, t])
        for m, usual, is_usual in pairs(table, table.calls[:, t]):
            pair = Comparison(cells.one(m), cells.one(usual))
            if not pair.enough(table.enough):
                continue
            low, high = pair.interval()
            model, other = table.models[m], table.models[usual]
            # Where the plain rates say the opposite, the sentence says what makes the difference.
            plain = successes[m, t] / calls[m, t] > successes[usual, t] / calls[usual, t]
            yield statement(
                InsightKind.MORE_SUCCESSFUL,
                f"{display_name(model)} has {100 * pair.difference:.0f}% higher success rate for {tasks_named(task)} "
                f"than {display_name(other)}{'' if plain else ' at the same complexity'}",
                chance=pair.chance(),
                matters=pair.difference >= _POINTS,
                impact=low * float(table.calls[:, t].sum()),
                first=(float(is_usual), -low),
                evidence={
                    "calls": round(float(calls[m, t])),
                    "other_calls": round(float(calls[usual, t])),
                    "value": rounded(100.0 * pair.rate),
                    "other_value": rounded(100.0 * pair.other_rate),
                    "low": rounded(100.0 * low),
                    "high": rounded(100.0 * high),
                },
                task=task,
                model=model,
                other=other,
            )


def preferred(table: Table) -> Iterator[Statement]:
    """A model that users rate better than all the others together."""
    up, down = table.raw("thumbs_up"), table.raw("thumbs_down")
    current = np.flatnonzero(table.current)
    for t, task in enumerate(table.tasks):
        cells = Rates.of(table.up[:, t], table.rated[:, t], table.rated_squares[:, t])
        for m in np.flatnonzero(table.advisable).tolist():
            others = current[current != m]
            pair = Comparison(cells.one(m), cells.together(others))
            if not pair.enough(table.enough):
                continue
            rated, other_rated = up[m, t] + down[m, t], up[others, t].sum() + down[others, t].sum()
            rate, other_rate = float(up[m, t] / rated), float(up[others, t].sum() / other_rated)
            low, high = pair.interval()
            model = table.models[m]
            yield statement(
                InsightKind.PREFERRED,
                f"Users prefer {display_name(model)} for {work_named(task)} ({100 * rate:.0f}% satisfaction)",
                chance=pair.chance(),
                matters=rate > other_rate and rate >= _LIKED and pair.difference >= _LIKED_MORE,
                impact=low * float(table.calls[:, t].sum()),
                first=(-low,),
                evidence={
                    "calls": round(float(rated)),
                    "other_calls": round(float(other_rated)),
                    "value": rounded(100.0 * rate),
                    "other_value": rounded(100.0 * other_rate),
                    "low": rounded(100.0 * low),
                    "high": rounded(100.0 * high),
                },
                task=task,
                model=model,
            )


def faster(table: Table) -> Iterator[Statement]:
    """A model that takes less time for its successes, by the geometric mean, and on average too."""
    logs, squares = table.weighted("success_ln_ms_sum"), table.weighted("success_ln_ms_square_sum")
    sums = table.weighted("evidence_ms_sum")
    for complexity in Complexity:
        at = STRATA.index(complexity)
        yield from _faster_among(
            table, (slice(None), slice(None), at), (logs, squares, sums), f"{complexity} tasks", complexity=complexity
        )
    for t, task in enumerate(table.tasks):
        yield from _faster_among(table, (slice(None), t), (logs, squares, sums), tasks_named(task), task=task)


def _faster_among(
    table: Table,
    where: tuple[slice | int, ...],
    times: tuple[Numbers, Numbers, Numbers],
    what: str,
    *,
    task: str | None = None,
    complexity: str | None = None,
) -> Iterator[Statement]:
    calls, successes = table.calls[where], table.successes[where]
    logs, squares, sums = (one[where] for one in times)
    worth = ratio(calls * calls, table.times_squares[where]) * ratio(successes, calls)
    mean = ratio(logs, successes)
    inner = np.maximum(ratio(squares, successes) - mean**2, 0.0)
    average = ratio(sums, calls)
    for m, usual, is_usual in pairs(table, calls):
        shared = (worth[m] >= 1.0) & (worth[usual] >= 1.0)
        own, other = worth[m, shared], worth[usual, shared]
        freedom, other_freedom = float((own - 1.0).sum()), float((other - 1.0).sum())
        if min(own.sum(), other.sum()) < table.enough or min(freedom, other_freedom) < _LEAST_FREEDOM:
            continue
        share = own * other / (own + other)
        share /= share.sum()
        difference = float((share * (mean[usual, shared] - mean[m, shared])).sum())
        mine = max(float((own * inner[m, shared]).sum()) / freedom, LEAST_VARIANCE) * float((share**2 / own).sum())
        theirs = float((other * inner[usual, shared]).sum()) / other_freedom
        theirs = max(theirs, LEAST_VARIANCE) * float((share**2 / other).sum())
        error = sqrt(mine + theirs)
        degrees = error**4 / (mine**2 / freedom + theirs**2 / other_freedom)
        on_average = float(
            (share * np.log(np.maximum(average[usual, shared], 1.0) / np.maximum(average[m, shared], 1.0))).sum()
        )
        model, against = table.models[m], table.models[usual]
        low, high = difference - Z95 * error, difference + Z95 * error
        yield statement(
            InsightKind.FASTER,
            f"{display_name(model)} is {exp(difference):.1f}x faster for {what} than {display_name(against)}",
            chance=student(difference / error, degrees),
            matters=difference >= log(_FASTER) and on_average > 0,
            impact=low * float(calls.sum()),
            first=(float(is_usual), -low),
            evidence={
                "calls": round(float(own.sum())),
                "other_calls": round(float(other.sum())),
                "value": rounded(exp(float((share * mean[m, shared]).sum()))),
                "other_value": rounded(exp(float((share * mean[usual, shared]).sum()))),
                "low": rounded(exp(low)),
                "high": rounded(exp(high)),
            },
            task=task,
            model=model,
            other=against,
            complexity=complexity,
        )


def cheaper(table: Table) -> Iterator[Statement]:
    """Less money for the same success: both must be beyond chance, so the larger of the two chances counts."""
    costs, priced = table.weighted("cost_sum"), table.weighted("priced_calls")
    worth, average = ratio(priced * priced, table.costs_squares), ratio(costs, priced)
    for t, task in enumerate(table.tasks):
        cells = Rates.of(table.successes[:, t], table.calls[:, t], table.calls_squares[:, t])
        for m, usual, is_usual in pairs(table, table.calls[:, t]):
            pair = Comparison(cells.one(m), cells.one(usual))
            shared = (average[m, t] > 0) & (average[usual, t] > 0)
            own, other = worth[m, t, shared], worth[usual, t, shared]
            if not pair.enough(table.enough) or min(own.sum(), other.sum()) < table.enough:
                continue
            share = own * other / (own + other)
            share /= share.sum()
            factors = np.log(average[usual, t, shared] / average[m, t, shared])
            difference = float((share * factors).sum())
            error = sqrt(log1p(COST_VARIATION) * float((share**2 * (1.0 / own + 1.0 / other)).sum()))
            model, against = table.models[m], table.models[usual]
            low, high = difference - Z95 * error, difference + Z95 * error
            yield statement(
                InsightKind.CHEAPER,
                f"{display_name(model)} costs {part_named(exp(-difference))} {display_name(against)} "
                f"for {'the same' if pair.interval()[0] <= 0 else 'more'} success on {work_named(task)}",
                chance=max(normal(difference / error), normal((pair.difference + _SAME_SUCCESS) / pair.error)),
                matters=difference >= log(_CHEAPER) and pair.difference >= -_SLIGHTLY_LESS,
                impact=low * float(costs[usual, t].sum()),
                first=(float(is_usual), -low),
                evidence={
                    "calls": round(float(own.sum())),
                    "other_calls": round(float(other.sum())),
                    "value": float(f"{float((share * average[m, t, shared]).sum()):.6g}"),
                    "other_value": float(f"{float((share * average[usual, t, shared]).sum()):.6g}"),
                    "low": rounded(exp(low)),
                    "high": rounded(exp(high)),
                },
                task=task,
                model=model,
                other=against,
            )
