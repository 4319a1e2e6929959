"""Taking in what applications on this machine have recorded for this server and could not deliver before they ended."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from augury.capture.outbox import destination_of, places
from augury.capture.sending import ServerDestination
from augury.capture.shipping import deliver_left
from augury.errors import AuguryError
from augury.store.urls import whole_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from augury.settings import Settings
    from augury.store.owner import Owner

_LOG = logging.getLogger("augury.server")

EVERY_S = 10.0


@contextmanager
def adopting(settings: Settings, owner: Owner, *, own: bool) -> Iterator[None]:
    """Look for such calls from now on, until the end of the block.

    They come in by the door, as all do. What running processes have is theirs to deliver; what was meant for a key's project
    goes there with the key, which a server does not have.

    Args:
        settings: name the database, and the data folder.
        owner: how to reach the server.
        own: the database is the server's own, to which its address without a key leads.
    """
    ended = Event()
    names = _names(settings, owner, own=own)

    def work() -> None:
        server = ServerDestination(owner.url, owner.token)
        while True:
            for place in places(settings.data_dir):
                if destination_of(place) in names:
                    _adopt(place, server)
            server.rest()
            if ended.wait(EVERY_S):
                return

    def _adopt(place: Path, server: ServerDestination) -> None:
        try:
            for count in deliver_left(place, server):
                if count:
                    _LOG.info("took in %d records that an application had left", count)
                if ended.is_set():
                    return
        except AuguryError as problem:
            _LOG.info("what applications have left could not be taken in: %s", problem)
        except Exception:  # noqa: BLE001 - the thread must live on, and try again
            _LOG.exception("what applications have left could not be taken in")

    worker = Thread(target=work, name="augury-adopter", daemon=True)
    worker.start()
    try:
        yield
    finally:
        ended.set()
        worker.join(timeout=EVERY_S)


def _names(settings: Settings, owner: Owner, *, own: bool) -> frozenset[str]:
    """By which applications may know this server, or its database."""
    port = urlsplit(owner.url).port
    here = [f"http://{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]")] if own else []
    return frozenset([*here, whole_name(settings.database_url)])
