"""Running the application: sockets, who may come in, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import uvicorn

from augury.errors import SettingsError
from augury.gateway import configuration
from augury.server import garbage
from augury.server.gate import Gate
from augury.server.gathering import Gathering
from augury.server.project import project
from augury.server.projects import Projects
from augury.settings import LOOPBACK
from augury.wiring import is_shut, keys_of, sessions_of, store_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType
    from typing import Self

    from fastapi import FastAPI

    from augury.settings import Settings
    from augury.store.protocol import Store

_LAST_S = 30  # so long an answer on its way holds up the server's end
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told apart, not listened on


def run(settings: Settings, store: Store, *, ready: Callable[[str], None], alone: bool = False) -> None:
    """Serve the store, and those that keys name, until interrupted.

    Args:
        settings: where to listen, who may come in, and what to keep.
        store: the server's own database; this process owns it.
        ready: called with the server's address when requests are taken.
        alone: open other databases only when somebody with their key comes.

    Raises:
        SettingsError: the address cannot be listened on, or needs a key that there is not, or the gateway's providers cannot work.
    """
    gate, keys = gate_of(settings), keys_of(settings)
    gateway = configuration.read(settings.gateway, os.environ)
    with ExitStack() as stack:
        listeners = [stack.enter_context(listening(settings.host, settings.port))]
        port = listeners[0].getsockname()[1]
        configuration.refuse_itself(gateway, port)
        near = settings.host if settings.host in LOOPBACK else _EVERYWHERE.get(settings.host)
        if near is None:  # commands of this machine trust notes of no other address
            near = "127.0.0.1"
            listeners.append(stack.enter_context(listening(near, port)))
        address = _address(near, port)

        @contextmanager
        def open_one(database: str) -> Iterator[FastAPI]:
            theirs = replace(settings, database=database)
            with (
                store_of(theirs) as other,
                project(theirs, other, gate, gateway, address=address, name=database) as app,
            ):
                yield app

        projects = Projects(
            open_one,
            own=settings.database_url,
            known=lambda: set() if alone else {key.database for key in keys.all() if key.database},
        )
        ending = stack.enter_context(_Ending())
        app = stack.enter_context(project(settings, store, gate, gateway, address=address, projects=projects))
        config = uvicorn.Config(
            app,
            http=Gathering,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_LAST_S,
        )
        server = _Server(config, lambda: _let_go(app, *projects.opened()))
        stack.enter_context(garbage.seldom())
        ready(address if settings.host in (*LOOPBACK, *_EVERYWHERE) else _address(settings.host, port))
        ending.begin(server).run(sockets=listeners)


def gate_of(settings: Settings) -> Gate:
    """Who is let in: this machine without a key, unless others are to come too, or keys were asked for.

    Raises:
        SettingsError: keys are needed, and there are none.
    """
    keys = keys_of(settings)
    open_to = [host for host in (settings.host, *settings.hosts) if host not in LOOPBACK]
    required = is_shut(settings)
    if required and not keys.all():
        why = (
            f"serve is to be reached as {open_to[0]}, not on this machine alone"
            if open_to
            else "AUGURY_REQUIRE_KEY is set"
        )
        raise SettingsError(
            f"{why}: for that it needs a key to tell callers apart, and {keys.path} has none. "
            "Make one first: augury keys create --name me --scope admin"
        )
    return Gate(keys=keys, sessions=sessions_of(settings), required=required, hosts=tuple(open_to))


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _let_go(*apps: FastAPI) -> None:
    """End the answers that would go on for ever."""
    for app in apps:
        app.state.news.close()


class _Server(uvicorn.Server):
    """Lets go of its listeners before it waits for all other answers."""

    def __init__(self, config: uvicorn.Config, let_go: Callable[[], None]) -> None:
        super().__init__(config)
        self._let_go = let_go

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Uvicorn's own handler, while it runs."""
        super().handle_exit(sig, frame)
        self._let_go()


class _Ending:
    """An interrupt, or a request to end, ends the server in order, from before it starts: no exception is thrown anywhere."""

    def __init__(self) -> None:
        self._asked = False
        self._server: uvicorn.Server | None = None

    def begin(self, server: uvicorn.Server) -> uvicorn.Server:
        """The server is to end when that is asked for, or was already."""
        self._server = server
        server.should_exit = self._asked
        return server

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._end) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _end(self, *_: object) -> None:
        self._asked = True
        if self._server:
            self._server.should_exit = True


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
