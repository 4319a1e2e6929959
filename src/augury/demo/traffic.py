"""Ninety days of calls that somebody might have made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from augury.demo.conversations import Day
from augury.demo.events import outage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from augury.core.calls import ModelCall
    from augury.models.prices import PriceBook

DAYS = 90
CALLS_PER_DAY = 600
"""On average; weekdays have more, and later weeks."""


def sample_calls(
    prices: PriceBook, *, now: datetime, days: int = DAYS, calls_per_day: int = CALLS_PER_DAY
) -> Iterator[ModelCall]:
    """Generate the calls of the last `days` calendar days (UTC), today's until `now`, in order of their time.

    They are the same each time for the same day: later that day there are more of them, the earlier ones unchanged. On
    another day the picture is the same, as far as weekends fall differently; only the dates, and so the ids, move on.

    Args:
        prices: computes what each call cost, as it would for a recorded one.
        now: aware; nothing is later.
        days: how many calendar days, today included.
        calls_per_day: how many calls an average day has.
    """
    now = now.astimezone(UTC)
    today = now.date()
    down = outage(today)
    for days_ago in range(days - 1, -1, -1):
        for call in Day(prices, today - timedelta(days=days_ago), days_ago, down).calls(calls_per_day):
            if call.timestamp > now:
                return
            yield call
