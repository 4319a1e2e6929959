"""Which hours have changed since somebody looked: so that what was read of the others may be remembered."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet


class Stamps:
    """Numbers the commits of the one writer, and tells of each hour which was the last to change it.

    A reader cannot see in the same instant what the database holds and what the stamps say. So a commit is announced before it
    begins: who finds the same number before and after taking a moment, and none under way, has stamps that fit the moment.
    """

    def __init__(self) -> None:
        """Nothing has changed yet."""
        self._begun = 0
        self._done = 0
        self._hours: dict[int, int] = {}

    @contextmanager
    def committing(self, hours: AbstractSet[int]) -> Iterator[None]:
        """Around a commit that changes these hours. One that fails counts too: it may stand all the same."""
        self._begun += 1
        try:
            yield
        finally:
            for hour in hours:
                self._hours[hour] = self._begun
            self._done = self._begun

    @property
    def last(self) -> int:
        """The number of the last commit that is done."""
        return self._done

    def changed(self, hours: Iterable[int], last: int) -> bool:
        """Whether a commit after that one has changed any of these hours."""
        return any(self._hours.get(hour, 0) > last for hour in hours)

    def since(self, last: int) -> Mapping[int, int] | None:
        """The stamps of all hours that have changed at all, or None where a commit came after that one."""
        hours = self._hours.copy()
        return hours if self._begun == last else None


def hours_of(days: Iterable[int]) -> Iterator[int]:
    """All hours of these UTC days."""
    return (24 * day + hour for day in days for hour in range(24))
