from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.capture.texts import Line, csv_columns, read_csv, read_jsonl
from augury.errors import FileUnreadable

HEADER = b"model,note,ms\n"
CELLS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["", '"', '""', ",", "\n", "\r\n", "\r", " a "]
)


def written(folder: Path, content: bytes, name: str = "calls.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def good(lines: list[Line]) -> list[tuple[int, list[object]]]:
    return [(line.number, list(line.values.values())) for line in lines if line.broken is None]


def broken(lines: list[Line]) -> list[tuple[int, str | None]]:
    return [(line.number, line.broken) for line in lines if line.broken is not None]


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_record_has_its_line_number_and_its_values_by_column(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + b"gpt-4o,fine,12\n")
    assert list(read_csv(path)) == [Line(2, {"model": "gpt-4o", "note": "fine", "ms": "12"})]
    assert csv_columns(path) == ["model", "note", "ms"]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"gpt-4o,12\n", id="too few fields"),
        pytest.param(b"gpt-4o,a,b,12\n", id="too many fields"),
        pytest.param(b'gpt-4o,"never closed,12\n', id="a quote that nobody closes"),
        pytest.param(b'gpt-4o,a 5" disk,12\n', id="a lone quote in a field without quotes"),
        pytest.param(b'gpt-4o,"closed" too early,12\n', id="text behind a closing quote"),
        pytest.param(b"gpt-4o,caf\xe9,12\n", id="no UTF-8"),
        pytest.param(b"gpt-4o,a\rb,12\n", id="a bare carriage return"),
        pytest.param(b"   \n", id="only spaces"),
    ],
)
def test_a_broken_line_costs_that_line_and_no_other(tmp_path: Path, line: bytes) -> None:
    before, after = b"one,x,1\ntwo,x,2\n", b'three,"quoted, and\nover two lines",3\nfour,x,4\n'
    lines = list(read_csv(written(tmp_path, HEADER + before + line + after)))
    assert broken(lines) == [(4, "3 fields")]
    assert [(number, values[0]) for number, values in good(lines)] == [
        (2, "one"),
        (3, "two"),
        (5, "three"),
        (7, "four"),
    ]


def test_two_lines_that_each_lack_a_quote_do_not_swallow_what_is_between(tmp_path: Path) -> None:
    content = HEADER + b'one,a 5" disk,1\ntwo,x,2\nthree,a 7" disk,3\nfour,x,4\n'
    lines = list(read_csv(written(tmp_path, content)))
    assert broken(lines) == [(2, "3 fields"), (4, "3 fields")]
    assert [number for number, _ in good(lines)] == [3, 5]


def test_a_quote_that_nobody_closes_is_given_up_in_a_long_file_too(tmp_path: Path) -> None:
    content = HEADER + b'one,"open,1\n' + b"two,x,2\n" * 5_000
    lines = list(read_csv(written(tmp_path, content)))
    assert broken(lines) == [(2, "3 fields")]
    assert len(good(lines)) == 5_000


def test_the_last_line_may_lack_its_end(tmp_path: Path) -> None:
    assert good(list(read_csv(written(tmp_path, HEADER + b"one,x,1\ntwo,x,2")))) == [
        (2, ["one", "x", "1"]),
        (3, ["two", "x", "2"]),
    ]


def test_a_file_that_was_cut_off_loses_only_its_last_record(tmp_path: Path) -> None:
    lines = list(read_csv(written(tmp_path, HEADER + b'one,x,1\ntwo,"cut o')))
    assert (len(good(lines)), broken(lines)) == (1, [(3, "3 fields")])


def test_quoted_fields_hold_delimiters_quotes_and_newlines(tmp_path: Path) -> None:
    content = HEADER + b'one,"a, ""b""\n\nc",1\ntwo,"",2\n'
    assert good(list(read_csv(written(tmp_path, content)))) == [
        (2, ["one", 'a, "b"\n\nc', "1"]),
        (5, ["two", "", "2"]),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_delimiters_line_ends_and_byte_order_marks_are_recognised(
    tmp_path: Path, delimiter: str, end: str, mark: bytes
) -> None:
    rows = [["model", "note", "ms"], ["one", "x", "1"], ["two", '"y"', "2"]]
    content = mark + "".join(delimiter.join(row) + end for row in rows).encode()
    path = written(tmp_path, content)
    assert csv_columns(path) == rows[0]
    assert good(list(read_csv(path))) == [(2, ["one", "x", "1"]), (3, ["two", "y", "2"])]


def test_empty_lines_are_passed_over_but_counted(tmp_path: Path) -> None:
    lines = list(read_csv(written(tmp_path, HEADER + b"\none,x,1\n\r\n\ntwo,x,2\n\n")))
    assert [number for number, _ in good(lines)] == [3, 6]
    assert not broken(lines)


def test_a_header_alone_has_no_records(tmp_path: Path) -> None:
    assert list(read_csv(written(tmp_path, HEADER))) == []


def test_a_name_that_stands_twice_in_the_header_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="the header has ms more than once"):
        csv_columns(written(tmp_path, b"model,ms,ms\n"))


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfem\x00o\x00"])
def test_what_has_no_header_is_unreadable(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileUnreadable, match="expected a CSV file with a header"):
        csv_columns(written(tmp_path, content))


def test_a_file_of_bare_carriage_returns_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        csv_columns(written(tmp_path, HEADER.replace(b"\n", b"\r") + b"one,x,1\r"))


def test_a_long_prompt_in_a_column_costs_nothing(tmp_path: Path) -> None:
    assert not broken(list(read_csv(written(tmp_path, HEADER + b"one," + b"x" * 200_000 + b",1\n"))))


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=12), sparingly=st.booleans())
def test_what_pythons_csv_writer_writes_is_read_back(rows: list[tuple[str, str, str]], sparingly: bool) -> None:
    text = io.StringIO(newline="")
    if sparingly:  # quotes where they are needed, which the writer knows of \r only where lines end in it
        writer = csv.writer(text, lineterminator="\r\n")
    else:
        writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b", "c"), *rows])
    with tempfile.TemporaryDirectory() as folder:
        lines = list(read_csv(written(Path(folder), text.getvalue().encode())))
    assert not broken(lines)
    assert [tuple(values) for _, values in good(lines)] == rows


# ── JSONL ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "line",
    [
        b'{"model": "gpt-4o"',
        b"[1]",
        b'"text"',
        b"null",
        b"model,ms",
        b'{"model": "caf\xe9"}',
        b"{} {}",
        b"{'model': 1}",
        b"[" * 100_000,
        b'{"ms": ' + b"9" * 5_000 + b"}",
    ],
)
def test_a_broken_line_of_json_costs_that_line_and_no_other(tmp_path: Path, line: bytes) -> None:
    path = written(tmp_path, b'{"a": 1}\n' + line + b'\n{"a": 2}\n', "calls.jsonl")
    lines = list(read_jsonl(path))
    assert broken(lines) == [(2, "a JSON object on one line")]
    assert good(lines) == [(1, [1]), (3, [2])]


def test_json_lines_may_be_empty_have_a_byte_order_mark_and_end_as_on_windows(tmp_path: Path) -> None:
    path = written(tmp_path, b'\xef\xbb\xbf{"a": 1}\r\n\r\n  \n{"a": 2}', "calls.jsonl")
    assert good(list(read_jsonl(path))) == [(1, [1]), (4, [2])]


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    path = written(tmp_path, b"", "calls.jsonl")
    assert list(read_jsonl(path)) == []


def test_a_file_that_ends_in_gz_is_uncompressed(tmp_path: Path) -> None:
    assert good(list(read_csv(written(tmp_path, gzip.compress(HEADER + b"one,x,1\n"), "calls.csv.gz")))) == [
        (2, ["one", "x", "1"])
    ]
    assert good(list(read_jsonl(written(tmp_path, gzip.compress(b'{"a": 1}\n'), "calls.jsonl.gz")))) == [(1, [1])]


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=8)), max_size=8),
    ascii_only=st.booleans(),
)
def test_what_pythons_json_writes_is_read_back(rows: list[dict[str, object]], ascii_only: bool) -> None:
    texts = [json.dumps(row, ensure_ascii=ascii_only) for row in rows]
    content = "".join(text + "\n" for text in texts).encode("utf-8", "replace")
    with tempfile.TemporaryDirectory() as folder:
        lines = list(read_jsonl(written(Path(folder), content, "calls.jsonl")))
    expected = [json.loads(text.encode("utf-8", "replace")) for text in texts]
    assert [line.values for line in lines] == expected
    assert [line.number for line in lines] == list(range(1, len(rows) + 1))
