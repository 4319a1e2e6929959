"""What calls cost: the owner's prices first, then the public price list that comes with `genai-prices`.

No network, ever: the list is the one installed. It is loaded on first use, since that takes a tenth of a second.

An unknown price is no price, never 0: `rates` is then empty and `cost` is None. What a list says of audio, images,
searches and fees per request is left out; tokens are what a call record knows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from augury.models.names import UNKNOWN, maker, resolve
from augury.models.overrides import PriceOverride, read_overrides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from genai_prices.types import MatchLogic, ModelInfo, ModelPrice, Provider

__all__ = ["PRICE_SLOT", "PriceBook", "PriceOverride", "Rates"]

PRICE_SLOT = timedelta(minutes=30)
"""Prices do not change within a slot, counted from midnight UTC: who prices many calls may ask once per model,
provider, tier and slot. Days, and the hours of day that some providers charge less in, begin with a slot."""

_SLOT_SECONDS = int(PRICE_SLOT.total_seconds())
_RATE = Decimal("1e-12")  # DECIMAL(18,12), as SQL multiplies it; all lists fit but for a few thirds of a cent
_CENTS = Decimal("1e-10")  # NUMERIC(18,10), as the table stores it
_MILLION = Decimal(1_000_000)
_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)  # 64-bit counts times our rates never need more digits
_REMEMBERED = 16_384  # answers: a month of slots for ten models

_LISTS: Mapping[str, str] = {
    "anthropic": "anthropic",
    "aws.bedrock": "aws",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "baseten": "baseten",
    "cerebras": "cerebras",
    "cloudflare": "cloudflare",
    "cohere": "cohere",
    "databricks": "databricks",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "github_copilot": "github-copilot",
    "groq": "groq",
    "minimax": "minimax",
    "mistral_ai": "mistral",
    "moonshot": "moonshotai",
    "novita": "novita",
    "openai": "openai",
    "openrouter": "openrouter",
    "ovhcloud": "ovhcloud",
    "perplexity": "perplexity",
    "together": "together",
    "voyage": "voyageai",
    "x_ai": "x-ai",
    "zai": "zai",
}
"""Provider → its list in genai-prices."""

_AT_LIST_PRICE: Mapping[str, frozenset[str]] = {
    "aws.bedrock": frozenset({"anthropic"}),  # https://platform.claude.com/docs/en/about-claude/pricing
    "gcp.vertex_ai": frozenset({"anthropic"}),
    "azure.ai.inference": frozenset({"anthropic", "openai"}),
    "azure.ai.openai": frozenset({"openai"}),  # https://azure.microsoft.com/pricing/details/azure-openai/
}
"""Provider → makers whose models it sells at the maker's price, by its global endpoints. Some regions cost a tenth
more, which a call record does not tell."""

_TIERS = frozenset({"fast", "flex", "priority"})
_BATCH = "batch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """US dollars per token, to 12 decimal places, for requests of more than `above_input_tokens` input tokens.

    The threshold is a cliff: a request beyond it is priced so as a whole, its output too.
    """

    above_input_tokens: int  # -1 in the first of a model's rates, so that it fits every request, an empty one too
    input: Decimal
    cached_input: Decimal
    cache_write: Decimal
    cache_write_1h: Decimal
    output: Decimal

    def cost(
        self,
        *,
        input_tokens: int,
        output_tokens: int,
        cached_input_tokens: int = 0,
        cache_write_tokens: int = 0,
        cache_write_1h_tokens: int = 0,
    ) -> Decimal:
        """US dollars, rounded once, half up, to 10 decimal places.

        `input_tokens` counts the cached and the written ones too, `cache_write_tokens` those written for an hour too.
        """
        plain = input_tokens - cached_input_tokens - cache_write_tokens
        total = _EXACT.multiply(self.input, plain)
        total = _EXACT.fma(self.output, output_tokens, total)
        if cached_input_tokens:
            total = _EXACT.fma(self.cached_input, cached_input_tokens, total)
        if cache_write_tokens:
            total = _EXACT.fma(self.cache_write, cache_write_tokens - cache_write_1h_tokens, total)
        if cache_write_1h_tokens:
            total = _EXACT.fma(self.cache_write_1h, cache_write_1h_tokens, total)
        return _EXACT.quantize(total, _CENTS)


class PriceBook:
    """What a call costs. Models and providers are canonical names, as `augury.models.resolve` gives them."""

    def __init__(self, overrides: Sequence[PriceOverride] = ()) -> None:
        self._overrides: dict[str, list[PriceOverride]] = defaultdict(list)
        for override in overrides:
            self._overrides[override.model].append(override)
        self._in_slot = lru_cache(maxsize=_REMEMBERED)(self._look_up)

    @classmethod
    def from_file(cls, path: Path | None) -> PriceBook:
        """Read the owner's prices (`augury.models.overrides` describes the file); None: there are none."""
        return cls() if path is None else cls(read_overrides(path))

    def rates(self, *, model: str, provider: str, service_tier: str | None, at: datetime) -> tuple[Rates, ...]:
        """Say what tokens cost, by length of request, ascending; empty where the price is unknown.

        The last of the rates whose `above_input_tokens` is below a request's input tokens is the one that counts.

        Args:
            model: canonical name.
            provider: canonical name; `unknown` asks the maker's list.
            service_tier: `batch`, `flex`, `priority` or `fast`; anything else is the standard price.
            at: when the call was made; answered as of the beginning of its `PRICE_SLOT`. Without a zone: UTC.
        """
        moment = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return self._in_slot(model, provider, service_tier, int(moment.timestamp() // _SLOT_SECONDS))

    def cost(
        self,
        *,
        model: str,
        provider: str,
        service_tier: str | None,
        at: datetime,
        input_tokens: int,
        output_tokens: int,
        cached_input_tokens: int | None = None,
        cache_write_tokens: int | None = None,
        cache_write_1h_tokens: int | None = None,
    ) -> Decimal | None:
        """US dollars as of `rates`, counted as by `Rates.cost`; None where the price is unknown."""
        for rates in reversed(self.rates(model=model, provider=provider, service_tier=service_tier, at=at)):
            if input_tokens > rates.above_input_tokens:
                return rates.cost(
                    input_tokens=input_tokens,
                    output_tokens=output_tokens,
                    cached_input_tokens=cached_input_tokens or 0,
                    cache_write_tokens=cache_write_tokens or 0,
                    cache_write_1h_tokens=cache_write_1h_tokens or 0,
                )
        return None

    def _look_up(self, model: str, provider: str, service_tier: str | None, slot: int) -> tuple[Rates, ...]:
        start = datetime.fromtimestamp(slot * _SLOT_SECONDS, tz=UTC)
        override = self._override(model, provider, start.date())
        return _own_rates(override) if override else _listed_rates(model, provider, service_tier, start)

    def _override(self, model: str, provider: str, day: date) -> PriceOverride | None:
        fitting = [
            override
            for override in self._overrides.get(model, ())
            if override.provider in (None, provider) and (override.since is None or override.since <= day)
        ]
        # max() keeps the first of equals, so the file is read from its end.
        return max(reversed(fitting), key=lambda one: (one.provider is not None, one.since or date.min), default=None)


def _own_rates(own: PriceOverride) -> tuple[Rates, ...]:
    cache_write = own.input if own.cache_write is None else own.cache_write
    return (
        Rates(
            above_input_tokens=-1,
            input=_per_token(own.input),
            cached_input=_per_token(own.input if own.cached_input is None else own.cached_input),
            cache_write=_per_token(cache_write),
            cache_write_1h=_per_token(cache_write if own.cache_write_1h is None else own.cache_write_1h),
            output=_per_token(own.output),
        ),
    )


def _listed_rates(model: str, provider: str, service_tier: str | None, at: datetime) -> tuple[Rates, ...]:
    """The rates of the provider's own list, else of the maker's where the provider sells at its price."""
    if model == UNKNOWN:
        return ()
    made_by = maker(model)
    server = made_by if provider == UNKNOWN else provider
    tier = service_tier.lower() if service_tier else None
    info = _listed(server, model)
    if info is None and made_by in _AT_LIST_PRICE.get(server, ()):
        if tier in _TIERS:
            return ()  # resellers halve a batch as the makers do; their tiers are their own
        info = _listed(made_by, model)
    if info is None:
        return ()
    context = None
    if tier == _BATCH:
        context = {"processing": _BATCH}
    elif tier in _TIERS:
        context = {"service_tier": tier, "speed": tier}  # Anthropic's fast mode is a speed
    if context is not None:
        return _rates(info.get_prices(at, context))  # prices put together for this request
    prices = info.get_prices(at)  # the list's own object, the same for as long as it holds
    known = _read_before.get(id(prices))
    if known is None:
        known = _read_before[id(prices)] = prices, _rates(prices)
    return known[1]


_read_before: dict[
    int, tuple[ModelPrice, tuple[Rates, ...]]
] = {}  # by identity: kept beside it, so that it stays unique


def _rates(prices: ModelPrice) -> tuple[Rates, ...]:
    """One row per length of request at which any of the prices changes."""
    from genai_prices.types import TieredPrices  # noqa: PLC0415 - loaded on first use, see above

    if prices.input_mtok is None:
        return ()  # priced by the minute, the page or the picture, or not at all
    # A kind of token without a price of its own costs what the kind it belongs to costs, as genai-prices has it.
    cache_write = prices.input_mtok if prices.cache_write_mtok is None else prices.cache_write_mtok
    kinds = {
        "input": prices.input_mtok,
        "cached_input": prices.input_mtok if prices.cache_read_mtok is None else prices.cache_read_mtok,
        "cache_write": cache_write,
        "cache_write_1h": cache_write if prices.cache_write_1h_mtok is None else prices.cache_write_1h_mtok,
        "output": Decimal(0) if prices.output_mtok is None else prices.output_mtok,  # embeddings put out no tokens
    }

    def price(of: Decimal | TieredPrices, above: int) -> Decimal:
        if isinstance(of, Decimal):
            return _per_token(of)
        return _per_token(next((tier.price for tier in reversed(of.tiers) if tier.start <= above), of.base))

    starts = {tier.start for kind in kinds.values() if isinstance(kind, TieredPrices) for tier in kind.tiers}
    return tuple(
        Rates(above_input_tokens=above, **{name: price(kind, above) for name, kind in kinds.items()})
        for above in (-1, *sorted(starts))
    )


def _per_token(per_million: Decimal) -> Decimal:
    return _EXACT.quantize(_EXACT.divide(per_million, _MILLION), _RATE)


@lru_cache(maxsize=4_096)
def _listed(provider: str, model: str) -> ModelInfo | None:
    """The model in the provider's list, or None."""
    listing = _LISTS.get(provider)
    if listing is None:
        return None
    by_name = _by_canonical_name(listing)
    if model in by_name:
        return by_name[model]
    if model.startswith("ft:"):
        # ft:gpt-4o-mini:org::id, listed as whatever begins with ft:gpt-4o-mini-2024-
        model = f"{':'.join(model.split(':')[:2])}-2024-"
    return _provider(listing).find_model(model)


@cache
def _by_canonical_name(listing: str) -> dict[str, ModelInfo]:
    """The list by our names, since lists spell as their providers do: `anthropic/claude-sonnet-4.5` at OpenRouter.

    Where spellings of one model are listed apart, the one that most calls mean is kept.
    """
    best: dict[str, tuple[tuple[int, int], ModelInfo]] = {}
    for info in _provider(listing).models:
        if not _sells_tokens(info):
            continue
        for spelling in _spellings(info):
            name = resolve.__wrapped__(spelling).model  # not worth remembering
            rank = _unlikelihood(spelling.lower(), name)
            if name not in best or rank < best[name][0]:
                best[name] = (rank, info)
    return {name: info for name, (_, info) in best.items()}


def _sells_tokens(info: ModelInfo) -> bool:
    """Whether input tokens have a price: it is neither free nor paid by the minute, the page or the picture."""
    if isinstance(info.prices, list):
        return any(conditional.prices.input_mtok is not None for conditional in info.prices)
    return info.prices.input_mtok is not None


def _unlikelihood(spelling: str, name: str) -> tuple[int, int]:
    """How unlikely a call of that canonical name is to have used the spelling; of equals, the shorter is likelier."""
    if spelling == f"{name}-latest" or spelling.startswith("global."):
        rank = 0
    elif spelling == name:
        rank = 1
    elif spelling.startswith("regional.") or ":" in spelling.rpartition("/")[2]:
        rank = 3
    else:
        rank = 2
    return rank, len(spelling)


def _spellings(info: ModelInfo) -> Iterator[str]:
    """The list's id of a model, and the names that it says are the same."""
    from genai_prices.types import ClauseEquals, ClauseOr  # noqa: PLC0415 - loaded on first use

    def equals(clause: MatchLogic) -> Iterator[str]:
        if isinstance(clause, ClauseEquals):
            yield clause.equals
        elif isinstance(clause, ClauseOr):
            for one in clause.or_:
                yield from equals(one)

    yield info.id
    yield from equals(info.match)


@cache
def _provider(listing: str) -> Provider:
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - 30,000 lines, loaded on first use

    return next(provider for provider in get_snapshot().providers if provider.id == listing)
