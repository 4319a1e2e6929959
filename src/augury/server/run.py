"""Running the application: a socket, a note beside the database, and work in the background."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import uvicorn

from augury.core.windows import Window
from augury.errors import AuguryError, SettingsError
from augury.gateway import configuration
from augury.server.app import create_app
from augury.server.guard import refuse_open_doors
from augury.server.parts import Parts
from augury.server.warming import first_answer
from augury.store.owner import Owner, announce, withdraw
from augury.store.sealing import Sealer
from augury.store.urls import file_of
from augury.wiring import journal_of, prices_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from augury.settings import Settings
    from augury.store.protocol import Store

_LOG = logging.getLogger("augury.server")
_HOUR_S = 3_600.0


def run(settings: Settings, store: Store, *, ready: Callable[[str], None]) -> None:
    """Serve the store until interrupted.

    Args:
        settings: where to listen, and what to keep.
        store: the database; this process owns it.
        ready: called with the server's address when requests are taken.

    Raises:
        SettingsError: the address cannot be listened on, or the gateway's providers cannot work.
    """
    refuse_open_doors(settings.host)
    gateway = configuration.read(settings.gateway, os.environ)
    with listening(settings.host, settings.port) as listener, journal_of(settings) as journal:
        port = listener.getsockname()[1]
        configuration.refuse_itself(gateway, port)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        owner = Owner(url=f"http://{host}:{port}", token=secrets.token_urlsafe(32), pid=os.getpid())
        parts = Parts(
            store=store,
            prices=prices_of(settings),
            token=owner.token,
            sample=store.describe().sample,
            now=lambda: datetime.now(UTC),
            gateway=gateway,
            journal=journal,
        )
        app = create_app(parts)
        warming = app.state.warming.begun(lambda: first_answer(parts, app.state.snapshot))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, server_header=False))
        database = file_of(settings.database_url)
        if database is not None:  # what several processes may use needs no owner
            announce(database, owner)
        try:
            with _ending(server), warming, _retention(store, settings), Sealer(store, lambda: datetime.now(UTC)):
                ready(owner.url)
                server.run(sockets=[listener])
        finally:
            if database is not None:
                withdraw(database, owner)


@contextmanager
def _ending(server: uvicorn.Server) -> Iterator[None]:
    """An interrupt, or a request to end, ends the server in order, from before it starts: no exception is thrown anywhere."""

    def end(*_: object) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that takes connections from now on, so that nobody is turned away while the rest starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio asks for answers to be sent at once (TCP_NODELAY) only where a socket names its protocol; otherwise an answer's
    # second part waits 40 ms for the first to be acknowledged.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(1024)
        except OSError as problem:
            raise SettingsError(
                f"cannot listen on {host}:{port}: {os.strerror(problem.errno) if problem.errno else problem}; "
                "end what listens there, or choose another port with --port (0 takes any free one)"
            ) from None
        yield listener


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
