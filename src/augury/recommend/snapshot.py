"""A recommender that is kept while nothing changes, for the hot path."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from augury.recommend.evidence import gather
from augury.recommend.recommender import ModelRecommender

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from augury.core.windows import Window
    from augury.store.protocol import Filters, Store

_CHEAP_S = 0.05  # evidence that is gathered as fast is gathered whenever something was written
_SHARE = 5.0  # of dearer evidence, so many times what gathering takes is waited until it is gathered again
_WINDOWS = 32  # questions whose evidence is kept
_OLD_S = 60.0  # other processes write too, and days pass


class Snapshot:
    """Gives out a recommender over what the store held a moment ago. Safe to use from several threads."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Nothing is gathered yet."""
        self._store = store
        self._now = now
        self._lock = Lock()
        self._kept: ModelRecommender | None = None
        self._writes = -1
        self._gathered_at = self._took = 0.0
        self._windows: OrderedDict[tuple[Window, Filters], tuple[int, ModelRecommender]] = OrderedDict()

    def recommender(self) -> ModelRecommender:
        """The recommender: of all that was written, or, where gathering is dear, of all but the last moments."""
        with self._lock:
            if self._kept is None or self._is_stale():
                began = time.monotonic()
                self._writes = self._store.writes
                self._kept = ModelRecommender.from_store(self._store, now=self._now())
                self._gathered_at = time.monotonic()
                self._took = self._gathered_at - began
            return self._kept

    def of(self, window: Window, filters: Filters) -> ModelRecommender:
        """The recommender over one window and some calls; kept until something is written."""
        with self._lock:
            writes = self._store.writes
            known = self._windows.pop((window, filters), None)
            if known is None or known[0] != writes:
                now = self._now()
                evidence = gather(self._store, now=now, window=window, filters=filters)
                known = writes, ModelRecommender(evidence, today=now.date())
            self._windows[window, filters] = known
            while len(self._windows) > _WINDOWS:
                self._windows.popitem(last=False)
            return known[1]

    def _is_stale(self) -> bool:
        age = time.monotonic() - self._gathered_at
        if age > _OLD_S:
            return True
        return self._store.writes != self._writes and (self._took < _CHEAP_S or age > _SHARE * self._took)
