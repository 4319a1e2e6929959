"""Timing, memory, and how a figure is printed."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def seconds(work: Callable[[], object]) -> float:
    """How long it took, once."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def spread(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The median and the 95th percentile of several rounds, in seconds."""
    taken = sorted(seconds(work) for _ in range(rounds))
    return statistics.median(taken), taken[min(len(taken) - 1, round(0.95 * len(taken)))]


def peak_mib() -> float:
    """The most memory this process has held, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
