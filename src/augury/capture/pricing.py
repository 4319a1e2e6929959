"""What calls cost, by column: `augury.models.prices` in SQL, for files that come in and for calls that are priced again.

Prices are looked up once for each model, provider, tier and price slot that occurs, into a temporary table; a join and an
expression do the rest.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from augury.capture.records import EMBEDDINGS
from augury.models.prices import PRICE_SLOT

if TYPE_CHECKING:
    import duckdb

    from augury.models.prices import PriceBook, Quote

_SLOT_US = int(PRICE_SLOT.total_seconds()) * 1_000_000
_RATES = ("input", "cached_input", "cache_write", "cache_write_1h", "output")


def look_up_rates(cursor: duckdb.DuckDBPyConnection, prices: PriceBook, calls: str, *, named: str) -> None:
    """Make the temporary table `rates`: a row per model, provider, tier, run of price slots, and length of request.

    Args:
        cursor: where the calls are.
        prices: what to look up.
        calls: the calls that want a price, as SQL from FROM on.
        named: which table of it has their canonical names.
    """
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE rates (model VARCHAR, provider VARCHAR, tier VARCHAR, first_slot BIGINT, "
        f"last_slot BIGINT, above BIGINT, upto BIGINT, {', '.join(f'{rate} DECIMAL(18, 12)' for rate in _RATES)}, "
        "source VARCHAR, since DATE)"
    )
    slots = cursor.execute(
        f"SELECT DISTINCT {named}.model, {named}.provider, coalesce(service_tier, ''), {_slot('timestamp')} {calls} "
        "ORDER BY ALL"
    ).fetchall()

    def quoted(model: str, provider: str, tier: str, slot: int) -> Quote:
        at = datetime.fromtimestamp(slot * _SLOT_US // 1_000_000, UTC)
        return prices.quote(model=model, provider=provider, service_tier=tier or None, at=at)

    rows: list[tuple[object, ...]] = []
    for (*sold, quote), run in groupby(slots, key=lambda slot: (*slot[:3], quoted(*slot))):
        passed = [slot for *_, slot in run]
        for step, after in zip_longest(quote.rates, quote.rates[1:]):
            upto = after.above_input_tokens if after else None
            costs = (getattr(step, rate) for rate in _RATES)
            rows.append(
                (*sold, passed[0], passed[-1], step.above_input_tokens, upto, *costs, quote.source, quote.since)
            )
    with cursor.appender("rates") as appender:
        appender.append_rows(rows)


def rates_join(calls: str, *, input_tokens: str) -> str:
    """Each call beside the one row of `rates` that holds for it; nulls where its price is unknown."""
    return (
        f"LEFT JOIN rates ON rates.model = {calls}.model AND rates.provider = {calls}.provider "
        f"AND rates.tier = coalesce(service_tier, '') "
        f"AND {_slot('timestamp')} BETWEEN rates.first_slot AND rates.last_slot "
        f"AND coalesce({input_tokens}, 0) > rates.above AND (rates.upto IS NULL OR coalesce({input_tokens}, 0) <= rates.upto)"
    )


def cost_sql(*, input_tokens: str, output_tokens: str, cache_write_tokens: str) -> str:
    """`Rates.cost` of a call beside its `rates`; NULL where the price or the tokens are unknown.

    The counts are columns, by the names that they have where they are settled; the others have the table's.
    """
    written = f"coalesce({cache_write_tokens}, 0)"
    return (
        f"CASE WHEN {input_tokens} IS NOT NULL AND ({output_tokens} IS NOT NULL OR operation = '{EMBEDDINGS}') THEN CAST("
        f"({input_tokens}::BIGINT - coalesce(cached_input_tokens, 0) - {written}) * rates.input "
        "+ coalesce(cached_input_tokens, 0)::BIGINT * rates.cached_input "
        f"+ ({written}::BIGINT - coalesce(cache_write_1h_tokens, 0)) * rates.cache_write "
        "+ coalesce(cache_write_1h_tokens, 0)::BIGINT * rates.cache_write_1h "
        f"+ coalesce({output_tokens}, 0)::BIGINT * rates.output AS DECIMAL(18, 10)) END"
    )


def _slot(timestamp: str) -> str:
    return f"epoch_us({timestamp}) // {_SLOT_US}"
