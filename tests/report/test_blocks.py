from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.report import blocks

LENGTHS = st.floats(0, 100)


@given(LENGTHS, LENGTHS)
def test_a_longer_bar_is_never_shorter_and_none_is_too_long(one: float, other: float) -> None:
    short, long = sorted((one, other))
    assert len(blocks.bar(short)) <= len(blocks.bar(long)) <= blocks.WIDTH
    assert len(blocks.bar(short, long)) <= blocks.WIDTH


def test_little_is_seen_and_nothing_is_not() -> None:
    assert blocks.bar(0.0001) == "▏"
    assert blocks.bar(0.0) == blocks.bar(None) == ""
    assert blocks.bar(100.0) == "█" * blocks.WIDTH


def test_a_fainter_bar_goes_on_where_the_first_one_ends() -> None:
    assert blocks.bar(50.0, 100.0) == "█" * 12 + "░" * 12
    assert blocks.bar(50.0, 25.0) == "█" * 12


def test_a_line_has_a_character_for_each_step_and_gaps() -> None:
    assert blocks.spark([0.0, 50.0, None, 100.0], 100.0) == "▁▅ █"
    assert blocks.spark([0.0, None], 0.0) == "▁ "


def test_neighbours_are_averaged_by_their_weight_until_they_are_few_enough() -> None:
    values, size = blocks.merged([10.0, 20.0, None, None, 5.0], [1, 3, 0, 0, 2], most=3)
    assert size == 2
    assert values == [pytest.approx(17.5), None, 5.0]
    assert blocks.merged([1.0, None], [1, 0], most=2) == ([1.0, None], 1)


@given(st.lists(st.none() | st.floats(0, 1e6), max_size=200), st.integers(1, 60))
def test_no_more_are_left_than_there_is_room_for(values: list[float | None], most: int) -> None:
    merged, size = blocks.merged(values, [1.0] * len(values), most)
    assert len(merged) <= most
    assert len(merged) == -(-len(values) // size)
