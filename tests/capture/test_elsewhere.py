"""Exports of other products: what becomes of their records."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.capture.elsewhere import Format, recognised, translator
from augury.capture.files import CheckedFile
from augury.capture.sources import Wishes
from augury.core import ids
from augury.core.calls import COLUMNS
from augury.errors import FileUnreadable
from augury.models.prices import PriceBook

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Row = dict[str, Any]

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET = "my bank says 4711"
BEGAN, ENDED = "2026-05-01T10:00:00.000Z", "2026-05-01T10:00:02.500Z"
CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"Fix this Python function. {SECRET}"}]

LANGFUSE: Row = {
    "id": "6f1d2c3b4a596877", "traceId": "0af7651916cd43dd8448eb211c80319c", "type": "GENERATION", "name": "answer",
    "startTime": BEGAN, "endTime": ENDED, "completionStartTime": "2026-05-01T10:00:00.400Z",
    "providedModelName": "claude-sonnet-4-5-20250929", "input": {"messages": CHAT}, "output": {"content": SECRET},
    "usageDetails": {"input": 100, "input_cached_tokens": 900, "output": 60, "output_reasoning_tokens": 40, "total": 1100},
    "costDetails": {"input": 0.001, "output": 0.002, "total": 0.003}, "totalCost": 0.003, "level": "DEFAULT",
    "statusMessage": None, "sessionId": "session-1", "userId": "anna", "environment": "production",
    "traceTags": ["nightly"], "metadata": {"note": SECRET}, "latency": 2.5, "timeToFirstToken": 0.4,
}  # fmt: skip
LITELLM: Row = {
    "request_id": "chatcmpl-1", "call_type": "acompletion", "api_key": "hash", "spend": 1.2e-05, "total_tokens": 1100,
    "prompt_tokens": 1000, "completion_tokens": 100, "startTime": BEGAN, "endTime": ENDED,
    "completionStartTime": "2026-05-01 10:00:00.4", "model": "gpt-4o-2024-11-20", "model_group": "smart",
    "custom_llm_provider": "azure", "user": "", "end_user": "anna", "cache_hit": "False", "status": "success",
    "session_id": "session-1", "request_tags": '["nightly", "User-Agent: curl"]', "messages": json.dumps(CHAT),
    "response": {"content": SECRET},
    "metadata": json.dumps({"usage_object": {"prompt_tokens_details": {"cached_tokens": 900},
                                             "completion_tokens_details": {"reasoning_tokens": 40}}}),
}  # fmt: skip
PHOENIX: Row = {
    "context.span_id": "6f1d2c3b4a596877", "context.trace_id": "0af7651916cd43dd8448eb211c80319c", "name": "ChatCompletion",
    "span_kind": "LLM", "start_time": BEGAN, "end_time": ENDED, "status_code": "OK", "status_message": "",
    "events": [{"name": "First Token Stream Event", "timestamp": "2026-05-01T10:00:00.400Z"}],
    "attributes.llm.model_name": "gpt-4o", "attributes.llm.provider": "openai", "attributes.llm.token_count.prompt": 1000.0,
    "attributes.llm.token_count.completion": 100.0, "attributes.llm.token_count.prompt_details.cache_read": 900.0,
    "attributes.llm.token_count.completion_details.reasoning": 40.0, "attributes.session.id": "session-1",
    "attributes.user.id": "anna", "attributes.tag.tags": ["nightly"],
    "attributes.llm.input_messages": [{"message.role": m["role"], "message.content": m["content"]} for m in CHAT],
    "attributes.output.value": SECRET,
}  # fmt: skip
HELICONE: Row = {
    "request_id": "11111111-2222-4333-8444-555555555555", "response_id": "x", "request_created_at": BEGAN,
    "response_created_at": ENDED, "response_status": 200, "delay_ms": 2500, "time_to_first_token": 400,
    "model": "gpt-4o", "provider": "OPENAI", "prompt_tokens": 1000, "completion_tokens": 100, "prompt_cache_read_tokens": 900,
    "reasoning_tokens": 40, "costUSD": 0.003, "request_user_id": "anna", "feedback_rating": True,
    "request_properties": {"Helicone-Session-Id": "session-1"}, "request_path": "https://api.openai.com/v1/chat/completions",
    "request_body": {"messages": CHAT}, "response_body": {"content": SECRET},
}  # fmt: skip
OPENROUTER: Row = {
    "generation_id": "gen-1777629600-abc", "created_at": "2026-05-01 10:00:00.000", "cost_total": "0.003", "cost_web_search": "0",
    "byok_usage_inference": "0", "tokens_prompt": "1000", "tokens_completion": "100", "tokens_reasoning": "40",
    "tokens_cached": "900", "model_permaslug": "openai/gpt-4o-2024-11-20", "provider_name": "OpenAI", "variant": "standard",
    "cancelled": "false", "streamed": "true", "user": "anna", "finish_reason_normalized": "stop",
    "generation_time_ms": "2500", "time_to_first_token_ms": "400", "app_name": "my app", "api_key_name": "prod",
}  # fmt: skip
SAMPLES = {
    Format.LANGFUSE: LANGFUSE,
    Format.LITELLM: LITELLM,
    Format.PHOENIX: PHOENIX,
    Format.HELICONE: HELICONE,
    Format.OPENROUTER: OPENROUTER,
}


class Read:
    """All that an export gave."""

    def __init__(self, path: Path, form: Format, constant: Iterable[str] = ()) -> None:
        wishes = Wishes.parse([], constant)
        with CheckedFile(path, wishes, PriceBook(), form=form, now=NOW) as file:
            self.calls: list[Row] = []
            for chunk in file.chunks():
                found = duckdb.execute(
                    "SELECT * REPLACE (epoch_us(timestamp) AS timestamp) FROM read_parquet($1)", [str(chunk)]
                )
                self.calls += [dict(zip(COLUMNS, row, strict=True)) for row in found.fetchall()]
            self.refusals = list(file.refusals())
            self.records, self.accepted, self.skipped = file.records, file.accepted, file.skipped

    def only(self) -> Row:
        [call] = self.calls
        return call


def jsonl(path: Path, *rows: Mapping[str, Any] | str) -> Path:
    path = path / "export.jsonl"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("form", Format)
def test_a_call_is_told_alike_by_every_product_it_comes_from(tmp_path: Path, form: Format) -> None:
    call = Read(jsonl(tmp_path, SAMPLES[form]), form).only()

    assert call["model"] in ("gpt-4o", "claude-sonnet-4-5")
    assert call["provider"] in ("openai", "anthropic", "azure.ai.openai")
    assert call["timestamp"] == ids.epoch_us(datetime.fromisoformat(ENDED))
    assert (call["response_time_ms"], call["success"], call["error_type"]) == (2_500, True, None)
    assert call["time_to_first_token_ms"] == 400
    assert (call["input_tokens"], call["output_tokens"], call["tokens_used"]) == (1_000, 100, 1_100)
    assert (call["cached_input_tokens"], call["reasoning_tokens"]) == (900, 40)
    assert call["user_id"] == ids.as_uuid("anna", ids.USERS)
    assert call["conversation_id"] == (None if form is Format.OPENROUTER else "session-1")
    assert call["cost_source"] == ("computed" if form is Format.PHOENIX else "reported")
    assert call["task_type"] == ("other" if form is Format.OPENROUTER else "coding")
    assert json.loads(call["metadata"])["source"] == form
    assert call["operation"] == "chat"
    assert SECRET not in str(call)


def test_a_cost_is_taken_to_the_digit_and_nothing_where_they_do_not_know_it(tmp_path: Path) -> None:
    told = [
        LITELLM,
        LITELLM | {"request_id": "2", "spend": 0.0},
        LITELLM | {"request_id": "3", "spend": 0, "model": "my-own"},
    ]

    calls = Read(jsonl(tmp_path, *told), Format.LITELLM).calls

    assert [(call["cost_source"], call["cost_usd"] is None) for call in calls] == [
        ("reported", False),
        ("computed", False),
        ("unknown", True),
    ]
    assert calls[0]["cost_usd"] == Decimal("0.0000120000")


@pytest.mark.parametrize(
    ("form", "rows"),
    [
        (Format.LANGFUSE, [{"type": "SPAN"}, {"type": None}, {"type": {"nested": "GENERATION"}}]),
        (Format.LITELLM, [{"call_type": "aimage_generation"}, {"call_type": ""}, {"cache_hit": "True"}]),
        (Format.PHOENIX, [{"span_kind": "CHAIN"}, {"span_kind": None}]),
        (Format.HELICONE, [
            {"response_status": -2}, {"cache_reference_id": HELICONE["request_id"]}, {"model": "vector_db:pinecone"},
        ]),
    ],
)  # fmt: skip
def test_what_is_no_call_is_counted_and_not_refused(tmp_path: Path, form: Format, rows: list[Row]) -> None:
    read = Read(jsonl(tmp_path, *(SAMPLES[form] | row for row in rows), SAMPLES[form]), form)

    assert (read.records, read.accepted, read.skipped, read.refusals) == (len(rows) + 1, 1, len(rows), [])


def test_an_export_without_a_call_is_read_all_the_same(tmp_path: Path) -> None:
    read = Read(jsonl(tmp_path, LANGFUSE | {"type": "EVENT"}), Format.LANGFUSE)

    assert (read.records, read.accepted, read.skipped) == (1, 0, 1)


FAILURES: dict[Format, list[tuple[Row, str, str | None]]] = {
    Format.LANGFUSE: [
        ({"level": "ERROR", "statusMessage": f"RateLimitError: Error code: 429 - {SECRET}"}, "rate_limit", "RateLimitError 429"),
        ({"level": "ERROR", "statusMessage": f"{SECRET} took too long"}, "other", None),
    ],
    Format.LITELLM: [
        ({"status": "failure", "metadata": {"error_information": {
            "error_code": "400", "error_class": "ContextWindowExceededError", "error_message": SECRET,
        }}}, "context_length", "ContextWindowExceededError 400"),
        ({"status": "failure", "metadata": "{}"}, "other", None),
    ],
    Format.PHOENIX: [
        ({"status_code": "ERROR", "status_message": f"APITimeoutError: {SECRET}"}, "timeout", "APITimeoutError"),
        ({"status_code": "ERROR", "events": [
            {"name": "exception", "attributes": {"exception.type": "openai.RateLimitError", "exception.message": SECRET}},
        ]}, "rate_limit", "openai.RateLimitError"),
    ],
    Format.HELICONE: [
        ({"response_status": 529}, "overloaded", "529"),
        ({"response_status": -3}, "cancelled", None),
        ({"response_status": 401.0}, "authentication", "401"),
    ],
    Format.OPENROUTER: [
        ({"cancelled": "true"}, "cancelled", None),
        ({"finish_reason_normalized": "error"}, "server", None),
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", Format)
def test_a_failure_keeps_its_kind_and_none_of_its_words(tmp_path: Path, form: Format) -> None:
    rows = [SAMPLES[form] | row for row, _, _ in FAILURES[form]]

    calls = Read(jsonl(tmp_path, *rows), form).calls

    assert [(call["success"], call["error_type"], call["error_message"]) for call in calls] == [
        (False, error_type, message) for _, error_type, message in FAILURES[form]
    ]
    assert SECRET not in str(calls)


@pytest.mark.parametrize(
    ("usage", "given", "taken"),
    [
        ({"input": 10, "output": 5}, 10, 5),
        ({"input": 10, "output": 5, "input_cached_tokens": 4, "total": 19}, 14, 5),
        ({"input": 10, "output": 5, "input_cached_tokens": 4, "total": 15}, 10, 5),
        ({"prompt_tokens": 10, "completion_tokens": 5}, 10, 5),
        ({"input": 1, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 2, "output": 5}, 7, 5),
        ({"output": 5}, None, 5),
    ],
)
def test_langfuse_keeps_parts_beside_the_whole_unless_its_total_says_otherwise(
    usage: dict[str, int], given: int | None, taken: int
) -> None:
    record = translator(Format.LANGFUSE)(LANGFUSE | {"usageDetails": json.dumps(usage)}) or {}

    assert (record["input_tokens"], record["output_tokens"]) == (given, taken)


@pytest.mark.parametrize("form", Format)
def test_the_same_call_is_the_same_whatever_becomes_of_the_rest_of_it(form: Format) -> None:
    later = {name: value for name, value in SAMPLES[form].items() if "cost" not in name.lower() and "put" not in name}
    before, after = (translator(form)(row) or {} for row in (SAMPLES[form], later))

    assert before["id"] == after["id"]
    assert before["message_id"] == after["message_id"]


def test_langfuse_is_read_as_its_ui_and_its_blob_storage_write_it(tmp_path: Path) -> None:
    snake = {
        "id": LANGFUSE["id"], "trace_id": LANGFUSE["traceId"], "type": "generation", "start_time": "2026-05-01 10:00:00.000000",
        "end_time": "2026-05-01 10:00:02.500000", "provided_model_name": "claude-sonnet-4-5-20250929",
        "usage_details": '{"input":"1000","output":"100"}', "total_cost": "0.003", "session_id": "session-1",
        "input": json.dumps(CHAT),
    }  # fmt: skip
    table = tmp_path / "export.csv"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, snake)
        writer.writeheader()
        writer.writerow(snake)
    array = tmp_path / "export.json"
    array.write_text(
        json.dumps([LANGFUSE, LANGFUSE | {"type": "SPAN", "output": "]" * 100}, LANGFUSE | {"id": "2"}], indent=2)
    )

    from_ui, from_storage = Read(array, Format.LANGFUSE), Read(table, Format.LANGFUSE).only()

    assert (from_ui.records, from_ui.accepted, from_ui.skipped) == (3, 2, 1)
    assert from_storage["id"] == from_ui.calls[0]["id"]
    assert (from_storage["tokens_used"], from_storage["task_type"]) == (1_100, "coding")


def test_phoenix_spans_come_as_parquet_with_lists_and_objects_in_columns(tmp_path: Path) -> None:
    path = tmp_path / "spans[1].parquet"
    duckdb.execute(
        f"""COPY (SELECT 'a1' AS "context.span_id", 't1' AS "context.trace_id", 'LLM' AS span_kind,
            TIMESTAMPTZ '{BEGAN}' AS start_time, TIMESTAMPTZ '{ENDED}' AS end_time, 'OK' AS status_code,
            'gpt-4o' AS "attributes.llm.model_name",
            {{'prompt': 1000, 'completion': 100, 'prompt_details': {{'cache_read': 900}}}} AS "attributes.llm.token_count",
            [{{'message.role': 'user', 'message.content': 'Fix this Python function.'}}] AS "attributes.llm.input_messages",
            [{{'name': 'First Token Stream Event', 'timestamp': '2026-05-01T10:00:00.4Z'}}] AS events,
            [0.5::DOUBLE] AS "attributes.embedding.embeddings"
        UNION ALL SELECT 'a2', 't1', 'CHAIN', '{BEGAN}', '{ENDED}', 'OK', NULL, NULL, NULL, NULL, NULL
        UNION ALL SELECT 'a3', 't1', 'LLM', '{BEGAN}', NULL, 'UNSET', 'gpt-4o', NULL, NULL, NULL, NULL)
        TO '{path}' (FORMAT parquet)"""
    )

    read = Read(path, Format.PHOENIX)

    assert (read.records, read.accepted, read.skipped) == (3, 1, 1)
    call = read.only()
    assert (call["input_tokens"], call["cached_input_tokens"], call["time_to_first_token_ms"]) == (1_000, 900, 400)
    assert (call["task_type"], call["conversation_id"]) == ("coding", "t1")
    assert [refusal.row for refusal in read.refusals] == [3]


def test_one_broken_record_costs_no_other_and_says_which_field(tmp_path: Path) -> None:
    rows: list[Row | str] = [
        LITELLM | {"endTime": "yesterday"}, LITELLM | {"prompt_tokens": -1}, LITELLM | {"spend": "a lot"}, "{broken",
        LITELLM | {"startTime": "2026-05-01T11:00:00Z"}, LITELLM | {"request_id": "\0"}, LITELLM,
    ]  # fmt: skip

    read = Read(jsonl(tmp_path, *rows), Format.LITELLM)

    assert [(refusal.row, refusal.field) for refusal in read.refusals] == [
        (1, "timestamp"), (2, "input_tokens"), (3, "cost_usd"), (4, "line"), (5, "response_time_ms"),
    ]  # fmt: skip
    assert (read.records, read.accepted) == (7, 2)
    assert SECRET not in str(read.refusals)


@pytest.mark.parametrize("text", ["[", '[{"id": 1}', '[{"id": 1} {"id":', '[{"a": tru}]', "[1, 2"])
def test_an_array_that_breaks_off_is_refused_whole(tmp_path: Path, text: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(text)

    with pytest.raises(FileUnreadable, match=r"export\.json"):
        Read(path, Format.LANGFUSE)


def test_an_array_larger_than_a_piece_of_it_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    rows = [LANGFUSE | {"id": f"{n}", "output": "ü" * 50_000} for n in range(60)]
    path.write_text(json.dumps([*rows, 7, None], ensure_ascii=False))

    read = Read(path, Format.LANGFUSE)

    assert (read.records, read.accepted) == (62, 60)
    assert [refusal.row for refusal in read.refusals] == [61, 62]


def test_what_is_set_goes_before_what_the_export_says(tmp_path: Path) -> None:
    call = Read(jsonl(tmp_path, LITELLM), Format.LITELLM, ["task_type=analysis,segment=old"]).only()

    assert (call["task_type"], call["segment"]) == ("analysis", "old")


@pytest.mark.parametrize("form", Format)
def test_an_export_is_recognised_by_its_columns_and_the_way_to_read_it_said(tmp_path: Path, form: Format) -> None:
    assert recognised(SAMPLES[form]) is form
    path = jsonl(tmp_path, SAMPLES[form])

    with (
        pytest.raises(FileUnreadable, match=f"--format {form}"),
        CheckedFile(path, Wishes.parse([], []), PriceBook(), now=NOW),
    ):
        pass


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000, 1_000_000_000])
def test_times_as_data_frames_write_them_into_json_are_understood(unit: int) -> None:
    began, ended = (round(datetime.fromisoformat(when).timestamp() * unit) for when in (BEGAN, ENDED))

    record = translator(Format.PHOENIX)(PHOENIX | {"start_time": began, "end_time": ended, "events": []}) or {}

    assert record["response_time_ms"] in (2_500, 2_000)  # whole seconds tell no more
    assert abs(record["timestamp"] - datetime.fromisoformat(ENDED)) < timedelta(seconds=1)


def test_columns_of_ones_own_are_nobodys() -> None:
    assert recognised(["timestamp", "model", "response_time_ms"]) is None


odd = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
    | st.sampled_from([BEGAN, ENDED, "0", "-1", "1e999", "null", "[", '{"a":', "LLM", "GENERATION", "failure", "ERROR", "\0", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(form=st.sampled_from(Format), data=st.data())
@settings(max_examples=80)
def test_whatever_an_export_holds_nothing_is_raised(form: Format, data: st.DataObject) -> None:
    sample = SAMPLES[form]
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(sample)), odd, max_size=5))

    record = translator(form)({**sample, **changed})

    assert record is None or record.keys() <= {*COLUMNS}


@pytest.mark.parametrize("when", [253402300799999983616, 67768036191676798846631937, 1e300, -1e300])
def test_a_time_beyond_the_calendar_is_none(tmp_path: Path, when: float) -> None:
    row = SAMPLES[Format.LANGFUSE] | {"completionStartTime": when}
    (call,) = Read(jsonl(tmp_path, row), Format.LANGFUSE).calls
    assert call["time_to_first_token_ms"] is None


@given(form=st.sampled_from(Format), data=st.data())
@settings(max_examples=5)
def test_every_record_is_a_call_or_none_or_refused(
    tmp_path_factory: pytest.TempPathFactory, form: Format, data: st.DataObject
) -> None:
    sample = SAMPLES[form]
    changes = data.draw(st.lists(st.dictionaries(st.sampled_from(sorted(sample)), odd, max_size=4), max_size=8))
    rows = [sample | change for change in changes]

    read = Read(jsonl(tmp_path_factory.mktemp("odd"), *rows), form)

    assert read.accepted + len(read.refusals) + read.skipped == read.records == len(rows)
    assert len(read.calls) == read.accepted
    latest = ids.epoch_us(NOW + timedelta(minutes=5))
    assert all(call["timestamp"] <= latest for call in read.calls)
