"""What happened in the last weeks, for Augury to find: an outage, and a model that quietly got worse."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from augury.core.tasks import TaskType

OUTAGE_PROVIDER = "anthropic"
OUTAGE_FAILURES = 0.8
OUTAGE_SLOWNESS = 2.6
_OUTAGE_DAYS_AGO = 35
_OUTAGE_BEGIN = time(13, 10, tzinfo=UTC)
_OUTAGE_LENGTH = timedelta(hours=2, minutes=55)
_FRIDAY = 4

DECLINING_MODEL = "gpt-6-sol"
DECLINING_TASK = TaskType.CODING
DECLINE_DAYS_AGO = 21
DECLINED_VERSION = "gpt-6-sol"
"""From then on calls report the bare name: somebody stopped asking for the dated release, and nobody noticed."""

_DECLINED_SKILL = 0.78
_DECLINED_LIKING = 0.60


def outage(today: date) -> tuple[datetime, datetime]:
    """When the provider was down: an afternoon five weeks ago, the Friday before if that was a weekend."""
    day = today - timedelta(days=_OUTAGE_DAYS_AGO)
    day -= timedelta(days=max(0, day.weekday() - _FRIDAY))
    begin = datetime.combine(day, _OUTAGE_BEGIN)
    return begin, begin + _OUTAGE_LENGTH


def slowed_failure_ms(duration_ms: int) -> int:
    """How long a failure takes while the provider is down: clients hang before they give up."""
    return int(4_000 + duration_ms * OUTAGE_SLOWNESS)


def has_declined(model: str, days_ago: int) -> bool:
    """Whether calls of that day go to the model that got worse."""
    return model == DECLINING_MODEL and days_ago <= DECLINE_DAYS_AGO


def decline(model: str, task: TaskType, days_ago: int) -> tuple[float, float]:
    """What is left of the model's success and of its users' liking for that task, as factors."""
    if task is DECLINING_TASK and has_declined(model, days_ago):
        return _DECLINED_SKILL, _DECLINED_LIKING
    return 1.0, 1.0
