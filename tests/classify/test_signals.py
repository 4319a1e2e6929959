"""The tables of signs, words, and weights fit each other."""

from __future__ import annotations

from augury.classify import tokens, words
from augury.classify.signals import ABOUT_CODE, DAMPED, TOGETHER, WEIGHTS

LOOKED_UP = {*words.VERBS, *words.NOUNS, *words.PAIRS, *words.ANYWHERE}


def test_every_group_of_words_has_a_weight_even_if_it_is_none() -> None:
    assert LOOKED_UP - set(WEIGHTS) == set()
    assert {f"lead.{group}" for group in words.VERBS} - set(WEIGHTS) == set()


def test_every_weighed_sign_can_be_found() -> None:
    seen_otherwise = {sign for sign in WEIGHTS if sign.startswith(("shape.", "file.", "told."))} | {
        "lead.question",
        "lead.who",
    }

    findable = LOOKED_UP | {f"lead.{group}" for group in words.VERBS} | seen_otherwise

    assert findable == set(WEIGHTS)


def test_rules_speak_of_signs_that_exist() -> None:
    named = {*DAMPED, *ABOUT_CODE, *(one for one, _, _ in TOGETHER), *(other for _, other, _ in TOGETHER)}

    assert named <= set(WEIGHTS)


def test_words_are_written_as_they_are_looked_up() -> None:
    listed = " ".join([*words.VERBS.values(), *words.NOUNS.values(), *words.LANGUAGES.values()]).split()

    pairs = [pair.strip() for group in words.PAIRS.values() for pair in " ".join(group.split()).split("|")]

    assert [word for word in listed if tokens.split(word) != [word]] == []
    assert [pair for pair in pairs if len(tokens.split(pair)) != 2 or tokens.split(pair) != pair.split(" ")] == []
