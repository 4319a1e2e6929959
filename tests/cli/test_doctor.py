"""What `augury doctor` notices."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Augury

DATABASE = ("--database", "duckdb:///calls.duckdb")


def findings(augury: Augury, check: str) -> list[str]:
    return [found["says"] for found in augury.json("doctor", *DATABASE)["findings"] if found["check"] == check]


def recorded(augury: Augury, *costs: tuple[str, float, int]) -> None:
    """Calls of a model at a cost, so many of them."""
    lines = ["model,response_time_ms,cost_usd,timestamp"]
    for model, cost, calls in costs:
        lines += [f"{model},{100 + number},{cost},2026-01-01" for number in range(calls)]
    (augury.folder / "costs.csv").write_text("\n".join(lines))
    augury("import", "costs.csv", *DATABASE)


def test_single_calls_of_an_implausible_cost_are_counted_by_model(augury: Augury) -> None:
    recorded(
        augury,
        *[("gpt-4o", 0.02, 40), ("gpt-4o", 2_150, 2), ("o1-pro", 40, 20), ("o1-pro", 150, 20), ("gpt-5", 0.01, 20)],
        ("gpt-5", 90, 2),
        ("claude-opus-4-1", 500, 3),
    )

    opus, gpt = findings(augury, "implausible costs")

    assert "3 calls of claude-opus-4-1 cost over $100 each, up to $500.00;" in opus
    assert "2 calls of gpt-4o cost over $100 each, up to $2,150.00, where 99% of the others cost $0.02 or less" in gpt


def test_plausible_costs_are_passed_over(augury: Augury, log: Path) -> None:
    augury("import", log, *DATABASE)

    assert findings(augury, "implausible costs") == []


def test_many_models_of_implausible_costs_are_not_all_named(augury: Augury) -> None:
    recorded(augury, *((f"model-{letter}", 700, 5) for letter in "abcde"))

    assert len(findings(augury, "implausible costs")) == 4
    assert findings(augury, "implausible costs")[-1] == "and calls of other models"


def test_what_is_still_in_the_log_counts_as_used(augury: Augury, log: Path) -> None:
    augury("import", log, *DATABASE)
    (before,) = findings(augury, "disk")

    crashed = augury.folder / "crashed.duckdb"
    with duckdb.connect(str(augury.folder / "calls.duckdb"), config={"wal_autocheckpoint": "1TB"}) as database:
        database.execute("CREATE TABLE big (x UBIGINT)")
        for _ in range(15):  # a large insert would go to the file at once
            database.execute("INSERT INTO big SELECT hash(range) FROM range(100_000)")
        for name in ("calls.duckdb", "calls.duckdb.wal"):  # as a killed process leaves them
            shutil.copy(augury.folder / name, crashed.with_name(name.replace("calls", "crashed")))
    log_size = crashed.with_name("crashed.duckdb.wal").stat().st_size
    assert log_size > 10 * 2**20
    (found,) = [
        found["says"]
        for found in augury.json("doctor", "--database", "duckdb:///crashed.duckdb")["findings"]
        if found["check"] == "disk"
    ]

    assert _mebibytes(found) - _mebibytes(before) >= log_size // 2**20 - 1


def _mebibytes(says: str) -> int:
    found = re.match(r"([\d,]+) MiB used", says)
    assert found
    return int(found[1].replace(",", ""))


def test_what_is_wrong_in_the_file_of_rules_is_named(augury: Augury) -> None:
    rules = augury.folder / "rules.toml"
    rules.write_text('[[rule]]\nagent = "planner"\ntask_type = "codng"\n')

    said = augury("doctor", *DATABASE, code=1, AUGURY_RULES=str(rules)).stdout

    assert "rules.toml: [[rule]] 1: `task_type` is 'codng'; expected one of" in " ".join(said.split())
