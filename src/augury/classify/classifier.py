"""From a message and what comes with it to its task types, its complexity, and its features."""

from __future__ import annotations

import math
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from augury.classify import complexity, counting, files, languages, shape, tokens
from augury.classify.results import Classification, Features
from augury.classify.signals import (
    ABOUT_CODE,
    ABOUT_CODE_SHARE,
    DAMPED,
    LEAST_WEIGHT,
    PROGRAM_WANTED,
    REPEATED,
    SCORED,
    START,
    SYSTEM_MOST,
    SYSTEM_SHARE,
    TOGETHER,
    TOOLS_SHARE,
    WEIGHTS,
)
from augury.classify.window import SYSTEM_CHARACTERS, ask, read
from augury.core.tasks import TaskType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from augury.classify.results import Attachment

MOST_ATTACHMENTS: Final = 50

_CODE_SEEN: Final = frozenset({"shape.fence", "shape.some_code", "shape.much_code", "shape.trace", "shape.definition"})
_CODE_SHAPES: Final = _CODE_SEEN | {"shape.inline_code", "shape.identifier"}
_PLACES: Final = {task_type: place for place, task_type in enumerate(SCORED)}
_heaviest: Final = itemgetter(0)
_Row = tuple[tuple[int, float], ...]


class _Weighed(NamedTuple):
    """All that is to be known of a sign, so that it is looked up once."""

    row: _Row
    in_question_for_fact: float
    beside_program: float


def _row(weights: Mapping[TaskType, float]) -> _Row:
    return tuple((_PLACES[task_type], weight) for task_type, weight in weights.items())


_SIGNS: Final = {
    sign: _Weighed(_row(weights), DAMPED.get(sign, 1.0), ABOUT_CODE_SHARE if sign in ABOUT_CODE else 1.0)
    for sign, weights in WEIGHTS.items()
    if weights
}
_TOGETHER: Final = tuple((one, other, _row(weights)) for one, other, weights in TOGETHER)
_START: Final = tuple(START.get(task_type, 0.0) for task_type in SCORED)
_OFTENEST: Final = len(REPEATED) - 1

_MOST_LEANINGS: Final = 1_000
_leanings: Final[dict[int, tuple[float, ...]]] = {}


def _add(scores: list[float], found: Mapping[str, int], *, factual: bool, share: float = 1.0) -> None:
    programs = "shape.definition" in found or ("code" in found and not PROGRAM_WANTED.isdisjoint(found))
    for sign, count in found.items():
        weighed = _SIGNS.get(sign)
        if weighed is None:
            continue
        row, in_question_for_fact, beside_program = weighed
        times = share
        if count > 1:
            times *= REPEATED[count] if count < _OFTENEST else REPEATED[_OFTENEST]
        if factual:
            times *= in_question_for_fact
        if programs:
            times *= beside_program
        for place, weight in row:
            scores[place] += times * weight
    for one, other, row in _TOGETHER:
        if one in found and other in found:
            for place, weight in row:
                scores[place] += share * weight


def _leaning(system: str) -> tuple[float, ...]:
    """What a system prompt adds to the scores; remembered by the hash of the text, since an application says the same every time."""
    heard = system[:SYSTEM_CHARACTERS]
    known = hash(heard)
    leaning = _leanings.get(known)
    if leaning is None:
        scores = [0.0] * len(SCORED)
        _add(scores, tokens.look_up(heard).found, factual=False, share=SYSTEM_SHARE)
        leaning = tuple(min(SYSTEM_MOST, score) for score in scores)
        if len(_leanings) >= _MOST_LEANINGS:
            _leanings.clear()
        _leanings[known] = leaning
    return leaning


def _shares(scores: list[float]) -> list[tuple[TaskType, float]]:
    """The types worth naming with their weights, heaviest first; equals stay in the order of `SCORED`."""
    top = max(scores)
    raised = [math.exp(score - top) for score in scores]
    least = LEAST_WEIGHT * sum(raised)
    named = [
        (value, task_type)
        for task_type, value, score in zip(SCORED, raised, scores, strict=True)
        if value >= least and (score > 0 or score == top)
    ]
    if len(named) == 1:
        return [(named[0][1], 1.0)]
    named.sort(key=_heaviest, reverse=True)
    whole = sum(map(_heaviest, named))
    return [(task_type, value / whole) for value, task_type in named]


def classify(
    message: str | None,
    *,
    system: str | None = None,
    tools: Sequence[object] | int = (),
    attachments: Sequence[Attachment | str] = (),
    has_code: bool | None = None,
) -> Classification:
    """Say what kind of work a message asks for, and how hard it is.

    `tools` are the tools on offer, or how many: where there are any the type is function calling, whatever the wording. `has_code`
    says what the caller knows better than a look at the text. The same input gives the same answer, anywhere, and nothing of the
    text is kept.
    """
    n_tools = tools if isinstance(tools, int) else len(tools)
    full = message or ""
    text = read(full)
    if not text or text.isspace():
        text = ""
    scale = len(full) / len(text) if len(text) < len(full) and text else 1.0

    wanted = ask(text)
    words = tokens.look_up(wanted)
    look = shape.look_at(text, wanted)
    found = {} if "shape.word_list" in look.signs else words.found  # a bare list is material, no request
    for sign in look.signs:
        if has_code is not False or sign not in _CODE_SHAPES:
            found[sign] = 1
    if has_code:
        found["told.code"] = 1
    counting.add(found, words)
    for attachment in attachments[:MOST_ATTACHMENTS]:
        kind = files.kind(attachment)
        found[kind] = found.get(kind, 0) + 1

    scores = list(_START)
    _add(scores, found, factual=words.factual)
    if system:
        scores = [score + lean for score, lean in zip(scores, _leaning(system), strict=True)]

    spoken = bool(text or attachments or system)
    ranked = _shares(scores) if spoken else []
    if not ranked and n_tools <= 0:
        ranked = [(TaskType.OTHER, 1.0)]
    if n_tools > 0:
        share = TOOLS_SHARE if ranked else 1.0
        ranked = [
            (TaskType.FUNCTION_CALLING, share),
            *((task_type, weight * (1 - share)) for task_type, weight in ranked),
        ]

    features = Features(
        characters=len(full),
        words=round(scale * len(text.split())),
        lines=round(scale * (text.count("\n") + 1)) if text else 0,
        sentences=words.sentences,
        questions=words.questions,
        numbers=words.numbers + words.years,
        list_items=look.items,
        constraints=found.get("constraint", 0),
        code_share=look.code_share if has_code is not False else 0.0,
        has_code=not _CODE_SEEN.isdisjoint(found) if has_code is None else has_code,
        has_math="shape.latex" in found or "shape.formula" in found,
        has_table="shape.table" in found,
        has_choices="shape.choices" in found,
        n_tools=n_tools,
        n_attachments=len(attachments),
        script=languages.script(text),
        language=languages.language(words.languages()),
    )
    return Classification(
        task_types=tuple(task_type for task_type, _ in ranked),
        weights=tuple(weight for _, weight in ranked),
        complexity=complexity.judge(ranked[0][0], features, found, asks=words.asks, code_lines=look.code_lines),
        features=features,
    )
