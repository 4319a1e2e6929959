"""Whole answers, from the parts of the application."""

from typing import TYPE_CHECKING, cast

from fastapi import Request

from augury.analytics.answers import ModelAnswer, Overview
from augury.analytics.overview import OverviewRequest
from augury.recommend import answering
from augury.server.parts import Parts

if TYPE_CHECKING:
    from augury.recommend.snapshot import Snapshot
    from augury.server.warming import Warming


def whole_overview(request: Request, parts: Parts, asked: OverviewRequest) -> Overview:
    """The figures that were asked for, and what the same calls advise."""
    return answering.whole_overview(parts.store, _snapshot(request), asked, sample=parts.sample)


def whole_model(request: Request, parts: Parts, model: str, asked: OverviewRequest) -> ModelAnswer:
    """The figures of one model, and what is advised about it."""
    return answering.whole_model(parts.store, _snapshot(request), model, asked, sample=parts.sample)


def _snapshot(request: Request) -> "Snapshot":
    """What advises, once it is warm."""
    cast("Warming", request.app.state.warming).wait()
    return cast("Snapshot", request.app.state.snapshot)
