"""Importing a Parquet log, against a bare INSERT … SELECT of the same file into the same table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from augury.capture.files import CheckedFile
from augury.capture.sources import Wishes
from augury.models.prices import PriceBook
from augury.store.duckdb import DuckDBStore
from benchmarks.measure import peak_mib, seconds
from benchmarks.synthetic import write_log

_BARE = """
    INSERT INTO model_performance_metrics (id, model, provider, task_type, task_complexity, response_time_ms, tokens_used,
        input_tokens, output_tokens, success, user_rating, conversation_id, user_id, timestamp, time_to_first_token_ms)
    SELECT uuidv7(), model, 'unknown', task_type, task_complexity, response_time_ms, input_tokens + output_tokens,
        input_tokens, output_tokens, success, user_rating, conversation_id, uuid(), timestamp, time_to_first_token_ms
    FROM read_parquet('{}')"""


def _bare(log: Path, database: Path) -> None:
    import duckdb  # noqa: PLC0415 - a process of its own, so that its memory is its own

    DuckDBStore(database).close()
    with duckdb.connect(database) as connection:
        print(seconds(lambda: connection.execute(_BARE.format(log))), peak_mib())


def _ours(log: Path, database: Path) -> None:
    def take() -> None:
        with CheckedFile(log, Wishes(), PriceBook()) as checked:
            for chunk in checked.chunks():
                store.append_file(chunk)

    with DuckDBStore(database) as store:
        print(seconds(take), peak_mib())


def _apart(what: str, log: Path, database: Path) -> tuple[float, float]:
    """Seconds and MiB of one import in a process of its own."""
    code = (
        "from pathlib import Path; from benchmarks import imports; "
        f"imports.{what}(Path({str(log)!r}), Path({str(database)!r}))"
    )
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    return float(printed[0]), float(printed[1])


def run(rows: int) -> None:
    """Print seconds, ratio, and peak memory at two sizes."""
    print("\nImport from Parquet: checked, named, priced, de-duplicated — and a bare INSERT … SELECT of the same file")
    print(f"{'calls':>10} {'bare s':>8} {'import s':>9} {'ratio':>6} {'again s':>8} {'calls/s':>9} {'MiB':>6}")
    for size in (rows // 10, rows):
        with TemporaryDirectory() as folder:
            log = Path(folder) / "log.parquet"
            write_log(log, size, with_ids=False)
            bare, _ = _apart("_bare", log, Path(folder) / "bare.duckdb")
            ours, memory = _apart("_ours", log, Path(folder) / "ours.duckdb")
            again, _ = _apart("_ours", log, Path(folder) / "ours.duckdb")
        print(
            f"{size:>10,} {bare:>8.2f} {ours:>9.2f} {ours / bare:>6.1f} {again:>8.2f} {size / ours:>9,.0f} {memory:>6.0f}"
        )
