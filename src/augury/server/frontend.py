"""The built front-end: the pages that `frontend/` makes, and the files they name."""

from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

BUILT = Path(str(files("augury"))) / "dashboard"

_MISSING = (
    "The pages have not been built: run `make install` in the clone, or install Augury with pip. The API works without them; "
    "see /docs.\n"
)


def mount(app: FastAPI) -> None:
    """Serve the files; `page` serves the pages."""
    app.mount("/dashboard", StaticFiles(directory=BUILT, check_dir=False), name="dashboard")


def page(name: str) -> Response:
    """A built page; one that says what to do where nothing has been built."""
    try:
        return HTMLResponse((BUILT / name).read_bytes())
    except FileNotFoundError:
        return PlainTextResponse(_MISSING, HTTPStatus.SERVICE_UNAVAILABLE)
