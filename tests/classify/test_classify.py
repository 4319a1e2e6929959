"""Messages are classified the same way every time, whatever they hold, and at a bounded price."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import asdict, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.classify import Attachment, Classification, Features, classify
from augury.core.tasks import Complexity, TaskType

EXAMPLES = {
    TaskType.GENERAL_CHAT: "What is the tallest mountain in Africa?",
    TaskType.CODING: "Write a Python function that merges two sorted lists.",
    TaskType.ANALYSIS: "Compare these two pricing strategies and list the pros and cons of each.",
    TaskType.REASONING: "Tom has 14 pears and gives 5 away. How many pears does he have left?",
    TaskType.CREATIVE: "Write a short story about a lighthouse keeper.",
    TaskType.FILE_PROCESSING: "Summarise the attached document.",
}


def first(message: str | None, **given: object) -> TaskType:
    return classify(message, **given).task_types[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(("expected", "message"), EXAMPLES.items())
def test_text_reaches_every_type_it_can_speak_for(expected: TaskType, message: str) -> None:
    assert first(message) is expected


def test_all_eight_types_are_reachable() -> None:
    reached = {first(message) for message in EXAMPLES.values()} | {first("What is the weather?", tools=1), first(None)}

    assert reached == set(TaskType)


def test_the_same_message_gets_the_same_answer_in_another_process_with_other_hashes() -> None:
    message = EXAMPLES[TaskType.CODING] + " " + EXAMPLES[TaskType.ANALYSIS]
    script = f"from augury.classify import classify; print(classify({message!r}))"

    answers = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in "12"
    }

    assert answers == {f"{classify(message)}\n".encode()}


@pytest.mark.parametrize("message", EXAMPLES.values())
def test_tools_decide_whatever_the_wording(message: str) -> None:
    judged = classify(message, tools=[{"name": "search"}])

    assert judged.task_types[0] is TaskType.FUNCTION_CALLING
    assert classify(message).task_types[0] in judged.task_types
    assert judged == classify(message, tools=1)


def test_wording_alone_never_makes_function_calling() -> None:
    assert (
        TaskType.FUNCTION_CALLING
        not in classify("Call the function get_weather with the tool and return its arguments.").task_types
    )


def test_tools_without_a_word_are_function_calling_and_nothing_else() -> None:
    judged = classify(None, tools=3)

    assert judged.task_types == (TaskType.FUNCTION_CALLING,)
    assert judged.weights == (1.0,)


@pytest.mark.parametrize(
    "attachment",
    [
        "report.pdf", "calls.csv", "meeting.mp3", "meeting.vtt", "application/pdf", "audio/mpeg",
        Attachment(name="minutes.docx"), Attachment(media_type="application/pdf", size=12_000), Attachment(name="no ending"), Attachment(),
    ],
)  # fmt: skip
def test_a_file_to_work_through_makes_file_processing(attachment: Attachment | str) -> None:
    assert first("What does it say about holidays?", attachments=[attachment]) is TaskType.FILE_PROCESSING
    assert first("", attachments=[attachment]) is TaskType.FILE_PROCESSING


def test_source_code_attached_is_coding() -> None:
    assert first("Why does this crash?", attachments=["server.py"]) is TaskType.CODING
    assert first("Why does this crash?", attachments=[Attachment(media_type="text/x-python")]) is TaskType.CODING


def test_a_poem_about_a_picture_is_creative() -> None:
    assert first("Write a poem about this picture.", attachments=["beach.jpg"]) is TaskType.CREATIVE


@pytest.mark.parametrize("message", ["qwertz uiop", "blue seven nineteen", "...", "the other one", "42"])
def test_text_that_fits_nothing_is_general_chat(message: str) -> None:
    assert first(message) is TaskType.GENERAL_CHAT


@pytest.mark.parametrize("message", [None, "", " ", "\n\t \r\n"])
def test_nothing_at_all_is_other(message: str | None) -> None:
    judged = classify(message)

    assert judged.task_types == (TaskType.OTHER,)
    assert judged.weights == (1.0,)
    assert judged.complexity is Complexity.SIMPLE


def test_what_the_caller_knows_about_code_counts() -> None:
    message = "Can you look at this?"

    assert first(message) is TaskType.GENERAL_CHAT
    assert first(message, has_code=True) is TaskType.CODING
    assert classify("```\nx = 1\n```", has_code=False).features.has_code is False


def test_a_system_prompt_leans_but_does_not_decide() -> None:
    system = "You are a programming assistant. Write code in Python, debug programs, and review functions."

    assert classify("What is the capital of Peru?", system=system).task_types[0] is TaskType.GENERAL_CHAT
    assert TaskType.CODING in classify("Can you look at this?", system=system).task_types
    assert TaskType.CODING not in classify("Can you look at this?").task_types


def test_a_question_about_a_novel_asks_for_no_novel() -> None:
    assert first("Who wrote the novel Middlemarch?") is TaskType.GENERAL_CHAT
    assert first("Write the opening of a novel set in Leeds.") is TaskType.CREATIVE


def test_the_ask_is_found_behind_a_long_paste() -> None:
    paste = "The committee met in the old hall and heard the treasurer, who spoke for an hour about the roof.\n" * 400

    assert first(f"{paste}\nSummarise the document above.") is TaskType.FILE_PROCESSING
    assert first(f"Summarise the following document.\n{paste}") is TaskType.FILE_PROCESSING


def test_short_questions_are_simple_and_long_lists_of_conditions_complex() -> None:
    hard = (
        "Design a distributed rate limiter for an API with 40 regions. It must never exceed the global limit by more than 1 %, must survive the "
        "loss of any region, and should add at most 2 ms. Compare token buckets with sliding windows, prove the bound on overshoot, and implement "
        "the chosen algorithm in Go:\n1. concurrent and lock-free where possible\n2. without external dependencies\n3. including unit tests\n"
        "4. with a detailed analysis of its complexity and trade-offs"
    )

    assert classify("Who wrote Faust?").complexity is Complexity.SIMPLE
    assert (
        classify("Compare leasing a van with buying one, and say which suits a bakery.").complexity is Complexity.MEDIUM
    )
    assert classify(hard).complexity is Complexity.COMPLEX


def test_what_adds_up_to_a_threshold_is_over_it_whatever_the_order_it_was_added_in() -> None:
    message = "How many whole numbers between 99 and 999 contain exactly one 0?"

    assert classify(message, has_code=False, tools=5).complexity is Complexity.MEDIUM  # 60 + 30 + 30 + 60
    assert classify(message, has_code=False, tools=2).complexity is Complexity.SIMPLE


def test_half_a_surrogate_pair_is_no_letter() -> None:
    assert first("\ud83d Write a sho\udc4drt story about a lighthouse keeper.") is TaskType.CREATIVE


def test_features_are_figures_and_hold_nothing_of_the_text() -> None:
    secret = "zanzibarsecret"
    judged = classify(
        f"Why does {secret}() fail?\n```python\n{secret} = 1\n```\nIt must return 5.", attachments=[f"{secret}.py"]
    )

    assert secret not in repr(judged)
    assert judged.features.has_code
    assert judged.features.questions == 1
    assert judged.features.n_attachments == 1
    assert judged.features.constraints >= 1
    assert {type(value) for value in asdict(judged.features).values()} <= {int, float, bool, str, type(None)}


@pytest.mark.parametrize(
    ("message", "script", "language"),
    [
        ("Where is the station and how do I get to it?", "latin", "en"),
        ("Wie komme ich von hier zu dem Bahnhof und ist das weit?", "latin", "de"),
        ("¿Cómo llego a la estación y en qué calle está?", "latin", "es"),
        ("Quelle est la rue de la gare et que dois-je prendre pour y aller ?", "latin", "fr"),
        ("Где находится вокзал?", "cyrillic", None),
        ("车站在哪里", "han", None),
        ("", None, None),
    ],
)
def test_script_and_language_are_hinted_at(message: str, script: str | None, language: str | None) -> None:
    features = classify(message).features

    assert (features.script, features.language) == (script, language)


def test_the_lengths_of_a_long_message_are_scaled_up_from_what_was_read() -> None:
    features = classify("one two three four\n" * 50_000).features

    assert features.characters == 950_000
    assert features.words == pytest.approx(200_000, rel=0.02)
    assert features.lines == pytest.approx(50_000, rel=0.02)


def test_results_are_frozen_slotted_and_named() -> None:
    for kind in (Attachment, Features, Classification):
        assert "__slots__" in vars(kind)
        assert all(one.kw_only for one in fields(kind))
    with pytest.raises(AttributeError):
        classify("hello").complexity = Complexity.COMPLEX  # type: ignore[misc]


WIDE = 1_000_000


@pytest.mark.parametrize(
    "hostile",
    [
        "(" * WIDE, "a" * WIDE, "\n" * WIDE, "$a" * (WIDE // 2), "$" * WIDE, "1, " * (WIDE // 3), "`" * WIDE, "```" * (WIDE // 3), "_a" * (WIDE // 2),
        "x=" * (WIDE // 2), "^" * WIDE, "\\" * WIDE, "A) " * (WIDE // 3), "|\n" * (WIDE // 2), "def \n" * (WIDE // 5), "select " * (WIDE // 7),
        "public static " * (WIDE // 14), "é" * WIDE, "漢" * WIDE, "\U0001f600" * WIDE, "\u202e\u05d0" * (WIDE // 2), "\0" * WIDE, "\ud800" * WIDE,
        "A: " * (WIDE // 3), "?" * WIDE, "." * WIDE, "a, " * (WIDE // 3), "' " * (WIDE // 2), "-" * WIDE, "0" * WIDE, "import a from " * (WIDE // 14),
    ],
    ids=lambda text: ascii(text[:6]),
)  # fmt: skip
def test_no_megabyte_costs_more_than_a_few_milliseconds(hostile: str) -> None:
    taken = []
    judged = classify(hostile)
    for _ in range(5):
        began = time.perf_counter()
        judged = classify(hostile, system=hostile, attachments=[hostile])
        taken.append(time.perf_counter() - began)

    assert min(taken) < 0.02
    assert judged.features.characters == len(hostile)


def consistent(judged: Classification) -> bool:
    return (
        len(judged.task_types) == len(judged.weights) == len(set(judged.task_types))
        and sum(judged.weights) == pytest.approx(1)
        and list(judged.weights) == sorted(judged.weights, reverse=True)
        and all(weight > 0 for weight in judged.weights)
    )


anything = st.text(st.characters()) | st.text(
    st.sampled_from("aZ_9 \n\t(){}[]$^\\`=+,.:;?|'\"\ud800\0\u202e漢é")
)  # surrogates included


@given(
    message=anything | st.none(),
    system=anything | st.none(),
    tools=st.integers(0, 4),
    names=st.lists(anything, max_size=3),
    code=st.none() | st.booleans(),
)
def test_no_text_raises_and_weights_are_in_order(
    message: str | None, system: str | None, tools: int, names: list[str], code: bool | None
) -> None:
    judged = classify(message, system=system, tools=tools, attachments=names, has_code=code)

    assert consistent(judged)
    assert judged == classify(message, system=system, tools=tools, attachments=names, has_code=code)
    assert (judged.task_types[0] is TaskType.FUNCTION_CALLING) == (tools > 0)


@given(
    parts=st.lists(
        st.sampled_from(
            [*EXAMPLES.values(), "```\nx = 1\n```", "1. one\n2. two", "$x^2$", "A) a\nB) b\nC) c", "a|1\nb|2\nc|3"]
        ),
        max_size=8,
    )
)
def test_any_mixture_of_tasks_is_classified(parts: list[str]) -> None:
    assert consistent(classify("\n".join(parts)))
