"""`augury.track`: recording what one call to a model does, around a block or a function."""

from __future__ import annotations

import functools
import inspect
import logging
import time
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from contextlib import aclosing
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from augury.capture import recorder
from augury.capture.context import ABOUT
from augury.capture.failures import error_type_of
from augury.core import ids

if TYPE_CHECKING:
    from contextvars import Token
    from types import TracebackType
    from typing import Self
    from uuid import UUID

_LOG = logging.getLogger("augury")

_P = ParamSpec("_P")
_R = TypeVar("_R")

_PROMPT = frozenset(("message", "system", "tools"))
_CLASSIFIED = ("task_type", "task_complexity")

_TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")
_ENDING = ("success", "error_type", "error_message")

_current: ContextVar[track | None] = ContextVar("augury_call", default=None)


def current_call() -> track | None:
    """The call that is being tracked around here, in this thread or task: the innermost one."""
    return _current.get()


class track:  # noqa: N801 - used as a verb: with augury.track(...) as call
    """Record one call to a model: what happens between `with` and its end.

        with augury.track(model="gpt-4o", task_type="coding") as call:
            answer = client.chat.completions.create(...)
            call.tokens(input=answer.usage.prompt_tokens, output=answer.usage.completion_tokens)

    `async with` is the same. Above a function, plain or async, or a generator, each call of the function is one:

        @augury.track(model="gpt-4o", task_type="coding")
        async def ask(prompt): ...      # inside, augury.current_call() is the call

    An error that leaves the block makes the call a failed one, and goes on its way; of its text nothing is kept but its
    type, since it may quote a prompt. Recording itself never raises and never changes what the block does.

    Calls of clients that `augury.instrument` observes are recorded in its place, each attempt by itself: with what they tell of
    themselves, under its message id, and with what is said here of the task, the conversation, and how it turned out.

    Attributes:
        recorded: whether the call is safe; known when the block has ended.
    """

    __slots__ = ("_began", "_fields", "_given", "_observed", "_outer", "recorded")

    def __init__(self, model: str, **fields: Any) -> None:
        """Say what is known beforehand.

        Args:
            model: the model's name, in any spelling.
            fields: any other field of `model_performance_metrics`, such as task_type, task_complexity, provider,
                conversation_id, user_id, message_id, segment, metadata. And what tells the task type and the complexity where
                these are not given, and is forgotten at once: `message`, the prompt or a list of messages; `system`; and `tools`.
        """
        if not _PROMPT.isdisjoint(fields):
            _classify(fields)
        for name in ("id", "message_id"):  # None is as good as nothing
            if name in fields and fields[name] is None:
                del fields[name]
        fields["model"] = model
        self._given = fields
        self._outer: Token[track | None] | None = None
        self._anew()

    def _anew(self) -> None:
        call_id, message_id = ids.two_uuid7_texts()
        self._fields: dict[str, Any] = {"id": call_id, "message_id": message_id, **self._given}
        self.recorded = False
        self._began = 0
        self._observed: list[dict[str, Any]] | None = None

    @property
    def id(self) -> UUID:
        """The call's id."""
        return ids.as_uuid(str(self._fields["id"]), ids.CALLS)

    @property
    def message_id(self) -> str:
        """What to rate it by, later."""
        said = self._fields["message_id"]
        return str(said) if "message_id" in self._given else str(ids.as_uuid(str(said), ids.MESSAGES))

    def tokens(
        self,
        *,
        input: int | None = None,  # noqa: A002 - the word of the field
        output: int | None = None,
        cached_input: int | None = None,
        cache_write: int | None = None,
        reasoning: int | None = None,
    ) -> None:
        """Say how many tokens went in (cached ones too) and came out (reasoning too)."""
        fields = self._fields
        if input is not None:
            fields["input_tokens"] = input
        if output is not None:
            fields["output_tokens"] = output
        if cached_input is not None:
            fields["cached_input_tokens"] = cached_input
        if cache_write is not None:
            fields["cache_write_tokens"] = cache_write
        if reasoning is not None:
            fields["reasoning_tokens"] = reasoning

    def first_token(self) -> None:
        """Say that the answer has begun to arrive."""
        self._fields.setdefault("time_to_first_token_ms", self._elapsed_ms())

    def fail(self, error_type: str = "other", message: str | None = None) -> None:
        """Say that the call failed although no error leaves the block; `message` must not quote a prompt."""
        self.set(success=False, error_type=error_type, error_message=message)

    def set(self, **fields: Any) -> None:
        """Give any field of `model_performance_metrics` a value; the last one counts. Or say `message`, `system`, `tools`."""
        if not _PROMPT.isdisjoint(fields):
            known = {name: self._fields[name] for name in _CLASSIFIED if self._fields.get(name) is not None}
            fields = known | fields
            _classify(fields)
        self._fields.update(fields)

    def __enter__(self) -> Self:
        if self._began:  # used before: another call
            self._anew()
        self._outer = _current.set(self)
        self._began = time.perf_counter_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fields = self._fields
        if "response_time_ms" not in fields:
            fields["response_time_ms"] = (time.perf_counter_ns() - self._began + 500_000) // 1_000_000
        self._leave()
        if self._observed is not None:
            self._record_observed(self._observed, error)
            return
        if error is not None:
            fields["success"] = False
            fields["error_type"] = error_type_of(error)
            fields["error_message"] = type(error).__name__
        self.recorded = recorder.record(fields, quietly=error is not None)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(
            kind, error, trace
        )  # waits for a write into a file, which is over before a thread would have begun

    # ── around clients that are observed ─────────────────────────────────────────────────────────────────────────────

    def about(self) -> dict[str, Any]:
        """What was said of the call that an observed client does not tell."""
        return {name: value for name, value in self._fields.items() if name in ABOUT and value is not None}

    def expect(self) -> None:
        """An observed client sends a request: it is recorded in this one's place."""
        if self._observed is None:
            self._observed = []

    def collect(self, records: list[dict[str, Any]]) -> bool:
        """Keep the records of an observed call until the block has ended; False where it has, as a stream may outlive it."""
        if self._outer is None or self._observed is None:
            return False
        self._observed += records
        return True

    def _record_observed(self, records: list[dict[str, Any]], error: BaseException | None) -> None:
        fields, about = self._fields, self.about()
        for record in records:
            record.update(about)
        if records:
            last = records[-1]
            for name in _TOKENS:
                if last.get(name) is None and name in fields:
                    last[name] = fields[name]
            if error is not None and last["success"]:
                last |= {"success": False, "error_type": error_type_of(error), "error_message": type(error).__name__}
            last.update({name: fields[name] for name in _ENDING if name in fields})
        recorded = [recorder.record(record, quietly=error is not None) for record in records]
        self.recorded = bool(recorded) and all(recorded)

    def _leave(self) -> None:
        outer, self._outer = self._outer, None
        if outer is not None:
            try:
                _current.reset(outer)
            except ValueError:  # ended elsewhere than it began, as a generator that is collected is
                _LOG.debug("a call ended in another context than it began in")

    def _elapsed_ms(self) -> int:
        return (time.perf_counter_ns() - self._began + 500_000) // 1_000_000 if self._began else 0

    # ── around functions ─────────────────────────────────────────────────────────────────────────────────────────────

    def __call__(self, function: Callable[_P, _R]) -> Callable[_P, _R]:
        """The function, with each of its calls recorded as one; what it takes, gives, and raises stays the same.

        Of a generator a call lasts until its last item, and the first one is the first token. One that is left early has been
        cancelled.
        """
        wrapped: Any = function
        around: Any
        if inspect.isasyncgenfunction(function):

            async def around(*args: Any, **named: Any) -> AsyncIterator[Any]:
                async with self._fresh() as call, aclosing(wrapped(*args, **named)) as stream:
                    async for item in stream:
                        call.first_token()
                        yield item

        elif inspect.isgeneratorfunction(function):

            def around(*args: Any, **named: Any) -> Generator[Any, Any, Any]:
                with self._fresh() as call:
                    return (yield from _Watched(wrapped(*args, **named), call))

        elif inspect.iscoroutinefunction(function):

            async def around(*args: Any, **named: Any) -> Any:
                with self._fresh():
                    return await wrapped(*args, **named)

        else:

            def around(*args: Any, **named: Any) -> Any:
                with self._fresh():
                    return wrapped(*args, **named)

        return cast("Callable[_P, _R]", functools.wraps(function)(around))

    def _fresh(self) -> track:
        return track(**self._given)


class _Watched(Generator[Any, Any, Any]):
    """A generator, of which the first item is told."""

    def __init__(self, inner: Generator[Any, Any, Any], call: track) -> None:
        self._inner = inner
        self._call = call

    def send(self, value: Any) -> Any:
        item = self._inner.send(value)
        self._call.first_token()
        return item

    def throw(self, *error: Any) -> Any:
        return self._inner.throw(*error)

    def close(self) -> None:
        self._inner.close()


def _classify(fields: dict[str, Any]) -> None:
    """Turn what was said to the model into what kind of task it is, where that is not known; it is kept nowhere."""
    body = {
        "input": fields.pop("message", None),
        "system": fields.pop("system", None),
        "tools": fields.pop("tools", None),
    }
    if all(fields.get(name) is not None for name in _CLASSIFIED):
        return
    try:
        from augury.capture.asking import classified  # noqa: PLC0415 - most applications say what they do

        tools = body["tools"]
        if isinstance(tools, str | Mapping):
            body["tools"] = [tools]
        elif tools is not None:
            body["tools"] = list(tools)
        found = classified(body)
        if fields.get("task_type") is None:
            fields["task_type"] = found.task_types[0]
        if fields.get("task_complexity") is None:
            fields["task_complexity"] = found.complexity
    except Exception as problem:  # noqa: BLE001 - observing must never break the observed
        _LOG.debug("a message could not be classified: %s", type(problem).__name__)
