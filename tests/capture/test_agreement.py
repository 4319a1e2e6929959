"""One table of rules, two readings: a record read alone and the same record read by column say the same."""

from __future__ import annotations

import csv
import json
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury.capture.files import CheckedFile
from augury.capture.records import RecordReader
from augury.capture.sources import Wishes
from augury.core.calls import COLUMNS, ModelCall
from augury.core.ids import epoch_us
from augury.core.rules import RULE, RULES, Kind
from augury.errors import InvalidValue
from augury.models.overrides import PriceOverride
from augury.models.prices import PriceBook

Record = dict[str, Any]
Row = tuple[Any, ...]

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BOOK = PriceBook(
    [
        PriceOverride(
            model="priced",
            input=Decimal("2.5"),
            cached_input=Decimal("0.333333"),
            cache_write=Decimal("3.125"),
            cache_write_1h=Decimal("5.1"),
            output=Decimal("10.000001"),
        )
    ]
)
TIMESTAMP = COLUMNS.index("timestamp")
READS_FILES = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


# ── the two readings ─────────────────────────────────────────────────────────────────────────────────────────────────


def by_record(records: list[Record]) -> tuple[dict[int, InvalidValue], list[ModelCall]]:
    reader = RecordReader(BOOK)
    refused: dict[int, InvalidValue] = {}
    accepted = []
    for place, record in enumerate(records):
        try:
            RecordReader(BOOK).read(record, now=NOW)  # aside, since one that is refused may count as somebody's twin
            accepted.append(reader.read(record, now=NOW))
        except InvalidValue as problem:
            refused[place] = problem
    return refused, accepted


def by_file(path: Path, first_row: int) -> tuple[dict[int, str], list[Row]]:
    rows: list[Row] = []
    with CheckedFile(path, Wishes(), BOOK, now=NOW) as file:
        for chunk in file.chunks():
            found = duckdb.execute(
                "SELECT * REPLACE (epoch_us(timestamp) AS timestamp) FROM read_parquet($1)", [str(chunk)]
            )
            rows += found.fetchall()
        refused = {refusal.row - first_row: refusal.field for refusal in file.refusals()}
        assert file.accepted == len(rows)
        assert file.records == len(rows) + len(refused)
    return refused, rows


def as_row(call: ModelCall) -> Row:
    row = [getattr(call, column) for column in COLUMNS]
    row[TIMESTAMP] = epoch_us(call.timestamp)
    return tuple(row)


def refused_alone(record: Record, without: str) -> bool:
    try:
        RecordReader(BOOK).read({name: value for name, value in record.items() if name != without}, now=NOW)
    except InvalidValue:
        return True
    return False


def assert_agreement(records: list[Record], path: Path, *, first_row: int) -> None:
    refused, accepted = by_record(records)
    refused_in_file, rows = by_file(path, first_row)
    assert set(refused_in_file) == set(refused), [
        (place, records[place], str(refused.get(place)), refused_in_file.get(place))
        for place in set(refused) ^ set(refused_in_file)
    ]
    for place, field in refused_in_file.items():
        if refused[place].field != field:  # then more than one field is wrong
            assert refused_alone(records[place], field), (records[place], str(refused[place]), field)
    of_file, alone = Counter(rows), Counter(as_row(call) for call in accepted)
    assert of_file == alone, [
        (column, in_file, by_itself)
        for one, other in zip((of_file - alone).elements(), (alone - of_file).elements(), strict=False)
        for column, in_file, by_itself in zip(COLUMNS, one, other, strict=True)
        if in_file != by_itself
    ]


# ── nasty values ─────────────────────────────────────────────────────────────────────────────────────────────────────

NUMBERS = st.sampled_from(
    """12|0|1|-1|2|+5|-0|1e3|1E3|1e-3|12.|12.0|12.5|-0.4|0.49999999999999994|1_0|٣|\uff11\uff12|NaN|nan|inf|-inf|Infinity|0x10|.5|5.e1
    |1,5|00012|1e9|1000000000|1000000001|2147483647|2147483647.4|2147483648|9999999999999999999999999999|1e99|1e100|1e-99|--1
    |1 2|true|0.5|0.25|1.0000001|1000|1001|100000|100000.00000000004|100000.00000000005|5e-11|0.00000000015|0.1|99999.9999999999
    |1e5|-1e-12|3.141592653589793238462643|$5|5$|5%""".replace("\n", "")
    .replace(" |", "|")
    .split("|")
)
TIMES = st.sampled_from(
    """2026-01-31|2026-01-31T12:00|2026-01-31T12:00Z|2026-01-31 12:00:00|2026-01-31T12:00:00.1|2026-01-31T12:00:00.123456789Z
    |2026-01-31T12:00:00.1234565Z|2026-01-31T12:00:00.9999999Z|2026-01-31T12:00:00+05|2026-01-31T12:00:00+0530
    |2026-01-31T12:00:00+05:45|2026-01-31T12:00:00-23:59|2026-01-31T12:00:00+23:59|2026-01-31T12:00:00+24:00
    |2026-01-31T12:00:00+05:60|2026-01-31T24:00:00Z|2026-01-31T23:60:00Z|2026-01-31T23:59:60Z|2026-01-31T23:59:61Z
    |2024-02-29|2026-02-29|2026-02-30|2026-13-01|2026-00-01|2026-01-00|1970-01-01|1969-12-31T23:59:59.999999Z
    |1970-01-01T00:00:00+01:00|1969-12-31T23:00:00-01:00|2026-11-20T12:05:00Z|2026-11-20T12:05:00.000001Z
    |2026-11-20T12:05:00.0000009Z|2027-01-01|0000-01-01|0001-01-01|0001-01-01T00:00:00+05:00|9999-12-31T23:59:59-05:00
    |2026-01-31t12:00:00z|2026-01-31T12:00:00z|2026-01-31Z|2026-01-31T12:00:00 Z|2026-W01-1|20260131|1767225600|epoch|infinity
    |2026-01-31T12:00:00.|2026-01-31T12:00:00,5|2026-1-31|31.01.2026|01/31/2026|now|2026-01-31T12|2026-01-31T1:00
    |\uff12\uff10\uff12\uff16-01-31""".replace("\n", "")
    .replace("    ", "")
    .split("|")
)


@st.composite
def written_times(draw: st.DrawFn) -> str:
    """A time near enough to be accepted or refused, written in one of the ways of ISO 8601."""
    zone = timezone(timedelta(minutes=draw(st.sampled_from([0, 60, -210, 345, 1439, -1439]))))
    when = draw(st.datetimes(datetime(1969, 12, 30), datetime(2026, 11, 22)))  # noqa: DTZ001 - its offset comes below
    digits = draw(st.integers(0, 9))
    fraction = f".{draw(st.integers(0, 10**digits - 1)):0{digits}d}" if digits else ""
    offset = draw(st.sampled_from(["", "Z", "+00", f"{zone.tzname(None)[3:]}"]))
    return when.strftime(f"%Y-%m-%d{draw(st.sampled_from('T '))}%H:%M:%S") + fraction + offset


FLAGS = st.sampled_from(
    [
        "true",
        "false",
        "TRUE",
        "False",
        "t",
        "F",
        "yes",
        "NO",
        "Y",
        "n",
        "1",
        "0",
        "on",
        "off",
        "1.0",
        "2",
        "-1",
        "ja",
        "tRuE",
        "\uff39\uff25\uff33",
        "oui",
        "null",
        "None",
    ]
)
UUIDS = st.uuids().flatmap(lambda one: st.sampled_from([str(one), one.hex, str(one).upper(), f"{{{one}}}", one.urn]))
UNICODE = st.text(st.characters(codec="utf-8"), max_size=12)
NAMES = st.one_of(
    UNICODE,
    UUIDS,
    st.sampled_from(
        [
            "anna",
            "chatcmpl-123",
            "  padded\t",
            "a b",
            "é" * 300,
            "😀" * 201,
            "x" * 199 + "  yz",
            "e\u0301" * 150,
            "\0",
            "a\0b",
            "\u00a0",
            "\ufeff",
            "\u200b",
            "'",
            '"',
            "\\",
            "a,b;c\td|e",
            "line\nbreak",
            "carriage\rreturn",
            "null",
            "NaN",
            "İstanbul",
            "\x1fseparator",
            "%s {}",
        ]
    ),
)
MESSAGES = st.one_of(
    NAMES, st.sampled_from(["x" * 3_000, "é" * 3_000, "  kept  ", "x" * 1_999 + "  yz", '{"error": 1}'])
)
LONE = st.sampled_from(["\ud800", "half \udc00 a pair", "\udfff\ud800"])
WRONG_TYPES = st.sampled_from([[], ["x"], {"a": 1}])

# In metadata, texts and numbers that both readings spell alike: see `test_metadata_given_as_text_…` for the others.
SHORT_TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | SHORT_TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SHORT_TEXTS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.one_of(
    st.dictionaries(SHORT_TEXTS, JSON_VALUES, max_size=4),
    st.sampled_from(
        [
            {"just": "x" * 16_373},
            {"one too many": "é" * 8_184},
            {"large": "x" * 17_000},
            {"nul": "\0"},
            {"\0": 1},
            {"escaped": "\\u0000"},
            {"deep": [[[[[[{"er": None}]]]]]]},
        ]
    ),
)
OBJECT_TEXTS = st.one_of(
    OBJECTS.map(json.dumps),
    OBJECTS.map(lambda value: json.dumps(value, ensure_ascii=False, indent=1)),
    st.sampled_from(
        [
            "[1]",
            '"x"',
            "1",
            "null",
            "{}",
            " { } ",
            "{",
            "{a:1}",
            "{'a':1}",
            '{"a":01}',
            '{"a":1}x',
            '{"a":"\t"}',
            '{"a":"\\ud800"}',
            '{"a":"\\ud83d\\ude00"}',
            '{"a":"\\u0000"}',
            '{"a":"\\/"}',
            '{"a":1.10}',
            "/**/{}",
        ]
    ),
)


def in_another_case(word: str) -> st.SearchStrategy[str]:
    return st.sampled_from([word, word.upper(), word.title(), f"  {word}\n", f"{word}\u00a0", f"{word}s"])


def texts(field: str) -> st.SearchStrategy[str]:
    """Texts that the field may or may not accept; usually it may."""
    rule = RULE[field]
    match rule.kind:
        case Kind.NAME:
            known = {"operation": ["chat", "embeddings", "Embeddings"], "service_tier": ["batch", "priority", "flex"]}
            return st.sampled_from(known[field]) | NAMES if field in known else NAMES
        case Kind.MESSAGE:
            return MESSAGES
        case Kind.ID:
            return UUIDS | NAMES
        case Kind.CHOICE:
            return st.sampled_from(rule.allowed).flatmap(in_another_case) | st.sampled_from(
                ["", " ", "none", "coding!"]
            )
        case Kind.COUNT | Kind.DURATION | Kind.SHARE | Kind.MONEY:
            padded = NUMBERS | NUMBERS.map(lambda text: f" {text}\t")
            return st.integers(0, 40).map(str) | st.floats(0, 1).map(repr) | padded
        case Kind.FLAG:
            return FLAGS
        case Kind.TIME:
            return TIMES | written_times()
        case Kind.OBJECT:
            return OBJECT_TEXTS


def json_values(field: str) -> st.SearchStrategy[Any]:
    """What JSON may carry for the field."""
    others: st.SearchStrategy[Any] = st.none() | texts(field) | LONE | WRONG_TYPES | st.booleans()
    match RULE[field].kind:
        case Kind.COUNT | Kind.DURATION | Kind.SHARE | Kind.MONEY:
            return st.integers(-1, 40) | st.floats() | st.integers() | others
        case Kind.OBJECT:
            return OBJECTS | others
        case _:
            return st.integers(-5, 5) | st.floats() | others


TELLING = [rule.field for rule in RULES if rule.field not in {"model", "timestamp", "response_time_ms"}]
TOKENS = [field for field in TELLING if field.endswith("_tokens")]


@st.composite
def records(draw: st.DrawFn, *, text_only: bool) -> Record:
    """A good record, with a few of its fields made doubtful."""
    values = texts if text_only else json_values
    record: Record = {
        "model": draw(st.sampled_from(["priced", "gpt-4o", "openai/gpt-4o-2024-11-20", "  Some-Model  ", "é" * 250])),
        "timestamp": draw(st.sampled_from(["2026-01-31T12:00:00Z", "2026-06-30T23:59:59.123456Z"])),
        "response_time_ms": "1200",
    }
    for field in draw(st.sets(st.sampled_from(TOKENS), max_size=4)):
        record[field] = str(draw(st.integers(0, 40))) if text_only else draw(st.integers(0, 40))
    for field in draw(st.sets(st.sampled_from([*TELLING, "timestamp", "response_time_ms"]), max_size=3)):
        record[field] = draw(values(field))
    return with_a_time(json.loads(json.dumps(record)))


def with_a_time(record: Record) -> Record:
    """A missing time is now by record, and refused by file."""
    if record.get("timestamp") is None or not str(record["timestamp"]).strip():
        record["timestamp"] = "2026-01-31"
    return record


# ── the agreement ────────────────────────────────────────────────────────────────────────────────────────────────────


@READS_FILES
@given(batch=st.lists(records(text_only=False), min_size=1, max_size=30))
def test_a_json_record_is_judged_alike_alone_and_in_a_file(batch: list[Record]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in batch), encoding="utf-8")
        assert_agreement(batch, path, first_row=1)


@READS_FILES
@given(batch=st.lists(records(text_only=True), min_size=1, max_size=30))
def test_a_record_of_texts_is_judged_alike_alone_and_in_a_csv_file(batch: list[Record]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.csv"
        # A row's number is its line, and a quoted field may span lines: a field of our own keeps records apart instead.
        flat = [
            {name: value.replace("\n", " ") if isinstance(value, str) else value for name, value in record.items()}
            for record in batch
        ]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", quoting=csv.QUOTE_ALL)
            writer.writeheader()
            writer.writerows(flat)
        assert_agreement(flat, path, first_row=2)


PARQUET = {
    "id": "UUID",
    "model": "VARCHAR",
    "response_time_ms": "DOUBLE",
    "tokens_used": "BIGINT",
    "input_tokens": "INTEGER",
    "output_tokens": "DOUBLE",
    "success": "BOOLEAN",
    "user_rating": "DOUBLE",
    "user_id": "UUID",
    "message_id": "VARCHAR",
    "metadata": "STRUCT(a BIGINT, b VARCHAR, c STRUCT(d BOOLEAN[]))",
    "reasoning_tokens": "UBIGINT",
    "cost_usd": "DOUBLE",
    "propensity": "DOUBLE",
    "attempt": "SMALLINT",
}
TIME_TYPES = {"TIMESTAMP": "naive", "TIMESTAMPTZ": "aware", "DATE": "day"}
NUMBERS_OF_A_FRAME = st.one_of(
    st.none(),
    st.just(float("nan")),
    st.integers(0, 50).map(float),
    st.sampled_from([-1.0, 0.5, 1e-5, 1.5, -0.0, 1e10, float("inf"), 2147483647.0, 100_000.0, 100_001.0]),
    st.floats(0, 1).filter(lambda share: share == 0 or share > 1e-99),
)


@st.composite
def typed_records(draw: st.DrawFn) -> Record:
    record: Record = {"model": draw(st.sampled_from(["priced", "gpt-4o"]))}
    for field, kind in PARQUET.items():
        values: st.SearchStrategy[Any] = {
            "UUID": st.none() | st.uuids(),
            "DOUBLE": NUMBERS_OF_A_FRAME,
            "BOOLEAN": st.none() | st.booleans(),
            "BIGINT": st.none() | st.integers(-1, 50) | st.integers(-(2**63), 2**63 - 1),
            "INTEGER": st.none() | st.integers(-1, 50) | st.integers(-(2**31), 2**31 - 1),
            "UBIGINT": st.none() | st.integers(0, 50) | st.integers(0, 2**64 - 1),
            "SMALLINT": st.none() | st.integers(0, 5) | st.integers(-(2**15), 2**15 - 1),
        }.get(kind, st.none() | SHORT_TEXTS)
        if field == "metadata":
            inner = st.lists(st.none() | st.booleans(), max_size=2).map(lambda flags: {"d": flags})
            parts = st.tuples(st.none() | st.integers(-5, 5), st.none() | SHORT_TEXTS, st.none() | inner)
            values = st.none() | parts.map(lambda values: dict(zip("abc", values, strict=True)))
        if field != "model":
            record[field] = draw(values)
    if draw(st.integers(0, 3)):  # usually good enough to be accepted
        record |= {"response_time_ms": 12.5, "tokens_used": 5, "input_tokens": 3, "cost_usd": None, "attempt": 1}
        record |= {"output_tokens": float("nan"), "reasoning_tokens": None, "user_rating": 1.0, "propensity": 0.25}
    record["timestamp"] = draw(st.datetimes(datetime(1969, 12, 30), datetime(2026, 11, 22)))  # noqa: DTZ001 - its type says
    return record


def missing_as_none(value: object) -> object:
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - NaN is what differs from itself


@READS_FILES
@given(batch=st.lists(typed_records(), min_size=1, max_size=30), time_type=st.sampled_from(sorted(TIME_TYPES)))
def test_a_typed_record_is_judged_alike_alone_and_in_a_parquet_file(batch: list[Record], time_type: str) -> None:
    types = {**PARQUET, "timestamp": time_type}
    alone = []
    for record in batch:
        single = {field: missing_as_none(value) for field, value in record.items()}
        when = record["timestamp"]
        single["timestamp"] = when.date().isoformat() if time_type == "DATE" else when
        alone.append(single)
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as database:
        path = Path(folder) / "calls.parquet"
        database.execute("SET TimeZone = 'UTC'")
        database.execute(f"CREATE TABLE calls ({', '.join(f'{field} {kind}' for field, kind in types.items())})")
        slots = ", ".join(f"${field}::{kind}" for field, kind in types.items())
        for record in batch:
            database.execute(f"INSERT INTO calls VALUES ({slots})", {field: record[field] for field in types})
        database.execute(f"COPY calls TO '{path}' (FORMAT parquet)")
        assert_agreement(alone, path, first_row=1)


# ── known and intended differences ───────────────────────────────────────────────────────────────────────────────────


def in_file(path: Path, *batch: Record) -> tuple[dict[int, str], list[Row]]:
    path.write_text("".join(json.dumps(record) + "\n" for record in batch), encoding="utf-8")
    return by_file(path, 1)


GOOD: Record = {"model": "priced", "timestamp": "2026-01-31T12:00:00Z", "response_time_ms": 1_200}


@pytest.mark.parametrize("model", [None, "", "  ", "None", "null", "unknown", "[REDACTED]", "openrouter/REDACTED"])
def test_a_call_without_a_model_is_refused_alone_and_unknown_in_a_file(tmp_path: Path, model: str | None) -> None:
    record = {**GOOD, "model": model}
    with pytest.raises(InvalidValue) as caught:
        RecordReader(BOOK).read(record, now=NOW)
    assert caught.value.field == "model"
    refused, [row] = in_file(tmp_path / "calls.jsonl", record)
    assert not refused
    assert row[COLUMNS.index("model")] == "unknown"


def test_a_call_without_a_time_is_of_now_alone_and_refused_in_a_file(tmp_path: Path) -> None:
    record = {**GOOD, "timestamp": None}
    assert RecordReader(BOOK).read(record, now=NOW).timestamp == NOW
    assert in_file(tmp_path / "calls.jsonl", record) == ({0: "timestamp"}, [])


def test_a_key_that_is_no_field_is_refused_alone_and_passed_over_in_a_file(tmp_path: Path) -> None:
    record = {**GOOD, "prompt": "secret"}
    with pytest.raises(InvalidValue) as caught:
        RecordReader(BOOK).read(record, now=NOW)
    assert caught.value.field == "prompt"
    refused, rows = in_file(tmp_path / "calls.jsonl", record)
    assert (refused, len(rows)) == ({}, 1)


# ── differences that are bugs ────────────────────────────────────────────────────────────────────────────────────────


def assert_same(tmp_path: Path, *batch: Record) -> None:
    refused, accepted = by_record(list(batch))
    refused_in_file, rows = in_file(tmp_path / "calls.jsonl", *batch)
    assert {place: problem.field for place, problem in refused.items()} == refused_in_file
    assert rows == [as_row(call) for call in accepted]


def test_a_derived_id_is_the_same_in_the_second_half_of_a_millisecond(tmp_path: Path) -> None:
    assert_same(tmp_path, {**GOOD, "timestamp": "2026-01-31T12:00:00.000500Z"})


def test_tokens_written_for_an_hour_cost_the_same_where_the_written_ones_are_not_given(tmp_path: Path) -> None:
    assert_same(tmp_path, {**GOOD, "input_tokens": 100, "output_tokens": 5, "cache_write_1h_tokens": 50})


def test_a_cost_of_many_digits_is_accepted_by_both(tmp_path: Path) -> None:
    assert_same(tmp_path, {**GOOD, "cost_usd": "123456789012345678e-15"})


def test_a_dotted_capital_i_is_no_i(tmp_path: Path) -> None:
    assert_same(tmp_path, {**GOOD, "task_complexity": "SİMPLE"})


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param('{"a":NaN}', id="NaN"),
        pytest.param('{"a":Infinity}', id="Infinity"),
        pytest.param('{"a":1e400}', id="a number beyond a double"),
        pytest.param('{"a":1,}', id="a comma at the end"),
        pytest.param('{"a":1,"a":2}', id="a key twice"),
        pytest.param('{"a":' + "[" * 2_000 + "]" * 2_000 + "}", id="2000 deep"),
        pytest.param('{"a":' + "[" * 99 + "]" * 99 + "}", id="as deep as may be"),
        pytest.param('{"a":' + "[" * 100 + "]" * 100 + "}", id="deeper than that"),
        pytest.param('{"a":' + "9" * 5_000 + "}", id="5000 digits"),
        pytest.param('{"a":1e-7}', id="a small number"),
        pytest.param({"a": 1e16}, id="a large number"),
        pytest.param({"a": "\x1f"}, id="a control character"),
    ],
)
def test_metadata_given_as_text_is_the_same_json_to_both(tmp_path: Path, metadata: object) -> None:
    assert_same(tmp_path, {**GOOD, "metadata": metadata})


def test_a_record_that_is_refused_is_nobodys_twin(tmp_path: Path) -> None:
    wrong = {**GOOD, "success": True, "error_type": "task"}
    reader = RecordReader(BOOK)
    with pytest.raises(InvalidValue, match="error_type"):
        reader.read(wrong, now=NOW)
    call = reader.read(GOOD, now=NOW)
    _, [row] = in_file(tmp_path / "calls.jsonl", wrong, GOOD)
    assert call.id == row[0]
