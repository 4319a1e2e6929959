"""Sealing in PostgreSQL: what is summed, and that nothing written beside it is ever missed, in either order."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from psycopg import errors
from psycopg.types.json import Jsonb
from tests.database.by_sql import (
    DAY,
    DIMENSIONS,
    TABLE,
    counted,
    insert,
    one,
    rows,
    seal,
    sealed,
    thumbs_up,
)

from augury.store.duckdb.days import MOST_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from tests.database.by_sql import Connection

    Connect = Callable[[], Connection]

ISOLATIONS = ("REPEATABLE READ", "SERIALIZABLE")
WAITS_AT_MOST_S = 30

CHANGES = {
    "an insert": "INSERT INTO model_performance_metrics (model, provider, task_type, response_time_ms, tokens_used, user_id, "
    "timestamp) SELECT model, provider, task_type, response_time_ms, tokens_used, user_id, timestamp "
    "FROM model_performance_metrics WHERE timestamp < to_timestamp(20001 * 86400::float8)",
    "an update": "UPDATE model_performance_metrics SET user_rating = 1 WHERE timestamp < to_timestamp(20001 * 86400::float8)",
    "a delete": "DELETE FROM model_performance_metrics WHERE timestamp < to_timestamp(20001 * 86400::float8)",
    "an upsert": "INSERT INTO model_performance_metrics SELECT * FROM model_performance_metrics "
    "WHERE timestamp < to_timestamp(20001 * 86400::float8) ON CONFLICT (id) DO UPDATE SET user_rating = 1",
    "a merge": "MERGE INTO model_performance_metrics AS t USING (SELECT 20000 AS day) AS s "
    "ON augury.day_of(t.timestamp) = s.day WHEN MATCHED THEN UPDATE SET user_rating = 1",
}


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as made:
        yield made


def until_it_waits(watcher: Connection, waiting: Connection, doing: Future[Any]) -> None:
    """Until the connection waits for another's lock."""
    deadline = time.monotonic() + WAITS_AT_MOST_S
    pid = waiting.info.backend_pid
    while not one(watcher, "SELECT cardinality(pg_blocking_pids(%s)) > 0", pid):
        assert not doing.done(), f"it did not wait: {doing.result()}"
        assert time.monotonic() < deadline
        time.sleep(0.005)


# ── What is summed ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sealed_day_is_summed_by_the_hour_and_counts_the_same(database: Connection) -> None:
    insert(database, number=7_300)  # two hours and a little
    insert(database, DAY + 1, number=10)

    assert seal(database) == 7_300

    hours = rows(database, "SELECT timestamp, calls, response_ms_sum FROM augury.call_sums ORDER BY timestamp")
    assert [(row["calls"], row["response_ms_sum"]) for row in hours] == [
        (3_599, 3_599_000),
        (3_600, 3_600_000),
        (101, 101_000),
    ]
    assert one(database, "SELECT to_timestamp(20000 * 86400::float8) = min(timestamp) FROM augury.call_sums")
    assert counted(database) == (7_310, 7_310)
    assert rows(database, "SELECT day, final, calls, overflow FROM augury.sealed_days") == [
        {"day": DAY, "final": False, "calls": 7_300, "overflow": ""}
    ]


def test_a_day_is_sealed_once_until_it_changes(database: Connection) -> None:
    insert(database)
    assert seal(database) == 1
    first = one(database, "SELECT seal FROM augury.sealed_days")
    assert seal(database) is None

    insert(database)
    assert seal(database) == 2

    assert one(database, "SELECT seal FROM augury.sealed_days") > first


def test_a_day_without_calls_can_be_sealed(database: Connection) -> None:
    assert seal(database) == 0
    assert sealed(database) == [DAY]
    assert counted(database) == (0, 0)
    insert(database)
    assert counted(database) == (1, 1)


@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("function", ["seal_day", "finish_day"])
def test_sealing_refuses_to_look_at_an_earlier_moment(database: Connection, isolation: str, function: str) -> None:
    database.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
    with pytest.raises(errors.ActiveSqlTransaction, match="read committed"):
        one(database, f"SELECT augury.{function}(%s)", DAY)
    database.execute("ROLLBACK")

    assert sealed(database) == []


@pytest.mark.parametrize("column", MOST_NAMES)
def test_what_is_rare_among_too_many_names_is_summed_as_other(database: Connection, column: str) -> None:
    most = MOST_NAMES[column]
    told = {"model": "'gpt-4o'", "provider": "'openai'"} | {column: "'name ' || lpad(name::text, 4, '0')"}
    database.execute(
        f"INSERT INTO {TABLE} ({', '.join(told)}, task_type, response_time_ms, tokens_used, user_id, timestamp) "
        f"SELECT {', '.join(told.values())}, 'coding', 1000 + name, 10, gen_random_uuid(), augury.start_of({DAY}) "
        f"FROM generate_series(1, {most + 3}) AS name, "
        "generate_series(1, CASE WHEN name <= 5 THEN 1 ELSE 2 END)".encode()
    )
    calls = 2 * (most + 3) - 5

    assert seal(database) == calls

    assert one(database, "SELECT overflow FROM augury.sealed_days") == column
    assert counted(database) == (calls, calls)
    for table in ("call_sums", "latency_sums"):
        names = {row[column] for row in rows(database, f"SELECT DISTINCT {column} FROM augury.{table}")}
        # Of those with one call, the first two by name are kept.
        assert names == {f"name {name:04}" for name in (1, 2, *range(6, most + 4))} | {"(other)"}
    other = rows(
        database, f"SELECT calls, response_ms_min, response_ms_max FROM augury.call_sums WHERE {column} = '(other)'"
    )
    assert other == [{"calls": 3, "response_ms_min": 1_003, "response_ms_max": 1_005}]


def test_nothing_is_lost_where_several_columns_overflow_and_others_are_null(database: Connection) -> None:
    for column in ("model", "segment"):
        database.execute(
            f"INSERT INTO {TABLE} (model, provider, segment, task_type, response_time_ms, tokens_used, user_id, timestamp) "
            f"SELECT CASE %s WHEN 'model' THEN 'm' || n ELSE 'one' END, 'openai', "
            f"CASE %s WHEN 'segment' THEN 's' || n END, 'coding', n, 10, gen_random_uuid(), "
            f"to_timestamp({DAY} * 86400::float8) FROM generate_series(1, 1500) AS n".encode(),
            [column, column],
        )

    assert seal(database) == 3_000

    assert one(database, "SELECT overflow FROM augury.sealed_days") == "model segment"
    assert counted(database) == (3_000, 3_000)
    assert one(database, "SELECT sum(calls)::int FROM augury.call_sums WHERE segment IS NULL") == 1_500


def test_unsealed_days_are_the_open_ones_that_have_calls(database: Connection) -> None:
    for day in (0, 5, DAY, DAY + 1, DAY + 2, DAY + 5):
        insert(database, day, number=3)
    database.execute(
        f"INSERT INTO {TABLE} (model, provider, task_type, response_time_ms, tokens_used, user_id, timestamp) SELECT "
        "'m', 'p', 'coding', 1, 1, gen_random_uuid(), to_timestamp(86400::float8 * %s) - INTERVAL '1 microsecond'",
        [DAY + 9],
    )
    seal(database, DAY + 1)
    seal(database, DAY + 3)

    def unsealed(before: int) -> list[int]:
        return [day for (day,) in database.execute("SELECT augury.unsealed_days(%s)", [before])]

    assert unsealed(DAY + 5) == [0, 5, DAY, DAY + 2]
    assert unsealed(DAY + 8) == [0, 5, DAY, DAY + 2, DAY + 5]
    assert unsealed(DAY + 9) == [0, 5, DAY, DAY + 2, DAY + 5, DAY + 8]
    assert unsealed(0) == []


# ── Whatever touches a sealed day unseals it ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_by_hand_takes_the_sums_of_its_days_away_and_no_others(database: Connection, change: str) -> None:
    for day in (DAY, DAY + 1):
        insert(database, day, number=2)
        seal(database, day)

    database.execute(CHANGES[change].encode())

    assert sealed(database) == [DAY + 1]
    held = one(database, f"SELECT count(*) FROM {TABLE}")
    assert counted(database) == (held, held)
    assert thumbs_up(database) == one(database, f"SELECT count(*) FROM {TABLE} WHERE user_rating = 1")


@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("change", CHANGES)
def test_it_does_so_in_every_isolation_level(database: Connection, change: str, isolation: str) -> None:
    insert(database, number=2)
    seal(database)

    database.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
    database.execute(CHANGES[change].encode())
    database.execute("COMMIT")

    assert sealed(database) == []
    held = one(database, f"SELECT count(*) FROM {TABLE}")
    assert counted(database) == (held, held)


def test_a_change_that_is_taken_back_leaves_the_seal(database: Connection) -> None:
    insert(database, number=2)
    seal(database)

    with database.transaction(force_rollback=True):
        insert(database)
        assert sealed(database) == []
        assert counted(database) == (3, 3)

    assert sealed(database) == [DAY]
    assert counted(database) == (2, 2)


def test_copy_unseals_every_day_it_touches(database: Connection) -> None:
    for day in range(DAY, DAY + 4):
        insert(database, day)
        seal(database, day)

    with (
        database.cursor() as cursor,
        cursor.copy(
            f"COPY {TABLE} (model, provider, task_type, response_time_ms, tokens_used, user_id, timestamp) FROM STDIN".encode()
        ) as copy,
    ):
        for day in (7, 4, 6, 5, 4):
            copy.write_row((*"mp", "coding", 1, 1, UUID(int=1), f"2024-10-0{day} 12:00:00+00"))

    assert sealed(database) == []
    assert counted(database) == (4 + 5, 4 + 5)


def test_moving_a_call_to_another_day_unseals_both(database: Connection) -> None:
    for day in (DAY, DAY + 1, DAY + 2):
        insert(database, day)
        seal(database, day)

    database.execute(
        f"UPDATE {TABLE} SET timestamp = timestamp + INTERVAL '48 hours' WHERE augury.day_of(timestamp) = {DAY}".encode()
    )

    assert sealed(database) == [DAY + 1]
    assert counted(database) == (3, 3)


def test_truncating_takes_all_sums_away_but_the_final_ones(database: Connection) -> None:
    for day in (DAY, DAY + 1, DAY + 2):
        insert(database, day)
        seal(database, day)
    one(database, "SELECT augury.finish_day(%s)", DAY)

    database.execute(f"TRUNCATE {TABLE}".encode())

    assert sealed(database) == [DAY]
    assert counted(database) == (1, 1)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_truncating_refuses_to_look_at_an_earlier_moment(database: Connection, isolation: str) -> None:
    insert(database)
    database.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
    with pytest.raises(errors.ActiveSqlTransaction, match="read committed"):
        database.execute(f"TRUNCATE {TABLE}".encode())
    database.execute("ROLLBACK")

    assert counted(database) == (1, 1)


# ── Beside each other ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("change", CHANGES)
def test_a_day_that_somebody_writes_to_is_not_sealed(database: Connection, connect: Connect, change: str) -> None:
    insert(database, number=2)
    writer = connect()

    with writer.transaction():
        writer.execute(CHANGES[change].encode())
        assert seal(database) is None
        assert seal(database, DAY + 1) == 0

    assert sealed(database) == [DAY + 1]
    held = one(database, f"SELECT count(*) FROM {TABLE}")
    assert seal(database) == held
    assert counted(database) == (held, held)


@pytest.mark.parametrize("change", CHANGES)
def test_who_writes_to_a_day_that_is_being_sealed_waits_and_then_unseals_it(
    database: Connection, connect: Connect, pool: ThreadPoolExecutor, change: str
) -> None:
    insert(database, number=2)
    sealer, writer = connect(), connect()

    with sealer.transaction():
        assert seal(sealer) == 2
        doing = pool.submit(writer.execute, CHANGES[change].encode())
        until_it_waits(database, writer, doing)
    doing.result(WAITS_AT_MOST_S)

    assert sealed(database) == []
    held = one(database, f"SELECT count(*) FROM {TABLE}")
    assert counted(database) == (held, held)
    assert thumbs_up(database) == one(database, f"SELECT count(*) FROM {TABLE} WHERE user_rating = 1")


def test_a_seal_that_comes_to_nothing_keeps_nobody_from_writing(
    database: Connection, connect: Connect, pool: ThreadPoolExecutor
) -> None:
    insert(database)
    sealer, writer = connect(), connect()

    with sealer.transaction(force_rollback=True):
        assert seal(sealer) == 1
        doing = pool.submit(insert, writer)
        until_it_waits(database, writer, doing)
    doing.result(WAITS_AT_MOST_S)

    assert sealed(database) == []
    assert counted(database) == (2, 2)


@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("change", CHANGES)
def test_a_seal_that_a_transaction_cannot_see_makes_it_try_again(
    database: Connection, connect: Connect, change: str, isolation: str
) -> None:
    insert(database, number=2)
    writer = connect()
    writer.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
    one(writer, "SELECT count(*) FROM augury.about")  # from here on it sees this moment

    assert seal(database) == 2
    with pytest.raises(errors.SerializationFailure):
        writer.execute(CHANGES[change].encode())
    writer.execute("ROLLBACK")

    assert sealed(database) == [DAY]
    assert counted(database) == (2, 2)
    writer.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
    writer.execute(CHANGES[change].encode())
    writer.execute("COMMIT")
    assert sealed(database) == []
    held = one(database, f"SELECT count(*) FROM {TABLE}")
    assert counted(database) == (held, held)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_seal_that_a_transaction_waited_for_makes_it_try_again(
    database: Connection, connect: Connect, pool: ThreadPoolExecutor, isolation: str
) -> None:
    insert(database, number=2)
    sealer, writer = connect(), connect()
    writer.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())

    with sealer.transaction():
        assert seal(sealer) == 2
        doing = pool.submit(insert, writer)
        until_it_waits(database, writer, doing)
    with pytest.raises(errors.SerializationFailure):
        doing.result(WAITS_AT_MOST_S)
    writer.execute("ROLLBACK")

    assert sealed(database) == [DAY]
    assert counted(database) == (2, 2)


@pytest.mark.parametrize("isolation", ["READ COMMITTED", *ISOLATIONS])
def test_who_write_to_the_same_day_do_not_wait_for_each_other(
    database: Connection, connect: Connect, isolation: str
) -> None:
    insert(database)  # an open day, as today is
    writers = [connect() for _ in range(3)]
    for writer in writers:
        writer.execute("SET statement_timeout = '10s'")
        writer.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
    for writer in writers:
        insert(writer, number=2)
    for writer in reversed(writers):
        writer.execute("COMMIT")

    assert counted(database) == (7, 7)
    assert sealed(database) == []


def test_two_who_unseal_the_same_day_both_succeed(
    database: Connection, connect: Connect, pool: ThreadPoolExecutor
) -> None:
    insert(database)
    seal(database)
    first, second = connect(), connect()

    with first.transaction():
        insert(first)
        doing = pool.submit(insert, second)
        until_it_waits(database, second, doing)
    doing.result(WAITS_AT_MOST_S)

    assert sealed(database) == []
    assert counted(database) == (3, 3)


def test_nothing_is_missed_while_many_write_and_one_seals(
    database: Connection, connect: Connect, pool: ThreadPoolExecutor
) -> None:
    days, batches = 3, 60

    def write(connection: Connection, seed: int) -> int:
        for batch in range(batches):
            insert(connection, DAY + (batch + seed) % days, number=1 + batch % 3)
        return sum(1 + batch % 3 for batch in range(batches))

    writing = [pool.submit(write, connect(), seed) for seed in range(3)]
    times = 0
    while not all(future.done() for future in writing):
        times += sum(seal(database, day) is not None for day in range(DAY, DAY + days))
        with database.transaction():
            database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")  # one moment
            calls, latencies = counted(database)
            assert calls == latencies == one(database, f"SELECT count(*) FROM {TABLE}")
    written = sum(future.result() for future in writing)

    assert times > 0
    assert counted(database) == (written, written)
    for day in range(DAY, DAY + days):
        seal(database, day)
    assert counted(database) == (written, written)


# ── Final days ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("isolation", ["READ COMMITTED", *ISOLATIONS])
@pytest.mark.parametrize("change", CHANGES)
def test_a_final_day_refuses_every_change_and_says_why(database: Connection, change: str, isolation: str) -> None:
    insert(database, number=2)
    one(database, "SELECT augury.finish_day(%s)", DAY)
    database.execute("SET datestyle = 'German'")

    database.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
    with pytest.raises(
        errors.DatabaseError, match="the calls of 2024-10-04 were pruned, and its sums are final"
    ) as refused:
        database.execute(CHANGES[change].encode())
    database.execute("ROLLBACK")

    assert refused.value.diag.sqlstate == "AU001"
    assert refused.value.diag.table_name == TABLE
    assert sealed(database) == [DAY]
    assert counted(database) == (2, 2)


def test_pruning_deletes_the_calls_of_a_final_day_and_nothing_else_of_it(database: Connection) -> None:
    insert(database, number=2)
    insert(database, DAY + 1, number=3)
    one(database, "SELECT augury.finish_day(%s)", DAY)
    seal(database, DAY + 1)

    with database.transaction():
        one(database, "SELECT set_config('augury.pruning', 'on', true)")
        database.execute(f"DELETE FROM {TABLE} WHERE augury.day_of(timestamp) = {DAY}".encode())
        database.execute(f"DELETE FROM {TABLE} WHERE augury.day_of(timestamp) = {DAY + 1}".encode())

    assert one(database, f"SELECT count(*) FROM {TABLE}") == 0
    assert counted(database) == (2, 2)  # a day that is not final follows its rows
    assert sealed(database) == [DAY]
    database.execute("SET augury.pruning = on")
    with pytest.raises(errors.DatabaseError, match="2024-10-04"):
        insert(database)
    insert(database, DAY + 1)
    assert counted(database) == (3, 3)


def test_cleaning_up_leaves_the_rest_of_its_transaction_unpruned(database: Connection) -> None:
    insert(database, number=2)
    with database.transaction():
        assert one(database, "SELECT cleanup_old_performance_data()") == 2
        assert one(database, "SELECT current_setting('augury.pruning', true)") in ("", None)


def test_finishing_a_day_waits_for_who_writes_to_it(
    database: Connection, connect: Connect, pool: ThreadPoolExecutor
) -> None:
    insert(database)
    finisher, writer = connect(), connect()

    with writer.transaction():
        insert(writer)
        doing = pool.submit(one, finisher, "SELECT augury.finish_day(%s)", DAY)
        until_it_waits(database, finisher, doing)
    doing.result(WAITS_AT_MOST_S)

    assert rows(database, "SELECT final, calls FROM augury.sealed_days") == [{"final": True, "calls": 2}]


def test_who_waits_for_a_day_to_be_finished_is_refused(
    database: Connection, connect: Connect, pool: ThreadPoolExecutor
) -> None:
    insert(database)
    pruner, writer = connect(), connect()

    with pruner.transaction():
        assert one(pruner, "SELECT cleanup_old_performance_data()") == 1
        doing = pool.submit(insert, writer)
        until_it_waits(database, writer, doing)
    with pytest.raises(errors.DatabaseError, match="final") as refused:
        doing.result(WAITS_AT_MOST_S)

    assert refused.value.diag.sqlstate == "AU001"
    assert counted(database) == (1, 1)
    assert one(database, f"SELECT count(*) FROM {TABLE}") == 0


def test_finishing_a_day_twice_is_finishing_it_once(database: Connection) -> None:
    insert(database)
    for _ in range(2):
        one(database, "SELECT augury.finish_day(%s)", DAY)

    assert rows(database, "SELECT final, calls FROM augury.sealed_days") == [{"final": True, "calls": 1}]


# ── Facts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_facts_of_a_window_are_the_same_however_days_are_sealed(database: Connection) -> None:
    for day in range(DAY, DAY + 12):
        insert(database, day, number=day - DAY + 1, metadata=Jsonb({"day": day}))
    edges = (DAY + 2, DAY + 9)
    question = (
        f"SELECT {DIMENSIONS}, augury.day_of(timestamp) AS day, sum(calls)::int AS calls FROM {{}} "
        f"GROUP BY {DIMENSIONS}, day ORDER BY day"
    )

    answers = []
    for chosen in ((), (0, 3, 4), (5,), (1, 2, 8, 9, 10), range(12)):
        for day in chosen:
            seal(database, DAY + day)
        for source in ("call_facts", "latency_facts"):
            window = f"augury.{source}_between(augury.start_of({edges[0]}), augury.start_of({edges[1]}))"
            answers.append(rows(database, question.format(window)))
            answers.append(
                rows(
                    database,
                    question.format(
                        f"augury.{source} WHERE timestamp >= augury.start_of({edges[0]}) "
                        f"AND timestamp < augury.start_of({edges[1]})"
                    ),
                )
            )

    assert [row["calls"] for row in answers[0]] == list(range(3, 10))
    assert all(answer == answers[0] for answer in answers)


def test_days_are_those_of_utc_wherever_the_session_is(database: Connection) -> None:
    for zone in ("America/Los_Angeles", "Pacific/Kiritimati", "UTC"):
        database.execute("SELECT set_config('timezone', %s, false)", [zone])
        found = rows(
            database,
            "SELECT augury.day_of(edge) AS day, augury.start_of(augury.day_of(edge)) <= edge "
            "AND edge < augury.start_of(augury.day_of(edge) + 1) AS within FROM unnest(ARRAY["
            "'2024-10-04T00:00:00Z', '2024-10-03T23:59:59.999999Z', '1970-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z'"
            "]::timestamptz[]) AS edge",
        )
        assert [row["day"] for row in found] == [DAY, DAY - 1, 0, 2_932_896]
        assert all(row["within"] for row in found)


def test_open_ranges_are_the_rest_of_time(database: Connection) -> None:
    def open_ranges() -> list[tuple[int, int]]:
        return database.execute(
            "SELECT augury.day_of(lo), augury.day_of(hi) FROM augury.open_ranges ORDER BY lo"
        ).fetchall()

    lowest, highest = -(2**31), 2**31 - 1
    assert open_ranges() == [(lowest, highest)]
    for day in (DAY, DAY + 1, DAY + 5):
        seal(database, day)
    assert open_ranges() == [
        (lowest, DAY),
        (DAY + 2, DAY + 5),
        (DAY + 6, highest),
    ]


def test_facts_of_a_window_are_found_by_the_index_on_time(database: Connection) -> None:
    for day in range(DAY, DAY + 10):
        insert(database, day, number=2_000)
        if day % 3:
            seal(database, day)
    database.execute("ANALYZE")

    plan = "\n".join(
        line
        for (line,) in database.execute(
            f"EXPLAIN SELECT sum(calls) FROM augury.call_facts_between(augury.start_of({DAY + 3}), augury.start_of({DAY + 6}))".encode()
        )
    )

    assert "idx_model_perf_timestamp" in plan
    assert "Seq Scan on model_performance_metrics" not in plan
