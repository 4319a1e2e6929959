"""The note that a server leaves beside its database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from augury.store.owner import Owner, announce, find, note_of, withdraw

if TYPE_CHECKING:
    from pathlib import Path

ALIVE = Owner(url="http://127.0.0.1:8765", token="a-token", pid=os.getpid())  # noqa: S106 - it opens nothing


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "calls.duckdb"


@pytest.fixture(scope="module")
def dead_pid() -> int:
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_server_that_announces_itself_is_found(database: Path) -> None:
    announce(database, ALIVE)

    assert find(database) == ALIVE
    assert note_of(database).name == "calls.duckdb.server.json"


def test_without_a_note_there_is_no_server(database: Path) -> None:
    assert find(database) is None


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_note_is_for_its_user_alone(database: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        announce(database, ALIVE)
    finally:
        os.umask(before)

    assert note_of(database).stat().st_mode & 0o777 == 0o600


def test_a_note_that_others_could_read_does_not_stay_so(database: Path) -> None:
    note_of(database).write_text("old")
    note_of(database).chmod(0o644)

    announce(database, ALIVE)

    assert note_of(database).stat().st_mode & 0o777 == 0o600
    assert find(database) == ALIVE


def test_the_note_of_a_process_that_is_gone_is_ignored_and_replaced(database: Path, dead_pid: int) -> None:
    announce(database, Owner(url="http://127.0.0.1:1", token="old", pid=dead_pid))  # noqa: S106

    assert find(database) is None

    announce(database, ALIVE)

    assert find(database) == ALIVE


def test_a_server_takes_its_own_note_back(database: Path) -> None:
    announce(database, ALIVE)

    withdraw(database, ALIVE)
    withdraw(database, ALIVE)

    assert not note_of(database).exists()


def test_a_server_leaves_the_note_of_another_alone(database: Path) -> None:
    other = Owner(url="http://127.0.0.1:9999", token="another", pid=os.getpid())  # noqa: S106
    announce(database, other)

    withdraw(database, ALIVE)

    assert find(database) == other


@pytest.mark.parametrize(
    "note",
    [
        "",
        "not JSON",
        "[]",
        "null",
        "{}",
        json.dumps({"url": "u", "token": "t"}),
        json.dumps({"url": "u", "token": "t", "pid": "1"}),
        json.dumps({"url": "u", "token": "t", "pid": None}),
        json.dumps({"url": "u", "token": "t", "pid": 1, "more": 1}),
        json.dumps({"url": "u", "token": "t", "pid": 10**30}),
        json.dumps({"url": "u", "token": "t", "pid": 0}),
        json.dumps({"url": "u", "token": "t", "pid": -1}),
    ],
)
def test_a_note_that_makes_no_sense_is_ignored(database: Path, note: str) -> None:
    note_of(database).write_text(note)

    assert find(database) is None


def test_a_note_that_is_not_text_is_ignored(database: Path) -> None:
    note_of(database).write_bytes(b"\xff\xfe\x00")

    assert find(database) is None
