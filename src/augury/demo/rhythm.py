"""When the sample application is busy: growth, weeks, days, and bursts."""

from __future__ import annotations

from itertools import accumulate
from math import exp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from random import Random

DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_SLOT_MS = 900_000  # a quarter of an hour
_SLOTS = DAY_MS // _SLOT_MS
_SATURDAY = 5

_GROWTH = 0.0042  # a day: half as many calls again over three months
_NOISE = 0.06

# Monday to Sunday, on average 1.
_WEEK = (1.10, 1.20, 1.22, 1.18, 1.05, 0.62, 0.63)

# Requests by hour of day, UTC: offices in Europe first, then in America, then people at home.
_WORKING_DAY = (5, 4, 3, 3, 4, 6, 14, 34, 66, 90, 96, 88, 70, 86, 100, 98, 84, 62, 46, 44, 52, 46, 26, 12)
_WEEKEND = (8, 6, 5, 4, 4, 5, 9, 16, 28, 40, 46, 48, 46, 48, 52, 54, 52, 50, 54, 62, 68, 54, 32, 16)

# Azure's conversation trace of 2023: the requests per 10 s vary as if their rate were drawn from a gamma distribution of
# squared coefficient of variation 0.06, its coding trace's of 0.66. This lies between.
_BURSTINESS = 0.15

BUSY_HOURS = frozenset({9, 10, 11, 13, 14, 15, 16})


def volume(day: date, days_ago: int, calls_per_day: float, rng: Random) -> float:
    """How many calls to expect on that day."""
    growth = exp(_GROWTH * (45 - days_ago))
    return calls_per_day * growth * _WEEK[day.weekday()] * exp(rng.gauss(0.0, _NOISE))


def starts(day: date, count: int, rng: Random) -> list[int]:
    """Milliseconds after midnight at which something begins."""
    hours = _WEEKEND if day.weekday() >= _SATURDAY else _WORKING_DAY
    weights = []
    for slot in range(_SLOTS):
        hour, quarter = divmod(slot, 4)
        rate = hours[hour] + (hours[(hour + 1) % 24] - hours[hour]) * quarter / 4
        weights.append(rate * rng.gammavariate(1.0 / _BURSTINESS, _BURSTINESS))
    slots = rng.choices(range(_SLOTS), cum_weights=list(accumulate(weights)), k=count)
    return [slot * _SLOT_MS + int(rng.random() * _SLOT_MS) for slot in slots]


def is_busy(at_ms: int) -> bool:
    """Whether the providers are busy too at that time of the day."""
    return at_ms // _HOUR_MS in BUSY_HOURS
