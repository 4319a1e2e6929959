"""Every setting, declared once: its environment variable, its default, and what it is for."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from augury.errors import SettingsError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_PORT = 8765
DEFAULT_URL = f"http://127.0.0.1:{DEFAULT_PORT}"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""What a server is called on its own machine."""

_MOST_PORTS = 65_535
_HOST = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")
LOG_FORMATS = ("text", "json")


def _told(variable: str, about: str) -> dict[str, str]:
    return {"variable": variable, "about": about}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What Augury was told. Read once, where objects are built, and passed down from there."""

    data_dir: Path = field(
        default=Path(platformdirs.user_data_dir("augury")),
        metadata=_told(
            "AUGURY_DATA_DIR", "where the default database lives, and what applications have recorded until it arrives"
        ),
    )
    database: str | None = field(
        default=None, metadata=_told("AUGURY_DATABASE", "the database's URL; default: augury.duckdb in the data folder")
    )
    url: str | None = field(
        default=None,
        metadata=_told("AUGURY_URL", f"the server that the library sends to; default: http://127.0.0.1:{DEFAULT_PORT}"),
    )
    host: str = field(default="127.0.0.1", metadata=_told("AUGURY_HOST", "the address that `serve` listens on"))
    port: int = field(default=DEFAULT_PORT, metadata=_told("AUGURY_PORT", "the port that `serve` listens on; 0: any"))
    hosts: tuple[str, ...] = field(
        default=(),
        metadata=_told(
            "AUGURY_HOSTS", "names, with commas, by which others reach `serve`, as behind a proxy; needs keys"
        ),
    )
    require_key: bool = field(
        default=False,
        metadata=_told("AUGURY_REQUIRE_KEY", "whether `serve` wants a key from callers on this machine too"),
    )
    key: str | None = field(
        default=None, repr=False, metadata=_told("AUGURY_KEY", "the key that the library shows to its server")
    )
    prices: Path | None = field(
        default=None, metadata=_told("AUGURY_PRICES", "a TOML file of prices of your own, tried before the list's")
    )
    gateway: Path | None = field(
        default=None,
        metadata=_told(
            "AUGURY_GATEWAY", "a TOML file of the gateway's providers; unset: those whose keys are in the environment"
        ),
    )
    rules: Path | None = field(
        default=None,
        metadata=_told("AUGURY_RULES", "a TOML file of rules of your own: what calls are for, what evaluations mean"),
    )
    log_format: str = field(
        default="text",
        metadata=_told("AUGURY_LOG_FORMAT", "how `serve` writes its log: text, or json, an object a line"),
    )
    retention_days: int | None = field(
        default=None,
        metadata=_told("AUGURY_RETENTION_DAYS", "days of calls that `serve` keeps, deleting older ones; unset: all"),
    )

    sums_retention_days: int = field(
        default=730,
        metadata=_told(
            "AUGURY_SUMS_RETENTION_DAYS", "days for which the sums of pruned calls are kept; they hold no user"
        ),
    )

    journal_mib: int = field(
        default=1_024,
        metadata=_told("AUGURY_JOURNAL_MIB", "MiB of calls that `serve` keeps while the database is away"),
    )
    outbox_mib: int = field(
        default=256,
        metadata=_told("AUGURY_OUTBOX_MIB", "MiB of calls that each process of an application keeps until they arrive"),
    )
    raise_errors: bool = field(
        default=False,
        metadata=_told("AUGURY_RAISE", "true: what goes wrong in recording is raised, as tests want it"),
    )

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
        """Flags first, then the environment, then the defaults.

        Raises:
            SettingsError: a variable cannot be read as what it sets.
        """
        environment = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        for setting in fields(cls):
            text = environment.get(setting.metadata["variable"], "").strip()
            if given.get(setting.name) is not None:
                values[setting.name] = given[setting.name]
                if setting.name == "key":
                    _secret("api_key", given["key"])
            elif text:
                values[setting.name] = _READ[setting.name](setting.metadata["variable"], text)
        return cls(**values)

    @property
    def database_url(self) -> str:
        """The database that was named, or the default one."""
        return self.database or f"duckdb:///{self.data_dir / 'augury.duckdb'}"


def _text(_: str, text: str) -> str:
    return text


def _names(variable: str, text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    for name in names:
        if not _HOST.fullmatch(name):
            raise SettingsError(
                f"{variable}: expected names of hosts, with commas and without scheme or port, got {shown(name)}"
            )
    return names


def _secret(variable: str, text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:  # a header could not carry it, and would say it
        raise SettingsError(f"{variable}: expected a key as `augury keys create` shows it, got something else")
    return text


def _path(_: str, text: str) -> Path:
    return Path(text).expanduser()


def _port(variable: str, text: str) -> int:
    return _whole(variable, text, 0, _MOST_PORTS)


def _days(variable: str, text: str) -> int:
    return _whole(variable, text, 1, 3_660)  # the longest window


def _mebibytes(variable: str, text: str) -> int:
    return _whole(variable, text, 1, 2**20)


def _flag(variable: str, text: str) -> bool:
    word = text.lower()
    if word not in (*_YES, *_NO):
        raise SettingsError(f"{variable}: expected true or false, got {shown(text)}")
    return word in _YES


def _log_format(variable: str, text: str) -> str:
    if text.lower() not in LOG_FORMATS:
        raise SettingsError(f"{variable}: expected one of {', '.join(LOG_FORMATS)}, got {shown(text)}")
    return text.lower()


def _whole(variable: str, text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise SettingsError(f"{variable}: expected a whole number from {least} to {most}, got {shown(text)}")
    return int(text)


_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")

_READ = {
    "data_dir": _path,
    "database": _text,
    "url": _text,
    "host": _text,
    "hosts": _names,
    "key": _secret,
    "port": _port,
    "prices": _path,
    "gateway": _path,
    "require_key": _flag,
    "rules": _path,
    "log_format": _log_format,
    "retention_days": _days,
    "journal_mib": _mebibytes,
    "outbox_mib": _mebibytes,
    "raise_errors": _flag,
    "sums_retention_days": _days,
}
