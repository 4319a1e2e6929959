"""The keys of a data folder: a file that `augury keys` writes and a running server reads again when it changes."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from augury.access.kept import Kept
from augury.access.keys import Key, Scope, digest_of, id_of, named, new_secret, origin_of, scopes_of
from augury.errors import InvalidValue, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_VERSION = 1
_MINUTE_S = 60.0


class KeyRing:
    """The keys, by their ids."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet.

        Args:
            folder: the data folder; it has `keys.json`, and `keys.used/` with a file for each key, whose time is its last use.
        """
        self._kept = Kept(folder / "keys.json", read=_read, write=_write)
        self._used = folder / "keys.used"
        self._noted: dict[str, float] = {}

    @property
    def path(self) -> Path:
        """The file."""
        return self._kept.path

    def all(self) -> list[Key]:
        """All of them, the oldest first.

        Raises:
            SettingsError: the file cannot be used.
        """
        return list(self._kept.value().values())

    def get(self, number: str) -> Key | None:
        """The key of this id.

        Raises:
            SettingsError: the file cannot be used.
        """
        return self._kept.value().get(number)

    def find(self, secret: str) -> Key | None:
        """The key whose secret this is.

        Raises:
            SettingsError: the file cannot be used.
        """
        number = id_of(secret)
        key = self._kept.value().get(number or "")
        if key is None:
            digest_of(secret)  # as long as a wrong secret of a known id takes
            return None
        return key if key.is_of(secret) else None

    def create(
        self, *, name: str, scopes: list[str], origins: Sequence[str] = (), database: str | None = None
    ) -> tuple[Key, str]:
        """A new key, and its secret, which is kept nowhere.

        Raises:
            InvalidValue: the name, a scope, or an origin is not what it must be, or the name is taken.
            SettingsError: the file cannot be written.
        """
        number, secret = new_secret()
        key = Key(
            id=number,
            name=named(name),
            scopes=scopes_of(scopes),
            origins=tuple(dict.fromkeys(map(origin_of, origins))),
            database=database,
            digest=digest_of(secret),
            created=datetime.now(UTC).replace(microsecond=0),
        )
        if key.origins and key.scopes != {Scope.FEEDBACK}:
            # What stands in a page can be read by everybody, who then needs no page.
            raise InvalidValue(
                "origin", "the scope feedback alone with it: whoever sees a page sees its key", origins[0]
            )

        def add(keys: dict[str, Key]) -> dict[str, Key]:
            if any(other.name == key.name for other in keys.values()):
                raise InvalidValue("name", "one that no other key has", key.name)
            if number in keys:
                raise InvalidValue("id", "one that no other key has; try again", number)
            return keys | {number: key}

        self._kept.change(add)
        return key, secret

    def revoke(self, which: str) -> Key:
        """Take a key back, by its id or its name; it is refused from now on.

        Raises:
            NotFound: there is none.
            SettingsError: the file cannot be written.
        """
        gone: list[Key] = []

        def take(keys: dict[str, Key]) -> dict[str, Key]:
            gone.extend(key for key in keys.values() if which in {key.id, key.name})
            if not gone:
                raise NotFound("there is no key of that id or name; `augury keys list` shows them")
            return {number: key for number, key in keys.items() if key != gone[0]}

        self._kept.change(take)
        with suppress(OSError):
            (self._used / gone[0].id).unlink(missing_ok=True)
        return gone[0]

    def note_use(self, key: Key) -> None:
        """Remember that the key is in use: once a minute, by the time of a file, which costs microseconds and may fail."""
        now = time.monotonic()
        if now < self._noted.get(key.id, -_MINUTE_S) + _MINUTE_S:
            return
        self._noted[key.id] = now
        with suppress(OSError):
            self._used.mkdir(mode=0o700, exist_ok=True)
            (self._used / key.id).touch(mode=0o600)

    def last_use(self, key: Key) -> datetime | None:
        """When the key was used last, within a minute; None where it never was."""
        try:
            return datetime.fromtimestamp((self._used / key.id).stat().st_mtime, UTC).replace(microsecond=0)
        except OSError:
            return None


def _read(document: Any) -> dict[str, Key]:
    if document is None:
        return {}
    if document["version"] != _VERSION:
        raise ValueError("another version wrote this")
    return {key.id: key for key in map(Key.from_json, document["keys"])}


def _write(keys: dict[str, Key]) -> Any:
    return {"version": _VERSION, "keys": [key.to_json() for key in keys.values()]}
