"""Calls to learn from, made by the handful."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from tests.world import NOW, a_call

from augury.core.calls import CostSource, ErrorType
from augury.recommend.context import TaskContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from augury.core.calls import ModelCall
    from augury.recommend.recommender import ModelRecommender

    Learn = Callable[..., ModelRecommender]

NUMBERS = count(1)
CODING = TaskContext(task_type="coding")
UNPRICED: dict[str, Any] = {"cost_usd": None, "cost_source": CostSource.UNKNOWN}


def calls(
    model: str,
    number: int,
    *,
    failed: int = 0,
    days: tuple[int, int] = (0, 20),
    failure: dict[str, Any] | None = None,
    **said: Any,
) -> list[ModelCall]:
    """Calls of a model, `failed` of them failures, spread evenly over days so many ago."""
    first, last = days
    return [
        a_call(
            next(NUMBERS),
            **{
                "model": model,
                "timestamp": NOW - timedelta(days=first + at % (last - first), hours=1 + at % 5),
                **said,
                **({"success": False, "error_type": ErrorType.SERVER, **(failure or {})} if at * failed // number != (at + 1) * failed // number else {}),
            },
        )
        for at in range(number)
    ]  # fmt: skip


def rated(model: str, number: int, *, up: int, down: int, failed: int = 0) -> list[ModelCall]:
    """Calls of which so many are rated."""
    plain = calls(model, number - up - down, failed=failed)
    return [*plain, *calls(model, up, user_rating=1), *calls(model, down, user_rating=-1)]
