"""Final days in PostgreSQL: what is left of a day whose calls were pruned, read and written for a copy of the database.

Everything here runs within a transaction that the caller has begun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.store.copying import FinalDay

if TYPE_CHECKING:
    from augury.store.copying import Columns
    from augury.store.postgres.connecting import Cursor


def final_day(cursor: Cursor, day: int) -> FinalDay:
    """What is left of a final day."""
    ((calls, overflow),) = cursor.execute(
        "SELECT calls, overflow FROM sealed_days WHERE day = ? AND final", [day]
    ).fetchall()
    hours, latencies = (_columns(cursor, table, day) for table in ("call_sums", "latency_sums"))
    return FinalDay(day=day, calls=calls, overflow=tuple(overflow.split()), hours=hours, latencies=latencies)


def _columns(cursor: Cursor, table: str, day: int) -> Columns:
    found = cursor.execute(f"SELECT * FROM augury.{table} WHERE day = ?", [day])
    names = [column.name for column in found.description or ()]
    rows = found.fetchall()
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def put_final_day(cursor: Cursor, final: FinalDay) -> bool:
    """Keep a final day, unless there is anything of that day; whether it was kept."""
    # A statement of its own: the next one sees all that was committed before the lock was had.
    cursor.execute("SELECT pg_advisory_xact_lock(lock_space(), ?)", [final.day])
    ((taken,),) = cursor.execute(
        "SELECT EXISTS (SELECT FROM sealed_days WHERE day = ?) OR EXISTS (SELECT FROM model_performance_metrics "
        "WHERE timestamp >= start_of(?) AND timestamp < start_of(?))",
        [final.day, final.day, final.day + 1],
    ).fetchall()
    if taken:
        return False
    for table, columns in (("call_sums", final.hours), ("latency_sums", final.latencies)):
        there = cursor.execute(f"SELECT * FROM augury.{table} LIMIT 0").description or ()
        with cursor.connection.cursor().copy(f"COPY augury.{table} FROM STDIN") as copy:
            for row in zip(*(columns[column.name] for column in there), strict=True):
                copy.write_row(row)
    cursor.execute(
        "INSERT INTO sealed_days (day, final, calls, overflow) VALUES (?, true, ?, ?)",
        [final.day, final.calls, " ".join(final.overflow)],
    )
    return True
