"""A store as the destination of what an application has recorded: records become calls, and what is said finds them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from augury.capture.carrying import FEEDBACK, OUTCOME
from augury.capture.records import read_all
from augury.core import ids
from augury.core.calls import ModelCall
from augury.core.feedback import Feedback, Outcome
from augury.errors import InvalidValue, NotADatabase, SchemaTooNew, StoreAway, StoreInUse
from augury.store.protocol import Fate, too_late

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from augury.capture.taskrules import TaskRules
    from augury.models.prices import PriceBook
    from augury.store.protocol import Store

AWAY = (StoreAway, NotADatabase, StoreInUse, SchemaTooNew)
"""Errors that are no call's fault, whatever it is: of the database as it is now."""


def take(store: Store, prices: PriceBook, rules: TaskRules, records: Sequence[bytes]) -> list[str | None]:
    """Store records; for each None where it is stored, or why it is refused for good.

    Raises:
        StoreError: the database cannot be used now.
    """
    answers: list[str | None] = [None] * len(records)
    calls: list[tuple[int, ModelCall]] = []
    for place, read in enumerate(read_all([_loaded(record) for record in records], prices, rules=rules)):
        if isinstance(read, ModelCall):
            calls.append((place, read))
        else:
            answers[place] = str(read)
    _store(store, calls, answers)
    return answers


def _store(store: Store, calls: Sequence[tuple[int, ModelCall]], answers: list[str | None]) -> None:
    if not calls:
        return
    try:
        fates = store.append([call for _, call in calls])
    except AWAY:
        raise
    except Exception as problem:  # noqa: BLE001 - one of them is at fault: find out which
        store.reopen()  # some errors take the whole database along
        if len(calls) == 1:
            answers[calls[0][0]] = str(problem)
            return
        middle = len(calls) // 2
        _store(store, calls[:middle], answers)
        _store(store, calls[middle:], answers)
        return
    for (place, call), fate in zip(calls, fates, strict=True):
        if fate is Fate.FINAL:
            answers[place] = str(too_late(call))


def say(store: Store, kind: str, body: dict[str, Any]) -> None:
    """Say of a call what a request of this kind would.

    Raises:
        NotFound: there is no such call.
        InvalidValue: the body is no such request's.
        StoreError: the database cannot be used now.
    """
    try:
        if kind == FEEDBACK:
            store.rate(
                Feedback(
                    rating=body["rating"],
                    message_id=_message(body.get("messageId")),
                    conversation_id=body.get("conversationId"),
                    success=body.get("success"),
                )
            )
            return
        message = _message(body["messageId"])
        if kind == OUTCOME and message is not None:
            store.report(Outcome(message_id=message, success=body["success"], reason=body.get("reason")))
            return
    except KeyError as missing:
        raise InvalidValue(str(missing.args[0]), "a value") from None
    raise InvalidValue("kind", f"{FEEDBACK} or {OUTCOME}", kind)


def _message(text: str | None) -> UUID | None:
    return ids.as_uuid(text, ids.MESSAGES) if text else None


def _loaded(record: bytes) -> object:
    try:
        return json.loads(record)
    except (ValueError, RecursionError):
        return InvalidValue("record", "a JSON object", told="something else")
