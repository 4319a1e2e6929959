"""`augury` in a process of its own, without the second and more that Python needs to load what a server is made of.

Each is forked from a process that has loaded libraries and done nothing else. What it is given, how it ends, and what
becomes of it when it is killed are as for the command that was installed, which the tests of `COMMAND` start.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import sys
from functools import cache
from pathlib import Path
from signal import SIGTERM
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext
    from typing import TextIO

COMMAND = Path(sys.executable).with_name("augury")
"""The installed command."""

# Not the commands themselves: what they write to is looked at when they are loaded.
LOADED = ("typer", "rich.console", "rich.progress", "rich.table", "duckdb", "psycopg_pool", "augury.server.run")


class Command:
    """A command that runs: what is used of `subprocess.Popen`."""

    def __init__(
        self, *arguments: str | Path, folder: Path, environment: Mapping[str, str], output: Path | None = None
    ) -> None:
        """Start it in a folder.

        Args:
            arguments: of the command line, after `augury`.
            folder: where it runs.
            environment: all of it.
            output: the file for what it writes to stdout; None drops that.
        """
        reader, writer = _forking().Pipe(duplex=False)
        self.stderr: TextIO = os.fdopen(os.dup(reader.fileno()), encoding="utf-8")
        self._process = _forking().Process(
            target=_run,
            args=([str(argument) for argument in arguments], str(folder), dict(environment), output, writer),
            daemon=True,  # ends with the tests, however they end
        )
        self._process.start()
        reader.close()
        writer.close()

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit code, or minus the signal that ended it; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.returncode is None:
            self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            TimeoutExpired: it still runs.
        """
        self._process.join(timeout)
        if self.returncode is None:
            raise TimeoutExpired("augury", timeout or 0)
        return self.returncode


@cache
def _forking() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    return context


def _run(
    arguments: Sequence[str], folder: str, environment: Mapping[str, str], output: Path | None, stderr: Connection
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with (output or Path(os.devnull)).open("wb") as stdout:
        os.dup2(stdout.fileno(), 1)
    os.dup2(stderr.fileno(), 2)
    stderr.close()
    encoding, _, errors = environment.get("PYTHONIOENCODING", "utf-8").partition(":")
    sys.stdout = os.fdopen(1, "w", encoding=encoding, errors=errors or None, closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding, errors or "backslashreplace", closefd=False)
    sys.argv = ["augury", *arguments]

    from augury.cli.main import main  # noqa: PLC0415 - it looks at its terminal and environment now

    try:
        main()
    finally:
        atexit._run_exitfuncs()  # noqa: SLF001 - a fork leaves without them
