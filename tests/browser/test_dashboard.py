"""The dashboard in a real browser, over the figures that the API gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from augury.report import formatting

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page
    from tests.browser.conftest import Site, Visit

pytestmark = pytest.mark.browser

PAGE, API = "/analytics/models", "/api/analytics/models"
WIDTHS = (390, 820, 1366, 2560)
AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (PAGE, "/analytics/models/gpt-4o", "/analytics/calls", "/analytics/ask")

WIDER_THAN_WINDOW = "document.documentElement.scrollWidth - window.innerWidth"


def shown(opened: Visit, path: str = PAGE) -> Page:
    """Open a page and wait for its figures and drawings."""
    opened.go(path)
    return drawn(opened.page)


def drawn(page: Page) -> Page:
    """Wait for the figures and drawings of a page."""
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("[role=status]")).to_have_count(0, timeout=15_000)
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=15_000)
    for chart in page.locator(".chart").all():
        expect(chart.locator("svg path").first).to_be_attached(timeout=15_000)
    return page


def open_figures(page: Page) -> None:
    """The tables beside drawings are made when somebody opens them."""
    for summary in page.locator("summary").filter(has_text="Figures").all():
        summary.click()


def texts(page: Page, selector: str) -> list[str]:
    """What is read there, but for what is for screen readers alone."""
    found = page.locator(selector).evaluate_all(
        """cells => cells.map(cell => {
          const copy = cell.cloneNode(true);
          copy.querySelectorAll('.unseen, small, [aria-hidden]').forEach(part => part.remove());
          return copy.textContent.trim();
        })"""
    )
    assert isinstance(found, list)
    return found


def written(measure: str, value: Any) -> str:
    """A measure as `formatting` writes it."""
    if measure.endswith("Rate"):
        return formatting.percent(value)
    if measure.endswith("Time") or measure == "avgTimeToFirstToken":
        return formatting.duration(value)
    if "ost" in measure:
        return formatting.money(value)
    if measure in {"tokensPerSecond", "qualityScore", "speedScore", "confidence"}:
        return formatting.decimal(value)
    return formatting.brief(value)


@pytest.mark.parametrize(
    "query", ["", "?days=90&task_type=coding&group_by=task_type", "?days=7&group_by=time&timezone=Asia%2FTokyo"]
)
def test_the_cards_and_the_table_show_the_apis_figures(visit: Callable[..., Visit], site: Site, query: str) -> None:
    page = shown(visit(site), PAGE + query)
    answer = site.get(API + query)
    summary = answer["summary"]
    assert texts(page, "[data-card]") == [
        formatting.brief(summary["totalCalls"]),
        formatting.duration(summary["avgResponseTime"]),
        formatting.percent(summary["successRate"]),
        formatting.percent(summary["satisfactionRate"]),
        formatting.brief(summary["totalTokens"]),
        formatting.money(summary["totalCost"]),
    ]
    by = {"": ("byModel", "model"), "task_type": ("byTaskType", "taskType"), "time": ("trends", "date")}
    rows, key = by[parse_qs(query[1:]).get("group_by", [""])[0]]
    expected = [row for row in answer[rows] if row["totalCalls"]]
    if rows == "trends":
        expected.reverse()
    assert page.locator(".performance tbody tr").evaluate_all("rows => rows.map(row => row.dataset.key)") == [
        row[key] for row in expected
    ]
    measures = (
        page.locator(".performance tbody tr")
        .first.locator("td")
        .evaluate_all("cells => cells.map(cell => cell.dataset.measure)")
    )
    assert len(measures) > 20
    figures = texts(page, ".performance tbody td")
    assert figures == [written(measure, row[measure]) for row in expected for measure in measures]


def test_every_chart_has_the_apis_figures_beside_it_as_text(visit: Callable[..., Visit], site: Site) -> None:
    page = shown(visit(site))
    open_figures(page)
    answer = site.get(API + "?group_by=model")
    models = answer["byModel"]
    for region, columns in (
        ("Response time by model: figures", ("totalCalls", "avgResponseTime", "medianResponseTime", "p95ResponseTime")),
        ("Success rate by model: figures", ("totalCalls", "successRate")),
    ):
        rows = page.locator(f'[aria-label="{region}"] tbody tr')
        got = [row.locator("td").all_text_contents()[: len(columns)] for row in rows.all()]
        assert got == [[written(name, model[name]) for name in columns] for model in models], region
    drawn = [
        text
        for text in page.locator("#rates").locator("xpath=ancestor::section").locator("svg text").all_text_contents()
        if "%" in text
    ]
    for model in models:
        assert formatting.percent(model["successRate"]) in drawn
    cells = {(cell["model"], cell["taskType"]): cell for cell in answer["byModelAndTaskType"]}
    heat = texts(page, "td.heat a")
    assert heat == [
        formatting.percent(cells[key]["successRate"])
        for key in [(m["model"], t["taskType"]) for m in models for t in answer["byTaskType"]]
        if key in cells
    ]
    pie = page.locator("section", has=page.locator("#satisfaction")).locator("tbody td:nth-child(2)")
    up, down, calls = (answer["summary"][name] for name in ("thumbsUp", "thumbsDown", "totalCalls"))
    assert pie.all_text_contents() == [formatting.count(number) for number in (up, down, calls - up - down)]
    busy = [point for point in answer["trends"] if point["model"] == models[0]["model"]]
    column = page.locator('[aria-label="Figures by day: table"] tbody td:nth-child(2)')
    assert [
        text.split("\xa0(")[0].split("\xa0 ")[0]
        for text in texts(page, '[aria-label="Figures by day: table"] tbody td:nth-child(2)')
    ] == [
        formatting.duration(point["avgResponseTime"]) if point["totalCalls"] else formatting.UNKNOWN for point in busy
    ]
    assert column.count() == len(busy)


def test_the_best_models_are_those_of_the_api_with_why_and_how_sure(visit: Callable[..., Visit], site: Site) -> None:
    page = shown(visit(site))
    for best in site.get(API)["bestByTask"]:
        card = page.locator(f'[data-task="{best["taskType"]}"]')
        expect(card.locator(".winner a")).to_have_text(best["displayName"])
        card.locator("summary").click()
        expect(card.locator(".reason")).to_have_text(best["reason"])
        if best["source"] == "data":
            expect(card.locator(".sure")).to_contain_text(formatting.chance(best["probabilityBest"]))
            assert card.locator("tbody tr").count() == len(best["alternatives"])


def test_filters_live_in_the_address_and_survive_reload_and_back(visit: Callable[..., Visit], site: Site) -> None:
    page = shown(visit(site))
    page.get_by_label("Task type", exact=True).select_option("coding")
    page.get_by_label("Model", exact=True).select_option("gpt-4o")
    page.get_by_label("Period", exact=True).select_option("90")
    assert parse_qs(urlsplit(page.url).query) == {"task_type": ["coding"], "model": ["gpt-4o"], "days": ["90"]}
    wanted = formatting.brief(site.get(API + "?task_type=coding&model=gpt-4o&days=90")["summary"]["totalCalls"])
    expect(page.locator('[data-card="Calls"]')).to_have_text(wanted)
    page.reload()
    expect(page.locator('[data-card="Calls"]')).to_have_text(wanted)
    expect(page.get_by_label("Model", exact=True)).to_have_value("gpt-4o")
    page.go_back()
    expect(page.get_by_label("Period", exact=True)).to_have_value("30")
    expect(page.get_by_label("Task type", exact=True)).to_have_value("coding")
    page.get_by_role("link", name="Clear all").click()
    assert urlsplit(page.url).query == ""
    expect(page.get_by_label("Task type", exact=True)).to_have_value("")


def test_a_filter_offers_the_models_of_a_longer_period_too(visit: Callable[..., Visit], own_site: Site) -> None:
    call = {"task_type": "coding", "response_time_ms": 1_200, "input_tokens": 5, "output_tokens": 5}
    earlier = (datetime.now(UTC) - timedelta(days=20)).isoformat()
    own_site.record([call | {"model": "gpt-4o"}, call | {"model": "o3-mini", "timestamp": earlier}])
    opened = visit(own_site)
    opened.go(PAGE + "?days=1")
    model = opened.page.get_by_label("Model", exact=True)
    expect(model.locator("option")).to_have_count(2)  # all of them, and the one of today

    model.select_option("gpt-4o")
    opened.page.get_by_label("Period", exact=True).select_option("30")

    expect(model.locator("option[value=o3-mini]")).to_have_count(1)


def test_on_a_telephone_the_first_screen_has_an_answer_and_every_filter_is_behind_one_word(
    visit: Callable[..., Visit], site: Site
) -> None:
    opened = visit(site, width=390)
    page = shown(opened)
    answer = page.locator(".best .winner").first.bounding_box()
    assert answer is not None
    assert answer["y"] + answer["height"] < 844  # a telephone's screen

    model = page.get_by_label("Model", exact=True)
    expect(model).to_be_hidden()
    page.get_by_text("More filters").click()
    model.select_option("gpt-4o")

    expect(page.get_by_role("link", name="Remove the filter Model: gpt-4o")).to_be_visible()
    expect(model).to_be_visible()


def test_a_wrong_question_says_what_is_allowed_and_leads_back(visit: Callable[..., Visit], site: Site) -> None:
    opened = visit(site, width=390)
    opened.go(PAGE + "?days=soon&task_type=" + "x" * 300)
    alert = opened.page.get_by_role("alert")
    expect(alert).to_contain_text("a whole number")
    expect(alert).to_contain_text("function_calling")
    assert opened.page.evaluate(WIDER_THAN_WINDOW) <= 0
    opened.page.get_by_role("link", name="Ask without them").click()
    expect(opened.page.locator('[data-card="Calls"]')).to_be_visible()
    # The browser itself notes every answer that is an error; this one was asked for.
    opened.complaints = [text for text in opened.complaints if "422" not in text]


def test_no_width_makes_a_page_wider_than_the_window_and_no_rule_of_accessibility_is_broken(
    visit: Callable[..., Visit], site: Site
) -> None:
    opened = visit(site)
    found = []
    for path in PAGES:
        page = shown(opened, path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function(
                "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
            )
            assert page.evaluate(WIDER_THAN_WINDOW) <= 0, (path, width)
        for theme in ("dark", "light"):
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            found += violations(page, f"{path} {theme}")
        page.set_viewport_size({"width": 390, "height": 900})
        found += violations(page, f"{path} narrow")
    assert found == []


def violations(page: Page, where: str) -> list[str]:
    """What axe finds against WCAG 2.2 AA, and its good practices."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())  # by the debugger: the page's policy stays as it is
    answer = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{where}: {found['id']}: {node['target']} {node['failureSummary']}"
        for found in answer["violations"]
        for node in found["nodes"][:3]
    ]


def test_the_keyboard_reaches_everything_in_order(visit: Callable[..., Visit], site: Site) -> None:
    page = shown(visit(site))
    reached = []
    for _ in range(15):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(document.activeElement.id || document.activeElement.ariaLabel || document.activeElement.textContent).trim()"
            )
        )
    assert reached == [
        "Skip to the figures", "Augury", "Overview", "Ask Augury", "Calls", "API", "Live", "Daylight colours", "Ask Augury",
        *(f"f-{name}" for name in ("days", "task_type", "model", "provider", "group_by", "interval")),
    ]  # fmt: skip
    page.get_by_label("Task type", exact=True).focus()
    page.keyboard.type("Coding")
    expect(page.get_by_role("link", name="Remove the filter Task type: coding")).to_be_visible()
    assert "task_type=coding" in page.url
    rates = [row["successRate"] for row in site.get(API + "?task_type=coding")["byModel"]]
    expect(page.locator(".performance tbody tr")).to_have_count(len(rates))
    head = page.get_by_role("button", name="Success", exact=True)
    head.focus()
    page.keyboard.press("Enter")
    assert "sort=-successRate" in page.url
    assert texts(page, '.performance [data-measure="successRate"]') == [
        formatting.percent(rate) for rate in sorted(rates, reverse=True)
    ]
    table = page.get_by_role("region", name="Performance by model: table")
    table.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("table => table.scrollLeft > 0", arg=table.element_handle())


def test_hostile_names_are_inert_and_readable(visit: Callable[..., Visit], site: Site) -> None:
    opened = visit(site)
    for path in (PAGE, "/analytics/calls", PAGE + "/" + "%3Cscript%3Ealert(1)%3C%2Fscript%3E"):
        page = shown(opened, path)
        assert page.evaluate("document.querySelectorAll('img:not([src^=\"/assets/\"]), script:not([src])').length") == 0
        assert "<script>alert(1)</script>" in page.locator("main").inner_text().lower()
    page = shown(opened, PAGE)
    text = page.locator("main").inner_text()
    assert "نموذج" in text
    assert "🧙🔮" in text
    row = page.locator(".performance tbody tr").filter(has_text="نموذج")
    assert row.locator("td").first.inner_text() == "1"


def test_sixty_models_are_drawn_when_asked_for(visit: Callable[..., Visit], crowded_site: Site) -> None:
    page = shown(visit(crowded_site))
    assert page.locator(".performance tbody tr").count() == 60
    expect(page.get_by_text("The 12 models with most calls are drawn.")).to_be_visible()
    page.get_by_role("link", name="All 60", exact=True).click()
    open_figures(page)
    expect(page.locator('[aria-label="Success rate by model: figures"] tbody tr')).to_have_count(60)
    assert page.evaluate(WIDER_THAN_WINDOW) <= 0


def test_what_is_recorded_appears_without_a_reload_and_nothing_jumps(
    visit: Callable[..., Visit], own_site: Site
) -> None:
    opened = visit(own_site)
    opened.go(PAGE)
    page = opened.page
    expect(page.get_by_role("heading", name="The pages are still blank")).to_be_visible()
    assert f'augury.configure(url="{own_site.address}")' in page.locator("main").inner_text()
    call = {"model": "gpt-4o", "task_type": "coding", "response_time_ms": 1_200, "input_tokens": 5, "output_tokens": 5}
    own_site.record([call] * 3)
    expect(page.locator('[data-card="Calls"]')).to_have_text("3", timeout=15_000)
    expect(page.get_by_text("A small sample")).to_be_visible()
    expect(page.get_by_text("only 3 calls").first).to_be_visible()
    drawn(page).evaluate("scrollTo(0, 900)")
    before = page.evaluate("[scrollY, document.documentElement.scrollHeight]")
    own_site.record([call])
    expect(page.locator('[data-card="Calls"]')).to_have_text("4", timeout=15_000)
    assert page.evaluate("[scrollY, document.documentElement.scrollHeight]") == before


def test_a_prompt_is_answered_with_a_model_and_why_and_kept_nowhere(visit: Callable[..., Visit], site: Site) -> None:
    page = shown(visit(site), "/analytics/ask")
    page.get_by_label("Your prompt").fill("Fix the race condition in this Go worker pool and add a test for it.")
    page.get_by_role("radio", name="Quality most").check()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    verdict = page.locator("section", has=page.locator("#verdict"))
    expect(verdict).to_contain_text("Read as Coding")
    expect(verdict).to_contain_text("priority quality")
    assert urlsplit(page.url).query == ""
    assert page.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)").count("race") == 0


def test_from_a_figure_one_click_leads_to_the_calls_behind_it(visit: Callable[..., Visit], site: Site) -> None:
    page = shown(visit(site))
    page.locator("td.heat a").first.click()
    expect(page.locator("h1")).to_have_text("The calls")
    asked = parse_qs(urlsplit(page.url).query)
    assert asked.keys() == {"model", "task_type", "days"}
    cell = site.get(API)["byModelAndTaskType"][0]
    assert (asked["model"], asked["task_type"]) == ([cell["model"]], [cell["taskType"]])
    expect(page.locator("tbody tr")).to_have_count(min(cell["totalCalls"], 50))
    page.locator("tbody tr").first.locator("summary").click()
    expect(page.locator("tbody tr").first).to_contain_text("Model as reported")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Which model for which task?")


def test_a_server_that_is_gone_is_said_and_tried_again(visit: Callable[..., Visit], site: Site) -> None:
    opened = visit(site)
    page = opened.page
    page.route("**/api/analytics/models?*", lambda route: route.abort())
    opened.go(PAGE)
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    page.unroute("**/api/analytics/models?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator('[data-card="Calls"]')).to_be_visible()
    opened.complaints.clear()  # the browser notes what was cut
