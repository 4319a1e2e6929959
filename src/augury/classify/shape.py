"""How a text looks, whatever its words are: code, formulas, tables, transcripts, choices, and bare lists of words.

Every pattern here is linear, or bounded to a few dozen characters from where it starts; lines are cut and counted. What a text must
hold for a pattern to match is looked for first, since finding a character takes a hundredth of what a search for a pattern takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from augury.classify import sourcecode
from augury.classify.window import CHOICE_REACH, LINE, SHAPE_LINES

_DRAWING: Final = "[asy]"
"""A figure in a mathematical problem is drawn in a language, and is not a program."""

_LATEX: Final = re.compile(
    r"\\(?=[a-z])(?:[dt]?frac|sqrt|int|sum|prod|lim|infty|le|ge|leq|geq|ne|neq|cdot|times|div|pi|theta|alpha|beta|angle|triangle|overline|mathbb|"
    r"mathcal|begin\{(?:array|align|equation|cases|[pbv]?matrix)|text\{|circ|[lc]?dots|pmod|equiv|binom|boxed|sin|cos|tan|log|ln)(?![a-z])"
)
_DOLLARS: Final = re.compile(r"\$(?![\s$])[^$\n]{1,80}(?<![\s$])\$(?!\d)")
_POWER: Final = re.compile(r"[\w)]\^[\w({-]")
_FORMULA: Final = re.compile(
    # A mark between two single letters, figures, or brackets. The mark stands first, since a search for one of a few characters is fast.
    r"[=+*<>×÷](?:(?<=[^a-zA-Z][\da-zA-Z)] .)|(?<=[^a-zA-Z][\da-zA-Z)].)) ?-?\(?\d{0,6}(?:[a-zA-Z](?![a-zA-Z])|(?<=\d))"  # noqa: RUF001
)
_FORMULA_MARKS: Final = "=+*<>×÷"  # noqa: RUF001
_MATHEMATICAL: Final = "√∫∑π∞∂≤≥"
_SERIES: Final = re.compile(
    # Numbers in a row, taken whole, and perhaps the gap to fill behind them. The comma stands first, as above.
    r",(?<=\d,) ?\d++(?:, ?\d++){2,}+,? ?(\?|_|\.\.\.|…)?"
)
_SERIES_COMMAS: Final = 3
_CHOICE: Final = re.compile(
    # Behind a space, or behind a bracket that is. The letter stands first, since a search for one of a few characters is fast.
    r"([A-Ea-e])[).:](?:(?<!\S..)|(?<=\(..)(?<!\S\(..)) ?\S"
)
_CHOICE_GATES: Final = ("B)", "B.", "B:", "b)", "b.", "b:")
_FEWEST_CHOICES: Final = 3
_SPOKEN: Final = re.compile(
    r"\[?\(?\d{1,2}:\d{2}|[A-Z][\w.]{0,20}(?: [A-Z][\w.]{0,20})?(?: \(\d[\d:]{0,8}\))?: \S|[<-] ?[A-Z]\w{0,20}: "
)
_ITEM: Final = re.compile(r"[-*•–] ?\S|\(?\d{1,2}[.)] ?\S")  # noqa: RUF001
_DIGIT: Final = re.compile(r"\d")
_FEWEST_SPOKEN: Final = 4
"""Lines that open with a name or a time: fewer may be headings."""

_TABLE_LINES: Final = 3
_TABLE_MARKS: Final = (("\t", 1), ("|", 1), (",", 2), (";", 2))
"""What separates columns, and how many a line has at least: a sentence may have a comma."""

_DRAWN_TABLE: Final = "|"
"""Nobody writes this in a sentence, so no figures are asked for."""

_FIGURES_IN_TABLE: Final = 2
"""Of three lines so many have figures: the first may be the head."""

_LIST_WORDS: Final = 6
_LIST_REACH: Final = 1_000
_LONG_PROSE: Final = 1_200


@dataclass(slots=True)
class Shape:
    """What a text looks like."""

    signs: tuple[str, ...] = ()
    code_share: float = 0.0
    code_lines: int = 0
    items: int = 0


def look_at(text: str, ask: str) -> Shape:
    """Look at a text's lines and marks; formulas are looked for in its ask alone."""
    lines = [line[:LINE] for whole in text.split("\n", SHAPE_LINES)[:SHAPE_LINES] if (line := whole.strip())]
    drawing = "[" in text and _DRAWING in text
    signs, share, coded = sourcecode.Code([], 0.0, 0) if drawing else sourcecode.look_for(text, ask, lines)
    prose = share < sourcecode.A_GOOD_PART and "shape.definition" not in signs
    if drawing or ("\\" in text and _LATEX.search(text)) or ("$" in ask and _DOLLARS.search(ask)):
        signs.append("shape.latex")
    if prose:
        _formulas(ask, signs)
        if _has_choices(text, ask):
            signs.append("shape.choices")
        if len(lines) >= _TABLE_LINES:
            if _is_table(text, lines):
                signs.append("shape.table")
            if _is_transcript(text, lines):
                signs.append("shape.transcript")
    if len(text) * (1 - share) >= _LONG_PROSE:
        signs.append("shape.long_prose")
    if _is_word_list(text):
        signs.append("shape.word_list")
    items = sum(not line[0].isalpha() and _ITEM.match(line) is not None for line in lines) if len(lines) > 1 else 0
    return Shape(signs=tuple(signs), code_share=round(share, 3), code_lines=coded, items=items)


def _formulas(ask: str, signs: list[str]) -> None:
    if (
        ("^" in ask and _POWER.search(ask))
        or (any(mark in ask for mark in _FORMULA_MARKS) and _FORMULA.search(f" {ask}"))
        or "% of" in ask
        or (not ask.isascii() and any(mark in ask for mark in _MATHEMATICAL))
    ):
        signs.append("shape.formula")
    if ask.count(",") >= _SERIES_COMMAS and any(_SERIES.findall(ask)):
        signs.append("shape.series")


def _has_choices(text: str, ask: str) -> bool:
    """Whether several letters of choices stand at the end."""
    for gate in _CHOICE_GATES:
        if gate in ask:
            return len({letter.lower() for letter in _CHOICE.findall(text[-CHOICE_REACH:])}) >= _FEWEST_CHOICES
    return False


def _is_table(text: str, lines: list[str]) -> bool:
    """Three lines in a row with as many separators each, and figures in them."""
    for mark, fewest in _TABLE_MARKS:
        if text.count(mark) < _TABLE_LINES * fewest:
            continue
        widths = [line.count(mark) for line in lines]
        for start, (width, second, third) in enumerate(zip(widths, widths[1:], widths[2:], strict=False)):
            if width >= fewest and width == second == third:
                if mark == _DRAWN_TABLE:
                    return True
                figured = sum(map(bool, map(_DIGIT.search, lines[start : start + _TABLE_LINES])))
                if figured >= _FIGURES_IN_TABLE:
                    return True
    return False


def _is_transcript(text: str, lines: list[str]) -> bool:
    if text.count(":") < _FEWEST_SPOKEN:
        return False
    spoken = [line for line in lines if ":" in line]
    return len(spoken) >= _FEWEST_SPOKEN and sum(map(bool, map(_SPOKEN.match, spoken))) >= _FEWEST_SPOKEN


def _is_word_list(text: str) -> bool:
    """Nothing but words and commas: material to make something of, without a sentence that says what."""
    if len(text) > _LIST_REACH or text.count(",") < _LIST_WORDS - 1 or "?" in text or "\n" in text.strip():
        return False
    parts = [part.strip() for part in text.rstrip(" .\n").split(",")]
    if len(parts) < _LIST_WORDS:
        return False
    return all(part and part.count(" ") <= 1 and part.replace(" ", "").replace("-", "").isalpha() for part in parts)
