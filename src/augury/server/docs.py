"""`/docs`: the API's own document, in Swagger UI, from files on this machine."""

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Augury API</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/assets/docs.js"></script>
</html>
"""


def mount(app: FastAPI) -> None:
    """Serve the page and the files it needs: no CDN, and no script within the page."""
    swagger = Path(str(files("fastapi_standalone_docs").joinpath("static/swagger")))
    app.mount("/docs/assets", StaticFiles(directory=swagger), name="docs-assets")
    app.add_api_route("/docs", _page, include_in_schema=False, response_class=HTMLResponse)


def _page() -> str:
    return _PAGE
