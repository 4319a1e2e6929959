"""Pricing calls again in DuckDB, a day at a time.

Everything here runs within a transaction that the caller has begun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.capture.pricing import cost_sql, look_up_rates, rates_join
from augury.models.prices import PriceSource
from augury.store.duckdb.days import DAY_OF, within
from augury.store.repricing import Repriceable, Repriced

if TYPE_CHECKING:
    import duckdb

    from augury.models.prices import PriceBook

_NOT_REPORTED = "cost_source IS DISTINCT FROM 'reported'"


def repriceable(cursor: duckdb.DuckDBPyConnection, since: int) -> Repriceable:
    """The days from this one on that have calls whose cost nobody reported, and how many cannot be changed."""
    days = cursor.execute(
        f"SELECT DISTINCT {DAY_OF} FROM model_performance_metrics "
        f"WHERE {_NOT_REPORTED} AND timestamp >= make_timestamptz({since} * 86400000000::BIGINT) ORDER BY 1"
    ).fetchall()
    ((final,),) = cursor.execute("SELECT count(*) FROM sealed_days WHERE final AND day >= ?", [since]).fetchall()
    return Repriceable(days=[day for (day,) in days], final_days=final)


def compare(cursor: duckdb.DuckDBPyConnection, day: int, prices: PriceBook) -> list[Repriced]:
    """Price the day's calls into a temporary table of this cursor; what `write` would make of them."""
    concerned = f"WHERE {within(day)} AND {_NOT_REPORTED}"
    look_up_rates(cursor, prices, f"FROM model_performance_metrics AS calls {concerned}", named="calls")
    cost = cost_sql(input_tokens="input_tokens", output_tokens="output_tokens", cache_write_tokens="cache_write_tokens")
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE repriced AS SELECT *, price IS NOT NULL "
        "AND (price IS DISTINCT FROM before OR cost_source IS DISTINCT FROM 'computed') AS differs FROM ("
        f"SELECT calls.rowid AS place, calls.model AS model, cost_usd AS before, cost_source, {cost} AS price, "
        "rates.source AS source, rates.since AS since "
        f"FROM model_performance_metrics AS calls {rates_join('calls', input_tokens='input_tokens')} "
        f"{concerned})"
    )
    found = cursor.execute(
        "SELECT model, CASE WHEN price IS NOT NULL THEN source END, CASE WHEN price IS NOT NULL THEN since END, "
        "count(*) FILTER (differs) AS changed, sum(before) FILTER (differs), sum(price) FILTER (differs), "
        "count(*) FILTER (price IS NULL AND before IS NULL) AS unpriced, "
        "count(*) FILTER (price IS NULL AND before IS NOT NULL) AS kept "
        "FROM repriced GROUP BY 1, 2, 3 HAVING changed + unpriced + kept > 0 ORDER BY 1, 2, 3"
    ).fetchall()
    return [
        Repriced(
            model=model,
            source=source and PriceSource(source),
            since=since,
            calls=calls,
            before=before,
            after=after,
            unpriced=unpriced,
            kept=kept,
        )
        for model, source, since, calls, before, after, unpriced, kept in found
    ]


def write(cursor: duckdb.DuckDBPyConnection, day: int) -> None:
    """Write what `compare` found to differ, and nothing else."""
    cursor.execute(
        "UPDATE model_performance_metrics SET cost_usd = price, cost_source = 'computed' FROM repriced "
        f"WHERE model_performance_metrics.rowid = place AND differs AND {within(day)}"
    )
