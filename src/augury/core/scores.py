"""The formulas of the contract: speed, quality, confidence. Pure arithmetic on counts.

Rates and scores are percent, 0-100; `None` stands for "nothing to say", never 0.
"""

from __future__ import annotations

from math import sqrt

ENOUGH_CALLS = 5
"""Calls of one model on one task type below which it is never recommended from data."""

_Z_95 = 1.959963984540054  # the 97.5 % quantile of the normal distribution
_HALF_SIZE = 20  # calls at which the sample-size part of confidence reaches 50


def percent(part: float, whole: float) -> float | None:
    """`part` of `whole` in percent; None of nothing."""
    return 100.0 * part / whole if whole else None


def speed_score(avg_response_time_ms: float) -> float:
    """100 for an instant answer, 0 for one of ten seconds or more."""
    return max(0.0, 100.0 - min(100.0, avg_response_time_ms / 100.0))


def quality_score(success_rate: float, satisfaction_rate: float | None, speed: float) -> float:
    """0.4 success + 0.4 satisfaction + 0.2 speed; with nothing rated, success and speed keep their proportion."""
    if satisfaction_rate is None:
        return (2.0 * success_rate + speed) / 3.0
    return 0.4 * success_rate + 0.4 * satisfaction_rate + 0.2 * speed


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion, as fractions.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    Raises:
        ValueError: without a trial there is no interval.
    """
    if trials <= 0:
        raise ValueError("an interval needs at least one trial")
    p = successes / trials
    z2 = _Z_95 * _Z_95
    centre = (p + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z_95 * sqrt(p * (1 - p) / trials + z2 / (4 * trials * trials)) / (1 + z2 / trials)
    # Where all or none succeeded an end is exact, which rounding would miss by a hair, and then exclude the rate itself.
    return (max(0.0, centre - half) if successes else 0.0, min(1.0, centre + half) if successes < trials else 1.0)


def difference_interval(now: tuple[int, int], before: tuple[int, int]) -> tuple[float, float] | None:
    """The 95 % interval of by how much one proportion is more than another, as fractions; None without trials of both.

    Each is (successes, trials). Source: R. G. Newcombe, "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17 (1998), method 10.
    """
    if now[1] <= 0 or before[1] <= 0:
        return None
    p, q = now[0] / now[1], before[0] / before[1]
    (p_low, p_high), (q_low, q_high) = wilson_interval(*now), wilson_interval(*before)
    return (
        p - q - sqrt((p - p_low) ** 2 + (q_high - q) ** 2),
        p - q + sqrt((p_high - p) ** 2 + (q - q_low) ** 2),
    )


def certainty(successes: int, trials: int) -> float:
    """100 · (1 - width of the 95 % Wilson interval); 0 without a trial."""
    if trials <= 0:
        return 0.0
    low, high = wilson_interval(successes, trials)
    return 100.0 * (1.0 - (high - low))


def confidence(calls: int, successes: int, thumbs_up: int, thumbs_down: int) -> float:
    """0.5 sample size + 0.3 reliability + 0.2 satisfaction, each 0-100. It is no probability."""
    sample_size = 100.0 * calls / (calls + _HALF_SIZE) if calls else 0.0
    reliability = certainty(successes, calls)
    satisfaction = certainty(thumbs_up, thumbs_up + thumbs_down)
    return 0.5 * sample_size + 0.3 * reliability + 0.2 * satisfaction
