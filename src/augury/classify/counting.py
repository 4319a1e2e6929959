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
TERSE: Final = 14
"""Words and marks of what is typed into a search box."""


def add(found: dict[str, int], words: Tokens) -> None:
    """Add what the counts say to the signs found."""
    asked = words.questions or (  # many leave the mark out; in a program no line asks
        "shape.definition" not in found and ("lead.question" in found or "lead.who" in found)
    )
    quantities = words.numbers + found.get("quantity", 0)
    if quantities >= FEWEST_QUANTITIES:
        if "how_many" in found:
            found["shape.word_problem"] = 1
        if asked and words.sentences >= TOLD_SENTENCES:
            told = "data" in found and "how_many" not in found and "maths" not in found
            found["shape.told_in_figures" if told else "shape.told_in_numbers"] = 1
    if words.numbers >= SOME_NUMBERS:
        found["shape.some_numbers"] = 1
    if words.numbers and found.get("maths", 0) >= WORDS_OF_MATHS:
        found["shape.figured"] = 1
    if words.numbers >= MANY_NUMBERS:
        found["shape.many_numbers"] = 1
    if asked and found.get("entailing", 0) >= WORDS_OF_ENTAILING:
        found["shape.entailment"] = 1
    if asked and "condition" in found and (quantities or "entailing" in found):
        found["shape.conditional"] = 1
    if 1 < words.length <= TERSE and not (words.asks or asked or "chatter" in found):
        found["shape.terse"] = 1
