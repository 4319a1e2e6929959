"""How well and how fast messages are classified, against prompts with labels: `python -m benchmarks.classify LABELS.parquet`.

The labelled prompts are public and are not part of the repository. No weight was fitted to them, but signs and weights were chosen by
hand with their mistakes in view, so these figures flatter: on demanding prompts of real users (lmarena's arena-hard), labelled by hand
before they were classified, the first look gave 61 % and 67 % (accepted: 78 % and 75 %) where this table gave 96 % and 97 %.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import duckdb

from augury.classify import classify
from augury.core.tasks import TaskType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LENGTH = 2_000
WIDE = 1_000_000


class Judged(NamedTuple):
    """A labelled prompt and what was made of it."""

    source: str
    expected: str
    accepted: frozenset[str]
    got: str


def macro_f1(rows: Sequence[Judged]) -> float:
    """The mean F1 over the types that were expected."""
    scores = []
    for task_type in sorted({row.expected for row in rows}):
        hits = sum(row.expected == row.got == task_type for row in rows)
        named = sum(row.expected == task_type for row in rows) + sum(row.got == task_type for row in rows)
        scores.append(2 * hits / named)
    return statistics.fmean(scores)


def _share(hits: Iterable[bool]) -> str:
    return f"{100 * statistics.fmean(hits):5.1f} %"


def _line(name: str, rows: Sequence[Judged]) -> str:
    strict = _share(row.got == row.expected for row in rows)
    accepted = _share(row.got in row.accepted for row in rows)
    return f"{name:32}{len(rows):6}   strict {strict}   accepted {accepted}   macro-F1 {macro_f1(rows):.3f}"


def _confusion(rows: Sequence[Judged]) -> None:
    counts = Counter((row.expected, row.got) for row in rows)
    named = [task_type.value for task_type in TaskType]
    print("\nexpected \\ got".ljust(20) + "".join(name[:9].rjust(11) for name in named))
    for expected in named:
        if any(counts[expected, got] for got in named):
            print(expected.ljust(19) + "".join(str(counts[expected, got] or "·").rjust(11) for got in named))


def _accuracy(labels: Path) -> list[str]:
    asked = duckdb.execute(
        "SELECT source, source_label, task_type, accepted_task_types, prompt, tools_json FROM read_parquet(?) ORDER BY label_id",
        [str(labels)],
    ).fetchall()
    judged = []
    for source, label, expected, accepted, prompt, tools in asked:
        got = classify(prompt, tools=1 if tools else 0).task_types[0]
        name = f"{source} {label}" if source.startswith("Vicuna") else source
        judged.append(Judged(name, expected, frozenset(accepted.split("|")), got))
    texts = [row for row in judged if row.expected != TaskType.FUNCTION_CALLING]
    print(_line("all", judged))
    print(_line("without function calling", texts))
    print(
        _line(
            "without weak labels", [row for row in texts if len(row.accepted) == 1 or row.source.startswith("Vicuna")]
        )
    )
    by_source = defaultdict(list)
    for row in judged:
        by_source[row.source].append(row)
    for source in sorted(by_source):
        print(_line(f"  {source}", by_source[source]))
    _confusion(judged)
    return [row[4] for row in asked]


def _time(name: str, messages: Sequence[str], rounds: int) -> None:
    """How long messages take: all the times, and each message at its best, which is free of what else the machine was doing."""
    taken = []
    best = []
    for message in messages:
        times = []
        for _ in range(rounds):
            began = time.perf_counter()
            classify(message)
            times.append(1e3 * (time.perf_counter() - began))
        taken += times
        best.append(min(times))
    taken.sort()
    best.sort()
    every = f"median {statistics.median(taken):.3f} ms   p99 {taken[int(0.99 * len(taken))]:.3f} ms"
    print(
        f"{name:32}{every}   at best: median {statistics.median(best):.3f} ms   p99 {best[int(0.99 * len(best))]:.3f} ms"
    )


def _speed(prompts: Sequence[str]) -> None:
    stock = "\n\n".join(prompts)
    pages = [stock[start : start + LENGTH] for start in range(0, max(1, len(stock) - LENGTH), LENGTH)][:200]
    print()
    _time("as they are", prompts[:500], 4)
    _time(f"{LENGTH:,} characters", pages, 20)
    _time(f"{WIDE:,} characters", [(page * (WIDE // len(page) + 1))[:WIDE] for page in pages[:5]], 20)
    for name, hostile in (
        ("brackets", "(" * WIDE),
        ("one word", "a" * WIDE),
        ("newlines", "\n" * WIDE),
        ("dollars", "$a" * (WIDE // 2)),
    ):
        _time(f"{WIDE:,} of {name}", [hostile], 20)


def run(labels: Path | None) -> None:
    """Print accuracy against the labels, where there are any, and the time a message takes."""
    prompts = _accuracy(labels) if labels is not None else []
    _speed(
        prompts
        or ["Write a function that sorts a list of names and explain how it compares with the standard library's. "]
        * 400
    )


if __name__ == "__main__":
    run(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
