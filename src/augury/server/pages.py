"""The dashboard's addresses: one page for all of them, which asks the API for what it shows."""

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from augury.server import frontend
from augury.server.parts import Given

HOME = "/analytics/models"
_ADDRESSES = (HOME, HOME + "/{model:path}", "/analytics/calls", "/analytics/ask")


def mount(app: FastAPI) -> None:
    """Serve the pages and what they are made of."""
    assets = StaticFiles(packages=[(package, "assets") for package in ("augury.server", "augury.report")])
    app.mount("/assets", assets, name="assets")
    frontend.mount(app)
    app.add_api_route("/", _home, include_in_schema=False)
    for address in _ADDRESSES:
        app.add_api_route(address, _dashboard, include_in_schema=False, response_class=HTMLResponse)


def _home() -> Response:
    return RedirectResponse(HOME)


def _dashboard(parts: Given) -> Response:
    return frontend.page("index.html", sample=parts.sample)
