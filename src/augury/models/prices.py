"""What calls cost: the owner's prices first, then the public price list that comes with `genai-prices`.

No network, ever: the list is the one installed. It is loaded on first use, since that takes a tenth of a second.

An unknown price is no price, never 0: `rates` is then empty and `cost` is None. What a list says of audio, images,
searches and fees per request is left out; tokens are what a call record knows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from augury.models.names import UNKNOWN, maker, resolve
from augury.models.overrides import PriceOverride, read_overrides
from augury.models.rates import PriceSource, Quote, Rates, per_token

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from genai_prices.types import ConditionalPrice, MatchLogic, ModelInfo, ModelPrice, PriceVariant, Provider

__all__ = ["PRICE_SLOT", "PriceBook", "PriceOverride", "PriceSource", "PricesInUse", "Quote", "Rates"]

PRICE_SLOT = timedelta(minutes=30)
"""Prices do not change within a slot, counted from midnight UTC: who prices many calls may ask once per model,
provider, tier and slot. Days, and the hours of day that some providers charge less in, begin with a slot."""

_SLOT_SECONDS = int(PRICE_SLOT.total_seconds())
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
class PricesInUse:
    """Which prices a price book has."""

    listed: str  # the installed list and its version, which dates it: its data do not say when they were checked
    own: int  # how many the owner has written down


_UNKNOWN_PRICE = Quote()


class PriceBook:
    """What a call costs. Models and providers are canonical names, as `augury.models.resolve` gives them."""

    def __init__(self, overrides: Sequence[PriceOverride] = ()) -> None:
        self._path: Path | None = None
        self._use(overrides)

    def _use(self, overrides: Sequence[PriceOverride]) -> None:
        by_model: dict[str, list[PriceOverride]] = defaultdict(list)
        for override in overrides:
            by_model[override.model].append(override)
        self._overrides = dict(by_model)
        self._in_slot = lru_cache(maxsize=_REMEMBERED)(self._look_up)  # last: it remembers none of the prices before

    @classmethod
    def from_file(cls, path: Path | None) -> PriceBook:
        """Read the owner's prices (`augury.models.overrides` describes the file); None: there are none."""
        book = cls()
        book._path = path
        book.reread()
        return book

    def reread(self) -> None:
        """Read the owner's file anew, where there is one.

        Raises:
            SettingsError: the file cannot be used; the prices of before stand.
        """
        if self._path is not None:
            self._use(read_overrides(self._path))

    def in_use(self) -> PricesInUse:
        """Which prices these are."""
        return PricesInUse(
            listed=f"genai-prices {version('genai-prices')}", own=sum(map(len, self._overrides.values()))
        )

    def rates(self, *, model: str, provider: str, service_tier: str | None, at: datetime) -> tuple[Rates, ...]:
        """What tokens cost, by length of request, ascending; empty where the price is unknown: see `quote`."""
        return self.quote(model=model, provider=provider, service_tier=service_tier, at=at).rates

    def quote(self, *, model: str, provider: str, service_tier: str | None, at: datetime) -> Quote:
        """Say what tokens cost, and who says so.

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

    def _look_up(self, model: str, provider: str, service_tier: str | None, slot: int) -> Quote:
        start = datetime.fromtimestamp(slot * _SLOT_SECONDS, tz=UTC)
        override = self._override(model, provider, start.date())
        if override is not None:
            return Quote(rates=_own_rates(override), source=PriceSource.OWN, since=override.since)
        return _listed_quote(model, provider, service_tier, start)

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
            input=per_token(own.input),
            cached_input=per_token(own.input if own.cached_input is None else own.cached_input),
            cache_write=per_token(cache_write),
            cache_write_1h=per_token(cache_write if own.cache_write_1h is None else own.cache_write_1h),
            output=per_token(own.output),
        ),
    )


def _listed_quote(model: str, provider: str, service_tier: str | None, at: datetime) -> Quote:
    """The price of the provider's own list, else of the maker's where the provider sells at its price."""
    if model == UNKNOWN:
        return _UNKNOWN_PRICE
    made_by = maker(model)
    server = made_by if provider == UNKNOWN else provider
    tier = service_tier.lower() if service_tier else None
    info = _listed(server, model)
    if info is None and made_by in _AT_LIST_PRICE.get(server, ()):
        if tier in _TIERS:
            return _UNKNOWN_PRICE  # resellers halve a batch as the makers do; their tiers are their own
        info = _listed(made_by, model)
    if info is None:
        return _UNKNOWN_PRICE
    context: dict[str, str] = {}
    if tier == _BATCH:
        context = {"processing": _BATCH}
    elif tier in _TIERS:
        context = {"service_tier": tier, "speed": tier}  # Anthropic's fast mode is a speed
    prices = info.get_prices(at, context)
    rates = _rates(prices) if context else _standard_rates(prices)  # with a context, they are put together for it alone
    if not rates:
        return _UNKNOWN_PRICE
    return Quote(rates=rates, source=PriceSource.LIST, since=_since(info, at, context))


def _since(info: ModelInfo, at: datetime, context: Mapping[str, str]) -> date | None:
    """The first day of the price that `ModelInfo.get_prices` finds, where the list tells."""
    found: list[ConditionalPrice | PriceVariant] = []
    if isinstance(info.prices, list):
        found += [next((one for one in reversed(info.prices) if _active(one, at)), info.prices[0])]
    found += [one for one in info.price_variants or () if one.when.items() <= context.items() and _active(one, at)]
    days = [getattr(one.constraint, "start_date", None) for one in found]
    return max((day for day in days if day is not None and day <= at.date()), default=None)


def _active(price: ConditionalPrice | PriceVariant, at: datetime) -> bool:
    return price.constraint is None or price.constraint.active(at)


def _standard_rates(prices: ModelPrice) -> tuple[Rates, ...]:
    """The rates of the list's own object, which is the same for as long as its prices hold."""
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
            return per_token(of)
        return per_token(next((tier.price for tier in reversed(of.tiers) if tier.start <= above), of.base))

    starts = {tier.start for kind in kinds.values() if isinstance(kind, TieredPrices) for tier in kind.tiers}
    return tuple(
        Rates(above_input_tokens=above, **{name: price(kind, above) for name, kind in kinds.items()})
        for above in (-1, *sorted(starts))
    )


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
