"""`augury reprice`: prices that come after the calls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Augury

DATABASE = ("--database", "duckdb:///calls.duckdb")
EVERYTHING = "SELECT * FROM model_performance_metrics ORDER BY id"
FIGURES = "SELECT * FROM get_model_performance_summary(3650) ORDER BY model"
OWN = """\
[[price]]
model = "house"
input = "2.5"
cached_input = "0.333333"
output = "10.000001"
from = 2026-01-02

[[price]]
model = "gpt-4o"
input = "1"
output = "2"
"""
CALL: dict[str, Any] = {"response_time_ms": 9, "input_tokens": 1_001, "output_tokens": 101, "cached_input_tokens": 7}
CALLS = [
    CALL | {"timestamp": "2026-01-01T10:00:00Z", "model": "house"},
    CALL | {"timestamp": "2026-01-02T10:00:00Z", "model": "house"},
    CALL | {"timestamp": "2026-01-03T10:00:00Z", "model": "house", "cost_usd": "7"},
    CALL | {"timestamp": "2026-01-04T10:00:00Z", "model": "openai/gpt-4o-2024-11-20"},
    CALL | {"timestamp": "2026-01-04T11:00:00Z", "model": "claude-haiku-4-5", "service_tier": "batch"},
    {"timestamp": "2026-01-05T10:00:00Z", "model": "gpt-4o", "response_time_ms": 9},
]


@pytest.fixture(autouse=True)
def _calls_before_their_prices(augury: Augury) -> None:
    (augury.folder / "log.jsonl").write_text("\n".join(map(json.dumps, CALLS)))
    augury("import", "log.jsonl", *DATABASE)
    augury("seal", *DATABASE)
    (augury.folder / "prices.toml").write_text(OWN)


def reprice(augury: Augury, *more: str, prices: str | None = "prices.toml") -> Any:
    return json.loads(augury("reprice", *DATABASE, *more, "--json", AUGURY_PRICES=prices or "").stdout)


def fresh(augury: Augury, query: str) -> Any:
    """The answer of a database whose calls came after the prices."""
    augury("import", "log.jsonl", "--database", "fresh.duckdb", AUGURY_PRICES="prices.toml")
    return augury.json("sql", query, "--database", "fresh.duckdb")


def test_calls_get_the_price_of_their_date_as_if_it_had_been_known(augury: Augury) -> None:
    done = reprice(augury)

    assert augury.json("sql", EVERYTHING, *DATABASE) == fresh(augury, EVERYTHING)
    assert augury.json("sql", FIGURES, *DATABASE) == fresh(augury, FIGURES)
    assert (done["repriced"], done["unpriced"], done["kept"]) == (2, 2, 0)
    assert done["changedDays"] == ["2026-01-02", "2026-01-04"]
    assert done["prices"]["own"] == 2
    assert done["prices"]["list"].startswith("genai-prices ")
    assert done["models"] == [
        {
            "model": "gpt-4o", "repriced": 1, "costBefore": 0.00350375, "costAfter": 0.001203, "unpriced": 1, "kept": 0,
            "prices": [{"source": "own", "from": None, "calls": 1}],
        },
        {
            "model": "house", "repriced": 1, "costBefore": None, "costAfter": 0.0034973334, "unpriced": 1, "kept": 0,
            "prices": [{"source": "own", "from": "2026-01-02", "calls": 1}],
        },
    ]  # fmt: skip


def test_figures_stay_the_same_when_the_days_are_sealed_again(augury: Augury) -> None:
    reprice(augury)
    before = augury.json("sql", FIGURES, *DATABASE)

    sealed = augury.json("seal", *DATABASE)["sealed"]

    assert [day["day"] for day in sealed] == ["2026-01-02", "2026-01-04"]
    assert augury.json("sql", FIGURES, *DATABASE) == before


def test_a_dry_run_changes_nothing_and_a_second_run_nothing_more(augury: Augury) -> None:
    before = augury.json("sql", EVERYTHING, *DATABASE)
    told = reprice(augury, "--dry-run")
    assert augury.json("sql", EVERYTHING, *DATABASE) == before
    assert augury.json("seal", *DATABASE)["sealed"] == []

    assert reprice(augury) == told | {"dryRun": False}
    augury("seal", *DATABASE)
    again = reprice(augury)

    assert (again["repriced"], again["changedDays"], again["unpriced"]) == (0, [], 2)
    assert augury.json("seal", *DATABASE)["sealed"] == []


def test_prices_that_were_left_out_take_no_cost_away(augury: Augury) -> None:
    reprice(augury)

    back = reprice(augury, prices=None)

    assert (back["repriced"], back["kept"]) == (1, 1)  # gpt-4o costs what the list says, the house model what it did
    assert {"cost_usd": 0.0034973334} in augury.json(
        "sql", "SELECT cost_usd FROM model_performance_metrics WHERE model = 'house'", *DATABASE
    )


def test_pruned_days_keep_their_sums_and_are_told(augury: Augury) -> None:
    augury("prune", *DATABASE)
    figures = augury.json("sql", FIGURES, *DATABASE)

    done = reprice(augury)

    assert (done["repriced"], done["finalDays"]) == (0, 5)
    assert reprice(augury, "--days", "1")["finalDays"] == 0
    assert augury.json("sql", FIGURES, *DATABASE) == figures
    assert "5 days whose calls were pruned keep their sums." in augury("reprice", *DATABASE).stderr


def test_only_the_days_that_are_asked_for_are_priced(augury: Augury) -> None:
    assert reprice(augury, "--days", "1")["repriced"] == 0
    assert reprice(augury, "--days", "3660")["repriced"] == 2
    assert "--days" in augury("reprice", "--days", "0", *DATABASE, code=2).stderr


def test_people_are_told_the_costs_and_whose_prices_they_are(augury: Augury) -> None:
    done = augury("reprice", *DATABASE, AUGURY_PRICES="prices.toml")

    assert "own from 2026-01-02" in done.stdout
    assert "Re-priced 2 calls of 2 days: $0.0035 before, $0.0047 after." in done.stderr
    assert "Prices: 2 of your own, then genai-prices" in done.stderr
    assert "2 calls without a known price, or tokens" in done.stderr


def test_a_server_prices_its_calls_by_its_own_prices_read_anew(augury: Augury) -> None:
    (augury.folder / "prices.toml").write_text("")
    with augury.serving(*DATABASE, AUGURY_PRICES="prices.toml"):
        assert reprice(augury, prices=None)["repriced"] == 0
        (augury.folder / "prices.toml").write_text(OWN)

        told = reprice(augury, "--dry-run", prices=None)
        done = reprice(augury, prices=None)

        assert done == told | {"dryRun": False}
        assert (done["repriced"], done["prices"]["own"], done["changedDays"]) == (2, 2, ["2026-01-02", "2026-01-04"])
        assert done["models"][1]["prices"] == [{"source": "own", "from": "2026-01-02", "calls": 1}]
        assert "2 of the server's own" in augury("reprice", *DATABASE).stderr
        assert augury.json("sql", EVERYTHING, *DATABASE) == fresh(augury, EVERYTHING)

        (augury.folder / "prices.toml").write_text("[[price]]")
        assert "`model` is missing" in augury("reprice", *DATABASE, code=1).stderr


def test_without_a_database_there_is_nothing_to_price(augury: Augury) -> None:
    assert "there is no database" in augury("reprice", "--database", "none.duckdb", code=1).stderr
    assert not (augury.folder / "none.duckdb").exists()
