"""Everything that can go wrong in Augury, as one tree.

    AuguryError
     ├─ SettingsError      a setting, a flag, or a file of settings cannot be used
     ├─ InvalidValue       a field of a record or a parameter is not what it must be
 │   └─ TranslationError  a request or an answer cannot be said in the words of another API
     ├─ NotFound           what was asked for does not exist
     ├─ FileUnreadable     a file cannot be read as call records
     ├─ StoreError         the database cannot do what was asked
     │   ├─ StoreInUse     another process owns the database file
     │   ├─ NotADatabase   the file is damaged, or is something else
     │   ├─ SchemaTooNew   a newer Augury wrote this database
     │   ├─ QueryRefused   a query is not read-only, or does not run
     │   └─ StoreAway      the database cannot be reached or written now; later it may
     │       └─ StorageFull  there is no room left where it lies
     ├─ TooBusy            more waits already than may; the same may well succeed in a moment
     │   └─ JournalFull    what stands in for the database has taken all that it may
     └─ ServerUnreachable  no server answered, or it answered with an error

Each message says what was wrong, what was expected, and, where that helps, what to do next.
"""

from __future__ import annotations

from enum import Enum


class AuguryError(Exception):
    """Base of all errors that Augury raises on purpose."""


class SettingsError(AuguryError):
    """A setting, a flag, or a file of settings cannot be used."""


class InvalidValue(AuguryError):
    """A field is not what it must be.

    Attributes:
        field: the name of the field, as in the table `model_performance_metrics`.
        expected: what would have been accepted, as the end of the sentence "expected …".
        came: what came instead, shortened; empty where showing it could leak a prompt or a secret.
    """

    def __init__(self, field: str, expected: str, came: object = None, *, told: str | None = None) -> None:
        """`told` is what came, in the words in which a server has told it."""
        self.field = field
        self.expected = expected
        self.came = shown(came) if told is None else told
        super().__init__(f"{field}: expected {expected}, got {self.came}")


class TranslationError(InvalidValue):
    """A request or an answer cannot be said in the words of another API, and leaving it out would change what it means."""


class NotFound(AuguryError):
    """What was asked for does not exist."""


class FileUnreadable(AuguryError):
    """A file cannot be read as call records."""


class StoreError(AuguryError):
    """The database cannot do what was asked."""


class StoreInUse(StoreError):
    """Another process owns the database file."""


class NotADatabase(StoreError):
    """The file is damaged, or is something else."""


class SchemaTooNew(StoreError):
    """A newer Augury wrote this database."""


class QueryRefused(StoreError):
    """A query is not read-only, or does not run."""


class StoreAway(StoreError):
    """The database cannot be reached or written now; the same may well succeed later."""


class StorageFull(StoreAway):
    """There is no room left where the database, or what stands in for it, lies."""


class TooBusy(AuguryError):
    """More waits already than may; the same may well succeed in a moment."""


class JournalFull(TooBusy):
    """What stands in for the database has taken all that it may."""


class ServerUnreachable(AuguryError):
    """No server answered, or it answered with an error."""


def shown(value: object, limit: int = 60) -> str:
    """The value as an error message may show it: quoted, on one line, at most `limit` characters long."""
    if value is None:
        return "nothing"
    try:
        text = repr(value.value if isinstance(value, Enum) else value)
    except (ValueError, RecursionError):  # thousands of digits, or of brackets
        text = "something too large to show"
    return text if len(text) <= limit else text[: limit - 1] + "…"
