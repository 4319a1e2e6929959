"""`augury demo`: the product over sample traffic."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from augury.cli.output import Database, console, counted, progress
from augury.cli.serve import Host, Port, run_until_interrupted
from augury.demo.traffic import sample_calls
from augury.errors import SettingsError
from augury.settings import Settings
from augury.store.owner import find
from augury.store.urls import file_of
from augury.wiring import journal_folder, make_folder, prices_of, store_of

if TYPE_CHECKING:
    from augury.store.protocol import Store

_BATCH = 5_000
_ABOUT = 50_000  # calls, for the progress bar


def demo(host: Host = None, port: Port = None, database: Database = None) -> None:
    """Serve 90 days of generated sample traffic, marked as sample wherever it is shown.

    The sample has a database of its own (demo.duckdb in the data folder), made anew at each start; a database of real
    calls is refused.
    """
    given = Settings.read(host=host, port=port)
    # AUGURY_DATABASE names the real database; only a flag can name another one for the demo.
    named = database if database != given.database else None
    settings = replace(given, database=named or f"duckdb:///{given.data_dir / 'demo.duckdb'}")
    path = file_of(settings.database_url)
    if path is None:
        raise SettingsError(
            "the demo makes its database anew at each start, so it is a file; name one by duckdb:///PATH"
        )
    _clear(path)
    make_folder(given.data_dir)
    with store_of(settings) as store:
        count = _fill(store, settings)
        console.print(f"Generated {counted(count, 'sample call')}: nobody's real traffic.", highlight=False)
        run_until_interrupted(settings, store, "Augury with sample traffic", alone=True)


def _clear(path: Path) -> None:
    """Remove the sample of last time.

    Raises:
        SettingsError: what is there is no sample, or in use.
    """
    if not path.exists():
        return
    if owner := find(path):
        raise SettingsError(f"a server at {owner.url} owns {path}; end it first, or give the demo another --database")
    with store_of(Settings(database=str(path)), read_only=True) as store:
        found = store.describe()
    if not found.sample:
        raise SettingsError(
            f"{path} is no sample database ({counted(found.calls, 'call')}); demo leaves it alone: name another file"
        )
    for file in (path, path.with_name(path.name + ".wal")):
        file.unlink(missing_ok=True)
    shutil.rmtree(journal_folder(Settings(database=str(path))), ignore_errors=True)


def _fill(store: Store, settings: Settings) -> int:
    store.mark_as_sample()
    calls = sample_calls(prices_of(settings), now=datetime.now(UTC))
    count = 0
    with progress() as bar:
        task = bar.add_task("Generating sample traffic", total=_ABOUT)
        while batch := list(islice(calls, _BATCH)):
            store.append(batch)
            count += len(batch)
            bar.update(task, completed=count)
    return count
