"""What each field of a record must be: one table, read by column (imports) and by record (everything else).

A rule works on the text of a value, so that a CSV cell, a JSON value, and a Parquet column are judged alike. `check` is the
reading by record; `augury.capture.columns` turns the same table into SQL, and a test shows that the two agree.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from augury.core import ids
from augury.core.calls import CostSource, ErrorType, SelectedBy
from augury.core.spelling import camel
from augury.core.tasks import Complexity, TaskType
from augury.core.windows import EARLIEST
from augury.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAME_CHARACTERS = 200
MESSAGE_CHARACTERS = 2_000
METADATA_BYTES = 16_384
METADATA_LEVELS = 100  # of objects and lists in each other: what is deeper, JSON writers refuse to give out again
LARGEST_INTEGER = 2**31 - 1
LARGEST_TOKENS = 1_000_000_000  # so that input and output together are still a 32-bit integer
LARGEST_COST = Decimal(100_000)  # dollars for one call; more is a mistake of unit
COST_STEP = Decimal("1e-10")
FUTURE = timedelta(minutes=5)

SPACES = " \t\r\n\v\f"
"""What is cut from both ends of every value but an error message; a value of nothing else is no value."""

NUMBER_PATTERN = r"^[+-]?[0-9]{1,30}(\.[0-9]{0,30})?([eE][+-]?[0-9]{1,2})?$"
MONEY_PATTERN = r"^[+-]?([0-9]{1,8}(\.[0-9]{0,30})?|[0-9](\.[0-9]{0,17})?[eE][+-]?[0-9]{1,2})$"
TIME_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ]([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?)?$"
)
YES = ("true", "t", "yes", "y", "1")
NO = ("false", "f", "no", "n", "0")

_NUMBER = re.compile(NUMBER_PATTERN)
_MONEY = re.compile(MONEY_PATTERN)
_TIME = re.compile(TIME_PATTERN)


class Kind(Enum):
    """How a field's text is read."""

    NAME = auto()  # text of up to 200 characters, cut
    MESSAGE = auto()  # text of up to 2,000 characters, cut
    ID = auto()  # a UUID, or a text that becomes one
    CHOICE = auto()  # one of a few words
    COUNT = auto()  # a whole number
    DURATION = auto()  # milliseconds, rounded to whole ones
    SHARE = auto()  # a fraction above 0, up to 1
    MONEY = auto()  # US dollars, rounded to ten places
    FLAG = auto()  # yes or no
    TIME = auto()  # ISO 8601; UTC where it does not say
    OBJECT = auto()  # a JSON object


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one field must be."""

    field: str
    kind: Kind
    least: int = 0
    most: int = LARGEST_INTEGER
    allowed: tuple[str, ...] = ()
    namespace: UUID = ids.CALLS

    @property
    def expected(self) -> str:
        """What is accepted, as the end of the sentence "expected …"."""
        match self.kind:
            case Kind.NAME | Kind.MESSAGE | Kind.ID:
                return "text without NUL characters"
            case Kind.CHOICE:
                return "one of " + ", ".join(self.allowed)
            case Kind.COUNT:
                return f"a whole number from {self.least} to {self.most}"
            case Kind.DURATION:
                return f"milliseconds from 0 to {LARGEST_INTEGER}"
            case Kind.SHARE:
                return "a number above 0, at most 1"
            case Kind.MONEY:
                return f"US dollars from 0 to {LARGEST_COST}"
            case Kind.FLAG:
                return "true or false"
            case Kind.TIME:
                return "a time such as 2026-01-31T12:00:00Z, from 1970 and at most 5 minutes ahead"
            case Kind.OBJECT:
                return f"a JSON object of at most {METADATA_BYTES} bytes and {METADATA_LEVELS} levels, without NUL characters"


def _choice(field: str, words: type[StrEnum]) -> Rule:
    return Rule(field=field, kind=Kind.CHOICE, allowed=tuple(words))


RULES: tuple[Rule, ...] = (
    Rule(field="id", kind=Kind.ID, namespace=ids.CALLS),
    Rule(field="model", kind=Kind.NAME),
    Rule(field="provider", kind=Kind.NAME),
    _choice("task_type", TaskType),
    _choice("task_complexity", Complexity),
    Rule(field="response_time_ms", kind=Kind.DURATION),
    Rule(field="tokens_used", kind=Kind.COUNT),
    Rule(field="input_tokens", kind=Kind.COUNT, most=LARGEST_TOKENS),
    Rule(field="output_tokens", kind=Kind.COUNT, most=LARGEST_TOKENS),
    Rule(field="success", kind=Kind.FLAG),
    Rule(field="error_message", kind=Kind.MESSAGE),
    Rule(field="user_rating", kind=Kind.COUNT, least=-1, most=1),
    Rule(field="conversation_id", kind=Kind.NAME),
    Rule(field="user_id", kind=Kind.ID, namespace=ids.USERS),
    Rule(field="message_id", kind=Kind.ID, namespace=ids.MESSAGES),
    Rule(field="metadata", kind=Kind.OBJECT),
    Rule(field="timestamp", kind=Kind.TIME),
    Rule(field="model_version", kind=Kind.NAME),
    Rule(field="operation", kind=Kind.NAME),
    Rule(field="time_to_first_token_ms", kind=Kind.DURATION),
    Rule(field="cached_input_tokens", kind=Kind.COUNT, most=LARGEST_TOKENS),
    Rule(field="cache_write_tokens", kind=Kind.COUNT, most=LARGEST_TOKENS),
    Rule(field="cache_write_1h_tokens", kind=Kind.COUNT, most=LARGEST_TOKENS),
    Rule(field="reasoning_tokens", kind=Kind.COUNT, most=LARGEST_TOKENS),
    Rule(field="service_tier", kind=Kind.NAME),
    Rule(field="cost_usd", kind=Kind.MONEY),
    _choice("cost_source", CostSource),
    _choice("error_type", ErrorType),
    Rule(field="segment", kind=Kind.NAME),
    _choice("selected_by", SelectedBy),
    Rule(field="propensity", kind=Kind.SHARE),
    Rule(field="experiment", kind=Kind.NAME),
    Rule(field="variant", kind=Kind.NAME),
    Rule(field="attempt", kind=Kind.COUNT, least=1, most=1_000),
)

RULE: Mapping[str, Rule] = {rule.field: rule for rule in RULES}

FIELD: Mapping[str, str] = {spelling: rule.field for rule in RULES for spelling in (rule.field, camel(rule.field))}
"""The field that a name in snake_case or camelCase stands for."""

IDENTITY: tuple[str, ...] = (
    "timestamp", "model", "provider", "task_type", "task_complexity", "response_time_ms", "tokens_used", "input_tokens",
    "output_tokens", "conversation_id", "user_id", "message_id", "model_version", "operation", "time_to_first_token_ms",
    "cached_input_tokens", "cache_write_tokens", "cache_write_1h_tokens", "reasoning_tokens", "service_tier", "segment",
    "experiment", "variant", "attempt",
)  # fmt: skip
"""The given fields that tell two records apart where neither has an id: none that may be told later, or anew."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Counts of a record that, taken together, cannot exceed another of the same record."""

    parts: tuple[str, ...]
    within: str

    @property
    def expected(self) -> str:
        """What is accepted, as the end of the sentence "expected …"."""
        return f"{' and '.join(self.parts)} to be at most {self.within}"


LIMITS: tuple[Limit, ...] = (
    Limit(("cached_input_tokens", "cache_write_tokens"), "input_tokens"),
    Limit(("cached_input_tokens", "cache_write_1h_tokens"), "input_tokens"),
    Limit(("cache_write_1h_tokens",), "cache_write_tokens"),
    Limit(("reasoning_tokens",), "output_tokens"),
)
"""A limit is checked where the whole is given; parts that are missing count as none."""


def check(record: Mapping[str, object], *, now: datetime) -> dict[str, Any]:
    """The record's fields, each checked and in its own type; what was not given is None.

    Args:
        record: values by field name, in snake_case or camelCase; text, or what JSON and Python have for it.
        now: the present, for the rule about the future.

    Raises:
        InvalidValue: the first field, in the order of RULES, that breaks its rule; or a name that is no field.
    """
    values = _usual(record, now)
    return _strictly(record, now) if values is None else values


def _strictly(record: Mapping[str, object], now: datetime) -> dict[str, Any]:
    """The same by the table alone, which has a word for everything that is wrong."""
    for name in record:
        if name not in FIELD:
            told = str(name)[:NAME_CHARACTERS].encode("utf-8", "backslashreplace").decode()
            raise InvalidValue(told, "a field of model_performance_metrics", name)
    given = {FIELD[name]: value for name, value in record.items()}
    values = _NOTHING.copy()
    for rule in RULES:
        if (value := given.get(rule.field)) is not None:  # most fields of most records are missing
            values[rule.field] = _checked(rule, value, now)
    _limit(values)
    return values


def _limit(values: Mapping[str, Any]) -> None:
    for limit in LIMITS:
        whole = values[limit.within]
        if whole is not None and sum(values[part] or 0 for part in limit.parts) > whole:
            part = next(part for part in limit.parts if values[part])
            raise InvalidValue(part, limit.expected, values[part])


def _checked(rule: Rule, value: object, now: datetime) -> object:
    text = text_of(rule, value)
    if text is None:
        return None
    read = _read(rule, text, now) if "\0" not in text else None
    if read is None:
        raise InvalidValue(rule.field, rule.expected, value)
    return read


def text_of(rule: Rule, value: object) -> str | None:
    """The value as the text that the rule reads; None for no value.

    Raises:
        InvalidValue: nothing of that type can be a value of the field.
    """
    match value:
        case None:
            return None
        case str():
            text = value
        case bool():
            text = "true" if value else "false"
        case _:
            text = _written(rule, value)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON can spell it, UTF-8 cannot
        raise InvalidValue(rule.field, rule.expected, value) from None
    if rule.kind is not Kind.MESSAGE:
        return text.strip(SPACES) or None
    return text if text.strip(SPACES) else None


def _written(rule: Rule, value: object) -> str:
    """A value that is no text, as text."""
    try:
        match value:
            case int() | float() | Decimal() | UUID():
                return str(value)
            case datetime():
                return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
            case dict() if rule.kind is Kind.OBJECT:
                return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError, OverflowError):
        pass  # thousands of digits or of brackets, a time at the end of the calendar, what JSON has no word for
    raise InvalidValue(rule.field, rule.expected, value)


def _read(rule: Rule, text: str, now: datetime) -> object | None:
    """The value of a text that is not empty; None where it breaks the rule."""
    match rule.kind:
        case Kind.NAME:
            return text[:NAME_CHARACTERS].rstrip(SPACES)
        case Kind.MESSAGE:
            return text[:MESSAGE_CHARACTERS]
        case Kind.ID:
            return ids.as_uuid(text, rule.namespace)
        case Kind.CHOICE:
            return _word(rule, text)
        case Kind.COUNT:
            number = _number(text)
            return (
                int(number)
                if number is not None and number.is_integer() and rule.least <= number <= rule.most
                else None
            )
        case Kind.DURATION:
            number = _number(text)
            return math.floor(number + 0.5) if number is not None and 0 <= number <= LARGEST_INTEGER else None
        case Kind.SHARE:
            number = _number(text)
            return number if number is not None and 0 < number <= 1 else None
        case Kind.MONEY:
            return _money(text)
        case Kind.FLAG:
            word = text.lower() if text.isascii() else ""
            return True if word in YES else False if word in NO else None
        case Kind.TIME:
            return _time(text, now)
        case Kind.OBJECT:
            return read_object(text)


_WORDS: Mapping[str, type[StrEnum]] = {
    "task_type": TaskType,
    "task_complexity": Complexity,
    "cost_source": CostSource,
    "error_type": ErrorType,
    "selected_by": SelectedBy,
}


def _word(rule: Rule, text: str) -> StrEnum | None:
    word = text.lower() if text.isascii() else ""
    return _WORDS[rule.field](word) if word in rule.allowed else None


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.match(text) else None


def _money(text: str) -> Decimal | None:
    if not _MONEY.match(text):
        return None
    amount = Decimal(text)
    if abs(amount) > LARGEST_COST + 1:  # more digits than a quantised number can have
        return None
    amount = amount.quantize(COST_STEP, ROUND_HALF_UP) + 0  # + 0: no negative zero
    return amount if 0 <= amount <= LARGEST_COST else None


def _time(text: str, now: datetime) -> datetime | None:
    if not _TIME.match(text):
        return None
    try:
        when = datetime.fromisoformat(text)
        when = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return when if EARLIEST <= when <= now + FUTURE else None


def read_object(text: str) -> str | None:
    """The text of a JSON object without what is not needed; None where it is none, or breaks the rule."""
    try:
        value = json.loads(text)
        compact = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(compact.encode())
    except (ValueError, RecursionError):
        return None
    fits = isinstance(value, dict) and "\\u0000" not in compact and size <= METADATA_BYTES
    return compact if fits and not _is_deep(compact, value) else None


def _is_deep(compact: str, value: Any) -> bool:
    """Whether there are more than METADATA_LEVELS of objects and lists in each other."""
    if compact.count("{") + compact.count("[") <= METADATA_LEVELS:  # as almost always, and soon counted
        return False
    levels, inner = 0, [value]
    while inner:
        levels += 1
        within = (one for outer in inner for one in (outer.values() if isinstance(outer, dict) else outer))
        inner = [one for one in within if isinstance(one, dict | list)]
    return levels > METADATA_LEVELS


# ── what is usual, recognised by its type: read as the table reads it, in a fifth of the time ─────────────────────────

_NOTHING: dict[str, Any] = dict.fromkeys(RULE)
_PARTS = frozenset(part for limit in LIMITS for part in limit.parts)
_SPELT_OTHERWISE = FIELD.keys() - RULE.keys()
_Reader: TypeAlias = "Callable[[Any, datetime], object]"


def _usual(record: Mapping[str, object], now: datetime) -> dict[str, Any] | None:
    """The record's fields, where every one of them is usual; None where the table must be asked."""
    values = _NOTHING.copy()
    for name, value in record.items():
        if value is not None:
            usual = _USUAL.get(name)
            read = None if usual is None else usual[1](value, now)
            if usual is None or read is None:
                return None
            values[usual[0]] = read
        elif name not in FIELD:
            return None
    if not _SPELT_OTHERWISE.isdisjoint(record) and len({FIELD[name] for name in record}) < len(record):
        return None  # a field is there twice: the last one counts
    if any(values[part] for part in _PARTS):
        _limit(values)
    return values


def _plain(value: Any, most: int) -> Any:
    """A text that is taken as it is."""
    if type(value) is str and value and len(value) <= most and value.isprintable() and value[0] != " " != value[-1]:
        return value
    return None


def _usually(rule: Rule) -> _Reader:
    """What reads the usual values of a field: what it should be, or None where it cannot be sure."""
    least, most, namespace = rule.least, rule.most, rule.namespace

    def whole(value: Any, _: datetime) -> object:
        return value if type(value) is int and least <= value <= most else None

    def identity(value: Any, _: datetime) -> object:
        if type(value) is UUID:
            return value
        return None if _plain(value, NAME_CHARACTERS) is None else ids.as_uuid(value, namespace)

    def when(value: Any, now: datetime) -> object:
        if type(value) is str:
            return _time(value, now)
        return value if type(value) is datetime and value.tzinfo is UTC and EARLIEST <= value <= now + FUTURE else None

    match rule.kind:
        case Kind.NAME:
            return lambda value, _: _plain(value, NAME_CHARACTERS)
        case Kind.MESSAGE:
            return lambda value, _: _plain(value, MESSAGE_CHARACTERS)
        case Kind.ID:
            return identity
        case Kind.CHOICE:
            words = {str(word): word for word in _WORDS[rule.field]}
            return lambda value, _: words.get(value) if isinstance(value, str) else None
        case Kind.COUNT | Kind.DURATION:
            return whole
        case Kind.FLAG:
            return lambda value, _: value if type(value) is bool else None
        case Kind.TIME:
            return when
        case _:
            return lambda *_: None


_USUAL: Mapping[str, tuple[str, _Reader]] = {
    spelling: (field, _usually(RULE[field])) for spelling, field in FIELD.items()
}
