"""What tests of the SQL file share: databases that it has set up, connections, and calls written by hand."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.database.by_sql import Connection

FILE = Path(__file__).parents[2] / "database/model-performance-tracking.sql"


def set_up(url: str) -> None:
    """Run the file as an SQL editor does: all of it as one text."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FILE.read_bytes())


@pytest.fixture(scope="session")
def template() -> str:
    """A database that the file has set up, to be copied."""
    return postgres.server().template("model-performance-tracking", set_up)


@pytest.fixture
def url(template: str) -> Iterator[str]:
    """A database that the file has set up."""
    with postgres.server().database(template) as made:
        yield made


@pytest.fixture
def connect(url: str) -> Iterator[Callable[[], Connection]]:
    """Connections to the database, each statement of which commits by itself."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(psycopg.connect(url, autocommit=True))


@pytest.fixture
def database(connect: Callable[[], Connection]) -> Connection:
    """A connection to a database that the file has set up."""
    return connect()
