"""Sealing in DuckDB: a day's rows summed, and its sums taken away again.

A day is days of UTC since 1970-01-01. Everything here runs within a transaction that the caller has begun.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from augury.core.calls import OTHER
from augury.store.copying import FinalDay
from augury.store.coverage import Seal
from augury.store.protocol import COSTS, DOLLARS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from augury.store.copying import Columns

MOST_NAMES = {"model": 1_000, "provider": 200, "operation": 50, "segment": 1_000, "experiment": 200, "variant": 200}
"""How many different values a day's sums keep apart; what is rarer is summed as OTHER."""

_DIMENSIONS = (
    "model", "provider", "operation", "task_type", "task_complexity", "segment", "experiment", "variant",
)  # fmt: skip
_LEAST = ("success_ms_min", "response_ms_min")
_MOST = ("success_ms_max", "response_ms_max")
_ADDED = (
    "calls", "successes", "first_attempts", "evidence_calls", "evidence_ms_sum", "success_ms_sum", "success_ln_ms_sum",
    "success_ln_ms_square_sum", "response_ms_sum", "first_token_ms_sum", "first_token_calls", "tokens_sum",
    "input_tokens_sum", "output_tokens_sum", "timed_output_tokens_sum", "timed_output_ms_sum", "cost_sum",
    "success_cost_sum", "priced_calls", "costing_calls", "cost_ln_sum", "cost_ln_square_sum", "priced_successes", "thumbs_up", "thumbs_down", *COSTS,
)  # fmt: skip

_BEFORE_ALL = -1_000_000  # a day that no call is of

DAY_OF = "(epoch_us(timestamp) // 86400000000)::INTEGER"
"""The day of a row."""


def within(day: int) -> str:
    """A condition: the row is of the day."""
    return _stretch(day, day + 1)


def _stretch(begins: int, ends: int) -> str:
    return (
        f"timestamp >= make_timestamptz({begins} * 86400000000::BIGINT) "
        f"AND timestamp < make_timestamptz({ends} * 86400000000::BIGINT)"
    )


def seals(cursor: duckdb.DuckDBPyConnection) -> list[Seal]:
    """The sealed days, in order."""
    found = cursor.execute("SELECT day, seal, final, calls, overflow FROM sealed_days ORDER BY day").fetchall()
    return [
        Seal(day=day, number=number, final=final, calls=calls, overflow=tuple(overflow.split()))
        for day, number, final, calls, overflow in found
    ]


def unsealed(cursor: duckdb.DuckDBPyConnection, before: int) -> list[int]:
    """The open days before this one that have calls, in order."""
    open_days: list[int] = []
    begins = _BEFORE_ALL
    # Stretch by stretch: joined with a table of them, every row is looked at, which takes seconds at a hundred million.
    for seal in [*seals(cursor), Seal(day=before, number=0)]:
        ends = min(seal.day, before)
        if begins < ends:
            found = cursor.execute(
                f"SELECT DISTINCT {DAY_OF} FROM model_performance_metrics WHERE {_stretch(begins, ends)} ORDER BY 1"
            ).fetchall()
            open_days += [day for (day,) in found]
        begins = max(begins, seal.day + 1)
    return open_days


def add_up(cursor: duckdb.DuckDBPyConnection, day: int) -> tuple[str, ...]:
    """Sum the day's rows into temporary tables of this cursor; the columns that had too many values."""
    its_own = within(day)
    different = ", ".join(f"count(DISTINCT {name})" for name in MOST_NAMES)
    (counts,) = cursor.execute(f"SELECT {different} FROM model_performance_metrics WHERE {its_own}").fetchall()
    overflow = tuple(
        name
        for (name, most), count in zip(MOST_NAMES.items(), counts, strict=True)
        if count is not None and count > most
    )
    names = ", ".join(_bounded(name, its_own) if name in overflow else name for name in _DIMENSIONS)
    sums = [f"sum({name}) AS {name}" for name in _ADDED]
    sums += [f"min({name}) AS {name}" for name in _LEAST] + [f"max({name}) AS {name}" for name in _MOST]
    keys = ", ".join(str(place) for place in range(1, len(_DIMENSIONS) + 3))
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE new_call_sums AS SELECT {day} AS day, "
        "make_timestamptz(epoch_us(timestamp) // 3600000000 * 3600000000) AS timestamp, "
        f"{names}, {', '.join(sums)} FROM call_rows WHERE {its_own} GROUP BY {keys}"
    )
    kept = ", ".join(_DIMENSIONS)
    keys = ", ".join(str(place) for place in range(1, len(_DIMENSIONS) + 2))
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE new_latency_sums AS SELECT {day} AS day, {kept}, "
        "list(bucket::SMALLINT ORDER BY bucket) AS buckets, list(calls ORDER BY bucket) AS counts FROM ("
        f"SELECT {names}, bucket, sum(calls)::BIGINT AS calls FROM latency_rows WHERE {its_own} GROUP BY {keys}"
        ") GROUP BY ALL"
    )
    return overflow


def put_seal(cursor: duckdb.DuckDBPyConnection, day: int, overflow: tuple[str, ...]) -> int:
    """Keep what `add_up` has summed as the day's sums; how many calls they are."""
    cursor.execute("INSERT INTO call_sums BY NAME SELECT * FROM new_call_sums")
    cursor.execute("INSERT INTO latency_sums BY NAME SELECT * FROM new_latency_sums")
    ((calls,),) = cursor.execute(
        "INSERT INTO sealed_days (day, seal, calls, overflow) "
        "SELECT ?, nextval('seal_numbers'), coalesce(sum(calls), 0), ? FROM new_call_sums RETURNING calls",
        [day, " ".join(overflow)],
    ).fetchall()
    return int(calls)


def unseal(cursor: duckdb.DuckDBPyConnection, days: Iterable[int]) -> None:
    """Take the sums of these days away, so that their rows count."""
    listed = list(days)
    for table in ("call_sums", "latency_sums", "sealed_days"):
        cursor.execute(f"DELETE FROM {table} WHERE day IN (SELECT unnest(?::INTEGER[]))", [listed])


def without_costs(cursor: duckdb.DuckDBPyConnection) -> None:
    """Bring sums that are older than COSTS up to date: those of days that have their rows are taken away, to be made anew."""
    for name in COSTS:
        type_ = "DECIMAL(38, 10)" if name in DOLLARS else "BIGINT"
        cursor.execute(f"ALTER TABLE call_sums ADD COLUMN IF NOT EXISTS {name} {type_} DEFAULT 0")
    for table in ("call_sums", "latency_sums", "sealed_days"):
        cursor.execute(f"DELETE FROM {table} WHERE day NOT IN (SELECT day FROM sealed_days WHERE final)")


def finish(cursor: duckdb.DuckDBPyConnection, before: int) -> None:
    """The rows of the sealed days before this one are gone: their sums stand from now on."""
    cursor.execute("UPDATE sealed_days SET final = true WHERE day < ? AND NOT final", [before])


def forget_sums(cursor: duckdb.DuckDBPyConnection, before: int) -> None:
    """Delete the sums of final days before this one. The days stay final."""
    old = "day < ? AND day IN (SELECT day FROM sealed_days WHERE final)"
    cursor.execute(f"DELETE FROM call_sums WHERE {old}", [before])
    cursor.execute(f"DELETE FROM latency_sums WHERE {old}", [before])


def final_day(cursor: duckdb.DuckDBPyConnection, day: int) -> FinalDay:
    """What is left of a final day."""
    ((calls, overflow),) = cursor.execute(
        "SELECT calls, overflow FROM sealed_days WHERE day = ? AND final", [day]
    ).fetchall()
    hours, latencies = (_columns(cursor, table, day) for table in ("call_sums", "latency_sums"))
    return FinalDay(day=day, calls=calls, overflow=tuple(overflow.split()), hours=hours, latencies=latencies)


def _columns(cursor: duckdb.DuckDBPyConnection, table: str, day: int) -> Columns:
    rows = cursor.execute(f"SELECT * FROM {table} WHERE day = ?", [day]).fetchall()
    names = [str(column[0]) for column in cursor.description or ()]
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def put_final_day(cursor: duckdb.DuckDBPyConnection, final: FinalDay) -> bool:
    """Keep a final day, unless there is anything of that day; whether it was kept."""
    ((taken,),) = cursor.execute(
        "SELECT EXISTS (FROM sealed_days WHERE day = ?) "
        f"OR EXISTS (FROM model_performance_metrics WHERE {within(final.day)})",
        [final.day],
    ).fetchall()
    if taken:
        return False
    for table, columns in (("call_sums", final.hours), ("latency_sums", final.latencies)):
        types = cursor.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [table]
        ).fetchall()
        values = ", ".join(f"unnest(?::{type_}[])" for _, type_ in types)
        cursor.execute(f"INSERT INTO {table} SELECT {values}", [_exact(columns[name]) for name, _ in types])
    cursor.execute(
        "INSERT INTO sealed_days (day, seal, final, calls, overflow) VALUES (?, nextval('seal_numbers'), true, ?, ?)",
        [final.day, final.calls, " ".join(final.overflow)],
    )
    return True


def _exact(values: list[Any]) -> list[Any]:
    """Decimals as text: of a list of them the engine makes doubles where they are long."""
    return [str(value) if isinstance(value, Decimal) else value for value in values]


def open_the_rest(cursor: duckdb.DuckDBPyConnection) -> None:
    """Write down the ranges of time that no seal covers."""
    cursor.execute("DELETE FROM open_ranges")
    cursor.execute(
        "INSERT INTO open_ranges SELECT lo, hi FROM (SELECT hi AS lo, "
        "lead(lo, 1, 'infinity'::TIMESTAMPTZ) OVER (ORDER BY hi) AS hi FROM ("
        "SELECT make_timestamptz(day * 86400000000::BIGINT) AS lo, "
        "make_timestamptz((day + 1) * 86400000000::BIGINT) AS hi FROM sealed_days "
        "UNION ALL SELECT '-infinity'::TIMESTAMPTZ, '-infinity'::TIMESTAMPTZ)) WHERE lo < hi"
    )


def _bounded(name: str, within: str) -> str:
    """The column, with what is rare among the day's values under one name."""
    return (
        f"CASE WHEN {name} IS NULL OR {name} IN (SELECT {name} FROM model_performance_metrics WHERE {within} "
        f"GROUP BY {name} ORDER BY count(*) DESC, {name} LIMIT {MOST_NAMES[name]}) THEN {name} ELSE '{OTHER}' END AS {name}"
    )
