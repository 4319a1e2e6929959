"""A report in HTML, opened from a file as its reader does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import HOSTILE, Site, Visit

from augury.report import formatting
from augury.report.document import Document, read
from augury.report.html import as_html
from augury.store.protocol import Description

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

WIDTHS = (390, 820, 1366, 2560)
WIDER_THAN_WINDOW = "document.documentElement.scrollWidth - window.innerWidth"
QUESTIONS = ("", "?days=365&interval=week", "?days=2&interval=hour", "?days=1&model=nobody")
HELD = Description(
    url="duckdb:///calls.duckdb", calls=1, first=None, last=None, size_bytes=None, schema_version=1, sample=False
)


def report(site: Site, question: str = "") -> Document:
    answer = read(site.get("/api/analytics/models" + question))
    held = None if answer.summary.total_calls else HELD
    return Document(answer=answer, made=datetime.now(UTC), only={"segment": "W" * 200}, held=held)


@pytest.fixture
def reader(browser: Browser, tmp_path: Path) -> Iterator[Reader]:
    opened = Reader(browser, tmp_path)
    yield opened
    opened.close()


class Reader:
    """Opens reports; at the end none of them may have complained, nor asked anybody for anything."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._folder = folder
        self._visits: list[Visit] = []

    def open(self, document: Document, *, width: int = 1366, scheme: str = "light", media: str = "screen") -> Page:
        file = self._folder / f"report {len(self._visits)}.html"
        file.write_text(as_html(document), encoding="utf-8")
        context = self._browser.new_context(viewport={"width": width, "height": 900})
        visit = Visit(f"file://{quote(str(self._folder))}", context.new_page())
        self._visits.append(visit)
        visit.page.emulate_media(
            color_scheme="dark" if scheme == "dark" else "light", media="print" if media == "print" else "screen"
        )
        visit.page.goto(file.as_uri())
        return visit.page

    def close(self) -> None:
        for visit in self._visits:
            violations = visit.violations()
            visit.page.context.close()
            assert (visit.complaints, visit.elsewhere, violations) == ([], [], [])


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_report_is_wider_than_the_window_or_complains(reader: Reader, site: Site, question: str) -> None:
    page = reader.open(report(site, question))
    for is_open in ("false", "true"):
        page.locator("details").evaluate_all(f"all => all.forEach(details => {{ details.open = {is_open} }})")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(WIDER_THAN_WINDOW) <= 0, (width, is_open)


def test_hostile_names_are_text(reader: Reader, site: Site) -> None:
    page = reader.open(report(site))
    shown = page.locator("section:has(> #by-model) .title").all_text_contents()
    assert shown == [model["displayName"] for model in site.get("/api/analytics/models")["byModel"]]
    assert HOSTILE[0] in shown
    assert page.locator("script, img, iframe, object").count() == 0


def test_the_figures_are_read_to_who_does_not_see_the_drawings(reader: Reader, site: Site) -> None:
    document = report(site)
    page = reader.open(document)
    first = document.answer.by_model[0]
    median, p95 = formatting.duration(first.median_response_time), formatting.duration(first.p95_response_time)
    expect(
        page.get_by_role("img", name=f"Response time of {first.display_name}: median {median}, p95 {p95}", exact=True)
    ).to_be_visible()
    expect(page.get_by_role("img", name="Calls by day")).to_be_visible()
    page.get_by_text("Figures by day").click()
    expect(page.get_by_role("region", name="Figures by day: table")).to_be_visible()


def test_day_and_night_have_their_colours_and_paper_is_white(reader: Reader, site: Site) -> None:
    document = report(site)

    def brightness(page: Page) -> float:
        colour = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink')")
        return (
            sum(
                int(
                    colour.strip()[1:][i] * 2 if len(colour.strip()) == 4 else colour.strip()[1 + 2 * i : 3 + 2 * i], 16
                )
                for i in range(3)
            )
            / 765
        )

    assert brightness(reader.open(document, scheme="dark")) < 0.2
    assert brightness(reader.open(document, scheme="light")) > 0.8
    for scheme in ("dark", "light"):
        page = reader.open(document, scheme=scheme, media="print")
        assert brightness(page) == 1
        expect(page.locator("details.figures table")).to_be_visible()
