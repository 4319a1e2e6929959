"""What an application says about its calls beside making them, for as long as a block lasts."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from augury.core.rules import check
from augury.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LOG = logging.getLogger("augury")

ABOUT = frozenset(
    [
        "task_type",
        "task_complexity",
        "conversation_id",
        "user_id",
        "message_id",
        "segment",
        "metadata",
        "experiment",
        "variant",
        "selected_by",
        "propensity",
        "provider",
        "operation",
    ]
)

_given: ContextVar[Mapping[str, Any] | None] = ContextVar("augury_context", default=None)


class Answered(Protocol):
    """A call that was observed, by what it is rated."""

    def message(self) -> str:
        """Its message id."""


last_answered: ContextVar[Answered | None] = ContextVar("augury_last_answered", default=None)


@contextmanager
def context(**fields: Any) -> Iterator[None]:
    """Say what the calls that are made in a block are about: their type, conversation, user, segment, or metadata.

        with augury.context(task_type="coding", conversation_id="conv-123", user_id=user):
            client.chat.completions.create(...)

    It holds for the block's own thread or task and the tasks that start in it. Blocks within each other add up, and the inner
    one goes first. A field that breaks its rule is left out, and said in the log; nothing is raised.

    Args:
        fields: of `model_performance_metrics`: task_type, task_complexity, conversation_id, user_id, message_id, segment,
            metadata, experiment, variant, selected_by, propensity, provider, operation.
    """
    token = _given.set({**(_given.get() or {}), **_kept(fields)})
    try:
        yield
    finally:
        _given.reset(token)


def given() -> Mapping[str, Any]:
    """What holds here."""
    return _given.get() or {}


def last_message_id() -> str | None:
    """By what the latest observed call of this thread or task is rated; None where there was none.

    It is the answer's own id, where it has a telling one, so that `augury.feedback(message_id=response.id, …)` does the same.
    """
    last = last_answered.get()
    return None if last is None else last.message()


def _kept(fields: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    now = datetime.now(UTC)
    for name, value in fields.items():
        if name not in ABOUT:
            _LOG.warning("augury.context: %r is left out: it is no field that may be told beforehand", name[:200])
            continue
        try:
            check({name: value}, now=now)
        except InvalidValue as problem:
            _LOG.warning("augury.context: %s is left out: expected %s", problem.field, problem.expected)
        else:
            kept[name] = value
    return kept
