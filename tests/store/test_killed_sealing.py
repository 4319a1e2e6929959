"""A process that is killed while it seals, writes, rates, and prunes leaves sums that are true."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from typing import TYPE_CHECKING

import pytest

from augury.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from augury.store.protocol import Store

BATCH = 40

WORKER = f"""
import random, sys, threading
from datetime import UTC, datetime, timedelta
from augury.core.feedback import Feedback
from augury.core.ids import uuid7
from augury.core.windows import day_of
from augury.store import open_store
from augury.store.protocol import Fate
from tests.world import a_call

START = datetime(2026, 3, 1, tzinfo=UTC)
database, number, pruned = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
dice = random.Random(number)
lock = threading.Lock()

def say(*words):
    with lock:
        print(*words, flush=True)

def seal(store):
    while True:
        for day in store.unsealed(day_of(START + timedelta(days=10_000))):
            say("sealing", day)
            if store.seal(day):
                say("sealed", day)

with open_store(database) as store:
    threading.Thread(target=seal, args=(store,), daemon=True).start()
    while True:
        number += 1
        at = START + timedelta(days=pruned + dice.randrange(5))
        batch = [
            a_call(id=uuid7(), timestamp=at + dice.random() * timedelta(days=1), variant=str(number), message_id=uuid7())
            for _ in range({BATCH})
        ]
        say("trying", number)
        assert set(store.append(batch)) == {{Fate.STORED}}
        say("kept", number)
        store.rate(Feedback(rating=dice.choice((-1, 1)), message_id=dice.choice(batch).message_id))
        say("rated", number)
        if number % 5 == 0:
            pruned += 1
            say("pruning", pruned)
            store.prune(START + timedelta(days=pruned))
            say("pruned", pruned)
"""


@dataclass
class Story:
    """What a process has said before it was killed."""

    tried: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    pruning: int = 0
    words: Counter[str] = field(default_factory=Counter)


def killed_at(word: str, times: int, story: Story, database: Path, root: Path) -> None:
    """Run the worker on from where it was, and kill it when it has said the word so often."""
    arguments = [str(database), max(story.tried, key=int, default="0"), str(story.pruning)]
    said = Counter[str]()
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=root
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if not line.endswith("\n"):
                break  # cut short by its end
            told, what = line.split()
            said[told] += 1
            if told == "trying":
                story.tried.append(what)
            elif told == "kept":
                story.kept.append(what)
            elif told == "pruning":
                story.pruning = int(what)
            if said[word] == times:
                process.kill()
        problem = process.stderr.read()
    assert said[word] >= times, problem
    story.words += said


def expect_the_truth(store: Store, story: Story) -> None:
    """Every batch counts whole or not at all, and what the sums say of a day is what its rows say."""
    counted = dict(store.query("SELECT variant, sum(calls)::BIGINT FROM call_facts GROUP BY 1", limit=100_000).rows)
    assert {counted[batch] for batch in story.kept} == {BATCH}
    assert set(counted.values()) == {BATCH}
    assert counted.keys() <= set(story.tried)
    latencies = store.query("SELECT variant, sum(calls)::BIGINT FROM latency_facts GROUP BY 1", limit=100_000)
    assert dict(latencies.rows) == counted

    day = "epoch_us(timestamp) // 86400000000"
    sums = "sum(calls)::BIGINT, sum(thumbs_up)::BIGINT, sum(thumbs_down)::BIGINT, sum(cost_sum)::VARCHAR"
    of_rows = store.query(f"SELECT {day}, {sums} FROM call_rows GROUP BY 1", limit=100_000).rows
    of_sums = store.query(f"SELECT {day}, {sums} FROM call_sums GROUP BY 1", limit=100_000).rows
    sealed = dict(store.query("SELECT day, final FROM sealed_days", limit=100_000).rows)
    assert {row[0] for row in of_sums} == sealed.keys()
    rows = {row[0]: row for row in of_rows}
    assert not {number for number, final in sealed.items() if final} & rows.keys()
    assert [rows[row[0]] for row in of_sums if not sealed[row[0]]] == [row for row in of_sums if not sealed[row[0]]]


@pytest.mark.parametrize(
    "kills", [pytest.param(9, id="nine times"), pytest.param(300, id="three hundred times", marks=pytest.mark.ordeal)]
)
def test_sums_are_true_after_every_kill(tmp_path: Path, pytestconfig: pytest.Config, kills: int) -> None:
    database = tmp_path / "calls.duckdb"
    story = Story()
    dice = Random(kills)  # noqa: S311 - where to strike wants a seed, not a secret
    for number, word in zip(
        range(kills), cycle(("sealing", "pruning", "trying", "sealed", "kept", "rated")), strict=False
    ):
        times = dice.randint(1, 2) if word == "pruning" else dice.randint(1, 8)
        killed_at(word, times, story, database, pytestconfig.rootpath)
        with open_store(str(database)) as store:
            expect_the_truth(store, story)
            if number % 3 == 2:
                assert all(store.seal(day) for day in store.unsealed(30_000))
                expect_the_truth(store, story)
    assert story.words["sealed"]
    print(f"{kills} kills, {len(story.kept) * BATCH} calls confirmed, {dict(story.words)}")  # noqa: T201 - the figures
