"""The rules of `augury.core.rules` as SQL for DuckDB, for files: a million records are checked by column, not one by one.

A field's rule becomes an expression that is the field's value, and NULL where the rule is broken: what came and what it
became tell together whether there is a problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from augury.core.ids import UUID_PATTERN
from augury.core.rules import (
    COST_STEP,
    LARGEST_COST,
    LARGEST_INTEGER,
    LIMITS,
    MESSAGE_CHARACTERS,
    MONEY_PATTERN,
    NAME_CHARACTERS,
    NO,
    NUMBER_PATTERN,
    SPACES,
    TIME_PATTERN,
    YES,
    Kind,
    Rule,
)
from augury.errors import FileUnreadable

if TYPE_CHECKING:
    from uuid import UUID

_NUL = "chr(0)"
OBJECT_FUNCTION = "augury_object"


class Type(Enum):
    """What a column holds before it is read: most hold text, and what a Parquet file has typed need not become text."""

    TEXT = "text"
    INTEGER = "integer"
    DOUBLE = "double"
    FLAG = "flag"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Column:
    """A field's source.

    Attributes:
        sql: an expression for what is read, of the type's kind.
        type: what kind that is.
        came: an expression for what stood in the file; NULL where nothing did.
    """

    sql: str
    type: Type
    came: str


_NUMERIC = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "FLOAT", "DOUBLE",
}  # fmt: skip
UNITS = {"s": 1_000.0, "ms": 1.0, "us": 0.001, "ns": 0.000001}
"""Milliseconds in a unit of time."""


def typed(name: str, database_type: str, rule: Rule, unit: str | None) -> Column:
    """A file's column as the source of a field.

    Raises:
        FileUnreadable: the unit is none that the field has.
    """
    kind = database_type.upper()
    nested = kind.startswith(("STRUCT", "MAP", "UNION")) or kind.endswith("]") or kind == "BLOB"
    if nested and (rule.kind is not Kind.OBJECT or kind == "BLOB"):
        raise FileUnreadable(f"column {name} holds {kind[:40]}, which cannot be read as {rule.field}")
    if kind in {"FLOAT", "DOUBLE"}:  # a missing number, as data frames write it
        name = f"CASE WHEN NOT isnan({name}) THEN {name}::DOUBLE END"
    if unit is not None:
        return _in_unit(name, kind, rule, unit)
    if rule.kind in (Kind.COUNT, Kind.DURATION) and kind in {"TINYINT", "SMALLINT", "INTEGER", "BIGINT"}:
        return Column(name, Type.INTEGER, name)
    if rule.kind in (Kind.COUNT, Kind.DURATION, Kind.SHARE) and kind in {"FLOAT", "DOUBLE"}:
        return Column(name, Type.DOUBLE, name)
    if rule.kind is Kind.FLAG and kind == "BOOLEAN":
        return Column(name, Type.FLAG, name)
    if rule.kind is Kind.TIME and (kind.startswith("TIMESTAMP") or kind == "DATE"):
        return Column(f"{name}::TIMESTAMPTZ", Type.INSTANT, name)
    return plain(f"to_json({name})::VARCHAR" if nested else f"{name}::VARCHAR", rule)


def plain(text: str, rule: Rule) -> Column:
    """A field's source that is text."""
    trimmed = _trimmed(text, rule)
    return Column(trimmed, Type.TEXT, trimmed)


def _in_unit(name: str, kind: str, rule: Rule, unit: str) -> Column:
    if unit not in UNITS or rule.kind not in (Kind.DURATION, Kind.TIME):
        raise FileUnreadable(
            f'{rule.field} cannot be read in "{unit}": durations and times take one of {", ".join(UNITS)}, other fields none'
        )
    came = _trimmed(name, rule) if kind == "VARCHAR" else name
    if kind == "VARCHAR":
        number = f"CASE WHEN regexp_matches({came}, {literal(NUMBER_PATTERN)}) THEN TRY_CAST({came} AS DOUBLE) END"
    elif kind in _NUMERIC or kind.startswith("DECIMAL"):
        number = f"({name})::DOUBLE"
    else:
        raise FileUnreadable(f'{rule.field}: its column holds {kind}, which is in no unit; leave ":{unit}" out')
    if rule.kind is Kind.DURATION:
        return Column(f"({number} * {UNITS[unit]!r})", Type.DOUBLE, came)
    microseconds = f"round({number} * {UNITS[unit] * 1000!r})"
    bounded = f"CASE WHEN {microseconds} BETWEEN 0 AND 9e15 THEN {microseconds}::BIGINT END"
    return Column(f"make_timestamptz({bounded})", Type.INSTANT, came)


def _trimmed(text: str, rule: Rule) -> str:
    stripped = f"nullif(trim({text}, {literal(SPACES)}), '')"
    return f"CASE WHEN {stripped} IS NOT NULL THEN {text} END" if rule.kind is Kind.MESSAGE else stripped


SQL_TYPES = {
    Kind.NAME: "VARCHAR",
    Kind.MESSAGE: "VARCHAR",
    Kind.ID: "UUID",
    Kind.CHOICE: "VARCHAR",
    Kind.COUNT: "INTEGER",
    Kind.DURATION: "INTEGER",
    Kind.SHARE: "DOUBLE",
    Kind.MONEY: "DECIMAL(18, 10)",
    Kind.FLAG: "BOOLEAN",
    Kind.TIME: "TIMESTAMPTZ",
    Kind.OBJECT: "VARCHAR",
}
"""The type of a kind's value."""


def value_sql(rule: Rule, column: Column) -> str:
    """The field's value in the table's type; NULL where there is none, and where the rule is broken."""
    came = column.sql
    if rule.kind is Kind.TIME:
        return _time_sql(column)
    if rule.kind in (Kind.COUNT, Kind.DURATION, Kind.SHARE):
        return _number_sql(rule, column)
    if column.type is Type.FLAG:
        return came
    clean = f"NOT contains({came}, {_NUL})"
    match rule.kind:
        case Kind.NAME:
            return f"CASE WHEN {clean} THEN rtrim(left({came}, {NAME_CHARACTERS}), {literal(SPACES)}) END"
        case Kind.MESSAGE:
            return f"CASE WHEN {clean} THEN left({came}, {MESSAGE_CHARACTERS}) END"
        case Kind.ID:
            return f"CASE WHEN {clean} THEN {_uuid_sql(came, rule.namespace)} END"
        case Kind.CHOICE:
            return f"CASE WHEN {_is_ascii(came)} AND lower({came}) IN ({_list(rule.allowed)}) THEN lower({came}) END"
        case Kind.FLAG:
            word = f"CASE WHEN {_is_ascii(came)} THEN lower({came}) END"
            return f"CASE WHEN {word} IN ({_list(YES)}) THEN true WHEN {word} IN ({_list(NO)}) THEN false END"
        case Kind.MONEY:
            places = -int(COST_STEP.as_tuple().exponent)
            amount = f"TRY_CAST({came} AS DECIMAL(18, {places}))"
            return (
                f"CASE WHEN regexp_matches({came}, {literal(MONEY_PATTERN)}) AND {amount} BETWEEN 0 AND {LARGEST_COST} "
                f"THEN {amount} END"
            )
        case Kind.OBJECT:  # a function of ours, see `augury.capture.files`: engines differ on what JSON is
            return f"{OBJECT_FUNCTION}({came})"
    raise AssertionError(rule.kind)


def _number_sql(rule: Rule, column: Column) -> str:
    came = column.sql
    if column.type is Type.INTEGER:
        return f"CASE WHEN {came} BETWEEN {rule.least} AND {rule.most} THEN {came}::INTEGER END"
    number = came
    if column.type is Type.TEXT:
        number = f"CASE WHEN regexp_matches({came}, {literal(NUMBER_PATTERN)}) THEN TRY_CAST({came} AS DOUBLE) END"
    match rule.kind:
        case Kind.COUNT:
            return (
                f"CASE WHEN ({number}) BETWEEN {rule.least} AND {rule.most} AND ({number}) = floor({number}) "
                f"THEN CAST(({number}) AS INTEGER) END"
            )
        case Kind.DURATION:
            return f"CASE WHEN ({number}) BETWEEN 0 AND {LARGEST_INTEGER} THEN CAST(floor(({number}) + 0.5) AS INTEGER) END"
        case _:
            return f"CASE WHEN ({number}) > 0 AND ({number}) <= 1 THEN ({number}) END"


def _time_sql(column: Column) -> str:
    """`$latest` is bound to the last instant that is not too far ahead."""
    when = column.sql
    if column.type is Type.TEXT:
        when = f"CASE WHEN regexp_matches({when}, {literal(TIME_PATTERN)}) THEN TRY_CAST({when} AS TIMESTAMPTZ) END"
    return f"CASE WHEN ({when}) BETWEEN make_timestamptz(0) AND $latest THEN ({when}) END"


def _uuid_sql(text: str, namespace: UUID) -> str:
    """A UUID as it is, or the UUIDv5 of a text: the SHA-1 of namespace and text, with version and variant set."""
    digest = f"sha1(from_hex('{namespace.hex}') || encode({text}))"
    variant = f"translate(substr({digest}, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab')"
    named = f"substr({digest}, 1, 12) || '5' || substr({digest}, 14, 3) || {variant} || substr({digest}, 18, 15)"
    return f"CAST(CASE WHEN regexp_matches({text}, {literal(UUID_PATTERN)}) THEN replace({text}, '-', '') ELSE {named} END AS UUID)"


def derived_id_sql(timestamp: str, identity_and_occurrence: str) -> str:
    """`augury.core.ids.derived_id` by column."""
    digest = f"md5({identity_and_occurrence})"
    variant = f"translate(substr({digest}, 4, 1), '0123456789abcdef', '89ab89ab89ab89ab')"
    milliseconds = f"epoch_us({timestamp}) // 1000"  # epoch_ms rounds
    return (
        f"CAST(format('{{:012x}}', {milliseconds}) || '8' || substr({digest}, 1, 3) || {variant} "
        f"|| substr({digest}, 5, 15) AS UUID)"
    )


def limits_sql() -> list[tuple[str, str, str]]:
    """The counts that cannot exceed another: (field, what was expected, the condition of breaking it)."""
    cases = []
    for limit in LIMITS:
        total = " + ".join(f"coalesce({part}, 0)::BIGINT" for part in limit.parts)
        cases += [(part, limit.expected, f"{part} > 0 AND {total} > {limit.within}") for part in limit.parts]
    return cases


def literal(text: str) -> str:
    """The text as an SQL literal; characters that cannot be seen are spelled out."""
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return "(" + " || ".join(f"chr({ord(letter)})" for letter in text) + ")"


def quoted(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _is_ascii(text: str) -> str:
    """Letters have one lower case only where they are plain."""
    return f"strlen({text}) = length({text})"


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(literal(word) for word in words)
