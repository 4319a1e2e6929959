"""The dashboard in a real Chromium, over so many calls and over none: `python -m benchmarks page --rows 200000`.

Each opening is by a browser that knows nothing yet. What is told is told by the browser's own clock, from the moment it is sent
there: what it painted first, when the cards showed figures, when everything was drawn, and when it was free to react, which
is after the last task that held it for more than 50 ms. A filter's redraw is from the choice until the frame in which every
figure and drawing is of the new answers.
"""

from __future__ import annotations

import gzip
import os
import shutil
import statistics
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from augury.store.duckdb import DuckDBStore
from augury.store.sealing import seal_closed
from benchmarks.volume import fill, serving

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.sync_api import Browser, Page

PAGE = "/analytics/models"
VISITS = 7
CHOICES = ("coding", "", "analysis", "", "creative", "", "reasoning", "")
"""Task types that are filtered by, one after the other."""

# Runs before the page's own scripts.
_WATCH = """
    window.seen = { long: [] };
    new PerformanceObserver(list => list.getEntries().forEach(task => seen.long.push([task.startTime, task.duration])))
        .observe({ type: 'longtask', buffered: true });
    new PerformanceObserver(list => list.getEntries().forEach(paint => { seen.largest = paint.startTime; }))
        .observe({ type: 'largest-contentful-paint', buffered: true });
    const inNextFrame = then => requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel(); port1.onmessage = then; port2.postMessage(0); });
    const settled = () => !document.querySelector('[role=status], [aria-busy=true]')
        && [...document.querySelectorAll('.chart')].every(chart => chart.querySelector('svg path'));
    const mark = (name, holds) => { if (!(name in seen) && holds()) { seen[name] = null; inNextFrame(() => { seen[name] = performance.now(); }); } };
    new MutationObserver(() => {
        mark('useful', () => document.querySelector('[data-card], #nothing'));
        mark('drawn', () => document.querySelector('.chart, #nothing') && settled());
    }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['aria-busy'] });
    let under_way = 0;
    const fetched = window.fetch;
    window.fetch = (...asked) => { under_way += 1; return fetched(...asked).finally(() => { under_way -= 1; }); };
    window.choose = value => new Promise(done => {
        const from = performance.now();
        performance.clearResourceTimings();
        const asked = () => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/api/analytics/models'));
        let waits = false;
        const watch = new MutationObserver(() => {
            if (waits || document.querySelector('.answer[aria-busy=true]')) return;
            waits = true;
            inNextFrame(() => {
                waits = false;
                const whole = performance.now() - from;
                if (!settled() || under_way) return;
                watch.disconnect();
                const answers = asked();
                done({ whole, asked: answers.length, kilobytes: answers.reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0) / 1e3,
                    answered: Math.max(...answers.map(({ responseEnd }) => responseEnd)) - from });
            });
        });
        const field = document.querySelector('#f-task_type');
        field.value = value;
        field.dispatchEvent(new Event('change', { bubbles: true }));
        // The page says in the same turn that it waits, and that it has the answers in the turn that draws them.
        queueMicrotask(() => watch.observe(document.querySelector('main'), { childList: true, subtree: true, attributes: true, attributeFilter: ['aria-busy', 'd'] }));
    });
"""


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of the page, in milliseconds from its beginning."""

    first: float
    largest: float
    useful: float
    drawn: float
    interactive: float


def run(rows: int, database: Path | None = None) -> None:
    """Print what a reader waits for, over a database, or over so many made-up calls; beside the same page over none."""
    print(
        f"\n{PAGE} in Chromium, {VISITS} openings of each: milliseconds, median and worst — beside the page without a call"
    )
    print(
        f"{'calls':>12} {'':7}{'first paint':>12} {'largest':>8} {'figures':>8} {'all drawn':>10} {'interactive':>12}"
    )
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox", "--disable-gpu"])
        empty = Path(folder) / "empty.duckdb"
        fill(empty, 0)
        _serve_and_open(browser, empty, "none")
        if database is None:
            database = Path(folder) / "calls.duckdb"
            fill(database, rows)
            with DuckDBStore(database) as store:  # as a server does in its first minutes
                for _ in seal_closed(store, datetime.now(UTC)):
                    pass
        _serve_and_open(
            browser, database, f"{rows:,}" if database.parent == Path(folder) else database.name, filtering=True
        )
        browser.close()
    _weigh()


def _serve_and_open(browser: Browser, database: Path, name: str, *, filtering: bool = False) -> None:
    with TemporaryDirectory() as folder, serving(str(database), Path(folder)) as (port, _):
        address = f"http://127.0.0.1:{port}{PAGE}"
        _open(browser, address)  # the server's first answer is another question: see `python -m benchmarks volume`
        openings = [_open(browser, address) for _ in range(VISITS)]
        for word, pick in (("median", statistics.median), ("worst", max)):
            figures = [pick(getattr(opening, field) for opening in openings) for field in Opening.__slots__]
            print(
                f"{name if word == 'median' else '':>12} {word:7}"
                + "".join(f"{ms:>{width}.0f}" for ms, width in zip(figures, (12, 9, 9, 11, 13), strict=True))
            )
        if filtering:
            _filter(browser, address)


def _open(browser: Browser, address: str) -> Opening:
    page = _page(browser, address)
    seen = page.evaluate("({ ...seen, first: performance.getEntriesByName('first-contentful-paint')[0].startTime })")
    page.context.close()
    free = max((begun + took for begun, took in seen["long"]), default=seen["first"])
    return Opening(seen["first"], seen["largest"], seen["useful"], seen["drawn"], max(free, seen["useful"]))


def _page(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1366, "height": 900}, locale="en-GB").new_page()
    page.add_init_script(_WATCH)
    page.goto(address)
    page.wait_for_function("() => seen.drawn && seen.largest", polling=100)
    return page


def _filter(browser: Browser, address: str) -> None:
    page = _page(browser, address)
    page.evaluate("choose('other')")
    redraws: list[dict[str, Any]] = [page.evaluate("value => choose(value)", value) for value in CHOICES * 2]
    page.context.close()
    print(
        f"\n{len(redraws)} changes of the filter: milliseconds, median and worst, until every figure and drawing is the new one"
    )
    print(f"{'answered':>17} {'drawn after':>17} {'whole':>17} {'requests':>9} {'kB of answers':>14}")
    answered = _both(redraw["answered"] for redraw in redraws)
    after = _both(redraw["whole"] - redraw["answered"] for redraw in redraws)
    whole = _both(redraw["whole"] for redraw in redraws)
    asked, kilobytes = (statistics.median(redraw[name] for redraw in redraws) for name in ("asked", "kilobytes"))
    print(f"{answered:>17} {after:>17} {whole:>17} {asked:>9.0f} {kilobytes:>14.0f}")


def _both(figures: Iterable[float]) -> str:
    known = list(figures)
    return f"{statistics.median(known):.0f}, {max(known):.0f}"


def _weigh() -> None:
    """What is loaded, as it would be sent gzipped."""
    built = Path(str(files("augury"))) / "dashboard"
    page = (built / "index.html").read_text()
    scripts = {file.name: len(gzip.compress(file.read_bytes(), 9)) / 1e3 for file in (built / "assets").glob("*.js")}
    shell = sum(size for name, size in scripts.items() if name in page)
    styles = sum(
        len(gzip.compress(file.read_bytes(), 9)) / 1e3 for file in (built / "assets").glob("*.css") if file.name in page
    )
    print(
        f"\nGzipped: shell {shell:.1f} kB of script (at most 60) and {styles:.1f} kB of style; all script {sum(scripts.values()):.1f} kB (at most 300)"
    )


def _chromium() -> str:
    """The browser that the tests use."""
    found = os.environ.get("AUGURY_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        raise SystemExit("no Chromium was found: install one, or name yours in AUGURY_TEST_CHROMIUM")
    return found
