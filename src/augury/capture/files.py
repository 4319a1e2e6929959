"""Files of calls: CSV, JSONL, or Parquet in; checked calls out, in chunks of Parquet that a store takes in whole.

The work is done by a DuckDB of its own in a temporary folder, so that memory stays bounded whatever the file's size:
records are checked by column, models named and prices looked up once for each that occurs, twins numbered.
"""

from __future__ import annotations

import json
import tempfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from duckdb.func import FunctionNullHandling
from duckdb.sqltypes import VARCHAR

from augury.capture.columns import OBJECT_FUNCTION, Column, limits_sql, literal, plain, quoted, typed
from augury.capture.pricing import look_up_rates
from augury.capture.prompts import PROMPT_FIELDS, task_of, task_words
from augury.capture.sources import Source
from augury.capture.statements import calls_sql, checked_sql
from augury.capture.texts import csv_columns, opened, read_csv, read_jsonl
from augury.capture.translating import Translation
from augury.core.calls import UNKNOWN_MODEL
from augury.core.rules import FUTURE, RULE, RULES, read_object, text_of
from augury.errors import FileUnreadable, InvalidValue
from augury.models import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from augury.capture.elsewhere import Format
    from augury.capture.sources import Wishes
    from augury.capture.texts import Line
    from augury.models.prices import PriceBook

CHUNK_ROWS = 200_000
_MEMORY = "512MB"
_TASK_FUNCTION = "augury_task"
_TOLD = ("task_type", "task_complexity")  # by a prompt
_OURS = {name: Source(f"\0{name}") for name in _TOLD}
_BATCH = 5_000  # records handed to DuckDB at a time, from text


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A record that was not taken in, and why."""

    row: int  # its line in a text file, its number in a Parquet file; from 1
    field: str
    expected: str
    came: str | None
    values: dict[str, str]  # the mapped columns, by field; never a column that was not mapped


class CheckedFile:
    """A file's records, checked once and then read in chunks. A context manager: leaving it removes what it wrote.

    Attributes:
        records: how many the file has.
        accepted: how many of them are calls that were taken.
        skipped: how many of them are no calls: of another product's export, which has others too.
        unused: its columns that fill no field, in order.
    """

    def __init__(
        self,
        path: Path,
        wishes: Wishes,
        prices: PriceBook,
        *,
        form: Format | None = None,
        now: datetime | None = None,
    ) -> None:
        """Nothing is read yet.

        Args:
            path: a file whose name or first bytes tell its format.
            wishes: which columns fill which fields, where names do not tell.
            prices: for calls whose cost the file does not report.
            form: whose export it is; None: its columns are ours, or wishes say what they are.
            now: the present, for the rule about the future.
        """
        self._path = path
        self._wishes = wishes
        self._prices = prices
        self._translation = None if form is None else Translation(form)
        self._latest = (now or datetime.now(UTC)) + FUTURE
        self._problems: list[tuple[str, str]] = []  # (field, what was expected); a record's problem is a position in it
        self.records = self.accepted = self.skipped = 0
        self.unused: list[str] = []

    def __enter__(self) -> Self:
        """Read and check the whole file.

        Raises:
            FileUnreadable: the file, or a column that is needed, cannot be read.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="augury-import-")
        self._database = duckdb.connect(Path(self._folder.name) / "checked.duckdb")
        try:
            self._database.execute(
                f"SET TimeZone = 'UTC'; SET memory_limit = '{_MEMORY}'; SET enable_progress_bar = false"
            )
            self._database.create_function(
                OBJECT_FUNCTION, _object, [VARCHAR], VARCHAR, null_handling=FunctionNullHandling.SPECIAL
            )
            self._database.create_function(
                _TASK_FUNCTION, task_words, [VARCHAR, VARCHAR], VARCHAR, null_handling=FunctionNullHandling.SPECIAL
            )
            self._check()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was written."""
        self._database.close()
        self._folder.cleanup()

    def chunks(self) -> Iterator[Path]:
        """The accepted records in Parquet files with the table's columns, each valid until the next is asked for."""
        chunk = Path(self._folder.name) / "chunk.parquet"
        last = self._one("SELECT coalesce(max(row), 0) FROM checked")
        for first in range(0, last + 1, CHUNK_ROWS):
            self._database.execute(
                f"COPY ({calls_sql()}) TO {literal(str(chunk))} (FORMAT parquet)",
                {"first": first, "end": first + CHUNK_ROWS},
            )
            yield chunk

    def refusals(self) -> Iterator[Refusal]:
        """The records that were refused, in the file's order."""
        cursor = self._database.execute(
            "SELECT row, problem, came, record FROM checked WHERE problem IS NOT NULL ORDER BY row"
        )
        while rows := cursor.fetchmany(_BATCH):
            for row, problem, came, record in rows:
                field, expected = self._problems[problem]
                values = {name: value for name, value in json.loads(record).items() if value is not None}
                yield Refusal(row=row, field=field, expected=expected, came=came, values=values)

    def reasons(self) -> list[tuple[str, str, int]]:
        """Why records were refused: field, what was expected, how many; the commonest first."""
        rows = self._database.execute(
            "SELECT problem, count(*) FROM checked WHERE problem IS NOT NULL GROUP BY problem ORDER BY 2 DESC, 1"
        ).fetchall()
        return [(*self._problems[problem], count) for problem, count in rows]

    def _one(self, sql: str) -> int:
        row = self._database.execute(sql).fetchone()
        return int(row[0]) if row else 0

    def _check(self) -> None:
        form = _format(self._path, array=self._translation is not None)
        try:
            columns = self._read(form) | self._constant()
            self._database.execute(checked_sql(columns, self._cases()), {"latest": self._latest})
        except (OSError, EOFError, zlib.error, duckdb.Error) as problem:
            reason = str(problem).splitlines()[0]
            raise FileUnreadable(f"{self._path} cannot be read as {form.upper()}: {reason}") from None
        self._database.execute("DROP VIEW source; DROP TABLE IF EXISTS lines")
        self.skipped = 0 if self._translation is None else self._translation.skipped
        self.records = self._one("SELECT count(*) FROM checked") + self.skipped
        self.accepted = self._one("SELECT count(*) FROM checked WHERE problem IS NULL")
        self._number_twins()
        self._name_models()
        self._look_up_prices()

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self, form: str) -> dict[str, Column]:
        """Make the relation `source` (row, broken, broken_came, and columns) and say what each field is read from."""
        if self._translation is not None:
            lines = self._translation.lines(self._linked(form), form, self._database)
            return self._read_lines(lines, self._wishes.sought(), {})
        if form == "parquet":
            return self._read_parquet()
        if form == "jsonl":
            # A record has the keys it has: which fields the file fills is known when it has been read.
            seen: dict[str, None] = {}
            columns = self._read_lines(read_jsonl(self._path), self._wishes.sought(), seen)
            found = self._matched(seen)
            told = _TOLD if any(name in found for name in PROMPT_FIELDS) else ()
            return {name: column for name, column in columns.items() if name in found or name in told}
        found = self._matched(csv_columns(self._path))
        return self._read_lines(read_csv(self._path), {name: [source] for name, source in found.items()}, {})

    def _matched(self, columns: Iterable[str]) -> dict[str, Source]:
        there = list(columns)
        found = self._wishes.matched(self._path, there)
        used = {source.column for source in found.values()}
        self.unused = [column for column in there if column not in used]
        return found

    def _constant(self) -> dict[str, Column]:
        return {name: plain(literal(value), RULE[name]) for name, value in self._wishes.constants.items()}

    def _read_parquet(self) -> dict[str, Column]:
        scan = f"read_parquet({literal(str(self._linked('parquet')))})"
        described = self._database.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
        types = {name: kind for name, kind, *_ in described}
        found = self._matched(types)
        prompts = {name: found.pop(name) for name in PROMPT_FIELDS if name in found}
        renamed = "".join(f", {quoted(source.column)} AS text_{name}" for name, source in found.items())
        if prompts:
            renamed += self._tasks_sql(prompts, found, types)
        self._database.execute(
            "CREATE VIEW source AS SELECT row_number() OVER () AS row, NULL::INTEGER AS broken, "
            f"NULL::VARCHAR AS broken_came{renamed} FROM {scan}"
        )
        columns = {
            name: typed(f"text_{name}", types[source.column], RULE[name], source.unit) for name, source in found.items()
        }
        if prompts:
            columns |= {name: plain(f"told_{name}", RULE[name]) for name in _TOLD}
        return columns

    def _linked(self, form: str) -> Path:
        """The file, by a name of ours where DuckDB reads it: in the user's it would take [, * and ? for a pattern of many."""
        if form != "parquet":
            return self._path
        link = Path(self._folder.name) / "source.parquet"
        link.symlink_to(self._path.resolve())
        return link

    def _tasks_sql(self, prompts: dict[str, Source], found: dict[str, Source], types: dict[str, str]) -> str:
        """Columns for what prompts tell, where the file's own do not; the prompts themselves go no further."""
        texts = []
        for name in PROMPT_FIELDS:
            column = quoted(prompts[name].column) if name in prompts else "NULL"
            nested = name in prompts and types[prompts[name].column].upper().endswith(("]", ")"))
            texts.append(f"to_json({column})::VARCHAR" if nested else f"{column}::VARCHAR")
        words = f"{_TASK_FUNCTION}({', '.join(texts)})"
        return "".join(
            f", coalesce({f'text_{name}::VARCHAR' if name in found else 'NULL'}, split_part({words}, ' ', {part})) AS told_{name}"
            for part, name in enumerate(_TOLD, start=1)
        )

    def _read_lines(
        self, lines: Iterable[Line], found: dict[str, list[Source]], seen: dict[str, None]
    ) -> dict[str, Column]:
        """Read the fields of text records, each from the first of its sources that is there; note the keys seen."""
        prompts = {name: found.pop(name) for name in PROMPT_FIELDS if name in found}
        if prompts:
            found = found | {name: found.get(name, []) for name in _TOLD}
        texts = "".join(f", text_{name} VARCHAR" for name in found)
        self._database.execute(f"CREATE TABLE lines (row BIGINT, broken INTEGER, broken_came VARCHAR{texts})")
        self._database.execute("CREATE VIEW source AS SELECT * FROM lines")
        rows = (self._row(_with_task(line, prompts, found), found, seen) for line in lines)
        with self._database.appender("lines") as appender:
            while batch := list(islice(rows, _BATCH)):
                appender.append_rows(batch)
        units = {name: sources[0].unit if sources else None for name, sources in found.items()}
        return {name: typed(f"text_{name}", "VARCHAR", RULE[name], unit) for name, unit in units.items()}

    def _row(self, line: Line, found: dict[str, list[Source]], seen: dict[str, None]) -> tuple[object, ...]:
        seen.update(dict.fromkeys(name for name in line.values if not name.startswith("\0")))
        broken, came = None, None
        if line.broken is not None:
            broken = self._problem("line", line.broken)
        texts: list[str | None] = []
        for name, sources in found.items():
            values = (text_of(RULE[name], line.values.get(source.column)) for source in sources)
            try:
                texts.append(next((text for text in values if text is not None), None))
            except InvalidValue as problem:
                broken, came = self._problem(name, problem.expected), problem.came
                texts.append(None)
        return line.number, broken, came, *texts

    def _problem(self, field: str, expected: str) -> int:
        if (field, expected) not in self._problems:
            self._problems.append((field, expected))
        return self._problems.index((field, expected))

    def _cases(self) -> list[tuple[int, str, str]]:
        """Every way to break a rule, in the order in which a record is checked: (problem, condition, what came)."""
        cases = [
            (
                self._problem(rule.field, rule.expected),
                f"came_{rule.field} IS NOT NULL AND {rule.field} IS NULL",
                f"came_{rule.field}",
            )
            for rule in RULES
        ]
        cases += [(self._problem(field, expected), broken, f"came_{field}") for field, expected, broken in limits_sql()]
        cases += [
            (self._problem(field, RULE[field].expected), f"came_{field} IS NULL", "NULL")
            for field in ("timestamp", "response_time_ms")
        ]
        cases.append(
            (
                self._problem("error_type", "none on a call that succeeded"),
                "success AND error_type IS NOT NULL",
                "error_type",
            )
        )
        return cases

    # ── what is looked up once ───────────────────────────────────────────────────────────────────────────────────────

    def _number_twins(self) -> None:
        """Records without an id that say the same are told apart by their order."""
        self._database.execute(
            "CREATE TABLE twins AS SELECT row, row_number() OVER (PARTITION BY identity ORDER BY row) - 1 AS occurrence "
            "FROM checked WHERE identity IN "
            "(SELECT identity FROM checked WHERE identity IS NOT NULL GROUP BY identity HAVING count(*) > 1)"
        )

    def _name_models(self) -> None:
        self._database.execute(
            "CREATE TABLE named (reported VARCHAR, allegedly VARCHAR, model VARCHAR, provider VARCHAR)"
        )
        pairs = self._database.execute(
            "SELECT DISTINCT coalesce(model, ''), coalesce(provider, '') FROM checked WHERE problem IS NULL"
        ).fetchall()
        rows = []
        for reported, given in pairs:
            name = names.resolve(reported, given or None)
            rows.append((reported, given, UNKNOWN_MODEL if names.is_unnamed(reported) else name.model, name.provider))
        with self._database.appender("named") as appender:
            appender.append_rows(rows)

    def _look_up_prices(self) -> None:
        look_up_rates(
            self._database,
            self._prices,
            "FROM checked JOIN named ON coalesce(checked.model, '') = reported "
            "AND coalesce(checked.provider, '') = allegedly "
            "WHERE problem IS NULL AND cost_usd IS NULL AND cost_source IS DISTINCT FROM 'unknown'",
            named="named",
        )


def _with_task(line: Line, prompts: dict[str, list[Source]], found: dict[str, list[Source]]) -> Line:
    """The line with the task that its prompt tells, under a key of ours that no file can have."""
    if not prompts:
        return line
    texts: dict[str, str | None] = {}
    for name in PROMPT_FIELDS:
        value = next(
            (line.values[s.column] for s in prompts.get(name, []) if line.values.get(s.column) is not None), None
        )
        texts[name] = value if isinstance(value, str) or value is None else json.dumps(value)
    told = task_of(texts["message"], texts["tools"])
    for name, word in zip(_TOLD, told or (), strict=False):
        if _OURS[name] not in found[name]:
            found[name].append(_OURS[name])
        line.values[_OURS[name].column] = word
    return line


def _object(text: str | None) -> str | None:
    return None if text is None else read_object(text)


def _format(path: Path, *, array: bool) -> str:
    """What the file is, by its name, else by its first bytes; "json" is an array, where one is taken."""
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    known = {
        ".csv": "csv",
        ".tsv": "csv",
        ".jsonl": "jsonl",
        ".ndjson": "jsonl",
        ".parquet": "parquet",
        ".pq": "parquet",
    }
    try:
        with opened(path) as file:
            start = file.read(64).lstrip()
    except (OSError, EOFError, zlib.error) as problem:
        raise FileUnreadable(f"{path} cannot be opened: {getattr(problem, 'strerror', None) or problem}") from None
    form = known.get(suffix.lower())
    if form in (None, "jsonl") and start.removeprefix(b"\xef\xbb\xbf").startswith(b"["):
        if array:
            return "json"
        raise FileUnreadable(f"{path} is one JSON array; expected JSON Lines, an object a line")
    if form is not None:
        return form
    return "parquet" if start.startswith(b"PAR1") else "jsonl" if start.startswith(b"{") else "csv"


def write_text(parquet: Path, text: Path, form: str) -> None:
    """Write exported calls as CSV or JSONL: what `CheckedFile` reads back as the same calls, to the last digit."""
    times = "* REPLACE (strftime(timestamp, '%Y-%m-%dT%H:%M:%S.%fZ') AS timestamp)"
    options = "FORMAT csv, HEADER" if form == "csv" else "FORMAT json"
    with duckdb.connect() as database:
        database.execute(f"SET TimeZone = 'UTC'; SET memory_limit = '{_MEMORY}'")
        database.execute(
            f"COPY (SELECT {times} FROM read_parquet({literal(str(parquet))})) TO {literal(str(text))} ({options})"
        )
