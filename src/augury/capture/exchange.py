"""One call that a client makes, from its request to the end of its answer: every attempt at it, under one message id."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from augury.capture import recorder
from augury.capture.classifying import ask
from augury.capture.context import given
from augury.capture.dialects import reader_for
from augury.capture.failures import error_type_of
from augury.capture.tracking import current_call
from augury.capture.usage import name
from augury.core import ids
from augury.core.calls import ErrorType
from augury.core.rules import SPACES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.capture.answers import AnswerReader
    from augury.capture.sse import Event

MESSAGE_HEADER = "x-augury-message-id"
"""Marks a request that is observed where it is made; and an answer of a gateway of ours, which has recorded the call itself."""

_TOLD_TO_GATEWAY = ("task_type", "task_complexity", "conversation_id", "user_id", "segment", "metadata")
_PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")

_TELLING = 20  # characters: a shorter id of an answer may be given to the next one too, as some local servers do
_ERRORS_FROM = 300
_END = b"\n\n"
_AT_ONCE_S = 0.02  # a record without a time ends when it is made, and is made sooner
_EMBEDDINGS_READ = 65_536  # bytes of an answer: beyond, what is told beside the vectors is read alone


class Exchange:
    """A request to a model, and what became of it.

    Attributes:
        mark: the id that its requests carry.
        gateway: whether they go to a gateway of ours, which records the call itself.
        model: what was asked for.
        attempts: how many requests were sent.
        sending: whether one is on its way.
        drops_usage: whether usage in the answer comes only because it was asked for here.
    """

    __slots__ = (
        "_answered", "_body", "_ended", "_given", "_message", "_open", "_path", "_provider", "_question", "_records", "_tracked",
        "attempts", "drops_usage", "gateway", "mark", "model", "sending",
    )  # fmt: skip

    def __init__(self, *, path: str, body: Mapping[str, Any], provider: str, gateway: bool) -> None:
        self.gateway = gateway
        self.attempts = 0
        self.sending = False
        self.drops_usage = False
        self._path = path
        self._body: Mapping[str, Any] = body
        self.model = name(body.get("model"))  # at once: clients for Bedrock take it out of the body
        self._provider = provider
        self._tracked = current_call()
        self._given = given() if self._tracked is None else {**given(), **self._tracked.about()}
        self._question = None if path.endswith("/embeddings") or "task_type" in self._given else ask(body)
        self._message: str | None = _text(self._given.get("message_id"))
        # What a gateway of ours keeps a call under that tells its message; to others it says nothing.
        told = self._message
        self.mark = ids.uuid7_text() if told is None else ids.as_uuid(told, ids.MESSAGES).hex
        self._answered: str | None = None
        self._records: list[dict[str, Any]] = []
        self._ended = 0.0  # when the latest of those, in seconds since 1970
        self._open = 1  # the client's own method, and each stream that is still read

    def headers(self) -> dict[str, str]:
        """What its requests carry: the mark, and for a gateway of ours what the application has said of the call."""
        said = {MESSAGE_HEADER: self.mark}
        for field in _TOLD_TO_GATEWAY if self.gateway else ():
            if (value := self._given.get(field)) is not None:
                word = "complexity" if field == "task_complexity" else field.replace("_", "-")
                said[f"x-augury-{word}"] = _plain(json.dumps(value) if isinstance(value, dict) else str(value))
        return said

    def attempt(self) -> Attempt:
        """A request goes out."""
        self.attempts += 1
        if self._tracked is not None:
            self._tracked.expect()
        reader = reader_for(self._path)
        assert reader is not None, "only calls are observed"  # noqa: S101
        self._open += 1
        return Attempt(self, reader, self.attempts)

    def answered(self, answer_id: str | None, *, well: bool) -> None:
        """An answer tells its id: the last good one counts, which is what the application gets."""
        if answer_id is not None and len(answer_id) >= _TELLING and (well or self._answered is None):
            self._answered = answer_id

    def recorded_as(self, message: str) -> None:
        """A gateway of ours has recorded it under this id."""
        self.gateway, self._message = True, unquote(message)

    def message(self) -> str:
        """By what the call is rated: what the application said, else the answer's own id, else one that is made here."""
        if self._message is None:
            self._message = self._answered or self.mark
        return self._message

    def ended(self, record: dict[str, Any] | None) -> None:
        """An attempt has ended, with a record of it unless a gateway of ours has one."""
        if record is not None:
            if self._records:
                self._records[-1]["timestamp"] = _time(self._ended)  # the last one ends when it is recorded
            self._records.append(record)
            self._ended = time.time()
        self.left()

    def left(self) -> None:
        """The client's method has returned, or an attempt has ended: with the last of both, all is recorded."""
        self._open -= 1
        if self._open == 0 and self._records:
            self._record()

    def _record(self) -> None:
        about, said = self._about(), {**self._given, "message_id": self.message()}
        records = [{**about, **record, **said} for record in self._records]
        self._records, self._body = [], {}
        if self._tracked is not None or time.time() - self._ended > _AT_ONCE_S:
            records[-1]["timestamp"] = _time(self._ended)
        if self._tracked is None or not self._tracked.collect(records):
            for record in records:
                recorder.record(record)

    def _about(self) -> dict[str, Any]:
        about: dict[str, Any] = {"provider": self._provider}
        body = self._body
        found = None if self._question is None else self._question.found()
        if found is not None:
            about["task_type"], about["task_complexity"] = found.task_type, found.complexity
        conversation = body.get("conversation")
        conversation = name(conversation.get("id") if isinstance(conversation, dict) else conversation)
        if conversation is not None:
            about["conversation_id"] = conversation
        user = body.get("user") or body.get("safety_identifier")
        if user is None and isinstance(metadata := body.get("metadata"), dict):
            user = metadata.get("user_id")
        if (user := name(user)) is not None:
            about["user_id"] = user
        return about


class Attempt:
    """One request of an exchange, and its answer.

    Attributes:
        varying: of the reader of the answer.
    """

    __slots__ = (
        "_began", "_elsewhere", "_ended_ms", "_exchange", "_finished", "_first_ms", "_number", "_reader", "_skips", "varying",
    )  # fmt: skip

    def __init__(self, exchange: Exchange, reader: AnswerReader, number: int) -> None:
        self._exchange = exchange
        self._reader = reader
        self._skips = reader.skips
        self.varying = reader.varying
        self._number = number
        self._first_ms: int | None = None
        self._ended_ms: int | None = None
        self._finished = self._elsewhere = False
        self._began = time.perf_counter_ns()

    def failed(self, error: BaseException) -> None:
        """It ended with an exception instead of an answer, or in the middle of one."""
        if self._exchange.gateway and not type(error).__name__.startswith("Connect"):
            self._elsewhere = True  # the gateway has had the request, and sees it end
        self._reader.fail(error_type_of(error), type(error).__name__)
        self._finish()

    def answer(self, status: int, body: bytes) -> str | None:
        """A whole answer has come; the id to ask for it by, where the provider still works on it in the background."""
        reader = self._reader
        data = _read(reader, body)
        if status >= _ERRORS_FROM:
            reader.refused(status, data)
        elif data is None:
            reader.fail(ErrorType.SERVER, "the answer is no JSON")
        else:
            reader.body(data)
        if not reader.ended:
            return reader.answer_id
        self._finish()
        return None

    def asked_again(self, data: object) -> bool:
        """The application has asked what became of an answer in the background; whether it has ended."""
        self._reader.body(data)
        if self._reader.ended:
            self._finish()
        return self._reader.ended

    def skips(self, chunk: bytes) -> bool:
        """Whether these bytes, at the start of an event, are one that can say nothing new."""
        return self._skips(chunk) and chunk.find(_END) == len(chunk) - 2

    def event(self, event: Event) -> None:
        """An event of a stream has come."""
        reader, data = self._reader, event.data
        if not data or reader.skips(data):
            return
        if data.startswith(b"[DONE]"):
            reader.done()
        else:
            reader.event(_json(data))
        if self._first_ms is None and reader.begun:
            self._first_ms = self._elapsed()
        if reader.ended:
            self._ended_ms = self._elapsed()

    def over(self) -> None:
        """The stream's bytes have come to their end."""
        self._reader.close()
        self._finish()

    def left(self) -> None:
        """The application has closed, or forgotten, what it had not read to the end."""
        if not self._reader.ended:
            self._reader.fail(ErrorType.CANCELLED, "closed before its end")
        self._finish()

    def recorded_as(self, message: str) -> None:
        """A gateway of ours has answered, and has recorded the attempt itself, under this message id."""
        self._elsewhere = True
        self._exchange.recorded_as(message)

    def _elapsed(self) -> int:
        return round((time.perf_counter_ns() - self._began) / 1e6)

    def _finish(self) -> None:
        if self._finished:
            return
        self._finished = True
        exchange, reader = self._exchange, self._reader
        fields = reader.fields()
        exchange.answered(reader.answer_id, well=fields["success"])
        if self._elsewhere:
            exchange.ended(None)
            return
        fields.setdefault("model", exchange.model)
        fields["attempt"] = self._number
        fields["response_time_ms"] = self._elapsed() if self._ended_ms is None else self._ended_ms
        fields["time_to_first_token_ms"] = self._first_ms
        exchange.ended(fields)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _read(reader: AnswerReader, body: bytes) -> object:
    if reader.operation == "embeddings" and len(body) > _EMBEDDINGS_READ:
        return _beside_vectors(body)
    return _json(body)


def _beside_vectors(body: bytes) -> object:
    """The fields of an answer of embeddings that stand before its vectors and after them; those themselves may take megabytes."""
    end = body.rfind(b"]")
    start = body.find(b"[")
    return _json(body[: start + 1] + body[end:]) if 0 < start < end else None


def _json(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _plain(text: str) -> str:
    """A text as the value of a header: plain ASCII, all else percent-encoded."""
    return quote(text, safe=_PLAIN, errors="replace")


def _text(value: object) -> str | None:
    return None if value is None else str(value).strip(SPACES) or None
