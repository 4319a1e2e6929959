"""Prompts in a file tell the task, and are kept nowhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import pytest

from augury.capture.files import CheckedFile
from augury.capture.prompts import task_of
from augury.capture.sources import Wishes
from augury.models.prices import PriceBook

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 31, tzinfo=UTC)
SECRET = "xyzzy"
ROWS: list[dict[str, str | None]] = [
    {"ask": f"Write a Python function that parses {SECRET} dates", "defs": None, "task_type": None},
    {"ask": f"What is the weather in {SECRET}?", "defs": '[{"name": "get_weather"}]', "task_type": None},
    {"ask": f"Write a poem about {SECRET} in autumn", "defs": "[]", "task_type": "analysis"},
    {"ask": None, "defs": None, "task_type": None},
]


def written(folder: Path, form: str) -> Path:
    path = folder / f"log.{form}"
    rows = [{**row, "model": "gpt-4o", "timestamp": "2026-03-01T00:00:00Z", "response_time_ms": 5} for row in ROWS]
    lines = folder / "log.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    if form != "jsonl":
        with duckdb.connect() as database:
            options = "(FORMAT csv, HEADER)" if form == "csv" else "(FORMAT parquet)"
            database.execute(f"COPY (FROM read_json('{lines}')) TO '{path}' {options}")
    return path


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_a_mapped_prompt_gives_the_task_and_is_forgotten(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, form)
    wishes = Wishes.parse(["message=ask,tools=defs"], [])
    with CheckedFile(path, wishes, PriceBook(), now=NOW) as checked, duckdb.connect() as database:
        (chunk,) = checked.chunks()
        content = chunk.read_bytes()
        found = database.execute(f"SELECT task_type, task_complexity FROM read_parquet('{chunk}')").fetchall()

    assert sorted(task for task, _ in found) == ["analysis", "coding", "function_calling", "other"]
    assert sum(complexity is not None for _, complexity in found) == 3
    assert SECRET.encode() not in content


def test_a_column_called_message_is_read_only_when_it_is_mapped(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    record = {"message": "Write a Python function", "model": "m", "timestamp": "2026-03-01", "response_time_ms": 5}
    path.write_text(json.dumps(record))
    with CheckedFile(path, Wishes(), PriceBook(), now=NOW) as checked, duckdb.connect() as database:
        (chunk,) = checked.chunks()
        assert database.execute(f"SELECT task_type FROM read_parquet('{chunk}')").fetchall() == [("other",)]


@pytest.mark.parametrize(
    ("tools", "there"), [("[1]", True), ("{}", False), ("null", False), ("weather", True), (" ", False)]
)
def test_tools_are_there_when_their_text_names_any(tools: str, there: bool) -> None:
    found = task_of("hello", tools)
    assert found is not None
    assert (found[0] == "function_calling") is there
