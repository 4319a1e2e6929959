"""What tokens cost: rates by length of request, and who says so."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

_RATE = Decimal("1e-12")  # DECIMAL(18,12), as SQL multiplies it; all lists fit but for a few thirds of a cent
_CENTS = Decimal("1e-10")  # NUMERIC(18,10), as the table stores it
_MILLION = Decimal(1_000_000)
_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)  # 64-bit counts times our rates never need more digits


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


class PriceSource(StrEnum):
    """Who says what a call costs."""

    OWN = "own"  # the owner, in a file of prices
    LIST = "list"  # the installed price list


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What tokens cost at a time, and who says so.

    Attributes:
        rates: by length of request, ascending; empty where the price is unknown.
        source: None where the price is unknown.
        since: the first day of the price (UTC), where its source tells.
    """

    rates: tuple[Rates, ...] = ()
    source: PriceSource | None = None
    since: date | None = None


def per_token(per_million: Decimal) -> Decimal:
    """US dollars per token, as rates have them."""
    return _EXACT.quantize(_EXACT.divide(per_million, _MILLION), _RATE)
