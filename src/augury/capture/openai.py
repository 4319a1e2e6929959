"""The dialect of OpenAI, and of all who speak it: chat completions, responses, completions, and embeddings."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from augury.capture.answers import BEGINNING, AnswerReader
from augury.capture.usage import Usage, count, field_of, first_of, including, name
from augury.core.calls import ErrorType

_CONTENT = (
    "content", "tool_calls", "function_call", "refusal", "audio", "reasoning_content", "reasoning", "reasoning_details",
)  # fmt: skip

# Endings of others than OpenAI that are failures.
_FAILED = {
    "error": ErrorType.SERVER,  # OpenRouter, Mistral
    "insufficient_system_resource": ErrorType.OVERLOADED,  # DeepSeek
}


def usage_of(told: object, service_tier: object = None) -> Usage:
    """The usage of an answer in this dialect.

    OpenAI's prompt_tokens include cached ones and completion_tokens the reasoning
    (https://platform.openai.com/docs/api-reference/chat/object). Some who speak the dialect leave reasoning out of
    completion_tokens, but not out of total_tokens (xAI, Gemini); DeepSeek and Moonshot tell of cached tokens at the top.
    """
    if told is None:
        return Usage(service_tier=name(service_tier))
    given = first_of(told, "prompt_tokens", "input_tokens")
    taken = first_of(told, "completion_tokens", "output_tokens")
    total = first_of(told, "total_tokens")
    of_input = field_of(told, "prompt_tokens_details") or field_of(told, "input_tokens_details")
    of_output = field_of(told, "completion_tokens_details") or field_of(told, "output_tokens_details")
    cached = first_of(of_input, "cached_tokens")
    if cached is None:
        cached = first_of(told, "prompt_cache_hit_tokens", "cached_tokens")
    written = first_of(of_input, "cache_write_tokens", "cache_creation_tokens")
    reasoning = first_of(of_output, "reasoning_tokens")
    if given is not None and taken is not None and total is not None and total > given + taken:
        taken = total - given
    return Usage(
        input=including(given, cached, written),
        output=including(taken, reasoning),
        cached_input=cached if given is not None else None,
        cache_write=written if given is not None else None,
        reasoning=reasoning if taken is not None else None,
        service_tier=name(service_tier),
    )


class _OpenAIReader(AnswerReader):
    _usage: object = None
    _tier: object = None

    def usage(self) -> Usage:
        return usage_of(self._usage, self._tier)

    def fields(self) -> dict[str, Any]:
        fields = super().fields()
        cost = field_of(self._usage, "cost")  # OpenRouter tells what it charged, in dollars
        if isinstance(cost, (int, float)) and not isinstance(cost, bool) and 0 <= cost < math.inf:
            fields["cost_usd"] = Decimal(repr(cost))
        return fields

    def _counts(self, data: object) -> None:
        self._names(data)
        self._usage = field_of(data, "usage") or self._usage
        self._tier = field_of(data, "service_tier") or self._tier

    def _broke(self, data: object) -> bool:
        """Whether it is an error, although the answer came as a good one: read then."""
        error = field_of(data, "error")
        if error:
            self.refused(0, data)
        return bool(error)


class ChatReader(_OpenAIReader):
    """`/chat/completions`, and `/completions` before it."""

    varying = b'"content":"'
    _filtered = _otherwise = False  # how choices ended

    def __init__(self, operation: str = "chat") -> None:
        self.operation = operation
        self._open: set[object] = set()  # choices that have begun and not ended

    def body(self, data: object) -> None:
        """Read a whole answer."""
        if not self._broke(data):
            self._counts(data)
            self._end(field_of(data, "choices"))
            self.ended = True

    def event(self, data: object) -> None:
        """Read one chunk of a stream; usage comes with the last one, where it was asked for."""
        if self._broke(data):
            return
        self._counts(data)
        if self._usage is None:
            self._usage = field_of(field_of(data, "x_groq"), "usage")
        choices = field_of(data, "choices")
        if isinstance(choices, list) and choices:
            if not self.begun:
                self.begun = any(map(_tells, choices))
            self._end(choices)
            self.ended = not self._open

    def skips(self, raw: bytes) -> bool:
        """Whether the chunk can say nothing new."""
        if not self.begun or raw.count(b'"finish_reason":null') != 1:
            return False
        return not (b'"finish_reason":"' in raw or b'"usage":{' in raw or b'"error"' in raw)

    def _end(self, choices: object) -> None:
        for choice in choices if isinstance(choices, list) else ():
            reason, index = field_of(choice, "finish_reason"), count(field_of(choice, "index"))
            if not isinstance(reason, str) or not reason:
                self._open.add(index)
                continue
            self._open.discard(index)
            if reason.startswith("content_filter"):
                self._filtered = True
            else:
                self._otherwise = True
            if reason in _FAILED and not self._broke(choice):
                self.fail(_FAILED[reason], reason)
        if self._filtered and not self._otherwise and not self._open:
            self.fail(ErrorType.CONTENT_FILTER, "content_filter")


def _tells(choice: object) -> bool:
    """Whether a chunk's choice has something of the answer itself."""
    delta = field_of(choice, "delta")
    return any(field_of(delta, part) for part in _CONTENT) or bool(field_of(choice, "text"))


class ResponsesReader(_OpenAIReader):
    """`/responses`.

    Attributes:
        pending: whether the provider still works on it in the background.
    """

    pending = False

    def body(self, data: object) -> None:
        """Read a response object, whole or as an event carries it."""
        self._counts(data)
        status = field_of(data, "status")
        self.pending = status in ("queued", "in_progress")
        self.ended = not self.pending
        reason = field_of(field_of(data, "incomplete_details"), "reason")
        if status == "cancelled":
            self.fail(ErrorType.CANCELLED, "cancelled")
        elif status == "incomplete" and reason == "content_filter":
            self.fail(ErrorType.CONTENT_FILTER, "content_filter")
        elif not self._broke(data) and status == "failed":
            self.fail(ErrorType.OTHER, "failed")

    def event(self, data: object) -> None:
        """Read one event of a stream."""
        kind = field_of(data, "type")
        if isinstance(kind, str) and kind.endswith(".delta"):
            self.begun = True
        elif (response := field_of(data, "response")) is not None:
            self.body(response)
        elif kind == "error":
            self.refused(0, field_of(data, "error") or {word: field_of(data, word) for word in ("code", "message")})
        elif kind is None:
            self._broke(data)

    def skips(self, raw: bytes) -> bool:
        """Whether the event can say nothing new."""
        return self.begun and raw.find(b'.delta"', 0, BEGINNING) >= 0


class EmbeddingsReader(_OpenAIReader):
    """`/embeddings`."""

    operation = "embeddings"

    def body(self, data: object) -> None:
        """Read a whole answer."""
        self.ended = True
        if not self._broke(data):
            self._counts(data)

    def event(self, data: object) -> None:
        """Read a whole answer: embeddings do not stream."""
        self.body(data)
