"""`augury copy`: a whole database, from one engine to another."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from augury.cli.output import Json, console, counted, progress, write_json, write_table
from augury.core.windows import date_of
from augury.errors import StoreError, StoreInUse
from augury.settings import Settings
from augury.store.copying import Copying, Difference, Why
from augury.store.owner import answers, find
from augury.store.urls import file_of, parse_url
from augury.wiring import require_database, store_of

if TYPE_CHECKING:
    from augury.store.protocol import Store

_NAMED = 40  # days

_ADVICE = {
    Why.BEHIND: "not all of it is there, as where the source is written to meanwhile: run this again, it adds what is missing",
    Why.CHANGED: "all calls are there, but some were rated, priced, or changed on one side since they were copied, and nothing "
    "is overwritten: copy into a new database",
    Why.PRUNED: "its calls were pruned in the target, which takes no others of that day: copy into a new database",
    Why.SUMS: "only its sums are left in the source, and the target had something else of that day: copy into a new database",
}


def copy(
    source: Annotated[str, typer.Option("--from", metavar="URL", help="The database to copy; it is only read.")],
    target: Annotated[str, typer.Option("--to", metavar="URL", help="Where to; made where there is none.")],
    json: Json = False,
) -> None:
    """Copy a whole database between engines: a DuckDB file, PostgreSQL.

    Calls are recognised by their ids: running it again, after whatever interrupted it, adds only what is missing and
    overwrites nothing. Of pruned days the sums are copied, and of sample traffic its mark. At the end calls, successes,
    tokens, costs, thumbs, and response times are added up by UTC day on both sides and compared; where they differ the day
    is named with what to do, and the exit code is 1.

    The target may have calls that the source does not: those days are told, are no error, and only that every call of
    the source is there is certain of them. A server that owns one of the files has to be ended first; one on PostgreSQL
    may go on, and whatever it writes to the source meanwhile is copied by running this again.
    """
    here, there = Settings.read(database=source), Settings.read(database=target)
    _expect_two(source, target)
    require_database(here, "copy")
    for url in (source, target):
        _expect_no_server(url)
    with store_of(here, read_only=True) as one, store_of(there) as other:
        result, found = _copy(one, other)
    if json:
        write_json(result)
    else:
        _tell(result, found)
    if result["differentDays"]:
        raise typer.Exit(1)


def _expect_two(source: str, target: str) -> None:
    files = [file_of(url) for url in (source, target)]
    if parse_url(source) == parse_url(target) or (files[0] and files[1] and files[0].resolve() == files[1].resolve()):
        raise StoreError("--from and --to are the same database; name another one")


def _expect_no_server(url: str) -> None:
    path = file_of(url)
    owner = find(path) if path is not None else None
    if owner and answers(owner):
        raise StoreInUse(f"a server at {owner.url} owns {path}; end it first, and start it again after the copy")


def _copy(source: Store, target: Store) -> tuple[dict[str, Any], list[Difference]]:
    copying = Copying(source, target)
    fates: Counter[str] = Counter()
    found: list[Difference] = []
    compared = 0
    with progress() as bar:
        try:
            task = bar.add_task("Copying sums of pruned days", total=len(copying.final_days))
            for put in copying.sums():
                fates["sums"] += put
                bar.advance(task)
            bar.remove_task(task)
            task = bar.add_task("Copying calls", total=copying.total)
            for added in copying.calls():
                fates.update(stored=added.stored, known=added.known, final=added.final)
                bar.update(task, completed=_done(fates), total=max(copying.total, _done(fates)))
        except KeyboardInterrupt:
            console.print(
                f"Stopped: {_done(fates):,} of {counted(copying.total, 'call')} done; run this again for the rest.",
                highlight=False,
            )
            raise
        bar.remove_task(task)
        task = bar.add_task("Comparing days", total=None)
        for days, left, differing in copying.differences():
            compared += days
            found += differing
            bar.update(task, completed=compared, total=compared + left)
    more = [one for one in found if one.why is Why.MORE]
    result = {
        "from": source.describe().url,
        "to": target.describe().url,
        "sample": copying.sample,
        "calls": _done(fates),
        "stored": fates["stored"],
        "known": fates["known"],
        "refused": fates["final"],
        "finalDays": len(copying.final_days),
        "finalDaysStored": fates["sums"],
        "comparedDays": compared,
        "differentDays": [_day(one) for one in found if one.why is not Why.MORE],
        "moreInTarget": [_day(one) for one in more],
    }
    return result, found


def _done(fates: Counter[str]) -> int:
    return fates["stored"] + fates["known"] + fates["final"]


def _day(one: Difference) -> dict[str, Any]:
    return {
        "day": date_of(one.day).isoformat(),
        "why": one.why,
        "sourceCalls": one.source.get("calls", 0),
        "targetCalls": one.target.get("calls", 0),
        "differs": {name: [one.source.get(name, 0), one.target.get(name, 0)] for name in one.measures},
    }


def _tell(result: dict[str, Any], found: list[Difference]) -> None:
    sums = f", and the sums of {counted(result['finalDays'], 'pruned day')}" if result["finalDays"] else ""
    refused = f", {result['refused']:,} were refused" if result["refused"] else ""
    _say(
        f"Copied {counted(result['calls'], 'call')}{sums}: {result['stored']:,} went in, "
        f"{result['known']:,} were there already{refused}."
    )
    if result["moreInTarget"]:
        extra = sum(day["targetCalls"] - day["sourceCalls"] for day in result["moreInTarget"])
        _say(
            f"The target has {counted(extra, 'call')} more, on {counted(len(result['moreInTarget']), 'day')}, that the "
            "source does not have; of those days all calls of the source are there, and sums were not compared."
        )
    differing = result["differentDays"]
    if not differing:
        same = result["comparedDays"] - len(result["moreInTarget"])
        _say(f"Compared: counts and sums of {counted(same, 'day')} are the same on both sides.")
        return
    write_table(
        ("day", "calls here", "calls there", "differs in"),
        [(day["day"], day["sourceCalls"], day["targetCalls"], ", ".join(day["differs"])) for day in differing[:_NAMED]],
        title=f"{counted(len(differing), 'day')} of {result['comparedDays']:,} differ",
    )
    if len(differing) > _NAMED:
        _say(f"And {counted(len(differing) - _NAMED, 'more day')}; --json names all.")
    wrong = sorted((one for one in found if one.why is not Why.MORE), key=lambda one: (one.why, one.day))
    for why, days in groupby(wrong, key=lambda one: one.why):
        first, *rest = [date_of(one.day).isoformat() for one in days]
        others = f" and {counted(len(rest), 'other day')}" if rest else ""
        _say(f"{first}{others}: {_ADVICE[why]}.")


def _say(sentence: str) -> None:
    console.print(sentence, soft_wrap=True, highlight=False, markup=False)
