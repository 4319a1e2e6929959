"""`augury copy`: a whole database, from one engine to another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import psycopg
import pytest
from tests.postgres import server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Augury

FILE = "duckdb:///calls.duckdb"
BACK = "duckdb:///back.duckdb"
ANALYTICS = "/api/analytics/models?from=2026-01-01&to=2026-01-31&group_by=task_type"


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of an empty database."""
    with server().database() as url:
        yield url


@pytest.fixture(autouse=True)
def _calls(augury: Augury, log: Path) -> None:
    augury("import", log, "--database", FILE)


def copy(augury: Augury, source: str, target: str, code: int = 0) -> Any:
    return json.loads(augury("copy", "--from", source, "--to", target, "--json", code=code).stdout)


def analytics(augury: Augury, url: str) -> Any:
    with augury.serving("--database", url) as address, urlopen(address + ANALYTICS) as answer:  # noqa: S310
        return json.load(answer)


def exported(augury: Augury, url: str) -> list[Any]:
    return [json.loads(line) for line in augury("export", "--json", "--database", url).stdout.splitlines()]


def test_there_and_back_everything_is_as_it_was(augury: Augury, postgres: str) -> None:
    there = copy(augury, FILE, postgres)
    back = copy(augury, postgres, BACK)

    assert (there["calls"], there["stored"], there["known"], there["refused"]) == (3, 3, 0, 0)
    assert back == there | {"from": there["to"], "to": BACK}
    assert exported(augury, BACK) == exported(augury, postgres) == exported(augury, FILE)
    answers = [analytics(augury, url) for url in (FILE, postgres, BACK)]
    assert answers[0]["summary"]["totalCalls"] == 3
    assert answers[0] == answers[1] == answers[2]


def test_a_second_run_adds_nothing_and_a_pruned_day_goes_along(augury: Augury, postgres: str) -> None:
    copy(augury, FILE, postgres)
    again = copy(augury, FILE, postgres)
    augury("prune", "--database", FILE)

    pruned = augury("copy", "--from", FILE, "--to", BACK)

    assert (again["stored"], again["known"], again["comparedDays"], again["differentDays"]) == (0, 3, 1, [])
    assert "Copied 0 calls, and the sums of 1 pruned day" in pruned.stderr
    assert "counts and sums of 1 day are the same on both sides" in pruned.stderr
    assert analytics(augury, BACK) == analytics(augury, FILE)
    assert copy(augury, FILE, postgres)["finalDaysStored"] == 0  # the calls are there, and say the same
    assert copy(augury, FILE, BACK)["finalDays"] == 1


def test_a_day_that_differs_is_named_with_what_to_do(augury: Augury, postgres: str) -> None:
    copy(augury, FILE, postgres)
    with psycopg.connect(postgres) as connection:
        connection.execute("UPDATE model_performance_metrics SET user_rating = 1 WHERE model = 'claude-sonnet-4-5'")

    told = augury("copy", "--from", FILE, "--to", postgres, code=1)
    (day,) = copy(augury, FILE, postgres, code=1)["differentDays"]

    assert day == {
        "day": "2026-01-01", "why": "changed", "sourceCalls": 3, "targetCalls": 3, "differs": {"thumbs_up": [0, 1]},
    }  # fmt: skip
    assert "thumbs_up" in told.stdout
    assert "2026-01-01: all calls are there" in told.stderr
    assert "copy into a new database" in told.stderr


def test_calls_that_only_the_target_has_are_told(augury: Augury, postgres: str) -> None:
    other = augury.folder / "other.csv"
    other.write_text("timestamp,model,response_time_ms\n2026-01-01T10:00:00Z,gpt-4o,1\n2026-02-01T10:00:00Z,gpt-4o,1\n")
    augury("import", other, "--database", postgres)

    told = augury("copy", "--from", FILE, "--to", postgres)

    assert "2 calls more, on 2 days" in told.stderr
    more = copy(augury, FILE, postgres)["moreInTarget"]
    assert [(day["day"], day["sourceCalls"], day["targetCalls"]) for day in more] == [
        ("2026-01-01", 3, 4),
        ("2026-02-01", 0, 1),
    ]


def test_a_server_that_owns_the_file_is_to_be_ended_first(augury: Augury, postgres: str) -> None:
    with augury.serving("--database", FILE) as address:
        for source, target in ((FILE, postgres), (postgres, FILE)):
            refused = augury("copy", "--from", source, "--to", target, code=1)
            assert f"a server at {address} owns calls.duckdb; end it first" in refused.stderr


def test_a_database_is_not_copied_to_itself(augury: Augury, postgres: str) -> None:
    (augury.folder / "link.duckdb").symlink_to(augury.folder / "calls.duckdb")
    for source, target in ((FILE, "calls.duckdb"), (FILE, "link.duckdb"), (postgres, postgres)):
        assert "the same database" in augury("copy", "--from", source, "--to", target, code=1).stderr


def test_where_nothing_can_be_copied_nothing_is_made(augury: Augury) -> None:
    assert (
        "there is no database none.duckdb to copy"
        in augury("copy", "--from", "none.duckdb", "--to", BACK, code=1).stderr
    )
    assert "--to" in augury("copy", "--from", FILE, code=2).stderr
    assert not (augury.folder / "none.duckdb").exists()
    assert not (augury.folder / "back.duckdb").exists()
