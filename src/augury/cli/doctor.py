"""`augury doctor`: what is wrong, and what to do about it."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from augury import __version__
from augury.capture import outbox
from augury.capture.journal import survey
from augury.capture.outbox import places
from augury.cli.output import Database, Json, counted, write_json, write_line
from augury.core.calls import OTHER
from augury.core.windows import day_of
from augury.errors import AuguryError
from augury.settings import Settings
from augury.store.owner import find
from augury.store.urls import file_of, parse_url
from augury.wiring import archive_of, is_shut, journal_folder, journal_folders, keys_of, prices_of, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from augury.capture.outbox import Place
    from augury.store.protocol import Archive, Description

_ROOM = 2**30
_QUIET = timedelta(days=7)
_OLD = timedelta(days=90)
_DEAR = 100  # dollars that hardly any single call costs
_DEARER = 100  # times what 99 % of a model's other calls cost at the most
_NAMED = 3  # models
_UNSEALED = 3  # days that may be over and not sealed


class Verdict(StrEnum):
    """How a check went."""

    GOOD = "good"
    ADVICE = "advice"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, how it went, and what that means."""

    check: str
    verdict: Verdict
    says: str


def doctor(database: Database = None, json: Json = False) -> None:
    """Check the setup and the data; say what is wrong and what to do.

    Ends with 1 where something is wrong; advice alone is no error.
    """
    settings = Settings.read(database=database)
    findings = list(_findings(settings))
    if json:
        write_json({"version": __version__, "findings": [asdict(finding) for finding in findings]})
    else:
        marks = {Verdict.GOOD: ("✓", "green"), Verdict.ADVICE: ("!", "yellow"), Verdict.WRONG: ("✗", "bold red")}
        for finding in findings:
            mark, style = marks[finding.verdict]
            write_line(Text(f"{mark} ", style).append(f"{finding.check}: {finding.says}", "default"))
    if any(finding.verdict is Verdict.WRONG for finding in findings):
        raise typer.Exit(1)


def _findings(settings: Settings) -> Iterator[Finding]:
    yield _prices(settings)
    yield from _rules(settings)
    yield from _keys(settings)
    path = file_of(settings.database_url)
    owner = find(path) if path is not None else None
    if path is None:
        pass  # several servers may use it, and none need
    elif owner:
        yield Finding("server", Verdict.GOOD, f"runs at {owner.url} and owns the database")
    else:
        yield Finding("server", Verdict.ADVICE, "none runs on this database; `augury serve` starts one")
    yield from _outboxes(settings)
    if path is not None and not path.exists():
        yield Finding(
            "database",
            Verdict.WRONG,
            f"there is none at {path}; `augury serve` or `augury import` creates it, `augury demo` shows one",
        )
        return
    try:
        with archive_of(settings, read_only=True) as archive:
            found = archive.describe()
            yield Finding("database", Verdict.GOOD, f"{found.url} opens; schema version {found.schema_version}")
            yield from _data(found, archive)
            yield from _sealing(found, archive)
    except AuguryError as problem:
        yield Finding("database", Verdict.WRONG, str(problem))
        yield from _journal(settings)
        return
    yield from _journal(settings)
    if path is not None:
        yield from _room(path, found)
    yield _retention(settings, found)


def _journal(settings: Settings) -> Iterator[Finding]:
    """What the server has kept while the database was away."""
    folder = journal_folder(settings)
    found = []
    try:
        for folder in journal_folders(settings):
            found.append((folder, survey(folder)))
    except OSError as problem:
        yield Finding("journal", Verdict.WRONG, f"{folder} cannot be read: {problem.strerror or problem}")
        return
    waiting = [(folder, own.calls) for folder, own in found if own.calls]
    if waiting:
        places = " and ".join(str(folder) for folder, _ in waiting)
        says = f"{counted(sum(calls for _, calls in waiting), 'call')} in {places} wait for the database; "
        says += "a running server brings its own, and one that starts those that others have left"
        yield Finding("journal", Verdict.ADVICE, says)
    for _, own in found:
        if own.dead_letters:
            yield Finding(
                "dead letters",
                Verdict.ADVICE,
                f"{counted(own.dead_letters, 'call')} that the database refused for good, and why: "
                f"{own.dead_letters_path}; send again what you want, and delete the file",
            )
    if not waiting and not any(own.dead_letters for _, own in found):
        yield Finding("journal", Verdict.GOOD, "no call waits for the database, and none was refused")


def _outboxes(settings: Settings) -> Iterator[Finding]:
    """What applications have recorded and could not deliver, or not even record."""
    waiting = False
    for folder in places(settings.data_dir):
        try:
            place = outbox.survey(folder)
        except OSError as problem:
            yield Finding("outbox", Verdict.WRONG, f"{folder} cannot be read: {problem.strerror or problem}")
            continue
        if place.calls or place.said:
            waiting = True
            yield _waiting(place)
        if place.dropped:
            reasons = "; ".join(f"{count:,} times {why}" for why, count in place.dropped.items())
            yield Finding(
                "not recorded",
                Verdict.WRONG,
                f"calls for {place.destination} could not be recorded: {reasons}; mend it where they are recorded, and delete "
                f"{place.dropped_path}",
            )
        if place.dead_letters:
            yield Finding(
                "dead letters",
                Verdict.ADVICE,
                f"{counted(place.dead_letters, 'record')} that {place.destination} refused for good, and why: "
                f"{place.dead_letters_path}; send again what you want, and delete the file",
            )
    if not waiting:
        yield Finding("outbox", Verdict.GOOD, "nothing that applications have recorded waits to be delivered")


def _waiting(place: Place) -> Finding:
    says = (
        f"{counted(place.calls, 'call')} and {counted(place.said, 'rating')} or outcomes wait for {place.destination}"
    )
    if place.troubles:
        first = place.troubles[0]
        since = datetime.fromtimestamp(first.since, UTC)
        return Finding("outbox", Verdict.WRONG, f"{says} since {since:%Y-%m-%d %H:%M} UTC: {first.trouble}")
    return Finding("outbox", Verdict.ADVICE, f"{says}: running processes deliver their own, `augury flush` the rest")


def _rules(settings: Settings) -> Iterator[Finding]:
    if settings.rules is None:
        return
    try:
        rules = rules_of(settings)
    except AuguryError as problem:
        yield Finding("rules", Verdict.WRONG, str(problem))
        return
    says = (
        f"{counted(len(rules.tasks), 'rule')} of what calls are for, {len(rules.evaluations)} of what evaluations mean"
    )
    yield Finding("rules", Verdict.GOOD, f"{says}, from {settings.rules}")


def _prices(settings: Settings) -> Finding:
    try:
        prices_of(settings)
    except AuguryError as problem:
        return Finding("prices", Verdict.WRONG, str(problem))
    own = (
        f"your own from {settings.prices}, then the list's"
        if settings.prices
        else "the list's; AUGURY_PRICES adds your own"
    )
    return Finding("prices", Verdict.GOOD, own)


def _keys(settings: Settings) -> Iterator[Finding]:
    """Whether those who are to come in can, and whether nobody else can."""
    ring = keys_of(settings)
    try:
        keys = ring.all()
        databases = {key.database for key in keys if key.database is not None}
        for database in databases:
            parse_url(database)
        required = is_shut(settings)
    except AuguryError as problem:
        yield Finding("keys", Verdict.WRONG, str(problem))
        return
    if required and not keys:
        yield Finding(
            "keys",
            Verdict.WRONG,
            "others are to reach `serve`, and there is none: augury keys create --name me --scope admin",
        )
        return
    says = f"{counted(len(keys), 'key')}, needed " + (
        "by everybody who comes" if required else "by nobody: `serve` answers this machine alone"
    )
    if databases:
        says += f"; {counted(len(databases), 'project')} beside the server's own database"
    yield Finding("keys", Verdict.GOOD, says)
    now = datetime.now(UTC)
    idle = [key for key in keys if now - max(ring.last_use(key) or key.created, key.created) > _OLD]
    if idle:
        yield Finding(
            "idle keys",
            Verdict.ADVICE,
            f"{', '.join(key.name for key in idle[:_NAMED])}{' and others' if len(idle) > _NAMED else ''}: not used for 90 days; "
            "`augury keys revoke` takes back what nobody needs",
        )


def _data(found: Description, archive: Archive) -> Iterator[Finding]:
    if not found.calls or found.first is None or found.last is None:
        yield Finding(
            "calls", Verdict.ADVICE, "none yet: record some with augury.track, POST them, or `augury import` a log"
        )
        return
    kind = "sample calls, nobody's real traffic" if found.sample else "calls"
    yield Finding("calls", Verdict.GOOD, f"{found.calls:,} {kind}, {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}")
    if datetime.now(UTC) - found.last > _QUIET:
        yield Finding(
            "recording",
            Verdict.ADVICE,
            f"the last call is from {found.last:%Y-%m-%d}; is the application still recording?",
        )
    (row,) = archive.query(
        "SELECT count(*) FILTER (WHERE model = 'unknown'), count(*) FILTER (WHERE cost_usd IS NULL), "
        "count(*) FILTER (WHERE task_type = 'other'), count(*) FILTER (WHERE user_rating IN (-1, 1)), "
        "count(*) FILTER (WHERE tokens_used = 0 AND success) FROM model_performance_metrics",
        limit=1,
    ).rows
    unknown, unpriced, untyped, rated, tokenless = row
    if unknown:
        yield Finding(
            "models",
            Verdict.ADVICE,
            f"{counted(unknown, 'call')} did not tell their model; they are counted, never recommended",
        )
    if unpriced:
        yield Finding(
            "costs",
            Verdict.ADVICE,
            f"{counted(unpriced, 'call')} of unknown price; add prices of your own (AUGURY_PRICES)",
        )
    yield from _implausible(archive)
    if tokenless:
        yield Finding(
            "tokens",
            Verdict.ADVICE,
            f"{counted(tokenless, 'successful call')} without tokens, so without a computed cost",
        )
    if untyped:
        yield Finding(
            "task types",
            Verdict.ADVICE,
            f'{counted(untyped, "call")} of task type "other"; give task_type where you record',
        )
    if not rated:
        yield Finding("ratings", Verdict.ADVICE, "no call is rated; thumbs and outcomes say what success rates cannot")


def _sealing(found: Description, archive: Archive) -> Iterator[Finding]:
    """Whether answers come from sums, and what those have lost."""
    waiting = len(archive.unsealed(day_of(datetime.now(UTC) - timedelta(hours=1))))
    final = f", of which {counted(found.final_days, 'day')} pruned for good" if found.final_days else ""
    says = f"{counted(found.sealed_days, 'day')} sealed{final}"
    if waiting > _UNSEALED:
        says += f"; {counted(waiting, 'day')} that are over are not: `augury seal` sums them, and so does `serve`"
        yield Finding("sums", Verdict.ADVICE, says)
    elif found.sealed_days:
        yield Finding("sums", Verdict.GOOD, says)
    if found.overflow:
        yield Finding(
            "names",
            Verdict.ADVICE,
            f'a day had too many different values of {", ".join(found.overflow)}: the rarest are summed as "{OTHER}"; '
            "is something there that is different for every call, such as an id?",
        )


def _implausible(archive: Archive) -> Iterator[Finding]:
    """Calls that cost far more than their model's others: mostly cents taken for dollars, or a whole bill for a call."""
    # What is dear itself does not count as usual, so that few calls among few are found too.
    found = archive.query(
        f"WITH dear AS (SELECT DISTINCT model FROM model_performance_metrics WHERE cost_usd > {_DEAR}), "
        "usual AS (SELECT model, percentile_disc(0.99) WITHIN GROUP (ORDER BY cost_usd::DOUBLE PRECISION) "
        f"FILTER (WHERE cost_usd <= {_DEAR}) AS cost "
        "FROM model_performance_metrics WHERE model IN (SELECT model FROM dear) GROUP BY model) "
        "SELECT model, count(*) AS calls, max(cost_usd)::DOUBLE PRECISION, usual.cost "
        "FROM model_performance_metrics JOIN usual USING (model) "
        f"WHERE cost_usd > {_DEAR} AND cost_usd::DOUBLE PRECISION > {_DEARER} * coalesce(usual.cost, 0) "
        "GROUP BY model, usual.cost ORDER BY calls DESC, model",
        limit=_NAMED,
    )
    for model, calls, most, usual in found.rows:
        others = "" if usual is None else f", where 99% of the others cost ${usual:,.2g} or less"
        yield Finding(
            "implausible costs",
            Verdict.ADVICE,
            f"{counted(calls, 'call')} of {model} cost over ${_DEAR} each, up to ${most:,.2f}{others}; "
            "totals include them: look for a mistake of unit where they were recorded (cost_usd is dollars)",
        )
    if found.cut:
        yield Finding("implausible costs", Verdict.ADVICE, "and calls of other models")


def _room(path: Path, found: Description) -> Iterator[Finding]:
    free = shutil.disk_usage(path.parent).free
    # What was written last may still be in the log beside the file, which after a crash is not small.
    log = path.with_name(f"{path.name}.wal")
    size = (found.size_bytes or 0) + (log.stat().st_size if log.exists() else 0)
    says = f"{size / 2**20:,.0f} MiB used, {free / 2**30:,.1f} GiB free"
    if free < max(_ROOM, size):
        yield Finding("disk", Verdict.ADVICE, f"{says}: soon full; free some room, or `augury prune`")
    else:
        yield Finding("disk", Verdict.GOOD, says)


def _retention(settings: Settings, found: Description) -> Finding:
    if settings.retention_days:
        return Finding("retention", Verdict.GOOD, f"`serve` keeps {settings.retention_days} days")
    if found.first and datetime.now(UTC) - found.first > _OLD:
        return Finding(
            "retention",
            Verdict.ADVICE,
            "there are calls older than 90 days; `augury prune` or AUGURY_RETENTION_DAYS=90 would delete them",
        )
    return Finding("retention", Verdict.GOOD, "nothing is deleted unasked")
