"""What `overview()` must answer, worked out from the list of calls in plain Python: slow, simple, and without any SQL.

Formulas are written here a second time, from the contract and not from the source, in exact arithmetic where it can be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from statistics import NormalDist
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.world import NAMES, NOW

from augury.analytics.answers import Cell
from augury.analytics.overview import GroupBy, OverviewRequest
from augury.core.windows import Interval, Window, zone_named
from augury.store.protocol import Filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from augury.core.calls import ModelCall

Answer = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request in the words of the API, and so the name of a test."""

    days: int | None = None
    since: date | datetime | None = None
    until: date | datetime | None = None
    zone: str = "UTC"
    interval: Interval | None = None
    group_by: GroupBy | None = None
    filters: Filters = field(default_factory=Filters)

    def __str__(self) -> str:
        """As pytest shows it."""
        period = f"{self.days}-days" if self.days else f"{self.since:%y%m%dT%H}-to-{self.until:%y%m%dT%H}"
        filters = [
            f"{name}={value!a}"
            for name in self.filters.__slots__
            if (value := getattr(self.filters, name)) != getattr(Filters(), name)
        ]
        return " ".join([period, self.zone, f"{self.interval}", f"by-{self.group_by}", *filters])

    def request(self, now: datetime = NOW) -> OverviewRequest:
        """The question as it is asked."""
        zone = zone_named(self.zone)
        if self.days is not None:
            window = Window.last_days(self.days, now=now, zone=zone)
        else:
            assert self.since is not None
            assert self.until is not None
            window = Window.between(self.since, self.until, zone=zone)
        return OverviewRequest(window=window, interval=self.interval, filters=self.filters, group_by=self.group_by)


CELL_MEASURES = frozenset(field.name for field in fields(Cell))


def by_hand(case: Case, calls: Iterable[ModelCall], now: datetime = NOW) -> Answer:
    """The overview of a case, as `dataclasses.asdict` would give it."""
    zone = ZoneInfo(case.zone)
    start, end = _period(case, zone, now)
    interval = case.interval or Interval.DAY
    counted = counted_calls(case, calls, now)
    by_model = [
        {"model": name, "display_name": NAMES[name]}
        | {"provider": _by("provider", group)[0]["provider"], "providers": _by("provider", group)}
        | measures(group)
        for name, group in _groups(counted, "model")
    ]
    steps = _steps(start, end, zone, interval)
    split = str(case.group_by) if case.group_by not in (None, GroupBy.TIME) else None
    if split is None:
        trends = _points(counted, steps, zone, interval)
    else:
        groups = _groups(counted, split)
        trends = [p for name, group in groups for p in _points(group, steps, zone, interval, **{split: name})]
    answer: Answer = {
        "period": {
            "from_": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "to": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "timezone": case.zone,
            "interval": interval.value,
        },
        "summary": measures(counted),
        "by_model": by_model,
        "by_task_type": _by("task_type", counted),
        "by_provider": _by("provider", counted),
        "by_model_and_task_type": [
            {"model": name, "display_name": NAMES[name], "task_type": task_type}
            | {key: value for key, value in measures(own).items() if key in CELL_MEASURES}
            for name, group in _groups(counted, "model")
            for task_type, own in sorted(_groups(group, "task_type"))
        ],
        "previous": None,
        "recorded": None,
        "trends": trends,
        "recommendations": [],
        "best_by_task": [],
        "sample": False,
        "notes": [],
    }
    match case.group_by:
        case None:
            return answer
        case GroupBy.TIME:
            return answer | {"groups": trends}
        case _:
            return answer | {"groups": answer[f"by_{split}"]}


def counted_calls(case: Case, calls: Iterable[ModelCall], now: datetime = NOW) -> list[ModelCall]:
    """The calls that a case is about."""
    start, end = _period(case, ZoneInfo(case.zone), now)
    return [call for call in calls if start <= call.timestamp < end and _passes(call, case.filters)]


def measures(calls: Sequence[ModelCall]) -> Answer:
    """What a group of calls is measured by."""
    n = len(calls)
    times = [call.response_time_ms for call in calls]
    successes = sum(call.success for call in calls)
    up = sum(call.user_rating == 1 for call in calls)
    down = sum(call.user_rating == -1 for call in calls)
    first = [call.time_to_first_token_ms for call in calls if call.time_to_first_token_ms is not None]
    costs = [call.cost_usd for call in calls if call.cost_usd is not None]
    priced_successes = sum(call.success for call in calls if call.cost_usd is not None)
    timed = [(c.output_tokens, c.response_time_ms) for c in calls if c.success and c.output_tokens is not None]
    cost = sum(costs, Decimal(0))
    average = _ratio(sum(times), n)
    success, satisfaction = _ratio(100 * successes, n), _ratio(100 * up, up + down)
    speed = None if average is None else max(Fraction(0), 100 - min(Fraction(100), average / 100))
    return {
        "total_calls": n,
        "avg_response_time": _plain(average) or 0,
        "min_response_time": min(times, default=0),
        "max_response_time": max(times, default=0),
        "median_response_time": percentile(times, 50),
        "p95_response_time": percentile(times, 95),
        "p99_response_time": percentile(times, 99),
        "avg_time_to_first_token": _plain(_ratio(sum(first), len(first))),
        "success_rate": _plain(success),
        "success_rate_interval": _interval(successes, n),
        "thumbs_up": up,
        "thumbs_down": down,
        "satisfaction_rate": _plain(satisfaction),
        "satisfaction_rate_interval": _interval(up, up + down),
        "avg_tokens": _plain(_ratio(sum(c.tokens_used for c in calls), n)) or 0,
        "total_tokens": sum(call.tokens_used for call in calls),
        "input_tokens": sum(call.input_tokens or 0 for call in calls),
        "output_tokens": sum(call.output_tokens or 0 for call in calls),
        "tokens_per_second": _plain(_ratio(1000 * sum(t for t, _ in timed), sum(ms for _, ms in timed))),
        "total_cost": cost if costs or not calls else None,
        "cost_per_call": _plain(_ratio(Fraction(cost), len(costs))),
        "cost_per_success": _plain(_ratio(Fraction(cost), priced_successes)),
        "unpriced_calls": n - len(costs),
        "quality_score": _plain(_quality(success, satisfaction, speed)),
        "speed_score": _plain(speed),
        "confidence": confidence(n, successes, up, down),
    }


def percentile(times: Sequence[int], percent: int) -> float:
    """Interpolated between the order statistics, each of which stands for the middle of its bucket."""
    if not times:
        return 0
    ordered = sorted(times)
    rank = Fraction((len(times) - 1) * percent, 100)
    low, high = (_middle(ordered[place]) for place in (math.floor(rank), math.ceil(rank)))
    value = low + (rank - math.floor(rank)) * (high - low)
    return float(min(max(value, Fraction(min(times))), Fraction(max(times))))


def _middle(milliseconds: int) -> Fraction:
    """Buckets are one wide below 128 ms, and twice as wide each time that the value doubles."""
    width = 1
    while milliseconds >= 128 * width:
        width *= 2
    return Fraction(milliseconds // width * width) + Fraction(width - 1, 2)


def confidence(calls: int, successes: int, up: int, down: int) -> float:
    """0.5 sample size + 0.3 reliability + 0.2 satisfaction."""
    size = Decimal(100 * calls) / (calls + 20)
    return float(
        Decimal("0.5") * size
        + Decimal("0.3") * _certainty(successes, calls)
        + Decimal("0.2") * _certainty(up, up + down)
    )


def _certainty(part: int, whole: int) -> Decimal:
    """100 - the width of the interval."""
    bounds = _bounds(part, whole)
    return 100 - (bounds[1] - bounds[0]) if bounds else Decimal(0)


def _interval(part: int, whole: int) -> tuple[float, float] | None:
    bounds = _bounds(part, whole)
    return (float(max(bounds[0], Decimal(0))), float(min(bounds[1], Decimal(100)))) if bounds else None


def _bounds(part: int, whole: int) -> tuple[Decimal, Decimal] | None:
    """In percent: where (p - part/whole)² = z² p (1 - p) / whole, a quadratic equation in p."""
    if not whole:
        return None
    with localcontext() as context:
        context.prec = 50
        z2 = Decimal(NormalDist().inv_cdf(0.975)) ** 2
        seen = Decimal(part) / whole
        a, b, c = 1 + z2 / whole, -(2 * seen + z2 / whole), seen * seen
        root = (b * b - 4 * a * c).sqrt()
        return 50 * (-b - root) / a, 50 * (-b + root) / a


def _quality(success: Fraction | None, satisfaction: Fraction | None, speed: Fraction | None) -> Fraction | None:
    if success is None or speed is None:
        return None
    if satisfaction is None:
        return success * 2 / 3 + speed / 3
    return (4 * success + 4 * satisfaction + 2 * speed) / 10


def _ratio(part: Fraction | int, whole: int) -> Fraction | None:
    return Fraction(part) / whole if whole else None


def _plain(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _period(case: Case, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    def begin(day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)

    if case.days is not None:
        today = now.astimezone(zone).date()
        return begin(today - timedelta(days=case.days - 1)), begin(today + timedelta(days=1))
    since, until = case.since, case.until
    assert since is not None
    assert until is not None
    return (
        since.astimezone(UTC) if isinstance(since, datetime) else begin(since),
        until.astimezone(UTC) if isinstance(until, datetime) else begin(until + timedelta(days=1)),
    )


def _passes(call: ModelCall, filters: Filters) -> bool:
    wanted = (
        (filters.model, call.model),
        (filters.provider, call.provider),
        (filters.task_type, call.task_type),
        (filters.complexity, call.task_complexity),
        (filters.segment, call.segment),
    )
    if filters.operations is not None and call.operation not in filters.operations:
        return False
    return all(asked is None or asked == own for asked, own in wanted)


def _groups(calls: Iterable[ModelCall], by: str) -> list[tuple[str, list[ModelCall]]]:
    """The groups, those with most calls first, then by name."""
    groups: dict[str, list[ModelCall]] = {}
    for call in calls:
        groups.setdefault(str(getattr(call, by)), []).append(call)
    return sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))


def _by(key: str, calls: Iterable[ModelCall]) -> list[Answer]:
    return [{key: name} | measures(group) for name, group in _groups(calls, key)]


def _points(
    calls: Iterable[ModelCall], steps: Iterable[str], zone: ZoneInfo, interval: Interval, **key: str
) -> list[Answer]:
    within: dict[str, list[ModelCall]] = {step: [] for step in steps}
    for call in calls:
        within[step_of(call.timestamp, zone, interval)].append(call)
    keys: Answer = {"model": None, "task_type": None, "provider": None}
    return [{"date": step} | keys | key | measures(group) for step, group in within.items()]


def step_of(when: datetime, zone: ZoneInfo, interval: Interval) -> str:
    """The name of the hour, day, or week that an instant is in."""
    local = when.astimezone(zone)
    match interval:
        case Interval.HOUR:
            since = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
            return (when - since).strftime("%Y-%m-%dT%H:%M:%SZ")
        case Interval.DAY:
            return local.date().isoformat()
        case Interval.WEEK:
            return (local.date() - timedelta(days=local.weekday())).isoformat()


def _steps(start: datetime, end: datetime, zone: ZoneInfo, interval: Interval) -> list[str]:
    """All of them, empty ones too: every quarter of an hour is in one, and the last instant."""
    quarter = timedelta(minutes=15)
    moments = (start + i * quarter for i in range(math.ceil((end - start) / quarter)))
    names = [step_of(moment, zone, interval) for moment in moments]
    return list(dict.fromkeys([*names, step_of(end - timedelta(microseconds=1), zone, interval)]))


def differences(expected: object, got: object, where: str = "") -> list[str]:
    """Where two answers differ: floats in more than the last digits, everything else at all.

    Of an answer's class the fields count; `dataclasses.asdict` would copy every one of them deeply.
    """
    if isinstance(expected, dict) and is_dataclass(got):
        got = {one.name: getattr(got, one.name) for one in fields(got)}
    if isinstance(expected, dict) and isinstance(got, dict) and expected.keys() == got.keys():
        return [text for key in expected for text in differences(expected[key], got[key], f"{where}.{key}")]
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        pairs = enumerate(zip(expected, got, strict=True))
        return [text for i, (own, other) in pairs for text in differences(own, other, f"{where}[{i}]")]
    if isinstance(expected, tuple) and isinstance(got, tuple):
        return differences([*expected], [*got], where)
    if type(expected) is type(got) and expected == got:
        return []
    numbers = {type(expected), type(got)} <= {int, float} and float in {type(expected), type(got)}
    if numbers and math.isclose(expected, got, rel_tol=1e-12, abs_tol=1e-12):  # type: ignore[arg-type]  # both are numbers
        return []
    return [f"{where}: expected {_short(expected)}, got {_short(got)}"]


def _short(value: object) -> str:
    match value:
        case dict():
            return f"keys {sorted(map(str, value))}"
        case list():
            return f"{len(value)} items"
        case _:
            return f"{value!r} ({type(value).__name__})"
