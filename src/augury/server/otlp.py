"""`/v1/traces` and `/v1/logs`: OTLP over HTTP, as any OpenTelemetry exporter or collector sends it."""

from __future__ import annotations

from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from augury.capture.otlp.reading import TelemetryReader
from augury.capture.otlp.wire import Encoding, failure, logs_answer, trace_answer
from augury.capture.records import log_lines
from augury.core.calls import ModelCall
from augury.errors import AuguryError, InvalidValue
from augury.server import bodies, problems
from augury.server.evaluating import Evaluations
from augury.server.ingest import Answered, Incoming

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from augury.capture.otlp.reading import Spans
    from augury.server.ingest import Arrival, Ingest, Read
    from augury.server.parts import Parts

MAX_TELEMETRY = 32 * 2**20
"""Bytes of one request, inflated: a batch of 512 spans whose prompts are long."""

_MOST_VERDICTS = 1_000  # of one request: each is a transaction
_TOLD = 5  # reasons that an answer gives

routes = APIRouter(prefix="/v1", tags=["telemetry"])


class Telemetry:
    """What the routes share: what is remembered from one request to the next."""

    def __init__(self, parts: Parts, ingest: Ingest) -> None:
        """Evaluations wait for calls that come by any way in."""
        self.parts = parts
        self.reader = TelemetryReader(parts.prices, parts.rules)
        self.evaluations = Evaluations(parts.store, self.reader.message_of, lambda: ingest.committer.journaled)
        ingest.settled.append(self.evaluations.settled)
        self.spans = dict.fromkeys(("call", "duplicate", "other"), 0)
        self.verdicts = dict.fromkeys(("applied", "waiting", "refused"), 0)
        self._lock = Lock()

    def count(self, spans: Spans) -> None:
        """Count what a request's spans were."""
        with self._lock:
            self.spans["call"] += len(spans.calls)
            self.spans["duplicate"] += spans.duplicates
            self.spans["other"] += spans.others

    def count_verdicts(self, **became: int) -> None:
        """Count what became of a request's evaluations."""
        with self._lock:
            for name, count in became.items():
                self.verdicts[name] += count


async def _telemetry(request: Request) -> Telemetry:
    return cast("Telemetry", request.app.state.telemetry)


Shared = Annotated[Telemetry, Depends(_telemetry)]


class _Traces:
    """Spans as a way in."""

    def __init__(self, telemetry: Telemetry, body: bytes, encoding: Encoding, *, here: str) -> None:
        self._telemetry = telemetry
        self._body = body
        self._encoding = encoding
        self._here = here

    def read(self) -> Read:
        spans = self._telemetry.reader.spans(
            self._body, self._encoding, now=self._telemetry.parts.now(), here=self._here
        )
        self._body = b""  # it may be long, and is done with
        self._telemetry.count(spans)
        return spans.calls

    def answer(self, arrival: Arrival) -> Answered:
        refused: list[InvalidValue] = []
        kept: list[ModelCall] = []
        for call, _, why in arrival.statuses():
            if why is not None:
                refused.append(why)
            elif isinstance(call, ModelCall):
                kept.append(call)
        log_lines(kept)
        return Answered(200, trace_answer(self._encoding, rejected=len(refused), message=_told(refused)))


_BODY = {
    encoding.value: {"schema": {"type": "string" if encoding is Encoding.PROTOBUF else "object"}}
    for encoding in Encoding
}
_DOCUMENTED = {
    "requestBody": {"required": True, "content": _BODY},
    "responses": {
        "400": {"description": "The body is no OTLP; a google.rpc.Status says so"},
        "413": {"description": "The body is too long"},
        "415": {"description": "The body is of another type, or compressed otherwise than by gzip"},
        "503": {"description": "Nothing was kept; send it again after Retry-After"},
    },
}


@routes.post("/traces", summary="Record the calls that spans tell of", openapi_extra=_DOCUMENTED)
async def traces(request: Request, telemetry: Shared, ingest: Incoming) -> Response:
    """OTLP/HTTP, as protobuf or JSON, plain or gzip: GenAI spans by OpenTelemetry, OpenInference, and OpenLLMetry.

    Answers when the calls are safe. Spans that are no calls are passed over, those of one call are counted once, and those
    that break a rule are rejected, with the reasons in `partialSuccess`; none of the others pays for them.
    """

    async def take(body: bytes, encoding: Encoding) -> bytes:
        spans = _Traces(telemetry, body, encoding, here=request.headers.get("host", ""))
        return (await ingest.receive(len(body), spans.read, spans.answer)).body

    return await _answered(request, take)


@routes.post("/logs", summary="Take evaluations of calls", openapi_extra=_DOCUMENTED)
async def logs(request: Request, telemetry: Shared) -> Response:
    """OTLP/HTTP: `gen_ai.evaluation.result` events become ratings and outcomes; other log records are passed over.

    An evaluation that comes before its call waits for it for ten minutes, in memory.
    """

    async def take(body: bytes, encoding: Encoding) -> bytes:
        return await run_in_threadpool(_evaluated, telemetry, body, encoding)

    return await _answered(request, take)


@routes.post("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Augury makes its figures from calls; set `OTEL_METRICS_EXPORTER=none`, or send metrics elsewhere."""

    async def refuse(_: bytes, __: Encoding) -> bytes:
        raise HTTPException(
            HTTPStatus.NOT_FOUND,
            "Augury takes traces and logs and makes its figures from them: set OTEL_METRICS_EXPORTER=none",
        )

    return await _answered(request, refuse)


def _evaluated(telemetry: Telemetry, body: bytes, encoding: Encoding) -> bytes:
    found = telemetry.reader.logs(body, encoding)
    became = telemetry.evaluations.take(found.verdicts[:_MOST_VERDICTS])
    left = len(found.verdicts) - _MOST_VERDICTS
    rejected = len(found.refused) + became.refused + max(0, left)
    said = [_told(found.refused)] if found.refused else []
    if left > 0:
        said.append(f"at most {_MOST_VERDICTS} evaluations are taken at once; send the rest again")
    if became.refused:
        said.append(f"{became.refused} evaluations were refused, since too many wait for their calls")
    if became.waiting:
        said.append(f"{became.waiting} evaluations wait for their calls, for ten minutes")
    telemetry.count_verdicts(applied=became.applied, waiting=became.waiting, refused=rejected)
    return logs_answer(encoding, rejected=rejected, message="; ".join(said))


def _told(refused: Sequence[InvalidValue]) -> str:
    """Why records were refused: each reason once, and not too many of them."""
    reasons = list(dict.fromkeys(map(str, refused)))
    more = [f"and {len(reasons) - _TOLD} reasons more"] if len(reasons) > _TOLD else []
    return "; ".join([*reasons[:_TOLD], *more])


def _encoding(request: Request) -> Encoding:
    """How the request is written.

    Raises:
        HTTPException: 415 where it says something else.
    """
    named = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        return Encoding(named)
    except ValueError:
        expected = " or ".join(one.value for one in Encoding)
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type: expected {expected}") from None


async def _answered(request: Request, take: Callable[[bytes, Encoding], Awaitable[bytes]]) -> Response:
    """The answer of OTLP, errors included: those carry a Status, and what may be sent again is 503."""
    encoding = Encoding.PROTOBUF  # where it is not said
    try:
        encoding = _encoding(request)
        body = await take(await bodies.read(request, MAX_TELEMETRY), encoding)
    except InvalidValue as error:
        return Response(failure(encoding, str(error)), HTTPStatus.BAD_REQUEST, media_type=encoding.value)
    except (AuguryError, HTTPException) as error:
        answer = await problems.answer(request, error)
        status = answer.status_code
        if status == HTTPStatus.INSUFFICIENT_STORAGE:  # which exporters take for the last word
            status = HTTPStatus.SERVICE_UNAVAILABLE
        kept = {name: answer.headers[name] for name in ("retry-after", "accept-encoding") if name in answer.headers}
        said = error.detail if isinstance(error, HTTPException) else str(error)
        return Response(failure(encoding, said), status, kept, media_type=encoding.value)
    return Response(body, media_type=encoding.value)
