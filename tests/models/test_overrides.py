from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import SettingsError
from augury.models.overrides import PriceOverride, read_overrides
from augury.models.prices import PriceBook

if TYPE_CHECKING:
    from pathlib import Path

GOOD = '[[price]]\nmodel = "m"\ninput = 1\noutput = 2\n'


def written(directory: Path, text: str) -> Path:
    path = directory / "prices.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_prices_is_read_with_every_digit(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        [[price]]
        model = "openai/gpt-4o-2024-11-20"
        provider = "azure_openai"
        input = "2.50"
        cached_input = 1.1
        cache_write = 3
        cache_write_1h = "5.000001"
        output = "10"
        from = 2026-01-01

        [[price]]
        model = "our-own-model"
        input = 0.15
        output = 0
        """,
    )

    assert read_overrides(path) == (
        PriceOverride(
            model="gpt-4o",
            provider="azure.ai.openai",
            input=Decimal("2.50"),
            cached_input=Decimal("1.1"),
            cache_write=Decimal(3),
            cache_write_1h=Decimal("5.000001"),
            output=Decimal(10),
            since=date(2026, 1, 1),
        ),
        PriceOverride(model="our-own-model", input=Decimal("0.15"), output=Decimal(0)),
    )


def test_a_price_book_is_made_from_the_file_and_none_means_no_overrides(tmp_path: Path) -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    book = PriceBook.from_file(written(tmp_path, GOOD))

    cost = book.cost(model="m", provider="x", service_tier=None, at=at, input_tokens=3, output_tokens=4)
    assert cost == Decimal("0.000011")
    assert PriceBook.from_file(None).rates(model="m", provider="x", service_tier=None, at=at) == ()


def test_an_empty_file_holds_no_prices(tmp_path: Path) -> None:
    assert read_overrides(written(tmp_path, "")) == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[price]\n", "not valid TOML"),
        ("[prices]\n", "'prices' is not known here"),
        ("price = 3\n", "begin each price with a line \\[\\[price\\]\\]"),
        ('[price]\nmodel = "m"\n', "begin each price with a line"),
        (GOOD + "[[price]]\ninput = 1\noutput = 2\n", r"\[\[price\]\] 2: `model` is missing"),
        ('[[price]]\nmodel = "None"\ninput = 1\noutput = 2\n', "`model` is missing"),
        ("[[price]]\nmodel = 4\ninput = 1\noutput = 2\n", "`model` is 4"),
        (GOOD + "provider = 7\n", "`provider` is 7"),
        (GOOD + "cache_hit = 7\n", "'cache_hit' is not known"),
        ('[[price]]\nmodel = "m"\noutput = 2\n', "`input` is missing"),
        ('[[price]]\nmodel = "m"\ninput = 2\n', "`output` is missing"),
        (GOOD + 'cached_input = "cheap"\n', "`cached_input` is 'cheap'"),
        (GOOD + "cached_input = -1\n", "`cached_input` is -1"),
        (GOOD + "cached_input = true\n", "`cached_input` is True"),
        (GOOD + "cached_input = nan\n", "`cached_input` is"),
        (GOOD + 'cached_input = "Infinity"\n', "`cached_input` is 'Infinity'"),
        (GOOD + "cached_input = 1e12\n", "`cached_input` is"),
        (GOOD + "cached_input = []\n", "`cached_input` is"),
        (GOOD + 'cached_input = "0.0000001"\n', "at most 6 decimal places"),
        (GOOD + 'from = "2026-01-01"\n', "a day without quotes"),
        (GOOD + "from = 2026-01-01T00:00:00Z\n", "a day without quotes"),
    ],
)
def test_a_mistake_in_the_file_is_named_in_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, text)

    with pytest.raises(SettingsError, match=says) as caught:
        read_overrides(path)

    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_overrides(tmp_path / "missing.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_overrides(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9\n")
    with pytest.raises(SettingsError, match="not UTF-8"):
        read_overrides(tmp_path / "latin.toml")


@given(st.decimals(min_value=0, max_value=1_000, places=6))
def test_a_price_per_million_survives_as_a_price_per_token(price: Decimal) -> None:
    book = PriceBook([PriceOverride(model="m", input=price, output=price)])

    (rates,) = book.rates(model="m", provider="x", service_tier=None, at=datetime(2026, 11, 1, tzinfo=UTC))

    assert rates.input * 1_000_000 == price
