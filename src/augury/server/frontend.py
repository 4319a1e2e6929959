"""The built front-end: the pages that `frontend/` makes, and the files they name."""

from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from augury.server.needs import COMPONENT

BUILT = Path(str(files("augury"))) / "dashboard"

_FOR_ANYBODY = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=300",  # then asked for again with its ETag: its address is always the same
}
_NO_SAMPLE, _SAMPLE = b'<meta name="augury-sample" content="no"', b'<meta name="augury-sample" content="yes"'
_MISSING = (
    "The pages have not been built: run `make install` in the clone, or install Augury with pip. The API works without them; "
    "see /docs.\n"
)


def mount(app: FastAPI) -> None:
    """Serve the files; `page` serves the pages."""
    files_ = StaticFiles(directory=BUILT, check_dir=False)
    app.mount("/dashboard", files_, name="dashboard")

    async def component(request: Request) -> Response:
        """`<model-feedback>`, for pages of any origin."""
        try:
            answer = await files_.get_response("model-feedback.js", request.scope)
        except HTTPException:
            return PlainTextResponse(_MISSING, HTTPStatus.SERVICE_UNAVAILABLE)
        answer.headers.update(_FOR_ANYBODY)
        return answer

    app.add_route(COMPONENT, component, methods=["GET"], include_in_schema=False)


def page(name: str, *, sample: bool = False) -> Response:
    """A built page, which says of sample traffic that it is that; one that says what to do where nothing has been built."""
    try:
        content = (BUILT / name).read_bytes()
        return HTMLResponse(content.replace(_NO_SAMPLE, _SAMPLE) if sample else content)
    except FileNotFoundError:
        return PlainTextResponse(_MISSING, HTTPStatus.SERVICE_UNAVAILABLE)
