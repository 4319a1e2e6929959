"""`/api/analytics`: how models perform, which calls there were, and what was said of them."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import TypeAdapter

from augury.access.keys import Scope
from augury.analytics.answers import Costs, GroupedOverview, Overview
from augury.analytics.costs import costs as costs_of
from augury.core import ids
from augury.core.feedback import Feedback, Outcome
from augury.server.answering import whole_overview
from augury.server.door import take
from augury.server.gate import caller_of
from augury.server.ingest import Incoming, nothing_waits
from augury.server.params import CallsParams, CostsParams, OverviewParams, cursor_after
from augury.server.parts import Given
from augury.server.payloads import (
    BatchAnswer,
    CallsAnswer,
    FeedbackAnswer,
    FeedbackBody,
    OutcomeAnswer,
    OutcomeBody,
    call_answer,
)
from augury.server.problems import documented

_UNAVAILABLE, _INVALID = HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.UNPROCESSABLE_ENTITY
_FULL = HTTPStatus.INSUFFICIENT_STORAGE
_MISSING, _COMPRESSED = HTTPStatus.NOT_FOUND, HTTPStatus.UNSUPPORTED_MEDIA_TYPE

routes = APIRouter(prefix="/api/analytics", tags=["analytics"], responses=documented(_INVALID, _UNAVAILABLE))

_OVERVIEWS: dict[type[Overview], TypeAdapter[Overview]] = {
    kind: TypeAdapter(kind) for kind in (Overview, GroupedOverview)
}
_COSTS = TypeAdapter(Costs)
_JSON = "application/json"
_NDJSON = "application/x-ndjson"


@routes.get("/models", summary="How each model performs", response_model=GroupedOverview | Overview)
def models(params: Annotated[OverviewParams, Query()], parts: Given, request: Request) -> Response:
    """The calls of a period, measured as a whole and by model, task type, provider, and time.

    Rates and scores are percent, durations milliseconds, money US dollars. `groups` is there when `group_by` is given.
    """
    answer = whole_overview(request, parts, params.request(parts.now()))
    # Written straight to bytes: FastAPI would first check, field by field, what we have just built.
    return Response(_OVERVIEWS[type(answer)].dump_json(answer, by_alias=True), media_type=_JSON)


@routes.post(
    "/models/calls",
    summary="Record calls",
    response_model=BatchAnswer,
    responses=documented(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _COMPRESSED, _FULL)
    | {422: {"description": "The body is no batch, or every record of it is refused", "model": BatchAnswer}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                _JSON: {"schema": {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]}},
                _NDJSON: {"schema": {"type": "string"}},
            },
        }
    },
)
async def record(request: Request, ingest: Incoming) -> Response:
    """Takes one call, a list of calls, `{"calls": [...]}`, or NDJSON; answers for each when they are safe.

    A call has the fields of `model_performance_metrics`; `model` and `response_time_ms` are required. One bad record
    never costs the good ones; where all are bad, the status is 422. While the database is away calls are `accepted`: they
    are safe in the server's journal, which brings them to the database later. Too much at once is answered 503,
    a full disk 507; nothing of the request was kept then, and it may be sent again.
    """
    return await take(request, ingest)


@routes.get("/costs", summary="What calls cost", response_model=Costs)
def costs(params: Annotated[CostsParams, Query()], parts: Given) -> Response:
    """What the calls of a period cost: as a whole, by source, model, task type, provider, time, and conversation.

    Money is US dollars, shares percent. Calls without a known price are counted apart and are in no cost. Of conversations
    the dearest are told, a page at a time.
    """
    answer = costs_of(parts.store, params.request(parts.now()), params.page(), sample=parts.sample)
    return Response(_COSTS.dump_json(answer, by_alias=True), media_type=_JSON)


@routes.get("/calls", summary="The latest calls")
def calls(params: Annotated[CallsParams, Query()], parts: Given) -> CallsAnswer:
    """The latest calls first, a page at a time; no prompts, for there are none."""
    found = parts.store.calls(params.question(parts.now()))
    page = found[: params.limit]
    more = len(found) > params.limit
    return CallsAnswer(
        calls=[call_answer(call) for call in page],
        next=cursor_after(page[-1].timestamp, page[-1].id) if more else None,
    )


@routes.post(
    "/models/feedback",
    summary="Rate a message",
    responses=documented(HTTPStatus.FORBIDDEN, _MISSING, _COMPRESSED, _FULL),
    dependencies=[Depends(nothing_waits)],
)
def feedback(body: FeedbackBody, parts: Given, request: Request) -> FeedbackAnswer:
    """A thumb up or down for a message, or for a conversation's latest one; rating again replaces.

    503 while calls wait in the journal: the one that is meant may be among them. A key of scope feedback rates only: with
    it, `success` is answered 403.
    """
    if body.success is not None and not caller_of(request.scope).opens(Scope.INGEST):
        raise HTTPException(HTTPStatus.FORBIDDEN, "this key may rate only; `success` needs a key of scope ingest")
    call_id = parts.store.rate(
        Feedback(
            rating=body.rating,
            message_id=ids.as_uuid(body.message_id, ids.MESSAGES) if body.message_id else None,
            conversation_id=body.conversation_id,
            success=body.success,
        )
    )
    return FeedbackAnswer(call_id=str(call_id), rating=body.rating)


@routes.post(
    "/models/outcome",
    summary="Say whether a message did its task",
    responses=documented(_MISSING, _COMPRESSED, _FULL),
    dependencies=[Depends(nothing_waits)],
)
def outcome(body: OutcomeBody, parts: Given) -> OutcomeAnswer:
    """An answer in time is not yet a good one: this replaces the call's success, at any time."""
    call_id = parts.store.report(
        Outcome(message_id=ids.as_uuid(body.message_id, ids.MESSAGES), success=body.success, reason=body.reason)
    )
    return OutcomeAnswer(call_id=str(call_id), success=body.success)
