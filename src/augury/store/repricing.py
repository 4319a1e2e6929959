"""Prices after the fact: what became of the calls that are priced again, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003 - pydantic reads it when it runs
from decimal import Decimal
from typing import TYPE_CHECKING

from augury.models.prices import PriceSource  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from augury.models.prices import PriceBook
    from augury.store.protocol import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Repriceable:
    """What may be priced again: calls whose cost nobody reported.

    Attributes:
        days: the days (since 1970-01-01) that have some, in order.
        final_days: days whose calls were pruned: whatever they cost, their sums stand.
    """

    days: list[int]
    final_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Repriced:
    """What became of a model's calls that one price is for, or none.

    Attributes:
        model: canonical name.
        source: whose price it is; None: it is unknown, or the calls have no tokens to price.
        since: the first day of the price, where its source tells.
        calls: how many cost something else than before, or were not known to be computed.
        before: what those cost before, as far as that was known; None where it was not.
        after: what they cost now; None where there are none.
        unpriced: calls that have no cost, and got none.
        kept: calls that keep the cost that was computed once, since their price is not known any more.
    """

    model: str
    source: PriceSource | None
    since: date | None
    calls: int
    before: Decimal | None
    after: Decimal | None
    unpriced: int
    kept: int


def reprice_days(
    archive: Archive, prices: PriceBook | None, days: Iterable[int], *, dry_run: bool
) -> Iterator[tuple[int, list[Repriced]]]:
    """Price the calls of these days again, the latest first; each day, as it is done, and what became of its calls."""
    for day in sorted(days, reverse=True):
        yield day, archive.reprice(day, prices, dry_run=dry_run)


def added_up(found: Iterable[Repriced]) -> list[Repriced]:
    """One for each model and price, by model; the source that knows no price last."""
    sums: dict[tuple[str, bool, str, str], Repriced] = {}
    for one in found:
        key = (one.model, one.source is None, one.source or "", one.since.isoformat() if one.since else "")
        sums[key] = _sum(sums[key], one) if key in sums else one
    return [sums[key] for key in sorted(sums)]


def _sum(one: Repriced, other: Repriced) -> Repriced:
    return Repriced(
        model=one.model,
        source=one.source,
        since=one.since,
        calls=one.calls + other.calls,
        before=dollars((one.before, other.before)),
        after=dollars((one.after, other.after)),
        unpriced=one.unpriced + other.unpriced,
        kept=one.kept + other.kept,
    )


def dollars(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of those that are known; None where none is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, start=Decimal(0)) if known else None
