"""One model's page of figures. Its address is any below the models' that nothing else has: this is included last."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from pydantic import TypeAdapter

from augury.analytics.answers import ModelAnswer
from augury.models.names import resolve
from augury.server.answering import whole_model
from augury.server.params import ModelParams, Name
from augury.server.parts import Given
from augury.server.problems import documented

routes = APIRouter(
    prefix="/api/analytics",
    tags=["analytics"],
    responses=documented(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
    ),
)

_POSTED_TO = frozenset({"calls", "feedback", "outcome"})
_MODEL = TypeAdapter(ModelAnswer)


@routes.get(
    "/models/{model:path}",
    summary="How one model performs",
    response_model=ModelAnswer,
)
def model(
    model: Annotated[Name, Path(description="in any spelling")],
    params: Annotated[ModelParams, Query()],
    parts: Given,
    request: Request,
) -> Response:
    """The calls of one model in a period: as a whole and by provider, task type, complexity, and time, and how they fail.

    404 where there has never been a call of it; 405 at the addresses that calls, feedback, and outcomes are posted to.
    """
    if model in _POSTED_TO:
        raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
    answer = whole_model(request, parts, resolve(model).model, params.request(parts.now()))
    return Response(_MODEL.dump_json(answer, by_alias=True), media_type="application/json")
