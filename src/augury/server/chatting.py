"""`/api/chat`: a message in, an answer out, by the model that is best for it; through the gateway, whose calls these are."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from augury.core import ids
from augury.gateway.chat import Message
from augury.gateway.events import event_of
from augury.gateway.memory import Said
from augury.gateway.refusals import Refused
from augury.server import bodies
from augury.server.chats import ChatAnswer, ChatBody, ChatDelta, ChatEnd, ChatStart, ChatUsage
from augury.server.gate import caller_of
from augury.server.payloads import schema_of
from augury.server.problems import documented, problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable

    from fastapi.responses import JSONResponse
    from starlette.types import Receive, Scope, Send

    from augury.gateway.chat import Chat, Exchange
    from augury.gateway.memory import Memory
    from augury.server.payloads import Payload

MOST_BODY: Final = 8 * 2**20
_STREAM: Final = "text/event-stream"
_JSON: Final = "application/json"
_INSTEAD: Final = {"missing": None, "string_too_short": ""}  # what came, where that is not to be shown
_ALIVE: Final = b": alive\n\n"  # a model may think for minutes, and what stands between would give the connection up
_SAID_BY_PEOPLE: Final = frozenset({"message", "system", "history"})

routes = APIRouter(
    tags=["chat"],
    responses=documented(
        HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT,
    ),
)  # fmt: skip


@routes.post(
    "/api/chat",
    summary="Ask the best model",
    response_model=ChatAnswer,
    responses={200: {"content": {_STREAM: {"schema": {"type": "string"}}}}},
    openapi_extra={"requestBody": {"required": True, "content": {_JSON: {"schema": schema_of(ChatBody)}}}},
)
async def chat(request: Request) -> Response:
    """Answers a message by the model that is best for it, or by the one that is named; the call is recorded like any other.

    With `stream` the answer comes as server-sent events: `start` (who answers, and why), `delta` (`{"text": …}`) as often
    as something is said, and `end` (tokens, cost, time), or `error` (a problem document) where it breaks off.
    What was said before is sent along as `history`, or, with `remember`, kept in memory under `conversationId`: for half an
    hour after its last message, never in the database. `messageId` is what to rate by `/api/analytics/models/feedback`.
    """
    return await _Turn(request, await _read(request)).answer()


class _Turn:
    """One message, and its answer."""

    def __init__(self, request: Request, body: ChatBody) -> None:
        state = request.app.state
        self._request = request
        self._chat = cast("Chat", state.chat)
        self._memory = cast("Memory", state.memory)
        self._body = body
        self._conversation = body.conversation_id or str(ids.uuid7())
        self._key: Hashable = (caller_of(request.scope).key, body.user_id, self._conversation)
        told = [Said(one.role, one.text) for one in body.history]
        self._said = told or (self._memory.recall(self._key) if body.remember else [])

    async def answer(self) -> Response:
        try:
            async with _until_gone(self._request):
                exchange = await self._chat.ask(self._message(), self._request.headers.raw)
                if not self._body.stream:
                    return await self._whole(exchange)
        except Refused as refused:
            return _refused(refused)
        except _Gone:
            return Response(status_code=499)  # nobody reads it
        return _Streamed(self._events(exchange), exchange)

    def _message(self) -> Message:
        body = self._body
        return Message(
            text=body.message,
            conversation_id=self._conversation,
            model=body.model,
            priority=body.priority,
            user_id=body.user_id,
            segment=body.segment,
            task_type=body.task_type,
            complexity=body.complexity,
            system=body.system,
            said=self._said,
            max_tokens=body.max_tokens,
            stream=body.stream,
        )

    async def _whole(self, exchange: Exchange) -> Response:
        try:
            async for _ in exchange.said():
                pass
        finally:
            exchange.close()
        if exchange.saying.error is not None:
            return problem(HTTPStatus.BAD_GATEWAY, exchange.saying.error, kind="broken_off")
        self._keep(exchange)
        fields = self._start(exchange) | _figures(exchange)
        return Response(_dumped(ChatAnswer(message=exchange.saying.text, **fields)), media_type=_JSON)

    async def _events(self, exchange: Exchange) -> AsyncIterator[bytes]:
        try:
            yield _event("start", ChatStart(**self._start(exchange)))
            async for text in exchange.said():
                yield _event("delta", ChatDelta(text=text)) if text else _ALIVE
        finally:
            exchange.close()
        if (error := exchange.saying.error) is not None:
            yield event_of(bytes(problem(HTTPStatus.BAD_GATEWAY, error, kind="broken_off").body), "error")
            return
        self._keep(exchange)
        yield _event("end", ChatEnd(message_id=exchange.message_id, **_figures(exchange)))

    def _keep(self, exchange: Exchange) -> None:
        if self._body.remember:
            turn = [Said("user", self._body.message), Said("assistant", exchange.saying.text)]
            self._memory.keep(self._key, [*self._said, *turn])

    def _start(self, exchange: Exchange) -> dict[str, Any]:
        return {
            "message_id": exchange.message_id,
            "conversation_id": self._conversation,
            "context_messages": len(self._said),
            **exchange.choice,
        }


class _Streamed(StreamingResponse):
    """Events of an answer, which is closed in any case: whoever asked may go before the first one."""

    def __init__(self, events: AsyncIterator[bytes], exchange: Exchange) -> None:
        super().__init__(events, media_type=_STREAM, headers={"X-Accel-Buffering": "no"})
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._exchange.close()


def _figures(exchange: Exchange) -> dict[str, Any]:
    call = exchange.figures()
    figures: dict[str, Any] = {"finish_reason": exchange.saying.finish_reason, "usage": None, "cost_usd": None}
    if call is None:
        return figures | {"response_time_ms": 0, "time_to_first_token_ms": None}
    usage = ChatUsage(
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
        cached_input_tokens=call.cached_input_tokens,
        reasoning_tokens=call.reasoning_tokens,
    )
    return figures | {
        "usage": usage,
        "cost_usd": None if call.cost_usd is None else float(call.cost_usd),
        "response_time_ms": call.response_time_ms,
        "time_to_first_token_ms": call.time_to_first_token_ms,
    }


async def _read(request: Request) -> ChatBody:
    """The body, checked; what is wrong with what people said is told without showing it.

    Raises:
        RequestValidationError: it is none.
        HTTPException: it is too long.
    """
    content = await bodies.read(request, MOST_BODY)
    try:
        return ChatBody.model_validate_json(content)
    except ValidationError as error:
        found: list[dict[str, Any]] = [dict(one) for one in error.errors()]
    for one in found:
        if not one["loc"] or one["loc"][0] in _SAID_BY_PEOPLE:
            one["input"] = _INSTEAD.get(one["type"], "something else")
    raise RequestValidationError(found)


class _Gone(Exception):
    """Whoever asked has closed the connection."""


@asynccontextmanager
async def _until_gone(request: Request) -> AsyncIterator[None]:
    """Give up what is done in the block when whoever asked goes.

    Raises:
        _Gone: he went.
    """
    working = asyncio.current_task()
    assert working is not None  # noqa: S101 - ASGI runs in tasks
    gone = False

    async def watch() -> None:
        nonlocal gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone = True
        working.cancel()

    watching = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if not gone:
            raise
        working.uncancel()
        raise _Gone from None
    finally:
        watching.cancel()


def _refused(refused: Refused) -> JSONResponse:
    return problem(refused.status, refused.message, kind=refused.code, headers=refused.headers)


def _event(name: str, payload: Payload) -> bytes:
    return event_of(_dumped(payload), name)


def _dumped(payload: Payload) -> bytes:
    return payload.model_dump_json(by_alias=True).encode()
