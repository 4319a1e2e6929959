"""What a request is about, told by a thread of its own while its sender waits for the answer, which takes far longer."""

from __future__ import annotations

import os
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING

from augury.capture import recorder
from augury.capture.asking import classified

if TYPE_CHECKING:
    from augury.classify import Classification

_SOON_S = 0.1


class Question:
    """A request whose kind is asked for."""

    __slots__ = ("_body", "_found", "_mine", "_told")

    def __init__(self, body: object) -> None:
        self._body: object = body
        self._mine = Lock()  # who has it tells
        self._told = Lock()  # held until it is told
        self._told.acquire()
        self._found: Classification | None = None

    def answer(self) -> None:
        """Tell, where nobody does already."""
        if self._mine.acquire(blocking=False):
            try:
                self._found = classified(self._body)
            except Exception as problem:  # noqa: BLE001 - observing must never break the observed
                recorder.note(problem, quietly=True)
            finally:
                self._body = None
                self._told.release()

    def found(self) -> Classification | None:
        """What was found: told here where the thread has not come to it yet; None where nothing could be."""
        self.answer()
        if self._told.acquire(timeout=_SOON_S):
            self._told.release()
        return self._found


class _Thinker:
    """The thread, begun with the first question; after a fork the child begins another."""

    def __init__(self) -> None:
        self._questions: SimpleQueue[Question] = SimpleQueue()
        self._thread: Thread | None = None
        self._lock = Lock()

    def ask(self, body: object) -> Question:
        question = Question(body)
        self._questions.put(question)
        if self._thread is None:
            self._begin()
        return question

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                thread = Thread(target=self._answer, name="augury-classifying", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # the interpreter ends: who asks finds out by itself
                    return
                self._thread = thread

    def _answer(self) -> None:
        while True:
            self._questions.get().answer()


_thinker = _Thinker()


def ask(body: object) -> Question:
    """Begin to find out what a request is about."""
    return _thinker.ask(body)


def _anew() -> None:
    global _thinker  # noqa: PLW0603 - a process has one
    _thinker = _Thinker()


os.register_at_fork(after_in_child=_anew)
