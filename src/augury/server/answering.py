"""The whole overview, as the API and the page show it: figures, and what they advise."""

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from fastapi import Request

from augury.analytics.answers import Overview
from augury.analytics.overview import OverviewRequest, overview
from augury.server.parts import Parts

if TYPE_CHECKING:
    from augury.recommend.snapshot import Snapshot


def whole_overview(request: Request, parts: Parts, asked: OverviewRequest) -> Overview:
    """The figures that were asked for, and what the same calls advise."""
    answer = overview(parts.store, asked, sample=parts.sample)
    recommender = cast("Snapshot", request.app.state.snapshot).of(asked.window, asked.filters)
    return replace(answer, best_by_task=recommender.best_by_task(), recommendations=recommender.insights())
