"""The whole overview, as the API, the page, and reports show it: figures, and what they advise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from augury.analytics.overview import overview

if TYPE_CHECKING:
    from augury.analytics.answers import Overview
    from augury.analytics.overview import OverviewRequest
    from augury.recommend.snapshot import Snapshot
    from augury.store.protocol import Store


def whole_overview(store: Store, snapshot: Snapshot, asked: OverviewRequest, *, sample: bool) -> Overview:
    """The figures that were asked for, and what the same calls advise.

    Args:
        store: what is asked.
        snapshot: recommenders over the same store.
        asked: the calls.
        sample: whether they are generated sample traffic.

    Raises:
        InvalidValue: the trend would have too many points.
    """
    answer = overview(store, asked, sample=sample)
    recommender = snapshot.of(asked.window, asked.filters)
    return replace(answer, best_by_task=recommender.best_by_task(), recommendations=recommender.insights())
