from __future__ import annotations

from pathlib import Path

import pytest

from augury.capture.sources import Source, Wishes
from augury.errors import FileUnreadable

FILE = Path("calls.csv")
ALL_NEEDED = ["timestamp", "model", "response_time_ms"]


def test_nothing_wished_is_nothing() -> None:
    assert Wishes.parse([], []) == Wishes()


def test_a_mapping_names_a_field_a_column_and_its_unit() -> None:
    wishes = Wishes.parse(["response_time_ms=latency:s,model=engine", "segment=plan"], [])
    assert wishes.columns == {
        "response_time_ms": Source("latency", "s"),
        "model": Source("engine"),
        "segment": Source("plan"),
    }


def test_a_constant_names_a_field_and_its_value() -> None:
    wishes = Wishes.parse([], ["provider=openai, segment = trial", "metadata={}"])
    assert wishes.constants == {"provider": "openai", "segment": "trial", "metadata": "{}"}


def test_fields_may_be_written_in_camel_case_and_with_spaces() -> None:
    assert Wishes.parse([" responseTimeMs = took "], []).columns == {"response_time_ms": Source("took")}


def test_a_value_may_hold_an_equals_sign() -> None:
    assert Wishes.parse([], ["segment=a=b"]).constants == {"segment": "a=b"}


@pytest.mark.parametrize("part", ["model", "model=", "model= ", "", "model=a,,provider=b"])
def test_what_is_no_pair_is_refused_with_the_form_it_should_have(part: str) -> None:
    with pytest.raises(FileUnreadable, match=r"--map takes field=column\[:unit\], with commas between several; got"):
        Wishes.parse([part], [])
    with pytest.raises(FileUnreadable, match="--set takes field=value, with commas between several; got"):
        Wishes.parse([], [part])


def test_a_misspelt_field_is_answered_with_the_one_that_was_meant() -> None:
    with pytest.raises(FileUnreadable, match=r"--map: there is no field modle; did you mean model\?"):
        Wishes.parse(["modle=engine"], [])


def test_a_field_like_no_other_is_answered_with_all_there_are() -> None:
    with pytest.raises(
        FileUnreadable, match=r"--set: there is no field qqq; the fields are id, model, provider, .*, attempt"
    ):
        Wishes.parse([], ["qqq=1"])


def test_a_field_with_a_column_and_a_constant_is_refused() -> None:
    with pytest.raises(FileUnreadable, match="model: both --map and --set give it; take one"):
        Wishes.parse(["model=engine"], ["model=gpt-4o"])


def test_columns_are_matched_by_name_in_any_case_and_in_camel_case() -> None:
    found = Wishes().matched(FILE, ["Timestamp", "MODEL", "responseTimeMs", "prompt", "user_rating"])
    assert found == {
        "model": Source("MODEL"),
        "response_time_ms": Source("responseTimeMs"),
        "user_rating": Source("user_rating"),
        "timestamp": Source("Timestamp"),
    }


def test_a_column_that_nobody_asked_for_is_not_matched() -> None:
    found = Wishes().matched(FILE, [*ALL_NEEDED, "prompt", "messages"])
    assert set(found) == set(ALL_NEEDED)


def test_a_wish_comes_before_a_columns_name() -> None:
    found = Wishes.parse(["model=engine"], []).matched(FILE, [*ALL_NEEDED, "engine"])
    assert found["model"] == Source("engine")


def test_a_constant_comes_before_a_columns_name() -> None:
    assert "model" not in Wishes.parse([], ["model=gpt-4o"]).matched(FILE, ALL_NEEDED)


def test_the_first_of_two_spellings_of_a_column_counts() -> None:
    found = Wishes().matched(FILE, [*ALL_NEEDED, "userRating", "user_rating"])
    assert found["user_rating"] == Source("userRating")


def test_a_wished_column_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(FileUnreadable) as caught:
        Wishes.parse(["model=engine"], []).matched(FILE, ["a", "b"])
    assert str(caught.value) == 'calls.csv has no column "engine" to read model from; it has a, b'


def test_missing_fields_are_answered_with_the_columns_and_with_what_to_do() -> None:
    with pytest.raises(FileUnreadable) as caught:
        Wishes().matched(FILE, ["model", "latency"])
    assert str(caught.value) == (
        "calls.csv has no column for timestamp and response_time_ms; it has model, latency. Say which it is with "
        "--map timestamp=COLUMN, or give all records one value with --set timestamp=VALUE"
    )


def test_a_constant_fills_a_field_that_is_needed() -> None:
    found = Wishes.parse([], ["model=gpt-4o"]).matched(FILE, ["timestamp", "response_time_ms"])
    assert set(found) == {"timestamp", "response_time_ms"}


def test_no_more_than_forty_columns_are_listed() -> None:
    with pytest.raises(FileUnreadable) as caught:
        Wishes().matched(FILE, [f"column{number}" for number in range(100)])
    assert "column39." in str(caught.value)
    assert "column40" not in str(caught.value)
