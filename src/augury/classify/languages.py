"""Hints at the script and the language a message is in, for the features: a look at its start and its smallest words."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final

from augury.classify.tokens import FAR

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCRIPTS: Final = (
    ("han", "\u4e00", "\u9fff"), ("kana", "\u3040", "\u30ff"), ("hangul", "\uac00", "\ud7af"), ("cyrillic", "\u0400", "\u04ff"),
    ("greek", "\u0370", "\u03ff"), ("arabic", "\u0600", "\u06ff"), ("hebrew", "\u0590", "\u05ff"), ("devanagari", "\u0900", "\u097f"),
    ("thai", "\u0e00", "\u0e7f"),
)  # fmt: skip
"""First and last letter."""

_BORDERS: Final = sorted(border for _, first, last in _SCRIPTS for border in (first, chr(ord(last) + 1)))
_place = partial(bisect_right, _BORDERS)
_PLACES: Final = {name: _place(first) for name, first, _ in _SCRIPTS}
"""The place of a script's letters among the borders."""

_REACH: Final = 200
_FAR_SHARE: Final = 0.25
"""A text in which a quarter of the characters are of another script is in that script: the rest are spaces, marks, and names."""

_FEWEST_WORDS: Final = 2
"""So many words of a language it takes, since each alone is a name somewhere."""


def script(text: str) -> str | None:
    """The script most of the letters at the start are in."""
    if not text:
        return None
    start = text[:_REACH]
    far = () if start.isascii() else FAR.findall(start)
    if len(far) < len(start) * _FAR_SHARE:
        return "latin"
    places = Counter(map(_place, far))
    best = max(_PLACES, key=lambda name: places[_PLACES[name]])
    return best if places[_PLACES[best]] else None


def language(spelled: Mapping[str, int]) -> str | None:
    """The language of which the most small words are spelled, where no other has as many."""
    if not spelled:
        return None
    count, best = max((count, name) for name, count in spelled.items())
    alone = sum(other == count for other in spelled.values()) == 1
    return best if alone and count >= _FEWEST_WORDS else None
