"""What is remembered of conversations, and for how long."""

from __future__ import annotations

from augury.gateway.memory import KEPT_S, MOST_CHARACTERS, MOST_MESSAGES, Memory, Said


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def turn(text: str) -> list[Said]:
    return [Said("user", text), Said("assistant", "yes")]


def test_a_conversation_is_forgotten_when_it_was_silent() -> None:
    clock = Clock()
    memory = Memory(clock)
    memory.keep("a", turn("hi"))
    clock.now += KEPT_S - 1
    memory.keep("b", turn("hi"))
    assert memory.recall("a") == turn("hi")

    clock.now += 2
    assert memory.recall("a") == []
    assert memory.recall("b") == turn("hi")


def test_the_oldest_messages_are_forgotten_first_and_no_answer_stays_without_its_question() -> None:
    memory = Memory()
    memory.keep("many", turn("hi") * MOST_MESSAGES)
    assert len(memory.recall("many")) == MOST_MESSAGES

    memory.keep("long", [*turn("a" * MOST_CHARACTERS), *turn("b")])
    assert memory.recall("long") == turn("b")

    memory.keep("long", turn("a" * MOST_CHARACTERS))
    assert memory.recall("long") == []


def test_all_conversations_together_have_a_limit() -> None:
    memory = Memory()
    for number in range(300):
        memory.keep(number, turn("a" * 100_000))

    kept = [number for number in range(300) if memory.recall(number)]
    assert 100 < len(kept) < 250
    assert kept[-1] == 299
