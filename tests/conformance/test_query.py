"""Read-only SQL: what is answered, how, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.world import a_call

from augury.errors import QueryRefused
from augury.store.protocol import CallsQuestion

if TYPE_CHECKING:
    from pathlib import Path

    from augury.core.calls import ModelCall
    from augury.store.protocol import Store

TABLE = "model_performance_metrics"

WRITING = (
    f"DROP TABLE {TABLE}",
    f"DELETE FROM {TABLE}",
    f"UPDATE {TABLE} SET model = 'x'",
    f"TRUNCATE {TABLE}",
    f"ALTER TABLE {TABLE} DROP COLUMN model",
    f"INSERT INTO {TABLE} SELECT * FROM {TABLE}",
    f"WITH gone AS (DELETE FROM {TABLE} RETURNING id) SELECT * FROM gone",
    f"WITH more AS (INSERT INTO {TABLE} SELECT * FROM {TABLE} RETURNING id) SELECT * FROM more",
    f"EXPLAIN ANALYZE DELETE FROM {TABLE}",
    "CREATE TABLE mine AS SELECT 1",
    "CREATE TEMP TABLE mine AS SELECT 1",
    "CREATE VIEW mine AS SELECT 1",
    f"SELECT 1; DROP TABLE {TABLE}",
    "SELECT 1; SELECT 2",
    "BEGIN",
    "COMMIT",
    f"COMMIT; DROP TABLE {TABLE}",
    "PREPARE mine AS SELECT 1",
)
REACHING_OUT = (
    f"COPY {TABLE} TO '{{folder}}/stolen.csv'",
    f"COPY {TABLE} FROM '{{folder}}/secret.csv'",
    "ATTACH '{folder}/other.duckdb' AS other",
    "EXPORT DATABASE '{folder}/everything'",
    "SELECT * FROM read_csv('{folder}/secret.csv')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('{folder}/secret.csv')",
    "SELECT * FROM read_blob('{folder}/secret.csv')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM '{folder}/secret.csv'",
    "SELECT * FROM sniff_csv('{folder}/secret.csv')",
    "SELECT * FROM duckdb_secrets()",
    "INSTALL httpfs",
    "LOAD httpfs",
)
UNSETTLING = (
    "SET memory_limit = '1GB'",
    "SET enable_external_access = true",
    "RESET memory_limit",
    "SET VARIABLE mine = 1",
    "PRAGMA memory_limit = '1GB'",
    "PRAGMA database_list",
    "CALL enable_logging()",
    "SELECT * FROM enable_logging()",
    "CHECKPOINT",
    "VACUUM",
    "USE memory",
)
WRONG = (
    "",
    "  ",
    ";",
    "-- nothing",
    "SELEC 1",
    "SELECT * FROM no_such_table",
    "SELECT ?",
    "SELECT $name",
    "SELECT error('x')",
)


@pytest.mark.parametrize("sql", [*WRITING, *REACHING_OUT, *UNSETTLING, *WRONG])
def test_what_does_not_only_read_the_database_is_refused(store: Store, tmp_path: Path, sql: str) -> None:
    store.append([a_call(1)])
    (tmp_path / "secret.csv").write_text("secret,word\n1,2\n")
    before = {path.name for path in tmp_path.iterdir()}

    with pytest.raises(QueryRefused) as refusal:
        store.query(sql.format(folder=tmp_path), limit=10)

    assert str(refusal.value)
    assert {path.name for path in tmp_path.iterdir()} == before
    assert store.calls(CallsQuestion()) == [a_call(1)]
    assert store.query(f"SELECT count(*) FROM {TABLE}", limit=10).rows == [(1,)]


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT count(*) FROM {TABLE}",
        f"WITH all_calls AS (SELECT * FROM {TABLE}) SELECT count(*) FROM all_calls",
        f"(SELECT count(*) FROM {TABLE})",
        f"-- how many?\nSELECT count(*) FROM {TABLE};  \n",
        f"SELECT /* ; DROP TABLE {TABLE} */ count(*) FROM {TABLE}",
    ],
)
def test_what_only_reads_is_answered(world_store: Store, calls: tuple[ModelCall, ...], sql: str) -> None:
    table = world_store.query(sql, limit=10)

    assert (table.rows, table.cut) == ([(len(calls),)], False)


@pytest.mark.parametrize(("limit", "rows", "cut"), [(1, 1, True), (4, 4, True), (5, 5, False), (6, 5, False)])
def test_an_answer_is_cut_at_the_limit_and_says_so(store: Store, limit: int, rows: int, *, cut: bool) -> None:
    store.append([a_call(number) for number in range(5)])

    table = store.query(f"SELECT id FROM {TABLE}", limit=limit)

    assert (len(table.rows), table.cut) == (rows, cut)


def test_a_query_of_no_rows_still_names_its_columns(store: Store) -> None:
    table = store.query(f"SELECT id, model AS which FROM {TABLE}", limit=10)

    assert (table.columns, table.rows, table.cut) == (("id", "which"), [], False)


def test_every_column_of_every_call_is_plain_json(world_store: Store, calls: tuple[ModelCall, ...]) -> None:
    table = world_store.query(f"SELECT * FROM {TABLE}", limit=10_000)

    found = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    call = calls[0]
    (own,) = (row for row in found if row["id"] == str(call.id))
    assert own["timestamp"] == call.timestamp.isoformat().replace("+00:00", "Z")
    assert own["model"] == call.model
    assert own["cost_usd"] == (None if call.cost_usd is None else float(call.cost_usd))


@pytest.mark.parametrize(
    ("sql", "plain"),
    [
        ("NULL", None),
        ("true", True),
        ("42", 42),
        ("(-9223372036854775807)::BIGINT", 1 - 2**63),
        ("1.5::DECIMAL(18, 10)", 1.5),
        ("0.1::DOUBLE PRECISION", 0.1),
        ("'NaN'::DOUBLE PRECISION", "nan"),
        ("'Infinity'::DOUBLE PRECISION", "inf"),
        ("'größe 🦊'", "größe 🦊"),
        ("DATE '2026-01-31'", "2026-01-31"),
        ("TIME '12:30:00'", "12:30:00"),
        ("TIMESTAMP '2026-01-31 12:30:00'", "2026-01-31T12:30:00"),
        ("TIMESTAMPTZ '2026-01-31 12:30:00.000001+01:00'", "2026-01-31T11:30:00.000001Z"),
        ("'6f0d0b9e-2f0a-5d35-9a55-0f4f3c4b8d11'::UUID", "6f0d0b9e-2f0a-5d35-9a55-0f4f3c4b8d11"),
    ],
)
def test_a_value_of_any_type_is_plain_json(store: Store, sql: str, plain: object) -> None:
    assert store.query(f"SELECT {sql}", limit=1).rows == [(plain,)]


def test_a_query_sees_no_variable_of_the_program(store: Store) -> None:
    for name in ("sql", "limit", "statements", "cursor", "store", "calls"):
        with pytest.raises(QueryRefused):
            store.query(f"SELECT * FROM {name}", limit=1)


def test_a_query_that_is_no_text_is_refused(store: Store) -> None:
    with pytest.raises(QueryRefused):
        store.query("SELECT '\udcff'", limit=1)  # a byte of a command line that is not UTF-8
