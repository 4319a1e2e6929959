"""Pages for people, written on the server from the same answers as the API: no script is needed to read them.

A page takes the API's parameters by their names, and one thing more: a parameter without a value, which is what a form
sends for a field left empty, is as good as none.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.staticfiles import StaticFiles

from augury.analytics.overview import GroupBy
from augury.core.tasks import Complexity, TaskType
from augury.core.windows import MAX_DAYS, Interval
from augury.errors import InvalidValue
from augury.report.html import environment
from augury.server import frontend
from augury.server.answering import whole_overview
from augury.server.findings import finding
from augury.server.params import DEFAULT_DAYS, Operations, OverviewParams, once_each
from augury.server.parts import Given, Parts

_TEMPLATES = environment("augury.server")

_HERE = "/analytics/models"
_API = "/api/analytics/models"
_CHOICES: dict[str, Any] = {
    "days": {1: "Today", 7: "7 days", 30: "30 days", 90: "90 days", 365: "1 year", 3650: "10 years"},
    "task_type": list(TaskType),
    "complexity": list(Complexity),
    "group_by": list(GroupBy),
    "interval": list(Interval),
    "operation": list(Operations),
}


def mount(app: FastAPI) -> None:
    """Serve the pages and what they are dressed in."""
    assets = StaticFiles(packages=[(package, "assets") for package in ("augury.server", "augury.report")])
    app.mount("/assets", assets, name="assets")
    frontend.mount(app)
    app.add_api_route("/", _home, include_in_schema=False)
    app.add_api_route("/analytics/calls", _dashboard, include_in_schema=False, response_class=HTMLResponse)
    app.add_api_route(_HERE, _models, include_in_schema=False, response_class=HTMLResponse)


def prepare() -> None:
    """Read the templates now, which takes longer than to fill them in."""
    for name in _TEMPLATES.list_templates(extensions=["html"]):
        _TEMPLATES.get_template(name)


def _home() -> Response:
    return RedirectResponse(_HERE)


def _dashboard() -> Response:
    return frontend.page("index.html")


def _models(parts: Given, request: Request) -> HTMLResponse:
    asked = [(name, value) for name, value in request.query_params.multi_items() if value.strip()]
    given = dict(asked)
    try:
        once_each(asked)
        params = OverviewParams.model_validate(given)
        answer = whole_overview(request, parts, params.request(parts.now()))
    except ValidationError as error:
        if not _wants_page(request):
            raise RequestValidationError(error.errors()) from None
        return _refusal(given, [finding(found) for found in error.errors()], parts)
    except InvalidValue as error:
        if not _wants_page(request):
            raise
        return _refusal(given, [{"field": error.field, "expected": error.expected, "came": error.came}], parts)
    about = parts.store.describe() if answer.summary.total_calls == 0 else None
    return _page(
        "models.html", given, sample=parts.sample, answer=answer, about=about, server=str(request.base_url).rstrip("/")
    )


def _wants_page(request: Request) -> bool:
    """Whether an error may be a page: a program that names JSON, and no page, gets the API's problem document."""
    accepted = request.headers.get("accept", "*/*")
    return "json" not in accepted or "text/html" in accepted


def _refusal(given: Mapping[str, str], problems: list[dict[str, Any]], parts: Parts) -> HTMLResponse:
    """What was wrong with the question, above the form that asked it."""
    return _page(
        "refused.html",
        given,
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        sample=parts.sample,
        problems=problems,
        without=_link(_HERE, {k: v for k, v in given.items() if k not in {problem["field"] for problem in problems}}),
    )


def _page(
    template: str, given: Mapping[str, str], *, status: HTTPStatus = HTTPStatus.OK, sample: bool, **shown: Any
) -> HTMLResponse:
    """A page that has the form: `given` is what its fields hold."""
    html = _TEMPLATES.get_template(template).render(
        here=_HERE,
        given=given,
        choices=_CHOICES,
        default_days=DEFAULT_DAYS,
        most_days=MAX_DAYS,
        sample=sample,
        json_link=_link(_API, given),
        chosen=[
            (name, value, _link(_HERE, {k: v for k, v in given.items() if k != name})) for name, value in given.items()
        ],
        **shown,
    )
    return HTMLResponse(html, status)


def _link(path: str, given: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(given)}" if given else path
