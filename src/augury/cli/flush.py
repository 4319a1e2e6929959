"""`augury flush`: deliver what applications here have recorded and nobody has delivered yet."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from augury.capture.outbox import destination_of, places, survey
from augury.capture.sending import ServerDestination, name_of, without_secrets
from augury.capture.shipping import deliver_left
from augury.cli.output import Database, Json, console, counted, progress, write_json
from augury.errors import AuguryError, SettingsError
from augury.settings import Settings
from augury.store.urls import whole_name
from augury.wiring import SharedDatabase

if TYPE_CHECKING:
    from collections.abc import Callable

    from augury.capture.carrying import Destination
    from augury.capture.outbox import Place

_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 2.0

Timeout = Annotated[float, typer.Option(min=0, help="Seconds to wait while nothing can be delivered.")]


@dataclass
class _Target:
    """One destination, and how its delivery goes."""

    place: Path
    name: str
    destination: Destination | None = None
    trouble: str | None = None
    pause_s: float = _PAUSE_S
    next_try: float = 0.0
    seen: Place | None = None


def flush(timeout: Timeout = 30.0, database: Database = None, json: Json = False) -> None:
    """Wait until everything that applications on this machine have recorded is delivered.

    What processes that have ended left behind is delivered here, each to the server or the database it was meant for; what
    running ones have recorded they deliver themselves. Ends with 1 where something still waits.
    """
    settings = Settings.read(database=database)
    targets = [_Target(place, destination_of(place) or "") for place in places(settings.data_dir)]
    total = sum(_waiting(target) for target in targets)
    with progress() as bar:
        task = bar.add_task("Delivering", total=total)
        moved_at = time.monotonic()
        left = total
        while left and time.monotonic() - moved_at < timeout:
            for target in targets:
                _deliver(target, settings, lambda count: bar.advance(task, count))
            now_left = sum(_waiting(target) for target in targets)
            if now_left < left:
                moved_at = time.monotonic()
            left = now_left
            bar.update(task, completed=total - left)
            if left:
                time.sleep(_PAUSE_S)
    for target in targets:
        if target.destination is not None:
            target.destination.rest()
    _tell(targets, total, left, json=json)


def _waiting(target: _Target) -> int:
    try:
        found = survey(target.place)
    except OSError as problem:
        target.trouble = f"{target.place} cannot be read: {problem.strerror or problem}"
        return 0
    target.seen = found
    return found.calls + found.said


def _deliver(target: _Target, settings: Settings, moved: Callable[[int], None]) -> None:
    """Deliver what dead processes have left; what is in the way is kept for the end."""
    if time.monotonic() < target.next_try:
        return
    try:
        if target.destination is None:
            target.destination = _reached(target.name, settings)
        for count in deliver_left(target.place, target.destination):
            moved(count)
    except AuguryError as problem:
        target.trouble = str(problem)
        target.next_try = time.monotonic() + target.pause_s
        target.pause_s = min(2 * target.pause_s, _LONGEST_PAUSE_S)
    else:
        target.trouble = None


def _reached(name: str, settings: Settings) -> Destination:
    """The destination of that name; by our own settings where these mean the same, since they may know a key or a password.

    Raises:
        SettingsError: it takes a key that we do not have.
    """
    if not name.startswith(("http://", "https://")):
        ours = settings.database is not None and whole_name(settings.database) == name
        return SharedDatabase(settings if ours else replace(settings, database=name, url=None))
    address, _, number = name.partition("#")
    if number and name_of(address, settings.key) != name:
        raise SettingsError(f"{address} takes the key {number}; set AUGURY_KEY to it")
    ours = settings.url is not None and without_secrets(settings.url) == address
    return ServerDestination(settings.url if ours and settings.url else address, settings.key if number else None)


def _tell(targets: list[_Target], total: int, left: int, *, json: bool) -> None:
    waiting = [(place, target.trouble) for target in targets if (place := target.seen) and place.calls + place.said]
    told: list[dict[str, Any]] = [
        {
            "destination": place.destination,
            "calls": place.calls,
            "said": place.said,
            "trouble": trouble or (place.troubles[0].trouble if place.troubles else None),
        }
        for place, trouble in waiting
    ]
    if json:
        write_json({"delivered": total - left, "waiting": told})
    else:
        console.print(f"Delivered {counted(max(0, total - left), 'record')}.", highlight=False)
        for one in told:
            what = f"{counted(one['calls'], 'call')}, {counted(one['said'], 'rating')} or outcomes"
            console.print(
                f"{what} still wait for {one['destination']}: {one['trouble'] or 'a running process has them'}",
                markup=False, soft_wrap=True, highlight=False,
            )  # fmt: skip
    if left:
        raise typer.Exit(1)
