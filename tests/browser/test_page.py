from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from augury.report import formatting

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Site, Visit

pytestmark = pytest.mark.browser

PAGE = "/analytics/models"
WIDTHS = (390, 820, 1366, 2560)
QUESTIONS = (
    "",
    "?days=1",
    "?days=7&interval=hour&timezone=Europe/Berlin",
    "?days=365",
    "?days=3650",
    "?group_by=model&days=90",
    "?group_by=time",
    "?from=2020-01-01&to=2020-01-31",
    "?model=%3Cscript%3Ealert(1)%3C/script%3E",
    "?segment=" + "W" * 200,
)

OWN_TEXT = """cells => cells.map(cell => {
  const copy = cell.cloneNode(true);
  copy.querySelectorAll('small, svg, [aria-hidden]').forEach(part => part.remove());
  return copy.textContent.trim();
})"""
"""What stands in table cells, without the remarks beside it and what is for the eye alone."""

WIDER_THAN_WINDOW = "document.documentElement.scrollWidth - window.innerWidth"


def figures(row: dict[str, Any]) -> list[str]:
    """A row of the table, as it should read, from what the API says."""
    said = [
        formatting.count(row["totalCalls"]),
        *(formatting.duration(row[f"{which}ResponseTime"]) for which in ("avg", "median", "p95")),
        formatting.percent(row["successRate"]),
        formatting.percent(row["satisfactionRate"]),
        formatting.brief(row["avgTokens"]),
        formatting.decimal(row["tokensPerSecond"]),
        *(formatting.money(row[which]) for which in ("totalCost", "costPerCall", "costPerSuccess")),
        formatting.decimal(row["qualityScore"]),
        formatting.decimal(row["confidence"]),
    ]
    return ["not known" if text == formatting.UNKNOWN else text for text in said]


@pytest.mark.parametrize("width", WIDTHS)
def test_no_question_makes_the_page_wider_than_the_window(
    visit: Callable[..., Visit], site: Site, empty_site: Site, width: int
) -> None:
    opened = visit(site, width=width)
    for question in QUESTIONS:
        assert opened.go(PAGE + question).status == 200
        assert opened.page.evaluate(WIDER_THAN_WINDOW) <= 0, question
        opened.page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true })")
        assert opened.page.evaluate(WIDER_THAN_WINDOW) <= 0, question
    opened = visit(empty_site, width=width)
    opened.go(PAGE)
    assert opened.page.evaluate(WIDER_THAN_WINDOW) <= 0


@pytest.mark.parametrize("width", WIDTHS)
def test_a_refusal_fits_the_window_and_helps(visit: Callable[..., Visit], site: Site, width: int) -> None:
    opened = visit(site, width=width)
    response = opened.go(PAGE + "?days=soon&task_type=" + "x" * 300)
    assert response.status == 422
    assert opened.page.evaluate(WIDER_THAN_WINDOW) <= 0
    expect(opened.page.get_by_role("alert")).to_contain_text("a whole number")
    opened.page.get_by_role("link", name="Ask without them").click()
    expect(opened.page.get_by_role("heading", name="At a glance")).to_be_visible()
    # The browser itself notes every answer that is an error; this one was asked for.
    opened.complaints = [text for text in opened.complaints if "422" not in text]


@pytest.mark.parametrize("question", ["", "?days=2", "?days=90&task_type=coding&provider=openai", "?group_by=time"])
def test_the_figures_of_the_page_are_those_of_the_api(visit: Callable[..., Visit], site: Site, question: str) -> None:
    opened = visit(site)
    opened.go(PAGE + question)
    answer = site.get("/api/analytics/models" + question)
    for section, rows in (("model", "byModel"), ("task_type", "byTaskType"), ("provider", "byProvider")):
        shown = opened.page.locator(f"section:has(> #by-{section}) table.measures tbody tr")
        assert [row.locator("td.n").evaluate_all(OWN_TEXT) for row in shown.all()] == [
            figures(row) for row in answer[rows]
        ]
    names = opened.page.locator("section:has(> #by-model) tbody th .title").all_text_contents()
    assert names == [row["displayName"] for row in answer["byModel"]]
    summary = answer["summary"]
    assert opened.page.locator(".card .figure").evaluate_all(OWN_TEXT) == [
        formatting.brief(summary["totalCalls"]),
        formatting.duration(summary["avgResponseTime"]),
        formatting.percent(summary["successRate"]),
        formatting.percent(summary["satisfactionRate"]),
        formatting.brief(summary["totalTokens"]),
        formatting.money(summary["totalCost"]),
        formatting.decimal(summary["qualityScore"]),
        formatting.decimal(summary["confidence"]),
    ]


def test_the_table_under_a_chart_has_every_step_with_calls(visit: Callable[..., Visit], site: Site) -> None:
    opened = visit(site)
    opened.go(PAGE)
    busy = [point for point in site.get("/api/analytics/models")["trends"] if point["totalCalls"]]
    opened.page.get_by_text("Figures by day").click()
    rows = opened.page.get_by_role("region", name="Figures by day: table").locator("tbody tr")
    assert rows.locator("time").all_text_contents() == [point["date"] for point in busy]
    assert rows.locator("td:nth-child(2)").all_text_contents() == [formatting.count(p["totalCalls"]) for p in busy]


def test_the_keyboard_reaches_the_filters_in_order_and_asks_with_them(visit: Callable[..., Visit], site: Site) -> None:
    opened = visit(site)
    opened.go(PAGE)
    reached = []
    for _ in range(10):
        opened.page.keyboard.press("Tab")
        reached.append(opened.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    assert reached == [
        "Skip to the figures",
        "Augury",
        "This as JSON",
        "API documentation",
        *(f"f-{name}" for name in ("days", "task_type", "model", "provider", "group_by", "interval")),
    ]
    opened.page.get_by_label("Task type", exact=True).focus()
    opened.page.keyboard.type("Coding")
    opened.page.get_by_label("Model", exact=True).fill("gpt-4o")
    with opened.page.expect_navigation():
        opened.page.keyboard.press("Enter")
    asked = parse_qs(urlsplit(opened.page.url).query)
    assert asked == {"task_type": ["coding"], "model": ["gpt-4o"]}
    expect(opened.page.get_by_label("Task type", exact=True)).to_have_value("coding")
    expect(opened.page.get_by_label("Model", exact=True)).to_have_value("gpt-4o")
    assert opened.page.locator("section:has(> #by-model) tbody tr").count() == 1


def test_wide_tables_scroll_in_their_own_place_by_keyboard(visit: Callable[..., Visit], site: Site) -> None:
    opened = visit(site, width=390)
    opened.go(PAGE)
    table = opened.page.get_by_role("region", name="By model: table")
    table.focus()
    opened.page.keyboard.press("ArrowRight")
    opened.page.wait_for_function("table => table.scrollLeft > 0", arg=table.element_handle())


def test_the_api_documentation_lists_every_operation(visit: Callable[..., Visit], site: Site) -> None:
    opened = visit(site)
    opened.go("/docs")
    document = site.get("/openapi.json")
    operations = sum(len(methods) for methods in document["paths"].values())
    expect(opened.page.locator(".opblock")).to_have_count(operations)
    assert operations > 3
    opened.page.locator(".opblock", has_text="How each model performs").locator("button").first.click()
    expect(opened.page.get_by_text("only this task type")).to_be_visible()
