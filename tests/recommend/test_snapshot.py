"""Recommenders that are kept: what was written is seen, nobody waits for what is dear, and nothing grows too old."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from tests.recommend.traffic import CODING, calls
from tests.world import NOW

from augury.core.windows import Window
from augury.errors import StoreError
from augury.recommend import snapshot
from augury.recommend.context import TaskContext
from augury.recommend.snapshot import Snapshot
from augury.store.protocol import Filters

if TYPE_CHECKING:
    from collections.abc import Callable

    from augury.recommend.recommender import ModelRecommender
    from augury.store.protocol import Facts, Question, Store

WINDOW = Window.last_days(30, now=NOW)
PATIENCE = 60  # seconds until a test that hangs is given up


class Slow:
    """A store whose questions can be held up, counted, and made to fail."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Event()
        self.problem: Exception | None = None
        self.questions = 0

    def facts(self, question: Question) -> Facts:
        self.questions += 1
        self.asked.set()
        assert self.open.wait(PATIENCE)
        if self.problem is not None:
            raise self.problem
        return self._store.facts(question)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class Clock:
    """A clock that stands still until it is put forward."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def slow(store: Store) -> Slow:
    store.append(calls("first", 20))
    return Slow(store)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(slow: Slow, clock: Clock) -> Snapshot:
    return Snapshot(slow, lambda: NOW, clock=clock)


@pytest.fixture
def _dear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is gathered took too long to be gathered at once."""
    monkeypatch.setattr(snapshot, "_SURELY_DEAR_S", 0.0)


def of_everything(kept: Snapshot) -> ModelRecommender:
    return kept.recommender()


def of_a_window(kept: Snapshot) -> ModelRecommender:
    return kept.of(WINDOW, Filters())


BOTH = pytest.mark.parametrize("ask", [of_everything, of_a_window])


def candidates(recommender: ModelRecommender) -> set[str]:
    answer = recommender.get_model_recommendation(CODING)
    return {answer.model, *(other.model for other in answer.alternatives)}


def settle() -> None:
    """Wait until no thread gathers."""
    for thread in threading.enumerate():
        if thread.name == snapshot.THREAD:
            thread.join(PATIENCE)


@BOTH
def test_what_is_quick_to_gather_is_gathered_after_every_write_and_only_then(
    kept: Snapshot, store: Store, ask: Callable[[Snapshot], ModelRecommender]
) -> None:
    first = ask(kept)
    assert ask(kept) is first
    for name in ("second", "third"):
        store.append(calls(name, 20))
        assert name in candidates(ask(kept))


@BOTH
@pytest.mark.usefixtures("_dear")
def test_while_a_thread_gathers_what_is_dear_the_last_one_answers(
    kept: Snapshot, slow: Slow, store: Store, ask: Callable[[Snapshot], ModelRecommender]
) -> None:
    first = ask(kept)
    store.append(calls("second", 20))
    slow.open.clear()
    slow.asked.clear()

    assert ask(kept) is first  # and does not wait
    assert slow.asked.wait(PATIENCE)
    assert ask(kept) is first
    slow.open.set()
    settle()
    assert "second" in candidates(ask(kept))


@BOTH
def test_however_much_is_written_what_is_dear_is_gathered_no_oftener_than_it_takes_times_five(
    slow: Slow, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Snapshot], ModelRecommender]
) -> None:
    took = 3.0
    kept = Snapshot(slow, lambda: NOW, clock=clock)
    gathered = slow.facts

    def facts(question: Question) -> Facts:
        clock.seconds = max(clock.seconds, took)  # the first gathering takes so long
        return gathered(question)

    monkeypatch.setattr(slow, "facts", facts)
    first = ask(kept)
    before = slow.questions
    for moment in (4.0, 8.0, 14.9):
        clock.seconds = moment
        store.append(calls("second", 1))
        assert ask(kept) is first
    settle()
    assert slow.questions == before

    clock.seconds = 5 * took
    assert ask(kept) is first
    settle()
    assert slow.questions > before


@BOTH
@pytest.mark.usefixtures("_dear")
def test_what_is_too_old_is_waited_for(
    kept: Snapshot, store: Store, clock: Clock, ask: Callable[[Snapshot], ModelRecommender]
) -> None:
    first = ask(kept)
    store.append(calls("second", 20))
    clock.seconds = 121.0

    assert ask(kept) is not first
    assert "second" in candidates(ask(kept))


@BOTH
def test_after_a_minute_it_looks_again_since_others_write_too(
    kept: Snapshot, clock: Clock, ask: Callable[[Snapshot], ModelRecommender]
) -> None:
    first = ask(kept)
    clock.seconds = 60.0
    assert ask(kept) is first
    clock.seconds = 60.1
    assert ask(kept) is not first


@BOTH
@pytest.mark.usefixtures("_dear")
def test_what_fails_in_the_background_is_tried_again_and_meets_only_who_has_to_wait(
    kept: Snapshot, slow: Slow, store: Store, clock: Clock, ask: Callable[[Snapshot], ModelRecommender]
) -> None:
    first = ask(kept)
    store.append(calls("second", 20))
    slow.problem = StoreError("the disk is gone")
    assert ask(kept) is first
    settle()
    assert ask(kept) is first
    settle()
    clock.seconds = 1_000.0
    with pytest.raises(StoreError, match="gone"):
        ask(kept)
    slow.problem = None
    assert "second" in candidates(ask(kept))


@BOTH
def test_many_who_ask_at_once_gather_once(
    kept: Snapshot, slow: Slow, ask: Callable[[Snapshot], ModelRecommender]
) -> None:
    slow.open.clear()
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, kept) for _ in range(8)]
        assert slow.asked.wait(PATIENCE)
        slow.open.set()
        found = {id(one.result(PATIENCE)) for one in asked}

    assert len(found) == 1


def test_windows_and_filters_are_told_apart(kept: Snapshot, store: Store) -> None:
    store.append(calls("writer", 20, task_type="creative"))

    assert kept.of(WINDOW, Filters()) is kept.of(WINDOW, Filters())
    assert [one.task_type for one in kept.of(WINDOW, Filters(task_type="creative")).best_by_task()] == ["creative"]
    assert len(kept.of(WINDOW, Filters()).best_by_task()) == 2


@pytest.mark.usefixtures("_dear")
def test_a_store_that_closes_meanwhile_disturbs_nobody(kept: Snapshot, slow: Slow, store: Store) -> None:
    first = kept.recommender()
    store.append(calls("second", 20))
    slow.open.clear()
    assert kept.recommender() is first
    store.close()
    slow.open.set()
    settle()

    assert kept.recommender().get_model_recommendation(TaskContext(task_type="coding")).model == "first"
    settle()
