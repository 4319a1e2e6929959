"""What an overview is compared with: the time before it, and its models with each other on each task type."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from augury.analytics.answers import Cell, Measures, Previous
from augury.analytics.tally import grouped, measured, nothing
from augury.core.scores import difference_interval
from augury.core.windows import utc_text
from augury.models.display import display_name
from augury.store.protocol import Dimension, Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from augury.analytics.answers import Interval95
    from augury.analytics.tally import Sums
    from augury.core.windows import Window
    from augury.store.protocol import Facts, Filters, Reading

_TOLD_APART = (Dimension.MODEL, Dimension.PROVIDER, Dimension.TASK_TYPE)
"""What the time before is asked by, though it is one sum: what is filtered by any of these is then picked out of memory."""

_KEYS = ("model", "display_name", "task_type")
_MEASURES = tuple(field.name for field in fields(Cell) if field.name not in _KEYS)


def cells(facts: Facts) -> list[Cell]:
    """Every model on every task type it was called for; the models with most calls first."""
    by_model = {key: group["calls"] for (key,), group in grouped(facts, (Dimension.MODEL,)).items()}
    groups = grouped(facts, (Dimension.MODEL, Dimension.TASK_TYPE))
    found = []
    for (model, task_type), group in sorted(groups.items(), key=lambda item: (-by_model[item[0][0]], item[0])):
        known = dict(measured(group, None))
        measures = {name: known[name] for name in _MEASURES}
        found.append(Cell(model=model, display_name=display_name(model), task_type=task_type, **measures))  # type: ignore[arg-type]  # Cell's fields are named after them
    return found


def previous(now: Reading, window: Window | None, filters: Filters, current: Facts) -> Previous | None:
    """The calls of the time before, beside those of the window; None where there is no such time."""
    if window is None:
        return None
    question = Question(window=window, filters=filters, by=_TOLD_APART)
    before = grouped(now.facts(question), ()).get(())
    after = grouped(current, ()).get(())
    return Previous(
        from_=utc_text(window.start),
        to=utc_text(window.end),
        summary=Measures(**(measured(before, None) if before else nothing())),
        success_rate_change=_points(after, before, _success),
        satisfaction_rate_change=_points(after, before, _satisfaction),
    )


def _success(sums: Sums) -> tuple[int, int]:
    return sums["successes"], sums["calls"]


def _satisfaction(sums: Sums) -> tuple[int, int]:
    return sums["thumbs_up"], sums["thumbs_up"] + sums["thumbs_down"]


def _points(after: Sums | None, before: Sums | None, rate: Callable[[Sums], tuple[int, int]]) -> Interval95 | None:
    if after is None or before is None:
        return None
    interval = difference_interval(rate(after), rate(before))
    return None if interval is None else (100.0 * interval[0], 100.0 * interval[1])
