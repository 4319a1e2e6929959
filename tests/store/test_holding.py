"""What keeps two owners apart: DuckDB's own lock is lost when anything in the process closes the file."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from augury.errors import QueryRefused, StoreInUse
from augury.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "import sys; from augury.store import open_store; open_store(sys.argv[1]).close()"


def refused_to_others(path: Path) -> bool:
    """Whether another process is told that the database is in use."""
    done = subprocess.run([sys.executable, "-c", OTHER, path], check=False, capture_output=True, text=True)
    return "StoreInUse" in done.stderr


def test_a_refused_second_opening_lets_nobody_else_in(tmp_path: Path) -> None:
    path = tmp_path / "calls.duckdb"
    with open_store(str(path)) as store:
        store.prune(datetime(2020, 1, 1, tzinfo=UTC))  # a checkpoint takes the log file away, and its lock
        with pytest.raises(StoreInUse):
            open_store(str(path))

        assert refused_to_others(path)

    assert not refused_to_others(path)


def test_a_link_to_the_database_is_the_same_database(tmp_path: Path) -> None:
    path, link = tmp_path / "calls.duckdb", tmp_path / "link.duckdb"
    link.symlink_to(path)
    with open_store(str(path)), pytest.raises(StoreInUse):
        open_store(str(link))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT content FROM read_blob('{path}')",
        "SELECT content FROM read_text('{path}')",
        "SELECT content FROM \"read_blob\"('{path}')",
        "SELECT * FROM READ_BLOB/**/('{path}')",
        "SELECT * FROM query('SELECT * FROM read_' || 'blob(''{path}'')')",
        "SELECT * FROM glob('{path}')",
        "FROM '{path}'",
    ],
)
def test_a_query_cannot_read_the_databases_own_file(tmp_path: Path, sql: str) -> None:
    path = tmp_path / "calls.duckdb"
    with open_store(str(path)) as store, pytest.raises(QueryRefused):
        store.query(sql.format(path=path), limit=1)
