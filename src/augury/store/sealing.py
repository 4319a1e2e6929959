"""Sealing in the background: closed days are summed when nobody has written to them for a moment."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from augury.core.windows import day_of
from augury.errors import AuguryError, InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from types import TracebackType
    from typing import Self

    from augury.store.protocol import Archive

_LOG = logging.getLogger("augury.store")

PAUSE_S = 10.0
"""How long to wait between two rounds, at least."""

_SHARE = 10.0  # of the time that a round has taken, so that sealing takes no more than a tenth of a processor
_GRACE = timedelta(minutes=10)  # calls are told a little later than they end: a day is left open so long after its end


def first_day_kept(keep_from: datetime) -> int:
    """The day that begins with this instant: calls before it are to be pruned.

    Raises:
        InvalidValue: no day of UTC begins with it.
    """
    if keep_from != keep_from.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0):
        raise InvalidValue("keepFrom", "a midnight, UTC: only whole days are deleted", keep_from.isoformat())
    return day_of(keep_from)


def seal_closed(archive: Archive, now: datetime) -> Iterator[tuple[int, int, int | None]]:
    """Seal the days that are over, the latest first: they are asked for most.

    Yields:
        For each day, as it is done: how many are left, the day, and how many calls it sums; None where it could not be sealed
        now, since somebody wrote to it meanwhile.
    """
    open_days = archive.unsealed(day_of(now))
    for left, day in zip(range(len(open_days) - 1, -1, -1), reversed(open_days), strict=True):
        yield left, day, archive.seal(day)


class Sealer:
    """Seals a store's closed days while the block lasts."""

    def __init__(self, store: Archive, now: Callable[[], datetime], *, pause_s: float = PAUSE_S) -> None:
        """Nothing is done yet."""
        self._store = store
        self._now = now
        self._pause_s = pause_s
        self._ended = threading.Event()
        self._worker = threading.Thread(target=self._work, name="augury-sealing", daemon=True)

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._worker.join()

    def _work(self) -> None:
        took = 0.0
        while not self._ended.wait(max(self._pause_s, _SHARE * took) if took else 0.0):
            began = time.monotonic()
            try:
                self._round()
            except AuguryError as problem:
                _LOG.warning("days were not sealed: %s", problem)
            took = max(time.monotonic() - began, 1e-9)

    def _round(self) -> None:
        sealed = calls = 0
        for _, _, count in seal_closed(self._store, self._now() - _GRACE):
            if count is not None:
                sealed, calls = sealed + 1, calls + count
            if self._ended.is_set():
                break
        if sealed:
            _LOG.info("sealed %d days of %d calls", sealed, calls)
