"""What a command does with hostile names, hostile notes, and its user's slips."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import duckdb
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Augury

DATABASE = ("-d", "calls.duckdb")
HOSTILE = "\x1b[31mred\x1b]0;title\x07\u202egnp.exe"


def test_a_terminal_is_shown_what_it_would_obey(augury: Augury, tmp_path: Path) -> None:
    record = {"model": HOSTILE, "timestamp": "2026-11-20T10:00:00Z", "response_time_ms": 5, HOSTILE: 1}
    (tmp_path / "log.jsonl").write_text(json.dumps(record))

    imported = augury("import", "log.jsonl", *DATABASE)
    asked = augury("sql", f'SELECT model, 1 AS "{HOSTILE}" FROM model_performance_metrics', *DATABASE)
    wrong = augury("import", "log.jsonl", "--map", f"segment=no{HOSTILE}", *DATABASE, code=1)

    for said in (imported.stdout, imported.stderr, asked.stdout, wrong.stderr):
        assert not set(said) & {"\x1b", "\x07", "\u202e"}
    assert "\\x1b[31mred" in asked.stdout


@pytest.mark.parametrize(
    "note",
    [
        '{"url": "http://evil.example:80", "token": "t", "pid": 1}',
        '{"url": 5, "token": "t", "pid": 1}',
        '{"url": "http://127.0.0.1:9", "token": "é", "pid": 1}',
        '{"url": "http://127.0.0.1:9", "token": "t", "pid": 1}',  # left by a crash; its process id is another's now
        "nonsense",
        "[]",
    ],
)
def test_a_note_that_names_no_server_of_ours_is_passed_over(augury: Augury, log: Path, note: str) -> None:
    file = augury.folder / "calls.duckdb.server.json"
    file.write_text(note)
    file.chmod(0o600)

    assert augury.json("import", log, *DATABASE)["stored"] == 3


def test_a_note_that_others_can_write_is_not_trusted(augury: Augury, log: Path) -> None:
    with augury.serving("-d", "other.duckdb") as url:
        token = json.loads((augury.folder / "other.duckdb.server.json").read_text())["token"]
        file = augury.folder / "calls.duckdb.server.json"
        file.write_text(json.dumps({"url": url, "token": token, "pid": os.getpid()}))
        file.chmod(0o666)

        assert augury.json("import", log, *DATABASE)["stored"] == 3

    assert augury.json("sql", "SELECT count(*) AS n FROM model_performance_metrics", "-d", "other.duckdb") == [{"n": 0}]


def test_nothing_that_is_read_is_written_over(augury: Augury, log: Path) -> None:
    augury("import", log, *DATABASE)
    before, database = log.read_bytes(), (augury.folder / "calls.duckdb").read_bytes()

    assert "would overwrite" in augury("import", log, "--rejects", log, *DATABASE, code=1).stderr
    assert "would overwrite" in augury("import", log, "--rejects", "calls.duckdb", *DATABASE, code=1).stderr
    assert "would overwrite" in augury("export", "--output", "calls.duckdb", *DATABASE, code=1).stderr

    assert (log.read_bytes(), (augury.folder / "calls.duckdb").read_bytes()) == (before, database)


def test_columns_that_fill_no_field_are_named_and_one_can_be_left_out(augury: Augury, tmp_path: Path) -> None:
    with duckdb.connect() as made:
        made.execute(
            "COPY (SELECT 'gpt-4o' AS model, '2026-01-01T00:00:00Z' AS timestamp, 5 AS response_time_ms, i > 1 AS correct, "
            f"CASE WHEN i <= 1 THEN 'wrong answer' END AS error_type, 429 AS code FROM range(5) t(i)) "
            f"TO '{tmp_path / 'log.parquet'}'"
        )
    strict = augury.json("import", "log.parquet", "--map", "success=correct", *DATABASE)
    mapped = augury.json(
        "import", "log.parquet", "--map", "success=correct,error_message=error_type,error_type=-", "-d", "two.duckdb"
    )

    assert strict["unusedColumns"] == ["code"]
    assert (strict["stored"], strict["refused"]) == (3, 2)
    assert (mapped["stored"], mapped["refused"]) == (5, 0)
    assert augury.json("sql", "SELECT success_rate FROM model_success_rate(3650)", "-d", "two.duckdb") == [
        {"success_rate": 60.0}
    ]


def test_prune_does_not_make_a_database(augury: Augury) -> None:
    assert "there is no database" in augury("prune", *DATABASE, code=1).stderr
    assert not (augury.folder / "calls.duckdb").exists()
