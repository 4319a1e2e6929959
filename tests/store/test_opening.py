"""Opening a database: what is one, what is none, whose it is, and what is said about it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TYPE_CHECKING

import duckdb
import pytest
from tests.world import a_call

from augury.errors import NotADatabase, QueryRefused, SchemaTooNew, SettingsError, StoreAway, StoreError, StoreInUse
from augury.store import open_store
from augury.store.protocol import CallsQuestion, Fate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from augury.store.protocol import Store

HOLD = (
    "import sys; from augury.store import open_store; s = open_store(sys.argv[1]); print('mine', flush=True); input()"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "calls.duckdb"


@pytest.fixture
def used(file: Path) -> Path:
    """A database with a few calls, closed."""
    with open_store(str(file)) as store:
        store.append([a_call(number) for number in range(10)])
    return file


@contextmanager
def in_use(file: Path) -> Iterator[int]:
    """Another process has the database open; its id."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    "content",
    [
        b"model,provider\ngpt-4o,openai\n",
        "größe 🦊".encode() * 5_000,
        b"SQLite format 3\0" + bytes(100_000),
        bytes(8_192),
        b"x",
    ],
    ids=["csv", "text", "sqlite", "zeros", "letter"],
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(file: Path, content: bytes, *, read_only: bool) -> None:
    file.write_bytes(content)

    with pytest.raises(NotADatabase, match=r"calls\.duckdb"):
        open_store(str(file), read_only=read_only)

    assert file.read_bytes() == content


@pytest.mark.parametrize("where", ["start", "headers", "middle"])
def test_a_damaged_database_is_refused(used: Path, where: str) -> None:
    content = bytearray(used.read_bytes())
    stretch = {"start": slice(0, 4_096), "headers": slice(4_096, 12_288), "middle": slice(12_288, len(content))}[where]
    content[stretch] = b"\xa5" * len(content[stretch])
    used.write_bytes(content)

    with pytest.raises(StoreError, match=r"calls\.duckdb") as refusal, open_store(str(used)) as store:
        store.calls(CallsQuestion())

    assert isinstance(refusal.value, NotADatabase)
    assert used.read_bytes() == content


def test_a_truncated_database_is_refused(used: Path) -> None:
    used.write_bytes(used.read_bytes()[:20_000])

    with pytest.raises(NotADatabase), open_store(str(used)) as store:
        store.calls(CallsQuestion())


@pytest.mark.parametrize("read_only", [False, True])
def test_a_folder_is_no_database(tmp_path: Path, *, read_only: bool) -> None:
    with pytest.raises(StoreError, match=tmp_path.name):
        open_store(str(tmp_path), read_only=read_only)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_database_of_something_else_is_refused_and_left_alone(file: Path, *, read_only: bool) -> None:
    with duckdb.connect(file) as other:
        other.execute("CREATE TABLE pets AS SELECT 'Rex' AS name")

    with pytest.raises(NotADatabase, match=r"something else.*pets"):
        open_store(str(file), read_only=read_only)

    with duckdb.connect(file) as other:
        assert other.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("pets",)]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_database_of_a_newer_augury_is_refused_and_left_alone(used: Path, *, read_only: bool) -> None:
    with duckdb.connect(used) as newer:
        newer.execute("UPDATE augury_about SET value = '999' WHERE key = 'schema_version'")

    with pytest.raises(SchemaTooNew, match=r"999.*upgrade"):
        open_store(str(used), read_only=read_only)

    with duckdb.connect(used) as newer:
        assert newer.execute("SELECT value FROM augury_about WHERE key = 'schema_version'").fetchall() == [("999",)]


@pytest.mark.parametrize("read_only", [False, True])
def test_a_database_that_another_process_owns_is_refused_by_its_process_id(used: Path, *, read_only: bool) -> None:
    with in_use(used) as pid, pytest.raises(StoreInUse, match=str(pid)):
        open_store(str(used), read_only=read_only)

    with open_store(str(used)) as store:
        assert store.describe().calls == 10


@pytest.mark.parametrize("read_only", [False, True])
def test_a_database_opened_twice_in_one_process_is_refused_the_second_time(used: Path, *, read_only: bool) -> None:
    with open_store(str(used)) as store:
        with pytest.raises(StoreInUse):
            open_store(str(used), read_only=read_only)

        assert store.describe().calls == 10
        assert store.append([a_call(50)]) == [Fate.STORED]


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no folder .*nowhere; create it"):
        open_store(f"duckdb:///{tmp_path}/nowhere/calls.duckdb")

    assert not (tmp_path / "nowhere").exists()


def test_three_slashes_before_an_absolute_path_are_suspected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    with pytest.raises(StoreError, match="four slashes") as refusal:
        open_store(f"duckdb:///{str(tmp_path).lstrip('/')}/calls.duckdb")

    assert f"duckdb:///{tmp_path}/calls.duckdb" in str(refusal.value)


def test_to_read_only_the_database_must_exist(file: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no database .*calls\.duckdb"):
        open_store(str(file), read_only=True)

    assert not file.exists()


def test_a_database_that_is_only_read_answers_and_changes_nothing(used: Path) -> None:
    before = used.read_bytes()

    with open_store(str(used), read_only=True) as store:
        assert store.describe().calls == len(store.calls(CallsQuestion())) == 10
        assert store.query("SELECT count(*) FROM model_success_rate(3650)", limit=1).rows == [(1,)]
        with pytest.raises(StoreError):
            store.append([a_call(50)])

    assert used.read_bytes() == before


def test_what_was_written_is_there_when_the_database_is_opened_again(file: Path) -> None:
    batch = [a_call(number) for number in range(30)]
    for number in range(3):
        with open_store(str(file)) as store:
            assert store.append(batch[: 10 * (number + 1)]) == [Fate.KNOWN] * 10 * number + [Fate.STORED] * 10
            store.mark_as_sample()

    with open_store(str(file)) as store:
        assert {call.id: call for call in store.calls(CallsQuestion())} == {call.id: call for call in batch}
        assert store.describe().sample


def test_migrating_again_keeps_the_data(used: Path) -> None:
    with open_store(str(used)) as store:
        version = store.describe().schema_version

        assert store.migrate() == store.migrate() == (version, version)
        assert store.describe().calls == 10


def test_views_that_were_lost_are_made_again(used: Path) -> None:
    with duckdb.connect(used) as plain:
        plain.execute("DROP VIEW model_success_rate")

    with open_store(str(used)) as store:
        assert store.query("SELECT count(*) FROM model_success_rate", limit=1).rows in ([(0,)], [(1,)])


def test_a_relative_path_is_below_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_store("duckdb:///here.duckdb") as store:
        store.append([a_call(1)])

    assert (tmp_path / "here.duckdb").is_file()


@pytest.mark.parametrize("name", ["it's.duckdb", 'a "b" ünï 🦊.duckdb', "a;b --.duckdb"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    with open_store(str(tmp_path / name)) as store:
        store.append([a_call(1)])
        assert store.query("SELECT 1", limit=1).rows == [(1,)]

    assert (tmp_path / name).is_file()


@pytest.mark.parametrize("url", ["duckdb:///:memory:", ":memory:"])
def test_a_database_in_memory_would_lose_its_calls_and_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises((SettingsError, StoreError)), open_store(url) as store:
        store.describe()


def test_a_store_leaves_no_files_behind_but_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with open_store(str(tmp_path / "calls.duckdb")) as store:
        store.append([a_call(1)])
        store.export(None, tmp_path / "calls.parquet")
        store.append_file(tmp_path / "calls.parquet")

    assert list((tmp_path / "temporary").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "calls.duckdb",
        "calls.duckdb.lock",
        "calls.parquet",
        "temporary",
    ]


def test_an_owner_that_was_killed_leaves_the_database_to_the_next(used: Path) -> None:
    with in_use(used) as pid:
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with open_store(str(used)) as store:
            assert store.describe().calls == 10


def test_the_folder_for_temporary_files_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "anna's").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "anna's"))

    with open_store(str(tmp_path / "calls.duckdb")) as store:
        store.append([a_call(1)])
        assert store.export(None, tmp_path / "calls.parquet") == 1


INTERRUPTED = """
import signal
import sys
from augury.store import open_store

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background may have it ignored
with open_store(sys.argv[1]) as store:
    try:
        print("asking", flush=True)
        store.query("SELECT count(*) FROM range(100000000000) AS a WHERE a.range % 7 = 3", limit=1)
    except KeyboardInterrupt:
        print("interrupted", store.describe().calls, flush=True)
"""


def test_ctrl_c_within_a_statement_is_an_interrupt_and_the_store_goes_on(used: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(used)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "asking\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted 10\n"
    assert process.returncode == 0


def test_the_engine_leaves_memory_to_others(used: Path) -> None:
    with open_store(str(used)) as store:
        ((text,),) = store.query("SELECT current_setting('memory_limit')", limit=1).rows
    number, unit = str(text).split()

    assert unit == "MiB" or (unit == "GiB" and float(number) <= 1)


def test_a_store_is_closed_though_others_read_it(used: Path) -> None:
    for _ in range(20):
        store = open_store(str(used))
        begun = Barrier(5)

        def ask(store: Store = store, begun: Barrier = begun) -> str:
            begun.wait()
            try:
                while True:
                    assert len(store.calls(CallsQuestion(limit=10))) == 10
            except StoreAway as problem:
                return str(problem)

        with ThreadPoolExecutor(4) as threads:
            asking = [threads.submit(ask) for _ in range(4)]
            begun.wait()
            store.close()
        assert {asked.result() for asked in asking} == {f"{used} is closed"}


def test_a_question_that_takes_long_is_stopped_when_its_store_is_closed(used: Path) -> None:
    with ThreadPoolExecutor(1) as thread:
        with open_store(str(used)) as store:
            sql = "SELECT count(*) FROM range(100000000000) AS a WHERE a.range % 7 = 3"
            asked = thread.submit(store.query, sql, limit=1)
            with pytest.raises(TimeoutError):  # it has begun
                asked.result(timeout=0.2)
        with pytest.raises(QueryRefused, match="stopped"):
            asked.result()
    with open_store(str(used)) as store:
        assert store.describe().calls == 10
