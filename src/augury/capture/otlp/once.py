"""Each call once, although several spans are about it.

An instrumentation of a framework wraps the one of a client, and the client may have spans of its own: then a call span stands
around another, and the innermost is the call. Two instrumentations may also stand side by side, each with a span and even a trace
of its own: then the answer has one id, or both have failed at the same time in the same way. What stands around tells what the
innermost does not know, a prompt or a conversation.

Spans of one call need not come in one request, so it is remembered for a while which spans stand around calls. All that is
remembered is true whatever becomes of a request, so that sending it again changes nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from augury.capture.otlp.conventions import (
    EMBEDDINGS,
    Role,
    operation_of,
    requested_model,
    response_id,
    role_of,
)
from augury.capture.otlp.conventions import text as first_text
from augury.capture.otlp.names import PROVIDER, SERVICE
from augury.models import names as models

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from augury.capture.otlp.spans import Span

REMEMBERED = 50_000
"""Spans around calls, and answers, that are remembered: some tens of MB at most, and the latest seconds of the busiest server."""


@dataclass(slots=True, eq=False)
class Seen:
    """A call, and the other spans of the same request that tell of it."""

    span: Span
    same: list[Span] = field(default_factory=list)  # spans of the very same call, innermost first
    around: list[Span] = field(default_factory=list)  # whatever it happened within, innermost first; `same` included


@dataclass(slots=True, frozen=True, kw_only=True)
class Sorted:
    """The spans of a request by what they are: `duplicates` tell of calls that other spans tell of too."""

    calls: Sequence[Seen]
    duplicates: int
    others: int


@dataclass(slots=True, frozen=True)
class _Mark:
    """What is remembered of a call, to know it again."""

    key: str
    parent: str
    scope: str
    start_ns: int
    end_ns: int


class Once:
    """Remembers which spans stand around calls. Safe to use from several threads."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        """Nothing is known yet; at most so many spans and answers are remembered."""
        self._most = remembered
        self._wrapping: OrderedDict[str, None] = OrderedDict()
        self._marks: OrderedDict[str, _Mark] = OrderedDict()
        self._lock = Lock()

    def sort(self, spans: Iterable[Span]) -> Sorted:
        """Say which spans are calls, each once."""
        # A span ends after what is within it.
        ordered = [(span, role_of(span)) for span in sorted(spans, key=lambda span: (span.end_ns, -span.start_ns))]
        with self._lock:
            return self._sorted(ordered)

    def _sorted(self, ordered: list[tuple[Span, Role]]) -> Sorted:
        calls: dict[str, Seen] = {}
        below: dict[str, list[Seen]] = {}  # by a span's key, the calls of this request that it stands around
        duplicates = others = 0
        for span, role in ordered:
            within = below.pop(span.key, [])
            for seen in within:
                seen.around.append(span)
            if role is not Role.CALL:
                others += 1
                if role is Role.OTHER:
                    self._pass_on(span)
            elif self._told_already(span, within, calls):
                duplicates += 1
            else:
                calls[span.key] = Seen(span)
                within.append(calls[span.key])
            if within and span.parent_key:
                below.setdefault(span.parent_key, []).extend(within)
        return Sorted(calls=list(calls.values()), duplicates=duplicates, others=others)

    def _told_already(self, span: Span, within: list[Seen], calls: dict[str, Seen]) -> bool:
        """Whether another span tells of the call: one within this one, or beside it."""
        kind = _kind(span)
        self._remember(span.parent_key, kind)
        if span.key + kind in self._wrapping:
            alike = [seen for seen in within if _kind(seen.span) == kind]
            if len(alike) == 1:
                alike[0].same.append(span)
            return True
        twin = self._twin(span)
        if twin is not None and twin.key in calls:
            calls[twin.key].same.append(span)
            calls[twin.key].around.append(span)
        return twin is not None

    def _pass_on(self, span: Span) -> None:
        """What stands around a span that stands around a call stands around it too."""
        for kind in (_GENERATING, _EMBEDDING):
            if span.key + kind in self._wrapping:
                self._remember(span.parent_key, kind)

    def _remember(self, parent: str, kind: str) -> None:
        if not parent:
            return
        key = parent + kind
        self._wrapping[key] = None
        self._wrapping.move_to_end(key)
        if len(self._wrapping) > self._most:
            self._wrapping.popitem(last=False)

    def _twin(self, span: Span) -> _Mark | None:
        """The call that this span is about too; a span that is about a new one is remembered."""
        answer = response_id(span)
        if answer is None and not span.failed:
            return None
        name = f"answer {answer}" if answer is not None else _failure(span)
        mark = _Mark(span.key, span.parent_key, span.scope, span.start_ns, span.end_ns)
        known = self._marks.get(name)
        if known is not None and _same(known, mark, by_answer=answer is not None):
            return known
        if known is None or known.key != mark.key:
            self._marks[name] = mark
            self._marks.move_to_end(name)
            if len(self._marks) > self._most:
                self._marks.popitem(last=False)
        return None


_GENERATING, _EMBEDDING = "g", "e"


def _kind(span: Span) -> str:
    """A call around a call of another kind is one of its own: answers may be looked up by an embedding first."""
    return _EMBEDDING if operation_of(span) == EMBEDDINGS else _GENERATING


def _failure(span: Span) -> str:
    provider = models.canonical_provider(first_text(span.attributes, PROVIDER) or "")
    return f"failure {first_text(span.resource, SERVICE)} {provider} {requested_model(span)} {span.parent_key}"


def _same(one: _Mark, other: _Mark, *, by_answer: bool) -> bool:
    """Whether two spans are about one call: two instrumentations, and the same time.

    Small servers number their answers from a few hundred, so an id alone does not tell.
    """
    if one.key == other.key or one.scope == other.scope:
        return False
    if by_answer:
        return one.start_ns <= other.end_ns and other.start_ns <= one.end_ns
    inner, outer = (one, other) if one.start_ns >= other.start_ns else (other, one)
    return inner.end_ns <= outer.end_ns
