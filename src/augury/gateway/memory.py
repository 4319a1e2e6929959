"""Conversations that their callers ask to be remembered: in memory only, for a while, and never more than so much."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

KEPT_S: Final = 1_800.0
"""A conversation is forgotten half an hour after its last message."""

MOST_CHARACTERS: Final = 200_000
"""Of one conversation; its oldest messages are forgotten first."""

MOST_MESSAGES: Final = 100
"""Of one conversation."""

_MOST_IN_ALL: Final = 20_000_000  # characters of all conversations


class Said(NamedTuple):
    """A message of a conversation."""

    role: str  # user or assistant
    text: str


@dataclass(slots=True)
class _Kept:
    said: list[Said] = field(repr=False)
    at: float

    @property
    def characters(self) -> int:
        return sum(len(one.text) for one in self.said)


class Memory:
    """What was said lately. For one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()  # the one that was silent longest first
        self._characters = 0

    def recall(self, key: Hashable) -> list[Said]:
        """What is remembered of a conversation, the first message first."""
        self._forget_the_silent()
        kept = self._kept.get(key)
        return [] if kept is None else list(kept.said)

    def keep(self, key: Hashable, said: Sequence[Said]) -> None:
        """Remember a conversation as it stands now, the latest messages at least as far as there is room for them."""
        self._drop(key)
        self._forget_the_silent()
        room, kept = MOST_CHARACTERS, []
        for one in reversed(said[-MOST_MESSAGES:]):
            room -= len(one.text)
            if room < 0:
                break
            kept.append(one)
        while kept and kept[-1].role != "user":  # an answer without its question
            kept.pop()
        if not kept:
            return
        self._kept[key] = made = _Kept(kept[::-1], self._clock())
        self._characters += made.characters
        while self._characters > _MOST_IN_ALL:
            self._drop(next(iter(self._kept)))

    def _forget_the_silent(self) -> None:
        since = self._clock() - KEPT_S
        while self._kept:
            key, kept = next(iter(self._kept.items()))
            if kept.at >= since:
                return
            self._drop(key)

    def _drop(self, key: Hashable) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._characters -= kept.characters
