"""Which of the sentences that could be said are said."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from augury.analytics.answers import InsightKind
from augury.core.scores import ENOUGH_CALLS
from augury.recommend.insights.chances import beyond_chance
from augury.recommend.insights.comparisons import cheaper, faster, more_successful, preferred
from augury.recommend.insights.shortfalls import failing, low_satisfaction, slow
from augury.recommend.insights.statement import WARNINGS
from augury.recommend.insights.table import Table

if TYPE_CHECKING:
    from collections.abc import Collection

    from augury.analytics.answers import Insight
    from augury.recommend.evidence import Evidence
    from augury.recommend.insights.statement import Statement

MOST = 12
"""Sentences said at once."""

_MOST_WARNINGS = 6


def insights(evidence: Evidence, *, enough: int = ENOUGH_CALLS, retired: Collection[str] = ()) -> list[Insight]:
    """What may be said: warnings first, then the strongest of every kind before the second of any.

    Args:
        evidence: of the window and calls in question.
        enough: how many calls that say something of its model, or ratings, each side of a comparison needs.
        retired: models that nobody can be advised to use.
    """
    if not evidence:
        return []
    table = Table(evidence, enough, retired)
    tried = [
        *failing(table),
        *low_satisfaction(table),
        *slow(table),
        *more_successful(table),
        *preferred(table),
        *faster(table),
        *cheaper(table),
    ]
    sure = beyond_chance([one.chance for one in tried])
    return _chosen([one for one, is_sure in zip(tried, sure, strict=True) if is_sure and one.matters])


def _chosen(said: list[Statement]) -> list[Insight]:
    best: dict[tuple[InsightKind, str | None, str | None], Statement] = {}
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
    warnings = _in_turn([queue for kind, queue in queues.items() if kind in WARNINGS])[:_MOST_WARNINGS]
    good = _in_turn([queue for kind, queue in queues.items() if kind not in WARNINGS])
    return [one.insight for one in (*warnings, *good)][:MOST]


def _in_turn(queues: list[list[Statement]]) -> list[Statement]:
    return [one for row in zip_longest(*queues) for one in row if one is not None]
