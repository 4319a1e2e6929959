"""A small JSON document in a file of one's own, that several processes read and change."""

from __future__ import annotations

import json
import os
import secrets
import stat
import sys
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from augury.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

if sys.platform != "win32":
    import fcntl

_LONGEST = 2**22
_Stamp = tuple[int, int, int] | None

T = TypeVar("T")


class Kept(Generic[T]):
    """A value in a file that its user alone may read: written whole or not at all, and read again when somebody changed it."""

    def __init__(self, path: Path, *, read: Callable[[Any], T], write: Callable[[T], Any]) -> None:
        """Nothing is read yet.

        Args:
            path: the file; without it the value is `read(None)`.
            read: makes the value of what JSON says; raises ValueError, TypeError, or KeyError where that is something else.
            write: the opposite.
        """
        self.path = path
        self._read = read
        self._write = write
        self._lock = Lock()
        self._stamp: _Stamp | str = "never read"
        self._value: T | SettingsError = SettingsError("never read")

    def value(self) -> T:
        """What the file says now; where nobody has touched it since, that costs a glance at its time.

        Raises:
            SettingsError: it is something else, or others could have written it.
        """
        with self._lock:
            stamp = self._glance()
            if stamp != self._stamp:
                self._value, self._stamp = self._load(), stamp
            if isinstance(self._value, SettingsError):
                raise self._value
            return self._value

    def change(self, change: Callable[[T], T]) -> T:
        """Put what `change` makes of the value in its place; nobody else changes it meanwhile. The new value.

        Raises:
            SettingsError: it cannot be read, or written.
        """
        try:
            with _alone(self.path.with_name(self.path.name + ".lock")):
                changed = change(self.value())
                self._replace(json.dumps(self._write(changed), ensure_ascii=False, indent=1))
        except OSError as problem:
            raise SettingsError(f"{self.path} cannot be written: {problem.strerror or problem}") from None
        return changed

    def _glance(self) -> _Stamp:
        try:
            about = self.path.stat()
        except OSError:
            return None
        return about.st_ino, about.st_mtime_ns, about.st_size

    def _load(self) -> T | SettingsError:
        try:
            return self._read(json.loads(_own(self.path)))
        except FileNotFoundError:
            return self._read(None)
        except PermissionError as problem:
            return SettingsError(
                f"{self.path} cannot be trusted: {problem.strerror or problem}; mend its owner and mode"
            )
        except OSError as problem:
            return SettingsError(f"{self.path} cannot be read: {problem.strerror or problem}")
        except (ValueError, TypeError, KeyError, RecursionError):  # its text stays unsaid: it is about secrets
            return SettingsError(f"{self.path} is not what Augury wrote; restore it, or delete it and begin anew")

    def _replace(self, text: str) -> None:
        part = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.part")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path)
        finally:
            part.unlink(missing_ok=True)


def _own(path: Path) -> bytes:
    """The file's text, where nobody but its user, or root, can have written it.

    Raises:
        OSError: there is none, or it is not of that kind.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        ours = not hasattr(os, "getuid") or (about.st_uid in {0, os.getuid()} and not about.st_mode & 0o022)
        if not stat.S_ISREG(about.st_mode) or not ours:
            raise PermissionError(0, "others could have written it")
        return file.read(_LONGEST)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other process or thread is within such a block."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        if sys.platform != "win32":
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
