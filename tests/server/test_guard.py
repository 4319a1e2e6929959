"""Who is let in."""

from __future__ import annotations

from gzip import compress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fastapi.testclient import TestClient


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost:8765", "127.0.0.1:1", "[::1]:8765"])
def test_requests_that_name_this_machine_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "[", "0.0.0.0"]
)
def test_requests_that_name_another_host_are_not(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 421


def test_a_page_of_another_origin_can_change_nothing(client: TestClient) -> None:
    body = {"conversationId": "c", "rating": 1}

    def status(origin: str) -> int:
        answer = client.post("/api/analytics/models/feedback", json=body, headers={"origin": origin})
        return answer.status_code

    assert status("http://evil.example") == 403
    assert status("null") == 403
    assert status("http://127.0.0.1:9999") == 403
    assert status("http://127.0.0.1") == 404  # our own page: heard, and there is no such conversation


@pytest.mark.parametrize(
    "header",
    [
        {}, {"authorization": "Bearer wrong"}, {"authorization": "Bearer é".encode()}, {"authorization": "a-token"},
        {"authorization": "Basic a-token"}, {"authorization": "Bearera-token"}, {"x-api-key": "wrong"},
    ],
)  # fmt: skip
def test_administration_needs_its_token(client: TestClient, header: dict[str, str | bytes]) -> None:
    answer = client.get("/api/admin/describe", headers=header)  # type: ignore[arg-type]  # bytes are allowed too

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header", [{"authorization": "Bearer a-token"}, {"authorization": "bearer  a-token"}, {"x-api-key": "a-token"}]
)
def test_the_token_comes_as_a_bearers_or_as_a_key(client: TestClient, header: dict[str, str]) -> None:
    assert client.get("/api/admin/describe", headers=header).status_code == 200


@pytest.mark.parametrize("path", ["models/feedback", "models/recommend"])
def test_a_compressed_body_is_refused_by_that_name(client: TestClient, path: str) -> None:
    answer = client.post(f"/api/analytics/{path}", content=compress(b"{}"), headers={"content-encoding": "gzip"})

    assert answer.status_code == 415
    assert answer.headers["accept-encoding"] == "identity"
    assert "uncompressed" in answer.json()["detail"]
    assert (
        client.post(f"/api/analytics/{path}", content=b"{", headers={"content-encoding": "Identity"}).status_code == 422
    )


@pytest.mark.parametrize("path", ["/healthz", "/nothing", "/api/analytics/models?days=0", "/api/admin/describe"])
def test_every_answer_carries_the_safety_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers

    assert "unsafe" not in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert len(headers.get_list("cache-control")) == 1


@pytest.mark.parametrize(("first", "then", "status"), [("cross-site", "none", 403), ("none", "cross-site", 404)])
def test_of_a_header_that_comes_twice_the_first_counts(client: TestClient, first: str, then: str, status: int) -> None:
    answer = client.post(
        "/api/analytics/models/feedback",
        json={"conversationId": "c", "rating": 1},
        headers=[("sec-fetch-site", first), ("sec-fetch-site", then)],
    )
    assert answer.status_code == status


def test_errors_have_one_shape_everywhere(client: TestClient) -> None:
    for answer in (
        client.get("/nothing"),
        client.put("/healthz"),
        client.get("/api/admin/describe"),
        client.post("/api/analytics/models/feedback", content=b"{"),
        client.get("/api/analytics/models?x=1"),
        client.get("/healthz", headers={"host": "evil"}),
    ):
        assert answer.headers["content-type"] == "application/problem+json"
        document = answer.json()
        assert document.keys() >= {"type", "title", "status", "detail"}
        assert document["status"] == answer.status_code
