"""Who has failed so often that he is left alone for a while: a circuit breaker for each model of each provider."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from augury.core.calls import ErrorType

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

FAILURES: Final = 5
"""So many failures one after the other open the circuit."""

FIRST_REST_S: Final = 5.0
LONGEST_REST_S: Final = 120.0

_ILL: Final = frozenset({ErrorType.SERVER, ErrorType.OVERLOADED, ErrorType.CONNECTION, ErrorType.TIMEOUT})
_MOST: Final = 10_000  # circuits that are remembered: names come from callers


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    rest_s: float = 0.0  # of the last time it opened
    until: float = 0.0  # nobody is let through before; then one, to try
    trying: bool = False


class Breakers:
    """Circuits by key: closed, until failures open them; after a rest one caller may try, and closes them or opens them anew."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._circuits: OrderedDict[Hashable, _Circuit] = OrderedDict()

    def __len__(self) -> int:
        """How many circuits are not as new: mostly none."""
        return len(self._circuits)

    def rests_s(self, key: Hashable) -> float:
        """For how much longer nobody should ask; 0 where one may."""
        circuit = self._circuits.get(key)
        if circuit is None or not circuit.until:
            return 0.0
        left = circuit.until - self._clock()
        if left > 0:
            return left
        return FIRST_REST_S if circuit.trying else 0.0

    def begins(self, key: Hashable) -> None:
        """Somebody asks: where the circuit was open he is the one who tries."""
        circuit = self._circuits.get(key)
        if circuit is not None and circuit.until:
            circuit.trying = True

    def ends(self, key: Hashable, error_type: ErrorType | None) -> None:
        """What became of it; None: an answer, whatever it says."""
        circuit = self._circuits.get(key)
        if error_type not in _ILL:
            if circuit is None:
                return
            if error_type is ErrorType.CANCELLED:  # says nothing of who was asked
                circuit.trying = False
            else:
                del self._circuits[key]
            return
        if circuit is None:
            circuit = self._circuits[key] = _Circuit()
            while len(self._circuits) > _MOST:
                self._circuits.popitem(last=False)
        circuit.failures += 1
        circuit.trying = False
        if circuit.failures >= FAILURES:
            circuit.rest_s = min(max(FIRST_REST_S, 2 * circuit.rest_s), LONGEST_REST_S)
            circuit.until = self._clock() + circuit.rest_s
