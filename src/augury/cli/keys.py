"""`augury keys`: who may come in, from where, and into which database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from augury.access.keys import Scope
from augury.cli.output import Json, console, write_json, write_table
from augury.settings import Settings
from augury.store.urls import DuckDBFile, parse_url
from augury.wiring import keys_of, make_folder

if TYPE_CHECKING:
    from augury.access.keyring import KeyRing
    from augury.access.keys import Key

app = typer.Typer(
    name="keys",
    help="Make, list, and take back the keys that callers of a server show.",
    no_args_is_help=True,
    add_completion=False,
)


@app.command("create")
def create(
    name: Annotated[str, typer.Option("--name", help="What to call it; no other key may have the name.")],
    scope: Annotated[
        list[str],
        typer.Option(
            "--scope",
            help="What it opens: ingest (recording calls, ratings, and outcomes; the gateway), feedback (rating alone), "
            "read (pages, analytics, recommendations), admin (everything). Several with commas, or given again.",
        ),
    ],
    origin: Annotated[
        list[str] | None,
        typer.Option(
            "--origin",
            help="A page's origin, such as https://shop.example.org, where a feedback key may be used; may be given again.",
        ),
    ] = None,
    # Not from AUGURY_DATABASE, which names the server's own: a key follows that one wherever it goes.
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            "-d",
            metavar="URL",
            help="The project that it leads to: a database of its own. Default: the server's own.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Make a key, and show it this once: only what it can be recognised by is kept.

    The key alone goes to stdout. A running server takes it at once.
    """
    settings = Settings.read()
    make_folder(settings.data_dir)
    key, secret = keys_of(settings).create(
        name=name, scopes=scope, origins=origin or (), database=None if database is None else _resolved(database)
    )
    if json:
        write_json({"key": secret} | _told(key, None))
        return
    console.print(
        f"Key {key.id} is kept by its digest alone: this is the only time that it is shown.",
        soft_wrap=True,
        highlight=False,
    )
    typer.echo(secret)
    if key.scopes == {Scope.FEEDBACK} and not key.origins:
        console.print("It is for programs; a page needs one that is bound to its --origin.", highlight=False)


@app.command("list")
def list_(json: Json = False) -> None:
    """Show all keys: what they open, from where, into which database, and when they were used last."""
    ring = keys_of(Settings.read())
    told = [_told(key, ring) for key in ring.all()]
    if json:
        write_json(told)
        return
    if not told:
        console.print("There is no key yet: `augury keys create` makes one.", highlight=False)
        return
    write_table(
        ("id", "name", "scopes", "origins", "database", "created", "last used"),
        [
            (
                one["id"], one["name"], ", ".join(one["scopes"]), ", ".join(one["origins"]) or "any",
                one["database"] or "the server's own", one["created"], one["lastUsed"] or "never",
            )
            for one in told
        ],
    )  # fmt: skip


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="Its id or its name.", show_default=False)], json: Json = False
) -> None:
    """Take a key back: it is refused from now on, and whoever signed in with it is signed out."""
    ring = keys_of(Settings.read())
    gone = ring.revoke(key)
    if json:
        write_json(_told(gone, None))
        return
    console.print(f"Key {gone.id} ({gone.name}) is refused from now on.", markup=False, highlight=False)


def _resolved(url: str) -> str:
    """The database's URL, as a server in another folder finds it too."""
    place = parse_url(url)
    return str(DuckDBFile(place.path.resolve())) if isinstance(place, DuckDBFile) else url


def _told(key: Key, ring: KeyRing | None) -> dict[str, Any]:
    """What may be shown of a key: of a database's URL all but its password."""
    used = ring.last_use(key) if ring else None
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "origins": list(key.origins),
        "database": None if key.database is None else str(parse_url(key.database)),
        "created": f"{key.created:%Y-%m-%dT%H:%M:%SZ}",
        "lastUsed": f"{used:%Y-%m-%dT%H:%M:%SZ}" if used else None,
    }
