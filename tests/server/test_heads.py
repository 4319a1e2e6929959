"""HEAD, wherever there is a GET."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fastapi.testclient import TestClient


@pytest.mark.parametrize(
    "path",
    [
        "/", "/analytics/models", "/analytics/models?days=0", "/docs", "/openapi.json", "/healthz", "/readyz",
        "/api/analytics/models?days=7", "/api/analytics/calls?days=x", "/api/analytics/models/recommend",
        "/api/admin/describe", "/assets/docs.js", "/nothing",
    ],
)  # fmt: skip
def test_a_head_is_answered_like_a_get_without_a_body(client: TestClient, path: str) -> None:
    whole = client.get(path, follow_redirects=False)

    head = client.head(path, follow_redirects=False)

    assert head.content == b""
    assert head.status_code == whole.status_code
    assert head.headers == whole.headers


def test_the_head_of_a_stream_without_end_has_one(client: TestClient) -> None:
    head = client.head("/api/analytics/events")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")


def test_what_is_only_posted_to_has_no_head(client: TestClient) -> None:
    assert client.head("/api/analytics/models/feedback").status_code == 405
