"""Sealing in DuckDB while others write: a seal that has missed something is given up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.world import MIDNIGHT, NOW, a_call, message

from augury.core.feedback import Feedback
from augury.core.windows import day_of
from augury.store import open_store
from augury.store.duckdb import days

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from augury.core.calls import ModelCall
    from augury.store.protocol import Store

TODAY = day_of(NOW)
THEN = MIDNIGHT - timedelta(days=2, hours=-9)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"duckdb:///{tmp_path / 'calls.duckdb'}") as opened:
        yield opened


def some_calls() -> list[ModelCall]:
    """A call an hour of five days, today among them."""
    return [
        a_call(number, timestamp=MIDNIGHT - timedelta(days=4) + timedelta(hours=number), message_id=message(number))
        for number in range(4 * 24 + 12)
    ]


def test_a_day_that_is_written_to_while_it_is_summed_stays_open(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append(some_calls())
    add_up = days.add_up

    def disturbed(cursor: object, day: int) -> tuple[str, ...]:
        overflow = add_up(cursor, day)  # type: ignore[arg-type]  # it is handed on
        store.append([a_call(700, timestamp=THEN)])
        return overflow

    monkeypatch.setattr(days, "add_up", disturbed)

    assert store.seal(TODAY - 2) is None
    assert store.seal(TODAY - 3) == 24
    assert TODAY - 2 in store.unsealed(TODAY)


def test_of_two_seals_of_a_day_the_one_that_missed_a_call_is_given_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = some_calls()
    store.append(calls)
    late = a_call(700, timestamp=THEN)
    add_up = days.add_up

    def overtaken(cursor: object, day: int) -> tuple[str, ...]:
        overflow = add_up(cursor, day)  # type: ignore[arg-type]  # it is handed on
        monkeypatch.setattr(days, "add_up", add_up)
        store.append([late])
        assert store.seal(day) == 25
        store.rate(Feedback(rating=1, message_id=message(57)))
        store.rate(Feedback(rating=0, message_id=message(57)))
        return overflow

    monkeypatch.setattr(days, "add_up", overtaken)

    assert store.seal(TODAY - 2) is None
    assert store.describe().sealed_days == 0
    assert store.seal(TODAY - 2) == 25
