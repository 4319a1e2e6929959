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

    from augury.recommend.evidence import Evidence
    from augury.store.protocol import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What is to be known of the calls on a task type beside the evidence they are.

    Attributes:
        nameless: calls of models that nobody named; they are no evidence.
        recent: where the evidence goes further back than usual: how many of its calls do not; else None.
        last: then the day of the latest of them.
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
        within = f"in the last {self.days} days"
        if self.recent:
            return f"from {counted(calls, 'call')}, only {self.recent:,} of them {within}"
        return f"from {counted(calls, 'call')}, none of them {within} (the last on {self.last})"


def remember(store: Store, *, now: datetime, enough: int = ENOUGH_CALLS) -> tuple[Evidence, Mapping[str, Background]]:
    """The evidence that a store holds, and what is to be known of it, by task type.

    It is of the last 90 days; for a task type on which no model has enough calls in them, as after the import of an old log,
    it is of all there is.
    """
    lately, ever = Window.last_days(DAYS, now=now), Window.last_days(MAX_DAYS, now=now)
    before = Window(start=ever.start, end=lately.start)
    evidence = gather(store, now=now, window=lately)
    nameless = _nameless(store, lately) if set(TaskType) - evidence.keys() else {}
    background: dict[str, Background] = {}
    for task, (named, unnamed) in _earlier(store, before).items():
        known = evidence.get(task)
        if known and bool((known.raw["evidence_calls"] >= enough).any()):
            continue
        if not named:
            nameless[task] = nameless.get(task, 0) + unnamed
            continue
        evidence |= gather(store, now=now, window=ever, filters=Filters(task_type=task))
        recent = int(known.raw["calls"].sum()) if known else 0
        background[task] = Background(recent=recent, last=_last(store, before, task))
    return evidence, {task: Background(nameless=calls) for task, calls in nameless.items()} | background


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
