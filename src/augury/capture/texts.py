"""CSV and JSONL files, a record at a time: a broken line costs that line and no other."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import deque
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from augury.errors import FileUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_LINES = 2_000  # of one CSV record: a quote that nobody closed must not swallow the file
_MOST_CHARACTERS = 4_000_000
_PIECE = 1 << 20
_BETWEEN = re.compile(r"[ \t\r\n,]*")


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a text file, or what is wrong with its line."""

    number: int  # of its first line in the file, from 1
    values: dict[str, object]
    broken: str | None = None  # what was expected


def opened(path: Path) -> IO[bytes]:
    """The file's bytes, uncompressed where its name ends in .gz."""
    return cast("IO[bytes]", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def read_jsonl(path: Path) -> Iterator[Line]:
    """A JSON object a line; empty lines are passed over."""
    with opened(path) as file:
        for number, raw in enumerate(file, start=1):
            if not raw.strip():
                continue
            try:
                value = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
            except (ValueError, RecursionError):
                value = None
            if isinstance(value, dict):
                yield Line(number, value)
            else:
                yield Line(number, {}, "a JSON object on one line")


def read_array(path: Path) -> Iterator[Line]:
    """The objects of a JSON array, a piece of the file at a time; they are numbered, for they have no lines.

    Raises:
        FileUnreadable: it is no array, or breaks off: where one of its objects is broken, nobody knows where the next begins.
    """
    decoder, number = json.JSONDecoder(), 0
    with io.TextIOWrapper(opened(path), encoding="utf-8-sig") as file:
        text = file.read(_PIECE).lstrip()
        if not text.startswith("["):
            raise FileUnreadable(f"{path} is no JSON array")
        place, ended = 1, False
        while True:
            place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]  # nothing matches too
            if text.startswith("]", place):
                return
            try:
                value, end = decoder.raw_decode(text, place)
            except (ValueError, RecursionError):
                value, end = None, place
            # What reaches the end of what was read may go on: a number, or an object cut in two.
            if place < end and (end < len(text) or ended):
                number, place = number + 1, end
                broken = None if isinstance(value, dict) else "a JSON object in the array"
                yield Line(number, value if isinstance(value, dict) else {}, broken)
            elif ended or len(text) - place > _MOST_CHARACTERS:
                raise FileUnreadable(f"{path} breaks off, or is no JSON, in or after object {number + 1} of its array")
            else:
                piece = file.read(_PIECE)
                text, place, ended = text[place:] + piece, 0, not piece


def csv_columns(path: Path) -> list[str]:
    """The names in the header.

    Raises:
        FileUnreadable: there is no header, or a name stands in it twice.
    """
    with opened(path) as file:
        return _header(path, file.readline())[0]


def read_csv(path: Path) -> Iterator[Line]:
    """A record a line, as RFC 4180 has it: quoted fields may span lines. The delimiter is the header's commonest one."""
    limit = csv.field_size_limit(_MOST_CHARACTERS)  # prompts are longer than the module expects, mapped or not
    try:
        yield from _read_csv(path)
    finally:
        csv.field_size_limit(limit)


def _read_csv(path: Path) -> Iterator[Line]:
    with opened(path) as file:
        columns, delimiter = _header(path, file.readline())
        expected = f"{len(columns)} fields"
        waiting: deque[tuple[int, bytes]] = deque()
        numbered = enumerate(file, start=2)
        while taken := _record(waiting, numbered, delimiter, len(columns)):
            number, fields = taken
            if fields is None:
                yield Line(number, {}, expected)
            elif fields:
                yield Line(number, dict(zip(columns, fields, strict=True)))


def _record(
    waiting: deque[tuple[int, bytes]], lines: Iterator[tuple[int, bytes]], delimiter: str, width: int
) -> tuple[int, list[str] | None] | None:
    """The next record's first line number and fields: none for an empty line, None for a broken one; nothing at the end.

    A record goes on while a quote is open. Where that ends in nonsense, only its first line is broken: the others wait to
    be read again.
    """
    taken: list[tuple[int, bytes]] = []
    quotes = size = 0
    while len(taken) < _MOST_LINES and size < _MOST_CHARACTERS:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            break
        taken.append(line)
        quotes += line[1].count(b'"')
        size += len(line[1])
        if quotes % 2 == 0:
            break
    if not taken:
        return None
    number = taken[0][0]
    fields = _fields(b"".join(raw for _, raw in taken), delimiter) if quotes % 2 == 0 else None
    if fields is not None and len(fields) in (0, width):
        return number, fields
    waiting.extendleft(reversed(taken[1:]))
    return number, None


def _fields(raw: bytes, delimiter: str) -> list[str] | None:
    try:
        rows = list(csv.reader([raw.decode("utf-8")], delimiter=delimiter, strict=True))
    except (csv.Error, UnicodeDecodeError):
        return None
    return rows[0] if rows else []


def _header(path: Path, raw: bytes) -> tuple[list[str], str]:
    try:
        text = raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise FileUnreadable(f"{path} is not a UTF-8 text; expected a CSV file with a header") from None
    if not text.strip():
        raise FileUnreadable(f"{path} is empty; expected a CSV file with a header")
    delimiter = max(",;\t|", key=text.count)
    try:
        columns = [name.strip() for name in next(csv.reader([text], delimiter=delimiter))]
    except csv.Error as problem:
        raise FileUnreadable(f"{path}: the header cannot be read as CSV: {problem}") from None
    twice = {name for name in columns if name and columns.count(name) > 1}
    if twice:
        raise FileUnreadable(
            f"{path}: the header has {', '.join(sorted(twice))} more than once; columns need their own names"
        )
    return columns, delimiter
