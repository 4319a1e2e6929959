"""Who waits for whom in PostgreSQL: never two for each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from tests.postgres import server
from tests.world import MIDNIGHT, a_call

from augury.core.windows import day_of
from augury.errors import StoreAway
from augury.models.prices import PriceBook
from augury.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from augury.store.protocol import Store

THEN = MIDNIGHT - timedelta(days=2)
USER = UUID(int=7)
WAITING = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def url() -> Iterator[str]:
    with server().database() as url:
        yield url


@pytest.mark.parametrize(
    "change",
    [lambda store: store.forget(USER), lambda store: store.reprice(day_of(THEN), PriceBook())],
    ids=["a user is forgotten", "calls are priced again"],
)
def test_beside_one_who_prunes_and_one_who_rates(url: str, change: Callable[[Store], object]) -> None:
    call = a_call(1, timestamp=THEN, user_id=USER, cost_usd=Decimal(7), cost_source="computed")
    with open_store(url) as store, ThreadPoolExecutor() as pool, psycopg.connect(url, autocommit=True) as watching:
        store.append([call])
        with psycopg.connect(url) as rating:
            rating.execute("SELECT pg_advisory_xact_lock_shared(augury.lock_space(), %s)", [day_of(THEN)])
            pruned = pool.submit(store.prune, MIDNIGHT - timedelta(days=1))
            while watching.execute(WAITING).rowcount < 1:
                pass
            changed = pool.submit(change, store)
            while watching.execute(WAITING).rowcount < 2:
                pass
            rating.execute("UPDATE model_performance_metrics SET user_rating = 1 WHERE id = %s", [call.id])
            rating.commit()
        changed.exception(timeout=60)  # a pruned day cannot be priced any more
        assert pruned.result(timeout=60) in (0, 1)


def test_questions_use_no_more_than_their_share_of_connections_and_say_so(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augury.store.postgres.connecting._WAIT_S", 0.1)
    with open_store(url) as store, ThreadPoolExecutor(8) as pool, psycopg.connect(url, autocommit=True) as watching:
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE augury.about")
            asked = [pool.submit(store.describe) for _ in range(8)]
            while watching.execute(WAITING).rowcount < 8:
                pass
            with pytest.raises(StoreAway, match="answers 8 other questions"):
                store.describe()
            assert store.append([a_call(1)])
        for one in asked:
            one.result(timeout=60)
        assert store.describe().calls == 1


def test_what_others_keep_locked_is_not_waited_for_for_long(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augury.store.postgres.connecting.LOCK_S", 0.1)
    with open_store(url) as store:
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE model_performance_metrics")
            for ask in (store.describe, lambda: store.append([a_call(1)])):
                with pytest.raises(StoreAway, match=r"^postgresql://.*: others keep locked what a statement needs"):
                    ask()
        assert store.append([a_call(1)])
