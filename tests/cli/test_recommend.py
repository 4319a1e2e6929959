"""`augury recommend`, on a file of one's own and through a server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Augury

DATABASE = ("-d", "calls.duckdb")


@pytest.fixture
def _known(augury: Augury, tmp_path: Path) -> None:
    record = {
        "model": "gpt-6-luna",
        "task_type": "coding",
        "response_time_ms": 900,
        "input_tokens": 9,
        "output_tokens": 9,
    }
    lines = [json.dumps(record | {"timestamp": f"2026-11-20T10:00:{i:02}Z"}) for i in range(20)]
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    augury("import", "log.jsonl", *DATABASE)


@pytest.mark.usefixtures("_known")
def test_the_recommendation_and_why_are_told_to_people_and_programs(augury: Augury) -> None:
    done = augury("recommend", "--task-type", "coding", "--priority", "speed", *DATABASE)
    answer = augury.json("recommend", "--message", "Write a Python function that sorts a list", *DATABASE)

    assert "GPT-6 Luna (openai)" in done.stdout
    assert "the only candidate for coding: 9" in done.stdout
    assert "ms to a useful answer; 100% of 20 calls succeeded" in done.stdout
    (row,) = (line for line in done.stdout.splitlines() if "│ GPT-6 Luna" in line)
    assert row.split("│")[2].strip() == "-"  # sure of nothing: there was no other
    assert not done.stderr
    assert (answer["taskType"], answer["model"], answer["source"]) == ("coding", "gpt-6-luna", "data")


def test_names_are_shown_and_never_obeyed_by_the_terminal(augury: Augury, tmp_path: Path) -> None:
    names = ("evil[/red]", "[bold]bad[/bold]", "a\x1b]0;owned\x07b", "c\x1b[31mred")
    lines = [
        json.dumps({
            "model": name, "task_type": "coding", "response_time_ms": 900 + 9 * at, "success": i % 4 != 3,
            "timestamp": f"2026-11-20T1{at}:00:{i:02}Z",
        })
        for at, name in enumerate(names)
        for i in range(20)
    ]  # fmt: skip
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    augury("import", "log.jsonl", *DATABASE)

    for name in (None, *names):
        allow = () if name is None else ("--allow", name)
        done = augury("recommend", "--task-type", "coding", "--priority", "quality", *allow, *DATABASE)
        assert "\x1b" not in done.stdout + done.stderr
        assert "\x07" not in done.stdout + done.stderr
        if name is not None and "[" in name:
            assert name.replace("\x1b", "\\x1b").replace("\x07", "\\x07") in done.stdout


@pytest.mark.parametrize(
    ("priority", "column"),
    [("speed", "time/answer"), ("quality", "expected"), ("cost", "cost/answer"), ("balanced", "expected")],
)
@pytest.mark.usefixtures("_known")
def test_the_table_shows_the_estimate_that_the_reason_is_about(augury: Augury, priority: str, column: str) -> None:
    assert column in augury("recommend", "--task-type", "coding", "--priority", priority, *DATABASE).stdout


@pytest.mark.usefixtures("_known")
def test_a_batch_answers_line_by_line_and_the_same_through_a_server(augury: Augury, tmp_path: Path) -> None:
    lines = ['{"taskType": "coding"}', "broken", '{"taskType": "cooking"}', '{"messageContent": "Write a poem"}']
    (tmp_path / "batch.jsonl").write_text("\n".join(lines))
    command = ("recommend", "--batch", "batch.jsonl", *DATABASE)

    done = augury(*command, code=1)
    alone = done.stdout
    with augury.serving(*DATABASE):
        served = augury(*command, code=1).stdout

    assert alone == served
    assert done.stderr == "2 of 4 lines have an error instead of an answer\n"
    answers = [json.loads(line) for line in alone.splitlines()]
    assert answers[0]["model"] == "gpt-6-luna"
    assert answers[1]["error"] == "line: expected a JSON object on one line, got what is no JSON"
    assert "cooking" in answers[2]["error"]
    assert answers[3]["source"] == "rules"


@pytest.mark.usefixtures("_known")
def test_a_line_of_a_batch_ends_where_json_lines_do(augury: Augury, tmp_path: Path) -> None:
    text = "\ufeff" + '{"messageContent": "Write a poem\u2028of two\x85lines"}\r\n\n[1]\n'
    (tmp_path / "batch.jsonl").write_bytes(text.encode())

    answers = [
        json.loads(line)
        for line in augury("recommend", "--batch", "batch.jsonl", *DATABASE, code=1).stdout.split("\n")[:-1]
    ]

    assert [answer.get("taskType") for answer in answers] == ["creative", None]
    assert answers[1]["error"] == "line: expected a JSON object on one line, got [1]"


def test_nothing_asked_is_a_wrong_command_line(augury: Augury) -> None:
    augury("recommend", *DATABASE, code=2)


def test_an_old_log_is_evidence_where_there_is_nothing_newer(augury: Augury, tmp_path: Path) -> None:
    record = {"model": "gpt-6-luna", "task_type": "coding", "response_time_ms": 900}
    lines = [json.dumps(record | {"timestamp": f"2024-08-20T10:00:{i:02}Z"}) for i in range(20)]
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    augury("import", "log.jsonl", *DATABASE)

    assert augury.json("recommend", "--task-type", "coding", "--allow", "gpt-6-luna", *DATABASE)["source"] == "data"
