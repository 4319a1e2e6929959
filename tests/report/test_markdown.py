from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from markdown_it import MarkdownIt
from tests.report.conftest import held
from tests.world import FOREIGN, HOSTILE

from augury.report import formatting
from augury.report.markdown import MOST_STEPS, as_markdown

if TYPE_CHECKING:
    from datetime import datetime

    from augury.report.document import Document

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
KINDS = {
    "heading", "paragraph", "table", "thead", "tbody", "tr", "th", "td", "bullet_list", "list_item", "blockquote",
    "fence", "inline",
}  # fmt: skip


@pytest.fixture(scope="session")
def markdown(document: Document) -> str:
    return as_markdown(document)


def rows(markdown: str) -> list[list[str]]:
    """The cells of every row of every table."""
    found: list[list[str]] = []
    for token in READER.parse(markdown):
        if token.type == "tr_open":
            found.append([])
        elif token.type == "inline" and token.level == 4 and found:
            found[-1].append("".join(child.content for child in token.children or []))
    return found


def measures(group: dict[str, Any]) -> list[str]:
    """The first figures of a row, as they should read, from what the API says."""
    rated = group["thumbsUp"] + group["thumbsDown"]
    return [
        formatting.count(group["totalCalls"]),
        *(formatting.duration(group[f"{which}ResponseTime"]) for which in ("avg", "median", "p95")),
        formatting.percent(group["successRate"]),
        f"{formatting.percent(group['satisfactionRate'])} of {rated}" if rated else formatting.UNKNOWN,
        formatting.brief(group["avgTokens"]),
        formatting.decimal(group["tokensPerSecond"]),
    ]


def test_the_figures_of_every_table_are_those_of_the_api(markdown: str, body: Any) -> None:
    found = rows(markdown)
    named = [
        *((group["displayName"], group) for group in body["byModel"]),
        *((formatting.words(group["taskType"]), group) for group in body["byTaskType"]),
        *((group["provider"], group) for group in body["byProvider"]),
    ]
    for name, group in named:
        (row,) = [row for row in found if row[0].startswith(name) and row[-13:-5] == measures(group)]
        assert row[-5].startswith(formatting.money(group["totalCost"]))
        assert row[-4:] == [
            formatting.money(group["costPerCall"]), formatting.money(group["costPerSuccess"]),
            formatting.decimal(group["qualityScore"]), formatting.decimal(group["confidence"]),
        ]  # fmt: skip
    busy = [point for point in body["trends"] if point["totalCalls"]][-MOST_STEPS:]
    assert [row[:2] for row in found if row[0][:4] == "2026" and len(row) == 10] == [
        [point["date"], formatting.count(point["totalCalls"])] for point in busy
    ]


def test_every_choice_stands_with_its_reason_and_how_sure_it_is(markdown: str, body: Any) -> None:
    found = {row[0]: row for row in rows(markdown) if len(row) == 6}
    for best in body["bestByTask"]:
        row = found[formatting.words(best["taskType"])]
        assert row[1] == best["displayName"]
        if best["probabilityBest"] is None:
            assert row[2] == "by rules"
        else:
            assert row[2] == formatting.chance(best["probabilityBest"] if best["alternatives"] else None)
        assert row[3] == formatting.decimal(best["confidence"])
        assert row[5] == best["reason"]


def test_of_the_only_candidate_it_is_not_said_that_none_is_better(document: Document) -> None:
    (best, *_) = (one for one in document.answer.best_by_task if one.source == "data")
    alone = replace(document.answer, best_by_task=[replace(best, alternatives=[], probability_best=1.0)])
    shown = as_markdown(replace(document, answer=alone))
    (row,) = [row for row in rows(shown) if len(row) == 6 and row[1] == best.display_name]
    assert row[2] == formatting.UNKNOWN


def test_the_document_is_made_of_tables_lists_and_text_alone(markdown: str) -> None:
    tokens = READER.parse(markdown)
    assert {token.type.removesuffix("_open").removesuffix("_close") for token in tokens} <= KINDS
    inline = {child.type for token in tokens for child in token.children or []}
    assert inline <= {"text", "text_special", "strong_open", "strong_close", "softbreak"}
    assert not set(markdown) & set("\x00\x1b\u202e\r")


def test_hostile_names_are_cells_like_any_other(markdown: str) -> None:
    names = [row[0] for row in rows(markdown)]
    for hostile in (HOSTILE, FOREIGN):
        assert [name for name in names if name.startswith(hostile)]


def test_lines_over_time_have_a_character_for_each_step(document: Document) -> None:
    answer = replace(document.answer, trends=document.answer.trends[:MOST_STEPS])
    (line,) = [
        line for line in as_markdown(replace(document, answer=answer)).splitlines() if line.startswith("Calls  ")
    ]
    drawn = line[14 : 14 + MOST_STEPS]
    assert [mark == " " for mark in drawn] == [point.total_calls == 0 for point in answer.trends]


def test_longer_periods_say_that_steps_stand_together(markdown: str) -> None:
    assert "a character for 2 days together" in markdown


def test_few_calls_are_said(document: Document) -> None:
    few = replace(document.answer.by_model[0], total_calls=3)
    shown = as_markdown(replace(document, answer=replace(document.answer, by_model=[few])))
    assert "(only 3 calls)" in shown
    assert "(few)" in shown


def test_what_is_not_known_is_a_dash_and_never_a_zero(document: Document) -> None:
    bare = replace(
        document.answer.by_model[0], thumbs_up=0, thumbs_down=0, satisfaction_rate=None, total_cost=None,
        cost_per_call=None, cost_per_success=None, tokens_per_second=None, median_response_time=None,
    )  # fmt: skip
    shown = as_markdown(replace(document, answer=replace(document.answer, by_model=[bare])))
    (row,) = [row for row in rows(shown) if len(row) == 15 and row[0] == bare.display_name]
    assert [cell for cell in row if cell == formatting.UNKNOWN] == [formatting.UNKNOWN] * 6


def test_sample_traffic_notes_and_filters_are_told(document: Document) -> None:
    told = replace(
        document, answer=replace(document.answer, sample=True, notes=["Rounded."]), only={"segment": "*pro*"}
    )
    shown = as_markdown(told)
    assert "nobody's real calls" in shown
    assert "\nRounded.\n" in shown
    assert "Only calls of segment \\*pro\\*." in shown


def test_an_empty_database_says_so_and_what_to_do(empty: Document, now: datetime) -> None:
    shown = as_markdown(empty)
    assert "No call has been recorded yet" in shown
    assert "`augury import FILE`" in shown
    assert "|" not in shown
    shown = as_markdown(replace(empty, held=held(7, now)))
    assert "The database holds 7 calls" in shown
    assert "`augury report --from 2026-03-31 --to 2026-03-31`" in shown
