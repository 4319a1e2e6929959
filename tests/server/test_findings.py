"""What was wrong with a request, in our words and not in a library's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

ANALYTICS = "/api/analytics"
FEEDBACK = f"{ANALYTICS}/models/feedback"
OUTCOME = f"{ANALYTICS}/models/outcome"
RECOMMEND = f"{ANALYTICS}/models/recommend"
QUERY = "/api/admin/query"
ADMIN = {"authorization": "Bearer a-token"}
DEEP = "[" * 20_000 + "]" * 20_000
LIBRARY = re.compile(r"string|valid|input|should|dictionary|match|pattern|[Tt]here was an error", re.IGNORECASE)


def wrong(answer: Any) -> list[tuple[str, str, str]]:
    """Field, what was expected, and what came; and that none of it is a library's sentence."""
    assert answer.status_code == 422, answer.text
    assert not LIBRARY.search(answer.json()["detail"]), answer.json()["detail"]
    return [(error["field"], error["expected"], error["came"]) for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("models?days=many", ("days", "a whole number", "'many'")),
        ("models?days=0", ("days", "1 or more", "'0'")),
        ("models?days=4000", ("days", "3660 or less", "'4000'")),
        ("models?model=", ("model", "text that is not empty", "''")),
        (f"models?segment={'x' * 201}", ("segment", "text of at most 200 characters", f"'{'x' * 58}…")),
        ("models?model=%00", ("model", "text without control characters", r"'\x00'")),
        ("models?provider=open%1bai", ("provider", "text without control characters", r"'open\x1bai'")),
        ("models?segment=%C2%85", ("segment", "text without control characters", r"'\x85'")),
        ("calls?user_id=a%0Ab", ("user_id", "text without control characters", r"'a\nb'")),
        ("calls?message_id=%7F", ("message_id", "text without control characters", r"'\x7f'")),
        ("calls?success=perhaps", ("success", "true or false", "'perhaps'")),
        ("models?from=soon", ("from", "a date such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z", "'soon'")),
    ],
)
def test_a_bad_parameter_is_told_in_our_words(client: TestClient, query: str, found: tuple[str, str, str]) -> None:
    assert wrong(client.get(f"{ANALYTICS}/{query}")) == [found]


@pytest.mark.parametrize(
    ("path", "body", "found"),
    [
        (FEEDBACK, "", ("body", "a JSON object", "nothing")),
        (FEEDBACK, "{", ("body", "a JSON object", "text that is no JSON")),
        (FEEDBACK, "[1]", ("body", "a JSON object", "[1]")),
        (FEEDBACK, b'{"messageId": "\xff"}', ("body", "a JSON object in UTF-8", "text that is no JSON")),
        pytest.param(
            OUTCOME,
            DEEP,
            ("body", "JSON of at most 100 levels", "objects or lists too deep in each other to be read"),
            id="deep",
        ),
        (FEEDBACK, '{"messageId": "m"}', ("rating", "a value", "nothing")),
        (FEEDBACK, r'{"messageId": "\u0000", "rating": 1}', ("messageId", "text without NUL characters", r"'\x00'")),
        (FEEDBACK, '{"messageId": 5, "rating": 1}', ("messageId", "text", "5")),
        (FEEDBACK, '{"messageId": " ", "rating": 1}', ("messageId", "text that is not empty", "' '")),
        (FEEDBACK, '{"messageId": "m", "rating": 1, "success": "yes"}', ("success", "true or false", "'yes'")),
        (FEEDBACK, '{"messageId": "m", "rating": 1, "stars": 5}', ("stars", "a field of this body", "5")),
        (
            FEEDBACK,
            r'{"messageId": "\ud800", "rating": 1}',
            ("messageId", "text without half characters (lone surrogates)", r"'\ud800'"),
        ),
        (QUERY, '{"sql": "SELECT 1", "limit": 1.5}', ("limit", "a whole number", "1.5")),
        (QUERY, '{"sql": null}', ("sql", "text", "nothing")),
        *(
            (
                RECOMMEND,
                body,
                (
                    "body",
                    "a task context, or a list of them: JSON objects (Content-Type: application/json)",
                    "something else",
                ),
            )
            for body in ('"a prompt"', "1", '["a prompt"]', '[{}, "a prompt"]')
        ),
    ],
)
def test_a_bad_body_is_told_in_our_words(
    client: TestClient, path: str, body: str | bytes, found: tuple[str, str, str]
) -> None:
    assert wrong(client.post(path, content=body, headers=ADMIN | {"content-type": "application/json"})) == [found]


def test_a_body_of_another_type_is_told_which_one_it_needs(client: TestClient) -> None:
    ((field, expected, came),) = wrong(client.post(FEEDBACK, content=b"rating=1"))

    assert (field, came) == ("body", "a body of another type")
    assert "Content-Type: application/json" in expected


def test_an_exports_period_is_told_in_our_words(client: TestClient) -> None:
    found = wrong(client.get("/api/admin/export?from=soon&to=2026-01-31", headers=ADMIN))

    assert found == [("from", "a time such as 2026-01-31T12:00:00Z", "'soon'")]


@pytest.mark.parametrize(
    "path",
    [
        "/api/analytics/models?days=1&days=2", "/api/analytics/models?days=1&days=1", "/api/analytics/calls?days=&days=2",
        "/api/analytics/models/recommend?days=1&task_type=coding&days=2", "/api/admin/export?days=1&days=2",
    ],
)  # fmt: skip
def test_a_parameter_given_twice_is_refused_by_its_name(client: TestClient, path: str) -> None:
    ((field, expected, _),) = wrong(client.get(path, headers=ADMIN))

    assert (field, expected) == ("days", "one value")
