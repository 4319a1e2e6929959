"""What cannot be done ends with one clear sentence, a code that is not zero, and nothing damaged."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import duckdb
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Augury


def sentence(text: str) -> str:
    """The one sentence on stderr."""
    assert text.startswith("error: ")
    assert len(text.splitlines()) == 1, text
    return text


def test_a_file_that_is_no_database_is_left_as_it_is(augury: Augury, tmp_path: Path) -> None:
    file = tmp_path / "notes.duckdb"
    file.write_text("my notes")

    for command in (("sql", "SELECT 1"), ("serve", "--port", "0"), ("prune",), ("export",)):
        assert "not a DuckDB database" in sentence(augury(*command, "-d", file, code=1).stderr)
    assert file.read_text() == "my notes"


def test_a_database_of_something_else_is_left_as_it_is(augury: Augury, tmp_path: Path, log: Path) -> None:
    file = tmp_path / "shop.duckdb"
    with duckdb.connect(file) as database:
        database.execute("CREATE TABLE orders (id INTEGER)")
    before = file.read_bytes()

    for command in (("sql", "SELECT 1"), ("import", str(log)), ("demo", "--port", "0")):
        assert "of something else" in sentence(augury(*command, "-d", file, code=1).stderr)
    assert file.read_bytes() == before


def test_a_damaged_database_is_left_as_it_is(augury: Augury, log: Path, tmp_path: Path) -> None:
    augury("import", log, "-d", "calls.duckdb")
    file = tmp_path / "calls.duckdb"
    good = file.read_bytes()
    damaged = good[:4096] + b"x" * 8192 + good[12288:]
    file.write_bytes(damaged)

    assert "damaged" in sentence(augury("sql", "FROM model_success_rate", "-d", file, code=1).stderr)
    assert file.read_bytes() == damaged


def test_demo_leaves_a_real_database_alone(augury: Augury, log: Path) -> None:
    augury("import", log, "-d", "calls.duckdb")

    assert "no sample database" in sentence(augury("demo", "--port", "0", "-d", "calls.duckdb", code=1).stderr)
    assert augury.json("sql", "SELECT count(*) AS n FROM model_performance_metrics", "-d", "calls.duckdb") == [{"n": 3}]


def test_a_port_in_use_is_named(augury: Augury) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        said = sentence(augury("serve", "--port", str(port), "-d", "calls.duckdb", code=1).stderr)

    assert f"127.0.0.1:{port}" in said
    assert "--port" in said


def test_an_open_address_is_refused(augury: Augury) -> None:
    assert "it needs a key" in sentence(augury("serve", "--host", "0.0.0.0", "-d", "calls.duckdb", code=1).stderr)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("import", "nowhere.csv"), "there is no file nowhere.csv"),
        (("sql", "SELECT 1"), "there is no database"),
        (("sql", "SELECT 1", "-d", "mysql://x"), "expected duckdb:///PATH"),
        (("sql", "SELECT 1", "-d", "clickhouse://x"), "not supported yet"),
        (("sql", "SELECT 1", "-d", "duckdb:///no/such/folder/x.duckdb"), "there is no folder no/such/folder"),
        (("sql", "SELECT 1", "-d", "duckdb:///tmp/x.duckdb"), "duckdb:////tmp/x.duckdb (four slashes)"),
        (("import", "log.csv", "--map", "timestamp"), "--map takes field=column[:unit]"),
        (("import", "log.csv", "--map", "respons_time_ms=x"), "did you mean response_time_ms"),
        (("import", "log.csv", "--map", "segment=tier"), 'no column "tier"'),
        (("import", "log.csv", "--map", "response_time_ms=response_time_ms:hours"), 'cannot be read in "hours"'),
        (("import", "log.csv", "--map", "model=model", "--set", "model=x"), "both --map and --set"),
        (("import", "short.csv"), "no column for response_time_ms"),
        (("import", "array.json"), "one JSON array"),
        (("import", "fake.parquet"), "cannot be read as PARQUET"),
        (("import", "empty.csv"), "is empty"),
        (("import", "log.csv", "--rejects", "no/folder/r.jsonl"), "cannot be written"),
        (("export", "--output", "no/folder/x.csv"), "there is no folder no/folder"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    augury: Augury, log: Path, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    assert log.exists()
    (tmp_path / "short.csv").write_text("timestamp,model\n2026-01-01,x\n")
    (tmp_path / "array.json").write_text("[{}]")
    (tmp_path / "fake.parquet").write_text("PAR1 no")
    (tmp_path / "empty.csv").write_text("")

    assert says in sentence(augury(*arguments, code=1).stderr)


@pytest.mark.parametrize(
    ("name", "value"), [("AUGURY_PORT", "many"), ("AUGURY_RETENTION_DAYS", "0"), ("AUGURY_PRICES", "nowhere.toml")]
)
def test_a_setting_that_cannot_be_used_is_named(augury: Augury, name: str, value: str) -> None:
    done = augury("serve", "-d", "calls.duckdb", code=2 if name == "AUGURY_PORT" else 1, **{name: value})

    assert name in done.stderr or value in done.stderr


@pytest.mark.parametrize(
    "arguments", [("sell",), ("prune", "--days", "0"), ("sql",), ("import",), ("export", "--format", "xml")]
)
def test_a_wrong_command_line_ends_with_2(augury: Augury, arguments: tuple[str, ...]) -> None:
    augury(*arguments, code=2)
