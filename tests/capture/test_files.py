from __future__ import annotations

import csv
import gzip
import json
import re
import tempfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.capture.files import CheckedFile, Refusal, write_text
from augury.capture.records import RecordReader
from augury.capture.sources import Wishes
from augury.core.calls import COLUMNS, ModelCall
from augury.core.ids import epoch_us
from augury.errors import FileUnreadable
from augury.models.overrides import PriceOverride
from augury.models.prices import PriceBook

Row = dict[str, Any]

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BOOK = PriceBook([PriceOverride(model="priced", input=Decimal(2), output=Decimal(10))])
HEADER = "timestamp,model,response_time_ms"
CALL = "2026-01-31T12:00:00Z,priced,1200"


class Read:
    """All that a file gave."""

    def __init__(self, path: Path, mapped: list[str] | None = None, constant: list[str] | None = None) -> None:
        with CheckedFile(path, Wishes.parse(mapped or [], constant or []), BOOK, now=NOW) as file:
            self.calls: list[Row] = []
            for chunk in file.chunks():
                found = duckdb.execute(
                    "SELECT * REPLACE (epoch_us(timestamp) AS timestamp) FROM read_parquet($1)", [str(chunk)]
                )
                self.calls += [dict(zip(COLUMNS, row, strict=True)) for row in found.fetchall()]
            self.refusals = list(file.refusals())
            self.reasons = file.reasons()
            self.records, self.accepted = file.records, file.accepted

    def ids(self) -> set[UUID]:
        return {call["id"] for call in self.calls}

    def only(self, column: str) -> Any:
        [call] = self.calls
        return call[column]


def written(folder: Path, *lines: str, name: str = "calls.csv") -> Path:
    path = folder / name
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def parquet(folder: Path, select: str, name: str = "calls.parquet") -> Path:
    path = folder / name
    with duckdb.connect() as database:
        database.execute(f"SET TimeZone = 'UTC'; COPY ({select}) TO '{path}' (FORMAT parquet)")
    return path


GOOD = "SELECT TIMESTAMP '2026-01-31 12:00:00' AS timestamp, 'priced' AS model, 1200 AS response_time_ms"


# ── ids ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_twins_stay_two(tmp_path: Path) -> None:
    read = Read(written(tmp_path, HEADER, CALL, CALL))
    assert (read.records, read.accepted, len(read.ids())) == (2, 2, 2)


def test_importing_again_gives_the_same_ids(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, CALL, CALL, CALL.replace("1200", "5"))
    assert Read(path).ids() == Read(path).ids()


def test_a_file_that_was_appended_to_gives_the_old_ids_and_new_ones(tmp_path: Path) -> None:
    before = Read(written(tmp_path, HEADER, CALL, CALL)).ids()
    after = Read(written(tmp_path, HEADER, CALL, CALL, CALL, CALL.replace("1200", "5"))).ids()
    assert before < after
    assert len(after) == 4


def test_the_same_calls_have_the_same_ids_in_every_format(tmp_path: Path) -> None:
    line = json.dumps({"timestamp": "2026-01-31T12:00:00Z", "model": "priced", "response_time_ms": 1200})
    of_csv = Read(written(tmp_path, HEADER, CALL, CALL)).ids()
    assert Read(written(tmp_path, line, line, name="calls.jsonl")).ids() == of_csv
    assert Read(parquet(tmp_path, f"{GOOD} FROM range(2)")).ids() == of_csv


def test_a_given_id_is_kept(tmp_path: Path) -> None:
    one = "01980000-0000-7000-8000-000000000001"
    assert Read(written(tmp_path, f"id,{HEADER}", f"{one},{CALL}")).only("id") == UUID(one)


def test_a_rating_that_came_later_does_not_change_an_id(tmp_path: Path) -> None:
    rated = Read(written(tmp_path, f"{HEADER},user_rating", f"{CALL},1")).ids()
    assert rated == Read(written(tmp_path, HEADER, CALL)).ids()


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_refusal_says_where_which_field_what_was_expected_and_what_came(tmp_path: Path) -> None:
    header = f"{HEADER},user_rating,prompt"
    path = written(tmp_path, header, f"{CALL},1,hello", f"{CALL},7,the secret", f"{CALL},,bye")
    read = Read(path)
    assert (read.records, read.accepted) == (3, 2)
    assert read.refusals == [
        Refusal(
            row=3,
            field="user_rating",
            expected="a whole number from -1 to 1",
            came="7",
            values={
                "timestamp": "2026-01-31T12:00:00Z",
                "model": "priced",
                "response_time_ms": "1200",
                "user_rating": "7",
            },
        )
    ]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_column_that_was_not_mapped_is_nowhere_in_a_refusal(tmp_path: Path, form: str) -> None:
    if form == "parquet":
        path = parquet(tmp_path, f"{GOOD}, 7 AS user_rating, 'the secret' AS prompt")
    elif form == "csv":
        path = written(tmp_path, f"{HEADER},user_rating,prompt", f"{CALL},7,the secret")
    else:
        record = {"timestamp": "2026-01-31", "model": "priced", "response_time_ms": 5, "prompt": "the secret"}
        path = written(tmp_path, json.dumps(record | {"user_rating": 7}), name="calls.jsonl")
    [refusal] = Read(path).refusals
    assert refusal.field == "user_rating"
    assert "secret" not in repr(refusal)


def test_a_record_of_the_wrong_type_is_refused_with_what_came(tmp_path: Path) -> None:
    record = {"timestamp": "2026-01-31", "model": ["priced"], "response_time_ms": 5}
    [refusal] = Read(written(tmp_path, json.dumps(record), name="calls.jsonl")).refusals
    assert (refusal.row, refusal.field, refusal.came) == (1, "model", "['priced']")


def test_a_broken_line_is_refused_as_a_line(tmp_path: Path) -> None:
    read = Read(written(tmp_path, HEADER, CALL, "only one", CALL))
    assert read.accepted == 2
    assert read.refusals == [Refusal(row=3, field="line", expected="3 fields", came=None, values={})]


def test_the_reasons_are_counted_the_commonest_first(tmp_path: Path) -> None:
    bad = [CALL.replace("1200", value) for value in ("soon", "-1", "")]
    read = Read(written(tmp_path, HEADER, CALL, *bad, "x,priced,1", "broken"))
    assert read.reasons[0] == ("response_time_ms", "milliseconds from 0 to 2147483647", 3)
    assert {(field, count) for field, _, count in read.reasons[1:]} == {("timestamp", 1), ("line", 1)}
    assert sum(count for *_, count in read.reasons) == len(read.refusals) == read.records - read.accepted


def test_a_file_of_which_nothing_is_accepted_has_no_calls(tmp_path: Path) -> None:
    read = Read(written(tmp_path, HEADER, "x,y,z"))
    assert (read.calls, read.accepted, len(read.refusals)) == ([], 0, 1)


def test_a_file_with_a_header_alone_has_no_records(tmp_path: Path) -> None:
    read = Read(written(tmp_path, HEADER))
    assert (read.records, read.accepted, read.calls, read.reasons) == (0, 0, [], [])


# ── what is filled in ────────────────────────────────────────────────────────────────────────────────────────────────


def test_costs_are_computed_where_the_file_reports_none(tmp_path: Path) -> None:
    header = f"{HEADER},input_tokens,output_tokens,cost_usd"
    read = Read(written(tmp_path, header, f"{CALL},1000,100,", f"{CALL},1000,100,0.5", f"{CALL},1000,,"))
    costs = {(call["cost_source"], call["cost_usd"]) for call in read.calls}
    assert costs == {("computed", Decimal("0.003")), ("reported", Decimal("0.5")), ("unknown", None)}


def test_a_price_that_changes_counts_from_its_day_on(tmp_path: Path) -> None:
    newer = PriceOverride(
        model="priced", input=Decimal(4), output=Decimal(20), since=datetime(2026, 2, 1, tzinfo=UTC).date()
    )
    book = PriceBook([PriceOverride(model="priced", input=Decimal(2), output=Decimal(10)), newer])
    days = ["2026-01-31T23:59:59.999999Z", "2026-02-01T00:00:00Z", "2026-03-01", "2025-01-01"]
    path = written(tmp_path, f"{HEADER},input_tokens,output_tokens", *(f"{day},priced,5,1000,100" for day in days))
    with CheckedFile(path, Wishes(), book, now=NOW) as file:
        costs = [
            row
            for chunk in file.chunks()
            for row in duckdb.execute(
                "SELECT cost_usd FROM read_parquet($1) ORDER BY timestamp", [str(chunk)]
            ).fetchall()
        ]
    assert costs == [(Decimal("0.003"),), (Decimal("0.003"),), (Decimal("0.006"),), (Decimal("0.006"),)]


def test_a_constant_fills_a_field_of_every_record(tmp_path: Path) -> None:
    path = written(tmp_path, "timestamp,response_time_ms", "2026-01-31,5", "2026-01-30,6")
    read = Read(path, constant=["model=openai/gpt-4o,task_type=coding"])
    assert {(call["model"], call["provider"], call["task_type"]) for call in read.calls} == {
        ("gpt-4o", "openai", "coding")
    }


def test_a_constant_that_breaks_its_rule_refuses_every_record(tmp_path: Path) -> None:
    read = Read(written(tmp_path, HEADER, CALL, CALL), constant=["task_type=cooking"])
    assert [(refusal.field, refusal.came) for refusal in read.refusals] == [("task_type", "cooking")] * 2


def test_a_constant_works_for_parquet_too(tmp_path: Path) -> None:
    assert Read(parquet(tmp_path, GOOD), constant=["segment=it's"]).only("segment") == "it's"


# ── units ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "unit", "milliseconds"),
    [
        ("1.5", "s", 1_500),
        ("1.5", "ms", 2),
        ("1499", "us", 1),
        ("2500000", "ns", 3),
        (" 2 ", "s", 2_000),
        ("1e3", "us", 1),
        ("0.0004", "s", 0),
    ],
)
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_durations_are_read_in_their_unit(tmp_path: Path, form: str, value: str, unit: str, milliseconds: int) -> None:
    if form == "csv":
        path = written(tmp_path, "timestamp,model,took", f"2026-01-31,priced,{value}")
    else:
        path = parquet(tmp_path, f"SELECT DATE '2026-01-31' AS timestamp, 'priced' AS model, {value}::DOUBLE AS took")
    assert Read(path, [f"response_time_ms=took:{unit}"]).only("response_time_ms") == milliseconds


@pytest.mark.parametrize(
    ("value", "unit", "microseconds"),
    [
        ("1769860800", "s", 1_769_860_800_000_000),
        ("1769860800.5", "s", 1_769_860_800_500_000),
        ("1769860800123", "ms", 1_769_860_800_123_000),
        ("1769860800123456", "us", 1_769_860_800_123_456),
        ("1769860800123456000", "ns", 1_769_860_800_123_456),
    ],
)
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_times_are_read_in_their_unit(tmp_path: Path, form: str, value: str, unit: str, microseconds: int) -> None:
    if form == "csv":
        path = written(tmp_path, "at,model,response_time_ms", f"{value},priced,5")
    elif form == "jsonl":
        path = written(tmp_path, f'{{"at": {value}, "model": "priced", "response_time_ms": 5}}', name="calls.jsonl")
    else:
        kind = "DOUBLE" if "." in value else "BIGINT"
        path = parquet(
            tmp_path,
            f"SELECT {value}::{kind} AS at, 'priced' AS model, 5 AS response_time_ms".replace("AS at", 'AS "at"'),
        )
    assert Read(path, [f"timestamp=at:{unit}"]).only("timestamp") == microseconds


@pytest.mark.parametrize("value", ["-1", "soon", "nan", "inf", "1e400", "0x10", "3000000"])
def test_what_is_no_duration_in_its_unit_is_refused(tmp_path: Path, value: str) -> None:
    path = written(tmp_path, "timestamp,model,took", f"2026-01-31,priced,{value}")
    [refusal] = Read(path, ["response_time_ms=took:s"]).refusals
    assert (refusal.field, refusal.came) == ("response_time_ms", value)


@pytest.mark.parametrize("value", ["-1", "99999999999", "1795176301", "now"])
def test_what_is_no_time_in_its_unit_is_refused(tmp_path: Path, value: str) -> None:
    path = written(tmp_path, "at,model,response_time_ms", f"{value},priced,5")
    [refusal] = Read(path, ["timestamp=at:s"]).refusals
    assert (refusal.field, refusal.came) == ("timestamp", value)


def test_a_missing_duration_in_a_unit_is_missing(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEADER},first", f"{CALL},")
    assert Read(path, ["time_to_first_token_ms=first:s"]).only("time_to_first_token_ms") is None


def test_an_unknown_unit_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match='cannot be read in "h": durations and times take one of s, ms, us, ns'):
        Read(written(tmp_path, HEADER, CALL), ["response_time_ms=response_time_ms:h"])


def test_only_durations_and_times_have_units(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match='model cannot be read in "s"'):
        Read(written(tmp_path, HEADER, CALL), ["model=model:s"])


def test_a_number_in_a_unit_is_written_like_any_other(tmp_path: Path) -> None:
    path = written(tmp_path, "timestamp,model,took", "2026-01-31,priced,1_0")
    assert len(Read(path, ["response_time_ms=took:s"]).refusals) == 1


# ── what cannot be read ──────────────────────────────────────────────────────────────────────────────────────────────


def unreadable(path: Path, mapped: list[str] | None = None) -> str:
    with pytest.raises(FileUnreadable) as caught:
        Read(path, mapped)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert not re.search("Traceback|SELECT|LINE 1", sentence)
    assert caught.value.__cause__ is None
    return sentence


def test_a_column_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    assert "it has timestamp, model, response_time_ms" in unreadable(written(tmp_path, HEADER, CALL), ["segment=plan"])


@pytest.mark.parametrize("nested", ["[5]", "{'ms': 5}", "map {'ms': 5}", "'5'::BLOB"])
def test_a_nested_column_cannot_be_a_number(tmp_path: Path, nested: str) -> None:
    path = parquet(tmp_path, GOOD.replace("1200", nested))
    assert "which cannot be read as response_time_ms" in unreadable(path)


@pytest.mark.parametrize("nested", ["{'a': 1}", "map {'a': 1}", """'{"a": 1}'::JSON""", """'{"a": 1}'"""])
def test_a_nested_column_can_be_metadata(tmp_path: Path, nested: str) -> None:
    assert Read(parquet(tmp_path, f"{GOOD}, {nested} AS metadata")).only("metadata") == '{"a":1}'


def test_a_list_is_no_metadata(tmp_path: Path) -> None:
    [refusal] = Read(parquet(tmp_path, f"{GOOD}, [1] AS metadata")).refusals
    assert (refusal.field, refusal.came) == ("metadata", "[1]")


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.99])
def test_a_parquet_file_that_was_cut_off_is_unreadable(tmp_path: Path, kept: float) -> None:
    path = parquet(tmp_path, f"{GOOD} FROM range(10000)")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    assert "calls.parquet cannot be read as PARQUET" in unreadable(path)


def test_a_text_that_is_called_parquet_is_unreadable(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, CALL, name="calls.parquet")
    assert "calls.parquet cannot be read as PARQUET" in unreadable(path)


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    assert "nowhere.csv cannot be opened: No such file or directory" in unreadable(tmp_path / "nowhere.csv")


def test_a_folder_is_unreadable(tmp_path: Path) -> None:
    assert "cannot be opened: Is a directory" in unreadable(tmp_path)


def test_a_json_array_is_answered_with_what_was_expected(tmp_path: Path) -> None:
    path = written(tmp_path, '[{"model": "priced"}]', name="calls.json")
    assert "is one JSON array; expected JSON Lines, an object a line" in unreadable(path)


@pytest.mark.parametrize("name", ["calls.csv", "calls.jsonl", "calls.parquet", "calls.csv.gz", "calls"])
def test_an_empty_file_is_unreadable(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert name in unreadable(tmp_path / name)


def test_a_text_that_is_called_gz_is_unreadable(tmp_path: Path) -> None:
    assert "calls.csv.gz" in unreadable(written(tmp_path, HEADER, name="calls.csv.gz"))


def test_a_gz_file_that_was_cut_off_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv.gz"
    lines = "".join(f"2026-01-31,priced,{number * 7919 % 100_003}\n" for number in range(5_000))
    whole = gzip.compress(f"{HEADER}\n{lines}".encode())
    path.write_bytes(whole[: len(whole) // 2])
    assert "calls.csv.gz cannot be read as CSV" in unreadable(path)


def test_nothing_is_left_behind_by_a_file_that_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    unreadable(written(tmp_path, "model", "priced"))
    Read(written(tmp_path, HEADER, CALL))
    assert list((tmp_path / "temporary").iterdir()) == []


# ── formats ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_without_a_telling_name_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    line = json.dumps({"timestamp": "2026-01-31T12:00:00Z", "model": "priced", "response_time_ms": 1200})
    texts = [Read(written(tmp_path, HEADER, CALL, name="a.log")), Read(written(tmp_path, line, name="b.log"))]
    assert texts[0].ids() == texts[1].ids() == Read(parquet(tmp_path, GOOD, name="c.log")).ids()


def test_a_compressed_file_is_read_like_the_file_in_it(tmp_path: Path) -> None:
    path = tmp_path / "calls.CSV.gz"
    path.write_bytes(gzip.compress(f"{HEADER}\n{CALL}\n".encode()))
    assert Read(path).ids() == Read(written(tmp_path, HEADER, CALL)).ids()


def test_a_path_may_hold_a_quote(tmp_path: Path) -> None:
    folder = tmp_path / "it is"
    folder.mkdir()
    path = parquet(folder, GOOD)
    odd = path.rename(path.with_name("anna's calls.parquet"))
    assert Read(odd).accepted == 1


@pytest.mark.parametrize("kind", ["TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_S", "TIMESTAMP_MS", "DATE", "VARCHAR"])
def test_a_parquet_time_may_be_of_any_type(tmp_path: Path, kind: str) -> None:
    path = parquet(tmp_path, GOOD.replace("TIMESTAMP '2026-01-31 12:00:00'", f"'2026-01-31'::{kind}"))
    assert Read(path).only("timestamp") == epoch_us(datetime(2026, 1, 31, tzinfo=UTC))


@pytest.mark.parametrize(
    "kind", ["TINYINT", "SMALLINT", "BIGINT", "HUGEINT", "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL(9,2)", "VARCHAR"]
)
def test_a_parquet_number_may_be_of_any_type(tmp_path: Path, kind: str) -> None:
    path = parquet(tmp_path, f"{GOOD}, 12::{kind} AS input_tokens")
    assert Read(path).only("input_tokens") == 12


def test_nan_in_a_parquet_file_is_a_missing_number(tmp_path: Path) -> None:
    path = parquet(
        tmp_path, f"{GOOD}, 'nan'::DOUBLE AS input_tokens, 'nan'::FLOAT AS cost_usd, 'nan'::DOUBLE AS propensity"
    )
    read = Read(path)
    assert (read.only("input_tokens"), read.only("cost_usd"), read.only("propensity")) == (None, None, None)


# ── bugs of reading ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_that_comes_late_in_a_file_is_read_too(tmp_path: Path) -> None:
    record = {"timestamp": "2026-01-31", "model": "priced", "response_time_ms": 5}
    lines = [json.dumps(record)] * 200 + [json.dumps({**record, "success": False, "error_type": "timeout"})]
    read = Read(written(tmp_path, *lines, name="calls.jsonl"))
    assert sum(not call["success"] for call in read.calls) == 1


def test_lines_may_spell_a_field_each_in_its_own_way(tmp_path: Path) -> None:
    one = {"timestamp": "2026-01-31", "model": "priced", "response_time_ms": 5}
    other = {"timestamp": "2026-01-31", "model": "priced", "responseTimeMs": 5}
    assert Read(written(tmp_path, json.dumps(one), json.dumps(other), name="calls.jsonl")).accepted == 2


def test_a_path_is_no_pattern(tmp_path: Path) -> None:
    parquet(tmp_path, f"{GOOD} FROM range(7)", name="calls1.parquet")
    plain = parquet(tmp_path, GOOD, name="plain.parquet")
    assert Read(plain.rename(tmp_path / "calls[1].parquet")).accepted == 1


@pytest.mark.parametrize("name", ["row", "broken", "broken_came", "file_row_number"])
def test_a_column_may_have_any_name(tmp_path: Path, name: str) -> None:
    path = parquet(tmp_path, f"{GOOD}, 'mine' AS {name}")
    assert Read(path, [f"segment={name}"]).only("segment") == "mine"


@pytest.mark.parametrize("damage", ["cut off early", "overwritten"])
def test_a_gz_file_that_is_damaged_is_unreadable(tmp_path: Path, damage: str) -> None:
    whole = bytearray(gzip.compress(f"{HEADER}\n{CALL}\n".encode() * 100))
    path = tmp_path / "calls.csv.gz"
    path.write_bytes(whole[:12] if damage == "cut off early" else whole[:10] + b"\xff" * 30 + whole[40:])
    unreadable(path)


def test_a_parquet_file_with_damaged_pages_is_unreadable(tmp_path: Path) -> None:
    path = parquet(tmp_path, f"{GOOD} FROM range(10)")
    whole = bytearray(path.read_bytes())
    whole[4:30] = bytes(26)
    path.write_bytes(whole)
    unreadable(path)


@pytest.mark.parametrize("value", ["TIMESTAMP '2026-01-31'", "DATE '2026-01-31'", "TIME '12:00'", "uuid()"])
def test_a_column_that_is_no_number_has_no_unit(tmp_path: Path, value: str) -> None:
    path = parquet(tmp_path, f"SELECT {value} AS timestamp, 'priced' AS model, 5 AS response_time_ms")
    unreadable(path, ["timestamp=timestamp:ms"])


@pytest.mark.parametrize("content", ["", '[{"model": "priced"}]', '{\n "model": "priced"\n}'])
def test_json_lines_that_are_none_are_answered_with_what_was_expected(tmp_path: Path, content: str) -> None:
    assert "it has ." not in unreadable(written(tmp_path, content, name="calls.jsonl"))


# ── there and back ───────────────────────────────────────────────────────────────────────────────────────────────────

AWKWARD = st.sampled_from((
    "null", "NULL", "nan", "NaN", "None", "true", '"', '""', "'", ",", "a,b", "\\", "\\n", "\\N", "line\nbreak", "a\r\nb", "\r",
    "\t", "tab\tbed", "é", "😀", "  led", "trailed  ", "-", "0", "1e3", "=1+1", "#", "{}", "[]", "\ufeff", "\x7f", "\x1f",
))  # fmt: skip
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
TEXTS = st.lists(AWKWARD | st.text(CHARACTERS, max_size=5), min_size=1, max_size=3).map("".join)
NAMES = TEXTS.map(lambda text: text.strip(" \t\r\n\v\f")).filter(bool)
MESSAGES = TEXTS.filter(lambda text: bool(text.strip(" \t\r\n\v\f")))
# Texts that DuckDB's JSON and Python's spell alike.
SPELLED_ALIKE = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\x0b\x0e\x0f\x1a\x1b\x1c\x1d\x1e\x1f"), max_size=8
)


@st.composite
def calls(draw: st.DrawFn) -> ModelCall:
    when = draw(st.datetimes(datetime(1970, 1, 1), datetime(2026, 11, 20))).replace(tzinfo=UTC)  # noqa: DTZ001
    texts = ("conversation_id", "segment", "experiment", "variant", "service_tier", "model_version")
    record: dict[str, object] = {name: draw(st.none() | NAMES) for name in texts}
    record |= {
        "id": draw(st.uuids()),
        "model": draw(st.sampled_from(["priced", "gpt-4o", "my own, 'model'"])),
        "timestamp": when,
        "response_time_ms": draw(st.integers(0, 2**31 - 1)),
        "error_message": draw(st.none() | MESSAGES),
        "metadata": draw(
            st.none()
            | st.dictionaries(SPELLED_ALIKE, SPELLED_ALIKE | st.integers(-(2**63), 2**64 - 1) | st.none(), max_size=3)
        ),
        "propensity": draw(st.none() | st.floats(1e-90, 1)),
        "cost_usd": draw(st.none() | st.decimals(0, 100_000, places=10)),
        "user_rating": draw(st.none() | st.integers(-1, 1)),
        "input_tokens": draw(st.none() | st.integers(0, 10**9)),
        "output_tokens": draw(st.none() | st.integers(0, 10**9)),
        "user_id": draw(st.none() | NAMES),
        "message_id": draw(st.none() | st.uuids()),
    }
    return RecordReader(BOOK).read(record, now=NOW)


def exported(folder: Path, batch: list[ModelCall]) -> Path:
    """The calls as a store exports them: Parquet, with the table's own types."""
    path = folder / "export.parquet"
    types = {"id": "UUID", "user_id": "UUID", "message_id": "UUID", "metadata": "JSON", "timestamp": "TIMESTAMPTZ"}
    types |= {"success": "BOOLEAN", "cost_usd": "DECIMAL(18, 10)", "propensity": "DOUBLE", "user_rating": "TINYINT"}
    types |= {name: "INTEGER" for name in COLUMNS if name.endswith(("_ms", "_tokens", "tokens_used"))}
    types["attempt"] = "SMALLINT"
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        columns = ", ".join(f"{name} {types.get(name, 'VARCHAR')}" for name in COLUMNS)
        database.execute(f"CREATE TABLE calls ({columns})")
        slots = ", ".join("?" for _ in COLUMNS)
        values = [[str(value) if isinstance(value, str) else value for value in as_values(call)] for call in batch]
        database.executemany(f"INSERT INTO calls VALUES ({slots})", values)
        database.execute(f"COPY calls TO '{path}' (FORMAT parquet)")
    return path


def as_values(call: ModelCall) -> list[Any]:
    return [getattr(call, name) for name in COLUMNS]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_what_is_exported_is_imported_as_the_same_calls_to_the_last_digit(form: str) -> None:
    @settings(max_examples=6, deadline=None)
    @given(batch=st.lists(calls(), min_size=1, max_size=20, unique_by=lambda call: call.id))
    def there_and_back(batch: list[ModelCall]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = exported(Path(folder), batch)
            if form != "parquet":
                text = Path(folder) / f"export.{form}"
                write_text(path, text, form)
                path = text
            read = Read(path)
        assert read.refusals == []
        found = {row["id"]: list(row.values()) for row in read.calls}
        place = COLUMNS.index("timestamp")
        for call in batch:
            expected = as_values(call)
            expected[place] = epoch_us(call.timestamp)
            assert found[call.id] == expected
        assert len(found) == len(batch)

    there_and_back()


def test_an_exported_csv_file_is_read_by_others_too(tmp_path: Path) -> None:
    call = RecordReader(BOOK).read(
        {"model": "priced", "response_time_ms": 5, "error_message": 'say "no",\nthen go', "cost_usd": "0.1"}, now=NOW
    )
    path = exported(tmp_path, [call._replace(timestamp=datetime(2026, 1, 31, 12, 0, 0, 1, tzinfo=UTC))])
    write_text(path, tmp_path / "calls.csv", "csv")
    with (tmp_path / "calls.csv").open(encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file)
    assert tuple(row) == COLUMNS
    assert (row["timestamp"], row["cost_usd"]) == ("2026-01-31T12:00:00.000001Z", "0.1000000000")
    assert row["error_message"] == 'say "no",\nthen go'
