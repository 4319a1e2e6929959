"""Pictures of the dashboard: the same traffic, clock, and browser each time, so that what changed is what somebody changed.

Everything goes to build/screenshots; those that the documentation shows also to docs/pictures.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING

import uvicorn
from playwright.sync_api import sync_playwright

from augury.access.keyring import KeyRing
from augury.access.sessions import Sessions
from augury.demo.traffic import sample_calls
from augury.models.prices import PriceBook
from augury.server.app import create_app
from augury.server.gate import Gate
from augury.server.parts import Parts
from augury.server.run import listening
from augury.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playwright.sync_api import Browser

    from augury.core.calls import ModelCall

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[1]
PICTURES, KEPT = ROOT / "build" / "screenshots", ROOT / "docs" / "pictures"
WIDTHS = {"phone": 390, "tablet": 820, "laptop": 1366, "wide": 2560}
OVERVIEW = "/analytics/models"
ASKED = "Fix the race condition in this Go worker pool and add a test for it."
FOR_DOCUMENTATION = {"overview-laptop-dark", "overview-laptop-light"}


@contextmanager
def serving(calls: Iterable[ModelCall], *, sample: bool, shut: bool = False) -> Iterator[str]:
    """The address of a server over these calls, whose clock stands still; `shut` where it wants a key."""
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        store = stack.enter_context(open_store(f"duckdb:///{folder}/calls.duckdb"))
        source = iter(calls)
        while batch := list(islice(source, 5_000)):
            store.append(batch)
        listener = stack.enter_context(listening("127.0.0.1", 0))
        parts = Parts(store=store, prices=PriceBook(), sample=sample, now=lambda: NOW)
        if shut:
            parts = replace(
                parts, gate=Gate(keys=KeyRing(Path(folder)), sessions=Sessions(Path(folder)), required=True)
            )
        app = create_app(parts)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            app.state.news.close()
            server.should_exit = True
            thread.join()


def take(
    browser: Browser, address: str, name: str, width: int, *, theme: str = "dark", state: str = "", whole: bool = True
) -> None:
    """One picture: `state` is what happens to requests for figures, or what is asked."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale="en-GB", timezone_id="UTC", reduced_motion="reduce"
    )
    page = context.new_page()
    page.add_init_script(f"localStorage.setItem('augury-theme', '{theme}')")
    page.clock.set_fixed_time(NOW)
    if state == "error":
        page.route("**/api/analytics/models?*", lambda route: route.abort())
    elif state == "loading":
        page.route("**/api/analytics/models?*", lambda _: None)
    page.goto(address)
    page.wait_for_function("() => document.fonts.status === 'loaded'")
    if state == "asked":
        page.get_by_label("Your prompt").fill(ASKED)
        page.get_by_role("button", name="Which model?").click()
        page.locator("#verdict").wait_for()
    elif state == "wrong":
        page.get_by_label("Your key").fill("augury_mistaken")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
    elif state not in {"loading", "sign-in"}:
        page.wait_for_function("() => !document.querySelector('[role=status], [aria-busy=true]')")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.chart')].every(chart => chart.querySelector('svg path'))"
        )
    file = PICTURES / f"{name}.png"
    page.screenshot(path=file, full_page=whole)
    context.close()
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1024} kB")
    if name in FOR_DOCUMENTATION:
        shutil.copy(file, KEPT)


def main(chromium: str) -> None:
    """Take them all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    traffic = list(sample_calls(PriceBook(), now=NOW))
    few = [call for call in traffic if call.timestamp > NOW - timedelta(hours=2)][:7]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        with serving(traffic, sample=True) as address:
            for size, width in WIDTHS.items():
                for theme in ("dark", "light"):
                    take(browser, address + OVERVIEW, f"overview-{size}-{theme}-whole", width, theme=theme)
            for theme in ("dark", "light"):
                take(browser, address + OVERVIEW, f"overview-laptop-{theme}", 1366, theme=theme, whole=False)
                take(browser, address + OVERVIEW + "/claude-sonnet-5-5", f"model-laptop-{theme}", 1366, theme=theme)
                take(browser, address + "/analytics/calls", f"calls-laptop-{theme}", 1366, theme=theme, whole=False)
                take(browser, address + "/analytics/ask", f"ask-laptop-{theme}", 1366, theme=theme, state="asked")
            for page in ("calls", "ask"):
                take(browser, f"{address}/analytics/{page}", f"{page}-phone-dark", 390, whole=False)
            for state in ("loading", "error"):
                take(browser, address + OVERVIEW, f"{state}-laptop-dark", 1366, state=state)
                take(browser, address + OVERVIEW, f"{state}-phone-light", 390, theme="light", state=state)
            take(browser, address + OVERVIEW + "?days=soon&task_type=poetry", "refused-laptop-dark", 1366)
        with serving(few, sample=False) as address:
            take(browser, address + OVERVIEW, "few-laptop-dark", 1366)
            take(browser, address + OVERVIEW, "few-phone-light", 390, theme="light")
        with serving([], sample=False, shut=True) as address:
            for theme in ("dark", "light"):
                take(browser, f"{address}/sign-in", f"sign-in-laptop-{theme}", 1366, theme=theme, state="sign-in")
            take(browser, f"{address}/sign-in", "sign-in-phone-dark", 390, state="wrong")
        with serving([], sample=False) as address:
            take(browser, address + OVERVIEW, "empty-laptop-dark", 1366)
            take(browser, address + OVERVIEW, "empty-phone-light", 390, theme="light")
        browser.close()


if __name__ == "__main__":
    named = sys.argv[1] if len(sys.argv) > 1 else shutil.which("chromium") or shutil.which("chromium-browser")
    if named is None:
        sys.exit("No Chromium was found: install one, or name yours: python frontend/screenshots.py PATH")
    main(named)
