"""Calls written by hand into PostgreSQL, and what is asked about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from augury.core.calls import COLUMNS, ModelCall

if TYPE_CHECKING:
    from collections.abc import Iterable

Connection = psycopg.Connection[Any]

TABLE = "model_performance_metrics"
DAY = 20_000
"""A day long ago: 2024-10-04."""

DIMENSIONS = "model, provider, operation, task_type, task_complexity, segment, experiment, variant"


def one(connection: Connection, query: str, *values: object) -> Any:
    """The only value of the only row."""
    ((value,),) = connection.execute(query.encode(), values or None).fetchall()
    return value


def rows(connection: Connection, query: str, *values: object) -> list[dict[str, Any]]:
    """The rows, each by the names of its columns."""
    cursor = connection.execute(query.encode(), values or None)
    assert cursor.description is not None
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def insert(connection: Connection, day: int = DAY, number: int = 1, **columns: object) -> None:
    """So many calls of a day, a second apart, the rest of which nobody told."""
    told = {
        "model": "gpt-4o",
        "provider": "openai",
        "task_type": "coding",
        "response_time_ms": 1_000,
        "tokens_used": 30,
        "user_id": "00000000-0000-0000-0000-000000000001",
    } | columns
    connection.execute(
        sql.SQL(
            "INSERT INTO public.model_performance_metrics ({names}, timestamp) "
            "SELECT {values}, to_timestamp(%s::float8 * 86400 + second) FROM generate_series(1, %s) AS second"
        ).format(
            names=sql.SQL(", ").join(map(sql.Identifier, told)),
            values=sql.SQL(", ").join([sql.Placeholder()] * len(told)),
        ),
        [*told.values(), day, number],
    )


def append(connection: Connection, calls: Iterable[ModelCall]) -> None:
    """Write whole calls."""
    with (
        connection.cursor() as cursor,
        cursor.copy(
            sql.SQL("COPY public.model_performance_metrics ({}) FROM STDIN").format(
                sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
            )
        ) as copy,
    ):
        for call in calls:
            copy.write_row(call)


def seal(connection: Connection, day: int = DAY) -> int | None:
    """Seal a day; how many calls it has, if it was sealed."""
    summed = one(connection, "SELECT augury.seal_day(%s)", day)
    assert summed is None or isinstance(summed, int)
    return summed


def sealed(connection: Connection) -> list[int]:
    """The sealed days; a day that has sums and no seal, or the other way round, would be a fault."""
    days = [day for (day,) in connection.execute("SELECT day FROM augury.sealed_days ORDER BY day").fetchall()]
    for table in (b"call_sums", b"latency_sums"):
        summed = connection.execute(b"SELECT DISTINCT day FROM augury." + table + b" ORDER BY day").fetchall()
        assert {day for (day,) in summed} <= set(days)
    return days


def counted(connection: Connection) -> tuple[int, int]:
    """How many calls the facts are of, and as many latencies; whether by the views or by the functions."""
    found = []
    for source in ("{}", "{}_between('-infinity', 'infinity')"):
        calls, latencies = (
            one(connection, f"SELECT coalesce(sum(calls), 0)::bigint FROM augury.{source.format(name)}")
            for name in ("call_facts", "latency_facts")
        )
        found.append((calls, latencies))
    assert found[0] == found[1]
    return found[0]


def thumbs_up(connection: Connection) -> int:
    """How many thumbs up the facts tell."""
    told = one(connection, "SELECT coalesce(sum(thumbs_up), 0)::bigint FROM augury.call_facts")
    assert isinstance(told, int)
    return told
