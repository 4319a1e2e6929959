"""The SQL file: on nothing, on itself, on the seed's own table; what it promises of rows; the seed's statements as printed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import psycopg
import pytest
from psycopg import errors
from tests import postgres
from tests.database.by_sql import DAY, TABLE, counted, insert, one, rows, seal, sealed, thumbs_up
from tests.database.conftest import FILE, set_up

from augury.core.calls import COLUMNS, CostSource, ErrorType, SelectedBy
from augury.core.histogram import bucket, middle
from augury.core.tasks import Complexity, TaskType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database.by_sql import Connection

VIEWS = (
    "model_avg_response_time",
    "model_success_rate",
    "model_user_satisfaction",
    "best_model_by_task",
    "model_token_efficiency",
    "model_performance_trends",
)

SEEDS_TABLE = """
CREATE TABLE model_performance_metrics (
  id UUID PRIMARY KEY,
  model TEXT NOT NULL,                    -- e.g., "claude-sonnet-4-5", "gpt-4o"
  provider TEXT NOT NULL,                 -- "openai" or "anthropic"
  task_type TEXT NOT NULL,                -- "coding", "analysis", "reasoning", etc.
  task_complexity TEXT,                   -- "simple", "medium", "complex"
  response_time_ms INTEGER NOT NULL,      -- How long the model took to respond
  tokens_used INTEGER NOT NULL,           -- Total tokens (input + output)
  input_tokens INTEGER,
  output_tokens INTEGER,
  success BOOLEAN NOT NULL DEFAULT TRUE,  -- Did the call succeed?
  error_message TEXT,
  user_rating INTEGER,                    -- -1 (thumbs down), 0 (no rating), 1 (thumbs up)
  conversation_id TEXT,
  user_id UUID NOT NULL,
  message_id UUID,
  metadata JSONB,
  timestamp TIMESTAMPTZ DEFAULT NOW()
);
"""

SEEDS_ROWS = """
INSERT INTO model_performance_metrics VALUES
  (gen_random_uuid(), 'gpt-4o', 'openai', 'coding', 'simple', 900, 30, 10, 20, true, NULL, 1, 'conv-123',
   gen_random_uuid(), NULL, '{"a": [1, 2.50]}', NOW()),
  (gen_random_uuid(), 'gpt-4o', 'openai', 'translation', 'trivial', -5, 30, NULL, NULL, false, 'boom', 7, NULL,
   gen_random_uuid(), gen_random_uuid(), NULL, NOW() - INTERVAL '3 days'),
  (gen_random_uuid(), 'gpt-4o', 'openai', 'coding', NULL, 100, 30, NULL, NULL, true, NULL, NULL, NULL,
   gen_random_uuid(), NULL, NULL, NULL);
"""


@pytest.fixture
def empty() -> Iterator[str]:
    """A database in which nothing is."""
    with postgres.server().database() as made:
        yield made


def psql(url: str) -> subprocess.CompletedProcess[str]:
    """What the seed says: psql < database/model-performance-tracking.sql."""
    with FILE.open() as file:
        return subprocess.run(
            [postgres.binaries() / "psql", "--no-psqlrc", url],
            check=False,
            stdin=file,
            capture_output=True,
            text=True,
        )


def kept(connection: Connection) -> list[tuple[Any, ...]]:
    """What the seed's columns of all rows hold."""
    return connection.execute(
        f"SELECT {', '.join(COLUMNS[:17])} FROM model_performance_metrics ORDER BY id".encode()
    ).fetchall()


def definition(connection: Connection) -> list[tuple[Any, ...]]:
    """Columns, defaults, constraints, indexes, triggers of the table, and everything else that is ours."""
    return connection.execute("""
        SELECT attname::text, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)
        FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = 'public.model_performance_metrics'::regclass AND attnum > 0
        UNION ALL SELECT conname::text, pg_get_constraintdef(oid), NULL, NULL FROM pg_constraint
        WHERE conrelid = 'public.model_performance_metrics'::regclass AND contype <> 'n'
        UNION ALL SELECT indexname::text, indexdef, NULL, NULL FROM pg_indexes WHERE tablename = 'model_performance_metrics'
        UNION ALL SELECT tgname::text, pg_get_triggerdef(oid), NULL, NULL FROM pg_trigger
        WHERE tgrelid = 'public.model_performance_metrics'::regclass
        UNION ALL SELECT relname::text, CASE relkind WHEN 'v' THEN pg_get_viewdef(oid) END, NULL, relkind::text FROM pg_class
        WHERE relnamespace IN ('public'::regnamespace, 'augury'::regnamespace)
        UNION ALL SELECT oid::regprocedure::text, prosrc, prosecdef, proconfig::text FROM pg_proc
        WHERE pronamespace IN ('public'::regnamespace, 'augury'::regnamespace)
        ORDER BY 1, 2
    """).fetchall()


def test_psql_takes_it_twice_on_an_empty_database_and_has_nothing_to_say(empty: str) -> None:
    for _ in range(2):
        done = psql(empty)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[0] == "BEGIN"
        assert done.stdout.splitlines()[-1] == "COMMIT"

    with psycopg.connect(empty) as connection:
        assert one(connection, "SELECT value FROM augury.about WHERE key = 'schema_version'") == "3"


def test_it_has_no_commands_of_psql_so_that_it_can_be_pasted() -> None:
    assert "\\" not in FILE.read_text()


def test_it_takes_names_from_no_search_path(empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA other; CREATE TABLE other.model_performance_metrics (x int)")
        connection.execute("SET search_path = other")
        for _ in range(2):
            connection.execute(FILE.read_bytes())
        assert one(connection, "SHOW search_path") == "other"

        insert(connection, number=3)
        assert seal(connection) == 3
        insert(connection, number=2)
        assert one(connection, "SELECT sum(calls)::bigint FROM augury.call_facts") == 5
        assert one(connection, "SELECT public.cleanup_old_performance_data()") == 5


def test_again_on_a_database_with_calls_and_sums_it_changes_nothing(database: Connection, url: str) -> None:
    insert(database, number=6)
    insert(database, DAY + 1, number=2)
    seal(database)
    before = (kept(database), definition(database), rows(database, "SELECT * FROM augury.call_sums"))

    set_up(url)

    assert (kept(database), definition(database), rows(database, "SELECT * FROM augury.call_sums")) == before
    assert sealed(database) == [DAY]
    assert counted(database) == (8, 8)


def test_again_it_waits_for_nobody_who_reads_or_writes(database: Connection, url: str, connect: Any) -> None:
    reader, writer = connect(), connect()
    with reader.transaction(), writer.transaction():
        reader.execute("SELECT count(*) FROM model_performance_metrics")
        insert(writer)
        with psycopg.connect(url, autocommit=True, options="-c statement_timeout=10s") as again:
            again.execute(FILE.read_bytes().replace(b"lock_timeout = '30s'", b"lock_timeout = '1s'"))

    assert counted(database) == (1, 1)


def test_a_dump_is_restored_with_its_sums(database: Connection, url: str, empty: str) -> None:
    for day in (DAY, DAY + 1, DAY + 2):
        insert(database, day, number=3)
    one(database, "SELECT augury.finish_day(%s)", DAY)
    seal(database, DAY + 1)
    dump = subprocess.run([postgres.binaries() / "pg_dump", url], check=True, capture_output=True)

    subprocess.run(
        [postgres.binaries() / "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", empty],
        check=True,
        input=dump.stdout,
        capture_output=True,
    )

    with psycopg.connect(empty, autocommit=True) as restored:
        assert definition(restored) == definition(database)
        assert kept(restored) == kept(database)
        assert sealed(restored) == [DAY, DAY + 1]
        assert counted(restored) == (9, 9)
        insert(restored, DAY + 1)
        assert sealed(restored) == [DAY]
        assert seal(restored, DAY + 2) == 3
        set_up(empty)


def test_several_may_run_it_at_once(empty: str) -> None:
    running = [
        subprocess.Popen(
            [postgres.binaries() / "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--file={FILE}", empty],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]

    assert [process.communicate()[1] for process in running] == [""] * 4
    assert [process.returncode for process in running] == [0] * 4


def test_on_the_seeds_own_table_it_keeps_every_row_and_adds_what_is_missing(empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(SEEDS_TABLE)
        connection.execute(SEEDS_ROWS)
        before = kept(connection)

        set_up(empty)
        set_up(empty)

        assert kept(connection) == before
        assert (
            one(connection, "SELECT count(*) FROM model_performance_metrics WHERE operation = 'chat' AND attempt = 1")
            == 3
        )
        # Rows that break a rule are kept and counted, and may be deleted; new ones keep the rules.
        assert counted(connection) == (2, 2)
        with pytest.raises(errors.CheckViolation, match="model_perf_task_type"):
            insert(connection, task_type="translation")
        connection.execute("DELETE FROM model_performance_metrics WHERE task_type = 'translation'")
        assert counted(connection) == (1, 1)


def test_on_the_seeds_own_empty_table_it_makes_the_same_as_on_nothing(empty: str, database: Connection) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(SEEDS_TABLE)
        set_up(empty)
        assert definition(connection) == definition(database)


def test_views_and_functions_of_the_same_names_with_other_columns_give_way(empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(SEEDS_TABLE)
        connection.execute("""
            CREATE VIEW model_success_rate AS SELECT model, count(*) AS n FROM model_performance_metrics GROUP BY model;
            CREATE FUNCTION get_model_performance_summary(days int) RETURNS TABLE (n bigint) LANGUAGE sql
            AS 'SELECT count(*) FROM public.model_performance_metrics';
            CREATE FUNCTION cleanup_old_performance_data() RETURNS void LANGUAGE sql AS '';
        """)
        set_up(empty)
        assert rows(connection, "SELECT * FROM model_success_rate") == []
        assert rows(connection, "SELECT * FROM get_model_performance_summary(30)") == []


def test_a_database_of_a_newer_version_is_left_alone(database: Connection, url: str) -> None:
    database.execute("UPDATE augury.about SET value = '4' WHERE key = 'schema_version'")
    database.execute("DROP VIEW model_success_rate")

    with pytest.raises(errors.RaiseException, match="version 4 of the schema, this file is of version 3"):
        set_up(url)

    assert one(database, "SELECT to_regclass('model_success_rate')") is None


def test_the_columns_are_those_of_the_record_in_their_order(database: Connection) -> None:
    assert (
        tuple(
            name
            for (name,) in database.execute(
                "SELECT attname::text FROM pg_attribute WHERE attrelid = 'model_performance_metrics'::regclass AND attnum > 0 "
                "ORDER BY attnum"
            )
        )
        == COLUMNS
    )


def test_the_indexes_have_the_names_of_the_seed(database: Connection) -> None:
    names = {row["indexname"] for row in rows(database, "SELECT indexname FROM pg_indexes")}

    assert names >= {
        "idx_model_perf_model",
        "idx_model_perf_task_type",
        "idx_model_perf_model_task",
        "idx_model_perf_timestamp",
    }


# ── What a row must be ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_seeds_insert_without_an_id_is_a_call(database: Connection) -> None:
    # What supabase.from('model_performance_metrics').insert sends for the seed's example.
    database.execute("""
        INSERT INTO model_performance_metrics (model, provider, task_type, task_complexity, response_time_ms,
            tokens_used, input_tokens, output_tokens, success, conversation_id, user_id)
        VALUES ('gpt-4o', 'openai', 'general_chat', 'simple', 2456, 30, 10, 20, true, 'conv-123', gen_random_uuid())
    """)

    (row,) = rows(database, "SELECT * FROM model_performance_metrics")
    assert isinstance(row["id"], UUID)
    assert row["timestamp"] is not None
    assert (row["operation"], row["cost_source"], row["attempt"], row["cost_usd"]) == ("chat", "unknown", 1, None)
    assert counted(database) == (1, 1)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("task_type", TaskType),
        ("task_complexity", Complexity),
        ("cost_source", CostSource),
        ("error_type", ErrorType),
        ("selected_by", SelectedBy),
    ],
)
def test_a_word_must_be_one_of_those_that_are_allowed(database: Connection, column: str, words: Any) -> None:
    for word in words:
        insert(database, **dict[str, Any]({column: str(word)}))
    for wrong in ("", "translation", str(next(iter(words))).upper()):
        with pytest.raises(errors.CheckViolation, match=f"model_perf_{column}"):
            insert(database, **dict[str, Any]({column: wrong}))

    assert counted(database) == (len(words), len(words))


COUNTS = (
    "response_time_ms", "tokens_used", "input_tokens", "output_tokens", "time_to_first_token_ms", "cached_input_tokens",
    "cache_write_tokens", "cache_write_1h_tokens", "reasoning_tokens",
)  # fmt: skip


@pytest.mark.parametrize(
    ("column", "right", "wrong"),
    [
        *((name, (0, 2**31 - 1), (-1,)) for name in COUNTS),
        ("user_rating", (-1, 0, 1, None), (2, -2)),
        ("cost_usd", (0, "100000", "0.0000000001", None), (-1, "100001", "NaN")),
        ("propensity", (1, 1e-9, None), (0, 1.1, -0.5, "NaN")),
        ("attempt", (1, 1_000), (0, -1)),
    ],
)
def test_a_number_must_be_within_its_bounds(
    database: Connection, column: str, right: tuple[Any, ...], wrong: tuple[Any, ...]
) -> None:
    for value in right:
        insert(database, **{column: value})
    for value in wrong:
        with pytest.raises(errors.CheckViolation, match=f"model_perf_{column}"):
            insert(database, **{column: value})


@pytest.mark.parametrize("wrong", ["infinity", "-infinity", "1969-12-31 23:59:59.999999+00", "0001-01-01 00:00:00+00"])
def test_a_time_must_be_one_since_1970(database: Connection, wrong: str) -> None:
    insert(database, 0)
    insert(database)
    with pytest.raises(errors.CheckViolation, match="model_perf_timestamp"):
        database.execute("UPDATE model_performance_metrics SET timestamp = %s", [wrong])


def test_a_call_without_a_time_is_kept_and_not_counted(database: Connection) -> None:
    insert(database)
    seal(database)
    database.execute(
        "INSERT INTO model_performance_metrics (model, provider, task_type, response_time_ms, tokens_used, user_id, "
        "timestamp) VALUES ('gpt-4o', 'openai', 'coding', 1, 1, gen_random_uuid(), NULL)"
    )

    assert sealed(database) == [DAY]
    assert counted(database) == (1, 1)
    assert one(database, f"SELECT count(*) FROM {TABLE}") == 2
    database.execute("DELETE FROM model_performance_metrics WHERE timestamp IS NULL")
    assert sealed(database) == [DAY]


def test_buckets_are_those_of_python(database: Connection) -> None:
    edges = sorted({min(max(0, (1 << bits) + step), 2**31 - 1) for bits in range(32) for step in (-2, -1, 0, 1, 3)})

    found = database.execute(
        "SELECT augury.latency_bucket(ms), augury.latency_middle(augury.latency_bucket(ms)) FROM unnest(%s::int[]) AS ms",
        [edges],
    ).fetchall()

    buckets = [bucket(ms) for ms in edges]
    assert [index for index, _ in found] == buckets
    assert [value for _, value in found] == middle(np.array(buckets, dtype=np.int64)).tolist()


# ── The seed's statements, as it prints them ────────────────────────────────────────────────────────────────────────


STATEMENTS = (
    "SELECT * FROM get_best_model_for_task('coding', 'quality');",
    "SELECT * FROM get_model_performance_summary(30);",
    "SELECT COUNT(*) FROM model_performance_metrics;",
    "SELECT * FROM model_avg_response_time;",
    """SELECT model, COUNT(*) as calls
FROM model_performance_metrics
WHERE timestamp >= NOW() - INTERVAL '7 days'
GROUP BY model
ORDER BY calls DESC;""",
    "SELECT * FROM model_success_rate;",
    "SELECT cleanup_old_performance_data();",
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_of_the_seed_answers_as_printed(database: Connection, statement: str) -> None:
    today = one(database, "SELECT augury.day_of(now())")
    insert(database, today - 1, number=6)
    insert(database, today - 2, number=4, model="gpt-4o-mini")

    found = rows(database, statement)

    assert found
    first = found[0]
    assert first.get("model", "gpt-4o") == "gpt-4o"
    assert first.get("count", 10) == 10
    assert first.get("total_calls", 6) == 6
    assert first.get("cleanup_old_performance_data", 0) == 0


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_a_function_of_its_name_for_other_numbers_of_days(database: Connection, view: str) -> None:
    today = one(database, "SELECT augury.day_of(now())")
    for back, model in ((0, "today"), (6, "this week"), (7, "before"), (89, "long ago"), (90, "too long ago")):
        insert(database, today - back, number=5, model=model, task_type="coding" if back < 7 else "analysis")

    found = {days: len(rows(database, f"SELECT * FROM {view}({days})")) for days in (1, 7, 90, 365)}

    assert found == ({1: 1, 7: 1, 90: 2, 365: 2} if view == "best_model_by_task" else {1: 1, 7: 2, 90: 4, 365: 5})
    assert len(rows(database, f"SELECT * FROM {view}")) == found[90]


def test_cleaning_up_deletes_what_is_older_than_90_days_and_keeps_its_sums(database: Connection) -> None:
    today = one(database, "SELECT augury.day_of(now())")
    for back in (0, 1, 89, 90, 91, 400):
        insert(database, today - back, number=back + 1)
    seal(database, today - 1)
    seal(database, today - 90)
    every = counted(database)
    assert every == (1 + 2 + 90 + 91 + 92 + 401,) * 2

    assert one(database, "SELECT cleanup_old_performance_data()") == 91 + 92 + 401

    assert one(database, f"SELECT count(*) FROM {TABLE}") == 1 + 2 + 90
    assert counted(database) == every
    final = database.execute("SELECT day FROM augury.sealed_days WHERE final ORDER BY day").fetchall()
    assert [day for (day,) in final] == [today - 400, today - 91, today - 90]
    assert one(database, "SELECT cleanup_old_performance_data()") == 0


def test_a_rating_by_hand_shows_at_once_on_a_sealed_day_too(database: Connection) -> None:
    insert(database, number=2, conversation_id="conv-123")
    seal(database)
    assert thumbs_up(database) == 0

    database.execute("UPDATE model_performance_metrics SET user_rating = 1 WHERE conversation_id = 'conv-123'")

    assert thumbs_up(database) == 2
    assert sealed(database) == []
    assert seal(database) == 2
    assert thumbs_up(database) == 2
