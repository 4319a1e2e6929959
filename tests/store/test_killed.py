"""A process that is killed loses nothing that it was told is kept."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from augury.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

BATCH = 40

WRITER = f"""
import sys
from datetime import UTC, datetime
from augury.core.ids import uuid7
from augury.store import open_store
from augury.store.protocol import Fate
from tests.world import a_call

with open_store(sys.argv[1]) as store:
    while True:
        batch = [a_call(id=uuid7(), timestamp=datetime.now(UTC)) for _ in range({BATCH})]
        print("trying", *(call.id.hex for call in batch), flush=True)
        assert set(store.append(batch)) == {{Fate.STORED}}
        print("kept", *(call.id.hex for call in batch), flush=True)
"""


def written_until_killed(database: Path, root: Path, confirmations: int) -> tuple[list[list[str]], list[list[str]]]:
    """The batches that a process tried to keep and those that were confirmed; it is killed in the middle of its work."""
    tried: list[list[str]] = []
    kept: list[list[str]] = []
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(database)], stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if not line.endswith("\n"):
                break  # cut short by its end
            word, *ids = line.split()
            (kept if word == "kept" else tried).append(ids)
            if len(kept) == confirmations:
                process.kill()
    assert len(kept) >= confirmations
    return tried, kept


@pytest.mark.parametrize("rounds", [(1, 7, 30, 3, 16)], ids=["five times"])
def test_every_confirmed_call_is_there_exactly_once(
    tmp_path: Path, pytestconfig: pytest.Config, rounds: tuple[int, ...]
) -> None:
    database = tmp_path / "calls.duckdb"
    tried: list[list[str]] = []
    kept: list[list[str]] = []

    for confirmations in rounds:
        new = written_until_killed(database, pytestconfig.rootpath, confirmations)
        tried += new[0]
        kept += new[1]

        with open_store(str(database)) as store:
            table = store.query("SELECT id::VARCHAR FROM model_performance_metrics", limit=1_000_000)
        found = [row[0].replace("-", "") for row in table.rows]
        assert len(set(found)) == len(found)
        assert {id_ for batch in kept for id_ in batch} <= set(found)
        whole = [len(set(batch) & set(found)) for batch in tried]
        assert set(whole) <= {0, BATCH}  # a batch is kept whole or not at all
        assert sum(whole) == len(found)
