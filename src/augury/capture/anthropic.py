"""The dialect of Anthropic: messages."""

from __future__ import annotations

from typing import Any

from augury.capture.answers import BEGINNING, AnswerReader
from augury.capture.usage import Usage, count, field_of, including, name
from augury.core.rules import LARGEST_TOKENS

_COUNTED = (
    "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "cache_creation", "output_tokens",
    "output_tokens_details", "service_tier", "speed", "iterations",
)  # fmt: skip


def usage_of(told: object) -> Usage:
    """The usage of an answer in this dialect.

    Anthropic's input_tokens are those neither read from a cache nor written to one: all that went in is the sum of three
    (https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance). What a compaction took is
    told beside the sums, not in them.
    """
    given, read, written, for_1h, taken, reasoning = _sums(told)
    iterations = field_of(told, "iterations")
    for iteration in iterations if isinstance(iterations, list) else ():
        if field_of(iteration, "type") == "compaction":
            more = _sums(iteration)
            given, read, written, for_1h, taken = (
                one if other is None else (one or 0) + other
                for one, other in zip((given, read, written, for_1h, taken), more[:5], strict=True)
            )
    known = given is not None or read is not None or written is not None
    return Usage(
        input=min((given or 0) + (read or 0) + (written or 0), LARGEST_TOKENS) if known else None,
        output=including(taken, reasoning),
        cached_input=read,
        cache_write=written,
        cache_write_1h=for_1h,
        reasoning=reasoning if taken is not None else None,
        service_tier="fast" if field_of(told, "speed") == "fast" else name(field_of(told, "service_tier")),
    )


def _sums(told: object) -> tuple[int | None, ...]:
    by_age = field_of(told, "cache_creation")
    for_1h = count(field_of(by_age, "ephemeral_1h_input_tokens"))
    for_5m = count(field_of(by_age, "ephemeral_5m_input_tokens"))
    written = count(field_of(told, "cache_creation_input_tokens"))
    if for_1h is not None or for_5m is not None:
        written = max(written or 0, (for_1h or 0) + (for_5m or 0))
    return (
        count(field_of(told, "input_tokens")),
        count(field_of(told, "cache_read_input_tokens")),
        written,
        for_1h,
        count(field_of(told, "output_tokens")),
        count(field_of(field_of(told, "output_tokens_details"), "thinking_tokens")),
    )


class MessagesReader(AnswerReader):
    """`/v1/messages`."""

    def __init__(self) -> None:
        self._told: dict[str, Any] = {}

    def body(self, data: object) -> None:
        """Read a whole message."""
        if field_of(data, "type") == "error":
            self.refused(0, data)
            return
        self._begins(data)
        self.ended = True

    def event(self, data: object) -> None:
        """Read one event of a stream. Its usage is cumulative: what came later counts."""
        match field_of(data, "type"):
            case "content_block_delta":
                self.begun = True
            case "message_start":
                self._begins(field_of(data, "message"))
            case "message_delta":
                self._counts(field_of(data, "usage"))
                self.ended = self.ended or bool(field_of(field_of(data, "delta"), "stop_reason"))
            case "message_stop":
                self.ended = True
            case "error":
                self.refused(0, data)

    def skips(self, raw: bytes) -> bool:
        """Whether the event can say nothing new."""
        return self.begun and raw.find(b'"content_block_delta"', 0, BEGINNING) >= 0

    def usage(self) -> Usage:
        """The tokens, as far as they are known."""
        return usage_of(self._told)

    def _begins(self, message: object) -> None:
        self._names(message)
        self._counts(field_of(message, "usage"))

    def _counts(self, told: object) -> None:
        for part in _COUNTED:
            if (value := field_of(told, part)) is not None:
                self._told[part] = value
