"""The API against its own document: whatever the document allows is asked, and no answer may be a surprise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from augury.server.app import create_app
from augury.server.needs import needed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.testclient import TestClient

    from augury.server.parts import Parts

HEADERS = {"host": "127.0.0.1", "authorization": "Bearer a-token"}
EXPECTED = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def document(parts: Parts) -> Iterator[Any]:
    app = create_app(parts)
    yield schemathesis.openapi.from_asgi("/openapi.json", app, headers=HEADERS)
    app.state.ingest.close()


@pytest.mark.parametrize("examples", [12, pytest.param(300, marks=pytest.mark.ordeal)])
def test_whatever_the_document_allows_is_answered_as_it_says(document: Any, examples: int) -> None:
    # Events have no end: they have tests of their own.
    operations = [
        operation
        for found in document.get_all_operations()
        if (operation := found.ok()).path != "/api/analytics/events"
    ]
    assert len(operations) > 10

    for operation in operations:

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case[Any]) -> None:
            # Without a provider nobody can chat, and the answer says so: 501.
            checks = [check for check in EXPECTED if check is not not_a_server_error or case.path != "/api/chat"]
            case.call_and_validate(headers=HEADERS, checks=checks)

        ask()


def test_the_document_says_which_key_each_operation_needs(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert {scheme["type"] for scheme in document["components"]["securitySchemes"].values()} == {"http", "apiKey"}
    operations = {
        (method, path): operation for path, item in document["paths"].items() for method, operation in item.items()
    }
    for (method, path), operation in operations.items():
        need = needed(method.upper(), path)
        named = [scopes for way in operation["security"] for scopes in way.values()]
        assert named == ([] if need is None else [[need], [need]]), path
    rating = operations["post", "/api/analytics/models/feedback"]
    assert "one of scope `ingest` or `feedback` or `admin`" in rating["description"]
    assert {} in rating["security"]  # a server of this machine alone wants none
    assert {} not in next(it for (_, path), it in operations.items() if path.startswith("/api/admin/"))["security"]
