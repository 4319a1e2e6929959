"""Files of calls: CSV, JSONL, or Parquet in; checked calls out, in chunks of Parquet that a store takes in whole.

The work is done by a DuckDB of its own in a temporary folder, so that memory stays bounded whatever the file's size:
records are checked by column, models named and prices looked up once for each that occurs, twins numbered.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from augury.capture.columns import SQL_TYPES, Column, derived_id_sql, limits_sql, literal, plain, typed, value_sql
from augury.capture.records import DEFAULT_OPERATION, EMBEDDINGS
from augury.capture.texts import csv_columns, jsonl_columns, opened, read_csv, read_jsonl
from augury.core.calls import COLUMNS, NO_USER, UNKNOWN_MODEL
from augury.core.rules import FUTURE, IDENTITY, RULE, RULES, text_of
from augury.errors import FileUnreadable, InvalidValue
from augury.models import names
from augury.models.prices import PRICE_SLOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from augury.capture.sources import Source, Wishes
    from augury.capture.texts import Line
    from augury.models.prices import PriceBook, Rates

CHUNK_ROWS = 200_000
_MEMORY = "512MB"
_BATCH = 5_000  # records handed to DuckDB at a time, from text
_SLOT_US = int(PRICE_SLOT.total_seconds()) * 1_000_000
_SETTLED = {"id", "model", "provider", "model_version", "task_type", "operation", "user_id", "attempt"}
_FINAL = {
    "success": "succeeded AS success",
    "input_tokens": "given AS input_tokens",
    "output_tokens": "taken AS output_tokens",
    "tokens_used": "CASE WHEN given IS NOT NULL AND taken IS NOT NULL OR tokens_used IS NULL "
    "THEN coalesce(given, 0) + coalesce(taken, 0) ELSE tokens_used END AS tokens_used",
    "cost_usd": "price AS cost_usd",
    "cost_source": "CASE WHEN price IS NULL THEN 'unknown' WHEN cost_usd IS NULL THEN 'computed' "
    "ELSE coalesce(cost_source, 'reported') END AS cost_source",
}


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
        accepted: how many of them are calls.
    """

    def __init__(self, path: Path, wishes: Wishes, prices: PriceBook, *, now: datetime | None = None) -> None:
        """Nothing is read yet.

        Args:
            path: a file whose name or first bytes tell its format.
            wishes: which columns fill which fields, where names do not tell.
            prices: for calls whose cost the file does not report.
            now: the present, for the rule about the future.
        """
        self._path = path
        self._wishes = wishes
        self._prices = prices
        self._latest = (now or datetime.now(UTC)) + FUTURE
        self._problems: list[tuple[str, str]] = []  # (field, what was expected); a record's problem is a position in it
        self.records = self.accepted = 0

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
                f"COPY ({_calls_sql()}) TO {literal(str(chunk))} (FORMAT parquet)",
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
        columns = self._read()
        self._database.execute(_checked_sql(columns, self._cases()), {"latest": self._latest})
        self._database.execute("DROP VIEW source; DROP TABLE IF EXISTS lines")
        self.records = self._one("SELECT count(*) FROM checked")
        self.accepted = self._one("SELECT count(*) FROM checked WHERE problem IS NULL")
        self._number_twins()
        self._name_models()
        self._look_up_prices()

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self) -> dict[str, Column]:
        """Make the relation `source` (row, broken, broken_came, and columns) and say what each field is read from."""
        form = _format(self._path)
        try:
            if form == "parquet":
                return self._constant() | self._read_parquet()
            if form == "jsonl":
                found = self._wishes.matched(self._path, jsonl_columns(self._path))
                return self._constant() | self._read_lines(read_jsonl(self._path), found)
            found = self._wishes.matched(self._path, csv_columns(self._path))
            return self._constant() | self._read_lines(read_csv(self._path), found)
        except (OSError, EOFError, duckdb.Error) as problem:
            reason = str(problem).splitlines()[0]
            raise FileUnreadable(f"{self._path} cannot be read as {form.upper()}: {reason}") from None

    def _constant(self) -> dict[str, Column]:
        return {name: plain(literal(value), RULE[name]) for name, value in self._wishes.constants.items()}

    def _read_parquet(self) -> dict[str, Column]:
        scan = f"read_parquet({literal(str(self._path))}, file_row_number = true)"
        types = {
            name: kind
            for name, kind, *_ in self._database.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()
            if name != "file_row_number"
        }
        found = self._wishes.matched(self._path, types)
        columns = {}
        for name, source in found.items():
            quoted = '"' + source.column.replace('"', '""') + '"'
            columns[name] = typed(quoted, types[source.column], RULE[name], source.unit)
        self._database.execute(
            f"CREATE VIEW source AS SELECT file_row_number + 1 AS row, NULL::INTEGER AS broken, NULL::VARCHAR AS broken_came, "
            f"* EXCLUDE (file_row_number) FROM {scan}"
        )
        return columns

    def _read_lines(self, lines: Iterable[Line], found: dict[str, Source]) -> dict[str, Column]:
        texts = "".join(f", text_{name} VARCHAR" for name in found)
        self._database.execute(f"CREATE TABLE lines (row BIGINT, broken INTEGER, broken_came VARCHAR{texts})")
        self._database.execute("CREATE VIEW source AS SELECT * FROM lines")
        rows = (self._row(line, found) for line in lines)
        with self._database.appender("lines") as appender:
            while batch := list(islice(rows, _BATCH)):
                appender.append_rows(batch)
        return {name: typed(f"text_{name}", "VARCHAR", RULE[name], source.unit) for name, source in found.items()}

    def _row(self, line: Line, found: dict[str, Source]) -> tuple[object, ...]:
        broken, came = None, None
        if line.broken is not None:
            broken = self._problem("line", line.broken)
        texts: list[str | None] = []
        for name, source in found.items():
            try:
                texts.append(text_of(RULE[name], line.values.get(source.column)))
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
        """What tokens cost: a row per model, provider, tier, run of price slots, and length of request."""
        rates = ("input", "cached_input", "cache_write", "cache_write_1h", "output")
        self._database.execute(
            "CREATE TABLE rates (model VARCHAR, provider VARCHAR, tier VARCHAR, first_slot BIGINT, last_slot BIGINT, "
            f"above BIGINT, upto BIGINT, {', '.join(f'{rate} DECIMAL(18, 12)' for rate in rates)})"
        )
        slots = self._database.execute(
            f"SELECT DISTINCT named.model, named.provider, coalesce(service_tier, ''), epoch_us(timestamp) // {_SLOT_US} "
            "FROM checked JOIN named ON coalesce(checked.model, '') = reported "
            "AND coalesce(checked.provider, '') = allegedly "
            "WHERE problem IS NULL AND cost_usd IS NULL AND cost_source IS DISTINCT FROM 'unknown' ORDER BY ALL"
        ).fetchall()
        rows: list[tuple[object, ...]] = []
        for (*sold, steps), run in groupby(slots, key=lambda slot: (*slot[:3], self._rates(*slot))):
            passed = [slot for *_, slot in run]
            for step, after in zip_longest(steps, steps[1:]):
                upto = after.above_input_tokens if after else None
                prices = (getattr(step, rate) for rate in rates)
                rows.append((*sold, passed[0], passed[-1], step.above_input_tokens, upto, *prices))
        with self._database.appender("rates") as appender:
            appender.append_rows(rows)

    def _rates(self, model: str, provider: str, tier: str, slot: int) -> tuple[Rates, ...]:
        at = datetime.fromtimestamp(slot * _SLOT_US // 1_000_000, UTC)
        return self._prices.rates(model=model, provider=provider, service_tier=tier or None, at=at)


def _format(path: Path) -> str:
    """What the file is, by its name, else by its first bytes."""
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
    except OSError as problem:
        raise FileUnreadable(f"{path} cannot be opened: {problem.strerror or problem}") from None
    if form := known.get(suffix.lower()):
        return form
    if start.startswith(b"["):
        raise FileUnreadable(f"{path} is one JSON array; expected JSON Lines, an object a line")
    return "parquet" if start.startswith(b"PAR1") else "jsonl" if start.startswith(b"{") else "csv"


def _checked_sql(columns: dict[str, Column], cases: list[tuple[int, str, str]]) -> str:
    """The table `checked`: every record's row, values, and problem, and where there is one what came, and the record."""
    came = ", ".join(f"{columns[f].came if f in columns else 'NULL'} AS came_{f}" for f in RULE)
    read = ", ".join(f"{columns[f].sql} AS read_{f}" for f in RULE if f in columns)
    values = ", ".join(
        f"{value_sql(r, Column(f'read_{r.field}', columns[r.field].type, ''))} AS {r.field}"
        if r.field in columns
        else f"NULL::{SQL_TYPES[r.kind]} AS {r.field}"
        for r in RULES
    )
    problem = " ".join(f"WHEN {condition} THEN {number}" for number, condition, _ in cases)
    shown = " ".join(f"WHEN {condition} THEN left({text}::VARCHAR, 60)" for _, condition, text in cases)
    record = ", ".join(f"{literal(f)}, left(came_{f}::VARCHAR, 2000)" for f in RULE if f in columns)
    return f"""
        CREATE TABLE checked AS
        WITH arrived AS (SELECT row, broken, broken_came, {came}, {read} FROM source),
        valued AS (SELECT row, broken, broken_came, {", ".join(f"came_{f}" for f in RULE)}, {values} FROM arrived),
        judged AS (SELECT *, CASE WHEN broken IS NOT NULL THEN broken {problem} END AS problem FROM valued)
        SELECT row, {", ".join(RULE)}, problem,
            CASE WHEN problem IS NULL AND id IS NULL THEN md5({_identity_sql()}) END AS identity,
            CASE WHEN problem IS NOT NULL THEN CASE WHEN broken IS NOT NULL THEN broken_came {shown} END END AS came,
            CASE WHEN problem IS NOT NULL THEN json_object({record})::VARCHAR END AS record
        FROM judged"""


def _identity_sql() -> str:
    """`augury.capture.records.identity_of` by column."""
    texts = (f"epoch_us({name})" if name == "timestamp" else name for name in IDENTITY)
    return " || chr(31) || ".join(f"coalesce({text}::VARCHAR, '')" for text in texts)


def _calls_sql() -> str:
    """The accepted records of rows [$first, $end) as calls. Its twin by record is in `augury.capture.records`."""
    identity = "checked.identity || '#' || coalesce(occurrence, 0)"
    rest = ", ".join(f"checked.{column}" for column in COLUMNS if column not in _SETTLED)
    return f"""
        WITH settled AS (
            SELECT {rest},
                coalesce(id, {derived_id_sql("timestamp", identity)}) AS id,
                named.model AS model,
                named.provider AS provider,
                coalesce(checked.model_version, nullif(checked.model, '{UNKNOWN_MODEL}')) AS model_version,
                coalesce(task_type, 'other') AS task_type,
                coalesce(operation, '{DEFAULT_OPERATION}') AS operation,
                coalesce(user_id, '{NO_USER}') AS user_id,
                coalesce(attempt, 1) AS attempt,
                coalesce(success, error_type IS NULL AND error_message IS NULL) AS succeeded,
                CASE WHEN succeeded THEN input_tokens ELSE coalesce(input_tokens, 0) END AS given,
                CASE WHEN succeeded THEN output_tokens ELSE coalesce(output_tokens, 0) END AS taken
            FROM checked
            JOIN named ON coalesce(checked.model, '') = named.reported AND coalesce(checked.provider, '') = named.allegedly
            LEFT JOIN twins ON twins.row = checked.row
            WHERE checked.row >= $first AND checked.row < $end AND problem IS NULL
        ), priced AS (
            SELECT settled.*,
                CASE WHEN cost_usd IS NOT NULL OR cost_source = 'unknown' THEN cost_usd
                    WHEN given IS NOT NULL AND (taken IS NOT NULL OR operation = '{EMBEDDINGS}') THEN CAST(
                        (given::BIGINT - coalesce(cached_input_tokens, 0) - coalesce(cache_write_tokens, 0)) * rates.input
                        + coalesce(cached_input_tokens, 0)::BIGINT * rates.cached_input
                        + (coalesce(cache_write_tokens, 0)::BIGINT - coalesce(cache_write_1h_tokens, 0)) * rates.cache_write
                        + coalesce(cache_write_1h_tokens, 0)::BIGINT * rates.cache_write_1h
                        + coalesce(taken, 0)::BIGINT * rates.output AS DECIMAL(18, 10)) END AS price
            FROM settled
            LEFT JOIN rates ON rates.model = settled.model AND rates.provider = settled.provider
                AND rates.tier = coalesce(service_tier, '') AND epoch_us(timestamp) // {_SLOT_US} BETWEEN rates.first_slot AND rates.last_slot
                AND coalesce(given, 0) > rates.above AND (rates.upto IS NULL OR coalesce(given, 0) <= rates.upto)
        )
        SELECT {", ".join(_FINAL.get(column, column) for column in COLUMNS)} FROM priced"""


def write_text(parquet: Path, text: Path, form: str) -> None:
    """Write exported calls as CSV or JSONL: what `CheckedFile` reads back as the same calls, to the last digit."""
    times = "* REPLACE (strftime(timestamp, '%Y-%m-%dT%H:%M:%S.%fZ') AS timestamp)"
    options = "FORMAT csv, HEADER" if form == "csv" else "FORMAT json"
    with duckdb.connect() as database:
        database.execute(f"SET TimeZone = 'UTC'; SET memory_limit = '{_MEMORY}'")
        database.execute(
            f"COPY (SELECT {times} FROM read_parquet({literal(str(parquet))})) TO {literal(str(text))} ({options})"
        )
