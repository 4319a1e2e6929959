"""Dates and times that Python does not know, such as infinity, as PostgreSQL writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import DataError
from psycopg.types import datetime as known

if TYPE_CHECKING:
    from psycopg.abc import Buffer, Loader


def _lenient(loader: type[Any]) -> type[Loader]:
    class Lenient(loader):  # type: ignore[misc]  # a class that is made here
        def load(self, data: Buffer) -> Any:
            try:
                return super().load(data)
            except DataError:
                return bytes(data).decode()

    return Lenient


READABLE = {
    "date": _lenient(known.DateLoader),
    "interval": _lenient(known.IntervalLoader),
    "time": _lenient(known.TimeLoader),
    "timestamp": _lenient(known.TimestampLoader),
    "timestamptz": _lenient(known.TimestamptzLoader),
}
"""For the types of which it knows not every value."""
