"""From a span that is a call, and what stands around it, to a record that `RecordReader` reads like any other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from augury.capture.failures import error_type_of_words
from augury.capture.otlp import conventions, names
from augury.capture.otlp.prompts import classified
from augury.capture.taskrules import Labels
from augury.core.calls import ErrorType
from augury.core.ids import derived_id
from augury.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from augury.capture.otlp.once import Seen
    from augury.capture.otlp.spans import Span
    from augury.capture.taskrules import TaskRules

    FoundT = TypeVar("FoundT")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLASS = re.compile(r"<class '([^']+)'>")
_WORD = re.compile(r"[\w.:/-]{1,100}", re.ASCII)
_FILTERED = {"content_filter", "content_filtered", "safety", "prohibited_content", "blocklist", "guardrail_intervened"}
_MOST_WORDS = 4
_MOST_TAGS, _TAG_CHARACTERS, _LABEL_CHARACTERS = 20, 100, 200


@dataclass(frozen=True, slots=True)
class Task:
    """A call's task type and complexity, as words of the record."""

    task_type: str
    complexity: str | None


def record_of(seen: Seen, rules: TaskRules, heard: Callable[[str], Task | None]) -> dict[str, object]:
    """The record of a call.

    Args:
        seen: the call's span, and what stands around it.
        rules: the owner's.
        heard: by a span's key, what prompts that came apart from their span have told of its task.

    Raises:
        InvalidValue: the span cannot be told from others, or has not ended.
    """
    span = seen.span
    if not span.identified:
        raise InvalidValue("span_id", "the ids of a trace and a span, 32 and 16 hexadecimal characters", span.span_id)
    if not span.end_ns:
        raise InvalidValue("end_time_unix_nano", "the time at which the span ended", 0)
    ended = _EPOCH + timedelta(microseconds=span.end_ns // 1000)
    everything = (span, *seen.same)
    counted = (conventions.usage_of(one) for one in everything)
    usage = next((found for found in counted if found.input is not None or found.output is not None), None)
    elapsed = (span.end_ns - span.start_ns) / 1e6
    first_token = _first(
        everything, conventions.first_token_ms
    )  # measured by a clock of its own, from a little earlier
    labels = labels_of(seen)
    record: dict[str, object] = {
        **_failure(span),
        "id": derived_id(ended, span.key, 0),
        "timestamp": ended,
        "model": _first(everything, conventions.model_of),
        "provider": conventions.text(span.attributes, names.PROVIDER),
        "operation": conventions.operation_of(span),
        "response_time_ms": elapsed,
        "time_to_first_token_ms": None if first_token is None else min(first_token, elapsed),
        **(usage.fields() if usage is not None else {}),
        "service_tier": _first(everything, lambda one: conventions.text(one.attributes, names.TIER)),
        "cost_usd": _first(everything, conventions.cost_of),
        "conversation_id": _context(seen, names.CONVERSATION),
        "user_id": _context(seen, names.USER),
        "message_id": _first(everything, conventions.response_id) or span.key,
        "metadata": _metadata(seen, labels),
    }
    record |= _given(seen)
    task = _task(seen, labels, rules, heard, given=record.get("task_type") is not None)
    if task is not None:
        record.setdefault("task_type", task.task_type)
        record.setdefault("task_complexity", task.complexity)
    return record


def _first(spans: Iterable[Span], ask: Callable[[Span], FoundT | None]) -> FoundT | None:
    return next((found for span in spans if (found := ask(span)) is not None), None)


def _context(seen: Seen, wanted: tuple[str, ...]) -> str | None:
    """What the call's own span says, else what the nearest one around it does, else what sent them all."""
    found = _first((seen.span, *seen.around), lambda span: conventions.text(span.attributes, wanted))
    return found or conventions.text(seen.span.resource, wanted)


def labels_of(seen: Seen) -> Labels:
    """What the owner's rules go by."""
    within = (seen.span, *seen.around)
    return Labels(
        service=_label(conventions.text(seen.span.resource, names.SERVICE)),
        agent=_label(_first(within, _agent)),
        span=seen.span.name,
        prompt=_label(_first(within, lambda span: conventions.text(span.attributes, names.PROMPT_NAME))),
        tags=tuple(
            tag[:_TAG_CHARACTERS].replace("\0", "")
            for tag in dict.fromkeys(tag for span in within for tag in conventions.texts(span.attributes, names.TAGS))
        )[:_MOST_TAGS],
    )


def _label(name: str | None) -> str | None:
    return None if name is None else name[:_LABEL_CHARACTERS].replace("\0", "")


def _agent(span: Span) -> str | None:
    named = names.ENTITY if span.attributes.get(names.TRACELOOP_KIND) == "agent" else ()
    return conventions.text(span.attributes, (*names.AGENT, *named))


def _task(
    seen: Seen, labels: Labels, rules: TaskRules, heard: Callable[[str], Task | None], *, given: bool
) -> Task | None:
    """What the call is for: by the owner's rules, then by its text or its tools; the caller's word goes before both."""
    spans = (seen.span, *seen.same)
    found = _first(spans, classified) if conventions.operation_of(seen.span) != conventions.EMBEDDINGS else None
    told = (
        Task(str(found.task_type), str(found.complexity))
        if found is not None
        else _first(spans, lambda span: heard(span.key))
    )
    rule = None if given else rules.match(labels)
    if rule is None:
        return told
    return Task(str(rule.task_type), str(rule.complexity) if rule.complexity else told.complexity if told else None)


def _given(seen: Seen) -> dict[str, object]:
    """What the caller says by attributes of ours: on the call, else around it, else of the whole application."""
    record: dict[str, object] = {}
    for given in (*(span.attributes for span in (seen.span, *seen.around)), seen.span.resource):
        for name in names.GIVEN_BY.keys() & given.keys():
            record.setdefault(names.GIVEN_BY[name], given[name])
    return record


def _failure(span: Span) -> dict[str, object]:
    """Whether the call succeeded, and why not. Sentences are not kept: they may quote a prompt."""
    reasons = {reason.lower() for reason in conventions.finish_reasons(span)}
    if conventions.failed(span):
        status = conventions.http_status(span)
        words = [cleaned for word in conventions.error_words(span) if (cleaned := _clean(word))]
        kind = error_type_of_words(status, words, span.told)
        return {"success": False, "error_type": kind, "error_message": _sentence(words, status)}
    if reasons & _FILTERED:
        return {"success": False, "error_type": ErrorType.CONTENT_FILTER}
    if "error" in reasons:
        return {"success": False, "error_type": ErrorType.OTHER}
    return {"success": True}


def _clean(word: str) -> str | None:
    """A name of an error as it may be kept; None for what is no name."""
    named = _CLASS.fullmatch(word)
    bare = named[1] if named else word
    return bare if _WORD.fullmatch(bare) else None


def _sentence(words: list[str], status: int) -> str:
    said = {word.rpartition(".")[2]: word for word in reversed([*([str(status)] if status else []), *words])}
    return " ".join(list(reversed(said.values()))[:_MOST_WORDS]) or "error"


def _metadata(seen: Seen, labels: Labels) -> dict[str, object]:
    """Where the call is to be found in a trace viewer, and what it was a part of."""
    metadata: dict[str, object] = {"trace_id": seen.span.trace_id, "span_id": seen.span.span_id}
    for name in ("service", "agent", "prompt"):
        if value := getattr(labels, name):
            metadata[name] = value
    if labels.tags:
        metadata["tags"] = list(labels.tags)
    if reasons := _first((seen.span, *seen.same), lambda span: conventions.finish_reasons(span) or None):
        metadata["finish_reasons"] = [reason[:_TAG_CHARACTERS].replace("\0", "") for reason in reasons[:_MOST_TAGS]]
    return metadata
