"""`augury reprice`: prices after the fact."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from typing import Annotated, Any

import typer

from augury.cli.output import (
    Database,
    Json,
    console,
    counted,
    progress,
    warn_of_sample,
    write_json,
    write_table,
)
from augury.client import RemoteArchive
from augury.core.windows import MAX_DAYS, Window, date_of, day_of
from augury.models.prices import PriceSource
from augury.report import formatting
from augury.settings import Settings
from augury.store.repricing import Repriced, added_up, dollars, reprice_days
from augury.wiring import archive_of, prices_of, require_database


def reprice(
    days: Annotated[
        int | None, typer.Option(min=1, max=MAX_DAYS, help="Calendar days (UTC), today included. Default: all.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    database: Database = None,
    json: Json = False,
) -> None:
    """Give calls the price of their own date, where prices came or changed after them.

    A cost that was reported is never touched. One that was computed, or is unknown, is computed anew, by your own prices
    (AUGURY_PRICES) and then by the installed list; a server that owns the database takes its own, read anew. Where a price is
    not known any more, the cost that was computed once stays. Only calls whose cost changes are written, a day at a time: it
    may be interrupted, and running it again changes nothing. Days that change count from their rows until they are sealed
    again; pruned days keep their sums.
    """
    settings = Settings.read(database=database)
    require_database(settings, "price calls of")
    since = 0 if days is None else day_of(Window.last_days(days, now=datetime.now(UTC)).start)
    found: list[Repriced] = []
    changed: list[int] = []
    done = 0
    with archive_of(settings) as archive:
        if isinstance(archive, RemoteArchive):
            prices, used, whose = None, archive.reread_prices(), "the server's own"
        else:
            prices = prices_of(settings)
            used, whose = prices.in_use(), "your own"
        warn_of_sample(archive)
        there = archive.repriceable(since)
        with progress() as bar:
            task = bar.add_task("Looking" if dry_run else "Pricing", total=len(there.days))
            try:
                for day, one in reprice_days(archive, prices, there.days, dry_run=dry_run):
                    found = added_up([*found, *one])
                    changed += [day] if any(row.calls for row in one) else []
                    done += 1
                    bar.update(task, completed=done)
            except KeyboardInterrupt:
                console.print(
                    f"Stopped: {counted(done, 'day')} of {len(there.days):,} done; run this again for the rest."
                )
                raise
    result = {
        "dryRun": dry_run,
        "repriced": sum(one.calls for one in found),
        "costBefore": _number(dollars(one.before for one in found)),
        "costAfter": _number(dollars(one.after for one in found)),
        "unpriced": sum(one.unpriced for one in found),
        "kept": sum(one.kept for one in found),
        "changedDays": [date_of(day).isoformat() for day in sorted(changed)],
        "finalDays": there.final_days,
        "prices": {"list": used.listed, "own": used.own},
        "models": [_model(name, list(rows)) for name, rows in groupby(found, key=lambda one: one.model)],
    }
    if json:
        write_json(result)
    else:
        _tell(result, whose)


def _model(name: str, rows: list[Repriced]) -> dict[str, Any]:
    return {
        "model": name,
        "repriced": sum(one.calls for one in rows),
        "costBefore": _number(dollars(one.before for one in rows)),
        "costAfter": _number(dollars(one.after for one in rows)),
        "unpriced": sum(one.unpriced for one in rows),
        "kept": sum(one.kept for one in rows),
        "prices": [
            {"source": one.source, "from": one.since and one.since.isoformat(), "calls": one.calls}
            for one in rows
            if one.calls
        ],
    }


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def _tell(result: dict[str, Any], whose: str) -> None:
    listed, own = result["prices"]["list"], result["prices"]["own"]
    if result["models"]:
        write_table(
            ("model", "re-priced", "before", "after", "without a price", "kept", "prices"),
            [
                (
                    model["model"], model["repriced"], formatting.money(model["costBefore"]),
                    formatting.money(model["costAfter"]), model["unpriced"], model["kept"],
                    ", ".join(_price(price, listed) for price in model["prices"]) or None,
                )
                for model in result["models"]
            ],
        )  # fmt: skip
    did = "Would re-price" if result["dryRun"] else "Re-priced"
    calls, days = counted(result["repriced"], "call"), counted(len(result["changedDays"]), "day")
    sums = f": {formatting.money(result['costBefore'])} before, {formatting.money(result['costAfter'])} after"
    _say(f"{did} {calls} of {days}{sums if result['repriced'] else ''}.")
    _say(f"Prices: {f'{own:,} of {whose}, then ' if own else ''}{listed}.")
    if result["unpriced"]:
        _say(
            f"{counted(result['unpriced'], 'call')} without a known price, or tokens; AUGURY_PRICES names a file of prices."
        )
    if result["kept"]:
        _say(f"{counted(result['kept'], 'call')} kept a cost that was computed, since the price is not known any more.")
    if result["finalDays"]:
        _say(f"{counted(result['finalDays'], 'day')} whose calls were pruned keep their sums.")


def _price(price: dict[str, Any], listed: str) -> str:
    """`own from 2026-01-01`, `genai-prices 0.2.3`."""
    source = "own" if price["source"] == PriceSource.OWN else listed
    return f"{source} from {price['from']}" if price["from"] else source


def _say(sentence: str) -> None:
    console.print(sentence, soft_wrap=True, highlight=False, markup=False)
