"""Recommenders that are kept, for the hot path.

What is gathered quickly is gathered whenever something was written, so that who records and asks sees what he recorded.
What takes longer is gathered by a thread while the last one goes on answering, and not again before a few times as long
has passed, however much is written: so nobody waits, and the store has time for others. Only what is much older than that,
since nobody has asked, is waited for.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from functools import partial
from threading import Lock, Thread
from typing import TYPE_CHECKING

from augury.recommend.evidence import gather
from augury.recommend.recommender import ModelRecommender

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from augury.core.windows import Window
    from augury.store.protocol import Filters, Store

_LOG = logging.getLogger("augury")

_CHEAP_S = 0.05  # what is gathered in less is gathered at once
_SURELY_DEAR_S = 2.0  # what took longer is dear; what took less is asked twice, since the first time is the slowest
_SHARE = 5.0  # so many times what gathering takes is waited until it is done again
_OLD_S = 60.0  # other processes write too, and days pass
_OLDEST_S = 120.0  # what is older is waited for
THREAD = "augury-snapshot"
_WINDOWS = 32  # questions whose evidence is kept


class Snapshot:
    """Gives out recommenders over what the store held a moment ago. Safe to use from several threads."""

    def __init__(
        self, store: Store, now: Callable[[], datetime], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Nothing is gathered yet."""
        self._store = store
        self._now = now
        self._clock = clock
        self._lock = Lock()
        self._kept = self._keep(self._of_everything)
        self._windows: OrderedDict[tuple[Window, Filters], _Kept] = OrderedDict()

    def recommender(self) -> ModelRecommender:
        """The recommender: of all that was written, or, where gathering is dear, of all but the last moments."""
        return self._kept.get()

    def of(self, window: Window, filters: Filters) -> ModelRecommender:
        """The recommender over one window and some calls, likewise."""
        with self._lock:
            key = window, filters
            kept = self._windows.pop(key, None) or self._keep(partial(self._of_window, window, filters))
            self._windows[key] = kept
            while len(self._windows) > _WINDOWS:
                self._windows.popitem(last=False)
        return kept.get()

    def _keep(self, make: Callable[[ModelRecommender | None], ModelRecommender]) -> _Kept:
        return _Kept(make, lambda: self._store.writes, self._clock)

    def _of_everything(self, before: ModelRecommender | None) -> ModelRecommender:
        made = ModelRecommender.from_store(self._store, now=self._now())
        if before is not None:
            made.warm(before)
        return made

    def _of_window(self, window: Window, filters: Filters, _: ModelRecommender | None) -> ModelRecommender:
        now = self._now()
        made = ModelRecommender(gather(self._store, now=now, window=window, filters=filters), today=now.date())
        made.best_by_task()  # all that is asked of it; kept with it
        made.insights()
        return made


@dataclass(frozen=True, slots=True)
class _Made:
    """A recommender, how much had been written before, and when it began to be gathered."""

    recommender: ModelRecommender
    writes: int
    at: float


class _Kept:
    """A recommender that is made anew when it is time, by who asks or by a thread."""

    def __init__(
        self,
        make: Callable[[ModelRecommender | None], ModelRecommender],
        writes: Callable[[], int],
        clock: Callable[[], float],
    ) -> None:
        """Nothing is made yet; `make` is given the last one where there is time to prepare the next for its questions."""
        self._make = make
        self._writes = writes
        self._clock = clock
        self._guard = Lock()  # of the fields: held for a moment
        self._making = Lock()  # while one is made
        self._made: _Made | None = None
        self._took: deque[float] = deque(maxlen=2)  # seconds, the last times
        self._in_background = False

    def get(self) -> ModelRecommender:
        """The recommender, made now where it must be."""
        with self._guard:
            made, writes, now = self._made, self._writes(), self._clock()
            if made is not None:
                age, took = now - made.at, min(self._took)
                if made.writes == writes and age <= _OLD_S:
                    return made.recommender
                if self._is_dear() and age <= max(_OLDEST_S, 2.0 * _SHARE * took):
                    if age >= _SHARE * took:
                        self._begin()
                    return made.recommender
        with self._making:  # who has waited here finds it made
            made = self._made
            if made is None or made.writes < writes or self._clock() - made.at > _OLD_S:
                made = self._anew(None)
            return made.recommender

    def _is_dear(self) -> bool:
        quickest = min(self._took)
        return quickest >= _SURELY_DEAR_S or (len(self._took) > 1 and quickest >= _CHEAP_S)

    def _begin(self) -> None:
        """Make it in a thread, unless one is at it."""
        if self._in_background:
            return
        try:
            Thread(target=self._refresh, name=THREAD).start()
        except RuntimeError:  # there are too many, or the process ends: it stays as it is
            return
        self._in_background = True

    def _refresh(self) -> None:
        try:
            with self._making:
                made = self._made
                self._anew(None if made is None else made.recommender)
        except Exception as problem:  # noqa: BLE001 - nobody waits for it; who asks when it is too old meets the problem
            _LOG.warning("recommendations could not be brought up to date: %s", problem)
        finally:
            with self._guard:
                self._in_background = False

    def _anew(self, before: ModelRecommender | None) -> _Made:
        began, writes = self._clock(), self._writes()
        made = _Made(self._make(before), writes, began)
        with self._guard:
            self._made = made
            self._took.append(self._clock() - began)
        return made
