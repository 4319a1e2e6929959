"""What one recommendation takes: from a warm snapshot, with a message to classify, and by `--batch`: `python -m benchmarks recommend`.

Calls of 90 days in a DuckDB file, twelve models on eight task types. Beside each the least it could be: the same context
looked up in a dictionary, the classification alone, and the command over one line.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from itertools import cycle, islice, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from augury.classify import classify
from augury.core.tasks import Priority, TaskType
from augury.recommend.context import TaskContext
from augury.recommend.recommender import ModelRecommender
from augury.store.duckdb import DuckDBStore
from benchmarks.classify import LENGTH, OWN_PROMPTS, of_length
from benchmarks.measure import seconds
from benchmarks.volume import fill

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 20_000
CONTEXTS = 10_000


def run(rows: int) -> None:
    """Print a line for each way to ask."""
    asked = list(product(TaskType, Priority))
    prompts = [json.loads(line)["message"] for line in OWN_PROMPTS.read_text(encoding="utf-8").splitlines()]
    messages = of_length([prompt for prompt in prompts if prompt.strip()], LENGTH)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "calls.duckdb"
        fill(file, rows)
        with DuckDBStore(file) as store:
            recommender = ModelRecommender.from_store(store)
        answers = {
            (task, priority): recommender.get_model_recommendation(TaskContext(task_type=task), priority)
            for task, priority in asked
        }
        print(f"\nA recommendation from {rows:,} calls, in milliseconds")
        print(f"{'':34}{'median':>9}{'p99':>9}   beside it, median")
        kinds = list(islice(cycle(asked), ROUNDS))
        _line(
            "a warm snapshot",
            lambda turn: recommender.get_model_recommendation(TaskContext(task_type=kinds[turn][0]), kinds[turn][1]),
            "a dictionary",
            lambda turn: answers[kinds[turn]],
        )
        texts = list(islice(cycle(messages), ROUNDS))
        _line(
            f"with {LENGTH:,} characters to classify",
            lambda turn: recommender.get_model_recommendation(TaskContext(message_content=texts[turn]), kinds[turn][1]),
            "classified only",
            lambda turn: classify(texts[turn]),
        )
        contexts = [
            json.dumps({"messageContent": text, "priority": priority})
            for text, (_, priority) in zip(texts[:CONTEXTS], kinds, strict=False)
        ]
        many, one = (_batch(file, contexts[:count]) for count in (CONTEXTS, 1))
        print(f"`augury recommend --batch`, {CONTEXTS:,} such: {many:.2f} s with its start; one: {one:.2f} s")


def _line(name: str, ours: Callable[[int], object], beside: str, theirs: Callable[[int], object]) -> None:
    (median, p99), (base, _) = _milliseconds(ours), _milliseconds(theirs)
    print(f"{name:34}{median:>9.4f}{p99:>9.4f}   {beside} {base:.4f} (ratio {median / base:.2f})")


def _milliseconds(work: Callable[[int], object]) -> tuple[float, float]:
    taken = []
    for turn in range(ROUNDS):
        began = time.perf_counter_ns()
        work(turn)
        taken.append((time.perf_counter_ns() - began) / 1e6)
    taken.sort()
    return statistics.median(taken), taken[round(0.99 * ROUNDS)]


def _batch(database: Path, contexts: list[str]) -> float:
    lines = database.with_name("contexts.jsonl")
    lines.write_text("\n".join(contexts), encoding="utf-8")
    command = [
        str(Path(sys.executable).with_name("augury")),
        "recommend",
        "--batch",
        str(lines),
        "--database",
        f"duckdb:///{database}",
    ]
    return seconds(lambda: subprocess.run(command, check=True, capture_output=True))
