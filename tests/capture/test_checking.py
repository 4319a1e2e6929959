"""What is recognised at once is what the table of rules takes, and is read as the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.capture.checking import payload_of
from augury.capture.records import RecordReader
from augury.core.calls import ErrorType
from augury.core.ids import uuid7
from augury.core.rules import RULES
from augury.core.tasks import Complexity, TaskType
from augury.errors import InvalidValue

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CALL: dict[str, Any] = {"id": str(uuid7()), "model": "gpt-4o-2024-11-20", "response_time_ms": 812}

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 900),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["coding", "simple", "rate_limit", "reported", "data", " ", "\0", "a\nb", "x" * 300, '"\\', "None", "ü"]),
    st.sampled_from([TaskType.CODING, Complexity.SIMPLE, ErrorType.SERVER, UUID(int=7), Decimal("0.5"), NOW, {}, {"a": [1]}, []]),
)  # fmt: skip
names = st.sampled_from([rule.field for rule in RULES if rule.field not in ("id", "timestamp")])


@given(st.dictionaries(names, values, max_size=8))
def test_what_is_kept_is_what_the_rules_take(given: dict[str, Any]) -> None:
    fields = CALL | given
    reader = RecordReader(None)
    try:
        expected = reader.read(fields | {"timestamp": NOW})
    except InvalidValue as wrong:
        with pytest.raises(InvalidValue, match=f"^{wrong.field}: "):
            payload_of(dict(fields))
        return
    kept = json.loads(payload_of(dict(fields)))
    datetime.fromisoformat(kept["timestamp"])
    assert reader.read(kept | {"timestamp": NOW}) == expected


def test_a_missing_id_and_a_missing_time_are_filled_in() -> None:
    least: dict[str, Any] = {"model": "gpt-4o", "response_time_ms": 1}
    kept = [json.loads(payload_of(call)) for call in (least, least | {"metadata": {}})]

    assert len({UUID(record["id"]) for record in kept}) == 2
    assert all(
        abs((datetime.fromisoformat(record["timestamp"]) - datetime.now(UTC)).total_seconds()) < 60 for record in kept
    )


def test_a_time_that_is_given_stays() -> None:
    kept = json.loads(
        payload_of(CALL | {"timestamp": NOW, "model": '"Quoted"', "input_tokens": 8, "cached_input_tokens": 8})
    )

    assert RecordReader(None).read(kept).timestamp == NOW


@pytest.mark.parametrize("missing", ["model", "response_time_ms"])
def test_what_must_be_there_is_named(missing: str) -> None:
    with pytest.raises(InvalidValue, match=missing):
        payload_of({name: value for name, value in CALL.items() if name != missing})
