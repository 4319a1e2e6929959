"""The one place to which everything that observes calls in this process hands them.

    from augury.capture import recorder
    recorder.record({"id": …, "model": "gpt-4o", "response_time_ms": 812, "input_tokens": 20, …})

Fields are those of `model_performance_metrics`. `record` never raises and never waits for anything but a file.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from augury.capture.records import log_line
from augury.errors import InvalidValue, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from augury.capture.records import RecordReader
    from augury.core.calls import ModelCall

_LOG = logging.getLogger("augury")


class Taker(Protocol):
    """What takes calls."""

    def append(self, calls: Sequence[ModelCall]) -> object:
        """Take them, all or none."""


def _nowhere() -> tuple[Taker, RecordReader]:
    raise SettingsError("nothing takes calls in this process yet")


_opened: Callable[[], tuple[Taker, RecordReader]] = _nowhere


def deliver_to(opened: Callable[[], tuple[Taker, RecordReader]]) -> None:
    """Say where calls go: called for each, so that it is opened with the first one."""
    global _opened  # noqa: PLW0603 - a process has one destination
    _opened = opened


def record(fields: dict[str, Any]) -> bool:
    """Record a call; whether it is safe. What goes wrong here stays here.

    Args:
        fields: of `model_performance_metrics`; `model` and `response_time_ms` are required. The dict is the recorder's from here on.
    """
    try:
        taker, reader = _opened()
        call = reader.read(fields)
        taker.append([call])
        log_line(call)
    except Exception as problem:  # noqa: BLE001 - observing must never break the observed, whatever it meets
        # What came may be a prompt, put where it does not belong: it must not reach a log.
        said = f"{problem.field}: expected {problem.expected}" if isinstance(problem, InvalidValue) else problem
        _LOG.warning("a call was not recorded: %s", said)
        return False
    return True
