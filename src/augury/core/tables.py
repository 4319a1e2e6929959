"""Reading the owner's own files: TOML with lists of tables, and errors that say what to correct."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from augury.errors import SettingsError, shown

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


def read_tables(path: Path, holding: str, *names: str) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """The tables of a file, by their names, each with where it stands; numbers with a point are Decimal.

    Args:
        path: the file.
        holding: what it holds, as in "the file of prices".
        names: of the lists of tables that it may have, and nothing else.

    Raises:
        SettingsError: the file cannot be used; one sentence says what to correct.
    """
    wanted = " and ".join(f"[[{name}]]" for name in names)
    try:
        # Decimal keeps 0.15 what it looks like.
        document = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise SettingsError(
            f"{path}: the file of {holding} cannot be read ({error.strerror}); expected a TOML file, check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: the file of {holding} is not UTF-8 text; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML ({error}); expected {wanted} tables, correct that line") from error
    for name in document:
        if name not in names:
            raise SettingsError(
                f"{path}: {shown(name)} is not known here; expected nothing but {wanted} tables, remove it"
            )
    return {name: _tables(document.get(name, []), name, path) for name in names}


def _tables(found: object, name: str, path: Path) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise SettingsError(f"{path}: `{name}` is not a list of tables; begin each {name} with a line [[{name}]]")
    return [(f"{path}: [[{name}]] {number}", entry) for number, entry in enumerate(found, start=1)]


def refuse_unknown(entry: dict[str, Any], known: Collection[str], where: str) -> None:
    """Refuse a key that the table does not have.

    Raises:
        SettingsError: there is one.
    """
    if unknown := sorted(entry.keys() - set(known)):
        raise SettingsError(f"{where}: {shown(unknown[0])} is not known; expected {', '.join(known)}, rename it")


def name_in(entry: dict[str, Any], key: str, where: str) -> str | None:
    """The name under a key; None where there is no such key.

    Raises:
        SettingsError: it is no name.
    """
    value = entry.get(key)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise SettingsError(f"{where}: `{key}` is {shown(value)}; expected a name in quotes, correct it")
    return value


def word_in(entry: dict[str, Any], key: str, allowed: Collection[str], where: str) -> str:
    """The word under a key.

    Raises:
        SettingsError: it is none of those that are allowed.
    """
    value = entry.get(key)
    if not isinstance(value, str) or value not in allowed:
        raise SettingsError(f"{where}: `{key}` is {shown(value)}; expected one of {', '.join(allowed)}, correct it")
    return value
