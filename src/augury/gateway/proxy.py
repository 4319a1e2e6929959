"""The gateway's routes, in plain ASGI before FastAPI, which would cost more than all that is done here.

What the API's own document says of them is in `augury.server.passing`.
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from augury.errors import AuguryError
from augury.gateway import asked as requests
from augury.gateway import headers
from augury.gateway.asked import ROUTES
from augury.gateway.calling import Calling
from augury.gateway.health import Health
from augury.gateway.listing import Listing
from augury.gateway.logical import Retried
from augury.gateway.planning import Planner
from augury.gateway.recording import Recorder
from augury.gateway.refusals import Refused
from augury.gateway.upstreams import Api, Upstreams

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from augury.capture.taskrules import TaskRules
    from augury.gateway.answering import Answer
    from augury.gateway.asked import Route
    from augury.gateway.configuration import Configuration
    from augury.gateway.headers import Raw
    from augury.gateway.logical import Logical
    from augury.gateway.planning import Plan
    from augury.gateway.recording import HandOver
    from augury.models.prices import PriceBook
    from augury.recommend.recommender import ModelRecommender

_LOG = logging.getLogger("augury.gateway")

_JSON: Final = (b"content-type", b"application/json")
_MODELS: Final = "/v1/models"
_UNWATCHED_S: Final = 0.02


class Gateway:
    """Everything that answers for providers. Connections are opened with the first request."""

    def __init__(
        self,
        configuration: Configuration,
        hand_over: HandOver,
        recommender: Callable[[], ModelRecommender],
        prices: PriceBook,
        rules: TaskRules,
    ) -> None:
        """Nothing is asked yet.

        Args:
            configuration: providers and manners.
            hand_over: takes what makes records of calls, and calls it on another thread; done when they are safe.
            recommender: gives the recommender as it is now; it may take long, and is called on a thread.
            prices: what tokens cost.
            rules: the owner's, of what calls are for.
        """
        self.configuration = configuration
        self.upstreams = Upstreams()
        self.health = Health()
        self.planner = Planner(configuration, recommender, prices, rules, self.health.rests_s)
        self.recorder = Recorder(hand_over, self.planner.tasks, self.planner.chooser.conversations)
        self.calling = Calling(self.upstreams, self.recorder, self.health, deadline_s=configuration.deadline_s)
        self.retried = Retried()
        self.listing = Listing(configuration, self.planner.targets)

    async def close(self) -> None:
        """Record what has ended, and close what is open."""
        self.recorder.flush()
        await self.upstreams.close()


class Proxy:
    """Answers the gateway's routes; everything else goes on to the application."""

    def __init__(self, app: ASGIApp, gateway: Gateway) -> None:
        self._app = app
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        path, method = scope["path"], scope["method"]
        route = ROUTES.get(path)
        if route is not None and method == "POST":
            await _Exchange(self._gateway, route, scope, receive, send).run()
        elif method == "GET" and (path == _MODELS or path.startswith(_MODELS + "/")):
            await self._list(path.removeprefix(_MODELS).removeprefix("/"), scope, send)
        else:
            await self._app(scope, receive, send)

    async def _list(self, name: str, scope: Scope, send: Send) -> None:
        api = Api.ANTHROPIC if any(key == b"anthropic-version" for key, _ in scope["headers"]) else Api.OPENAI
        try:
            body, status = self._gateway.listing.answer(name, api), HTTPStatus.OK
        except Refused as refused:
            body, status = refused.body(api), refused.status
        await _whole(send, status, [_JSON], body)


class _Exchange:
    """One request to a model, and its answer."""

    def __init__(self, gateway: Gateway, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        self._gateway = gateway
        self._route = route
        self._scope = scope
        self._receive = receive
        self._send = send

    async def run(self) -> None:
        """Answer; whoever goes before the answer has come takes the request to the provider with him."""
        try:
            body = await self._read()
        except Refused as refused:
            await self._refuse(refused)
            return
        if body is None:
            return
        watch = _Watch(self._receive)
        try:
            await self._answer(body)
        except asyncio.CancelledError:
            if not watch.left:
                raise
            watch.answering.uncancel()
        finally:
            watch.end()

    async def _answer(self, body: bytes) -> None:
        gateway = self._gateway
        logical: Logical | None = None
        plan: Plan | None = None
        try:
            asked = requests.read(self._route, body, self._scope["headers"], self._scope["query_string"])
            logical = gateway.retried.logical(asked)
            plan = await gateway.planner.plan(asked, logical)
            try:
                answer = await gateway.calling.answer(asked, plan, logical)
            except BaseException:
                gateway.retried.failed(asked, logical)
                raise
        except Exception as problem:  # noqa: BLE001 - whatever it is, its caller is told in words that he understands
            await self._refuse(_refusal(problem), _told(logical, plan))
            return
        try:
            told = {**plan.told(logical, answer.trial.target), "left-out": ", ".join(answer.trial.left_out) or None}
            await self._pass(answer, headers.ours(told))
        finally:
            answer.end()
            if answer.failed:
                gateway.retried.failed(asked, logical)

    async def _pass(self, answer: Answer, ours: list[Raw]) -> None:
        """Give an answer back, as fast as it is taken."""
        given = [*answer.headers, *ours]
        if answer.whole is not None:
            await _whole(self._send, answer.status, given, answer.whole)
            answer.complete()
            return
        await self._send({"type": "http.response.start", "status": answer.status, "headers": given})
        async for piece in answer.pieces():
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        if (
            answer.cut
        ):  # an answer without its end: the server then closes the connection, and nobody takes it for whole
            _LOG.warning("an answer of %s broke off", answer.trial.target.upstream.name)
            return
        await self._send({"type": "http.response.body", "body": b""})
        answer.complete()

    async def _read(self) -> bytes | None:
        """The request's body; None where whoever asked went before it was here."""
        most = self._gateway.configuration.most_body
        parts, size = [], 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            size += len(part)
            if size > most:
                raise Refused(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    f"the body is longer than {most:,} bytes, which is what this gateway takes (body_mib in its file)",
                )
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts) if len(parts) > 1 else part

    async def _refuse(self, refused: Refused, told: Mapping[str, object] | None = None) -> None:
        given = [_JSON, *headers.ours(told or {})]
        given += [(name.encode(), value.encode("latin-1", "replace")) for name, value in refused.headers.items()]
        await _whole(self._send, refused.status, given, refused.body(self._route.api))


def _told(logical: Logical | None, plan: Plan | None) -> Mapping[str, object]:
    """What is known of a call that has no answer."""
    if logical is None:
        return {}
    return {"message-id": logical.message_id} if plan is None else plan.told(logical)


def _refusal(problem: Exception) -> Refused:
    if isinstance(problem, Refused):
        return problem
    if isinstance(problem, AuguryError):  # of the database, which an automatic choice asks
        _LOG.warning("a request to the gateway was not answered: %s", problem)
        return Refused(HTTPStatus.SERVICE_UNAVAILABLE, str(problem))
    _LOG.exception("a request to the gateway failed", exc_info=problem)
    return Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "the gateway itself failed; its log says more", code="gateway")


class _Watch:
    """Ends the task that it is made in when whoever asked goes.

    It begins a moment later: many answers are there before, and a task costs as much as all else that is done to watch.
    """

    def __init__(self, receive: Receive) -> None:
        answering = asyncio.current_task()
        assert answering is not None  # noqa: S101 - ASGI runs in tasks
        self.answering = answering
        self.left = False
        self._receive = receive
        self._task: asyncio.Task[None] | None = None
        self._begins = answering.get_loop().call_later(_UNWATCHED_S, self._begin)

    def end(self) -> None:
        """There is nothing to watch any more."""
        self._begins.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.left = True
        self.answering.cancel()


async def _whole(send: Send, status: int, given: list[Raw], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": int(status), "headers": [*given, length]})
    await send({"type": "http.response.body", "body": body})
