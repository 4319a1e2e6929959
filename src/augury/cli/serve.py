"""`augury serve`: everything in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from augury.cli.output import Database, console
from augury.settings import DEFAULT_PORT, LOOPBACK, Settings
from augury.wiring import is_shut, store_of

if TYPE_CHECKING:
    from augury.store.protocol import Store

Host = Annotated[
    str | None,
    typer.Option(envvar="AUGURY_HOST", help="The address to listen on. Default: 127.0.0.1.", show_default=False),
]
Port = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=65535,
        envvar="AUGURY_PORT",
        help=f"The port; 0 takes a free one. Default: {DEFAULT_PORT}.",
        show_default=False,
    ),
]


def serve(host: Host = None, port: Port = None, database: Database = None) -> None:
    """Serve the API and the pages, and take in calls.

    On any address but this machine's own it needs a key first: see `augury keys create`. Settings: AUGURY_DATABASE,
    AUGURY_DATA_DIR, AUGURY_HOSTS (names by which others reach it), AUGURY_REQUIRE_KEY (keys on this machine too),
    AUGURY_PRICES (a file of your own prices), AUGURY_RULES (a file of your own rules: what calls are for),
    AUGURY_RETENTION_DAYS (days of calls to keep; unset, nothing is deleted), AUGURY_LOG_FORMAT (text or json).
    """
    settings = Settings.read(database=database, host=host, port=port)
    with store_of(settings) as store:
        run_until_interrupted(settings, store, "Augury")


def run_until_interrupted(settings: Settings, store: Store, name: str, *, alone: bool = False) -> None:
    """Serve the store, saying where; an interrupt is how it is meant to end. `alone`: see `augury.server.run.run`."""
    from augury.server.logs import set_up  # noqa: PLC0415 - as the next
    from augury.server.run import run  # noqa: PLC0415 - a third of a second, which no other command should pay

    set_up(settings.log_format)

    def ready(url: str) -> None:
        console.print(f"[bold]{name}[/] is at {url}/analytics/models", soft_wrap=True, highlight=False)
        console.print(
            f"  API {url}/docs · database {store.describe().url} · Ctrl-C ends it", soft_wrap=True, highlight=False
        )

        if is_shut(settings):
            where = f"listens on {settings.host}: " if settings.host not in LOOPBACK else ""
            console.print(f"  {where}everybody needs a key, and people sign in", soft_wrap=True, highlight=False)

    run(settings, store, ready=ready, alone=alone)
