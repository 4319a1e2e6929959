"""What goes wrong in observing stays in observing: counted, said once in a while, and raised only where AUGURY_RAISE is set."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ParamSpec

from augury.capture import recorder

if TYPE_CHECKING:
    from collections.abc import Callable

_P = ParamSpec("_P")


def do(what: Callable[_P, object], *args: _P.args, **named: _P.kwargs) -> None:
    """Do something of ours in the middle of something of others, which goes on whatever becomes of it."""
    on_its_way = sys.exception()
    try:
        what(*args, **named)
    except Exception as problem:  # noqa: BLE001 - observing must never break the observed
        recorder.note(problem, quietly=on_its_way is not None)
