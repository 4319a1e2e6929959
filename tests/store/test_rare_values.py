"""Values that an engine knows and JSON does not: a query of one's own answers them all the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.postgres import server

from augury.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from augury.store.protocol import Store


@pytest.fixture(scope="module")
def duckdb_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(f"duckdb:///{tmp_path_factory.mktemp('rare') / 'calls.duckdb'}") as store:
        yield store


@pytest.fixture(scope="module")
def postgres_store() -> Iterator[Store]:
    with server().database() as url, open_store(url) as store:
        yield store


@pytest.mark.parametrize(
    "sql",
    [
        "INTERVAL '1 day 2 hours'",
        "INTERVAL '999999999 days'",
        "DATE 'infinity'",
        "TIMESTAMPTZ 'infinity'",
        "TIMESTAMPTZ '-infinity'",
        "TIMESTAMP '20000-01-01 00:00:00'",
        "DATE '0044-03-15 (BC)'",
        "'ab'::BLOB",
        "'101'::BIT",
        "[1, 2, NULL]",
        "[DATE '2026-01-01', NULL]",
        "{'a': 1, 'b': [{'c': 'infinity'::DOUBLE}]}",
        "MAP {'a': 1.5::DECIMAL(3, 1)}",
        "MAP {[1]: 'x'}",
        "170141183460469231731687303715884105727::HUGEINT",
        "'{\"a\": [1]}'::JSON",
    ],
)
def test_a_rare_value_of_duckdb_is_json_too(duckdb_store: Store, sql: str) -> None:
    ((value,),) = duckdb_store.query(f"SELECT {sql}", limit=1).rows

    assert json.loads(json.dumps(value, allow_nan=False)) == value


@pytest.mark.parametrize(
    "sql",
    [
        "INTERVAL '1 day 2 hours'",
        "INTERVAL '99999999 years'",
        "DATE 'infinity'",
        "TIMESTAMPTZ 'infinity'",
        "TIMESTAMPTZ '-infinity'",
        "TIMESTAMP '20000-01-01 00:00:00'",
        "DATE '0044-03-15 BC'",
        "TIME '24:00:00'",
        "'ab'::BYTEA",
        "B'101'",
        "ARRAY[1, 2, NULL]",
        "ARRAY[DATE '2026-01-01', NULL]",
        "ROW(1, 'x')",
        "12.50::MONEY",
        "INT4RANGE(1, 3)",
        "1e400::NUMERIC",
        "'NaN'::NUMERIC",
        "'{\"a\": [1]}'::JSONB",
        "'10.0.0.1'::INET",
        "POINT '(1,2)'",
    ],
)
def test_a_rare_value_of_postgresql_is_json_too(postgres_store: Store, sql: str) -> None:
    ((value,),) = postgres_store.query(f"SELECT {sql}", limit=1).rows

    assert json.loads(json.dumps(value, allow_nan=False)) == value
