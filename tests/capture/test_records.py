from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.capture.records import RecordReader, as_record, log_line, read_all
from augury.core.calls import NO_USER, CostSource, ErrorType, ModelCall, SelectedBy
from augury.core.ids import MESSAGES, as_uuid
from augury.core.tasks import Complexity, TaskType
from augury.errors import InvalidValue
from augury.models.overrides import PriceOverride
from augury.models.prices import PriceBook

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PRICE = PriceOverride(
    model="priced",
    input=Decimal(2),
    cached_input=Decimal("0.5"),
    cache_write=Decimal(3),
    cache_write_1h=Decimal(5),
    output=Decimal(10),
)
BOOK = PriceBook([PRICE])
NEEDED: dict[str, object] = {"model": "priced", "response_time_ms": 1_200}


def call(**fields: object) -> ModelCall:
    return RecordReader(BOOK).read({**NEEDED, **fields}, now=NOW)


def refused(**fields: object) -> InvalidValue:
    with pytest.raises(InvalidValue) as caught:
        call(**fields)
    return caught.value


# ── what is filled in ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_model_and_a_duration_are_enough() -> None:
    read = call()
    assert (read.model, read.response_time_ms, read.timestamp) == ("priced", 1_200, NOW)
    assert (read.task_type, read.operation, read.attempt) == (TaskType.OTHER, "chat", 1)
    assert (read.user_id, read.success, read.tokens_used) == (NO_USER, True, 0)
    assert (read.cost_usd, read.cost_source) == (None, CostSource.UNKNOWN)
    assert {read.input_tokens, read.output_tokens, read.user_rating, read.task_complexity} == {None}


@pytest.mark.parametrize("model", [None, "", " ", "None", "null", "unknown", "[REDACTED]", "openrouter/REDACTED"])
def test_a_record_without_a_model_is_refused(model: str | None) -> None:
    assert refused(model=model).field == "model"


def test_a_record_without_a_duration_is_refused() -> None:
    assert refused(response_time_ms=None).field == "response_time_ms"


def test_a_reported_name_becomes_the_models_own_and_is_kept_beside_it() -> None:
    read = call(model="openai/gpt-4o-2024-11-20")
    assert (read.model, read.provider, read.model_version) == ("gpt-4o", "openai", "openai/gpt-4o-2024-11-20")


def test_a_version_that_is_given_is_kept() -> None:
    assert call(model="gpt-4o", model_version="gpt-4o-2024-08-06").model_version == "gpt-4o-2024-08-06"


def test_a_provider_that_is_given_comes_before_what_the_name_tells() -> None:
    assert call(model="gpt-4o", provider="Azure").provider == "azure.ai.openai"


def test_fields_may_be_written_in_camel_case() -> None:
    record: dict[str, object] = {
        "model": "priced",
        "responseTimeMs": 7,
        "taskType": "coding",
        "messageId": "chatcmpl-1",
    }
    read = RecordReader(BOOK).read(record, now=NOW)
    assert (read.response_time_ms, read.task_type) == (7, TaskType.CODING)
    assert read.message_id == as_uuid("chatcmpl-1", MESSAGES)


def test_an_unknown_field_is_refused_by_its_name() -> None:
    problem = refused(latency=5)
    assert problem.field == "latency"
    assert "a field of model_performance_metrics" in str(problem)


# ── success ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fields", "success"),
    [
        ({}, True),
        ({"error_type": "timeout"}, False),
        ({"error_message": "boom"}, False),
        ({"error_message": "  "}, True),
        ({"success": True, "error_message": "stopped at the length"}, True),
        ({"success": False}, False),
        ({"success": "no"}, False),
    ],
)
def test_success_follows_from_the_errors_unless_it_is_given(fields: dict[str, object], success: bool) -> None:
    assert call(**fields).success is success


def test_a_call_that_succeeded_has_no_type_of_error() -> None:
    problem = refused(success=True, error_type="task")
    assert (problem.field, problem.expected) == ("error_type", "none on a call that succeeded")


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_unknown_tokens_of_a_failed_call_are_none() -> None:
    read = call(success=False)
    assert (read.input_tokens, read.output_tokens, read.tokens_used) == (0, 0, 0)


def test_known_tokens_of_a_failed_call_are_kept() -> None:
    read = call(success=False, input_tokens=12)
    assert (read.input_tokens, read.output_tokens, read.tokens_used) == (12, 0, 12)


@pytest.mark.parametrize(
    ("fields", "used"),
    [
        ({"input_tokens": 3, "output_tokens": 4}, 7),
        ({"input_tokens": 3, "output_tokens": 4, "tokens_used": 99}, 7),
        ({"tokens_used": 99}, 99),
        ({"input_tokens": 3, "tokens_used": 99}, 99),
        ({"input_tokens": 3}, 3),
        ({"output_tokens": 4}, 4),
        ({"success": False, "tokens_used": 99}, 99),
        ({"input_tokens": 10**9, "output_tokens": 10**9}, 2 * 10**9),
    ],
)
def test_tokens_used_are_the_sum_where_both_parts_are_known_else_what_was_given(
    fields: dict[str, object], used: int
) -> None:
    assert call(**fields).tokens_used == used


# ── cost ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reported_cost_is_kept_to_the_tenth_place() -> None:
    read = call(cost_usd="0.12345678915", input_tokens=1, output_tokens=1)
    assert (read.cost_usd, read.cost_source) == (Decimal("0.1234567892"), CostSource.REPORTED)


def test_a_cost_of_zero_is_reported_and_not_unknown() -> None:
    assert (call(cost_usd=0).cost_usd, call(cost_usd=0).cost_source) == (Decimal(0), CostSource.REPORTED)


def test_a_cost_that_says_that_it_was_computed_stays_so() -> None:
    assert call(cost_usd=1, cost_source="computed").cost_source is CostSource.COMPUTED


def test_cost_is_computed_from_the_tokens() -> None:
    read = call(input_tokens=1_000, output_tokens=100)
    assert (read.cost_usd, read.cost_source) == (Decimal("0.003"), CostSource.COMPUTED)


def test_cached_and_written_tokens_have_their_own_prices() -> None:
    read = call(
        input_tokens=1_000,
        cached_input_tokens=400,
        cache_write_tokens=300,
        cache_write_1h_tokens=100,
        output_tokens=50,
    )
    per_million = 300 * 2 + 400 * Decimal("0.5") + 200 * 3 + 100 * 5 + 50 * 10
    assert read.cost_usd == per_million / 1_000_000


COUNTS = st.integers(0, 10_000)


@settings(deadline=None)
@given(
    plain=COUNTS, cached=COUNTS, short=COUNTS, long=COUNTS, output=COUNTS, model=st.sampled_from(["priced", "gpt-4o"])
)
def test_a_computed_cost_is_that_of_the_price_book(
    plain: int, cached: int, short: int, long: int, output: int, model: str
) -> None:
    counts = {
        "input_tokens": plain + cached + short + long,
        "output_tokens": output,
        "cached_input_tokens": cached,
        "cache_write_tokens": short + long,
        "cache_write_1h_tokens": long,
    }
    read = call(model=model, **counts)
    expected = BOOK.cost(model=model, provider=read.provider, service_tier=None, at=NOW, **counts)
    assert expected is not None
    assert (read.cost_usd, read.cost_source) == (expected, CostSource.COMPUTED)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"input_tokens": 5},
        {"output_tokens": 5},
        {"model": "nobody-knows-it", "input_tokens": 5, "output_tokens": 5},
        {"input_tokens": 5, "output_tokens": 5, "cost_source": "unknown"},
    ],
)
def test_an_unknown_price_is_no_price(fields: dict[str, object]) -> None:
    read = call(**fields)
    assert (read.cost_usd, read.cost_source) == (None, CostSource.UNKNOWN)


def test_embeddings_need_no_output_to_have_a_price() -> None:
    assert call(operation="embeddings", input_tokens=1_000_000).cost_usd == Decimal(2)


def test_without_a_price_book_costs_are_left_to_whoever_stores_the_call() -> None:
    reader = RecordReader(None)
    read = reader.read({**NEEDED, "input_tokens": 5, "output_tokens": 5}, now=NOW)
    assert (read.cost_usd, read.cost_source) == (None, CostSource.UNKNOWN)
    assert reader.read({**NEEDED, "cost_usd": 1}, now=NOW).cost_source is CostSource.REPORTED


@pytest.mark.parametrize(
    "fields", [{"cached_input_tokens": 1_000}, {"cache_write_tokens": 1_000}, {"reasoning_tokens": 1_000}]
)
def test_a_failed_call_of_which_only_parts_are_known_costs_nothing_less_and_reads_back(fields: dict[str, Any]) -> None:
    read = call(model="claude-sonnet-4-5", success=False, **fields)
    assert read.cost_usd is None or read.cost_usd >= 0
    assert RecordReader(BOOK).read(as_record(read), now=NOW) == read


def test_tokens_written_for_an_hour_are_paid_once() -> None:
    read = call(input_tokens=100, output_tokens=0, cache_write_1h_tokens=100)
    assert read.cost_usd == Decimal("0.0005")


# ── ids ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_given_id_is_kept() -> None:
    one = UUID("01980000-0000-7000-8000-000000000001")
    assert call(id=str(one)).id == one


def test_the_same_record_has_the_same_id_again() -> None:
    assert call(conversation_id="c").id == call(conversation_id="c").id
    assert call(conversation_id="c").id != call(conversation_id="d").id


def test_twins_of_one_reader_stay_two_and_are_the_same_two_again() -> None:
    def both() -> list[UUID]:
        reader = RecordReader(BOOK)
        return [reader.read(NEEDED, now=NOW).id for _ in range(2)]

    assert len(set(both())) == 2
    assert both() == both()


def test_what_is_told_later_does_not_change_an_id() -> None:
    later = call(success=False, error_type="task", user_rating=1, cost_usd=1, error_message="not done")
    assert later.id == call().id


# ── many ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_good_records_are_kept_beside_bad_ones() -> None:
    problem = InvalidValue("line", "a JSON object on one line")
    records = [NEEDED, {**NEEDED, "user_rating": 2}, "no record", problem, {**NEEDED, "response_time_ms": 5}]
    first, rated, text, line, last = read_all(records, BOOK, now=NOW)
    assert isinstance(first, ModelCall)
    assert isinstance(rated, InvalidValue)
    assert isinstance(text, InvalidValue)
    assert isinstance(last, ModelCall)
    assert (rated.field, text.field, line) == ("user_rating", "record", problem)
    assert last.response_time_ms == 5


def test_twins_among_many_are_told_apart() -> None:
    answers = read_all([NEEDED, NEEDED], BOOK, now=NOW)
    assert len({answer.id for answer in answers if isinstance(answer, ModelCall)}) == 2


# ── there and back ───────────────────────────────────────────────────────────────────────────────────────────────────

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
NAMES = TEXTS.map(lambda text: text.strip(" \t\r\n\v\f")).filter(bool)
TOKENS = st.none() | st.integers(0, 1_000)


@st.composite
def whole_records(draw: st.DrawFn) -> dict[str, object]:
    """A record that breaks no rule."""
    record: dict[str, object] = {
        "model": draw(st.sampled_from(["priced", "gpt-4o", "anthropic/claude-sonnet-4-5-20250929", "My Own Model"])),
        "response_time_ms": draw(st.integers(0, 2**31 - 1)),
        "timestamp": draw(st.datetimes(datetime(1970, 1, 1), datetime(2026, 11, 20))).replace(tzinfo=UTC),  # noqa: DTZ001
        "input_tokens": draw(st.none() | st.integers(5_000, 10**9)),
        "output_tokens": draw(st.none() | st.integers(1_000, 10**9)),
        "tokens_used": draw(TOKENS),
        "user_rating": draw(st.none() | st.integers(-1, 1)),
        "success": draw(st.none() | st.booleans()),
        "error_message": draw(st.none() | TEXTS.filter(lambda text: bool(text.strip(" \t\r\n\v\f")))),
        "metadata": draw(st.none() | st.dictionaries(TEXTS, st.none() | st.integers() | st.floats(-1, 1) | TEXTS)),
        "propensity": draw(st.none() | st.floats(0, 1, exclude_min=True).filter(lambda share: share > 1e-90)),
        "cost_usd": draw(st.none() | st.decimals(0, 100_000, places=10)),
        "attempt": draw(st.none() | st.integers(1, 1_000)),
        "time_to_first_token_ms": draw(TOKENS),
        "task_type": draw(st.none() | st.sampled_from(TaskType)),
        "task_complexity": draw(st.none() | st.sampled_from(Complexity)),
        "selected_by": draw(st.none() | st.sampled_from(SelectedBy)),
        "user_id": draw(st.none() | st.uuids() | NAMES),
        "message_id": draw(st.none() | st.uuids() | NAMES),
        "operation": draw(st.none() | st.sampled_from(["chat", "embeddings"])),
    }
    record |= {
        name: draw(st.none() | NAMES) for name in ("provider", "conversation_id", "segment", "experiment", "variant")
    }
    if not record["success"]:
        record["error_type"] = draw(st.none() | st.sampled_from(ErrorType)) if record["success"] is False else None
    if record["input_tokens"] is not None:
        record |= {name: draw(TOKENS) for name in ("cached_input_tokens", "cache_write_tokens")}
    if record["output_tokens"] is not None:
        record["reasoning_tokens"] = draw(TOKENS)
    return record


@settings(deadline=None)
@given(record=whole_records())
def test_a_call_written_as_a_record_is_read_as_the_same_call(record: dict[str, object]) -> None:
    first = RecordReader(BOOK).read(record, now=NOW)
    again = RecordReader(BOOK).read(as_record(first), now=NOW + timedelta(days=1))
    assert again == first


def test_a_call_written_as_a_record_leaves_out_what_it_does_not_have() -> None:
    record = as_record(call(metadata={"a": 1}))
    assert None not in record.values()
    assert "conversation_id" not in record
    assert record["metadata"] == {"a": 1}
    assert record["timestamp"] == "2026-11-20T12:00:00Z"


# ── the log ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_log_has_the_seeds_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "augury.calls")
    log_line(call(response_time_ms=2_456, task_type="coding", task_complexity="complex", error_message="secret"))
    assert caplog.messages == ["[PerformanceTracking] Logged metrics: 2456ms, coding, complex"]
