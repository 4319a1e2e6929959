"""What an answer of a provider says about its call: what every dialect's reader has in common.

    reader = reader_for("/v1/chat/completions")
    reader.body(answer)              # a whole answer, or
    reader.event(event)              # every event of a stream, then
    reader.close()                   # when nothing more comes
    reader.refused(429, error)       # or an answer that is an error
    fields = reader.fields()         # of model_performance_metrics

Readers take JSON as it was read, and objects of the official clients. Whatever comes, they raise nothing, and keep no text of a
prompt or an answer: of an error its type and code, since its sentence may quote what was asked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from augury.capture.failures import error_type_of_answer
from augury.capture.usage import Usage, field_of, name
from augury.core.calls import ErrorType

if TYPE_CHECKING:
    from collections.abc import Mapping

_ERRORS_FROM, _ERRORS_TO = 400, 599
BEGINNING = 200
"""Bytes of an event within which its type stands."""

_CODE = re.compile(r"[A-Za-z0-9_.:/-]{1,80}")


class AnswerReader:
    """Reads the answer to one request, whole or event by event.

    Attributes:
        operation: what was asked for, by OpenTelemetry's `gen_ai.operation.name`.
        answer_id: the provider's own id of the answer, such as "chatcmpl-…".
        begun: whether anything of the answer itself has come: its first event is the first token.
        ended: whether the answer is known to be whole, or to have failed.
        varying: behind what stands the text in which alone most events of a stream differ; empty where that is not known.
    """

    operation = "chat"
    answer_id: str | None = None
    begun = False
    ended = False
    varying = b""
    _model: str | None = None
    _error_type: ErrorType | None = None
    _error: str | None = None

    def body(self, data: object) -> None:
        """Read a whole answer."""
        raise NotImplementedError

    def event(self, data: object) -> None:
        """Read one event of a stream."""
        raise NotImplementedError

    def skips(self, raw: bytes) -> bool:  # noqa: ARG002 - for those that can tell
        """Whether this one event, as it came or its data alone, can say nothing new: most of a stream is like that."""
        return False

    @property
    def error_type(self) -> ErrorType | None:
        """Why the call failed; None where it has not, as far as was read."""
        return self._error_type

    def usage(self) -> Usage:
        """The tokens, as far as they are known."""
        raise NotImplementedError

    def done(self) -> None:
        """The stream's own mark of its end came."""
        self.ended = True

    def close(self) -> None:
        """Nothing more comes: a stream that has not ended was cut."""
        if not self.ended:
            self.fail(ErrorType.CONNECTION, "the stream broke off")

    def refused(self, status: int, data: object = None) -> None:
        """Read an answer that is an error, or an error in the middle of a stream.

        Args:
            status: the HTTP status; 0 where a stream broke off with an error.
            data: the error's body, where it could be read.
        """
        error = field_of(data, "error") or data
        code = field_of(error, "code")
        if not status and isinstance(code, int) and _ERRORS_FROM <= code <= _ERRORS_TO:
            status = code  # OpenRouter: HTTP 200, and the status of whom it asked within
        told = data if isinstance(error, dict) else {"error": _plain(error)}
        words = [str(status)] if status else []
        for word in (field_of(error, "type"), code):
            if isinstance(word, str) and _CODE.fullmatch(word) and word not in words:
                words.append(word)
        self.fail(error_type_of_answer(status, told), " ".join(words) or "error")

    def fail(self, error_type: ErrorType, said: str) -> None:
        """The call failed; the first reason given counts."""
        self.ended = True
        if self._error_type is None:
            self._error_type, self._error = error_type, said

    def fields(self) -> dict[str, Any]:
        """What is known of the call, by the names of `model_performance_metrics`; its times are not the answer's to tell."""
        fields: dict[str, Any] = {"operation": self.operation, "success": self._error_type is None}
        if self._model is not None:
            fields["model"] = self._model
        if self._error_type is not None:
            fields |= {"error_type": str(self._error_type), "error_message": self._error}
        fields.update(self.usage().fields())
        return fields

    def _names(self, data: object) -> None:
        self._model = name(field_of(data, "model")) or self._model
        self.answer_id = name(field_of(data, "id")) or self.answer_id


def _plain(error: object) -> Mapping[str, Any]:
    """An error object of a client, as the JSON that it was."""
    return {word: field_of(error, word) for word in ("type", "code", "message")}
