"""Pricing calls again in PostgreSQL, a day at a time: by the same SQL as in DuckDB, in a database of one's own for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.store.duckdb import repricing
from augury.store.postgres.reading import DATED
from augury.store.postgres.transfer import copied
from augury.store.repricing import Repriceable

if TYPE_CHECKING:
    from decimal import Decimal
    from uuid import UUID

    from augury.models.prices import PriceBook
    from augury.store.postgres.connecting import Cursor
    from augury.store.postgres.transfer import Aside
    from augury.store.repricing import Repriced

_OF_DAY = "timestamp >= start_of(?) AND timestamp < start_of(?)"
_NOT_REPORTED = "cost_source IS DISTINCT FROM 'reported'"


def repriceable(cursor: Cursor, since: int) -> Repriceable:
    """The days from this one on that have calls whose cost nobody reported, and how many cannot be changed."""
    days = cursor.execute(
        "SELECT DISTINCT day_of(timestamp) FROM model_performance_metrics WHERE timestamp >= start_of(?) "
        f"AND {DATED} AND {_NOT_REPORTED} "
        "AND day_of(timestamp) NOT IN (SELECT day FROM sealed_days WHERE final) ORDER BY 1",
        [since],
    ).fetchall()
    ((final,),) = cursor.execute("SELECT count(*) FROM sealed_days WHERE final AND day >= ?", [since]).fetchall()
    return Repriceable(days=[day for (day,) in days], final_days=final)


def compare(
    cursor: Cursor, day: int, prices: PriceBook, aside: Aside
) -> tuple[list[Repriced], list[tuple[UUID, Decimal]]]:
    """Price the day's calls; what becomes of them, and the new costs of those that change."""
    with copied(cursor, f"{_OF_DAY} AND {_NOT_REPORTED}", [day, day + 1], aside) as reader:
        reader.execute("CREATE TEMP TABLE model_performance_metrics AS FROM copied")
        found = repricing.compare(reader, day, prices)
        costs = reader.execute(
            "SELECT id, price FROM repriced JOIN model_performance_metrics AS calls ON calls.rowid = place WHERE differs"
        ).fetchall()
    return found, costs


def write(cursor: Cursor, day: int, costs: list[tuple[UUID, Decimal]]) -> None:
    """Write what `compare` found to differ, and nothing else."""
    cursor.execute(
        "UPDATE model_performance_metrics AS calls SET cost_usd = new.cost, cost_source = 'computed' "
        "FROM (SELECT unnest(?::UUID[]) AS id, unnest(?::NUMERIC[]) AS cost) AS new "
        f"WHERE calls.id = new.id AND {_NOT_REPORTED} AND {_OF_DAY}",
        [[id_ for id_, _ in costs], [cost for _, cost in costs], day, day + 1],
    )
