"""`augury migrate`: bring a database's schema up to date."""

from __future__ import annotations

from augury.cli.output import Database, Json, console, write_json
from augury.settings import Settings
from augury.wiring import archive_of


def migrate(database: Database = None, json: Json = False) -> None:
    """Create or update the tables and views; no data is lost.

    Every command that writes does this by itself; run it to be sure, or before a first `sql`.
    """
    with archive_of(Settings.read(database=database)) as archive:  # whoever opens it to write has migrated it
        found = archive.describe()
    if json:
        write_json({"database": found.url, "schemaVersion": found.schema_version})
    else:
        console.print(f"{found.url} is ready: schema version {found.schema_version}.", soft_wrap=True, highlight=False)
