"""Messages as people type them: terse, mistyped, without marks and accents, in other scripts, with what they paste."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from augury.classify import classify, tokens
from augury.classify.spelling import Spelling, is_slip
from augury.core.tasks import TaskType


def first(message: str) -> TaskType:
    return classify(message).task_types[0]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("regex for uk phone numbers", TaskType.CODING),
        ("haiku about rain", TaskType.CREATIVE),
        ("wedding toast for my cousin, funny but kind", TaskType.CREATIVE),
        ("names for a bookshop on a boat", TaskType.CREATIVE),
        ("gas vs induction for a small restaurant", TaskType.ANALYSIS),
    ],
)
def test_a_few_words_without_a_verb_ask_for_the_thing_they_name(message: str, expected: TaskType) -> None:
    assert first(message) is expected


def test_a_few_words_that_name_nothing_to_make_are_chat() -> None:
    assert first("ok thanks for the story") is TaskType.GENERAL_CHAT
    assert first("red wine out of a carpet") is TaskType.GENERAL_CHAT


def test_a_question_needs_no_mark() -> None:
    story = "two taps fill a tank in 3 and 6 hours. how long do both of them take"

    assert first(story) is first(f"{story}?") is TaskType.REASONING


def test_a_question_behind_a_story_in_numbers_is_none_for_a_fact() -> None:
    assert first("A bus leaves at 8:15 going 60 km/h, a car at 9:00 going 90 km/h. When do they meet?") is (
        TaskType.REASONING
    )
    assert first("When did the first bus leave London?") is TaskType.GENERAL_CHAT


def test_a_condition_and_a_question_about_it_are_reasoned_about() -> None:
    assert first("If yesterday was two days after Monday, what day is tomorrow?") is TaskType.REASONING
    assert first("if all wugs are daxes and every dax sings does a wug sing") is TaskType.REASONING
    assert first("If it rains in Lisbon, what can I visit?") is TaskType.GENERAL_CHAT


def test_figures_of_a_business_are_analysed_unless_something_is_to_be_worked_out() -> None:
    assert first("Signups fell from 310 to 240 after the redesign. Revenue is flat. Why might that be?") is (
        TaskType.ANALYSIS
    )
    assert first("A shop has 310 customers and loses 70. How many customers are left?") is TaskType.REASONING


def test_marks_inside_numbers_end_nothing() -> None:
    assert tokens.split("3.1% at 9:40, 1,200 of 1,2,3,4. Yes") == [
        "3_1%", "at", "9_40", ",", "1_200", "of", "1", ",", "2", ",", "3", ",", "4", ".", "yes",
    ]  # fmt: skip
    assert classify("It grew by 3.1 percent.").features.sentences == 1
    assert first("I have $1,200 for a bike. Which one should I get?") is TaskType.GENERAL_CHAT


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("pyhton scirpt that renames my photos", TaskType.CODING),
        ("wirte a thriler set on a ferry", TaskType.CREATIVE),
        ("can you sumarize the atached documnet", TaskType.FILE_PROCESSING),
    ],
)
def test_mistyped_words_are_recognised(message: str, expected: TaskType) -> None:
    assert first(message) is expected


@given(word=st.text("bcdfghklmnprstvwz", min_size=6, max_size=12), at=st.integers(1, 10))
def test_one_slip_is_forgiven_and_another_word_is_not(word: str, at: int) -> None:
    assume(at < len(word) - 2)
    assume(all(one != other for one, other in pairwise(word)))
    swapped = f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}"
    doubled = f"{word[:at]}{word[at]}{word[at:]}"

    assert is_slip(swapped, word)
    assert is_slip(doubled, word)
    assert is_slip(word[:at] + word[at + 1 :], word)
    assert not is_slip(f"{word}ing", word)
    assert Spelling([word]).meant(doubled) in {word, None}


def test_words_a_letter_away_that_mean_something_else_are_left_alone() -> None:
    spelling = Spelling(["contract", "expert", "evaluation", "vectors"])

    assert [spelling.meant(word) for word in ("concert", "export", "evolution", "vertices", "a", "42")] == [None] * 6


def test_names_as_programs_write_them_are_signs_of_code_and_brands_are_not() -> None:
    assert first("why is my useEffect running twice") is TaskType.CODING
    assert first("why does get_user_by_id return nothing") is TaskType.CODING
    assert first("why is my iPhone so slow on YouTube") is TaskType.GENERAL_CHAT


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("用python写一个脚本，把文件名改成小写", TaskType.CODING),  # noqa: RUF001 - as it is typed
        ("小红有12本书，借出三本，又买了5本，现在有多少本？", TaskType.REASONING),  # noqa: RUF001
        ("请翻译：明天见", TaskType.GENERAL_CHAT),  # noqa: RUF001
        ("请总结上传的合同", TaskType.FILE_PROCESSING),
        ("Напиши рассказ о старом маяке", TaskType.CREATIVE),  # noqa: RUF001
    ],
)
def test_words_are_found_in_scripts_without_spaces_and_in_capitals(message: str, expected: TaskType) -> None:
    assert first(message) is expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Ein Kreis hat einen Radius von 5 cm. Wie groß ist seine Fläche?", TaskType.REASONING),
        ("Si 4 gallinas ponen 4 huevos en 4 días, ¿cuánto tardan 8 en poner 16?", TaskType.REASONING),
        ("Si 4 gallinas ponen 4 huevos en 4 dias, cuanto tardan 8 en poner 16?", TaskType.REASONING),
        ("¿Qué ventajas y riesgos tiene vender por internet?", TaskType.ANALYSIS),
        ("Formuliere das höflicher: Wo bleibt mein Geld?", TaskType.CREATIVE),
    ],
)
def test_other_languages_are_understood_with_accents_and_without(message: str, expected: TaskType) -> None:
    assert first(message) is expected


def test_to_reword_what_is_pasted_is_creative_whatever_it_speaks_of() -> None:
    assert first("Make this sound more professional: hey, the server is late again, sorry") is TaskType.CREATIVE


def test_too_long_to_read_asks_for_a_summary() -> None:
    paste = "The harbour was closed in March, when two cranes fell, and nobody knows when it will open again.\n" * 20

    assert first(f"tl;dr\n\n{paste}") is TaskType.FILE_PROCESSING
    assert first(f"{paste}\nTLDR please") is TaskType.FILE_PROCESSING


def test_a_guide_step_by_step_is_no_reasoning_step_by_step() -> None:
    assert first("Give me a step by step guide to repotting an orchid") is not TaskType.REASONING
    assert first("A jar holds 12 beans and I take half. Think step by step: how many are left?") is TaskType.REASONING


def test_a_statement_in_sql_is_code_whatever_is_asked_about_it() -> None:
    assert first("UPDATE users SET active = 0 WHERE seen < 5 -- what would this change") is TaskType.CODING
    assert first("delete from users where id = 7\n\ncan I undo this?") is TaskType.CODING


def test_to_be_asked_for_an_opinion_is_no_role_to_play() -> None:
    assert first("i attached my cv, what would you improve") is TaskType.FILE_PROCESSING
    assert first("You are a pirate. How would you greet your crew?") is TaskType.CREATIVE
