"""What a request is about, told by a thread of its own while its sender waits for the answer, or by the sender if that comes first.

The thread leaves every request alone for a moment: until it has been sent its sender uses the interpreter, and would have to wait
for its turn. An answer that comes within that moment finds nothing told, and so much sooner than a model answers few do.
"""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING

from augury.capture import recorder
from augury.capture.asking import classified

if TYPE_CHECKING:
    from augury.classify import Classification

_MOMENT_S = 0.02
_MOST = 1_000  # wait; of more the senders tell themselves


class Question:
    """A request whose kind is asked for."""

    __slots__ = ("_body", "_found", "_told")

    def __init__(self, body: object) -> None:
        self._body: object = body
        self._found: Classification | None = None
        self._told = False

    def answer(self) -> None:
        """Tell, where nobody has; two who tell at once tell the same, and neither waits."""
        body = self._body  # before the look at whether it is told, since it is forgotten after
        if self._told:
            return
        found = None
        try:
            found = classified(body)
        except Exception as problem:  # noqa: BLE001 - observing must never break the observed
            if not self._told:  # else the application may have changed it meanwhile
                recorder.note(problem, quietly=True)
        if not self._told:
            self._found = found
            self._told = True
            self._body = None

    def found(self) -> Classification | None:
        """What was found: told here where the thread has not come to it yet; None where nothing could be."""
        self.answer()
        return self._found


class _Thinker:
    """The thread, begun with the first question; after a fork the child begins another."""

    def __init__(self) -> None:
        self._questions: deque[Question] = deque(maxlen=_MOST)
        self._thread: Thread | None = None
        self._beginning = Lock()
        self._asleep = False
        self._bell = Lock()  # who sleeps waits for it, and who asks releases it
        self._bell.acquire()

    def ask(self, body: object) -> Question:
        question = Question(body)
        self._questions.append(question)
        if self._asleep:
            with suppress(RuntimeError):  # it has been rung already
                self._bell.release()
        elif self._thread is None:
            self._begin()
        return question

    def _begin(self) -> None:
        if not self._beginning.acquire(blocking=False):
            return
        try:
            if self._thread is None:
                thread = Thread(target=self._answer, name="augury-classifying", daemon=True)
                with suppress(RuntimeError):  # the interpreter ends: who asks finds out by itself
                    thread.start()
                    self._thread = thread
        finally:
            self._beginning.release()

    def _answer(self) -> None:
        while True:
            self._asleep = True  # before the look at what is asked: who asks looks at this after
            if not self._questions:
                self._bell.acquire()
            self._asleep = False
            asked = len(self._questions)
            time.sleep(_MOMENT_S)
            for _ in range(asked):
                self._questions.popleft().answer()


_thinker = _Thinker()


def ask(body: object) -> Question:
    """Begin to find out what a request is about."""
    return _thinker.ask(body)


def _anew() -> None:
    global _thinker  # noqa: PLW0603 - a process has one
    _thinker = _Thinker()


os.register_at_fork(after_in_child=_anew)
