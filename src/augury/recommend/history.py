"""The evidence for recommendations: of the last 90 days, and of earlier ones for the task types that these say too little of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from augury.core.scores import ENOUGH_CALLS
from augury.core.tasks import TaskType
from augury.core.windows import MAX_DAYS, Interval, Window, date_of
from augury.models import UNKNOWN
from augury.recommend.evidence import DAYS, gather
from augury.recommend.phrases import counted
from augury.store.protocol import Dimension, Filters, Question

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from augury.recommend.evidence import Evidence, TaskEvidence
    from augury.store.protocol import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What is to be known of the calls on a task type beside the evidence they are.

    Attributes:
        nameless: calls of models that nobody named; they are no evidence.
        recent: where the evidence goes further back than usual: how many calls there are since, too few alone; else None.
        last: then the day of the latest call that is evidence; None where these few are evidence too.
        days: how far back evidence usually goes.
    """

    nameless: int = 0
    recent: int | None = None
    last: date | None = None
    days: int = DAYS

    def said(self, calls: int) -> str:
        """A word on the age of so many calls, where it needs one."""
        if self.recent is None:
            return ""
        if self.last is None:
            return f"from {counted(calls, 'call')}, {self.recent:,} of them in the last {self.days} days"
        old = f"from {counted(calls, 'call')}, the last on {self.last}"
        since = f"the last {self.days} days"
        return f"{old}: {since} have {f'only {self.recent:,}' if self.recent else 'none'}"


def remember(store: Store, *, now: datetime, enough: int = ENOUGH_CALLS) -> tuple[Evidence, Mapping[str, Background]]:
    """The evidence that a store holds, and what is to be known of it, by task type.

    It is of the last 90 days; for a task type on which no model has enough calls in them, as after the import of an old log,
    it is of all that is older. Not of both, unless it takes both: recent calls weigh more, and one of today would outweigh
    all of a year ago.
    """
    lately, ever = Window.last_days(DAYS, now=now), Window.last_days(MAX_DAYS, now=now)
    before = Window(start=ever.start, end=lately.start)
    evidence = gather(store, now=now, window=lately)
    nameless = _nameless(store, lately) if set(TaskType) - evidence.keys() else {}
    background: dict[str, Background] = {}
    for task, (named, unnamed) in _earlier(store, before).items():
        known = evidence.get(task)
        if _enough(known, enough):
            continue
        if not named:
            nameless[task] = nameless.get(task, 0) + unnamed
            continue
        recent = int(known.raw["calls"].sum()) if known else 0
        older = gather(store, now=now, window=before, filters=Filters(task_type=task))
        background[task] = Background(recent=recent, last=_last(store, before, task))
        if recent and not _enough(older.get(task), enough):
            older = gather(store, now=now, window=ever, filters=Filters(task_type=task))
            background[task] = Background(recent=recent)
        evidence |= older
    return evidence, {task: Background(nameless=calls) for task, calls in nameless.items()} | background


def _enough(task: TaskEvidence | None, enough: int) -> bool:
    """Whether there is a model with enough calls that count."""
    return task is not None and bool((task.raw["evidence_calls"] >= enough).any())


def _earlier(store: Store, window: Window) -> dict[str, tuple[int, int]]:
    """How many calls there are on each task type: of models with a name, and of others."""
    facts = store.facts(Question(window=window, by=(Dimension.TASK_TYPE, Dimension.MODEL)))
    found: dict[str, tuple[int, int]] = {}
    columns = (facts.keys[Dimension.TASK_TYPE], facts.keys[Dimension.MODEL], facts.sums["calls"])
    for task, model, calls in zip(*(column.tolist() for column in columns), strict=True):
        named, unnamed = found.get(task, (0, 0))
        found[task] = (named, unnamed + calls) if model == UNKNOWN else (named + calls, unnamed)
    return found


def _nameless(store: Store, window: Window) -> dict[str, int]:
    """How many calls of models without a name there are on each task type."""
    facts = store.facts(Question(window=window, filters=Filters(model=UNKNOWN), by=(Dimension.TASK_TYPE,)))
    return dict(zip(facts.keys[Dimension.TASK_TYPE].tolist(), facts.sums["calls"].tolist(), strict=True))


def _last(store: Store, window: Window, task: str) -> date:
    """The day of the latest call on a task type."""
    question = Question(
        window=window, filters=Filters(task_type=task), by=(Dimension.STEP,), steps=window.steps(Interval.DAY)
    )
    return date_of(int(store.facts(question).keys[Dimension.STEP].max()))
