"""Run the benchmarks: `make bench`, or `python -m benchmarks import --rows 100000`."""

from __future__ import annotations

import argparse
from pathlib import Path

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
    track,
    volume,
)


def main() -> None:
    """Run what was asked for, or everything."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        choices=(
            "import",
            "ingest",
            "track",
            "gateway",
            "otlp",
            "instrument",
            "analytics",
            "volume",
            "page",
            "postgres",
            "classify",
            "calibration",
            "all",
        ),
        default="all",
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="calls in the largest table")
    parser.add_argument("--worlds", type=int, default=400, help="made-up worlds of each kind for calibration")
    parser.add_argument("--database", type=Path, help="a DuckDB file to open the page over, instead of made-up calls")
    given = parser.parse_args()
    if given.what in ("import", "all"):
        imports.run(given.rows)
    if given.what in ("ingest", "all"):
        ingest.run(given.rows)
    if given.what in ("track", "all"):
        track.run()
    if given.what in ("instrument", "all"):
        instrument.run()
    if given.what in ("gateway", "all"):
        gateway.run(given.rows if given.what == "gateway" else min(given.rows, 10_000))
    if given.what in ("otlp", "all"):  # as with volume
        otlp.run(given.rows if given.what == "otlp" else min(given.rows, 200_000))
    if given.what in ("analytics", "all"):
        analytics.run([rows for rows in (10_000, 100_000, 1_000_000) if rows <= given.rows])
    if given.what in ("volume", "all"):  # more than a million only when asked for by its name
        most = given.rows if given.what == "volume" else min(given.rows, 1_000_000)
        volume.run([rows for rows in (10_000, 1_000_000, 10_000_000, 100_000_000) if rows <= most])
    if given.what in ("page", "all"):
        page.run(given.rows if given.what == "page" else min(given.rows, 200_000), given.database)
    if given.what in ("postgres", "all"):
        postgres.run([rows for rows in (1_000_000, 10_000_000) if rows <= max(given.rows, 1_000_000)])
    if given.what in ("classify", "all"):
        classify.run()
    if given.what in ("calibration", "all"):
        calibration.run(given.worlds)


main()
