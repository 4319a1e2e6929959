"""The tables, views, and macros of a DuckDB file: which version it has, whether they are all there, and making them."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

from augury.errors import NotADatabase, SchemaTooNew
from augury.store.duckdb.opening import DAMAGED

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

SCHEMA_VERSION = 3
"""The version of the tables in schema/duckdb.sql."""

SUMS_WITHOUT_COSTS = 2
"""The version of the schema whose sums did not tell where costs came from, nor of cached and reasoning tokens."""

_VIEWS = "(SELECT count(*) FROM duckdb_views() WHERE NOT internal)"


def version_of(cursor: duckdb.DuckDBPyConnection, path: Path) -> int:
    """The version of the schema in the file; 0 for a new one.

    Raises:
        NotADatabase: the file has tables, and they are not ours.
        SchemaTooNew: a newer Augury wrote it.
    """
    tables = {name for (name,) in cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if not tables:
        return 0
    if "augury_about" not in tables:
        raise NotADatabase(
            f"{path} is a DuckDB database of something else (its tables: {', '.join(sorted(tables)[:5])}); "
            "name another file"
        )
    rows = cursor.execute("SELECT value FROM augury_about WHERE key = 'schema_version'").fetchall()
    if rows and not rows[0][0].isdecimal():
        raise NotADatabase(DAMAGED.format(path=path))
    version = int(rows[0][0]) if rows else 0
    if version > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"{path} was written by a newer Augury (schema {version}, this one knows {SCHEMA_VERSION}); "
            "upgrade Augury to open it"
        )
    return version


def is_whole(cursor: duckdb.DuckDBPyConnection) -> bool:
    """Whether what our statements make is there, so that they need not run: they take longer than most questions.

    Told by the statements' digest, and by the number of views; a macro that was lost comes back with `migrate`.
    """
    row = cursor.execute(
        f"SELECT value = concat(?, ' ', {_VIEWS}) FROM augury_about WHERE key = 'schema'", [_digest(_statements())]
    ).fetchone()
    return row is not None and bool(row[0])


def make(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make what is missing, replace views and macros, and note what they were made from."""
    statements = _statements()
    cursor.execute(statements)
    cursor.execute("INSERT OR REPLACE INTO augury_about VALUES ('schema_version', ?)", [str(SCHEMA_VERSION)])
    cursor.execute(
        f"INSERT OR REPLACE INTO augury_about SELECT 'schema', concat(?, ' ', {_VIEWS})", [_digest(statements)]
    )


def _statements() -> str:
    return files("augury.store").joinpath("schema/duckdb.sql").read_text(encoding="utf-8")


def _digest(statements: str) -> str:
    return hashlib.sha256(statements.encode()).hexdigest()
