"""The page's first answer, worked out as soon as the server starts, and before somebody waits for it.

The first answer costs a second or so, at ten calls as at a hundred million: libraries load, and what sealed days add to it is
read for the first time. Calls are taken meanwhile. `/readyz` says that the server is ready when it is done, and who asks for
figures before waits for it: asking for the same beside it would take both twice as long.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from augury.errors import AuguryError
from augury.recommend.answering import whole_overview
from augury.server.params import OverviewParams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from augury.recommend.snapshot import Snapshot
    from augury.server.parts import Parts

_LOG = logging.getLogger("augury.server")

PATIENCE_S = 5.0
"""How long anybody is kept waiting; a large log that nobody has sealed yet may take longer."""


class Warming:
    """Whether the first answer is still being worked out. Nothing is, until it is begun."""

    def __init__(self, *, patience_s: float = PATIENCE_S) -> None:
        """Nothing waits for more than `patience_s`."""
        self._patience_s = patience_s
        self._deadline = 0.0
        self._over = Event()
        self._over.set()

    @property
    def under_way(self) -> bool:
        """Whether it is worth waiting for."""
        return not self._over.is_set() and time.monotonic() < self._deadline

    def wait(self) -> None:
        """Until it is over, or patience is."""
        self._over.wait(max(0.0, self._deadline - time.monotonic()))

    @contextmanager
    def begun(self, work: Callable[[], object]) -> Iterator[None]:
        """Do the work in a thread; it is over before the block is left."""
        self._deadline = time.monotonic() + self._patience_s
        self._over.clear()
        worker = Thread(target=self._do, args=(work,), name="augury-warming", daemon=True)
        worker.start()
        try:
            yield
        finally:
            worker.join()

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except AuguryError as problem:
            _LOG.warning("the first answer could not be worked out: %s", problem)
        finally:
            self._over.set()


def first_answer(parts: Parts, snapshot: Snapshot) -> None:
    """Answer the page as it is opened, without a parameter: later answers remember most of it."""
    whole_overview(parts.store, snapshot, OverviewParams().request(parts.now()), sample=parts.sample)
