from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING

import genai_prices
import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices, TimeOfDateConstraint
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import SettingsError
from augury.models import resolve
from augury.models.overrides import PriceOverride
from augury.models.prices import PRICE_SLOT, PriceBook, PriceSource, Quote, Rates

if TYPE_CHECKING:
    from pathlib import Path

BOOK = PriceBook()
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

# A name as reported, our provider, the list's provider. The list must know the name as it is written here.
LISTED = [
    ("gpt-4o", "openai", "openai"),
    ("gpt-4o-2024-05-13", "openai", "openai"),
    ("gpt-4o-mini", "openai", "openai"),
    ("gpt-3.5-turbo-1106", "openai", "openai"),
    ("gpt-4-turbo", "openai", "openai"),
    ("gpt-4.1-nano", "openai", "openai"),
    ("gpt-5-2025-08-07", "openai", "openai"),
    ("gpt-5.4", "openai", "openai"),
    ("gpt-6-sol", "openai", "openai"),
    ("o1-preview", "openai", "openai"),
    ("o3", "openai", "openai"),
    ("o3-mini", "openai", "openai"),
    ("ft:gpt-4o-mini-2024-07-18:org::id", "openai", "openai"),
    ("text-embedding-3-small", "openai", "openai"),
    ("claude-3-haiku-20240307", "anthropic", "anthropic"),
    ("claude-3-5-sonnet-20241022", "anthropic", "anthropic"),
    ("claude-3-7-sonnet-20250219", "anthropic", "anthropic"),
    ("claude-sonnet-4-20250514", "anthropic", "anthropic"),
    ("claude-sonnet-4-5-20250929", "anthropic", "anthropic"),
    ("claude-opus-4-6", "anthropic", "anthropic"),
    ("claude-opus-4-8", "anthropic", "anthropic"),
    ("claude-haiku-4-5-20251001", "anthropic", "anthropic"),
    ("gemini-1.5-flash", "gcp.gemini", "google"),
    ("gemini-2.0-flash", "gcp.gemini", "google"),
    ("gemini-2.5-flash-preview-04-17", "gcp.gemini", "google"),
    ("gemini-2.5-flash", "gcp.gemini", "google"),
    ("gemini-2.5-pro-preview-05-06", "gcp.gemini", "google"),
    ("gemini-3-pro-preview", "gcp.vertex_ai", "google"),
    ("claude-sonnet-4-5@20250929", "gcp.vertex_ai", "google"),
    ("deepseek-chat", "deepseek", "deepseek"),
    ("deepseek-reasoner", "deepseek", "deepseek"),
    ("deepseek-v4-pro", "deepseek", "deepseek"),
    ("mistral-large-latest", "mistral_ai", "mistral"),
    ("mistral-large-4", "mistral_ai", "mistral"),
    ("mistral-medium-latest", "mistral_ai", "mistral"),
    ("codestral-latest", "mistral_ai", "mistral"),
    ("grok-4-0709", "x_ai", "x-ai"),
    ("grok-3-mini", "x_ai", "x-ai"),
    ("command-r-plus-08-2024", "cohere", "cohere"),
    ("openai/gpt-oss-120b", "groq", "groq"),
    ("anthropic/claude-sonnet-4.5", "openrouter", "openrouter"),
    ("accounts/fireworks/models/glm-5p2", "fireworks", "fireworks"),
    ("amazon.nova-pro-v1:0", "aws.bedrock", "aws"),
    ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws.bedrock", "aws"),
    ("global.anthropic.claude-opus-5", "aws.bedrock", "aws"),
    ("o3-mini", "azure.ai.openai", "azure"),
]
TIERS = {
    None: None,
    "standard": None,
    "auto": None,
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
}
TIMES = st.datetimes(min_value=datetime(2024, 1, 1), max_value=datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them naive


@st.composite
def usages(draw: st.DrawFn) -> dict[str, int]:
    """Token counts that fit together, on both sides of the thresholds of long requests."""
    near = [start + step for start in (0, 100_000, 128_000, 199_999, 200_000, 256_000, 272_000) for step in (0, 1)]
    total = draw(st.one_of(st.sampled_from(near), st.integers(0, 2_000_000)))
    cached = draw(st.integers(0, total))
    written = draw(st.integers(0, total - cached))
    return {
        "input_tokens": total,
        "output_tokens": draw(st.integers(0, 200_000)),
        "cached_input_tokens": cached,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": draw(st.integers(0, written)),
    }


def as_genai(usage: dict[str, int]) -> genai_prices.Usage:
    return genai_prices.Usage(
        input_tokens=usage["input_tokens"],
        output_tokens=usage["output_tokens"],
        cache_read_tokens=usage["cached_input_tokens"],
        cache_write_tokens=usage["cache_write_tokens"],
        cache_write_1h_tokens=usage["cache_write_1h_tokens"],
    )


def rounded(price: Decimal) -> Decimal:
    return price.quantize(Decimal("1e-10"), rounding=ROUND_HALF_UP)


def base_rates(model: str, provider: str, tier: str | None = None, at: datetime = NOW) -> Rates:
    return BOOK.rates(model=model, provider=provider, service_tier=tier, at=at)[0]


def per_million(book: PriceBook, model: str, provider: str, at: datetime = NOW) -> Decimal | None:
    return book.cost(model=model, provider=provider, service_tier=None, at=at, input_tokens=1_000_000, output_tokens=0)


@settings(deadline=None)  # the first examples load and index the lists
@given(st.sampled_from(LISTED), st.sampled_from(list(TIERS)), TIMES, usages())
def test_costs_equal_those_of_the_price_list(
    listed: tuple[str, str, str], tier: str | None, at: datetime, usage: dict[str, int]
) -> None:
    reported, provider, listing = listed
    theirs = genai_prices.calc_price(
        as_genai(usage), reported, provider_id=listing, genai_request_timestamp=at, price_context=TIERS[tier]
    )

    ours = BOOK.cost(model=resolve(reported).model, provider=provider, service_tier=tier, at=at, **usage)

    assert ours == rounded(theirs.total_price)


@pytest.mark.parametrize("listing", ["openai", "anthropic", "google", "deepseek", "mistral", "x-ai", "cohere"])
def test_most_of_a_makers_list_is_found_under_our_names(listing: str) -> None:
    ours = {"google": "gcp.gemini", "mistral": "mistral_ai", "x-ai": "x_ai"}.get(listing, listing)
    listed = [
        model for model in provider_models(listing) if any(price.input_mtok is not None for price in prices_of(model))
    ]

    found = [
        model for model in listed if BOOK.rates(model=resolve(model.id).model, provider=ours, service_tier=None, at=NOW)
    ]

    assert len(found) >= 0.9 * len(listed)


def test_listed_prices_fit_twelve_decimal_places_of_a_token() -> None:
    keys = ("input_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok", "output_mtok")
    amounts = [
        amount
        for provider in get_snapshot().providers
        for model in provider.models
        for price in prices_of(model)
        for key in keys
        for amount in amounts_of(getattr(price, key))
    ]

    finer = [amount for amount in amounts if amount != amount.quantize(Decimal("1e-6"))]
    assert len(amounts) > 5_000
    # Only OpenRouter's thirds of a cent and some noise of binary fractions are finer; rounding moves them by a millionth.
    assert len(finer) < 50
    assert all(abs(amount - amount.quantize(Decimal("1e-6"))) < amount * Decimal("1e-5") for amount in finer)


def test_every_listed_price_changes_at_the_start_of_a_slot() -> None:
    edges = [
        edge
        for provider in get_snapshot().providers
        for model in provider.models
        for conditional in (model.prices if isinstance(model.prices, list) else [])
        if isinstance(conditional.constraint, TimeOfDateConstraint)
        for edge in (conditional.constraint.start_time, conditional.constraint.end_time)
    ]

    assert edges
    assert all((edge.hour * 60 + edge.minute) % (PRICE_SLOT.total_seconds() / 60) == 0 for edge in edges)
    assert all(edge.second == edge.microsecond == 0 for edge in edges)


def provider_models(listing: str) -> list[ModelInfo]:
    return next(provider.models for provider in get_snapshot().providers if provider.id == listing)


def prices_of(model: ModelInfo) -> list[ModelPrice]:
    own = [conditional.prices for conditional in model.prices] if isinstance(model.prices, list) else [model.prices]
    return own + [variant.prices for variant in model.price_variants or ()]


def amounts_of(price: Decimal | TieredPrices | None) -> list[Decimal]:
    if isinstance(price, TieredPrices):
        return [price.base, *(tier.price for tier in price.tiers)]
    return [] if price is None else [price]


def test_a_threshold_is_a_cliff_for_the_whole_request() -> None:
    rates = BOOK.rates(model="gemini-2.5-pro", provider="gcp.gemini", service_tier=None, at=NOW)

    assert [one.above_input_tokens for one in rates] == [-1, 200_000]
    at_the_edge, beyond = (
        BOOK.cost(
            model="gemini-2.5-pro",
            provider="gcp.gemini",
            service_tier=None,
            at=NOW,
            input_tokens=n,
            output_tokens=1_000,
        )
        for n in (200_000, 200_001)
    )
    assert at_the_edge == Decimal("0.26")
    assert beyond == Decimal("0.5150025")


def test_an_empty_request_costs_nothing_where_the_price_is_known() -> None:
    free = BOOK.cost(model="gpt-4o", provider="openai", service_tier=None, at=NOW, input_tokens=0, output_tokens=0)

    assert free == 0


def test_cached_and_written_tokens_are_part_of_the_input() -> None:
    cost = BOOK.cost(
        model="claude-sonnet-4-5",
        provider="anthropic",
        service_tier=None,
        at=NOW,
        input_tokens=10_000,
        cached_input_tokens=6_000,
        cache_write_tokens=3_000,
        cache_write_1h_tokens=1_000,
        output_tokens=500,
    )

    plain, cached, five_minutes, hour, output = (
        1_000 * 3,
        6_000 * Decimal("0.3"),
        2_000 * Decimal("3.75"),
        1_000 * 6,
        500 * 15,
    )
    assert cost == (plain + cached + five_minutes + hour + output) / Decimal(1_000_000)


def test_a_kind_of_input_without_a_price_costs_what_input_costs() -> None:
    rates = base_rates("gpt-4-turbo", "openai")

    assert rates.cached_input == rates.cache_write == rates.cache_write_1h == rates.input == Decimal("0.00001")


def test_a_cost_is_rounded_once_and_half_up() -> None:
    rate = Decimal("0.00000000005")  # half of the last digit
    rates = Rates(
        above_input_tokens=-1, input=rate, cached_input=rate, cache_write=rate, cache_write_1h=rate, output=rate
    )

    assert rates.cost(input_tokens=1, output_tokens=0) == Decimal("0.0000000001")
    assert rates.cost(input_tokens=1, output_tokens=1) == Decimal("0.0000000001")
    assert rates.cost(input_tokens=2, output_tokens=1) == Decimal("0.0000000002")


@settings(deadline=None)  # as above
@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_a_cost_is_exact_whatever_the_size_and_the_surrounding_precision(input_tokens: int, output_tokens: int) -> None:
    rates = base_rates("gpt-5.4", "openai")

    with localcontext(prec=5):
        cost = rates.cost(input_tokens=input_tokens, output_tokens=output_tokens)

    picodollars = input_tokens * 2_500_000 + output_tokens * 15_000_000
    with localcontext(prec=60):
        assert cost * 10**12 == picodollars


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("unknown", "openai"),
        ("no-such-model", "openai"),
        ("no-such-model", "unknown"),
        ("llama-3.3-70b-instruct", "unknown"),  # its maker serves nobody
        ("llama-3-8b", "ollama"),
        ("gpt-4o", "deepinfra"),  # nobody's list
        ("claude-sonnet-4-5", "openai"),
        ("gpt-4o", "aws.bedrock"),
        ("mistral-large", "azure.ai.inference"),
        ("deepseek-r1-distill-llama-70b", "unknown"),
        ("ft:gpt-4.1:org::id", "openai"),  # not what its base costs
        ("whisper-1", "openai"),
        ("", ""),
    ],
)
def test_an_unknown_price_is_no_price(model: str, provider: str) -> None:
    assert BOOK.rates(model=model, provider=provider, service_tier=None, at=NOW) == ()
    assert per_million(BOOK, model, provider) is None


@pytest.mark.parametrize(
    ("model", "provider", "dollars"),
    [
        ("claude-3-5-sonnet", "aws.bedrock", "3"),
        ("claude-opus-4", "gcp.vertex_ai", "15"),
        ("claude-opus-5", "aws.bedrock", "5"),  # the global endpoint's, not the region's 5.50
        ("claude-haiku-4-5", "azure.ai.inference", "1"),
        ("gpt-4o", "azure.ai.openai", "2.5"),
        ("gpt-5.2", "azure.ai.openai", "1.75"),
        ("gemini-2.5-flash", "gcp.vertex_ai", "0.3"),
        ("gpt-5", "unknown", "1.25"),
        ("claude-sonnet-4-5", "openrouter", "6"),  # a million tokens is a long request
        ("gemini-2.5-pro", "openrouter", "2.5"),
        ("mistral-medium", "mistral_ai", "1.5"),
        ("text-embedding-3-small", "openai", "0.02"),
        ("grok-4.1-fast-reasoning", "x_ai", "0.2"),
    ],
)
def test_resellers_charge_their_own_list_else_the_makers_where_they_do(model: str, provider: str, dollars: str) -> None:
    assert per_million(BOOK, model, provider) == Decimal(dollars)


def test_a_batch_costs_half_at_resellers_too_and_their_other_tiers_are_unknown() -> None:
    assert base_rates("gpt-4.1", "azure.ai.openai", "batch").input == base_rates("gpt-4.1", "openai").input / 2
    assert BOOK.rates(model="gpt-4.1", provider="azure.ai.openai", service_tier="priority", at=NOW) == ()


def test_the_service_tier_counts_in_any_case_and_anthropics_fast_mode_too() -> None:
    assert base_rates("gpt-5", "openai", "Flex").output == base_rates("gpt-5", "openai").output / 2
    assert (
        base_rates("claude-opus-4-8", "anthropic", "fast").input == 2 * base_rates("claude-opus-4-8", "anthropic").input
    )


def test_the_price_is_that_of_the_calls_day() -> None:
    cut = datetime(2025, 6, 10, tzinfo=UTC)

    assert per_million(BOOK, "o3", "openai", cut - timedelta(seconds=1)) == 10
    assert per_million(BOOK, "o3", "openai", cut) == 2
    assert per_million(BOOK, "o3", "openai", cut.astimezone(timezone(timedelta(hours=-8)))) == 2
    assert per_million(BOOK, "o3", "openai", cut.replace(tzinfo=None)) == 2


def test_the_price_is_that_of_the_calls_hour() -> None:
    day = datetime(2025, 3, 1, tzinfo=UTC)

    assert per_million(BOOK, "deepseek-chat", "deepseek", day + timedelta(hours=16, minutes=29, seconds=59)) == Decimal(
        "0.27"
    )
    assert per_million(BOOK, "deepseek-chat", "deepseek", day + timedelta(hours=16, minutes=30)) == Decimal("0.135")


def test_an_override_comes_before_the_list_and_holds_at_every_provider() -> None:
    book = PriceBook([PriceOverride(model="gpt-4o", input=Decimal(1), output=Decimal(2))])

    assert per_million(book, "gpt-4o", "openai") == per_million(book, "gpt-4o", "somewhere") == 1
    assert per_million(book, "gpt-4o-mini", "openai") == Decimal("0.15")


def test_an_override_falls_back_from_kind_to_kind() -> None:
    only = PriceBook([PriceOverride(model="m", input=Decimal(4), output=Decimal(8))])
    written = PriceBook([PriceOverride(model="m", input=Decimal(4), cache_write=Decimal(5), output=Decimal(8))])

    (rates,) = only.rates(model="m", provider="x", service_tier="batch", at=NOW)
    assert rates.cached_input == rates.cache_write == rates.cache_write_1h == rates.input == Decimal("0.000004")
    (rates,) = written.rates(model="m", provider="x", service_tier=None, at=NOW)
    assert rates.cache_write == rates.cache_write_1h == Decimal("0.000005")


def test_of_several_overrides_the_providers_own_then_the_latest_then_the_last_counts() -> None:
    def override(price: int, provider: str | None = None, since: date | None = None) -> PriceOverride:
        return PriceOverride(model="m", provider=provider, input=Decimal(price), output=Decimal(0), since=since)

    book = PriceBook(
        [
            override(1),
            override(2),
            override(3, since=date(2026, 6, 1)),
            override(4, provider="openai"),
            override(5, provider="openai", since=date(2026, 9, 1)),
        ]
    )

    assert per_million(book, "m", "x", datetime(2026, 5, 31, 23, 59, tzinfo=UTC)) == 2
    assert per_million(book, "m", "x", datetime(2026, 6, 1, tzinfo=UTC)) == 3
    assert per_million(book, "m", "openai", datetime(2026, 8, 1, tzinfo=UTC)) == 4
    assert per_million(book, "m", "openai", datetime(2026, 9, 1, tzinfo=UTC)) == 5


def test_before_its_first_day_an_override_leaves_the_list_alone() -> None:
    book = PriceBook([PriceOverride(model="gpt-4o", input=Decimal(1), output=Decimal(2), since=date(2026, 11, 1))])

    assert per_million(book, "gpt-4o", "openai", datetime(2026, 10, 31, tzinfo=UTC)) == Decimal("2.5")


def test_importing_prices_does_not_load_the_price_list() -> None:
    code = "import sys, augury.models.prices; sys.exit('genai_prices' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("model", "tier", "at", "since"),
    [
        ("o3", None, datetime(2025, 6, 9, tzinfo=UTC), None),
        ("o3", None, datetime(2025, 6, 10, tzinfo=UTC), date(2025, 6, 10)),
        ("gpt-4o", None, NOW, None),
        ("gpt-4o", "batch", NOW, date(2026, 10, 14)),
    ],
)
def test_a_quote_tells_since_when_the_list_has_its_price(
    model: str, tier: str | None, at: datetime, since: date | None
) -> None:
    quote = BOOK.quote(model=model, provider="openai", service_tier=tier, at=at)

    assert (quote.source, quote.since) == (PriceSource.LIST, since)


def test_a_price_that_is_unknown_is_nobodys() -> None:
    assert BOOK.quote(model="nobody-knows-it", provider="openai", service_tier=None, at=NOW) == Quote()


def test_prices_are_read_anew_and_stand_where_they_cannot_be(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text('[[price]]\nmodel = "house"\ninput = 1\noutput = 1\n')
    book = PriceBook.from_file(file)
    assert (per_million(book, "house", "openai"), book.in_use().own) == (Decimal(1), 1)

    file.write_text(file.read_text().replace("1", "2"))
    assert per_million(book, "house", "openai") == Decimal(1)
    book.reread()
    assert per_million(book, "house", "openai") == Decimal(2)

    file.write_text("[[price]]")
    with pytest.raises(SettingsError):
        book.reread()
    assert per_million(book, "house", "openai") == Decimal(2)
