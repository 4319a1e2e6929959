"""Whether a call can be recorded, told within microseconds, and the call as its journal keeps it.

What is usual is recognised here by its type and size, and written at once; everything else, and everything that is wrong, is left
to the table of rules (`records`). So what is kept is what the destination takes. A test holds the two together.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING, Any
from uuid import UUID

from augury.capture.frames import encode
from augury.capture.records import RecordReader, as_record
from augury.core.ids import uuid7_text
from augury.core.rules import MESSAGE_CHARACTERS, NAME_CHARACTERS, RULES, Kind, Rule
from augury.core.windows import EARLIEST
from augury.models import names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    _Writer = Callable[[Any], str | None]

_REMEMBERED = 1_000  # values of a field
_PARTS = frozenset(("cached_input_tokens", "cache_write_tokens", "cache_write_1h_tokens", "reasoning_tokens"))
_OFTEN_NEW = frozenset(("id", "message_id", "conversation_id", "user_id", "error_message"))

_reader = RecordReader(None)
_second = (0, "")  # since 1970, and as text


def payload_of(fields: Mapping[str, Any]) -> bytes:
    """The call as one line of JSON; a missing id and a missing time are filled in.

    Raises:
        InvalidValue: a field breaks its rule.
    """
    try:
        written = _written(fields)
    except TypeError:  # a value that has no hash, or a time that is unusual
        written = None
    if written is None:
        record = dict(fields) if fields.get("id") is not None else {**fields, "id": uuid7_text()}
        return encode(as_record(_reader.read(record, now=datetime.now(UTC))))
    return written.encode()


def _written(fields: Mapping[str, Any]) -> str | None:
    """The call, where every field is certain to be taken."""
    when = fields.get("timestamp")
    parts = ['{"timestamp":"', _now() if when is None else _then(when)]
    for name, value in fields.items():
        if value is not None and name != "timestamp":
            write = _WRITERS.get(name)
            part = None if write is None else write(value)
            if part is None:
                return None
            parts.append(part)
    if fields.get("response_time_ms") is None or fields.get("model") is None:
        return None
    if fields.get("error_type") is not None and fields.get("success") is not False:
        return None
    if not (_PARTS.isdisjoint(fields) or _adds_up(fields)):
        return None
    if fields.get("id") is None:
        parts.append(f',"id":"{uuid7_text()}"')
    parts.append("}")
    return "".join(parts)


def _now() -> str:
    """The time, to the microsecond, and the end of its text."""
    global _second  # noqa: PLW0603 - one assignment, of a pair that belongs together
    second, rest = divmod(time.time_ns(), 1_000_000_000)
    begun, text = _second
    if begun != second:
        text = datetime.fromtimestamp(second, UTC).isoformat()[:19]
        _second = second, text
    return f'{text}.{rest // 1000:06}Z"'


def _then(when: object) -> str:
    """The same of a time that is given.

    Raises:
        TypeError: it is left to the rules.
    """
    if type(when) is not datetime or when.tzinfo is not UTC or not EARLIEST <= when <= datetime.now(UTC):
        raise TypeError
    return f'{when.isoformat()}"'


def _adds_up(fields: Mapping[str, Any]) -> bool:
    """Whether no part is larger than its whole; strictly enough that the rules agree."""
    cached, written, hour = (
        fields.get(name) or 0 for name in ("cached_input_tokens", "cache_write_tokens", "cache_write_1h_tokens")
    )
    given, taken = fields.get("input_tokens"), fields.get("output_tokens")
    return (
        (given is None or cached + max(written, hour) <= given)
        and hour <= written
        and (taken is None or (fields.get("reasoning_tokens") or 0) <= taken)
    )


# ── a writer for each field: its part of the line, or None where it cannot be sure ──────────────────────────────────


def _text(field: str, most: int) -> _Writer:
    prefix = f',"{field}":'

    def write(value: Any) -> str | None:
        if type(value) is str and len(value) <= most and value.isprintable():
            return prefix + quoted(value)
        return None

    return write


def _id(field: str) -> _Writer:
    prefix = f',"{field}":'

    def write(value: Any) -> str | None:
        if type(value) is str and len(value) <= NAME_CHARACTERS and value.isprintable():
            return prefix + quoted(value)
        return f'{prefix}"{value}"' if type(value) is UUID else None

    return write


def _remembered(field: str, accepts: Callable[[str], bool]) -> _Writer:
    """Of a field that has few values."""
    prefix = f',"{field}":'
    known: dict[str, str] = {}

    def write(value: Any) -> str | None:
        part = known.get(value)
        if part is None and isinstance(value, str) and accepts(value):
            part = prefix + quoted(value)
            if len(known) < _REMEMBERED:
                known[str(value)] = part
        return part

    return write


def _whole(field: str, least: int, most: int) -> _Writer:
    prefix = f',"{field}":'
    return lambda value: f"{prefix}{value}" if type(value) is int and least <= value <= most else None


def _flag(field: str) -> _Writer:
    yes, no = f',"{field}":true', f',"{field}":false'
    return lambda value: yes if value is True else no if value is False else None


def _is_name(text: str) -> bool:
    return len(text) <= NAME_CHARACTERS and text.isprintable()


def _is_model(text: str) -> bool:
    return _is_name(text) and not names.is_unnamed(text.strip())


def _writer(rule: Rule) -> _Writer | None:
    match rule.kind:
        case Kind.NAME if rule.field not in _OFTEN_NEW:
            return _remembered(rule.field, _is_model if rule.field == "model" else _is_name)
        case Kind.NAME:
            return _text(rule.field, NAME_CHARACTERS)
        case Kind.MESSAGE:
            return _text(rule.field, MESSAGE_CHARACTERS)
        case Kind.ID:
            return _id(rule.field)
        case Kind.CHOICE:
            return _remembered(rule.field, frozenset(rule.allowed).__contains__)
        case Kind.COUNT | Kind.DURATION:
            return _whole(rule.field, rule.least, rule.most)
        case Kind.FLAG:
            return _flag(rule.field)
        case _:
            return None


_WRITERS: dict[str, _Writer] = {rule.field: writer for rule in RULES if (writer := _writer(rule)) is not None}
