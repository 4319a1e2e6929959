"""The small world in every state of sealing: the answers must be the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.world import NOW

from augury.core.windows import day_of
from augury.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tests.conftest import Engine

    from augury.core.calls import ModelCall
    from augury.store.protocol import Store


@pytest.fixture(scope="session", params=["open", "half sealed", "sealed"])
def seal_days(request: pytest.FixtureRequest) -> Callable[[Store, datetime], None]:
    """Seals none, every other, or all of the closed days of a store, given its present."""
    every = {"open": 0, "half sealed": 2, "sealed": 1}[request.param]

    def seal(store: Store, now: datetime) -> None:
        closed = store.unsealed(day_of(now)) if every else []
        chosen = [day for day in closed if day % every == 0]
        assert all(store.seal(day) for day in chosen)
        assert store.describe().sealed_days == len(chosen)

    return seal


@pytest.fixture(scope="session")
def world_store(
    engine: Engine,
    calls: tuple[ModelCall, ...],
    seal_days: Callable[[Store, datetime], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Store]:
    """A database that holds the small world. Shared: ask it, and change nothing."""
    with open_store(engine.url(tmp_path_factory.mktemp("world"))) as opened:
        opened.append(calls)
        seal_days(opened, NOW)
        yield opened
