"""An ask's words, looked up once: which groups they belong to, and what its sentences open with.

Text is taken apart by plain replacements, and everything after is dictionary look-ups, so no text can make it slow.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from augury.classify import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FAR: Final = re.compile("[\u0370-\u1fff\u3040-\ud7ff]")
"""A letter of another script than the Latin one."""

_LINE: Final = "\x01"
_ENDS: Final = frozenset(f".!?:;{_LINE}")
_APART: Final = (*((mark, f" {mark} ") for mark in ".,?!:;"), ("\n", f" {_LINE} "))
_DIGITS: Final = "0123456789"
_GONE: Final = '()"*-/`$[]\0'
_FOREIGN: Final = (
    ("\N{RIGHT SINGLE QUOTATION MARK}", "'"),
    ("\N{IDEOGRAPHIC FULL STOP}", " . "),
    ("\N{IDEOGRAPHIC COMMA}", " , "),
    ("\N{FULLWIDTH QUESTION MARK}", " ? "),
    ("\N{FULLWIDTH EXCLAMATION MARK}", " ! "),
    *((mark, " ") for mark in "«»„“”¿¡\N{EN DASH}—"),
)


def split(ask: str) -> list[str]:
    """The words and marks of an ask, in lower case.

    Replacing marks one by one and splitting at spaces takes a third of what a pattern for words takes.
    """
    text = ask.replace(_LINE, " ").lower()
    for mark, apart in _APART:
        text = text.replace(mark, apart)
    for mark in _GONE:
        text = text.replace(mark, " ")
    if not text.isascii():
        for mark, plain in _FOREIGN:
            text = text.replace(mark, plain)
    return text.split()


@dataclass(frozen=True, slots=True)
class _Word:
    """What is known of a word, together, so that each is looked up once."""

    groups: tuple[str, ...]
    leads: tuple[str, ...]
    languages: tuple[str, ...]
    pairs: Mapping[str, tuple[str, ...]]
    """With the word after it."""

    courtesy: bool
    asking: bool
    who: bool


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
    return {
        word: _Word(
            groups=groups.get(word, ()),
            leads=tuple(f"lead.{group}" for group in verbs.get(word, ())),
            languages=languages.get(word, ()),
            pairs=pairs.get(word, {}),
            courtesy=word in words.COURTESIES,
            asking=word in words.ASKING,
            who=word in who,
        )
        for word in every
    }


_KNOWN: Final = _known()


@dataclass(slots=True)
class Tokens:
    """What the words of an ask say."""

    found: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    sentences: int = 0
    questions: int = 0
    asks: int = 0
    numbers: int = 0
    years: int = 0
    factual: bool = False
    """It opens as a question for a fact does."""


def look_up(ask: str) -> Tokens:  # noqa: PLR0912, PLR0915 - one loop: a call for every word would cost more than all it does
    """Take an ask apart and look its words up."""
    result = Tokens()
    found: Counter[str] = result.found
    spelled: set[str] = set()
    opening = True  # nothing but courtesies so far in this sentence
    begun = False
    asking = False
    inverted = False
    before: _Word | None = None
    for word in [*split(ask), _LINE]:
        if word in _ENDS:
            if word == "?":
                result.questions += 1
            if asking:
                found["lead.question"] += 1
            result.sentences += begun
            opening, begun, asking, before = True, False, False, None
            continue
        if word == ",":
            before = None
            continue
        known = _KNOWN.get(word)
        if known is None:
            if word < ":":  # what opens with a digit, or with a mark that has its place before them
                if word[0].isdecimal():
                    _count(word, result)
            elif word[-1] < ":":  # "vue3", "pyqt6": a version
                known = _KNOWN.get(word.rstrip(_DIGITS))
        if known is None:
            opening, begun, before = False, True, None
            continue
        if not begun:
            begun = True
            asking = known.asking
            inverted = word in words.PLACING
            if not result.sentences:
                result.factual = known.who or word in words.FACTUAL
        elif inverted:  # "In which city", "To whom"
            inverted = False
            if not result.sentences:
                result.factual = known.who or word in words.FACTUAL
        if opening and not (known.courtesy and not known.leads):
            opening = False
            if known.who:
                found["lead.who"] += 1
                asking = False
            elif known.leads and not (asking and before is not None and before.asking):
                for lead in known.leads:
                    found[lead] += 1
                result.asks += 1
                asking = False
        if word not in spelled:
            spelled.add(word)
            for group in known.groups:
                found[group] += 1
            for language in known.languages:
                result.languages[language] += 1
        if before is not None and word in before.pairs:
            for group in before.pairs[word]:
                found[group] += 1
        before = known
    if not ask.isascii() and FAR.search(ask):
        _look_within(ask, found)
    if "would" in spelled and "had" in spelled and ("if" in spelled or "what" in spelled):
        found["supposing"] += 1
    return result


def _count(token: str, result: Tokens) -> None:
    """A number says something can be worked out; a year says when."""
    if len(token) == 4 and "1500" <= token <= "2099":  # noqa: PLR2004 - the digits of a year
        result.years += 1
    else:
        result.numbers += 1


def _look_within(ask: str, found: Counter[str]) -> None:
    for group, stems in words.ANYWHERE.items():
        for stem in stems:
            if stem in ask:
                found[group] += 1
                if group in words.VERBS:  # where words have no spaces, what stands first is anyone's guess
                    found[f"lead.{group}"] += 1
