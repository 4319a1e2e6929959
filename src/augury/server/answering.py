"""The whole overview, from the parts of the application."""

from typing import TYPE_CHECKING, cast

from fastapi import Request

from augury.analytics.answers import Overview
from augury.analytics.overview import OverviewRequest
from augury.recommend import answering
from augury.server.parts import Parts

if TYPE_CHECKING:
    from augury.recommend.snapshot import Snapshot
    from augury.server.warming import Warming


def whole_overview(request: Request, parts: Parts, asked: OverviewRequest) -> Overview:
    """The figures that were asked for, and what the same calls advise."""
    snapshot = cast("Snapshot", request.app.state.snapshot)
    cast("Warming", request.app.state.warming).wait()
    return answering.whole_overview(parts.store, snapshot, asked, sample=parts.sample)
