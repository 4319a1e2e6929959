"""Every command, from import to prune, as a user runs it."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.processes import COMMAND

from augury.store.duckdb import SCHEMA_VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Augury

DATABASE = ("--database", "duckdb:///calls.duckdb")


def test_an_import_says_how_many_went_in_and_again_adds_nothing(augury: Augury, log: Path) -> None:
    first = augury.json("import", log, *DATABASE)
    again = augury.json("import", log, *DATABASE)

    assert (first["records"], first["stored"], first["known"], first["refused"]) == (3, 3, 0, 0)
    assert (again["stored"], again["known"]) == (0, 3)


def test_an_export_of_another_product_is_read_by_its_name(augury: Augury, tmp_path: Path) -> None:
    spent = {
        "call_type": "completion",
        "model": "gpt-4o",
        "startTime": "2026-05-01T10:00:00Z",
        "endTime": "2026-05-01T10:00:02Z",
    }
    rows = [spent | {"request_id": "1", "spend": 0.5}, spent | {"request_id": "2", "call_type": "aimage_generation"}]
    (tmp_path / "spend.json").write_text(json.dumps(rows))

    first = augury.json("import", "--format", "litellm", tmp_path / "spend.json", *DATABASE)
    again = augury("import", "--format", "litellm", tmp_path / "spend.json", *DATABASE)
    both = augury("import", "--format", "litellm", "--map", "model=x", tmp_path / "spend.json", *DATABASE, code=1)

    assert (first["records"], first["stored"], first["skipped"], first["refused"]) == (2, 1, 1, 0)
    assert "2 records: 0 went in, 1 were there already, 0 were refused, 1 were no calls." in again.stderr
    assert "--map" in both.stderr


def test_an_appended_log_adds_only_what_is_new(augury: Augury, log: Path) -> None:
    augury("import", log, *DATABASE)
    log.write_text(log.read_text() + log.read_text().splitlines(keepends=True)[1])  # a genuine twin of the first call

    again = augury.json("import", log, *DATABASE)

    assert (again["stored"], again["known"]) == (1, 3)


def test_a_broken_line_costs_that_line_only_and_is_written_to_the_rejects(augury: Augury, log: Path) -> None:
    lines = log.read_text().splitlines()
    lines[2] = 'broken "line'
    lines.append("2026-01-01T13:00:00Z,gpt-4o,coding,-5,100,50,true,conv-3")
    log.write_text("\n".join(lines))

    result = augury.json("import", log, *DATABASE, "--rejects", "refused.jsonl")

    assert (result["stored"], result["refused"]) == (2, 2)
    refused = [json.loads(line) for line in (augury.folder / "refused.jsonl").read_text().splitlines()]
    assert [(line["row"], line["field"]) for line in refused] == [(3, "line"), (5, "response_time_ms")]
    assert refused[1]["came"] == "-5"
    assert refused[1]["record"]["conversation_id"] == "conv-3"


def test_columns_are_mapped_with_units_and_constants(augury: Augury, tmp_path: Path) -> None:
    file = tmp_path / "other.jsonl"
    file.write_text('{"when": 1767261600, "llm": "openai/gpt-4o-2024-11-20", "seconds": 1.25, "prompt": "secret"}\n')

    augury(
        "import",
        file,
        "--map",
        "timestamp=when:s,model=llm,response_time_ms=seconds:s",
        "--set",
        "task_type=coding",
        *DATABASE,
    )

    (row,) = augury.json(
        "sql", "SELECT timestamp, model, model_version, response_time_ms FROM model_performance_metrics", *DATABASE
    )
    assert row == {
        "timestamp": "2026-01-01T10:00:00Z", "model": "gpt-4o", "model_version": "openai/gpt-4o-2024-11-20",
        "response_time_ms": 1250,
    }  # fmt: skip
    assert b"secret" not in (augury.folder / "calls.duckdb").read_bytes()


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_what_is_exported_imports_into_the_same_answers(augury: Augury, log: Path, form: str) -> None:
    augury("import", log, *DATABASE)

    augury("export", "--output", f"out.{form}", *DATABASE)
    augury("import", f"out.{form}", "--database", "copy.duckdb")

    everything = "SELECT * FROM model_performance_metrics ORDER BY id"
    assert augury.json("sql", everything, "--database", "copy.duckdb") == augury.json("sql", everything, *DATABASE)


def test_an_export_goes_to_stdout_and_talk_does_not(augury: Augury, log: Path) -> None:
    augury("import", log, *DATABASE)

    done = augury("export", "--format", "jsonl", *DATABASE)

    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 3
    assert done.stderr == "Exported 3 calls.\n"


def test_sql_shows_a_table_to_people_and_objects_to_programs(augury: Augury, log: Path) -> None:
    augury("import", log, *DATABASE)
    query = "SELECT model, total_calls FROM get_model_performance_summary(3650) ORDER BY model"

    assert "claude-sonnet-4-5" in augury("sql", query, *DATABASE).stdout
    assert augury.json("sql", query, *DATABASE) == [
        {"model": "claude-sonnet-4-5", "total_calls": 1},
        {"model": "gpt-4o", "total_calls": 2},
    ]


def test_columns_that_share_a_name_are_all_given_to_programs(augury: Augury, log: Path) -> None:
    augury("import", log, *DATABASE)

    (row,) = augury.json("sql", "SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a, 5 AS b", *DATABASE)

    assert row == {"a": 1, "a_3": 2, "a_2": 3, "a_4": 4, "b": 5}


def test_prune_deletes_what_is_older_than_so_many_days(augury: Augury, log: Path) -> None:
    augury("import", log, *DATABASE)

    assert augury.json("prune", "--days", "3650", *DATABASE)["deleted"] == 0
    assert augury.json("prune", "--days", "1", *DATABASE)["deleted"] == 3


def test_seal_sums_the_days_that_are_over_once(augury: Augury, log: Path) -> None:
    augury("import", log, *DATABASE)
    figures = "SELECT * FROM get_model_performance_summary(3650)"
    before = augury.json("sql", figures, *DATABASE)

    sealed = augury.json("seal", *DATABASE)

    assert sealed["sealed"] == [{"day": "2026-01-01", "calls": 3}]
    assert augury.json("sql", figures, *DATABASE) == before
    assert "Sealed 0 days of 0 calls; 1 day sealed now." in augury("seal", *DATABASE).stderr


def test_doctor_says_how_many_days_wait_to_be_sealed(augury: Augury) -> None:
    records = [
        {"timestamp": f"2026-01-0{day}T10:00:00Z", "model": "gpt-4o", "response_time_ms": 9} for day in range(1, 6)
    ]
    (augury.folder / "log.jsonl").write_text("\n".join(map(json.dumps, records)))
    augury("import", "log.jsonl", *DATABASE)

    assert "0 days sealed; 5 days that are over are not: `augury seal`" in augury("doctor", *DATABASE).stdout

    augury("seal", *DATABASE)
    augury("prune", *DATABASE)
    assert "5 days sealed, of which 5 days pruned for good" in augury("doctor", *DATABASE).stdout


def test_forget_deletes_a_users_calls_and_names_the_days_it_cannot_change(augury: Augury) -> None:
    records = [
        {"timestamp": f"2026-01-0{day}T10:00:00Z", "model": "gpt-4o", "response_time_ms": 9, "user_id": user}
        for day in (1, 2)
        for user in ("anna", "ben")
    ]
    (augury.folder / "log.jsonl").write_text("\n".join(map(json.dumps, records)))
    augury("import", "log.jsonl", *DATABASE)
    augury.json("seal", *DATABASE)

    assert augury.json("forget", "anna", *DATABASE) == {
        "deleted": 2,
        "changedDays": ["2026-01-01", "2026-01-02"],
        "finalDays": [],
    }
    assert augury.json("prune", *DATABASE)["deleted"] == 2
    assert augury.json("forget", "ben", *DATABASE)["finalDays"] == ["2026-01-01", "2026-01-02"]


def test_calls_of_a_pruned_day_are_refused_with_the_reason(augury: Augury, log: Path) -> None:
    augury("import", log, *DATABASE)
    augury("prune", *DATABASE)

    again = json.loads(augury("import", log, *DATABASE, "--json", code=1).stdout)

    assert (again["stored"], again["known"], again["refused"]) == (0, 0, 3)
    assert again["reasons"] == [
        {
            "field": "timestamp",
            "expected": "a day whose calls have not been pruned: its sums are final",
            "records": 3,
        }
    ]


def test_migrate_makes_an_empty_database_ready(augury: Augury) -> None:
    assert augury.json("migrate", *DATABASE)["schemaVersion"] == SCHEMA_VERSION
    assert augury.json("sql", "SELECT * FROM best_model_by_task", *DATABASE) == []


def test_doctor_says_what_is_there_and_ends_with_1_where_something_is_wrong(augury: Augury, log: Path) -> None:
    assert "`augury import` creates it" in augury("doctor", *DATABASE, code=1).stdout

    augury("import", log, *DATABASE)

    assert "3 calls, 2026-01-01 to 2026-01-01" in augury("doctor", *DATABASE).stdout
    findings = augury.json("doctor", *DATABASE)["findings"]
    assert {finding["verdict"] for finding in findings} <= {"good", "advice"}


def test_commands_ask_the_server_that_owns_the_file(augury: Augury, log: Path) -> None:
    everything = "SELECT count(*) AS calls FROM model_performance_metrics"
    with augury.serving(*DATABASE):
        assert augury.json("import", log, *DATABASE)["stored"] == 3
        assert augury.json("sql", everything, *DATABASE) == [{"calls": 3}]
        assert "2026-01-01T10:00:00" in augury("export", *DATABASE).stdout
        assert "runs at http://127.0.0.1:" in augury("doctor", *DATABASE).stdout
        assert augury.json("migrate", *DATABASE)["schemaVersion"] == SCHEMA_VERSION
        assert "only one SELECT" in augury("sql", "DROP TABLE x", *DATABASE, code=1).stderr
        assert "in use by another process" in augury("serve", "--port", "0", *DATABASE, code=1).stderr
        assert augury.json("prune", "--days", "1", *DATABASE)["deleted"] == 3

    assert not (augury.folder / "calls.duckdb.server.json").exists()
    assert augury.json("sql", everything, *DATABASE) == [{"calls": 0}]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_is_told_to_end_takes_its_note_away(augury: Augury, ending: int) -> None:
    with augury.serving(*DATABASE, ending=ending):
        assert (augury.folder / "calls.duckdb.server.json").stat().st_mode & 0o777 == 0o600

    assert not (augury.folder / "calls.duckdb.server.json").exists()


def test_retention_deletes_old_calls_while_serving(augury: Augury, log: Path) -> None:
    augury("import", log, *DATABASE)

    with augury.serving(*DATABASE, AUGURY_RETENTION_DAYS="1"):
        pass  # the first round of deleting ends before the server does

    assert augury.json("sql", "SELECT count(*) AS calls FROM model_performance_metrics", *DATABASE) == [{"calls": 0}]


def test_the_version_and_the_help_are_told(augury: Augury) -> None:
    installed = subprocess.run([COMMAND, "--version"], check=True, capture_output=True, text=True)
    assert installed.stdout.startswith("augury 0.")
    assert augury("--version").stdout == installed.stdout
    shown = augury("--help").stdout
    for command in ("serve", "demo", "import", "export", "report", "sql", "prune", "reprice", "migrate", "doctor"):
        assert command in shown
        assert "--database" in augury(command, "--help").stdout
