from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from augury.core.calls import COLUMNS
from augury.core.ids import MESSAGES, USERS, as_uuid
from augury.core.rules import FIELD, IDENTITY, LIMITS, METADATA_BYTES, METADATA_LEVELS, RULE, RULES, check
from augury.errors import InvalidValue

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def read(field: str, value: object) -> Any:
    return check({field: value}, now=NOW)[field]


def refused(**record: object) -> InvalidValue:
    with pytest.raises(InvalidValue) as caught:
        check(record, now=NOW)
    return caught.value


def test_there_is_a_rule_for_every_column_in_the_tables_order() -> None:
    assert tuple(rule.field for rule in RULES) == COLUMNS


def test_a_field_is_known_in_snake_case_and_in_camel_case() -> None:
    assert FIELD["cache_write_1h_tokens"] == FIELD["cacheWrite1hTokens"] == "cache_write_1h_tokens"
    assert FIELD["timeToFirstTokenMs"] == "time_to_first_token_ms"
    assert set(FIELD.values()) == set(COLUMNS)


def test_identity_has_no_field_that_may_be_told_later() -> None:
    later = {"id", "success", "error_message", "error_type", "user_rating", "cost_usd", "cost_source"}
    assert later.isdisjoint(IDENTITY)
    assert set(IDENTITY) <= set(COLUMNS)


def test_nothing_given_is_nothing_read() -> None:
    assert set(check({}, now=NOW).values()) == {None}
    assert set(check({rule.field: " \t " for rule in RULES}, now=NOW).values()) == {None}


def test_a_name_that_is_no_field_is_refused_by_that_name() -> None:
    assert refused(prompt="secret").field == "prompt"


def test_the_first_broken_field_in_the_tables_order_is_the_one_refused() -> None:
    assert refused(attempt=0, user_rating=2, response_time_ms=-1).field == "response_time_ms"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("response_time_ms", -1),
        ("response_time_ms", "soon"),
        ("response_time_ms", 2**31),
        ("response_time_ms", float("nan")),
        ("tokens_used", 1.5),
        ("tokens_used", "1_000"),
        ("tokens_used", "٣"),
        ("input_tokens", 1_000_000_001),
        ("task_type", "cooking"),
        ("task_complexity", "very complex"),
        ("success", "perhaps"),
        ("success", 2),
        ("user_rating", 2),
        ("user_rating", -2),
        ("propensity", 0),
        ("propensity", 1.01),
        ("attempt", 0),
        ("attempt", 1_001),
        ("cost_usd", -0.01),
        ("cost_usd", 100_001),
        ("cost_usd", "€5"),
        ("model", "gpt\x004o"),
        ("error_message", "no\0"),
        ("conversation_id", "half a pair \ud83d"),
        ("model", ["gpt-4o"]),
        ("model", {"name": "gpt-4o"}),
        ("metadata", [1]),
        ("metadata", '"text"'),
        ("metadata", "{"),
        ("metadata", {"nul": "\0"}),
        ("metadata", {"half": "\udc00"}),
        ("metadata", {"nan": float("nan")}),
        ("metadata", {"long": "x" * METADATA_BYTES}),
        ("timestamp", "yesterday"),
        ("timestamp", "2026-02-29"),
        ("timestamp", "2026-01-01T24:00:00Z"),
        ("timestamp", "2026-01-01T23:59:60Z"),
        ("timestamp", "1969-12-31T23:59:59.999999Z"),
        ("timestamp", "2026-11-20T12:05:00.000001Z"),
        ("timestamp", 1_767_225_600),
        ("timestamp", date(2026, 1, 1)),
    ],
)
def test_bad_input_is_refused_by_the_name_of_its_field(field: str, value: object) -> None:
    problem = refused(**{field: value})
    assert problem.field == field
    assert problem.expected == RULE[field].expected
    assert str(problem).startswith(f"{field}: expected ")


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("response_time_ms", " 12 ", 12),
        ("response_time_ms", "1e3", 1_000),
        ("response_time_ms", "12.5", 13),
        ("response_time_ms", "12.49", 12),
        ("response_time_ms", "-0", 0),
        ("response_time_ms", 2**31 - 1, 2**31 - 1),
        ("tokens_used", "12.0", 12),
        ("tokens_used", "+5", 5),
        ("tokens_used", 5.0, 5),
        ("tokens_used", True, None),
        ("user_rating", "-1", -1),
        ("propensity", "1", 1.0),
        ("propensity", 0.25, 0.25),
        ("cost_usd", "0.00000000005", Decimal("1e-10")),
        ("cost_usd", "0.00000000004", Decimal(0)),
        ("cost_usd", 0.1, Decimal("0.1")),
        ("cost_usd", Decimal("1.0000000001"), Decimal("1.0000000001")),
        ("cost_usd", "100000", Decimal(100_000)),
        ("success", "YES", True),
        ("success", " f ", False),
        ("success", 1, True),
        ("success", "0", False),
        ("task_type", " General_Chat\n", "general_chat"),
        ("error_type", "TIMEOUT", "timeout"),
        ("model", "  gpt-4o\t", "gpt-4o"),
        ("conversation_id", 17, "17"),
        ("error_message", "  kept as it is ", "  kept as it is "),
        ("error_message", " \n ", None),
        ("metadata", ' {"a" : [1, null]} ', '{"a":[1,null]}'),
        ("metadata", {"é": "ü"}, '{"é":"ü"}'),
        ("metadata", {}, "{}"),
    ],
)
def test_a_value_is_read_by_its_text(field: str, value: object, expected: object) -> None:
    if expected is None and value is True:
        assert refused(**{field: value}).field == field  # true is no number
        return
    assert read(field, value) == expected


def test_names_are_cut_at_200_characters_and_messages_at_2000() -> None:
    assert read("conversation_id", "é" * 300) == "é" * 200
    assert read("error_message", "😀" * 3_000) == "😀" * 2_000
    assert read("segment", "x" * 199 + "  more") == "x" * 199


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T12:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31 12:00:00.5", datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-01-31T12:00:00.123456789Z", datetime(2026, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-01-31T12:00:00+05:45", datetime(2026, 1, 31, 6, 15, tzinfo=UTC)),
        ("2026-01-31T12:00:00-0330", datetime(2026, 1, 31, 15, 30, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
        ("1970-01-01", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2026-11-20T12:05:00Z", NOW + timedelta(minutes=5)),
    ],
)
def test_a_time_is_iso_8601_and_utc_where_it_does_not_say(text: str, when: datetime) -> None:
    assert read("timestamp", text) == when


def test_a_datetime_is_itself_and_utc_where_it_is_naive() -> None:
    there = datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    assert read("timestamp", there) == there
    assert read("timestamp", datetime(2026, 1, 31, 12)) == datetime(2026, 1, 31, 12, tzinfo=UTC)  # noqa: DTZ001 - naive on purpose


def test_ids_are_kept_or_made_in_their_own_namespaces() -> None:
    one = UUID("12345678-1234-1234-1234-123456789abc")
    assert read("id", one) == read("user_id", one.hex) == read("message_id", str(one).upper()) == one
    assert read("user_id", "anna") == as_uuid("anna", USERS)
    assert read("message_id", " chatcmpl-1 ") == as_uuid("chatcmpl-1", MESSAGES)
    assert read("user_id", "anna") != read("message_id", "anna")


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"input_tokens": 10, "cached_input_tokens": 11}, "cached_input_tokens"),
        ({"input_tokens": 10, "cache_write_tokens": 11}, "cache_write_tokens"),
        ({"input_tokens": 10, "cached_input_tokens": 6, "cache_write_tokens": 5}, "cached_input_tokens"),
        ({"cache_write_tokens": 1, "cache_write_1h_tokens": 2}, "cache_write_1h_tokens"),
        ({"output_tokens": 0, "reasoning_tokens": 1}, "reasoning_tokens"),
    ],
)
def test_parts_that_exceed_their_whole_are_refused(record: dict[str, object], field: str) -> None:
    problem = refused(**record)
    assert problem.field == field
    assert problem.expected in {limit.expected for limit in LIMITS}


def test_parts_may_be_as_many_as_their_whole() -> None:
    values = check({"input_tokens": 10, "cached_input_tokens": 4, "cache_write_tokens": 6}, now=NOW)
    assert (values["cached_input_tokens"], values["cache_write_tokens"]) == (4, 6)


def test_parts_of_a_whole_that_is_not_given_are_not_compared() -> None:
    assert read("reasoning_tokens", 5) == 5


def test_what_came_is_shown_shortened() -> None:
    assert len(refused(task_type="x" * 500).came) == 60


def nested(depth: int) -> list[object]:
    inner: list[object] = []
    for _ in range(depth):
        inner = [inner]
    return inner


def test_metadata_is_as_deep_as_whoever_reads_it_can_write_it_again() -> None:
    deepest = {"a": nested(METADATA_LEVELS - 2)}

    assert read("metadata", deepest) is not None
    assert refused(metadata={"a": deepest}).field == "metadata"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("tokens_used", 10**5_000, id="5001 digits"),
        pytest.param("metadata", {"a": 10**5_000}, id="5001 digits in metadata"),
        pytest.param("metadata", nested(5_000), id="a deep list"),
        pytest.param("metadata", {"a": nested(5_000)}, id="a deep list in metadata"),
        pytest.param(
            "timestamp", datetime.min.replace(tzinfo=timezone(timedelta(hours=5))), id="before the year 1 in UTC"
        ),
    ],
)
def test_a_value_that_has_no_text_is_refused_like_any_other(field: str, value: object) -> None:
    assert refused(**{field: value}).field == field
