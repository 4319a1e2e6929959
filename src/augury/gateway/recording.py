"""From attempts to rows: gathered for a moment, and made into records on another thread, so that no answer waits for them."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from augury.core import ids
from augury.core.calls import NO_USER
from augury.core.rules import read_object
from augury.gateway.asked import conversation_of
from augury.gateway.unpacking import Unpacker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from augury.gateway.answering import Trial
    from augury.gateway.asked import Asked
    from augury.gateway.logical import Logical
    from augury.gateway.staying import Conversations
    from augury.gateway.tasks import Tasks

    HandOver = Callable[["Records"], Future[None]]
    Records = Callable[[], Iterable[Mapping[str, object]]]

_LOG = logging.getLogger("augury.gateway")

_GATHERED_S: Final = 0.02
_BUSY_S: Final = 0.5
"""How long attempts are gathered: for a moment after a pause, longer while many come, since a commit costs more than a row."""

_PATIENCE_S: Final = 2.0
_IN_A_TURN: Final = 4  # records: a fifth of a millisecond
_MOST: Final = 20_000  # attempts that wait to become rows
_MOST_BYTES: Final = 256 * 2**20


@dataclass(slots=True, kw_only=True)
class Ended:
    """An attempt that is over."""

    asked: Asked
    logical: Logical
    trial: Trial
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Recorder:
    """Takes attempts on the event loop; `hand_over` is given what makes their records, to be called on a thread of its own."""

    def __init__(self, hand_over: HandOver, tasks: Tasks, conversations: Conversations) -> None:
        self._hand_over = hand_over
        self._tasks = tasks
        self._conversations = conversations
        self._ended: list[Ended] = []
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._flushed = 0.0
        self._kept: set[Future[None]] = set()  # what was handed over, and is not known to be safe yet
        self.lost = 0  # attempts that were not recorded

    def add(self, asked: Asked, logical: Logical, trial: Trial) -> None:
        """Record an attempt. Never waits, and never raises."""
        size = len(asked.body) + len(trial.whole or b"")
        if len(self._ended) >= _MOST or (self._ended and self._bytes + size > _MOST_BYTES):
            self._lose(1)
            return
        self._ended.append(Ended(asked=asked, logical=logical, trial=trial))
        self._bytes += size
        if self._timer is None:
            loop = asyncio.get_running_loop()
            due = max(loop.time() + _GATHERED_S, self._flushed + _BUSY_S)
            self._timer = loop.call_at(due, self.flush)

    def flush(self) -> None:
        """Hand over what there is."""
        if self._timer is not None:
            self._timer.cancel()
            self._flushed = self._timer.when()
            self._timer = None
        ended, self._ended, self._bytes = self._ended, [], 0
        if not ended:
            return
        try:
            kept = self._hand_over(partial(self._records, ended))
            self._kept.add(kept)
            kept.add_done_callback(self._kept.discard)
        except Exception as problem:  # noqa: BLE001 - observing must never break the observed
            _LOG.warning("attempts were not recorded: %s", problem)
            self._lose(len(ended))

    async def settled(self) -> None:
        """Wait until what has ended is kept; not for ever."""
        self.flush()
        if waiting := [asyncio.wrap_future(kept) for kept in list(self._kept)]:
            await asyncio.wait(waiting, timeout=_PATIENCE_S)

    def _lose(self, count: int) -> None:
        if not self.lost:
            _LOG.error(
                "more calls end than can be recorded; some are lost (augury_gateway_calls_lost_total counts them)"
            )
        self.lost += count

    def _records(self, ended: Sequence[Ended]) -> Iterator[Mapping[str, object]]:
        for number, one in enumerate(ended):
            if number % _IN_A_TURN == 0:
                time.sleep(0)  # lets other threads go first, the one that answers among them
            try:
                record = self._record(one)
            except Exception:  # noqa: BLE001 - one row must not cost the others theirs
                _LOG.exception("an attempt was not recorded")
                self._lose(1)
                continue
            yield record

    def _record(self, ended: Ended) -> Mapping[str, object]:
        asked, trial, logical = ended.asked, ended.trial, ended.logical
        reader, target = trial.reader, trial.target
        if trial.whole is not None:
            reader.body(_whole(trial))
        fields: dict[str, Any] = reader.fields()
        reported = fields.pop("model", None)
        task_type, complexity = self._tasks.of(asked, logical)
        if logical.conversation is not None and fields["success"]:
            self._conversations.note(
                logical.conversation,
                target,
                input_tokens=fields.get("input_tokens", 0),
                output_tokens=fields.get("output_tokens", 0),
            )
        return fields | {
            "id": ids.uuid7(),
            "model": target.model if target.offer is not None else reported or target.name,
            "model_version": reported or target.name,
            "provider": target.upstream.provider,
            "task_type": task_type,
            "task_complexity": complexity,
            "response_time_ms": trial.took_ms,
            "time_to_first_token_ms": trial.first_token_ms,
            "conversation_id": conversation_of(asked),
            "user_id": _user(asked),
            "segment": asked.ours.get("segment"),
            "metadata": _metadata(asked),
            "message_id": logical.message_id,
            "timestamp": ended.at,
            "selected_by": trial.selected_by,
            "propensity": trial.propensity,
            "attempt": trial.number,
        }


def _user(asked: Asked) -> object:
    if told := asked.ours.get("user-id"):
        return told
    metadata = asked.data.get("metadata")
    for told in (
        asked.data.get("safety_identifier"),
        asked.data.get("user"),
        metadata.get("user_id") if isinstance(metadata, dict) else None,
    ):
        if isinstance(told, str) and told.strip() and "\0" not in told:
            return told
    return NO_USER


def _metadata(asked: Asked) -> str | None:
    """What the caller wants kept beside the call; what is no JSON object is not worth losing the call for."""
    told = asked.ours.get("metadata")
    return read_object(told) if told else None


def _whole(trial: Trial) -> object:
    content = trial.whole or b""
    if (unpacker := Unpacker.of(trial.encoding)) is not None:
        content = unpacker.feed(content)
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
