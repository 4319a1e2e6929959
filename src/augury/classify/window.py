"""How much of a message is read: its ends, so that a megabyte costs no more than a page.

People put what they want before or after what they paste, so the ends say most. `read` keeps the first 8,000 and the last 2,000
characters: lines are judged and counted there. Words and formulas are looked for in the ask alone, its first 500 and last 250
characters (with 700, one of 1,800 labelled and real prompts is named better).
"""

from __future__ import annotations

from typing import Final

HEAD: Final = 8_000
TAIL: Final = 2_000
ASK_HEAD: Final = 500
ASK_TAIL: Final = 250
FORGIVING: Final = 200
"""In an ask no longer than this mistyped words and single names from programs are recognised: each may be all there is to go by."""

SYSTEM_CHARACTERS: Final = 600
"""Of a system prompt no more than this is read."""

SHAPE_LINES: Final = 60
"""Of more lines than this the first are judged."""

LINE: Final = 200
"""Of one line no more than this is looked at."""

FENCES: Final = 40
"""Of more fences around code than this the first are measured."""

CHOICE_REACH: Final = 600
"""Choices to pick from are looked for in so many characters at the end."""


def read(message: str) -> str:
    """The part of a message that is read: all of it, or its head and tail."""
    return _ends(message, HEAD, TAIL)


def ask(text: str) -> str:
    """The part of a text in which it most likely says what is wanted."""
    return _ends(text, ASK_HEAD, ASK_TAIL)


def _ends(text: str, head: int, tail: int) -> str:
    return text if len(text) <= head + tail else f"{text[:head]}\n{text[-tail:]}"
