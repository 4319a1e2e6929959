"""The owner's own prices: negotiated ones, and those of models that no public list knows.

They are read from a TOML file:

    [[price]]
    model = "my-model"         # in any spelling; the canonical name counts
    provider = "openai"        # optional: left out, the price holds at every provider
    input = "2.50"             # US dollars per million tokens, as text or as a number
    cached_input = "1.25"      # optional, input read from a cache; left out: as input
    cache_write = "3.125"      # optional, input written to a cache; left out: as input
    cache_write_1h = "5"       # optional, input written to a cache for an hour; left out: as cache_write
    output = "10"              # reasoning included
    from = 2026-01-01          # optional: the first day of the price, in UTC

A price holds for every service tier and every length of request. Where several fit a call, one that names the provider
comes before one that does not, then the one with the latest `from`, then the one further down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from augury.core.tables import name_in, read_tables, refuse_unknown
from augury.errors import SettingsError, shown
from augury.models.names import UNKNOWN, canonical_provider, resolve

if TYPE_CHECKING:
    from pathlib import Path

_PRICES = ("input", "cached_input", "cache_write", "cache_write_1h", "output")
_KEYS = frozenset({"model", "provider", "from", *_PRICES})
_FINEST = -6  # a price per million tokens with six decimal places is a price per token with twelve
_HIGHEST = Decimal(100_000_000)  # US dollars per million tokens: a slip of the keyboard, not a price


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceOverride:
    """What the owner pays for one model, in US dollars per million tokens."""

    model: str  # canonical
    provider: str | None = None  # canonical; None: at every provider
    input: Decimal
    cached_input: Decimal | None = None  # None: as input
    cache_write: Decimal | None = None  # None: as input
    cache_write_1h: Decimal | None = None  # None: as cache_write
    output: Decimal
    since: date | None = None  # the first day, UTC; None: since ever


def read_overrides(path: Path) -> tuple[PriceOverride, ...]:
    """Read the file, or raise SettingsError with one sentence that says what to correct."""
    return tuple(_override(entry, where) for where, entry in read_tables(path, "prices", "price")["price"])


def _override(entry: dict[str, Any], where: str) -> PriceOverride:
    refuse_unknown(entry, sorted(_KEYS), where)
    reported = name_in(entry, "model", where)
    if reported is None or (model := resolve(reported).model) == UNKNOWN:
        raise SettingsError(f'{where}: `model` is missing; expected a model\'s name, such as "gpt-4o", add it')
    provider = name_in(entry, "provider", where)
    since = entry.get("from")
    if since is not None and (not isinstance(since, date) or isinstance(since, datetime)):
        raise SettingsError(f"{where}: `from` is {shown(since)}; expected a day without quotes, such as 2026-01-01")
    prices = {name: _price(entry[name], name, where) for name in _PRICES if name in entry}
    for name in ("input", "output"):
        if name not in prices:
            raise SettingsError(f'{where}: `{name}` is missing; expected US dollars per million tokens, such as "2.50"')
    return PriceOverride(
        model=model,
        provider=None if provider is None else canonical_provider(provider),
        since=since,
        **prices,
    )


def _price(value: object, name: str, where: str) -> Decimal:
    try:
        price = Decimal(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else None
    except InvalidOperation:
        price = None
    if price is None or not price.is_finite() or not 0 <= price <= _HIGHEST:
        raise SettingsError(
            f'{where}: `{name}` is {shown(value)}; expected US dollars per million tokens, 0 or more, such as "2.50"'
        )
    exponent = price.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < _FINEST:
        raise SettingsError(f"{where}: `{name}` is {shown(value)}; expected at most 6 decimal places, round it")
    return price
