"""Whole answers, from the parts of the application."""

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from fastapi import Request

from augury.analytics.answers import ModelAnswer, Overview, Recorded
from augury.analytics.overview import OverviewRequest
from augury.core.windows import utc_text
from augury.recommend import answering
from augury.server.parts import Parts

if TYPE_CHECKING:
    from augury.recommend.snapshot import Snapshot
    from augury.server.warming import Warming


def whole_overview(request: Request, parts: Parts, asked: OverviewRequest) -> Overview:
    """The figures that were asked for, and what the same calls advise."""
    answer = answering.whole_overview(parts.store, _snapshot(request), asked, sample=parts.sample)
    return replace(answer, recorded=_recorded(parts)) if answer.summary.total_calls == 0 else answer


def whole_model(request: Request, parts: Parts, model: str, asked: OverviewRequest) -> ModelAnswer:
    """The figures of one model, and what is advised about it."""
    return answering.whole_model(parts.store, _snapshot(request), model, asked, sample=parts.sample)


def _snapshot(request: Request) -> "Snapshot":
    """What advises, once it is warm."""
    cast("Warming", request.app.state.warming).wait()
    return cast("Snapshot", request.app.state.snapshot)


def _recorded(parts: Parts) -> Recorded:
    held = parts.store.describe()
    first, last = (utc_text(moment) if moment else None for moment in (held.first, held.last))
    return Recorded(calls=held.calls, first=first, last=last)
