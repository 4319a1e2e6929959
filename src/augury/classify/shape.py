"""How a text looks, whatever its words are: code, formulas, tables, transcripts, choices, and bare lists of words.

Every pattern here is linear, or bounded to a few dozen characters from where it starts; lines are cut and counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from augury.classify.window import LINE, SHAPE_LINES


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_OPENING_WORDS = _set("""def elif if( for( while( function private protected static #include #define func fn impl INSERT UPDATE >>> else: try: #!/bin/bash
    except console.log sudo curl void else finally: finally template namespace typedef SELECT CREATE WHERE JOIN RUN COPY apiVersion: int
    float double char bool const var""")
_OPENING_WORDS_IN_PROSE = _set("""from import class let using case package select begin $ export module return static switch enum async struct public private double git
    FROM for if while docker assert raise throw npm pip await""")
"""Lines of code open with these, and so do sentences: a mark of code must follow, or almost nothing."""

_OPENING_MARKS = (
    "//", "/*", "</", "<div", "<html", "<!DOCTYPE", "<?", "#!/", "#include", "print(", "console.", "System.", "std::", "cout", "printf", "@@ ",
    "@app", "@Override", "if(", "for(", "while(", ">>>",
)  # fmt: skip
_CODE_MARKS = frozenset("=({;<\"'[.:")
_CODE_ENDINGS = ("{", "}", "};", ");", "):", "},", "];", "->", "=>", "/>", "*/", "})", ") {")
_ALONE = frozenset(("}", "{", "end", "pass"))
_CALLED = frozenset("=()[]{}")
_TRACES = (
    "Traceback (most recent", "Exception in thread", "Caused by: ", "error[E", "Segmentation fault", "SyntaxError", "TypeError", "KeyError:",
    "ValueError", "NullPointerException", "undefined reference", "ReferenceError", "panic: ", "npm ERR", "AttributeError", "IndexError",
    "ImportError", "ModuleNotFoundError", "\tat ", "    at ", "fatal error:", "StackOverflow", "IndentationError",
)  # fmt: skip
_TRACE_GATES = ("rror", "xception", "    at ", "\tat ", "panic: ", "undefined ref", "ation fault", "npm ERR")
_MOSTLY = 0.25
_LATEX = re.compile(
    r"\\(?:[dt]?frac|sqrt|int|sum|prod|lim|infty|le|ge|leq|geq|ne|neq|cdot|times|div|pi|theta|alpha|beta|angle|triangle|overline|mathbb|"
    r"mathcal|begin\{(?:array|align|equation|cases|[pbv]?matrix)|text\{|circ|[lc]?dots|pmod|equiv|binom|boxed|sin|cos|tan|log|ln)(?![a-z])"
)
_DOLLARS = re.compile(r"\$(?![\s$])[^$\n]{1,80}(?<![\s$])\$(?!\d)")
_POWER = re.compile(r"[\w)]\^[\w({-]")
_FORMULA = re.compile(
    # A mark between two single letters, figures, or brackets. The mark stands first, since a search for one of a few characters is fast.
    r"[=+*<>×÷](?:(?<=[^a-zA-Z][\da-zA-Z)] .)|(?<=[^a-zA-Z][\da-zA-Z)].)) ?-?\(?\d{0,6}(?:[a-zA-Z](?![a-zA-Z])|(?<=\d))"  # noqa: RUF001
)
_FORMULA_MARKS = "=+*<>×÷"  # noqa: RUF001
_MATHEMATICAL = "√∫∑π∞∂≤≥"
_SERIES = re.compile(r"\d{1,9}, ?\d{1,9}, ?\d{1,9}, ?\d{1,9},? ?(?:\d{1,9}, ?){0,20}(?:\?|_|\.\.\.|…)")
_CHOICE = re.compile(r"(?:^|\n|\s)\(?([A-Ea-e])[).:] ?\S")
_CHOICE_GATES = ("B)", "B.", "B:", "b)", "b.", "b:")
_CHOICE_REACH = 600
_FEWEST_CHOICES = 3
_SPOKEN = re.compile(
    r"\[?\(?\d{1,2}:\d{2}|[A-Z][\w.]{0,20}(?: [A-Z][\w.]{0,20})?(?: \(\d[\d:]{0,8}\))?: \S|[<-] ?[A-Z]\w{0,20}: "
)
_ITEM = re.compile(r"[-*•–] ?\S|\(?\d{1,2}[.)] ?\S")  # noqa: RUF001
_DIGIT = re.compile(r"\d")
_SNAKE = re.compile(r"[a-zA-Z]_[a-z]")
_NAMED = ("c++", "c#", "f#", ".net ", "node.js", "next.js", "vue.js")
_DEFINITION = re.compile(
    r"(?:async )?def \w{1,60} ?\(|(?:export |default |async )*function\*? \w{0,60} ?\(|class \w{1,60} ?[({:]|(?:pub )?fn \w{1,60} ?[(<]|func (?:\([^)]{1,40}\) ?)?\w{1,60}\("
    r"|#include ?[<\"]|(?:public|private|protected) (?:static |final )*\w|import [\w.{* ]{1,60} from |from [\w.]{1,60} import |package [\w.]{1,60};?$|const \w{1,60} ?="
    r"|(?:SELECT|select) .{1,150} (?:FROM|from) |(?:CREATE|create) (?:TABLE|table) |<!DOCTYPE|#!/"
)
_LIST_WORDS = 6
_LONG_PROSE = 1_200


@dataclass(slots=True)
class Shape:
    """What a text looks like."""

    signs: tuple[str, ...] = ()
    code_share: float = 0.0
    code_lines: int = 0
    items: int = 0


def _is_code(line: str) -> bool:
    first = line.partition(" ")[0]
    if first in _OPENING_WORDS or line.startswith(_OPENING_MARKS):
        return True
    if first in _OPENING_WORDS_IN_PROSE:
        return (not _CODE_MARKS.isdisjoint(line) and not line.endswith((".", "?"))) or line.count(" ") <= 2  # noqa: PLR2004
    if line.endswith(_CODE_ENDINGS) or line in _ALONE:
        return True
    if line.endswith(";"):
        return not _CALLED.isdisjoint(line)
    return " = " in line and line.count(" ") <= 8 and not line.endswith(("?", "."))  # noqa: PLR2004


def _is_word_list(text: str) -> bool:
    """Nothing but words and commas: material to make something of, without a sentence that says what."""
    if text.count(",") < _LIST_WORDS - 1 or "?" in text or len(text) > 1_000 or "\n" in text.strip():  # noqa: PLR2004
        return False
    parts = [part.strip() for part in text.rstrip(" .\n").split(",")]
    if len(parts) < _LIST_WORDS:
        return False
    return all(part and part.count(" ") <= 1 and part.replace(" ", "").replace("-", "").isalpha() for part in parts)


def _is_table(text: str, lines: list[str]) -> bool:
    """Three lines in a row with as many separators each, and figures in them."""
    for mark, fewest in (("\t", 1), ("|", 1), (",", 2), (";", 2)):
        if text.count(mark) < 3 * fewest:
            continue
        widths = [line.count(mark) for line in lines]
        for start, width in enumerate(widths[:-2]):
            if width >= fewest and width == widths[start + 1] == widths[start + 2]:
                digits = sum(_DIGIT.search(line) is not None for line in lines[start : start + 3])
                if mark == "|" or digits >= 2:  # noqa: PLR2004
                    return True
    return False


def look_at(text: str, ask: str) -> Shape:
    """Look at a text's lines and marks; formulas are looked for in its ask alone."""
    lines = [line.strip()[:LINE] for line in text.split("\n", SHAPE_LINES)[:SHAPE_LINES]]
    lines = [line for line in lines if line]
    drawing = "[asy]" in text  # a figure in a mathematical problem, not a program
    signs: list[str] = []
    share, coded = 0.0, 0
    if not drawing:
        share, coded = _code(text, ask, lines, signs)
    prose = share < _MOSTLY and "shape.definition" not in signs
    if drawing or ("\\" in text and _LATEX.search(text)) or ("$" in ask and _DOLLARS.search(ask)):
        signs.append("shape.latex")
    if prose:
        _formulas(ask, signs)
        if any(gate in ask for gate in _CHOICE_GATES) and _letters(text) >= _FEWEST_CHOICES:
            signs.append("shape.choices")
        if len(lines) >= 3:  # noqa: PLR2004
            if _is_table(text, lines):
                signs.append("shape.table")
            if text.count(":") >= 4 and sum(_SPOKEN.match(line) is not None for line in lines) >= 4:  # noqa: PLR2004
                signs.append("shape.transcript")
    if len(text) * (1 - share) >= _LONG_PROSE:
        signs.append("shape.long_prose")
    if _is_word_list(text):
        signs.append("shape.word_list")
    items = sum(_ITEM.match(line) is not None for line in lines) if len(lines) > 1 else 0
    return Shape(signs=tuple(signs), code_share=round(share, 3), code_lines=coded, items=items)


def _code(text: str, ask: str, lines: list[str], signs: list[str]) -> tuple[float, int]:
    coded = [line for line in lines if _is_code(line)]
    share = sum(map(len, coded)) / max(1, sum(map(len, lines)))
    fenced = "```" in text
    if fenced:
        signs.append("shape.fence")
        share = max(share, min(1.0, sum(map(len, text.split("```", 40)[1:40:2])) / len(text)))
    if share >= 0.4 and len(coded) >= 2:  # noqa: PLR2004
        signs.append("shape.much_code")
    elif coded and (len(coded) >= 2 or share >= _MOSTLY):  # noqa: PLR2004
        signs.append("shape.some_code")
    if any(_DEFINITION.match(line) for line in coded):
        signs.append("shape.definition")
    if any(gate in text for gate in _TRACE_GATES) and any(trace in text for trace in _TRACES):
        signs.append("shape.trace")
    if not fenced and text.count("`") >= 2:  # noqa: PLR2004
        signs.append("shape.inline_code")
    lower = ask.lower()
    if "()" in ask or any(name in lower for name in _NAMED) or ("_" in ask and _SNAKE.search(ask)):
        signs.append("shape.identifier")
    return share, len(coded)


def _letters(text: str) -> int:
    """How many different letters of choices stand at the end."""
    return len({letter.lower() for letter in _CHOICE.findall(text[-_CHOICE_REACH:])})


def _formulas(ask: str, signs: list[str]) -> None:
    if (
        ("^" in ask and _POWER.search(ask))
        or (any(mark in ask for mark in _FORMULA_MARKS) and _FORMULA.search(f" {ask}"))
        or "% of" in ask
        or (not ask.isascii() and any(mark in ask for mark in _MATHEMATICAL))
    ):
        signs.append("shape.formula")
    if ask.count(",") >= _FEWEST_CHOICES and _SERIES.search(ask):
        signs.append("shape.series")
