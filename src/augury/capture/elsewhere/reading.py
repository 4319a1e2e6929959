"""What the exports of others have in common: values that may be anything, and the call that is made of them.

A value that is there and is no such value goes through as it came, so that the rules refuse it by its field; what is only kept
beside a call is left out instead.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from augury.capture.asking import classified
from augury.capture.failures import error_type_of_answer
from augury.capture.usage import including
from augury.core.calls import ErrorType
from augury.core.ids import derived_id
from augury.core.rules import NAME_CHARACTERS
from augury.core.windows import EARLIEST, LATEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Record = dict[str, Any]

_MOST_TAGS = 50
_MILLISECOND = timedelta(milliseconds=1)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_CLASS = re.compile(r"[A-Za-z_][\w.]{2,80}(Error|Exception|Timeout)\b")
_STATUS = re.compile(r"(?:error code|status(?: code)?|http)\W{0,4}([45]\d\d)\b", re.IGNORECASE)
_ERRORS_FROM, _ERRORS_TO = 400, 599
_SAID = (
    ("timed out", ErrorType.TIMEOUT), ("timeout", ErrorType.TIMEOUT), ("rate limit", ErrorType.RATE_LIMIT),
    ("ratelimit", ErrorType.RATE_LIMIT), ("overloaded", ErrorType.OVERLOADED), ("cancel", ErrorType.CANCELLED),
    ("contextwindow", ErrorType.CONTEXT_LENGTH), ("context length", ErrorType.CONTEXT_LENGTH),
    ("contentpolicy", ErrorType.CONTENT_FILTER), ("content filter", ErrorType.CONTENT_FILTER),
    ("authentication", ErrorType.AUTHENTICATION), ("permissiondenied", ErrorType.AUTHENTICATION),
    ("badrequest", ErrorType.INVALID_REQUEST), ("invalidrequest", ErrorType.INVALID_REQUEST),
    ("notfound", ErrorType.INVALID_REQUEST), ("serviceunavailable", ErrorType.OVERLOADED),
    ("internalserver", ErrorType.SERVER), ("apiconnection", ErrorType.CONNECTION), ("connection", ErrorType.CONNECTION),
)  # fmt: skip
_SAID_CHARACTERS = 2_000
_UNITS = (
    (1e17, 1e9),
    (1e14, 1e6),
    (1e11, 1e3),
)  # nanoseconds, microseconds, milliseconds: seconds are of this age below 1e11


def first(values: Mapping[str, object], *names: str) -> object:
    """The first of these that is there and not empty."""
    for name in names:
        value = values.get(name)
        if value is not None and value != "" and not (isinstance(value, float) and math.isnan(value)):
            return value
    return None


def text(value: object) -> str | None:
    """A text that is not blank; whole numbers are taken for one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def parsed(value: object) -> object:
    """What a text of JSON says; any other value as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def mapping(value: object) -> dict[str, object]:
    """A JSON object, also one in a text; an empty one for anything else."""
    found = parsed(value)
    return found if isinstance(found, dict) else {}


def listing(value: object) -> list[object]:
    """A JSON list, also one in a text; an empty one for anything else."""
    found = parsed(value)
    return list(found) if isinstance(found, list | tuple) else []


def number(value: object) -> float | None:
    """A number, also one in a text."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        try:
            value = float(value) if value is not None and not isinstance(value, bool | str) else None  # type: ignore[arg-type]  # a Decimal
        except (TypeError, ValueError, OverflowError):
            return None
    if value is None:
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def count(value: object) -> int | None:
    """A whole number that is not negative, also one in a text."""
    found = number(value)
    return int(found) if found is not None and found >= 0 and found == int(found) else None


def tokens(
    given: object, taken: object, *, cached: object = None, written: object = None, reasoning: object = None
) -> Record:
    """Tokens as the table counts them: cached and written ones are among the input, reasoning among the output.

    A part that is more than its whole was not counted in it; a part of what nobody told is left out.
    """
    own_input, own_output = count(given), count(taken)
    read, kept, thought = count(cached), count(written), count(reasoning)
    return {
        "input_tokens": given if own_input is None else including(own_input, read, kept),
        "output_tokens": taken if own_output is None else including(own_output, thought),
        "cached_input_tokens": None if own_input is None else read,
        "cache_write_tokens": None if own_input is None else kept,
        "reasoning_tokens": None if own_output is None else thought,
    }


def flag(value: object) -> bool | None:
    """Whether, where the value says so."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else str(value).lower() if isinstance(value, int) else ""
    return True if word in ("true", "t", "1") else False if word in ("false", "f", "0") else None


def instant(value: object) -> datetime | None:
    """A point in time: UTC where it does not say; a number counts from 1970, in what its size makes plain."""
    if isinstance(value, int | float) and (found := number(value)) is not None:
        unit = next((unit for least, unit in _UNITS if found >= least), 1.0)
        seconds = found / unit
        value = datetime.fromtimestamp(seconds, UTC) if 0 < seconds < LATEST.timestamp() else None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    try:
        when = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return when if EARLIEST <= when < LATEST else None


def dollars(*values: object) -> object:
    """The first of these costs that is not nothing: 0 is what others write of calls whose price they do not know."""
    for value in values:
        if value is None or value == "":
            continue
        if number(value) != 0:
            return value
    return None


def timed(
    source: str,
    own_id: object,
    *,
    began: object,
    ended: object = None,
    first_token: object = None,
    milliseconds: float | None = None,
    first_token_ms: float | None = None,
) -> Record:
    """When a call was, how long it took, and an id that is the same whenever the same call is imported.

    Args:
        source: whose export it is; ids of others are their own.
        own_id: the call's id there.
        began: when it began.
        ended: when it ended; worked out where it is not told.
        first_token: when its answer began.
        milliseconds: how long it took, where that is told.
        first_token_ms: how long its answer took to begin, likewise.
    """
    begin, end, token = instant(began), instant(ended), instant(first_token)
    if milliseconds is None and begin is not None and end is not None:
        milliseconds = (end - begin) / _MILLISECOND
    if end is None and begin is not None and milliseconds is not None and 0 <= milliseconds < LATEST.timestamp():
        end = begin + milliseconds * _MILLISECOND
    if first_token_ms is None and token is not None and begin is not None and token != end:
        first_token_ms = (token - begin) / _MILLISECOND
    if end is None and ended is None and begin is None:
        ended = began  # the rule says what is wrong with it
    record: Record = {
        "timestamp": ended if end is None else end,
        "response_time_ms": milliseconds,
        "time_to_first_token_ms": first_token_ms if first_token_ms is not None and first_token_ms >= 0 else None,
    }
    name = text(own_id)
    if name is not None and "\0" not in name:
        record["message_id"] = name
        if end is not None:
            try:
                record["id"] = derived_id(end, f"{source} {name}", 0)
            except UnicodeEncodeError:  # the rule says so
                record["id"] = name
    return record


def failed(said: object = None, *, status: int | None = None, kind: object = None) -> Record:
    """Why a call failed: its kind, its status, and the name of the error, since a sentence may quote a prompt."""
    sentence = said[:_SAID_CHARACTERS] if isinstance(said, str) else ""
    named = _CLASS.match(sentence)
    word = text(kind) if isinstance(kind, str) else None
    word = word if word is not None and re.fullmatch(r"[\w.:-]{1,80}", word, re.ASCII) else named[0] if named else None
    if status is None and (found := _STATUS.search(sentence)):
        status = int(found[1])
    judged = ErrorType.OTHER
    if status is not None and _ERRORS_FROM <= status <= _ERRORS_TO:
        judged = error_type_of_answer(status, {"error": {"message": sentence, "code": word}})
    if judged in (ErrorType.OTHER, ErrorType.INVALID_REQUEST):
        lower = f"{word or ''} {sentence}".lower()
        judged = next((error for part, error in _SAID if part in lower), judged)
    told = " ".join(part for part in (word, str(status) if status is not None and status > 0 else None) if part)
    return {"success": False, "error_type": str(judged), "error_message": told or None}


def task(messages: object, tools: object = None) -> Record:
    """The task type and complexity that a prompt tells; it is looked at and kept nowhere."""
    prompt, given = parsed(messages), listing(tools)
    body = dict(prompt) if isinstance(prompt, dict) else {}
    if isinstance(prompt, str) and prompt.strip():
        body["prompt"] = prompt
    elif isinstance(prompt, list | tuple) and prompt:
        body["messages"] = [_message(one) for one in prompt]
    if given:
        body["tools"] = given
    if not any(body.get(name) for name in ("messages", "input", "prompt", "tools")):
        return {}
    found = classified(body)
    return {"task_type": str(found.task_types[0]), "task_complexity": str(found.complexity)}


def _message(one: object) -> object:
    """A message, out of the wrapping that OpenInference puts around it."""
    if not isinstance(one, dict):
        return one
    inner = one.get("message")
    if isinstance(inner, dict):
        return inner
    told = {name.removeprefix("message."): value for name, value in one.items() if isinstance(name, str)}
    return told if "content" in told or "role" in told else one


def metadata(**members: object) -> Record:
    """What is worth keeping beside a call: short names, and a list of tags."""
    kept: Record = {}
    for name, value in members.items():
        if isinstance(value, list):
            tags = [tag[:NAME_CHARACTERS] for tag in value if isinstance(tag, str) and tag.strip() and "\0" not in tag]
            if tags:
                kept[name] = tags[:_MOST_TAGS]
        elif (short := text(value)) is not None and "\0" not in short:
            kept[name] = short[:NAME_CHARACTERS]
    try:
        json.dumps(kept, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return {}
    return {"metadata": kept}


def any_of(words: Iterable[str], value: object) -> bool:
    """Whether the value is one of these words, in whatever case."""
    return isinstance(value, str) and value.strip().lower() in words
