"""Whether a text holds code: lines that look like it, definitions, traces of errors, names as programs write them."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from augury.classify.window import FENCES, FORGIVING


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_OPENING_WORDS: Final = _set("""def elif if( for( while( function private protected static #include #define func fn impl INSERT UPDATE DELETE ALTER >>> else: try: #!/bin/bash
    except console.log sudo curl void else finally: finally template namespace typedef SELECT CREATE WHERE JOIN RUN COPY apiVersion: int
    float double char bool const var""")
_OPENING_WORDS_IN_PROSE: Final = _set("""from import class let using case package select begin $ export module return static switch enum async struct public private double git
    FROM for if while docker assert raise throw npm pip await""")
"""Lines of code open with these, and so do sentences: a mark of code must follow, or almost nothing."""


_OPENING_MARKS: Final = (
    "//", "/*", "</", "<div", "<html", "<!DOCTYPE", "<?", "#!/", "#include", "print(", "console.", "System.", "std::", "cout", "printf", "@@ ",
    "@app", "@Override", "if(", "for(", "while(", ">>>",
)  # fmt: skip
_CODE_MARKS: Final = frozenset("=({;<\"'[.:")
_CODE_ENDINGS: Final = ("{", "}", "};", ");", "):", "},", "];", "->", "=>", "/>", "*/", "})", ") {")
_ALONE: Final = frozenset(("}", "{", "end", "pass"))
_CALLED: Final = frozenset("=()[]{}")
_SENTENCE_ENDINGS: Final = (".", "?")
_SPACES_IN_COMMAND: Final = 2
"""A line of no more than three words that opens as code does is code, even with no mark in it: "git push origin"."""

_SPACES_IN_ASSIGNMENT: Final = 8
"""A longer line with " = " in it is a sentence that tells of a formula."""

FEW_LINES: Final = 2
"""A single line of code may be a sentence that looks like one: it counts where it is a good part of the text."""

A_GOOD_PART: Final = 0.25
MOSTLY: Final = 0.4
_TRACES: Final = (
    "Traceback (most recent", "Exception in thread", "Caused by: ", "error[E", "Segmentation fault", "SyntaxError", "TypeError", "KeyError:",
    "ValueError", "NullPointerException", "undefined reference", "ReferenceError", "panic: ", "npm ERR", "AttributeError", "IndexError",
    "ImportError", "ModuleNotFoundError", "\tat ", "    at ", "fatal error:", "StackOverflow", "IndentationError",
)  # fmt: skip
_TRACE_GATES: Final = ("rror", "xception", "    at ", "\tat ", "panic: ", "undefined ref", "ation fault", "npm ERR")
"""One of these stands in every trace, and most texts have none: eight are looked for instead of all."""

_FENCE: Final = "```"
_TICK: Final = "`"
_TICKS: Final = 2
_SNAKE: Final = re.compile(r"[a-zA-Z]_[a-z]")
_CAMEL: Final = re.compile(r"\b(?<!\\)[a-z]{2,40}[A-Z][a-z]")
"""Names like useEffect, but neither iPhone nor YouTube; looked for in short asks, since in long ones other signs tell."""

_NAMED: Final = (
    ("+", ("c++",)),
    ("#", ("c#", "f#")),
    (".net ", (".net ",)),
    (".js", ("node.js", "next.js", "vue.js")),
)
"""Names with marks in them, which words are split at, behind what they have in common."""

_DEFINITION: Final = re.compile(
    r"(?=[ac-fipsu<#ACDISU])(?:(?:async )?def \w{1,60} ?\(|(?:export |default |async )*function\*? \w{0,60} ?\(|class \w{1,60} ?[({:]|(?:pub )?fn \w{1,60} ?[(<]|func (?:\([^)]{1,40}\) ?)?\w{1,60}\("
    r"|#include ?[<\"]|(?:public|private|protected) (?:static |final )*\w|import [\w.{* ]{1,60} from |from [\w.]{1,60} import |package [\w.]{1,60};?$|const \w{1,60} ?="
    r"|(?:SELECT|select) .{1,150} (?:FROM|from) |(?:CREATE|create|ALTER|alter) (?:TABLE|table) |(?:UPDATE|update) \w{1,60} (?:SET|set) |(?:DELETE|delete) (?:FROM|from) \w|(?:INSERT|insert) (?:INTO|into) \w|<!DOCTYPE|#!/)"
)


class _Openings(NamedTuple):
    """With what a line of code can open that opens with a certain character."""

    words: frozenset[str]
    words_in_prose: frozenset[str]
    marks: tuple[str, ...]


def _openings(first: str) -> _Openings:
    return _Openings(
        frozenset(word for word in _OPENING_WORDS if word[0] == first),
        frozenset(word for word in _OPENING_WORDS_IN_PROSE if word[0] == first),
        tuple(mark for mark in _OPENING_MARKS if mark[0] == first),
    )


_OPENINGS: Final = {
    first: _openings(first)
    for first in {opening[0] for opening in (*_OPENING_WORDS, *_OPENING_WORDS_IN_PROSE, *_OPENING_MARKS)}
}
_LASTS: Final = frozenset((";", *(ending[-1] for ending in _CODE_ENDINGS)))


class Code(NamedTuple):
    """What of a text is code, and by which signs."""

    signs: list[str]
    share: float
    lines: int


def _is_code(line: str) -> bool:
    last = line[-1]
    openings = _OPENINGS.get(line[0])
    if openings is not None:
        words, words_in_prose, marks = openings
        first = line.partition(" ")[0]
        if first in words or (marks and line.startswith(marks)):
            return True
        if first in words_in_prose:
            marked = last not in _SENTENCE_ENDINGS and not _CODE_MARKS.isdisjoint(line)
            return marked or line.count(" ") <= _SPACES_IN_COMMAND
    if last in _LASTS and line.endswith(_CODE_ENDINGS):
        return True
    if last == ";":
        return not _CALLED.isdisjoint(line)
    return (
        " = " in line and line.count(" ") <= _SPACES_IN_ASSIGNMENT and last not in _SENTENCE_ENDINGS
    ) or line in _ALONE


def look_for(text: str, ask: str, lines: list[str]) -> Code:
    """Look for code in a text whose lines, stripped and none of them empty, are given too."""
    signs: list[str] = []
    coded = [line for line in lines if _is_code(line)]
    share = sum(map(len, coded)) / sum(map(len, lines)) if coded else 0.0
    ticks = _TICK in text  # a single character is found in no time
    fenced = ticks and _FENCE in text
    if fenced:
        signs.append("shape.fence")
        share = max(share, min(1.0, sum(map(len, text.split(_FENCE, FENCES)[1:FENCES:2])) / len(text)))
    if share >= MOSTLY and len(coded) >= FEW_LINES:
        signs.append("shape.much_code")
    elif coded and (len(coded) >= FEW_LINES or share >= A_GOOD_PART):
        signs.append("shape.some_code")
    if coded and any(map(_DEFINITION.match, coded)):
        signs.append("shape.definition")
    if _has_trace(text):
        signs.append("shape.trace")
    if ticks and not fenced and text.count(_TICK) >= _TICKS:
        signs.append("shape.inline_code")
    if _has_identifier(ask):
        signs.append("shape.identifier")
    return Code(signs, share, len(coded))


def _has_trace(text: str) -> bool:
    for gate in _TRACE_GATES:
        if gate in text:
            return any(trace in text for trace in _TRACES)
    return False


def _has_identifier(ask: str) -> bool:
    if "()" in ask or ("_" in ask and _SNAKE.search(ask)) or (len(ask) <= FORGIVING and _CAMEL.search(ask)):
        return True
    lower = ask.lower()
    for gate, names in _NAMED:
        if gate in lower:
            for name in names:
                if name in lower:
                    return True
    return False
