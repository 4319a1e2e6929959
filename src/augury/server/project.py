"""One database and all that serves it: its application, its journal, its note, and work in the background."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from augury.core.windows import Window
from augury.errors import AuguryError
from augury.server.adopting import adopting
from augury.server.app import create_app
from augury.server.parts import Parts
from augury.server.warming import first_answer
from augury.store.owner import Owner, announce, withdraw
from augury.store.sealing import Sealer
from augury.store.urls import file_of
from augury.wiring import journal_of, prices_of, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from augury.gateway.configuration import Configuration
    from augury.server.gate import Gate
    from augury.server.projects import Projects
    from augury.settings import Settings
    from augury.store.protocol import Store

_LOG = logging.getLogger("augury.server")
_HOUR_S = 3_600.0


@contextmanager
def project(
    settings: Settings,
    store: Store,
    gate: Gate,
    gateway: Configuration,
    *,
    address: str,
    name: str | None = None,
    projects: Projects | None = None,
) -> Iterator[FastAPI]:
    """The application over a database, until the end of the block.

    Args:
        settings: name the database, and say what to keep.
        store: the database; this process owns it.
        gateway: who answers for models.
        gate: tells callers apart, and learns the token of this database's commands.
        address: where commands on this machine find the server.
        name: the database, as keys name it; None: the server's own.
        projects: the others, for the server's own application.
    """
    owner = Owner(url=address, token=secrets.token_urlsafe(32), pid=os.getpid())
    with journal_of(settings) as journal:
        parts = Parts(
            store=store,
            prices=prices_of(settings),
            gate=gate,
            sample=store.describe().sample,
            now=lambda: datetime.now(UTC),
            gateway=gateway,
            rules=rules_of(settings),
            journal=journal,
        )
        app = create_app(parts, projects)
        warming = app.state.warming.begun(lambda: first_answer(parts, app.state.snapshot))
        gate.admit(owner.token, name)
        database = file_of(settings.database_url)
        if database is not None:  # what several processes may use needs no owner
            announce(database, owner)
        try:
            # Nobody's real calls belong among sample traffic, which is gone when it starts again.
            left = nullcontext() if parts.sample else adopting(settings, owner, own=name is None)
            with warming, _retention(store, settings), Sealer(store, lambda: datetime.now(UTC)), left:
                yield app
        finally:
            gate.dismiss(owner.token)
            if database is not None:
                withdraw(database, owner)


@contextmanager
def _retention(store: Store, settings: Settings) -> Iterator[None]:
    """Delete old calls now and every hour, where a retention was set."""
    days = settings.retention_days
    if days is None:
        yield
        return
    ended = threading.Event()

    def work() -> None:
        while True:
            try:
                now = datetime.now(UTC)
                deleted = store.prune(
                    Window.last_days(days, now=now).start,
                    keep_sums_from=Window.last_days(max(days, settings.sums_retention_days), now=now).start,
                )
                if deleted:
                    _LOG.info("deleted %d calls older than %d days", deleted, days)
            except AuguryError as problem:
                _LOG.warning("old calls were not deleted: %s", problem)
            if ended.wait(_HOUR_S):
                return

    worker = threading.Thread(target=work, name="augury-retention", daemon=True)
    worker.start()
    try:
        yield
    finally:
        ended.set()
        worker.join()
