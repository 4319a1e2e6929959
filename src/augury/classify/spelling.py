"""What a mistyped word was meant to be: one letter too many or too few, or two that changed places."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST: Final = 5
"""In shorter words too many others are one letter away."""

FEWEST_CONSONANTS: Final = 3
"""Different ones between the first letter and the last."""

_VOWELS: Final = frozenset("aeiou")


class Spelling:
    """Words to be recognised when mistyped.

    Words are found by their first and last letter and the consonants between, in any order, so a dropped consonant that
    occurs nowhere else in the word is not forgiven. That is the price of one look-up for a word.
    """

    def __init__(self, words: Iterable[str]) -> None:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for word in words:
            if len(word) >= SHORTEST and len(key := _key(word)) >= FEWEST_CONSONANTS + 2:
                found[key].append(word)
        self._words = dict(found)

    def meant(self, word: str) -> str | None:
        """The word that was meant, where there is one."""
        for known in self._words.get(_key(word), ()):
            if is_slip(word, known):
                return known
        return None


def _key(word: str) -> str:
    return f"{word[0]}{word[-1]}{''.join(sorted(set(word[1:-1]) - _VOWELS))}"


def is_slip(typed: str, known: str) -> bool:
    """Whether one letter was left out, put in, or swapped with the next."""
    short, long = sorted((typed, known), key=len)
    place = next((at for at, (one, other) in enumerate(zip(short, long, strict=False)) if one != other), len(short))
    if len(short) == len(long):
        return short[place : place + 2] == long[place : place + 2][::-1] and short[place + 2 :] == long[place + 2 :]
    return short[place:] == long[place + 1 :]
