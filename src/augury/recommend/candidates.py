"""Which models of a task type may be chosen by data, and why the others may not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from augury.models.display import display_name
from augury.recommend.phrases import counted, listed, percent, work_name

if TYPE_CHECKING:
    from datetime import date

    from augury.core.tasks import TaskType
    from augury.models.names import ModelName
    from augury.recommend.catalogue import Catalogue
    from augury.recommend.context import Need
    from augury.recommend.evidence import TaskEvidence
    from augury.recommend.history import Background

FLOOR: Final = 10.0
"""Percent: what succeeds less often does not do the task, and any model that nobody has tried may do it better."""

_NAMED: Final = 2  # so many models are named; more are counted


class Cause(Enum):
    """Why a model may not be chosen by data."""

    FEW = auto()  # too few of its calls count
    FAILS = auto()
    RETIRED = auto()
    UNFIT = auto()
    NOT_ALLOWED = auto()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A model that may not be chosen, and why: the end of a sentence that begins with its name."""

    model: str
    cause: Cause
    why: str
    calls: int  # that count
    excused: int = 0  # the others, which failed through no fault of the model


class Field:
    """The models of one task type, sifted by what does not depend on the request."""

    def __init__(self, task: TaskEvidence, catalogue: Catalogue, *, enough: int, today: date) -> None:
        """Sift them as of `today`."""
        self._catalogue = catalogue
        self._enough = enough
        self._open: list[tuple[int, str, int]] = []
        self._closed: list[LeftOut] = []
        for place, model in enumerate(task.models):
            calls = int(task.raw["evidence_calls"][place])
            rate = 100.0 * float(task.raw["successes"][place]) / max(calls, 1)
            if calls < enough:
                self._closed.append(LeftOut(model, Cause.FEW, "", calls, int(task.raw["calls"][place]) - calls))
            elif catalogue.is_retired(model, today):
                self._closed.append(LeftOut(model, Cause.RETIRED, f"retired on {catalogue.retires(model)}", calls))
            elif rate < FLOOR:
                self._closed.append(LeftOut(model, Cause.FAILS, _fails(rate, calls), calls))
            else:
                self._open.append((place, model, calls))

    def candidates(self, need: Need, allowed: set[str] | None) -> list[int]:
        """The positions of the models that may be chosen for a request."""
        return [
            place
            for place, model, _ in self._open
            if (allowed is None or model in allowed) and self._catalogue.fits(model, need) is None
        ]

    def left_out(self, need: Need, allowed: set[str] | None) -> list[LeftOut]:
        """The others, and why."""
        found = []
        for one in (*self._closed, *(LeftOut(model, Cause.UNFIT, "", calls) for _, model, calls in self._open)):
            if allowed is not None and one.model not in allowed:
                found.append(LeftOut(one.model, Cause.NOT_ALLOWED, "", one.calls))
            elif one.cause is not Cause.UNFIT:
                found.append(one)
            elif why := self._catalogue.fits(one.model, need):
                found.append(LeftOut(one.model, Cause.UNFIT, f"it {why}", one.calls))
        return found


def failing(model: str, rate: float) -> LeftOut:
    """A model that fails by its estimate, recent calls counting more."""
    return LeftOut(model, Cause.FAILS, f"{percent(rate)} of its calls are expected to succeed", 0)


def beside_one(left: list[LeftOut], enough: int) -> str:
    """Why there was nothing to compare the only candidate with."""
    said = _said(left)
    few = [one for one in left if one.cause is Cause.FEW]
    if few:
        said.append(f"{_models(few)} {'has' if len(few) == 1 else 'have'} fewer than {enough} calls that count")
    forbidden = sum(one.cause is Cause.NOT_ALLOWED for one in left)
    if forbidden:
        said.append(f"{counted(forbidden, 'other model')} {'is' if forbidden == 1 else 'are'} not allowed")
    return "; ".join(["nothing to compare it with", *said])


def of_the_allowed(allowed: tuple[ModelName, ...] | None, catalogue: Catalogue, today: date) -> str:
    """How many of the allowed models are retired, where somebody has named any."""
    if allowed is None:
        return ""
    gone = [name.model for name in allowed if catalogue.is_retired(name.model, today)]
    if not gone:
        return ""
    if len(gone) <= _NAMED:
        return ", and ".join(f"{display_name(one)} is left out: retired on {catalogue.retires(one)}" for one in gone)
    return f"{len(gone)} of {len(allowed)} allowed models are retired and left out"


def missing(
    task: TaskType,
    field: Field | None,
    left: list[LeftOut],
    background: Background | None,
    enough: int,
    *,
    chosen: bool,
) -> str:
    """What keeps data from deciding.

    Args:
        task: the task type.
        field: its models; None where it has no calls of a model with a name.
        left: why each of them may not be chosen.
        background: what else is known of its calls.
        enough: how many calls that count would do.
        chosen: whether only some models are allowed.
    """
    work = work_name(task)
    if field is None:
        nameless = 0 if background is None else background.nameless
        return (
            f"{counted(nameless, 'call')} on {work}, all of unknown models" if nameless else f"no calls on {work} yet"
        )
    mine = [one for one in left if one.cause is not Cause.NOT_ALLOWED]
    if not mine:
        return f"no calls on {work} by {'the allowed models' if chosen else 'models that may be chosen'} yet"
    said = _said(mine, brief=True)
    few = [one for one in mine if one.cause is Cause.FEW]
    if few:
        most = max(few, key=lambda one: one.calls)
        lacking = f"not enough data on {work} yet: {most.calls} of {enough} calls that say something about their model"
        excused = sum(one.excused for one in few)
        if excused:
            lacking += f" ({excused:,} more failed through no fault of it)"
        if background is not None and background.recent == 0:
            lacking += f", none of them in the last {background.days} days"
        return "; ".join([lacking, *([f"left out: {listed(said)}"] if said else [])])
    if all(one.cause is Cause.FAILS for one in mine):
        return f"none does well on {work} here: {listed(said)}"
    return f"no model with enough data on {work} can be chosen: {listed(said)}"


def _fails(rate: float, calls: int) -> str:
    return f"{percent(rate)} of its {counted(calls, 'call')} succeeded"


def _said(left: list[LeftOut], *, brief: bool = False) -> list[str]:
    """A clause for each model that is left out, or for each cause where there are many; brief: a part of a list."""
    said = []
    for cause, many in (
        (Cause.RETIRED, "retired"),
        (Cause.FAILS, f"less than {percent(FLOOR)} of their calls succeed"),
        (Cause.UNFIT, "unfit for the request"),
    ):
        found = sorted((one for one in left if one.cause is cause), key=lambda one: (-one.calls, one.model))
        if len(found) > _NAMED:
            said.append(f"{len(found)} models ({many})" if brief else f"{len(found)} models are left out: {many}")
        elif brief:
            said += [f"{display_name(one.model)} ({one.why})" for one in found]
        else:
            said += [f"{display_name(one.model)} is left out: {one.why}" for one in found]
    return said


def _models(found: list[LeftOut]) -> str:
    if len(found) > _NAMED:
        return f"{len(found)} other models"
    return listed([display_name(one.model) for one in found])
