"""How providers are: who is left alone for a while, and how many retries they may be burdened with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from augury.core.calls import ErrorType
from augury.gateway.breaker import Breakers
from augury.gateway.patience import Budget

if TYPE_CHECKING:
    from augury.gateway.targets import Target

_OF_THE_LINE: Final = frozenset({ErrorType.CONNECTION, ErrorType.CANCELLED})


class Health:
    """What is known of every target, and of its provider: one that cannot even be reached is left alone as a whole."""

    def __init__(self) -> None:
        self._breakers = Breakers()
        self._budgets: dict[str, Budget] = {}

    def rests_s(self, target: Target) -> float:
        """For how long a target is to be left alone; 0 where it need not be."""
        if not self._breakers:
            return 0.0
        return max(self._breakers.rests_s(key) for key in _keys(target))

    def begins(self, target: Target) -> None:
        """Somebody asks it."""
        if not self._breakers:
            return
        for key in _keys(target):
            self._breakers.begins(key)

    def ends(self, target: Target, error_type: ErrorType | None) -> None:
        """What became of it; None: an answer."""
        if error_type is None and not self._breakers:
            return
        model, upstream = _keys(target)
        self._breakers.ends(model, error_type)
        self._breakers.ends(upstream, error_type if error_type in _OF_THE_LINE else None)

    def budget(self, target: Target) -> Budget:
        """The retries of its provider."""
        budget = self._budgets.get(target.upstream.name)
        if budget is None:
            budget = self._budgets[target.upstream.name] = Budget()
        return budget


def _keys(target: Target) -> tuple[tuple[str, str], tuple[str, None]]:
    return (target.upstream.name, target.name), (target.upstream.name, None)
