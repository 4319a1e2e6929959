"""Which column of a file fills which field of a record."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from augury.capture.elsewhere import recognised
from augury.capture.prompts import PROMPT_FIELDS
from augury.core.rules import FIELD, RULE
from augury.core.spelling import camel
from augury.errors import FileUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

LEFT_OUT = "-"
"""What `--map field=-` says: no column fills the field, not even one of its name."""

NEEDED = ("timestamp", "model", "response_time_ms")
"""The fields that no import can do without."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file's column, and the unit that its numbers are in."""

    column: str
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the caller said of a file's columns: `--map` and `--set`."""

    columns: Mapping[str, Source] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()  # fields that no column fills, whatever its name

    @classmethod
    def parse(cls, mapped: Iterable[str], constant: Iterable[str]) -> Wishes:
        """Read `field=column[:unit]` and `field=value`, several to a text with commas between.

        Raises:
            FileUnreadable: a part is no such pair, or names no field.
        """
        pairs = dict(_pairs("--map", "field=column[:unit]", mapped))
        left_out = frozenset(name for name, column in pairs.items() if column == LEFT_OUT)
        columns = {name: Source(*_in_two(column)) for name, column in pairs.items() if name not in left_out}
        constants = dict(_pairs("--set", "field=value", constant))
        both = columns.keys() & constants.keys()
        if both:
            raise FileUnreadable(f"{', '.join(sorted(both))}: both --map and --set give it; take one")
        return cls(columns=columns, constants=constants, left_out=left_out)

    def sought(self) -> dict[str, list[Source]]:
        """Where each field may be found in records that have keys of their own each: the first that is there counts."""
        given = self.constants.keys() | self.left_out
        by_name = {name: [Source(name), Source(camel(name))] for name in RULE if name not in given}
        return by_name | {name: [source] for name, source in self.columns.items()}

    def matched(self, path: Path, columns: Iterable[str]) -> dict[str, Source]:
        """The source of every field that the file can fill: as wished, else by the column's name.

        Raises:
            FileUnreadable: a wished column is not there, or nothing fills a field that is needed.
        """
        there = list(columns)
        if not there:
            raise FileUnreadable(f"{path} holds no records; expected a header, or a JSON object on each line")
        wished = {name: _whole(source, there) for name, source in self.columns.items()}
        for name, source in wished.items():
            if source.column not in there:
                raise FileUnreadable(
                    f'{path} has no column "{source.column}" to read {name} from; it has {", ".join(there[:40])}'
                )
        by_name: dict[str, str] = {}
        for column in there:
            by_name.setdefault(FIELD.get(column, column.lower()), column)
        found = {name: Source(by_name[name]) for name in RULE if name in by_name}
        found.update(wished)
        for name in self.left_out:
            found.pop(name, None)
        for name in self.constants:
            found.pop(name, None)
        missing = [name for name in NEEDED if name not in found and name not in self.constants]
        if missing:
            raise FileUnreadable(
                f"{path} has no column for {' and '.join(missing)}; it has {', '.join(there[:40])}. "
                f"Say which it is with --map {missing[0]}=COLUMN, or give all records one value with --set {missing[0]}=VALUE"
                f"{_hint(there)}"
            )
        return found


def _hint(columns: Iterable[str]) -> str:
    """What to say of columns that make plain whose export they are."""
    form = recognised(columns)
    return "" if form is None else f". It looks like an export that --format {form} reads"


def _whole(source: Source, there: list[str]) -> Source:
    """The column whose own name has a colon in it."""
    name = f"{source.column}:{source.unit}"
    return Source(name) if source.column not in there and name in there else source


def _in_two(column: str) -> tuple[str, str | None]:
    name, colon, unit = column.rpartition(":")
    return (name, unit) if colon else (column, None)


def _pairs(flag: str, form: str, texts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for text in texts:
        for part in text.split(","):
            name, equals, value = part.partition("=")
            name = FIELD.get(name.strip(), name.strip())
            if name in PROMPT_FIELDS and flag == "--map" and value.strip():
                yield name, value.strip()
                continue
            if not equals or not value.strip():
                raise FileUnreadable(f'{flag} takes {form}, with commas between several; got "{part}"')
            if name not in RULE:
                close = get_close_matches(name, RULE, 1)
                hint = f"; did you mean {close[0]}?" if close else f"; the fields are {', '.join(RULE)}"
                raise FileUnreadable(f"{flag}: there is no field {name}{hint}")
            yield name, value.strip()
