"""A real browser before a real server, both on this machine, and a record of everything the browser complains about."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect, sync_playwright
from tests import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Page, Response

HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "نموذج-\N{RIGHT-TO-LEFT OVERRIDE}x",
    "🧙🔮",
    "W" * 200,
)


expect.set_options(timeout=20_000)  # for what comes in a blink, on a machine that does much else


@dataclass
class Visit:
    """One browser page, and what went wrong on it."""

    address: str
    page: Page
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Runs before the page's own scripts, and outside of what its policy governs.
        self.page.add_init_script(
            "window.violations = [];"
            "document.addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.blockedURI))"
        )
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._request(request.url))

    def go(self, path: str) -> Response:
        """Open a path of the server, and wait until what it names has been loaded."""
        response = self.page.goto(self.address + path)
        assert response is not None
        return response

    def violations(self) -> list[str]:
        """What the content security policy stopped on the page that is open."""
        found = self.page.evaluate("window.violations")
        assert isinstance(found, list)
        return found

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _request(self, url: str) -> None:
        if not url.startswith(("data:", self.address + "/")):
            self.elsewhere.append(url)


@dataclass(frozen=True, slots=True)
class Site:
    """A running server."""

    address: str

    def get(self, path: str) -> Any:
        """What the API answers."""
        with urlopen(Request(self.address + path), timeout=30) as answer:  # noqa: S310 - the address is our own
            return json.load(answer)

    def record(self, calls: list[dict[str, Any]]) -> None:
        """Have the server keep calls."""
        request = Request(  # noqa: S310 - the address is our own
            self.address + "/api/analytics/models/calls",
            json.dumps(calls).encode(),
            {"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
            stored = json.load(answer)["stored"]
        assert stored == len(calls)


@contextmanager
def serving(folder: Path) -> Iterator[Site]:
    """A server over a database of its own, until the end of the block."""
    with servers.serving(folder) as server:
        yield Site(server.address)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser to drive; without one these tests fail, since nobody would notice that they were skipped."""
    if chosen := os.environ.get("AUGURY_TEST_CHROMIUM"):
        assert shutil.which(chosen), f"AUGURY_TEST_CHROMIUM names {chosen!r}, which is no program"
        return chosen
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.fail(
        "no Chromium was found: install one (on Debian and Ubuntu: apt-get install chromium), "
        "or name yours in AUGURY_TEST_CHROMIUM",
        pytrace=False,
    )


# Not for the session: Playwright's event loop runs in this thread until it is closed, and tests of another file that have one
# of their own could not.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # No sandbox: in a container, and as root, Chromium has none to offer.
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with calls of every kind that a page must bear. Shared: ask it, and change nothing."""
    with serving(tmp_path_factory.mktemp("site")) as running:
        running.record(_traffic())
        yield running


@pytest.fixture(scope="session")
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server without a single call. Shared as well."""
    with serving(tmp_path_factory.mktemp("empty")) as running:
        yield running


@pytest.fixture(scope="session")
def crowded_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with calls of sixty models. Shared as well."""
    now = datetime.now(UTC) - timedelta(minutes=5)
    calls = [
        {"model": f"model-{number:02}", "provider": f"provider-{number % 7}", "task_type": "coding", "response_time_ms": 900 + number}
        | {"input_tokens": 100, "output_tokens": 10, "timestamp": (now - timedelta(hours=hour)).isoformat()}
        for number in range(60)
        for hour in range(6)
    ]  # fmt: skip
    with serving(tmp_path_factory.mktemp("crowded")) as running:
        running.record(calls)
        yield running


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Site]:
    """A server without a call, for one test alone."""
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens pages of a server; at the end none of them may have complained, nor asked another machine for anything."""
    visits: list[Visit] = []

    def open_page(site: Site, *, width: int = 1366) -> Visit:
        assert urlsplit(site.address).hostname == "127.0.0.1"
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
        visits.append(Visit(site.address, context.new_page()))
        return visits[-1]

    yield open_page
    for opened in visits:
        violations = opened.violations()
        opened.page.context.close()
        assert (opened.complaints, opened.elsewhere, violations) == ([], [], [])


def _traffic() -> list[dict[str, Any]]:
    """Calls of two months: several models, failures, ratings, days without a call, and names meant to do harm."""
    midday = datetime.now(UTC) - timedelta(hours=1)
    models = [("gpt-4o", "openai", 2_400), ("claude-sonnet-4-5", "anthropic", 3_100), ("homemade-7b", "acme", 310)]
    tasks = ["coding", "analysis", "general_chat"]
    calls = [
        {
            "model": name,
            "provider": provider,
            "task_type": tasks[(day + turn) % 3],
            "response_time_ms": usual + 97 * (day * turn % 31),
            "input_tokens": 900 + 13 * day,
            "output_tokens": 200 + 7 * turn,
            "success": (day + 3 * turn) % 11 != 0,
            "user_rating": (0, 0, 1, -1, 1, 0, 1)[(day + turn) % 7],
            "timestamp": (midday - timedelta(days=day)).isoformat(),
        }
        for day in range(60)
        for turn, (name, provider, usual) in enumerate(models * 2)
        if day % 9 not in {4, 5}
    ]
    hostile = [
        {
            "model": name,
            "provider": name,
            "response_time_ms": 10,
            "error_message": name,
            "timestamp": midday.isoformat(),
        }
        for name in HOSTILE
    ]
    return calls + hostile
