"""Calls by the file: checked Parquet into PostgreSQL, and out of it. DuckDB reads and writes Parquet; COPY does the rest."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING

import duckdb
from duckdb.sqltypes import VARCHAR

from augury.capture.columns import literal
from augury.core.calls import COLUMNS
from augury.errors import FileUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from augury.store.postgres.connecting import Cursor

_NULL = r"\N"
_CHUNK = 1 << 20
_TYPES = {
    "id": "UUID", "response_time_ms": "INTEGER", "tokens_used": "INTEGER", "input_tokens": "INTEGER",
    "output_tokens": "INTEGER", "success": "BOOLEAN", "user_rating": "TINYINT", "user_id": "UUID", "message_id": "UUID",
    "timestamp": "TIMESTAMPTZ", "time_to_first_token_ms": "INTEGER", "cached_input_tokens": "INTEGER",
    "cache_write_tokens": "INTEGER", "cache_write_1h_tokens": "INTEGER", "reasoning_tokens": "INTEGER",
    "cost_usd": "DECIMAL(18, 10)", "propensity": "DOUBLE", "attempt": "SMALLINT", "metadata": "JSON",
}  # fmt: skip
_TEXTS = tuple(name for name in COLUMNS if _TYPES.get(name, "JSON") == "JSON")
_NAMES = ", ".join(COLUMNS)


class Aside:
    """An empty DuckDB in memory: it is made when it is first needed, and files go through it."""

    def __init__(self) -> None:
        """Nothing is made yet."""
        self._lock = Lock()
        self._database: duckdb.DuckDBPyConnection | None = None

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor, whose temporary tables end with it."""
        with self._lock:
            if self._database is None:
                self._database = duckdb.connect()
                self._database.execute("SET GLOBAL TimeZone = 'UTC'")
                self._database.create_function("compact", compact, [VARCHAR], VARCHAR)
            cursor = self._database.cursor()
        with cursor:
            yield cursor

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None


def copy_in(cursor: Cursor, parquet: Path, aside: Aside) -> None:
    """Read a file of checked calls into a temporary table `staged`, which ends with the transaction.

    Raises:
        FileUnreadable: it is no such file.
    """
    cursor.execute(
        f"CREATE TEMPORARY TABLE staged ON COMMIT DROP AS SELECT {_NAMES} FROM model_performance_metrics LIMIT 0"
    )
    with TemporaryDirectory(prefix="augury-copy-") as folder, aside.cursor() as reader:
        text = Path(folder) / "calls.csv"
        try:
            reader.execute(
                f"COPY (SELECT {_NAMES} FROM read_parquet({literal(str(parquet))})) TO {literal(str(text))} "
                f"(FORMAT csv, HEADER false, NULLSTR '{_NULL}', FORCE_QUOTE ({', '.join(_TEXTS)}))"
            )
        except duckdb.Error:
            raise FileUnreadable("expected a Parquet file of checked calls, as `augury import` sends it") from None
        copy = f"COPY staged ({_NAMES}) FROM STDIN (FORMAT csv, NULL '{_NULL}')"
        with text.open("rb") as file, cursor.connection.cursor().copy(copy) as into:
            while chunk := file.read(_CHUNK):
                into.write(chunk)


@contextmanager
def copied(cursor: Cursor, where: str, values: Sequence[object], aside: Aside) -> Iterator[duckdb.DuckDBPyConnection]:
    """Calls, oldest first, as the view `copied` of a DuckDB cursor, for the time of the block."""
    with TemporaryDirectory(prefix="augury-copy-") as folder, aside.cursor() as reader:
        text = Path(folder) / "calls.csv"
        copy = (
            f"COPY (SELECT {_NAMES} FROM sound_calls WHERE {where.replace('?', '%s')} ORDER BY timestamp, id) "
            f"TO STDOUT (FORMAT csv, NULL '{_NULL}', FORCE_QUOTE ({', '.join(_TEXTS)}))"
        )
        with text.open("wb") as file, cursor.connection.cursor().copy(copy, list(values)) as out:
            for chunk in out:
                file.write(chunk)
        types = ", ".join(f"'{name}': '{_TYPES.get(name, 'VARCHAR')}'" for name in COLUMNS)
        reader.execute(
            "CREATE TEMP VIEW copied AS SELECT * REPLACE (compact(metadata::VARCHAR)::JSON AS metadata) "
            f"FROM read_csv({literal(str(text))}, header = false, columns = {{{types}}}, delim = ',', quote = '\"', "
            f"escape = '\"', nullstr = '{_NULL}', allow_quoted_nulls = false, auto_detect = false, "
            "max_line_size = 16000000, parallel = false)"
        )
        yield reader


def copy_out(cursor: Cursor, where: str, values: Sequence[object], parquet: Path, aside: Aside) -> int:
    """Write calls to a Parquet file, oldest first; how many."""
    with copied(cursor, where, values, aside) as reader:
        ((count,),) = reader.execute(
            f"COPY copied TO {literal(str(parquet))} (FORMAT parquet, COMPRESSION zstd)"
        ).fetchall()
    return int(count)


def compact(text: str) -> str:
    """A JSON object without spaces, as calls hold it: PostgreSQL's JSONB puts some in."""
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
