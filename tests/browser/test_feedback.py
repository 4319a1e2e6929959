"""`<model-feedback>` in a real browser, on pages of another origin, before a server that needs keys."""

from __future__ import annotations

import gzip
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect
from tests.servers import serving

from augury.access.keyring import KeyRing
from augury.server.frontend import BUILT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

FEEDBACK = "/api/analytics/models/feedback"
AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
HOSTILE = "\"'><img src=x onerror=\"document.title='hurt'\">"


_LISTENS = b"""
window.heard = [];
document.addEventListener('feedback-submitted', ({ detail }) => {
  document.documentElement.dataset.heard = heard.push(detail);
});
"""


class Pages:
    """A web server of an application: what it shows, under a strict policy."""

    def __init__(self, scripts: str) -> None:
        self.body = ""
        policy = f"default-src 'none'; script-src {scripts} 'self'; connect-src {scripts}; img-src 'self'; base-uri 'none'; require-trusted-types-for 'script'"
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                script = self.path == "/page.js"
                content = _LISTENS if script else pages.html()
                self.send_response(200)
                self.send_header("Content-Type", "text/javascript" if script else "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.scripts = scripts
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def html(self) -> bytes:
        head = f'<script src="/page.js"></script><script async src="{self.scripts}/model-feedback.js"></script>'
        return f'<!doctype html><html lang="en"><title>Shop</title>{head}<main><h1>Shop</h1>{self.body}</main>'.encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class Shop:
    """An application's page, and the Augury that it rates to."""

    augury: str
    admin: str
    key: str
    pages: Pages
    elsewhere: Pages
    count: int = 0
    complaints: list[str] = field(default_factory=list)

    def record(self, message: str) -> None:
        self._ask("/api/analytics/models/calls", {"model": "gpt-4o", "response_time_ms": 9, "message_id": message})

    def rating(self, message: str) -> int:
        (call,) = self._ask(f"/api/analytics/calls?message_id={message}")["calls"]
        return int(call["userRating"] or 0)

    def message(self) -> str:
        """A new one, whose call is recorded."""
        self.count += 1
        self.record(f"m-{self.count}")
        return f"m-{self.count}"

    def thumbs(self, message: str, **more: str) -> str:
        given = {"message-id": message, "endpoint": self.augury, "feedback-key": self.key} | more
        attributes = " ".join(
            f'{name}="{value.replace("&", "&amp;").replace(chr(34), "&quot;")}"' for name, value in given.items()
        )
        return f"<model-feedback {attributes}></model-feedback>"

    def _ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.augury + path, data, {"x-api-key": self.admin, "Content-Type": "application/json"})  # noqa: S310 - our own
        with urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
            return json.load(answer)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    keys = KeyRing(folder)
    _, admin = keys.create(name="me", scopes=["admin"])
    with serving(folder, AUGURY_REQUIRE_KEY="yes") as server:
        pages, elsewhere = Pages(server.address), Pages(server.address)
        _, key = keys.create(name="shop", scopes=["feedback"], origins=[pages.address])
        yield Shop(server.address, admin, key, pages, elsewhere)
        pages.close()
        elsewhere.close()


@pytest.fixture
def show(browser: Browser, shop: Shop) -> Iterator[Callable[..., Page]]:
    """Shows a page; at the end its policy must have stopped nothing, and no script have failed."""
    with _context(browser) as (context, errors):

        def page(body: str, where: Pages | None = None) -> Page:
            shown = where or shop.pages
            shown.body = body
            opened = context.new_page()
            opened.add_init_script(
                "window.violations = [];"
                "document.addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.blockedURI))"
            )
            opened.on("pageerror", lambda error: errors.append(str(error)))
            opened.goto(shown.address)
            expect(opened.locator("model-feedback:defined").first).to_be_attached()
            return opened

        yield page
        for opened in context.pages:
            assert opened.evaluate("window.violations") == []
        assert errors == []


@contextmanager
def _context(browser: Browser) -> Iterator[tuple[BrowserContext, list[str]]]:
    context = browser.new_context(viewport={"width": 390, "height": 700})
    try:
        yield context, []
    finally:
        context.close()


def heard(page: Page, count: int) -> list[dict[str, Any]]:
    expect(page.locator("html")).to_have_attribute("data-heard", str(count))
    found = page.evaluate("heard")
    assert isinstance(found, list)
    return found


def test_a_page_of_another_origin_rates_a_call_and_takes_it_back(show: Callable[..., Page], shop: Shop) -> None:
    message = shop.message()
    page = show(shop.thumbs(message))
    up, down = page.get_by_role("button", name="Good answer"), page.get_by_role("button", name="Bad answer")
    expect(up).to_have_attribute("aria-pressed", "false")

    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    (told,) = heard(page, 1)
    assert (told["rating"], told["messageId"], len(told["callId"])) == (1, message, 36)
    assert shop.rating(message) == 1
    down.click()
    expect(up).to_have_attribute("aria-pressed", "false")
    assert heard(page, 2)[-1]["rating"] == -1
    assert shop.rating(message) == -1
    down.click()  # again: taken back
    assert heard(page, 3)[-1]["rating"] == 0
    expect(down).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_role("status")).to_have_text("Rating taken back")
    assert shop.rating(message) == 0


def test_a_page_of_an_origin_that_the_key_is_not_for_is_refused(show: Callable[..., Page], shop: Shop) -> None:
    message = shop.message()
    page = show(shop.thumbs(message), shop.elsewhere)
    with page.expect_event("requestfailed") as failed:  # the browser itself refuses it: it was never allowed to ask
        page.get_by_role("button", name="Good answer").click()
    assert failed.value.method == "POST"
    assert shop.rating(message) == 0
    wrong = show(shop.thumbs(message, **{"feedback-key": shop.key[:-1] + "_"}))
    wrong.get_by_role("button", name="Good answer").click()
    expect(wrong.get_by_role("status")).to_have_text("The rating could not be saved")
    expect(wrong.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "false")
    assert shop.rating(message) == 0


def test_a_rating_waits_while_offline_and_survives_a_reload(show: Callable[..., Page], shop: Shop) -> None:
    message = shop.message()
    page = show(shop.thumbs(message) + shop.thumbs(message))
    ups = page.get_by_role("button", name="Good answer")
    page.context.set_offline(True)
    ups.first.click()
    expect(page.get_by_role("status").first).to_have_text("Not saved yet; trying again")
    expect(ups.nth(1)).to_have_attribute("aria-pressed", "true")  # both are about one message
    assert shop.rating(message) == 0
    assert shop.key not in page.evaluate("JSON.stringify(localStorage)")
    page.context.set_offline(False)
    assert {told["rating"] for told in heard(page, 2)} == {1}
    assert shop.rating(message) == 1

    page.route(f"{shop.augury}{FEEDBACK}", lambda route: route.abort())
    page.get_by_role("button", name="Bad answer").first.click()
    expect(page.get_by_role("status").first).to_have_text("Not saved yet; trying again")
    page.unroute(f"{shop.augury}{FEEDBACK}")
    page.reload()
    assert heard(page, 2)[0]["rating"] == -1
    expect(page.get_by_role("button", name="Bad answer").first).to_have_attribute("aria-pressed", "true")
    assert shop.rating(message) == -1
    assert page.evaluate("localStorage.length") == 0


def test_a_rating_waits_for_its_call_to_arrive(show: Callable[..., Page], shop: Shop) -> None:
    page = show(shop.thumbs("late"))
    with page.expect_response(lambda answer: answer.status == 404):
        page.get_by_role("button", name="Bad answer").click()
    expect(page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    shop.record("late")
    assert heard(page, 1)[0]["rating"] == -1
    assert shop.rating("late") == -1


def test_the_keyboard_is_enough_and_axe_finds_nothing(show: Callable[..., Page], shop: Shop) -> None:
    message = shop.message()
    page = show(f"<p>An answer.</p>{shop.thumbs(message)}{shop.thumbs(shop.message(), label='Rate it')}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Good answer").first).to_be_focused()
    ring = "getComputedStyle(document.activeElement.shadowRoot.activeElement).outlineStyle"
    assert page.evaluate(ring) == "solid"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert heard(page, 1)[0]["rating"] == -1
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert heard(page, 2)[1]["rating"] == 1
    assert shop.rating(message) == 1
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('label')") == "Rate it"
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    assert [violation["id"] for violation in found["violations"]] == []


def test_attributes_mean_what_they_say_when_they_change(show: Callable[..., Page], shop: Shop) -> None:
    first, second = shop.message(), shop.message()
    page = show(shop.thumbs(first, rating="1") + "<model-feedback></model-feedback>")
    up = page.get_by_role("button", name="Good answer")
    expect(up.first).to_have_attribute("aria-pressed", "true")
    up.first.click()
    assert heard(page, 1)[0] | {"callId": ""} == {"rating": 0, "messageId": first, "conversationId": None, "callId": ""}
    page.evaluate(
        "([id]) => { const one = document.querySelector('model-feedback'); one.removeAttribute('rating');"
        " one.setAttribute('message-id', id); one.setAttribute('label-up', 'Gut') }",
        [second],
    )
    page.get_by_role("button", name="Gut").click()
    assert heard(page, 2)[1]["messageId"] == second
    assert shop.rating(second) == 1
    # Nothing to rate: it says so, and does nothing.
    expect(up.last).to_have_attribute("aria-disabled", "true")
    up.last.click(force=True)
    expect(up.last).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("endpoint", [None, "javascript:document.title='hurt'", "data:text/html,x"])
def test_hostile_attributes_stay_text(show: Callable[..., Page], shop: Shop, endpoint: str | None) -> None:
    more = {"label": HOSTILE, "label-up": HOSTILE, "label-failed": HOSTILE, "conversation-id": HOSTILE}
    page = show(shop.thumbs(HOSTILE, **more, **({} if endpoint is None else {"endpoint": endpoint})))
    button = page.get_by_role("button", name=HOSTILE)
    button.click(force=True)
    expect(button).to_have_attribute(*(("aria-pressed", "true") if endpoint is None else ("aria-disabled", "true")))
    assert page.title() == "Shop"
    assert page.locator("img").count() == 0


def test_the_component_is_small_and_any_page_may_load_it(shop: Shop) -> None:
    script = BUILT / "model-feedback.js"
    assert len(gzip.compress(script.read_bytes(), 9)) <= 12_000
    asked = Request(shop.augury + "/model-feedback.js", headers={"Origin": "https://a.example"})  # noqa: S310 - our own
    with urlopen(asked, timeout=60) as answer:  # noqa: S310 - as above
        assert answer.read() == script.read_bytes()
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["Content-Type"].startswith("text/javascript")
