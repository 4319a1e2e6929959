from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.core import ids

NAMESPACES = (ids.CALLS, ids.USERS, ids.MESSAGES)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(lambda when: when.replace(tzinfo=UTC))  # noqa: DTZ001 - aware a line later
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)


def test_a_new_id_is_a_version_7_uuid_of_the_rfcs_variant() -> None:
    for _ in range(100):
        new = ids.uuid7()
        assert (new.version, new.variant) == (7, RFC_4122)


def test_a_new_id_begins_with_the_milliseconds_of_its_making() -> None:
    before = time.time_ns() // 1_000_000
    new = ids.uuid7()
    after = time.time_ns() // 1_000_000
    assert before <= new.int >> 80 <= after


def test_new_ids_sort_by_their_time_as_text_and_as_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(1_790_000_000_000, 1_790_000_000_050))
    monkeypatch.setattr(time, "time_ns", lambda: next(moments) * 1_000_000)
    made = [ids.uuid7() for _ in range(50)]
    assert made == sorted(made)
    assert [str(one) for one in made] == sorted(str(one) for one in made)


def test_ids_as_text_are_those_of_uuids_one_at_a_time_or_two() -> None:
    for text in (ids.uuid7_text(), *ids.two_uuid7_texts()):
        made = UUID(text)
        assert made.hex == text
        assert (made.version, made.variant) == (7, RFC_4122)
        assert ids.as_uuid(text, ids.MESSAGES) == made


def test_new_ids_of_one_millisecond_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_790_000_000_000_000_000)
    assert len({ids.uuid7() for _ in range(1_000)}) == 1_000


def test_the_three_namespaces_are_fixed_for_good() -> None:
    assert len(set(NAMESPACES)) == 3
    assert str(ids.as_uuid("anna", ids.USERS)) == "888f175a-d7f0-50ad-a2db-d3ae14fc9b35"


@settings(deadline=None)
@given(one=st.uuids(), namespace=st.sampled_from(NAMESPACES), dashes=st.booleans(), capitals=st.booleans())
def test_a_uuid_stays_itself_however_it_is_written(one: UUID, namespace: UUID, dashes: bool, capitals: bool) -> None:
    text = str(one) if dashes else one.hex
    assert ids.as_uuid(text.upper() if capitals else text, namespace) == one


@settings(deadline=None)
@given(text=TEXTS, namespace=st.sampled_from(NAMESPACES))
def test_any_other_text_becomes_the_uuid5_of_its_namespace(text: str, namespace: UUID) -> None:
    assert ids.as_uuid(text, namespace) == uuid5(namespace, text)


@pytest.mark.parametrize(
    "text",
    [
        "{12345678-1234-1234-1234-123456789abc}",
        "urn:uuid:12345678-1234-1234-1234-123456789abc",
        "12345678-1234-1234-1234-123456789abg",
        "12345678-1234-1234-1234-123456789ab",
        "1-2345678-1234-1234-1234-123456789abc",
        "١٢٣٤٥٦٧٨-1234-1234-1234-123456789abc",
    ],
)
def test_what_only_resembles_a_uuid_is_a_text(text: str) -> None:
    assert ids.as_uuid(text, ids.MESSAGES) == uuid5(ids.MESSAGES, text)


@settings(deadline=None)
@given(when=TIMES, identity=TEXTS, occurrence=st.integers(0, 1_000_000))
def test_a_derived_id_is_a_version_8_uuid_that_begins_with_its_time(
    when: datetime, identity: str, occurrence: int
) -> None:
    derived = ids.derived_id(when, identity, occurrence)
    assert (derived.version, derived.variant) == (8, RFC_4122)
    assert derived.int >> 80 == (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@settings(deadline=None)
@given(when=TIMES, identity=TEXTS, occurrence=st.integers(0, 100))
def test_a_derived_id_is_the_same_again_and_another_for_a_twin(when: datetime, identity: str, occurrence: int) -> None:
    derived = ids.derived_id(when, identity, occurrence)
    assert derived == ids.derived_id(when, identity, occurrence)
    assert derived != ids.derived_id(when, identity, occurrence + 1)
    assert derived != ids.derived_id(when, identity + "x", occurrence)


@settings(deadline=None)
@given(
    microseconds=st.integers(0, 7_258_118_400_000_000)  # 1970 to 2200
)
def test_microseconds_since_1970_are_exact(microseconds: int) -> None:
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    assert ids.epoch_us(when) == microseconds
