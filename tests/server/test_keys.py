"""What each scope opens, and what does not get past it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import Mount, Route

from augury.access.keyring import KeyRing
from augury.access.keys import Scope
from augury.access.sessions import Sessions
from augury.server.app import create_app
from augury.server.gate import Gate
from augury.server.needs import listed, needed
from augury.server.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FEEDBACK = "/api/analytics/models/feedback"
CALLS = "/api/analytics/models/calls"
SHOP = "https://shop.example.org"
CALL = {"model": "gpt-4o", "response_time_ms": 5, "message_id": "m-1"}


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path)


@pytest.fixture
def secrets(keys: KeyRing) -> dict[str, str]:
    made = {scope.value: keys.create(name=scope, scopes=[scope])[1] for scope in Scope}
    return made | {"page": keys.create(name="page", scopes=["feedback"], origins=[SHOP])[1]}


def serve(parts: Parts, keys: KeyRing, tmp_path: Path, *, required: bool) -> TestClient:
    gate = Gate(
        keys=keys, sessions=Sessions(tmp_path), required=required, hosts=("augury.example.org",) if required else ()
    )
    gate.admit("a-token")
    made = Parts(store=parts.store, prices=parts.prices, sample=False, now=parts.now, gate=gate)
    return TestClient(create_app(made), base_url="http://augury.example.org" if required else "http://127.0.0.1")


@pytest.fixture
def shut(parts: Parts, keys: KeyRing, secrets: dict[str, str], tmp_path: Path) -> Iterator[TestClient]:
    """A server that needs keys; it holds one call."""
    with serve(parts, keys, tmp_path, required=True) as client:
        assert client.post(CALLS, json=CALL, headers=bearer(secrets["ingest"])).status_code == 200
        yield client


@pytest.fixture
def local(parts: Parts, keys: KeyRing, secrets: dict[str, str], tmp_path: Path) -> Iterator[TestClient]:
    """A server of this machine, with keys all the same."""
    assert secrets
    with serve(parts, keys, tmp_path, required=False) as client:
        yield client


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


WHO_MAY = [
    ("GET", "/healthz", {"nobody", "ingest", "feedback", "read", "admin"}),
    ("GET", "/api/analytics/models", {"read", "admin"}),
    ("GET", "/analytics/models", {"read", "admin"}),
    ("GET", "/", {"read", "admin"}),
    ("GET", "/docs", {"read", "admin"}),
    ("GET", "/openapi.json", {"read", "admin"}),
    ("GET", "/api/analytics/calls", {"read", "admin"}),
    ("GET", "/api/analytics/models/recommend?task_type=coding", {"read", "admin"}),
    ("POST", "/api/analytics/models/recommend", {"read", "admin"}),
    ("POST", CALLS, {"ingest", "admin"}),
    ("POST", "/api/analytics/models/outcome", {"ingest", "admin"}),
    ("POST", FEEDBACK, {"ingest", "feedback", "admin"}),
    ("GET", "/api/admin/describe", {"admin"}),
    ("POST", "/api/admin/query", {"admin"}),
    ("GET", "/nothing", {"admin"}),
    ("GET", "/v1/models", {"ingest", "admin"}),
    ("POST", "/v1/traces", {"ingest", "admin"}),
    ("POST", "/api/chat", {"ingest", "admin"}),
    ("GET", "/metrics", {"read", "admin"}),
]


def test_each_scope_opens_what_the_table_says(shut: TestClient, secrets: dict[str, str]) -> None:
    for (method, path, who), name in product(WHO_MAY, ("nobody", *Scope)):
        headers = {} if name == "nobody" else {"x-api-key": secrets[name]}
        answer = shut.request(method, path, headers=headers, follow_redirects=False)
        refused = answer.status_code in {401, 403}
        assert refused == (name not in who), (method, path, name, answer.text)
        if refused:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"].startswith("Bearer")
        if answer.status_code == 403:
            assert answer.json()["scope"] in answer.json()["detail"]


def test_no_route_is_forgotten_in_the_table(shut: TestClient) -> None:
    routes = shut.app.routes  # type: ignore[attr-defined]  # the protocol of ASGI knows of none
    found = 0
    for route in routes:
        if isinstance(route, Mount):
            assert listed("GET", f"{route.path}/x"), route.path
        elif isinstance(route, Route | APIRoute):
            for method in route.methods or ():
                assert listed(method if method != "HEAD" else "GET", route.path), route.path
                found += 1
    assert found > 10


SPELLINGS = [
    "/api/%61dmin/describe", "/api/admin/%64escribe", "//api/admin/describe", "/api//admin/describe", "/api/admin/describe/",
    "/API/admin/describe", "/api/admin/../admin/describe", "/assets/../api/admin/describe", "/assets/%2e%2e/api/admin/describe",
    "/api/admin/describe?key=KEY&api_key=KEY&x-api-key=KEY&token=KEY", "/api/admin/describe;x", "/healthz/../api/admin/describe",
    "/api/admin/describe%00", "/docs/assets/..%2f..%2fapi/admin/describe", "/api/analytics/../admin/describe",
]  # fmt: skip


def test_no_spelling_of_an_address_gets_past(shut: TestClient, local: TestClient, secrets: dict[str, str]) -> None:
    for client, method, spelling in product((shut, local), ("GET", "HEAD", "OPTIONS"), SPELLINGS):
        path = spelling.replace("KEY", secrets["admin"])
        answer = client.request(method, path, headers=bearer(secrets["read"]))
        assert answer.status_code in {401, 403, 404, 405}, (method, path, answer.text)
        assert b"schema" not in answer.content
        answer = client.request(method, path)
        assert answer.status_code in {401, 404, 405}, (method, path, answer.text)
    for method in ("GET", "HEAD"):
        assert shut.request(method, "/api/admin/describe", headers=bearer(secrets["admin"])).status_code == 200


def test_a_key_in_the_address_or_the_body_is_none(shut: TestClient, secrets: dict[str, str]) -> None:
    assert shut.get(f"/api/analytics/models?api_key={secrets['admin']}").status_code == 401
    assert shut.get(f"/api/analytics/models?authorization=Bearer+{secrets['admin']}").status_code == 401
    assert shut.get("/api/analytics/models", headers={"cookie": f"x-api-key={secrets['admin']}"}).status_code == 401
    assert shut.get("/api/analytics/models", headers={"authorization": secrets["admin"]}).status_code == 401
    assert shut.get("/api/analytics/models", headers={"authorization": f"Basic {secrets['admin']}"}).status_code == 401


def test_a_header_that_comes_twice_is_refused(shut: TestClient, secrets: dict[str, str]) -> None:
    good = {
        "authorization": f"Bearer {secrets['admin']}",
        "host": "augury.example.org",
        "origin": "http://augury.example.org",
    }
    for name in ("authorization", "x-api-key", "host", "origin"):
        value = good.get(name, secrets["admin"])
        twice = [
            (name, value),
            (name.title(), value),
            ("x-api-key" if name == "authorization" else "authorization", "-"),
        ]
        answer = shut.get("/api/analytics/models", headers=twice)
        assert answer.status_code == 400
        assert name in answer.json()["detail"]


def test_a_providers_key_beside_ours_is_let_alone(shut: TestClient, local: TestClient, secrets: dict[str, str]) -> None:
    both = {"authorization": "Bearer sk-of-a-provider", "x-api-key": secrets["read"]}
    assert shut.get("/api/analytics/models", headers=both).status_code == 200
    assert shut.get("/api/analytics/models", headers=bearer("sk-of-a-provider")).status_code == 401
    assert local.get("/api/analytics/models", headers=bearer("sk-of-a-provider")).status_code == 200


def test_a_key_counts_also_where_none_is_needed(local: TestClient, keys: KeyRing, secrets: dict[str, str]) -> None:
    assert local.get("/api/analytics/models").status_code == 200
    assert local.get("/api/analytics/models", headers=bearer(secrets["ingest"])).status_code == 403
    keys.revoke("read")  # its calls must not end up in the wrong project
    assert local.get("/api/analytics/models", headers=bearer(secrets["read"])).status_code == 401


def test_a_key_that_is_taken_back_is_refused_by_a_running_server(
    shut: TestClient, keys: KeyRing, secrets: dict[str, str], tmp_path: Path
) -> None:
    assert shut.get("/api/analytics/models", headers=bearer(secrets["read"])).status_code == 200
    keys.revoke("read")
    assert shut.get("/api/analytics/models", headers=bearer(secrets["read"])).status_code == 401
    (tmp_path / "keys.json").write_text("{")  # a file that cannot be read opens nothing
    assert shut.get("/api/analytics/models", headers=bearer(secrets["admin"])).status_code == 401
    assert shut.get("/healthz").status_code == 200


def test_where_keys_are_needed_names_of_the_owners_and_addresses_may_be_used(
    shut: TestClient, secrets: dict[str, str]
) -> None:
    for host, status in (
        ("augury.example.org", 200), ("AUGURY.example.org:443", 200), ("192.168.1.5:8765", 200), ("[2001:db8::1]", 200),
        ("localhost:1", 200), ("evil.example", 421), ("augury.example.org.evil.example", 421), ("x@augury.example.org", 421),
        ("augury.example.org/x", 421), ("", 421), ("[::1", 421),
    ):  # fmt: skip
        headers = bearer(secrets["read"]) | {"host": host}
        answer = shut.get("/api/analytics/models", headers=headers)
        assert answer.status_code == status
        assert status == 200 or "AUGURY_HOSTS" in answer.json()["detail"]


def test_a_page_rates_from_its_own_origin_and_nothing_else(shut: TestClient, secrets: dict[str, str]) -> None:
    page = {"origin": SHOP, "x-api-key": secrets["page"]}

    asked = {
        "origin": SHOP,
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-api-key,content-type",
    }
    preflight = shut.options(FEEDBACK, headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == SHOP
    assert "x-api-key" in preflight.headers["access-control-allow-headers"]
    assert "Origin" in preflight.headers["vary"]
    assert "access-control-allow-credentials" not in preflight.headers

    rated = shut.post(FEEDBACK, json={"messageId": "m-1", "rating": 1}, headers=page)
    assert (rated.status_code, rated.headers["access-control-allow-origin"]) == (200, SHOP)
    missing = shut.post(FEEDBACK, json={"messageId": "m-2", "rating": 1}, headers=page)
    assert (missing.status_code, missing.headers["access-control-allow-origin"]) == (404, SHOP)
    wrong = shut.post(
        FEEDBACK, json={"messageId": "m-1", "rating": 1}, headers={"origin": SHOP, "x-api-key": "augury_no"}
    )
    assert (wrong.status_code, wrong.headers["access-control-allow-origin"]) == (401, SHOP)

    outcome = shut.post(FEEDBACK, json={"messageId": "m-1", "rating": 1, "success": False}, headers=page)
    assert outcome.status_code == 403
    assert "rate only" in outcome.json()["detail"]
    for path in (CALLS, "/api/analytics/models/outcome", "/api/admin/query"):
        answer = shut.post(path, json={}, headers=page)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
        assert "access-control-allow-origin" not in shut.options(path, headers=asked).headers
    for path in ("/api/analytics/models", "/api/analytics/calls"):
        answer = shut.get(path, headers=page)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_a_page_of_another_origin_is_refused(shut: TestClient, secrets: dict[str, str]) -> None:
    for origin in (
        "https://evil.example",
        "http://shop.example.org",
        "https://shop.example.org:444",
        "https://shop.example.org.evil.example",
        "null",
        "https://SHOP.example.org",
    ):
        asked = {"origin": origin, "access-control-request-method": "POST"}
        for answer in (
            shut.options(FEEDBACK, headers=asked),
            shut.post(
                FEEDBACK,
                json={"messageId": "m-1", "rating": -1},
                headers={"origin": origin, "x-api-key": secrets["page"]},
            ),
            shut.post(
                FEEDBACK,
                json={"messageId": "m-1", "rating": -1},
                headers={"origin": origin, "x-api-key": secrets["admin"]},
            ),
        ):
            assert answer.status_code in {401, 403}
            assert "access-control-allow-origin" not in answer.headers


def test_a_pages_key_is_no_use_without_its_page(shut: TestClient, local: TestClient, secrets: dict[str, str]) -> None:
    body = {"messageId": "m-1", "rating": 1}
    for client in (shut, local):
        assert client.post(FEEDBACK, json=body, headers={"x-api-key": secrets["page"]}).status_code == 403
        # From a page of that origin, and without the key, or with one that is for programs.
        assert client.post(FEEDBACK, json=body, headers={"origin": SHOP}).status_code in {401, 403}
        for name in ("feedback", "ingest", "admin"):
            headers = {"origin": SHOP, "x-api-key": secrets[name]}
            assert client.post(FEEDBACK, json=body, headers=headers).status_code == 403
    assert local.post(CALLS, json=CALL).status_code == 200
    assert local.post(FEEDBACK, json=body, headers={"origin": SHOP, "x-api-key": secrets["page"]}).status_code == 200


def test_a_change_from_elsewhere_is_refused_also_where_the_browser_leaves_out_the_origin(local: TestClient) -> None:
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        assert local.post(CALLS, json=CALL, headers={"sec-fetch-site": site}).status_code == status


def test_what_nobody_thought_about_needs_the_widest_scope() -> None:
    assert needed("GET", "/api/new") is Scope.ADMIN
    assert needed("DELETE", "/api/analytics/models") is Scope.ADMIN
    assert needed("POST", "/metrics") is Scope.ADMIN
    assert needed("GET", "/metricsx") is Scope.ADMIN
