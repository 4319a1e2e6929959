"""The command as a user runs it: a process of its own, in an empty folder."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from tests.processes import Command

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Augury:
    """Runs the command in a folder, with nothing of Augury's in the environment but its data folder."""

    folder: Path

    def __call__(self, *arguments: str | Path, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end, which must be with this exit code and without a traceback."""
        with TemporaryDirectory() as folder:
            output = Path(folder) / "stdout"
            command = Command(*arguments, folder=self.folder, environment=self._environment(environment), output=output)
            with command.stderr:
                said = command.stderr.read()
            done: subprocess.CompletedProcess[str] = subprocess.CompletedProcess(
                [str(argument) for argument in arguments], command.wait(120)
            )
            done.stdout, done.stderr = output.read_text(), said
        assert done.returncode == code, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        return done

    def json(self, *arguments: str | Path) -> Any:
        """What the command writes for programs."""
        return json.loads(self(*arguments, "--json").stdout)

    @contextmanager
    def serving(
        self, *arguments: str | Path, command: str = "serve", ending: int = signal.SIGINT, **environment: str
    ) -> Iterator[str]:
        """The address of a server that runs meanwhile, and ends by an interrupt as it should."""
        process = Command(
            command, "--port", "0", *arguments, folder=self.folder, environment=self._environment(environment)
        )
        said = ""
        try:
            for line in process.stderr:
                said += line
                if found := re.search(r"is at (http://\S+)/analytics/models", line):
                    # A pipe that nobody reads fills up, and then the server waits.
                    reader = threading.Thread(target=process.stderr.read, daemon=True)
                    reader.start()
                    yield found[1]
                    break
            else:
                pytest.fail(f"no server: {said}")
        finally:
            process.send_signal(ending)
            try:
                process.wait(timeout=60)
            finally:
                process.kill()
                process.wait()
                process.stderr.close()
        assert process.returncode == 0, said

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")}
        return kept | {"AUGURY_DATA_DIR": str(self.folder / "data"), "COLUMNS": "200"} | more


@pytest.fixture
def augury(tmp_path: Path) -> Augury:
    return Augury(tmp_path)


CALLS = """\
timestamp,model,task_type,response_time_ms,input_tokens,output_tokens,success,conversation_id
2026-01-01T10:00:00Z,gpt-4o,coding,1200,100,50,true,conv-1
2026-01-01T11:00:00Z,claude-sonnet-4-5,coding,2200,100,50,true,conv-1
2026-01-01T12:00:00Z,gpt-4o,creative,3200,100,50,false,conv-2
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A small log of calls."""
    file = tmp_path / "log.csv"
    file.write_text(CALLS)
    return file
