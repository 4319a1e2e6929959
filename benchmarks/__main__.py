"""Run the benchmarks: `make bench`, or `python -m benchmarks import --rows 100000`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import (
    analytics,
    calibration,
    classify,
    gateway,
    imports,
    ingest,
    instrument,
    otlp,
    page,
    postgres,
    recommend,
    track,
    volume,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = "all"
LARGEST = {"gateway": 10_000, "otlp": 200_000, "volume": 1_000_000, "page": 200_000, "recommend": 100_000}
"""How many calls are enough where not asked for by name."""


def main() -> None:
    """Run what was asked for, or everything."""
    runs: dict[str, Callable[[int], object]] = {
        "import": imports.run,
        "ingest": ingest.run,
        "track": lambda _: track.run(),
        "instrument": lambda _: instrument.run(),
        "gateway": gateway.run,
        "otlp": otlp.run,
        "analytics": lambda rows: analytics.run(_up_to(rows, 10_000, 100_000, 1_000_000)),
        "volume": lambda rows: volume.run(_up_to(rows, 10_000, 1_000_000, 10_000_000, 100_000_000)),
        "page": lambda rows: page.run(rows, given.database),
        "postgres": lambda rows: postgres.run(_up_to(max(rows, 1_000_000), 1_000_000, 10_000_000)),
        "classify": lambda _: classify.run(),
        "recommend": recommend.run,
        "calibration": lambda _: calibration.run(given.worlds),
    }
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=(*runs, ALL), default=ALL)
    parser.add_argument("--rows", type=int, default=1_000_000, help="calls in the largest table")
    parser.add_argument("--worlds", type=int, default=400, help="made-up worlds of each kind for calibration")
    parser.add_argument("--database", type=Path, help="a DuckDB file to open the page over, instead of made-up calls")
    given = parser.parse_args()
    for name, run in runs.items():
        if given.what == ALL:
            run(min(given.rows, LARGEST.get(name, given.rows)))
        elif given.what == name:
            run(given.rows)


def _up_to(rows: int, *sizes: int) -> list[int]:
    return [size for size in sizes if size <= rows]


main()
