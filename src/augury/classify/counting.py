"""Signs that no single word is: how many quantities, questions, and sentences stand in an ask together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from augury.classify.tokens import Tokens

FEWEST_QUANTITIES: Final = 2
"""A quantity to work out needs others to work from, in figures or in words."""

TOLD_SENTENCES: Final = 2
"""A story has a sentence before the one that asks."""

SOME_NUMBERS: Final = 2
MANY_NUMBERS: Final = 5
WORDS_OF_MATHS: Final = 2
"""One may be meant otherwise ("the average reader"); with a number beside them, two are not."""

WORDS_OF_ENTAILING: Final = 2


def add(found: dict[str, int], words: Tokens) -> None:
    """Add what the counts say to the signs found."""
    quantities = words.numbers + found.get("quantity", 0)
    if quantities >= FEWEST_QUANTITIES:
        if "how_many" in found:
            found["shape.word_problem"] = 1
        if words.questions and words.sentences >= TOLD_SENTENCES:
            found["shape.told_in_numbers"] = 1
    if words.numbers >= SOME_NUMBERS:
        found["shape.some_numbers"] = 1
    if words.numbers and found.get("maths", 0) >= WORDS_OF_MATHS:
        found["shape.figured"] = 1
    if words.numbers >= MANY_NUMBERS:
        found["shape.many_numbers"] = 1
    if words.questions and found.get("entailing", 0) >= WORDS_OF_ENTAILING:
        found["shape.entailment"] = 1
