"""The answers of GET /api/analytics/models and /costs, against one bare grouped scan of the same table."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from pydantic import TypeAdapter

from augury.analytics.answers import Costs, Overview
from augury.analytics.costs import NO_CONVERSATIONS, ConversationsPage, costs
from augury.analytics.overview import OverviewRequest, overview
from augury.capture.files import CheckedFile
from augury.capture.sources import Wishes
from augury.core.windows import Window
from augury.models.prices import PriceBook
from augury.store.duckdb import DuckDBStore
from benchmarks.measure import spread
from benchmarks.synthetic import write_log

_SCAN = """
    SELECT model, count(*), avg(response_time_ms), avg(success::INTEGER), sum(tokens_used), sum(cost_usd)
    FROM model_performance_metrics WHERE timestamp >= ? GROUP BY model"""
_ROUNDS = 15


def run(sizes: list[int]) -> None:
    """Print milliseconds and ratio at each size, over the last 30 and the last 90 days."""
    print("\nThe whole analytics answer, as JSON bytes — and one bare grouped scan of the same days")
    print(
        f"{'calls':>10} {'days':>5} {'scan ms':>8} {'answer ms':>10} {'p95 ms':>7} {'ratio':>6} {'costs ms':>9} {'and conversations':>18}"
    )
    to_json, costs_json = TypeAdapter(Overview).dump_json, TypeAdapter(Costs).dump_json
    for size in sizes:
        with TemporaryDirectory() as folder:
            log, database = Path(folder) / "log.parquet", Path(folder) / "calls.duckdb"
            write_log(log, size, with_ids=False)
            with DuckDBStore(database) as store, CheckedFile(log, Wishes(), PriceBook()) as checked:
                for chunk in checked.chunks():
                    store.append_file(chunk)
            for days in (30, 90):
                window = Window.last_days(days, now=datetime.now(UTC))
                with duckdb.connect(database) as connection:
                    scan, _ = spread(lambda: connection.execute(_SCAN, [window.start]).fetchall(), _ROUNDS)  # noqa: B023 - called at once
                with DuckDBStore(database) as store:
                    request = OverviewRequest(window=window)
                    ours, slow = spread(lambda: to_json(overview(store, request), by_alias=True), _ROUNDS)  # noqa: B023 - called at once
                    cost, whole = (
                        spread(lambda: costs_json(costs(store, request, page), by_alias=True), _ROUNDS)[0]  # noqa: B023 - called at once
                        for page in (NO_CONVERSATIONS, ConversationsPage())
                    )
                print(
                    f"{size:>10,} {days:>5} {scan * 1e3:>8.1f} {ours * 1e3:>10.1f} {slow * 1e3:>7.1f} {ours / scan:>6.1f} "
                    f"{cost * 1e3:>9.1f} {whole * 1e3:>18.1f}"
                )
