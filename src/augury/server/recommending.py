"""`/api/analytics/models/recommend`: which model to take, and why."""

from http import HTTPStatus
from typing import Annotated, Any, cast

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from augury.analytics.answers import Recommendation
from augury.core.tasks import Complexity, Priority, TaskType
from augury.errors import InvalidValue
from augury.recommend.context import TaskContext
from augury.recommend.snapshot import Snapshot
from augury.server.findings import expectation
from augury.server.problems import documented

MAX_CONTEXTS = 1_000

routes = APIRouter(
    prefix="/api/analytics/models",
    tags=["recommendation"],
    responses=documented(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)

_ONE: TypeAdapter[Recommendation] = TypeAdapter(Recommendation)
_MANY: TypeAdapter[list[Recommendation]] = TypeAdapter(list[Recommendation])


def _snapshot(request: Request) -> Snapshot:
    return cast("Snapshot", request.app.state.snapshot)


Kept = Annotated[Snapshot, Depends(_snapshot)]


def _contexts(given: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(given)
    except ValidationError:  # one of each kind that the body is not; and what came may be a prompt
        raise expectation(
            "body",
            "a task context, or a list of them: JSON objects (Content-Type: application/json)",
            came="something else",
        ) from None


Contexts = Annotated[dict[str, Any] | list[dict[str, Any]], WrapValidator(_contexts)]


class RecommendParams(BaseModel):
    """The parameters of a recommendation without text: a prompt does not belong into an address."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        names = list(cls.model_fields)
        for name in given:
            if name not in names:
                raise expectation(name, "a parameter of this address; text is sent by POST", allowed=names)
        return given

    task_type: Annotated[TaskType | None, Field(description="the kind of task")] = None
    priority: Annotated[Priority | None, Field(description="what matters most")] = None
    complexity: Annotated[Complexity | None, Field(description="how hard it is")] = None


@routes.get("/recommend", summary="Which model to take", response_model=Recommendation)
def recommend(params: Annotated[RecommendParams, Query()], snapshot: Kept) -> Response:
    """The best model for a task type and a priority, from the calls of the last 90 days, or by rules."""
    context = TaskContext(task_type=params.task_type, complexity=params.complexity)
    return _written(
        _ONE.dump_json(snapshot.recommender().get_model_recommendation(context, params.priority), by_alias=True)
    )


@routes.post(
    "/recommend",
    summary="Which model to take for a prompt",
    response_model=Recommendation | list[Recommendation],
    responses=documented(HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
)
def recommend_for(body: Annotated[Contexts, Body()], snapshot: Kept) -> Response:
    """The best model for a task context, or for each of a list of them; `priority` may stand beside its fields.

    Fields: messageContent, hasCodeContent, attachments, tools, taskType, complexity, userPreference, segment,
    allowedModels. `segment` is not used yet. What is missing is classified from the rest; nothing of it is stored.
    """
    recommender = snapshot.recommender()

    def answer(values: dict[str, Any]) -> Recommendation:
        fields = dict(values)
        priority = fields.pop("priority", None)
        context = TaskContext.from_json(fields, beside=("priority",))
        return recommender.get_model_recommendation(context, priority)

    def answer_to(place: int, values: dict[str, Any]) -> Recommendation:
        try:
            return answer(values)
        except InvalidValue as problem:
            raise InvalidValue(f"[{place}].{problem.field}", problem.expected, told=problem.came) from None

    if isinstance(body, dict):
        return _written(_ONE.dump_json(answer(body), by_alias=True))
    if len(body) > MAX_CONTEXTS:
        raise InvalidValue(
            "body", f"at most {MAX_CONTEXTS} task contexts; send them in parts", told=f"{len(body):,} of them"
        )
    return _written(_MANY.dump_json([answer_to(place, values) for place, values in enumerate(body)], by_alias=True))


def _written(body: bytes) -> Response:
    return Response(body, media_type="application/json")
