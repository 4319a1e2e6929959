"""The gateway's routes in the API's own document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
from tests.gateway.serving import serving

from augury.gateway.asked import ROUTES

if TYPE_CHECKING:
    from pathlib import Path


def test_every_route_of_the_gateway_is_documented(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        paths = httpx2.get(f"{served.url}/openapi.json").json()["paths"]
        assert all("requestBody" in paths[path]["post"] for path in ROUTES)
        assert httpx2.get(f"{served.url}/v1/models").json() == {"object": "list", "data": []}
        assert httpx2.get(f"{served.url}/v1/chat/completions").status_code == 404
        assert httpx2.get(f"{served.url}/v1/models/gpt-4o").status_code == 404
