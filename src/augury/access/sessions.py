"""Who is signed in: what a browser's cookie says is kept by its digest, for a bounded time."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from augury.access.kept import Kept
from augury.access.keys import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from augury.access.keys import Key

LASTS_S = 7 * 24 * 3_600
_MOST = 1_000  # the oldest make room


@dataclass(frozen=True, slots=True)
class _Session:
    key: str  # its id: a key that is revoked ends what was opened with it
    until: float


class Sessions:
    """Sign-ins of a data folder, in `sessions.json`: they outlive the server, and all servers of the folder know them."""

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        """Nothing is read yet."""
        self._kept = Kept(folder / "sessions.json", read=_read, write=_write)
        self._now = now

    def begin(self, key: Key, *, instead_of: str = "") -> str:
        """A new session; what the browser is to show. The one that it had ends.

        Raises:
            SettingsError: it cannot be kept.
        """
        token = secrets.token_urlsafe(32)
        now = self._now()

        def add(sessions: dict[str, _Session]) -> dict[str, _Session]:
            valid = {
                digest: session
                for digest, session in sessions.items()
                if session.until > now and digest != digest_of(instead_of)
            }
            kept = dict(sorted(valid.items(), key=lambda one: one[1].until)[-(_MOST - 1) :])
            return kept | {digest_of(token): _Session(key.id, now + LASTS_S)}

        self._kept.change(add)
        return token

    def key_of(self, token: str) -> str | None:
        """The id of the key that a session was opened with; None where there is no such session, or no longer.

        Raises:
            SettingsError: the file cannot be used.
        """
        session = self._kept.value().get(digest_of(token)) if token else None
        return session.key if session and session.until > self._now() else None

    def end(self, token: str) -> None:
        """Sign out.

        Raises:
            SettingsError: it cannot be kept.
        """
        gone = digest_of(token)
        if gone in self._kept.value():
            self._kept.change(lambda sessions: {digest: one for digest, one in sessions.items() if digest != gone})


def _read(document: Any) -> dict[str, _Session]:
    sessions = {} if document is None else document["sessions"]
    return {str(digest): _Session(str(one["key"]), float(one["until"])) for digest, one in sessions.items()}


def _write(sessions: dict[str, _Session]) -> Any:
    return {"sessions": {digest: {"key": one.key, "until": one.until} for digest, one in sessions.items()}}
