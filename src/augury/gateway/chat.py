"""A message to whichever model is best for it, and what it answers: chat without a wire format, over all that the gateway does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from augury.capture.records import RecordReader
from augury.core.calls import ErrorType
from augury.errors import InvalidValue
from augury.gateway import asked as requests
from augury.gateway import headers
from augury.gateway.asked import AUTO, CHAT
from augury.gateway.logical import Logical
from augury.gateway.refusals import Refused
from augury.gateway.saying import Saying
from augury.models import display_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from augury.core.calls import ModelCall
    from augury.core.tasks import Complexity, Priority, TaskType
    from augury.gateway.answering import Answer
    from augury.gateway.asked import Asked
    from augury.gateway.headers import Raw
    from augury.gateway.memory import Said
    from augury.gateway.planning import Plan
    from augury.gateway.proxy import Gateway
    from augury.models.prices import PriceBook

_ERRORS_FROM: Final = 400
_MOST_ANSWER: Final = 64 * 2**20
_STREAM: Final = b"text/event-stream"
_NEWER: Final = frozenset({"openai", "azure.ai.openai"})  # providers that call a limit `max_completion_tokens`
_CREDENTIALS: Final = frozenset({b"authorization", b"x-api-key"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody says, and how he wants it answered."""

    text: str = field(repr=False)
    conversation_id: str
    model: str | None = None  # None: the best one
    priority: Priority | None = None
    user_id: str | None = None
    segment: str | None = None
    task_type: TaskType | None = None  # None: told by the text
    complexity: Complexity | None = None
    system: str | None = field(default=None, repr=False)
    said: Sequence[Said] = field(default=(), repr=False)  # before
    max_tokens: int | None = None
    stream: bool = False

    def body(self) -> dict[str, Any]:
        """The request as a chat completion."""
        messages = [{"role": "system", "content": self.system}] if self.system else []
        messages += [{"role": role, "content": text} for role, text in self.said]
        messages.append({"role": "user", "content": self.text})
        asked: dict[str, Any] = {"model": self.model or AUTO, "messages": messages}
        if self.max_tokens is not None:
            asked["max_tokens"] = self.max_tokens
        return asked | ({"stream": True} if self.stream else {})

    def ours(self) -> Mapping[str, object]:
        """What our own headers say of it."""
        return {
            "priority": self.priority,
            "conversation-id": self.conversation_id,
            "user-id": self.user_id,
            "segment": self.segment,
            "task-type": self.task_type,
            "complexity": self.complexity,
        }


class Chat:
    """Has messages answered."""

    def __init__(self, gateway: Gateway, prices: PriceBook) -> None:
        self._gateway = gateway
        self._prices = prices

    async def ask(self, message: Message, given: Sequence[Raw]) -> Exchange:
        """An answer that has begun; its caller closes it, whatever happens.

        Args:
            message: what is said.
            given: the headers that it came with; a provider that is called with its caller's own key gets that.

        Raises:
            Refused: nobody answers.
            AuguryError: the database cannot be asked, which an automatic choice needs.
        """
        body = message.body()
        sent = [(b"content-type", b"application/json"), (b"user-agent", b"augury")]
        sent += [(name, value) for name, value in given if name in _CREDENTIALS]
        asked = requests.read(CHAT, _written(body), [*sent, *headers.ours(message.ours())], b"")
        logical = Logical()
        self._gateway.planner.tasks.of(asked, logical)
        plan = await self._gateway.planner.plan(asked, logical)
        if not asked.chosen_here and plan.targets[0].upstream.provider in _NEWER and "max_tokens" in asked.data:
            asked.data["max_completion_tokens"] = asked.data.pop("max_tokens")
            asked.body = _written(asked.data)
        answer = await self._gateway.calling.answer(asked, plan, logical)
        exchange = Exchange(asked, plan, logical, answer, self._prices)
        try:
            exchange.check()
        except BaseException:
            exchange.close()
            raise
        return exchange


class Exchange:
    """A message and its answer.

    Attributes:
        saying: what has come of the answer.
        cut: whether the answer broke off.
    """

    def __init__(self, asked: Asked, plan: Plan, logical: Logical, answer: Answer, prices: PriceBook) -> None:
        self.saying = Saying()
        self._asked = asked
        self._plan = plan
        self._logical = logical
        self._answer = answer
        self._prices = prices

    @property
    def message_id(self) -> str:
        """What the answer is rated by."""
        return str(self._logical.message_id)

    @property
    def choice(self) -> dict[str, Any]:
        """Who answers, and why: the fields that the API gives."""
        target, first = self._answer.trial.target, self._plan.targets[0]
        chosen = self._plan.choice
        task_type, complexity = self._logical.task or (None, None)
        reason = "named by the caller" if chosen is None else chosen.reason
        if target is not first:
            reason = f"{reason}; {display_name(first.model)} gave no answer"
        return {
            "model": target.model,
            "display_name": display_name(target.model),
            "provider": target.upstream.provider,
            "task_type": task_type,
            "complexity": complexity,
            "reason": reason,
            "confidence": None if chosen is None else chosen.confidence,
            "priority": None if chosen is None else chosen.priority,
            "source": self._plan.selected_by(target),
            "attempts": self._logical.attempts,
        }

    def check(self) -> None:
        """Make sure that it is an answer.

        Raises:
            Refused: it is a provider's error.
        """
        answer = self._answer
        if answer.status < _ERRORS_FROM and answer.whole is not None:
            self.saying.whole(answer.whole)
        if answer.status < _ERRORS_FROM and self.saying.error is None:
            return
        told = Saying()
        told.whole(answer.whole or b"")
        name = answer.trial.target.upstream.name
        kind = answer.trial.reader.fields().get("error_type", ErrorType.OTHER)
        raise Refused(
            HTTPStatus(answer.status) if answer.status in _SHARED else HTTPStatus.BAD_GATEWAY,
            f"{name} answered with an error: {told.error or self.saying.error or answer.status}",
            code=str(kind),
            headers={key.decode(): value.decode("latin-1") for key, value in answer.headers if key == b"retry-after"},
        )

    async def said(self) -> AsyncIterator[str]:
        """The answer's text, as it comes, and an empty one for each sign of life without any; `saying` then tells how it ended."""
        answer, saying = self._answer, self.saying
        if answer.whole is not None:
            if saying.text:
                yield saying.text
            answer.complete()
            return
        if any(name == b"content-type" and value.startswith(_STREAM) for name, value in answer.headers):
            async for piece in answer.pieces():
                for text in saying.hear(piece) or [""]:
                    yield text
            for text in saying.end():
                yield text
            return
        parts, size = [], 0
        async for piece in answer.pieces():
            parts.append(piece)
            size += len(piece)
            if size > _MOST_ANSWER:
                saying.error = f"the provider's answer is longer than {_MOST_ANSWER:,} bytes"
                return
        saying.whole(b"".join(parts))
        if saying.text:
            yield saying.text

    def close(self) -> None:
        """It is over, or its caller has gone."""
        trial = self._answer.trial
        if trial.whole is not None:  # read here, so that its figures can be told; its recorder need not do so again
            trial.reader.body(_parsed(trial.whole))
            trial.whole = None
        self._answer.end()

    def figures(self) -> ModelCall | None:
        """The call as it will be recorded, once it is closed: its tokens, what they cost, and how long it took.

        None where the provider told what cannot be.
        """
        trial = self._answer.trial
        fields: dict[str, Any] = trial.reader.fields()
        told = {
            "model": trial.target.model,
            "provider": trial.target.upstream.provider,
            "response_time_ms": trial.took_ms,
            "time_to_first_token_ms": trial.first_token_ms,
        }
        try:
            return RecordReader(self._prices).read(fields | told)
        except InvalidValue:
            return None


_SHARED: Final = frozenset({400, 404, 413, 422, 429, 503, 504})
"""What a provider's status means to whoever chats too; any other (a key that is not ours, say) is a bad gateway to him."""


def _written(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
