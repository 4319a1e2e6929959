"""From a message and what comes with it to its task types, its complexity, and its features."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from augury.classify import complexity, files, shape, tokens
from augury.classify.results import Classification, Features
from augury.classify.signals import ABOUT_CODE, ABOUT_CODE_SHARE, DAMPED, SCORED, START, TOGETHER, WEIGHTS
from augury.classify.window import ask, read
from augury.core.tasks import TaskType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from augury.classify.results import Attachment

TOOLS_SHARE: Final = 0.6
"""Of the weight, what function calling has where there are tools; the text shares the rest."""

SYSTEM_SHARE: Final = 0.25
"""A system prompt says what an application is for, not what this message wants: its signs count a quarter."""

SYSTEM_MOST: Final = 1.0
"""And whatever it says, no more than this for a type."""

SYSTEM_CHARACTERS: Final = 600
LEAST_WEIGHT: Final = 0.05
"""A type below this is not worth naming."""

MOST_ATTACHMENTS: Final = 50

_PLACES: Final = {task_type: place for place, task_type in enumerate(SCORED)}
_MORE: Final = (0.0, 1.0, 1.5, 1.75)
_SCRIPTS: Final = (
    ("han", 0x4E00, 0x9FFF), ("kana", 0x3040, 0x30FF), ("hangul", 0xAC00, 0xD7AF), ("cyrillic", 0x0400, 0x04FF),
    ("greek", 0x0370, 0x03FF), ("arabic", 0x0600, 0x06FF), ("hebrew", 0x0590, 0x05FF), ("devanagari", 0x0900, 0x097F),
    ("thai", 0x0E00, 0x0E7F),
)  # fmt: skip
_SCRIPT_REACH: Final = 200
_FAR_SHARE: Final = 0.5
"""A text in which a quarter of the characters are of another script is in that script: the rest are spaces, marks, and names."""


def _row(weights: Mapping[TaskType, float]) -> tuple[tuple[int, float], ...]:
    return tuple((_PLACES[task_type], weight) for task_type, weight in weights.items())


_ROWS: Final = {sign: _row(weights) for sign, weights in WEIGHTS.items()}
_TOGETHER: Final = tuple((one, other, _row(weights)) for one, other, weights in TOGETHER)
_START: Final = tuple(START.get(task_type, 0.0) for task_type in SCORED)


def _add(scores: list[float], found: Counter[str], *, factual: bool, share: float = 1.0) -> None:
    programs = "shape.definition" in found or (
        "code" in found and ("lead.make" in found or "lead.program" in found or "lead.hand" in found)
    )
    for sign, count in found.items():
        row = _ROWS.get(sign)
        if not row:
            continue
        times = share * _MORE[min(count, 3)]
        if factual:
            times *= DAMPED.get(sign, 1.0)
        if programs and sign in ABOUT_CODE:
            times *= ABOUT_CODE_SHARE
        for place, weight in row:
            scores[place] += times * weight
    for one, other, row in _TOGETHER:
        if one in found and other in found:
            for place, weight in row:
                scores[place] += share * weight


def _shares(scores: list[float]) -> list[tuple[TaskType, float]]:
    """The types worth naming with their weights, heaviest first; equals stay in the order of `SCORED`."""
    top = max(scores)
    raised = [math.exp(score - top) for score in scores]
    total = sum(raised)
    named = [
        (task_type, value / total)
        for task_type, value, score in zip(SCORED, raised, scores, strict=True)
        if value / total >= LEAST_WEIGHT and (score > 0 or score == top)
    ]
    named.sort(key=lambda pair: -pair[1])
    whole = sum(weight for _, weight in named)
    return [(task_type, weight / whole) for task_type, weight in named]


def _script(text: str) -> str | None:
    """The script most of the letters at the start are in."""
    if not text:
        return None
    reach = text[:_SCRIPT_REACH]
    far = () if reach.isascii() else tokens.FAR.findall(reach)
    if 2 * len(far) < len(reach) * _FAR_SHARE:
        return "latin"
    points = [ord(letter) for letter in far]
    counts = {name: sum(start <= point <= end for point in points) for name, start, end in _SCRIPTS}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else None


def _language(languages: Counter[str]) -> str | None:
    if not languages:
        return None
    (best, count), *rest = languages.most_common(2)
    return best if count >= 2 and (not rest or count > rest[0][1]) else None  # noqa: PLR2004


def _signs_of_counting(found: Counter[str], words: tokens.Tokens) -> None:
    """A quantity to work out needs others to work from: a question at the end of a story told in numbers."""
    quantities = words.numbers + found["quantity"]
    if quantities >= 2:  # noqa: PLR2004
        if "how_many" in found:
            found["shape.word_problem"] += 1
        if words.questions and words.sentences >= 2:  # noqa: PLR2004
            found["shape.told_in_numbers"] += 1
    if words.numbers >= 2:  # noqa: PLR2004
        found["shape.some_numbers"] += 1
    if words.numbers and found["maths"] >= 2:  # noqa: PLR2004
        found["shape.figured"] += 1
    if words.numbers >= 5:  # noqa: PLR2004
        found["shape.many_numbers"] += 1
    if found["entailing"] >= 2 and words.questions:  # noqa: PLR2004
        found["shape.entailment"] += 1


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
    found = Counter[str]() if "shape.word_list" in look.signs else words.found  # a bare list is material, no request
    for sign in look.signs:
        if has_code is not False or sign not in _CODE_SHAPES:
            found[sign] += 1
    if has_code:
        found["told.code"] += 1
    _signs_of_counting(found, words)
    for attachment in attachments[:MOST_ATTACHMENTS]:
        found[files.kind(attachment)] += 1

    scores = list(_START)
    _add(scores, found, factual=words.factual)
    if system:
        heard = system[:SYSTEM_CHARACTERS]
        leaning = [0.0] * len(scores)
        _add(leaning, tokens.look_up(heard).found, factual=False, share=SYSTEM_SHARE)
        scores = [score + min(SYSTEM_MOST, lean) for score, lean in zip(scores, leaning, strict=True)]

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

    code_seen = any(sign in found for sign in _CODE_SHAPES - {"shape.identifier", "shape.inline_code"})
    features = Features(
        characters=len(full),
        words=round(scale * len(text.split())),
        lines=round(scale * (text.count("\n") + 1)) if text else 0,
        sentences=words.sentences,
        questions=words.questions,
        numbers=words.numbers + words.years,
        list_items=look.items,
        constraints=found["constraint"],
        code_share=look.code_share if has_code is not False else 0.0,
        has_code=code_seen if has_code is None else has_code,
        has_math="shape.latex" in found or "shape.formula" in found,
        has_table="shape.table" in found,
        has_choices="shape.choices" in found,
        n_tools=n_tools,
        n_attachments=len(attachments),
        script=_script(text),
        language=_language(words.languages),
    )
    return Classification(
        task_types=tuple(task_type for task_type, _ in ranked),
        weights=tuple(weight for _, weight in ranked),
        complexity=complexity.judge(ranked[0][0], features, found, asks=words.asks, code_lines=look.code_lines),
        features=features,
    )


_CODE_SHAPES: Final = frozenset(
    {
        "shape.fence",
        "shape.some_code",
        "shape.much_code",
        "shape.trace",
        "shape.inline_code",
        "shape.identifier",
        "shape.definition",
    }
)
