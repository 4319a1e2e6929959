"""What each sign weighs for each task type: the whole model, as data (what makes a task hard is in `complexity`).

A message's score for a type is the type's start plus the weights of the signs found; the scores become weights by a softmax. The
numbers were set by hand, in steps of 0.1 or so, from what the signs mean, and corrected where `python -m benchmarks.classify` showed
a kind of mistake (never for a single row). None was fitted, so none owes its value to how many rows a source of labels has.

Signs are named `group` (a word of the group stands somewhere in what was read), `lead.group` (a sentence opens with it), or
`shape.*` (how the text looks).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from augury.core.tasks import TaskType

if TYPE_CHECKING:
    from collections.abc import Mapping

SCORED: Final = (
    TaskType.GENERAL_CHAT,
    TaskType.CODING,
    TaskType.ANALYSIS,
    TaskType.REASONING,
    TaskType.CREATIVE,
    TaskType.FILE_PROCESSING,
    TaskType.OTHER,
)
"""The types that text and attachments can speak for. Function calling is not among them: tools make it, never words."""

_CHAT, _CODE, _ANALYSIS, _REASON, _CREATE, _FILE, _OTHER = SCORED

START: Final[Mapping[TaskType, float]] = {_CHAT: 1.2}
"""Where the scores start: text that fits nothing else is chat."""

REPEATED: Final = (0.0, 1.0, 1.5, 1.75)
"""What a sign counts that was found so many times, by that number; more often than the last counts as the last."""

TOOLS_SHARE: Final = 0.6
"""Of the weight, what function calling has where there are tools; the text shares the rest."""

SYSTEM_SHARE: Final = 0.25
"""A system prompt says what an application is for, not what this message wants: its signs count a quarter."""

SYSTEM_MOST: Final = 1.0
"""And whatever it says, no more than this for a type."""

LEAST_WEIGHT: Final = 0.05
"""A type below this is not worth naming."""

WEIGHTS: Final[Mapping[str, Mapping[TaskType, float]]] = {
    # How a sentence opens.
    "lead.make": {_CREATE: 1.0, _CODE: 0.7, _CHAT: -0.3},
    "lead.hand": {_CHAT: 0.3, _CREATE: 0.3, _CODE: 0.3},
    "lead.program": {_CODE: 2.0},
    "lead.invent": {_CREATE: 2.2},
    "lead.reword": {_CREATE: 1.8, _FILE: 0.3},
    "lead.tell": {_CREATE: 0.9, _CHAT: 0.4},
    "lead.judge": {_ANALYSIS: 2.3},
    "lead.condense": {_FILE: 1.6, _ANALYSIS: 0.8},
    "lead.inspect": {_FILE: 0.5, _ANALYSIS: 0.4, _REASON: 0.2},
    "lead.solve": {_REASON: 2.0},
    "lead.seek": {_REASON: 0.9},
    "lead.explain": {_CHAT: 0.8},
    "lead.question": {_CHAT: 0.6},
    "lead.who": {_CHAT: 1.2},
    # Verbs in the middle of a sentence.
    "make": {_CREATE: 0.2, _CODE: 0.2},
    "hand": {},
    "program": {_CODE: 0.6},
    "invent": {_CREATE: 0.5},
    "reword": {_CREATE: 0.5},
    "tell": {_CREATE: 0.1},
    "judge": {_ANALYSIS: 0.8},
    "condense": {_FILE: 0.7, _ANALYSIS: 0.3},
    "inspect": {},
    "solve": {_REASON: 0.4},
    "seek": {_REASON: 0.2},
    "explain": {_CHAT: 0.2},
    # What it is about.
    "code": {_CODE: 1.4},
    "tech": {_CODE: 1.8},
    "fiction": {_CREATE: 1.6},
    "prose": {_CREATE: 0.9},
    "weighing": {_ANALYSIS: 1.1},
    "data": {_ANALYSIS: 0.4, _FILE: 0.1},
    "maths": {_REASON: 1.0},
    "logic": {_REASON: 0.9},
    "counting": {_REASON: 0.4},
    "profession": {},
    "quantity": {_REASON: 0.2},
    "entailing": {},
    "document": {_FILE: 0.9},
    "handed": {_FILE: 2.2},
    "chatter": {_CHAT: 1.0},
    "person": {_CHAT: 0.4},
    "who": {_CHAT: 0.5},
    "constraint": {},
    "condition": {},
    "depth": {},
    # Two words together.
    "supposing": {_ANALYSIS: 2.2, _REASON: 0.6},
    "how_many": {_REASON: 0.6},
    "stepwise": {_REASON: 1.2},
    "guide": {_CHAT: 0.4, _REASON: -1.0},
    "in_role": {_CREATE: 0.7},
    "would_you": {_CREATE: 0.8},
    "write_me": {_CREATE: 0.2, _CODE: 0.2},
    "weigh_up": {_ANALYSIS: 1.2},
    "a_fact": {_CHAT: 0.5},
    "inferring": {_REASON: 1.2},
    "comparing": {_REASON: 0.9},
    "about_math": {_REASON: 0.9},
    "code_phrase": {_CODE: 1.2},
    "doc_phrase": {_FILE: 1.6},
    "polish": {_CREATE: 1.9, _FILE: 0.2},
    "invented": {_CREATE: 1.0},
    "media_script": {_CREATE: 2.0, _CODE: -1.5},
    # How the text looks.
    "shape.fence": {_CODE: 2.5},
    "shape.some_code": {_CODE: 1.6},
    "shape.much_code": {_CODE: 2.6},
    "shape.trace": {_CODE: 3.0},
    "shape.definition": {_CODE: 3.6},
    "shape.inline_code": {_CODE: 1.5},
    "shape.identifier": {_CODE: 1.5},
    "shape.latex": {_REASON: 2.6},
    "shape.formula": {_REASON: 1.8},
    "shape.series": {_REASON: 1.4},
    "shape.word_problem": {_REASON: 2.4},
    "shape.told_in_numbers": {_REASON: 1.5},
    "shape.told_in_figures": {_ANALYSIS: 1.5},
    "shape.figured": {_REASON: 0.9},
    "shape.entailment": {_REASON: 1.6},
    "shape.conditional": {_REASON: 0.9},
    "shape.terse": {},
    "shape.some_numbers": {_REASON: 0.7},
    "shape.many_numbers": {_REASON: 0.5, _ANALYSIS: 0.2},
    "shape.choices": {_REASON: 1.3},
    "shape.table": {_ANALYSIS: 1.4, _FILE: 0.5},
    "shape.transcript": {_FILE: 2.0},
    "shape.long_prose": {_FILE: 1.3, _ANALYSIS: 0.4},
    "shape.word_list": {_CREATE: 2.4, _OTHER: 1.9},
    "told.code": {_CODE: 2.5},
    # What comes along.
    "file.document": {_FILE: 3.2},
    "file.table": {_FILE: 2.8, _ANALYSIS: 0.8},
    "file.sound": {_FILE: 3.2},
    "file.image": {_FILE: 1.8},
    "file.code": {_CODE: 2.6, _FILE: 1.2},
    "file.unknown": {_FILE: 2.4},
}

DAMPED: Final[Mapping[str, float]] = {
    "fiction": 0.2,
    "prose": 0.2,
    "counting": 0.4,
    "logic": 0.5,
    "document": 0.5,
    "tech": 0.6,
}
"""What a question for a fact (who, when, where, which, what is …) mentions is rarely what is to be made: a novel in a question
about its author asks for no novel."""

ABOUT_CODE: Final = frozenset(
    {
        "maths",
        "about_math",
        "counting",
        "quantity",
        "logic",
        "entailing",
        "comparing",
        "seek",
        "lead.seek",
        "lead.solve",
        "how_many",
        "shape.some_numbers",
        "shape.many_numbers",
        "shape.figured",
        "shape.word_problem",
        "shape.conditional",
        "shape.told_in_numbers",
        "shape.formula",
        "shape.series",
        "shape.entailment",
    }
)
PROGRAM_WANTED: Final = frozenset({"lead.make", "lead.program", "lead.hand"})
"""A sentence that opens so and has a word of code in it asks for a program."""

ABOUT_CODE_SHARE: Final = 0.3
"""Where a program stands or is asked for, sums and numbers are what it works on: they count for less than a third."""

TOGETHER: Final[tuple[tuple[str, str, Mapping[TaskType, float]], ...]] = (
    # Signs that mean more, or something else, side by side.
    ("lead.make", "code", {_CODE: 1.4}),
    ("lead.make", "tech", {_CODE: 1.0}),
    ("lead.make", "fiction", {_CREATE: 1.2}),
    ("lead.make", "prose", {_CREATE: 1.2}),
    ("lead.tell", "fiction", {_CREATE: 1.0}),
    ("write_me", "fiction", {_CREATE: 0.8}),
    ("write_me", "prose", {_CREATE: 0.8}),
    ("make", "prose", {_CREATE: 0.8}),
    ("make", "fiction", {_CREATE: 0.8}),
    ("in_role", "would_you", {_CREATE: 0.8}),
    ("in_role", "profession", {_CREATE: -1.2}),
    ("lead.hand", "fiction", {_CREATE: 1.2}),
    ("lead.hand", "prose", {_CREATE: 1.2}),
    ("lead.hand", "code", {_CODE: 1.0}),
    ("code", "tech", {_CODE: 0.6}),
    ("lead.explain", "code", {_CODE: 0.3}),
    ("lead.question", "weighing", {_ANALYSIS: 0.5}),
    ("lead.hand", "weighing", {_ANALYSIS: 0.8}),
    ("write_me", "invented", {_CREATE: 0.8}),
    ("lead.hand", "invented", {_CREATE: 0.8}),
    ("lead.judge", "data", {_ANALYSIS: 0.8}),
    ("lead.judge", "shape.latex", {_ANALYSIS: -2.3, _REASON: 1.0}),
    ("shape.table", "data", {_ANALYSIS: 0.6}),
    ("lead.condense", "shape.long_prose", {_FILE: 1.2}),
    ("lead.condense", "document", {_FILE: 0.6}),
    ("condense", "handed", {_FILE: 1.0}),
    ("lead.inspect", "document", {_FILE: 0.5}),
    ("lead.seek", "maths", {_REASON: 0.9}),
    ("lead.seek", "shape.some_numbers", {_REASON: 0.7}),
    ("lead.solve", "maths", {_REASON: 0.6}),
    ("how_many", "stepwise", {_REASON: 1.0}),
    ("lead.invent", "in_role", {_CREATE: 0.6}),
    ("lead.question", "tech", {_CODE: 0.4}),
    ("lead.question", "shape.identifier", {_CODE: 0.8}),
    # A question behind a story in numbers is none for a fact.
    ("shape.told_in_numbers", "lead.who", {_CHAT: -1.2}),
    # What is to be reworded may be a question, and asks nothing.
    ("lead.reword", "lead.who", {_CHAT: -1.2}),
    ("lead.reword", "lead.question", {_CHAT: -0.6}),
    # A few words without a verb ask for the thing they name.
    ("shape.terse", "code", {_CODE: 1.0}),
    ("shape.terse", "tech", {_CODE: 0.6}),
    ("shape.terse", "fiction", {_CREATE: 1.0}),
    ("shape.terse", "prose", {_CREATE: 0.8}),
    ("shape.terse", "weighing", {_ANALYSIS: 0.8}),
)
