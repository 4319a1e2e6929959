"""An answer that has begun: read on its way, for the record, and turned into the caller's words where those are others."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

from augury.core.calls import ErrorType
from augury.errors import TranslationError
from augury.gateway import headers
from augury.gateway.events import Events, data_of
from augury.gateway.refusals import Refused
from augury.gateway.unpacking import Unpacker
from augury.gateway.upstreams import Api, UpstreamFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from augury.capture.answers import AnswerReader
    from augury.core.calls import SelectedBy
    from augury.gateway.asked import Asked
    from augury.gateway.bodies import Body
    from augury.gateway.headers import Raw
    from augury.gateway.targets import Target
    from augury.gateway.translation import Translation
    from augury.gateway.upstreams import Reply

GONE: Final = "the caller closed the connection"

_ELSEWHERE_FROM: Final = 300
_ERRORS_FROM: Final = 400
_MOST_ERROR: Final = 2**20
_MOST_WHOLE: Final = 4 * 2**20
"""An answer up to this length is read whole before it goes out, so that one which breaks off can be asked for again."""

_MOST_TRANSLATED: Final = 64 * 2**20
_JSON: Final = "application/json"
_STREAM: Final = "text/event-stream"


@dataclass(slots=True, kw_only=True)
class Trial:
    """One attempt: what a row says of it."""

    target: Target
    number: int  # 1 for the first of the logical call
    reader: AnswerReader
    selected_by: SelectedBy
    propensity: float | None
    began: float = field(default_factory=time.perf_counter)
    took_ms: int = 0
    first_token_ms: int | None = None
    whole: bytes | None = field(default=None, repr=False)  # an answer that its reader has not read yet
    encoding: str | None = None  # of `whole`
    heard: bool = False  # the end that a stream itself tells of has come; the connection's may come much later
    left_out: Sequence[str] = ()  # fields of the request that were not translated

    def elapsed_ms(self) -> int:
        """How long it has taken until now."""
        return round((time.perf_counter() - self.began) * 1e3)


class Call(Protocol):
    """Whose answer it is."""

    asked: Asked

    def record(self, trial: Trial) -> None:
        """Have a row made of an attempt that is over."""


class Answer:
    """What goes to whoever asked: a head, and then either a whole body or pieces.

    Attributes:
        status: the HTTP status.
        headers: without the body's length.
        whole: the body; None where it comes in pieces.
        cut: whether the pieces ended before their end: so should the connection.
        trial: the attempt that it came of.
    """

    def __init__(self, call: Call, trial: Trial, reply: Reply) -> None:
        self.status = reply.status
        self.headers: list[Raw] = headers.back(reply.headers)
        self.whole: bytes | None = None
        self.cut = False
        self.trial = trial
        self._call = call
        self._reply = reply
        self._source: AsyncIterator[bytes] | None = None
        self._says_its_end = False
        self._ended = False
        self._complete = False

    def comes(self, first: bytes, rest: AsyncIterator[bytes] | None, *, says_its_end: bool) -> None:
        """The body comes in pieces; `says_its_end` where the last of them says so too when it breaks off."""
        self._source = _joined(first, rest)
        self._says_its_end = says_its_end

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, as it comes; where it breaks off, an error in the caller's own shape is its last piece."""
        if self._source is None:
            return
        try:
            async for piece in self._source:
                yield piece
            self.trial.reader.close()
        except UpstreamFailed as problem:
            self.trial.reader.fail(problem.error_type, str(problem))
            self.cut = True
            if self._streams() and not self._says_its_end:
                yield no_answer(problem).event(self._call.asked.route.api)
        self._complete = True

    @property
    def failed(self) -> bool:
        """Whether its caller may want to ask again."""
        return self.trial.reader.error_type is not None

    def complete(self) -> None:
        """All of it has gone out."""
        self._complete = True

    def end(self) -> None:
        """Record what became of it; an answer that has not gone out whole, nor told of its end, was cancelled by whoever asked."""
        if self._ended:
            return
        self._ended = True
        self._reply.close()
        if not self._complete and not self.trial.heard:
            self.trial.reader.fail(ErrorType.CANCELLED, GONE)
        self._call.record(self.trial)

    def _streams(self) -> bool:
        return any(value.startswith(_STREAM.encode()) for name, value in self.headers if name == b"content-type")


async def begin(call: Call, trial: Trial, reply: Reply, body: Body) -> Answer:
    """The answer, once it is sure to be one: whole, or with its first event.

    Raises:
        UpstreamFailed: it is none.
    """
    if _ELSEWHERE_FROM <= reply.status < _ERRORS_FROM:
        raise UpstreamFailed(
            ErrorType.OTHER,
            f"{trial.target.upstream.name} sends its callers elsewhere (HTTP {reply.status}), where no key is taken; "
            "its base_url should be that place",
        )
    answer = Answer(call, trial, reply)
    if body.translation is not None:
        answer.headers = _for(call.asked.route.api, answer.headers)
    if reply.status >= _ERRORS_FROM:
        content, _ = await reply.read(_MOST_ERROR)
        trial.reader.refused(reply.status, _json(content))
        answer.whole = content
        if body.translation is not None:
            answer.status, said = body.translation.failure(reply.status, content)
            _say(answer, said)
        return answer
    kind = (reply.header("content-type") or "").partition(";")[0].strip().lower()
    if kind == _STREAM:
        pieces = _read_on_its_way(trial, reply, body)
        first = await anext(pieces, b"")
        refused = trial.reader.error_type is not None  # then it may be tried again, and nothing more of it is read
        answer.comes(first, None if refused else pieces, says_its_end=body.translation is not None)
        return answer
    content, complete = await reply.read(_MOST_WHOLE if body.translation is None else _MOST_TRANSLATED)
    trial.encoding = reply.header("content-encoding")
    if not complete:
        if body.translation is not None:
            raise UpstreamFailed(ErrorType.OTHER, f"{trial.target.upstream.name} sent more than can be translated")
        trial.reader.done()
        answer.comes(content, reply.chunks(), says_its_end=False)
        return answer
    if kind == _JSON and not trial.encoding and content.rstrip()[-1:] not in {b"}", b"]"}:
        raise UpstreamFailed(ErrorType.CONNECTION, f"{trial.target.upstream.name} sent half an answer")
    answer.whole = trial.whole = content
    if body.translation is not None:
        _translate(answer, trial, body.translation)
    return answer


def no_answer(problem: UpstreamFailed) -> Refused:
    """What whoever asked is told of it."""
    late = problem.error_type is ErrorType.TIMEOUT
    status = HTTPStatus.GATEWAY_TIMEOUT if late else HTTPStatus.BAD_GATEWAY
    return Refused(status, str(problem), code=str(problem.error_type))


async def _read_on_its_way(trial: Trial, reply: Reply, body: Body) -> AsyncIterator[bytes]:
    """A stream's bytes as they go out, each piece read before."""
    events, reader = Events(), trial.reader
    unpacker = Unpacker.of(reply.header("content-encoding"))
    stream = None if body.translation is None else body.translation.stream()
    try:
        async for chunk in reply.chunks():
            plain = chunk if unpacker is None else unpacker.feed(chunk)
            found = events.feed(plain)
            if not events.blind:
                found = _read(trial, found, body)
            elif not reader.ended:
                reader.done()  # what it says of itself is not known any more
            if stream is not None:
                found = [stream.feed(plain)]
            elif unpacker is not None:
                found = [chunk]
            if said := b"".join(found):
                yield said
    except UpstreamFailed as problem:
        if stream is not None:
            reader.fail(problem.error_type, str(problem))
            yield stream.end()
        raise
    rest = events.rest()
    _read(trial, [rest], body)
    if stream is not None:
        rest = stream.end()
    if rest and (unpacker is None or stream is not None):
        yield rest


def _read(trial: Trial, found: list[bytes], body: Body) -> list[bytes]:
    """Read events; those that are to go on."""
    reader = trial.reader
    kept = []
    for event in found:
        kept.append(event)
        data = data_of(event)
        if not data or reader.skips(data):
            continue
        if data == b"[DONE]":
            reader.done()
            continue
        said = _json(data)
        if said is None:
            continue
        begun = reader.begun
        reader.event(said)
        if reader.begun and not begun:
            trial.first_token_ms = trial.elapsed_ms()
        if body.strips_usage and isinstance(said, dict) and said.get("choices") == [] and said.get("usage"):
            kept.pop()
    trial.heard = reader.ended
    return kept


def _translate(answer: Answer, trial: Trial, translation: Translation) -> None:
    said = _json(answer.whole or b"")
    try:
        if not isinstance(said, dict):
            raise UpstreamFailed(ErrorType.SERVER, f"{trial.target.upstream.name} sent what is no JSON object")
        _say(answer, translation.answer(said))
    except TranslationError:  # what it says of itself may quote an answer
        raise UpstreamFailed(
            ErrorType.OTHER,
            f"the answer of {trial.target.upstream.name} cannot be put into the words of the caller's API",
        ) from None


def _say(answer: Answer, said: object) -> None:
    answer.whole = json.dumps(said, separators=(",", ":")).encode()
    answer.headers = [
        (name, value) for name, value in answer.headers if name not in {b"content-type", b"content-encoding"}
    ]
    answer.headers.append((b"content-type", _JSON.encode()))


def _for(api: Api, raw: list[Raw]) -> list[Raw]:
    """The headers of a translated answer: the request's id by the name under which the caller's client looks for it."""
    wanted, other = (b"request-id", b"x-request-id") if api is Api.ANTHROPIC else (b"x-request-id", b"request-id")
    return [(wanted if name == other else name, value) for name, value in raw]


def _json(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


async def _joined(first: bytes, rest: AsyncIterator[bytes] | None) -> AsyncIterator[bytes]:
    if first:
        yield first
    if rest is not None:
        async for piece in rest:
            yield piece
