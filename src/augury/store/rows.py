"""Rows and what Python makes of them: calls, and the plain values of a user's own query."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

from augury.core.calls import COLUMNS, CostSource, ErrorType, ModelCall, SelectedBy
from augury.core.tasks import Complexity, TaskType

if TYPE_CHECKING:
    from collections.abc import Callable


_READ: dict[str, Callable[[Any], Any]] = {
    "task_type": TaskType,
    "task_complexity": Complexity,
    "cost_source": CostSource,
    "error_type": ErrorType,
    "selected_by": SelectedBy,
    "timestamp": lambda when: when.astimezone(UTC),
}


def call_of(row: tuple[Any, ...]) -> ModelCall:
    """The call of a row of COLUMNS."""
    values = dict(zip(COLUMNS, row, strict=True))
    for column, read in _READ.items():
        if values[column] is not None:
            values[column] = read(values[column])
    return ModelCall(**values)


def instant(microseconds: int | None) -> datetime | None:
    """The time so many microseconds after 1970."""
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1e6, UTC)


def plain(value: Any) -> Any:
    """A value of a user's own query, as JSON knows it."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if isfinite(value) else str(value)
        case Decimal():
            return plain(float(value))
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
        case list() | tuple():
            return [plain(item) for item in value]
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case _:
            return str(value)
