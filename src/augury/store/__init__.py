"""Where calls are kept: one protocol, an engine behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.store.urls import PostgresDatabase, parse_url

if TYPE_CHECKING:
    from augury.store.protocol import Store


def open_store(url: str, *, read_only: bool = False) -> Store:
    """Open the database that a URL such as `duckdb:///calls.duckdb` names, creating it where there is none.

    Args:
        url: see `augury.store.urls.parse_url`.
        read_only: change nothing, not even the schema; the database must exist.

    Raises:
        SettingsError: no engine is behind such a URL.
        StoreInUse: another process owns the file.
        NotADatabase: the file is damaged, or something else.
        SchemaTooNew: a newer Augury wrote it.
    """
    place = parse_url(url)
    # An engine is imported when it is needed.
    if isinstance(place, PostgresDatabase):
        from augury.store.postgres import PostgresStore  # noqa: PLC0415

        return PostgresStore(place, read_only=read_only)
    from augury.store.duckdb import DuckDBStore  # noqa: PLC0415

    return DuckDBStore(place.path, read_only=read_only)
