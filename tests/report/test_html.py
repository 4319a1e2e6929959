from __future__ import annotations

import base64
import re
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from tests.report.conftest import held
from tests.world import FOREIGN, HOSTILE

from augury.report import formatting
from augury.report.html import as_html

if TYPE_CHECKING:
    from datetime import datetime

    from augury.report.document import Document

VOID = {"meta", "link"}


class Page(HTMLParser):
    """What a document is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.cells: list[list[str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.cells.append([])
        elif tag in {"td", "th"} and self.cells:
            self.cells[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text += data
        if "table" in self.open and self.open[-1] in {"td", "th", "time"}:
            self.cells[-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="session")
def html(document: Document) -> str:
    return as_html(document)


@pytest.fixture(scope="session")
def page(html: str) -> Page:
    return Page(html)


def figures(group: dict[str, Any]) -> list[str]:
    """The figures of a row, as they should read, from what the API says; what is not known is a mark of its own."""
    said = [
        formatting.count(group["totalCalls"]),
        *(formatting.duration(group[f"{which}ResponseTime"]) for which in ("avg", "median", "p95")),
        formatting.percent(group["successRate"]),
        formatting.percent(group["satisfactionRate"]),
        formatting.brief(group["avgTokens"]),
        formatting.decimal(group["tokensPerSecond"]),
        *(formatting.money(group[which]) for which in ("totalCost", "costPerCall", "costPerSuccess")),
        formatting.decimal(group["qualityScore"]),
        formatting.decimal(group["confidence"]),
    ]
    return ["" if text == formatting.UNKNOWN else text for text in said]


def test_the_figures_of_every_table_are_those_of_the_api(page: Page, body: Any) -> None:
    rows = [[cell.strip() for cell in row] for row in page.cells]
    for group in (*body["byModel"], *body["byTaskType"], *body["byProvider"]):
        assert any(row[-13:] == figures(group) for row in rows), group
    busy = [point for point in body["trends"] if point["totalCalls"]]
    days = {row[0]: row[1:] for row in rows if re.fullmatch(r"\d{4}-\d\d-\d\d", row[0])}
    assert days.keys() == {point["date"] for point in busy}
    for point in busy:
        assert days[point["date"]][:2] == [
            formatting.count(point["totalCalls"]), formatting.duration(point["avgResponseTime"])
        ]  # fmt: skip
        assert days[point["date"]][-2] == formatting.count(point["totalTokens"])


def test_the_summary_and_every_advice_are_those_of_the_api(page: Page, body: Any) -> None:
    assert formatting.count(body["summary"]["totalCalls"]) in page.text
    assert formatting.percent(body["summary"]["successRate"]) in page.text
    assert formatting.money(body["summary"]["totalCost"]) in page.text
    assert body["bestByTask"]
    for best in body["bestByTask"]:
        assert best["reason"] in page.text
    for insight in body["recommendations"]:
        assert insight["text"] in page.text


def test_of_the_only_candidate_it_is_not_said_that_none_is_better(document: Document) -> None:
    (best, *_) = (one for one in document.answer.best_by_task if one.source == "data")
    alone = replace(document.answer, best_by_task=[replace(best, alternatives=[], probability_best=1.0)])
    text = Page(as_html(replace(document, answer=alone))).text
    assert f"Confidence {formatting.decimal(best.confidence)} of 100" in text
    assert "that none is better" not in text


def test_one_file_without_script_that_asks_nobody_for_anything(html: str, page: Page) -> None:
    assert not page.all("script")
    for tag, attributes in page.elements:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src", "action", "xlink:href", "srcset", "data"):
            assert (attributes.get(name) or "data:").startswith("data:")
    assert "url(" not in html
    assert "@import" not in html


def test_the_policy_allows_the_one_style_and_nothing_else(html: str, page: Page) -> None:
    (policy,) = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert html.index("Content-Security-Policy") < html.index("<style>")


def test_hostile_names_are_shown_and_do_nothing(html: str, page: Page) -> None:
    assert HOSTILE in page.text
    assert FOREIGN in page.text
    assert HOSTILE not in html


def test_drawings_have_words_and_headings_places(page: Page) -> None:
    drawings = page.all("svg")
    assert all(svg.get("aria-label") if svg.get("role") == "img" else True for svg in drawings)
    silent = [svg for svg in drawings if svg.get("role") != "img" and svg.get("aria-hidden") != "true"]
    assert len(silent) == 1  # the sign before the name, which is hidden around
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["aria-labelledby"] for a in page.all("section")} == {a["id"] for a in page.all("h2")}
    assert len(page.all("h1")) == 1
    assert len(page.all("table")) == len(page.all("caption"))


def test_who_reads_it_learns_of_when_and_where_it_is_from(page: Page) -> None:
    assert "Europe/Berlin" in page.text
    assert "Report of 31\N{NO-BREAK SPACE}March\N{NO-BREAK SPACE}2026, 17:30" in page.text
    assert "Sample traffic" not in page.text


def test_sample_traffic_notes_and_filters_are_told(document: Document) -> None:
    told = replace(
        document,
        answer=replace(document.answer, sample=True, notes=["Some days are <known> by the hour."]),
        only={"model": "<b>x</b>"},
    )
    text = Page(as_html(told)).text
    assert "nobody's real calls" in text
    assert "Some days are <known> by the hour." in text
    assert "Only calls of model <b>x</b>." in text


def test_an_empty_database_says_so_and_what_to_do(empty: Document, now: datetime) -> None:
    page = Page(as_html(empty))
    assert "No call has been recorded yet" in page.text
    assert "augury import FILE" in page.text
    assert not page.all("table")
    page = Page(as_html(replace(empty, held=held(7, now))))
    assert "The database holds 7 calls" in page.text
    assert "augury report --from 2026-03-31 --to 2026-03-31" in page.text
