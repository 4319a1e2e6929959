"""The records of another product's export, as records of ours: from CSV, JSON Lines, a JSON array, or Parquet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from augury.capture.columns import literal, quoted
from augury.capture.elsewhere import translator
from augury.capture.texts import Line, read_array, read_csv, read_jsonl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from augury.capture.elsewhere import Format

_AT_ONCE = 1_000  # rows of Parquet, each of which may hold a whole conversation
_NOT_READ = (".output", "output_messages", "embedding.embeddings", "vector", "retrieval.documents")


@dataclass(slots=True)
class Translation:
    """Reads an export's records; `skipped` are those that are no calls."""

    form: Format
    skipped: int = field(default=0, init=False)

    def lines(self, path: Path, kind: str, database: duckdb.DuckDBPyConnection) -> Iterator[Line]:
        """The calls of a file, of which `kind` says how it is written; broken lines go through."""
        translate = translator(self.form)
        for line in _read(path, kind, database):
            if line.broken is not None:
                yield line
            elif (record := translate(line.values)) is None:
                self.skipped += 1
            else:
                yield Line(line.number, record)


def _read(path: Path, kind: str, database: duckdb.DuckDBPyConnection) -> Iterator[Line]:
    match kind:
        case "parquet":
            return _read_parquet(path, database)
        case "json":
            return read_array(path)
        case "jsonl":
            return read_jsonl(path)
        case _:
            return read_csv(path)


def _read_parquet(path: Path, database: duckdb.DuckDBPyConnection) -> Iterator[Line]:
    scan = f"read_parquet({literal(str(path))})"
    with database.cursor() as cursor:
        columns = [name for name, *_ in cursor.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()]
        read = [name for name in columns if not any(part in name for part in _NOT_READ)]
        cursor.execute(f"SELECT {', '.join(map(quoted, read)) or 'NULL'} FROM {scan}")
        number = 0
        while rows := cursor.fetchmany(_AT_ONCE):
            for row in rows:
                number += 1
                yield Line(number, dict(zip(read, row, strict=False)))
