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

    assert "fastest for coding" in done.stderr
    assert "GPT-6 Luna" in done.stdout
    assert (answer["taskType"], answer["model"], answer["source"]) == ("coding", "gpt-6-luna", "data")


@pytest.mark.usefixtures("_known")
def test_a_batch_answers_line_by_line_and_the_same_through_a_server(augury: Augury, tmp_path: Path) -> None:
    lines = ['{"taskType": "coding"}', "broken", '{"taskType": "cooking"}', '{"messageContent": "Write a poem"}']
    (tmp_path / "batch.jsonl").write_text("\n".join(lines))
    command = ("recommend", "--batch", "batch.jsonl", *DATABASE)

    alone = augury(*command).stdout
    with augury.serving(*DATABASE):
        served = augury(*command).stdout

    assert alone == served
    answers = [json.loads(line) for line in alone.splitlines()]
    assert answers[0]["model"] == "gpt-6-luna"
    assert "a JSON object" in answers[1]["error"]
    assert "cooking" in answers[2]["error"]
    assert answers[3]["source"] == "rules"


def test_nothing_asked_is_a_wrong_command_line(augury: Augury) -> None:
    augury("recommend", *DATABASE, code=2)


def test_an_old_log_is_evidence_where_there_is_nothing_newer(augury: Augury, tmp_path: Path) -> None:
    record = {"model": "gpt-6-luna", "task_type": "coding", "response_time_ms": 900}
    lines = [json.dumps(record | {"timestamp": f"2024-08-20T10:00:{i:02}Z"}) for i in range(20)]
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    augury("import", "log.jsonl", *DATABASE)

    assert augury.json("recommend", "--task-type", "coding", "--allow", "gpt-6-luna", *DATABASE)["source"] == "data"
