"""What is tried again after which failure, after how long, and for how long at all."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from augury.core.calls import ErrorType

if TYPE_CHECKING:
    from collections.abc import Callable

SAME_MODEL: Final = frozenset({
    ErrorType.RATE_LIMIT, ErrorType.OVERLOADED, ErrorType.SERVER, ErrorType.CONNECTION, ErrorType.TIMEOUT,
})  # fmt: skip
"""Failures after which the same model may succeed in a moment."""

ANOTHER_MODEL: Final = SAME_MODEL | {ErrorType.CONTEXT_LENGTH, ErrorType.AUTHENTICATION}
"""Failures that another model need not share. A request that is wrong is wrong everywhere, and a filter is no failure to
get around."""

_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 8.0
_LONGEST_WISH_S: Final = 60.0
"""Who asks for a longer pause is not waited for: another model is tried, or the answer is given back as it came."""

_EARNED: Final = 0.2
_SAVED: Final = 10.0


class Budget:
    """How many retries a provider may be burdened with: one for five requests, and ten to begin with.

    So a provider that is down gets a fifth more, not three times as much.
    """

    def __init__(self) -> None:
        self._saved = _SAVED

    def earn(self) -> None:
        """A request begins."""
        self._saved = min(_SAVED, self._saved + _EARNED)

    def spend(self) -> bool:
        """Whether a retry is in the budget, from which it is taken."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True


def pause_s(
    tries: int, error_type: ErrorType, wish: float | None, chance: Callable[[], float] = random.random
) -> float | None:
    """How long to wait before the same model is asked again; None: not at all.

    Args:
        tries: how often it was asked.
        error_type: why the last one failed.
        wish: the pause that the provider asks for, in seconds.
        chance: a number from 0 to 1, so that not all come back at once.
    """
    if error_type not in SAME_MODEL:
        return None
    if wish is not None:
        return wish if wish <= _LONGEST_WISH_S else None
    if error_type is ErrorType.CONNECTION and tries == 1:
        return 0.0  # most likely a kept connection that had just been closed
    return float(min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (tries - 1)) * (0.5 + chance() / 2))


def retry_after_s(milliseconds: str | None, seconds: str | None) -> float | None:
    """The pause that an answer asks for by `retry-after-ms` or `Retry-After` (seconds, or a date); None where it asks for none."""
    for text, unit in ((milliseconds, 1e-3), (seconds, 1.0)):
        try:
            value = float(text or "")
        except ValueError:
            continue
        if 0 <= value < float("inf"):
            return value * unit
    try:
        when = parsedate_to_datetime(seconds or "")
    except ValueError:
        return None
    moment = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(time.time(), UTC)).total_seconds())
