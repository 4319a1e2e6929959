"""Where a database is, as a URL says it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from augury.errors import SettingsError

_DUCKDB = "duckdb:///"
_POSTGRES = ("postgresql://", "postgres://")
_TOLD = ("host", "hostaddr", "port", "dbname", "user", "target_session_attrs")
_PLANNED = ("clickhouse://", "chdb:///")


@dataclass(frozen=True, slots=True)
class DuckDBFile:
    """A DuckDB database in a file."""

    path: Path

    def __str__(self) -> str:
        return f"{_DUCKDB}{str(self.path).replace('%', '%25')}"


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """A database on a PostgreSQL server."""

    url: str

    def __str__(self) -> str:
        """The URL without what is secret in it."""
        place, _, query = self.url.partition("?")
        scheme, _, rest = place.partition("://")
        who, at, where = rest.rpartition("@")
        told = [one for one in query.split("&") if one and one.partition("=")[0] in _TOLD]
        return f"{scheme}://{who.partition(':')[0].partition('@')[0]}{at}{where}{'?' + '&'.join(told) if told else ''}"


def parse_url(url: str) -> DuckDBFile | PostgresDatabase:
    """The database that a URL, or the plain path of a DuckDB file, names.

    As in other tools, three slashes are followed by the path itself: `duckdb:///calls.duckdb` is in the current folder,
    `duckdb:////var/lib/calls.duckdb` is absolute.

    Raises:
        SettingsError: no engine is behind such a URL.
    """
    if url.startswith(_PLANNED):
        raise SettingsError(
            f"{url.split(':', maxsplit=1)[0]} databases are not supported yet; use duckdb:///PATH or postgresql://…"
        )
    if url.startswith(_POSTGRES):
        return PostgresDatabase(url)
    if url.startswith(_DUCKDB):
        path = unquote(url.removeprefix(_DUCKDB))
    elif "://" in url or url.startswith("duckdb:"):
        # Of a URL that is none only the scheme is repeated: the rest may hold a password.
        raise SettingsError(
            f'"{url.partition(":")[0]}:" is no database that Augury knows; expected duckdb:///PATH or postgresql://…'
        )
    else:
        path = url
    if not path or path.startswith(":memory:"):
        raise SettingsError(f'"{url}" names no file; expected duckdb:///PATH, such as duckdb:///calls.duckdb')
    return DuckDBFile(Path(path).expanduser())


def file_of(url: str) -> Path | None:
    """The file of a database that is one, which belongs to one process at a time; None for one on a server."""
    place = parse_url(url)
    return place.path if isinstance(place, DuckDBFile) else None


def missing_folder(file: Path) -> str:
    """The sentence for a file in a folder that does not exist, with the likely slip of three slashes for four."""
    slip = Path("/") / file
    if not file.is_absolute() and slip.parent.is_dir():
        return (
            f"there is no folder {file.parent} here; for the absolute path {slip} write duckdb:///{slip} (four slashes)"
        )
    return f"there is no folder {file.parent}; create it, or name another file"


def whole_name(database: str) -> str:
    """The one name of a database, from whichever folder it is named, with nothing secret in it.

    Raises:
        SettingsError: no engine is behind such a URL.
    """
    file = file_of(database)
    return str(parse_url(database) if file is None else DuckDBFile(file.resolve()))
