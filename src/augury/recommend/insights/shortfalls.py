"""What goes badly: a model that fails, users who are not content, a task type that is slow."""

from __future__ import annotations

from math import exp, expm1, inf, log, sqrt
from typing import TYPE_CHECKING

import numpy as np

from augury.analytics.answers import InsightKind
from augury.core.scores import wilson_interval
from augury.core.tasks import TaskType
from augury.models.display import display_name
from augury.recommend.insights.chances import LEAST_VARIANCE, Z95, at_least, at_most, student
from augury.recommend.insights.rates import Comparison, Rates
from augury.recommend.insights.statement import rate_evidence, rounded, statement
from augury.recommend.insights.table import TINY, ratio
from augury.recommend.insights.words import capital, tasks_named, work_named
from augury.recommend.phrases import task_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from augury.recommend.insights.statement import Statement
    from augury.recommend.insights.table import Table

SLOW_MS = 8_000.0
"""A task type whose calls take longer on average is called slow."""

LOW_SATISFACTION = 0.70
"""Below it satisfaction is called low."""

_SURELY_SLOW_MS = 0.75 * SLOW_MS  # beyond chance, the average is over this
_SURELY_LOW = 0.75  # and satisfaction below this
_FAILING, _SURELY_FAILING = 0.15, 0.10  # the same for failures
_FAILS_MORE = 0.03  # than the others
_STANDS_OUT = 0.05  # a task type is named beside the total where it is so much worse
_SECOND_MS = 1_000.0


def failing(table: Table) -> Iterator[Statement]:
    """A model that fails often, and more often than the others do on the same work; or else all of them."""
    calls, successes = table.raw("evidence_calls"), table.raw("successes")
    for t, task in enumerate(table.tasks):
        cells = Rates.of(table.successes[:, t], table.calls[:, t], table.calls_squares[:, t])
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
            failures, chance = 1.0 - good / n, at_least(round(whole * (1.0 - recent)), round(whole), _SURELY_FAILING)
            more = 0.0
            alone = whole >= everyone.total()[0] - TINY
            evidence = rate_evidence(n - good, n)
            if m is not None:
                others = cells.together(np.array([o for o, _ in judged if o != m], np.int64))
                shared = Comparison(others, own)
                if shared.enough(table.enough):  # else nobody to compare with
                    chance = max(chance, shared.chance())
                    more = shared.difference
                    evidence |= {
                        "other_calls": round(float(others.worth.sum())),
                        "other_value": rounded(100.0 * (failures - more)),
                    }
            model = None if m is None else table.models[m]
            share = f"{100 * failures:.0f}% of {task_name(task) if task != TaskType.OTHER else 'other'} calls"
            yield statement(
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


def low_satisfaction(table: Table) -> Iterator[Statement]:
    """Users who are not content, with everything or with one task type."""
    up, down = table.raw("thumbs_up"), table.raw("thumbs_down")
    overall = _satisfaction(up.sum(), down.sum())
    everything = [(None, up.sum(), down.sum(), ratio(table.up.sum(), table.rated.sum()), table.rating_effect(None))]
    tasks = [
        (
            task, up[:, t].sum(), down[:, t].sum(), ratio(table.up[:, t].sum(), table.rated[:, t].sum()),
            table.rating_effect(t),
        )
        for t, task in enumerate(table.tasks)
    ]  # fmt: skip
    for task, ups, downs, recent, effect in [*everything, *tasks]:
        rated = round(float(ups + downs))
        if rated < table.enough:
            continue
        rate = float(ups) / rated
        worth, good = round(rated / effect), round(float(ups) / effect)
        high = wilson_interval(good, worth)[1]
        about = f" with {work_named(task)}" if task else ""
        yield statement(
            InsightKind.LOW_SATISFACTION,
            f"User satisfaction{about} is at {100 * rate:.0f}% ({rated:,} ratings). Review model quality.",
            chance=at_most(good, worth, _SURELY_LOW),
            matters=max(rate, float(recent)) < LOW_SATISFACTION
            and high < _SURELY_LOW
            and (task is None or overall >= LOW_SATISFACTION or rate <= overall - _STANDS_OUT),
            impact=inf if task is None else (1.0 - rate) * rated,
            evidence=rate_evidence(float(ups), rated),
            task=task,
        )


def _satisfaction(up: float, down: float) -> float:
    return up / (up + down) if up + down else 1.0


def slow(table: Table) -> Iterator[Statement]:
    """A task type whose calls take long, whichever model serves them."""
    calls, times = table.raw("calls"), table.raw("response_ms_sum")
    lately = table.weighted("evidence_ms_sum")
    logs, log_squares = table.weighted("success_ln_ms_sum"), table.weighted("success_ln_ms_square_sum")
    for t, task in enumerate(table.tasks):
        weight = float(table.calls[:, t].sum())
        worth = weight**2 / max(float(table.times_squares[:, t].sum()), TINY)
        good = float(table.successes[:, t].sum())
        if min(float(calls[:, t].sum()), worth) < table.enough or good <= 0:
            continue
        average, recent = float(times[:, t].sum() / calls[:, t].sum()), float(lately[:, t].sum()) / weight
        variance = float(log_squares[:, t].sum()) / good - (float(logs[:, t].sum()) / good) ** 2
        variance = max(variance * worth / max(worth - 1.0, 1.0), LEAST_VARIANCE)
        error = sqrt(expm1(min(variance, 2.0)) / worth)
        yield statement(
            InsightKind.SLOW_TASK,
            f"{capital(tasks_named(task))} are slow ({average / _SECOND_MS:.1f}s avg). Consider optimizing prompts.",
            chance=student(log(max(recent, 1.0) / _SURELY_SLOW_MS) / error, worth - 1.0),
            matters=min(average, recent) >= SLOW_MS,
            impact=average * float(calls[:, t].sum()),
            evidence={
                "calls": round(float(calls[:, t].sum())),
                "value": rounded(average),
                "low": rounded(average * exp(-Z95 * error)),
                "high": rounded(average * exp(Z95 * error)),
            },
            task=task,
        )
