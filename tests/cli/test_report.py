"""`augury report`, on a file of one's own and through a server."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from augury.report import formatting

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Augury

DATABASE = ("-d", "calls.duckdb")
HOSTILE = "<img src=x onerror=alert(1)> | `x` \x1b[31m\u202e\nnext"


@pytest.fixture
def _known(augury: Augury, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    models = ("gpt-6-luna", "claude-haiku-5-5", HOSTILE)
    lines = [
        {
            "model": models[number % 3], "task_type": ("coding", "analysis")[number % 2], "response_time_ms": 900 + number,
            "input_tokens": 90, "output_tokens": 9, "success": number % 7 != 0, "user_rating": number % 3 - 1,
            "timestamp": (now - timedelta(days=number % 4, minutes=number)).isoformat(),
        }
        for number in range(60)
    ]  # fmt: skip
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, lines)))
    augury("import", "log.jsonl", *DATABASE)


def timeless(document: str) -> str:
    """The document without the minute in which it was made."""
    return re.sub(r"(made|Report of) [^<\n]*\d\d:\d\d", "made then", document)


@pytest.mark.usefixtures("_known")
def test_a_report_goes_to_stdout_and_talk_does_not(augury: Augury) -> None:
    done = augury("report", *DATABASE)
    assert done.stdout.startswith("# How the models perform\n")
    assert "| GPT-6 Luna" in done.stdout
    assert done.stderr == ""


@pytest.mark.usefixtures("_known")
def test_the_figures_are_those_of_the_api_for_the_same_question(augury: Augury) -> None:
    alone = augury.json("report", "--days", "7", "--timezone", "Asia/Tokyo", "--task-type", "coding", *DATABASE)
    with augury.serving(*DATABASE) as address:
        question = "/api/analytics/models?days=7&timezone=Asia/Tokyo&task_type=coding"
        with urlopen(address + question, timeout=30) as answer:  # noqa: S310 - the address is our own
            served: Any = json.load(answer)
    assert alone == served
    assert alone["summary"]["totalCalls"] == 30
    shown = augury("report", "--days", "7", "--timezone", "Asia/Tokyo", "--task-type", "coding", *DATABASE).stdout
    assert f"{formatting.percent(alone['summary']['successRate'])} succeeded." in shown
    assert "Only calls of task type Coding." in shown


@pytest.mark.usefixtures("_known")
@pytest.mark.parametrize("name", ["report.md", "report.HTML"])
def test_the_document_is_the_same_whoever_owns_the_database(augury: Augury, name: str) -> None:
    file = augury.folder / name
    augury("report", "--output", name, *DATABASE)
    alone = file.read_text(encoding="utf-8")
    with augury.serving(*DATABASE):
        augury("report", "--output", name, *DATABASE)
    assert timeless(file.read_text(encoding="utf-8")) == timeless(alone)
    assert alone.startswith("<!doctype html>" if name.endswith("HTML") else "# How")
    assert sorted(path.name for path in augury.folder.iterdir() if ".part" in path.name) == []


@pytest.mark.usefixtures("_known")
def test_hostile_names_reach_neither_a_terminal_nor_a_reader(augury: Augury) -> None:
    shown = augury("report", *DATABASE).stdout
    assert "<img" not in shown
    assert not set(shown) & {"\x1b", "\u202e"}
    augury("report", "-o", "report.html", *DATABASE)
    assert "<img" not in (augury.folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("_known")
def test_programs_are_told_what_was_written(augury: Augury) -> None:
    told = augury.json("report", "--output", "report.htm", *DATABASE)
    assert told == {"output": "report.htm", "format": "html", "calls": 60, "sample": False}
    assert "Wrote report.htm: 60 calls" in augury("report", "-o", "report.htm", *DATABASE).stderr


@pytest.mark.parametrize("name", ["report.pdf", "report", "report.md.txt"])
def test_a_file_of_another_kind_is_refused_with_what_is_allowed(augury: Augury, name: str) -> None:
    said = " ".join(augury("report", "--output", name, *DATABASE, code=2).stderr.split())
    assert ".md, .markdown, .html, .htm" in said
    assert not (augury.folder / name).exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--timezone", "Mars"), "Europe/Berlin"),
        (("--from", "soon"), "2026-01-31"),
        (("--days", "3", "--from", "2026-01-01"), "nothing beside from and to"),
        (("--from", "2026-03-02", "--to", "2026-03-01"), "a time after"),
        (("--days", "0"), "equal to 1"),
        (("--model", "x\ny"), "without control characters"),
    ],
)
def test_a_question_that_makes_no_sense_is_a_wrong_command_line(
    augury: Augury, flags: tuple[str, ...], said: str
) -> None:
    assert said in augury("report", *flags, *DATABASE, code=2).stderr


def test_an_empty_database_is_reported_as_one(augury: Augury) -> None:
    augury("migrate", *DATABASE)
    assert "No call has been recorded yet" in augury("report", *DATABASE).stdout
    augury("report", "-o", "report.html", *DATABASE)
    assert "augury import FILE" in (augury.folder / "report.html").read_text(encoding="utf-8")
    assert augury.json("report", *DATABASE)["summary"]["totalCalls"] == 0


def test_calls_of_another_period_are_found_by_the_command_that_is_named(augury: Augury, tmp_path: Path) -> None:
    call = {"model": "gpt-4o", "response_time_ms": 5, "timestamp": "2024-08-20T10:00:00Z"}
    (tmp_path / "log.jsonl").write_text(json.dumps(call))
    augury("import", "log.jsonl", *DATABASE)
    found = re.search(r"`augury (report [^`]+)`", augury("report", *DATABASE).stdout)
    assert found
    assert "1 call to 1 model" in augury(*found[1].split(), *DATABASE).stdout


def test_without_a_database_there_is_no_report(augury: Augury) -> None:
    assert "there is no database" in augury("report", "-o", "report.md", *DATABASE, code=1).stderr
    assert not (augury.folder / "report.md").exists()


@pytest.mark.usefixtures("_known")
def test_a_file_that_cannot_be_written_leaves_what_was_there(augury: Augury) -> None:
    (augury.folder / "folder.md").mkdir()
    assert "cannot be written" in augury("report", "-o", "folder.md", *DATABASE, code=1).stderr
    assert "there is no folder" in augury("report", "-o", "nowhere/report.md", *DATABASE, code=1).stderr
    (augury.folder / "linked.md").symlink_to("calls.duckdb")
    assert "would overwrite" in augury("report", "-o", "linked.md", *DATABASE, code=1).stderr
    assert not list(augury.folder.glob("**/.*.part"))
