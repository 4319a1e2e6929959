"""An ask's words, looked up once: which groups they belong to, and what its sentences open with.

Text is taken apart by plain replacements, and everything after is dictionary look-ups, so no text can make it slow.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from augury.classify import words
from augury.classify.spelling import SHORTEST, Spelling
from augury.classify.window import FORGIVING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FAR: Final = re.compile("[\u0370-\u1fff\u3040-\ud7ff]")
"""A letter of another script than the Latin one."""

_END: Final = "."
"""Of a sentence. Exclamation marks, colons, and ends of lines count as the same."""

_QUESTION: Final = "?"
_COMMA: Final = ","
_MARKS: Final = (_END, _QUESTION, _COMMA)
_ENDS: Final = "!:;\n"
_GONE: Final = '()"*-/`$[]\0\1'
_PLAIN: Final = bytes.maketrans((_ENDS + _GONE).encode(), (_END * len(_ENDS) + " " * len(_GONE)).encode())
_APART: Final = tuple((mark.encode(), f" {mark} ".encode()) for mark in _MARKS)
_ASCII: Final = bytes(range(128))
_FOREIGN: Final = tuple(
    (mark, mark.encode(), plain.encode())
    for mark, plain in (
        ("\N{RIGHT SINGLE QUOTATION MARK}", "'"),
        ("\N{IDEOGRAPHIC FULL STOP}", f" {_END} "),
        ("\N{FULLWIDTH EXCLAMATION MARK}", f" {_END} "),
        ("\N{FULLWIDTH QUESTION MARK}", f" {_QUESTION} "),
        ("\N{FULLWIDTH COLON}", f" {_END} "),
        ("\N{FULLWIDTH SEMICOLON}", f" {_END} "),
        ("\N{IDEOGRAPHIC COMMA}", f" {_COMMA} "),
        ("\N{FULLWIDTH COMMA}", f" {_COMMA} "),
        *(
            (mark, " ")
            for mark in "«»„“”¿¡•…\N{LEFT SINGLE QUOTATION MARK}\N{EN DASH}—「」『』《》【】\N{FULLWIDTH LEFT PARENTHESIS}\N{FULLWIDTH RIGHT PARENTHESIS}"
        ),
    )
)
_WITHIN: Final = re.compile(rb"[.:,](?<=\d.)(?=\d)(?:(?<!,)|(?=\d{3}(?!\d)))")
"""A mark inside a number ("3.1", "9:40", "1,200"), which ends nothing."""

_UNSPACED: Final = re.compile("([\u0e00-\u0e7f\u3040-\ud7ff]+)")
"""Letters of a script in which words stand without spaces. A name or a number among them is a word of its own."""

_DIGITS: Final = "0123456789"
_YEAR_DIGITS: Final = 4
_FIRST_YEAR: Final = "1500"
_LAST_YEAR: Final = "2099"
_LANGUAGE: Final = "language."


def split(ask: str) -> list[str]:
    """The words and marks of an ask, in lower case."""
    return _apart(ask)[0]


def _apart(ask: str) -> tuple[list[str], str]:
    """The words and marks of an ask, and all its characters beyond ASCII; in lower case.

    Replacing marks and splitting at spaces takes a quarter of what a pattern for words takes, and over bytes half as long as over
    text: letters beyond ASCII cost no more there, and what has only typographic quotation marks of them becomes plain ASCII.
    """
    data = ask.lower().encode("utf-8", "ignore")  # half a surrogate pair is nobody's letter
    data = _WITHIN.sub(b"_", data).translate(_PLAIN)
    rare = ""
    if not data.isascii():
        rare = data.translate(None, _ASCII).decode()
        for mark, encoded, plain in _FOREIGN:
            if mark in rare:
                data = data.replace(encoded, plain)
    for encoded, apart in _APART:
        data = data.replace(encoded, apart)
    text = data.decode()
    if rare and _UNSPACED.search(rare):
        text = " ".join(_UNSPACED.split(text))
    return text.split(), rare


@dataclass(slots=True)
class _Word:
    """What is known of a word, together, so that each is looked up once."""

    signs: tuple[str, ...] = ()
    """The groups it belongs to, and the languages it is a small word of."""

    leads: tuple[str, ...] = ()
    """The signs it is where a sentence opens with it."""

    pairs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The signs it is with the word after it."""

    is_mark: bool = False
    skipped: bool = False
    """A courtesy: a sentence opens behind it."""

    asking: bool = False
    who: bool = False
    factual: bool = False
    placing: bool = False


def _listed(groups: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for group, listed in groups.items():
        for word in dict.fromkeys(listed.split()):
            found[word].append(group)
    return {word: tuple(belongs) for word, belongs in found.items()}


def _paired(groups: Mapping[str, str]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    found: defaultdict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for group, listed in groups.items():
        for pair in dict.fromkeys(" ".join(listed.split()).split("|")):
            first, _, second = pair.strip().partition(" ")
            found[first][second] = (*found[first].get(second, ()), group)
    return found


def _known() -> Mapping[str, _Word]:
    verbs = _listed(words.VERBS)
    groups = _listed({**words.VERBS, **words.NOUNS})
    languages = _listed(words.LANGUAGES)
    pairs = _paired(words.PAIRS)
    who = frozenset(words.NOUNS["who"].split())
    seconds = {second for after in pairs.values() for second in after}
    every: Iterable[str] = {
        *groups,
        *languages,
        *pairs,
        *seconds,
        *words.COURTESIES,
        *words.ASKING,
        *words.FACTUAL,
        *words.PLACING,
    }
    known = {
        word: _Word(
            signs=(*groups.get(word, ()), *(f"{_LANGUAGE}{name}" for name in languages.get(word, ()))),
            leads=tuple(f"lead.{group}" for group in verbs.get(word, ())),
            pairs=pairs.get(word, {}),
            skipped=word in words.COURTESIES and word not in verbs,
            asking=word in words.ASKING,
            who=word in who,
            factual=word in who or word in words.FACTUAL,
            placing=word in words.PLACING,
        )
        for word in every
    }
    plain = {_without_accents(word): word for word in known if len(word) >= SHORTEST and not word.isascii()}
    typed = {word: known[accented] for word, accented in plain.items() if word not in known}
    return known | typed | {mark: _Word(is_mark=True) for mark in _MARKS}


def _without_accents(word: str) -> str:
    """As a word is typed where the accents are hard to find."""
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


_KNOWN: Final = _known()


_SPELLING: Final = Spelling(
    dict.fromkeys(
        word
        for listed in (
            *words.VERBS.values(),
            *(words.NOUNS[group] for group in ("code", "tech", "fiction", "weighing", "maths", "document", "handed")),
        )
        for word in listed.split()
    )
)
_LANGUAGES: Final = tuple((name, f"{_LANGUAGE}{name}") for name in words.LANGUAGES)
_NO_PAIRS: Final[Mapping[str, tuple[str, ...]]] = {}


@dataclass(slots=True)
class Tokens:
    """What the words of an ask say."""

    found: dict[str, int] = field(default_factory=dict)
    length: int = 0
    sentences: int = 0
    questions: int = 0
    asks: int = 0
    numbers: int = 0
    years: int = 0
    factual: bool = False
    """It opens as a question for a fact does."""

    def languages(self) -> dict[str, int]:
        """How many different small words of each language are spelled, where there are any."""
        return {name: count for name, sign in _LANGUAGES if (count := self.found.get(sign))}


def look_up(ask: str) -> Tokens:  # noqa: PLR0912, PLR0915 - one loop: a call for every word would cost more than all it does
    """Take an ask apart and look its words up."""
    result = Tokens()
    found = result.found
    sentences = questions = asks = numbers = years = 0
    spelled: set[str] = set()
    opening = True  # nothing but courtesies so far in this sentence
    begun = False
    asking = False
    inverted = False
    forgiving = len(ask) <= FORGIVING
    before: _Word | None = None
    nothing = pairs = _NO_PAIRS
    spoken, rare = _apart(ask)
    result.length = len(spoken)
    spoken.append(_END)
    for word, known in zip(spoken, map(_KNOWN.get, spoken), strict=True):
        if known is None:
            if not word.isalpha():
                if word[0] in _DIGITS:  # a number says something can be worked out; a year says when
                    if len(word) == _YEAR_DIGITS and _FIRST_YEAR <= word <= _LAST_YEAR:
                        years += 1
                    else:
                        numbers += 1
                elif word[-1] in _DIGITS:  # "vue3", "pyqt6": a version
                    known = _KNOWN.get(word.rstrip(_DIGITS))  # noqa: PLW2901 - it is that word
            elif forgiving and len(word) >= SHORTEST and (meant := _SPELLING.meant(word)):
                known = _KNOWN[meant]  # noqa: PLW2901 - it is that word
            if known is None:
                opening = False
                begun = True
                before = None
                pairs = nothing
                continue
        elif known.is_mark:
            before = None
            pairs = nothing
            if word == ",":
                continue
            if word == "?":
                questions += 1
            if begun:
                if asking:
                    found["lead.question"] = found.get("lead.question", 0) + 1
                    asking = False
                sentences += 1
                opening = True
                begun = False
            continue
        if opening or inverted:
            if not begun:
                begun = True
                asking = known.asking
                inverted = known.placing
                if not sentences:
                    result.factual = known.factual
            elif inverted:  # "In which city", "To whom"
                inverted = False
                if not sentences:
                    result.factual = known.factual
            if opening and not known.skipped:
                opening = False
                if known.who:
                    found["lead.who"] = found.get("lead.who", 0) + 1
                    asking = False
                elif known.leads and not (asking and before is not None and before.asking):
                    for lead in known.leads:
                        found[lead] = found.get(lead, 0) + 1
                    asks += 1
                    asking = False
        if word not in spelled:
            spelled.add(word)
            for sign in known.signs:
                found[sign] = found.get(sign, 0) + 1
        if word in pairs:
            for sign in pairs[word]:
                found[sign] = found.get(sign, 0) + 1
        before = known
        pairs = known.pairs
    if rare and FAR.search(rare):
        _look_within(ask.lower(), rare, found)
    if "would" in spelled and "had" in spelled and ("if" in spelled or "what" in spelled):
        found["supposing"] = found.get("supposing", 0) + 1
    result.sentences = sentences
    result.questions = questions
    result.asks = asks
    result.numbers = numbers
    result.years = years
    return result


def _look_within(lower: str, rare: str, found: dict[str, int]) -> None:
    letters = set(rare)
    for first, stems in _STEMS.items():
        if first in letters:
            for stem, signs in stems:
                if stem in lower:
                    for sign in signs:
                        found[sign] = found.get(sign, 0) + 1


def _stems() -> Mapping[str, list[tuple[str, tuple[str, ...]]]]:
    """The stems by their first letter. Where words have no spaces, what stands first is anyone's guess: a verb counts as if it did."""
    by_first: defaultdict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for group, stems in words.ANYWHERE.items():
        signs = (group, f"lead.{group}") if group in words.VERBS else (group,)
        for stem in stems.split("|"):
            by_first[stem[0]].append((stem, signs))
    return dict(by_first)


_STEMS: Final = _stems()
