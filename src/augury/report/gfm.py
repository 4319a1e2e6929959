"""Markdown as GitHub reads it: how plain text, which may be hostile, becomes a line, and rows of it a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import cell_len

from augury.core.spelling import visible

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

_BLANKS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
_MEANT = re.compile(r"[\\`*_\[\]#~]")  # what means something in the middle of a line
_OPENING = re.compile(r"^(\d*)([.)+=-])(?=[\s=-]|$)")  # and what does at its beginning
_ENTITIES = {"<": "&lt;", ">": "&gt;", "|": "&#124;", "{": "&#123;", "}": "&#125;"}
_UNLINKED = re.compile(r"(?i)(?<=www)\.|:(?=//)")  # what would become a link by itself
_NARROWEST, _PADDED = 3, 72  # characters to which cells are filled up, so that a table reads well as plain text, too


def escaped(text: str) -> str:
    """The text on one line, and nothing in it that Markdown, HTML, or a terminal obeys."""
    text = visible(_BLANKS.sub(" ", text).strip())
    text = re.sub(r"&(?=#?\w+;)", "&amp;", text)
    text = _MEANT.sub(lambda found: f"\\{found[0]}", text)
    text = re.sub(r"[<>|{}]", lambda found: _ENTITIES[found[0]], text)
    text = _UNLINKED.sub(lambda found: f"\\{found[0]}", text)
    text = text.replace("@", "@&#8288;")  # a word joiner: nobody is mentioned, and no address becomes a link
    if text.count("$") > 1:  # between two of them would be mathematics
        text = text.replace("$", "\\$")
    return _OPENING.sub(lambda found: f"{found[1]}\\{found[2]}", text)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, texts: Container[str] = ()) -> str:
    """A table: its first column, those of texts, and bars, whose column has no name, stand to the left; figures to the right."""
    grid = [[escaped(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(_NARROWEST, *map(cell_len, cells)) for cells in zip(*grid, strict=True)]
    widths = [*(min(width, _PADDED) for width in widths[:-1]), widths[-1] if widths[-1] <= _PADDED else _NARROWEST]
    to_left = [not i or not column or column in texts for i, column in enumerate(columns)]
    lines = ["| " + " | ".join(map(_filled, row, widths, to_left)) + " |" for row in grid]
    rule = "|" + "|".join(
        f" {'-' * width} " if is_left else f" {'-' * (width - 1)}: "
        for width, is_left in zip(widths, to_left, strict=True)
    )
    return "\n".join([lines[0], f"{rule}|", *lines[1:]])


def _filled(cell: str, width: int, is_left: bool) -> str:
    blank = " " * (width - cell_len(cell))
    return cell + blank if is_left else blank + cell
