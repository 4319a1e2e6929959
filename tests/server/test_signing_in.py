"""The page where people sign in, and the cookie they get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from augury.access.keyring import KeyRing
from augury.access.sessions import Sessions
from augury.server.app import create_app
from augury.server.gate import Gate
from augury.server.parts import Parts
from augury.server.signing_in import HOME, MOST_FAILURES, Failures, path_within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from httpx2 import Response

BROWSER = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
NAME = "augury.example.org"


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path)


@pytest.fixture
def browse(parts: Parts, keys: KeyRing, tmp_path: Path) -> Iterator[Callable[[str], TestClient]]:
    """A browser before a server that needs keys, over http or https."""
    gate = Gate(keys=keys, sessions=Sessions(tmp_path), required=True, hosts=(NAME,))
    app = create_app(Parts(store=parts.store, prices=parts.prices, sample=False, now=parts.now, gate=gate))
    opened = []

    def client(scheme: str = "http") -> TestClient:
        opened.append(TestClient(app, base_url=f"{scheme}://{NAME}", headers=BROWSER, follow_redirects=False))
        return opened[-1]

    with client():
        yield client


def sign_in(client: TestClient, secret: str, **more: str) -> Response:
    return client.post("/sign-in", data={"key": secret, **more})


def test_people_are_sent_to_sign_in_and_back(browse: Callable[..., TestClient], keys: KeyRing) -> None:
    _, secret = keys.create(name="me", scopes=["read"])
    browser = browse()

    sent = browser.get("/analytics/models?days=7&task_type=coding")
    assert sent.status_code == 303
    page = browser.get(sent.headers["location"])
    assert page.status_code == 200
    assert 'value="/analytics/models?days=7&amp;task_type=coding"' in page.text
    back = sign_in(browser, secret, next="/analytics/models?days=7&task_type=coding")
    assert (back.status_code, back.headers["location"]) == (303, "/analytics/models?days=7&task_type=coding")
    assert browser.get(back.headers["location"]).status_code == 200
    assert browser.get("/api/session").json() == {
        "signedIn": True, "name": "me", "scopes": ["read"], "keyRequired": True,
    }  # fmt: skip
    assert browser.get("/api/admin/describe").status_code == 403  # the cookie opens what its key does


def test_a_program_is_told_and_not_sent(browse: Callable[..., TestClient]) -> None:
    browser = browse()
    assert browser.get("/analytics/models", headers={"accept": "application/json"}).status_code == 401
    assert browser.get("/api/analytics/models").status_code == 401


@pytest.mark.parametrize(("scheme", "name"), [("http", "augury-80"), ("https", "__Host-augury")])
def test_the_cookie_is_for_this_server_alone(
    browse: Callable[..., TestClient], keys: KeyRing, scheme: str, name: str
) -> None:
    _, secret = keys.create(name="me", scopes=["admin"])
    cookie = sign_in(browse(scheme), secret).headers["set-cookie"]

    assert cookie.startswith(f"{name}=")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/", "max-age=604800"} <= attributes
    assert ("secure" in attributes) == (scheme == "https")
    assert not any(part.startswith("domain") for part in attributes)
    assert secret not in cookie


def test_signing_out_ends_the_session_on_the_server_too(browse: Callable[..., TestClient], keys: KeyRing) -> None:
    _, secret = keys.create(name="me", scopes=["read"])
    browser = browse()
    cookie = sign_in(browser, secret).headers["set-cookie"].partition(";")[0]
    assert browser.get(HOME).status_code == 200

    out = browser.post("/sign-out", headers={"origin": f"http://{NAME}"})

    assert out.status_code == 303
    assert "signed out" in browser.get(out.headers["location"]).text
    assert browse().get(HOME, headers={"cookie": cookie}).status_code == 303


def test_a_key_that_is_taken_back_takes_its_sessions_along(browse: Callable[..., TestClient], keys: KeyRing) -> None:
    _, secret = keys.create(name="me", scopes=["read"])
    browser = browse()
    sign_in(browser, secret)
    keys.revoke("me")
    assert browser.get(HOME).status_code == 303


def test_a_session_is_never_one_that_the_browser_brought(browse: Callable[..., TestClient], keys: KeyRing) -> None:
    _, secret = keys.create(name="me", scopes=["read"])
    browser = browse()
    planted = "augury-80=planted-by-somebody-else"
    answer = browser.post("/sign-in", data={"key": secret}, headers={"cookie": planted})
    assert "planted" not in answer.headers["set-cookie"]
    assert browse().get(HOME, headers={"cookie": planted}).status_code == 303
    # Over https a cookie that another host of the domain could have set is not looked at.
    plain = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
    assert browse("https").get(HOME, headers={"cookie": f"augury-80={plain}"}).status_code == 303


def test_a_page_of_another_origin_can_sign_nobody_in_or_out(browse: Callable[..., TestClient], keys: KeyRing) -> None:
    _, secret = keys.create(name="theirs", scopes=["read"])
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        for path in ("/sign-in", "/sign-out"):
            answer = browse().post(path, data={"key": secret}, headers=headers)
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
    downgraded = browse("https").post("/sign-in", data={"key": secret}, headers={"origin": f"http://{NAME}"})
    assert downgraded.status_code == 403


def test_a_wrong_key_and_one_that_reads_nothing_are_told_apart(
    browse: Callable[..., TestClient], keys: KeyRing
) -> None:
    _, ingest = keys.create(name="app", scopes=["ingest"])
    _, page = keys.create(name="page", scopes=["feedback"], origins=["https://shop.example.org"])
    wrong = sign_in(browse(), "augury_<script>alert(1)</script>")
    assert (wrong.status_code, "no key of this server" in wrong.text) == (401, True)
    assert "alert(1)" not in wrong.text  # what was typed may be a key for somewhere else
    for secret in (ingest, page):
        answer = sign_in(browse(), secret)
        assert (answer.status_code, "may not read pages" in answer.text) == (403, True)
        assert secret not in answer.text
        assert "set-cookie" not in answer.headers


def test_who_tries_too_often_waits(browse: Callable[..., TestClient], keys: KeyRing) -> None:
    _, secret = keys.create(name="me", scopes=["read"])
    browser = browse()
    statuses = [sign_in(browser, "augury_wrong").status_code for _ in range(MOST_FAILURES + 1)]
    assert statuses == [401] * MOST_FAILURES + [429]
    late = sign_in(browser, secret)
    assert (late.status_code, "retry-after" in late.headers) == (429, True)
    # Programs that show their key are not those who guess at the page.
    assert browser.get("/api/analytics/models", headers={"x-api-key": secret}).status_code == 200


def test_failures_are_forgotten_in_a_minute_and_never_fill_the_memory() -> None:
    now = [0.0]
    failures = Failures(lambda: now[0])
    for _ in range(MOST_FAILURES):
        failures.add("10.0.0.1")
    assert failures.wait_s("10.0.0.1") == 60
    assert failures.wait_s("10.0.0.2") == 0
    now[0] = 61.0
    assert failures.wait_s("10.0.0.1") == 0
    for number in range(10_000):
        failures.add(f"address {number}")
    assert len(failures._seen) <= 4_096  # noqa: SLF001 - what it keeps is what is asked about


def test_a_form_that_is_too_long_is_not_read(browse: Callable[..., TestClient]) -> None:
    assert sign_in(browse(), "x" * 10_000).status_code == 413


@pytest.mark.parametrize(
    "text",
    [
        "", "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/\n/evil.example",
        "javascript:alert(1)", "evil.example", "///evil.example", "/%0d%0aSet-Cookie:x=1\r\nx", " /x", "/ /evil", "http:/evil.example",
        "/sign-in", "/sign-out", "/sign-in?next=/sign-in", "\x00/x", "/\u2028x",
    ],
)  # fmt: skip
def test_the_way_on_never_leads_elsewhere(text: str) -> None:
    assert path_within(text) == HOME


@pytest.mark.parametrize(
    "text", ["/", "/analytics/models?days=7&model=a%2Fb", "/docs", "/analytics/models?x=https://evil.example"]
)
def test_the_way_on_keeps_what_was_asked(text: str) -> None:
    assert path_within(text) == text
