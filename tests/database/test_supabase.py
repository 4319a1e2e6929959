"""Who may see what where Supabase's roles are: users their own calls, the service role everything."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from psycopg import errors
from tests import postgres
from tests.database.by_sql import DAY, counted, insert, one, rows, seal, sealed
from tests.database.conftest import FILE, set_up
from tests.database.test_schema import SEEDS_ROWS, SEEDS_TABLE, VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database.by_sql import Connection

ANNA, BORIS = UUID(int=1), UUID(int=2)
TABLE = "model_performance_metrics"

# As Supabase sets a project up: whoever runs SQL in the editor is no superuser, and what it makes in `public` is given to
# everybody unless taken away.
ROLES = """
CREATE ROLE anon NOLOGIN NOINHERIT;
CREATE ROLE authenticated NOLOGIN NOINHERIT;
CREATE ROLE service_role NOLOGIN NOINHERIT BYPASSRLS;
CREATE ROLE editor LOGIN BYPASSRLS;
GRANT anon, authenticated, service_role TO editor;
"""
PROJECT = """
CREATE SCHEMA auth;
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT nullif(coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'), '')::uuid
$$;
GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role;
GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
GRANT ALL ON SCHEMA public TO editor;
ALTER DEFAULT PRIVILEGES FOR ROLE editor IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE editor IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE editor IN SCHEMA public GRANT ALL ON SEQUENCES TO anon, authenticated, service_role;
"""


@pytest.fixture(scope="module")
def supabase() -> Iterator[postgres.Server]:
    """A server of its own, as roles belong to a server."""
    with postgres.running() as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(ROLES)
        yield server


@pytest.fixture
def project(supabase: postgres.Server) -> Iterator[str]:
    """A new project, as its editor sees it."""
    with supabase.database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            database = one(connection, "SELECT current_database()")
            connection.execute(PROJECT)
            connection.execute(f'GRANT CREATE ON DATABASE "{database}" TO editor'.encode())
        yield supabase.url_of(database, user="editor")


@pytest.fixture
def editor(project: str) -> Iterator[Connection]:
    """The SQL editor of a project that the file was pasted into twice, with the calls of two users."""
    for _ in range(2):
        set_up(project)
    with psycopg.connect(project, autocommit=True) as connection:
        for user, number in ((ANNA, 7), (BORIS, 5)):
            insert(connection, number=number, user_id=user)
        insert(connection, one(connection, "SELECT augury.day_of(now())") - 1, number=6, user_id=BORIS)
        yield connection


@contextmanager
def acting(connection: Connection, role: str, user: UUID | None = None) -> Iterator[None]:
    """As the API does it: a transaction in which the connection is the role, for the user of a token."""
    with connection.transaction():
        connection.execute(f"SET LOCAL ROLE {role}".encode())
        claims = json.dumps({"role": role} | ({"sub": str(user)} if user else {}))
        connection.execute("SELECT set_config('request.jwt.claims', %s, true)", [claims])
        yield


def refuses(connection: Connection, role: str, statement: str, user: UUID | None = None) -> bool:
    try:
        with acting(connection, role, user):
            connection.execute(statement.encode())
    except errors.InsufficientPrivilege:
        return True
    return False


@pytest.mark.parametrize(("user", "number"), [(ANNA, 7), (BORIS, 11), (UUID(int=3), 0)])
def test_a_user_reads_their_own_calls_and_no_others(editor: Connection, user: UUID, number: int) -> None:
    with acting(editor, "authenticated", user):
        found = rows(editor, f"SELECT * FROM {TABLE}")

    assert {row["user_id"] for row in found} <= {user}
    assert len(found) == number


def test_who_has_no_token_of_a_user_reads_nothing(editor: Connection) -> None:
    with acting(editor, "authenticated"):
        assert one(editor, f"SELECT count(*) FROM {TABLE}") == 0
    assert refuses(editor, "anon", f"SELECT * FROM {TABLE}")


CHANGES = (
    (
        f"INSERT INTO {TABLE} (model, provider, task_type, response_time_ms, tokens_used, user_id) "
        f"VALUES ('m', 'p', 'coding', 1, 1, '{ANNA}')"
    ),
    f"UPDATE {TABLE} SET user_rating = 1",
    f"DELETE FROM {TABLE}",
    f"TRUNCATE {TABLE}",
)
FUNCTIONS = (
    "get_best_model_for_task('coding', 'quality')",
    "get_model_performance_summary(30)",
    "cleanup_old_performance_data()",
    *(f"{view}(30)" for view in VIEWS),
)
MACHINERY = (
    "SELECT * FROM augury.call_facts",
    "SELECT * FROM augury.latency_sums",
    "SELECT * FROM augury.about",
    f"SELECT augury.seal_day({DAY})",
    f"SELECT augury.finish_day({DAY})",
    "SELECT augury.unsealed_days(30000)",
    "SELECT * FROM augury.call_facts_between('-infinity', 'infinity')",
    "INSERT INTO augury.sealed_days (day, calls) VALUES (1, 1)",
    "SELECT nextval('augury.seal_numbers')",
)


@pytest.mark.parametrize("role", ["anon", "authenticated"])
@pytest.mark.parametrize(
    "statement",
    [
        *CHANGES,
        *(f"SELECT * FROM {view}" for view in VIEWS),
        *(f"SELECT * FROM {function}" for function in FUNCTIONS),
        *MACHINERY,
    ],
)
def test_who_is_not_the_service_role_neither_writes_nor_sees_what_is_about_everybody(
    editor: Connection, role: str, statement: str
) -> None:
    before = counted(editor)
    assert refuses(editor, role, statement, ANNA)
    assert counted(editor) == before


def test_no_function_of_ours_may_be_run_by_everybody(editor: Connection) -> None:
    for role in ("anon", "authenticated"):
        allowed = rows(
            editor,
            "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace IN ('public'::regnamespace, "
            "'augury'::regnamespace) AND has_function_privilege(%s, oid, 'EXECUTE')",
            role,
        )
        assert allowed == []


def test_the_service_role_inserts_plain_rows_and_rates_them_on_sealed_days_too(editor: Connection) -> None:
    with acting(editor, "service_role"):
        assert seal(editor) == 12
    assert sealed(editor) == [DAY]

    with acting(editor, "service_role"):
        insert(editor, number=2)
        editor.execute(f"UPDATE {TABLE} SET user_rating = 1 WHERE user_id = '{ANNA}'".encode())

    assert sealed(editor) == []
    assert counted(editor) == (20, 20)


@pytest.mark.parametrize("source", [*VIEWS, *FUNCTIONS])
def test_the_service_role_reads_views_and_functions_over_all_calls(editor: Connection, source: str) -> None:
    with acting(editor, "service_role"):
        found = rows(editor, f"SELECT * FROM {source}")

    assert len(found) == (0 if "best_model_for_task" in source and not found else 1)
    if "total_calls" in found[0]:
        assert found[0]["total_calls"] == 6
    assert found[0].get("cleanup_old_performance_data", 12) == 12


def test_who_may_insert_and_nothing_else_unseals_all_the_same(editor: Connection, supabase: postgres.Server) -> None:
    seal(editor)
    with psycopg.connect(supabase.url, autocommit=True) as superuser:
        superuser.execute("CREATE ROLE writer NOLOGIN BYPASSRLS")
        superuser.execute("GRANT writer TO editor")
    editor.execute(f"GRANT INSERT ON {TABLE} TO writer".encode())

    with acting(editor, "writer"):
        insert(editor)

    assert sealed(editor) == []
    assert counted(editor) == (19, 19)


def test_sealing_refuses_to_sum_what_it_may_only_see_in_part(editor: Connection, supabase: postgres.Server) -> None:
    with psycopg.connect(supabase.url, autocommit=True) as superuser:
        superuser.execute("CREATE ROLE half_seeing NOLOGIN")
        superuser.execute("GRANT half_seeing TO editor")
    editor.execute(f"GRANT SELECT ON {TABLE} TO half_seeing".encode())
    editor.execute("GRANT USAGE ON SCHEMA augury TO half_seeing")
    editor.execute("GRANT ALL ON ALL TABLES IN SCHEMA augury TO half_seeing")
    editor.execute("GRANT ALL ON ALL FUNCTIONS IN SCHEMA augury TO half_seeing")
    editor.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA augury TO half_seeing")

    assert refuses(editor, "half_seeing", f"SELECT augury.seal_day({DAY})")
    assert sealed(editor) == []


def test_on_the_seeds_own_open_table_it_closes_what_was_open(project: str) -> None:
    with psycopg.connect(project, autocommit=True) as editor:
        editor.execute(SEEDS_TABLE)
        editor.execute(SEEDS_ROWS)
        with acting(editor, "anon"):
            assert one(editor, f"SELECT count(*) FROM {TABLE}") == 3

        set_up(project)

        assert refuses(editor, "anon", f"SELECT * FROM {TABLE}")
        assert one(editor, f"SELECT count(*) FROM {TABLE}") == 3


def test_a_policy_of_ones_own_is_kept(editor: Connection) -> None:
    editor.execute(f"CREATE POLICY staff ON {TABLE} FOR SELECT TO authenticated USING (true)".encode())
    editor.execute(FILE.read_bytes())

    with acting(editor, "authenticated", ANNA):
        assert one(editor, f"SELECT count(*) FROM {TABLE}") == 18


def test_without_supabases_roles_there_is_no_row_level_security() -> None:
    with postgres.server().database() as url:
        set_up(url)
        with psycopg.connect(url) as connection:
            roles = one(
                connection, "SELECT count(*) FROM pg_roles WHERE rolname IN ('anon', 'authenticated', 'service_role')"
            )
            secured = one(connection, f"SELECT relrowsecurity FROM pg_class WHERE oid = '{TABLE}'::regclass")
    assert secured is (roles == 3)
