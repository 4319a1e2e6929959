"""What calls cost, on every engine as plain Python works it out; conversations, and failures of a model."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from tests.conformance.by_hand import Case, by_hand, counted_calls, differences, step_of
from tests.world import FOREIGN, NAMES, NOW, a_call

from augury.analytics import costs as costing
from augury.analytics import model as modelling
from augury.analytics.costs import ConversationsPage, costs, opened
from augury.analytics.model import model_figures
from augury.analytics.overview import GroupBy
from augury.core.calls import CostSource, ErrorType
from augury.core.windows import Interval, day_of
from augury.errors import NotFound
from augury.store.protocol import Filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from augury.analytics.overview import OverviewRequest
    from augury.core.calls import ModelCall
    from augury.store.protocol import Store

CASES = (
    Case(days=90),
    Case(days=170),
    Case(days=30, zone="Europe/Berlin", group_by=GroupBy.MODEL),
    Case(days=20, zone="Asia/Kathmandu", interval=Interval.WEEK, group_by=GroupBy.TASK_TYPE),
    Case(days=4, zone="America/New_York", interval=Interval.HOUR, group_by=GroupBy.TIME),
    Case(days=90, filters=Filters(provider="aws.bedrock", task_type="coding")),
    Case(days=90, filters=Filters(complexity="simple", segment="pro", operations=None)),
    Case(days=90, filters=Filters(segment="größe 🦊 'x'"), group_by=GroupBy.PROVIDER),
    Case(days=90, filters=Filters(model="mistral-large")),  # one call, without a price
    Case(since=date(2030, 1, 1), until=date(2030, 1, 2)),  # nothing there
)
ALL = ConversationsPage(limit=1_000)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_store_tells_costs_as_plain_python_does(
    world_store: Store, calls: tuple[ModelCall, ...], case: Case
) -> None:
    assert not differences(costs_by_hand(case, calls), costs(world_store, case.request(), ALL))


def test_without_conversations_asked_for_none_are_looked_for(world_store: Store) -> None:
    assert costs(world_store, CASES[0].request()).conversations is None


def test_page_by_page_every_conversation_comes_exactly_once(world_store: Store, calls: tuple[ModelCall, ...]) -> None:
    case = Case(days=170, interval=Interval.WEEK, filters=Filters(operations=None))
    found, page = [], ConversationsPage(limit=11)
    while True:
        answer = costs(world_store, case.request(), page).conversations
        assert answer is not None
        found += answer.dearest
        if answer.next is None:
            break
        page = replace(page, after=opened(answer.next))

    expected = costs_by_hand(case, calls)["conversations"]["dearest"]
    assert not differences(expected, found)
    assert len(found) > 20


def test_conversations_of_equal_costs_and_strange_names_are_not_lost_between_pages(store: Store) -> None:
    names = ["b", "a", "B", "ä", "z 🦊", "' OR true --", "with a space", "%s ?", "é"]
    store.append([a_call(n, conversation_id=name) for n, name in enumerate(names)])
    store.append([a_call(n, conversation_id=f"{n}", cost_usd=None) for n in range(20, 23)])
    request = Case(days=1).request()

    found, page = [], ConversationsPage(limit=2)
    while (answer := costs(store, request, page).conversations) and answer.next:
        found += answer.dearest
        page = replace(page, after=opened(answer.next))
    assert answer is not None
    found += answer.dearest

    assert [one.conversation_id for one in found] == [*sorted(names), "20", "21", "22"]
    assert answer.total == len(found)
    assert answer.priced == len(names)
    assert answer.total_cost == len(names) * Decimal("0.0015")


def test_a_period_of_too_many_calls_tells_no_conversations_and_says_so(
    world_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costing, "MAX_CALLS_READ", 100)
    monkeypatch.setattr(modelling, "MAX_CALLS_READ", 10)
    request = CASES[0].request()

    answer = costs(world_store, request, ALL)
    figures = model_figures(world_store, "gpt-4o", request)

    assert answer.conversations is None
    assert figures.failures is None
    assert answer.notes == [costing.TOO_MANY_CALLS.format(what="conversations")]
    assert figures.notes == [costing.TOO_MANY_CALLS.format(what="how calls fail")]


def test_sums_of_pruned_days_still_tell_costs_and_a_note_what_they_do_not_tell(store: Store) -> None:
    old = [a_call(n, timestamp=NOW - timedelta(days=3), conversation_id="gone", cost_source=source)
           for n, source in enumerate(CostSource) if source is not CostSource.UNKNOWN]  # fmt: skip
    store.append([*old, a_call(10, conversation_id="kept")])
    case = Case(days=7)
    before = costs(store, case.request(), ALL)
    store.prune(NOW.replace(hour=0, minute=0))

    after = costs(store, case.request(), ALL)
    failures = model_figures(store, "gpt-4o", case.request())

    assert replace(after, conversations=None, notes=[]) == replace(before, conversations=None)
    assert after.conversations is not None
    assert [one.conversation_id for one in after.conversations.dearest] == ["kept"]
    assert after.notes == [costing.PRUNED.format(what="conversations")]
    assert failures.notes == [costing.PRUNED.format(what="ways to fail")]


def test_a_cost_of_which_nobody_said_where_it_comes_from_is_told_apart(store: Store) -> None:
    store.append([a_call(1, cost_source=CostSource.UNKNOWN), a_call(2)])

    answer = costs(store, Case(days=1).request())

    assert [(one.source, one.calls, one.total_cost) for one in answer.by_source] == [
        ("computed", 1, Decimal("0.0015")),
        ("unknown", 1, Decimal("0.0015")),
    ]
    assert "one priced call" in answer.notes[0]


@pytest.mark.parametrize("name", ["gpt-4o", FOREIGN])
def test_one_model_is_measured_as_plain_python_does(
    world_store: Store, calls: tuple[ModelCall, ...], name: str
) -> None:
    case = Case(days=90, zone="Europe/Berlin")
    own = replace(case, filters=Filters(model=name))

    figures = model_figures(world_store, name, case.request())

    assert not differences(by_hand(own, calls), figures.overview)
    counted = counted_calls(own, calls)
    by_complexity = {c.task_complexity: 0 for c in counted}
    for call in counted:
        by_complexity[call.task_complexity] += 1
    assert {one.complexity: one.total_calls for one in figures.by_complexity} == by_complexity
    failed = Counter(call.error_type for call in counted if not call.success)
    assert figures.failures is not None
    assert {one.error_type: one.calls for one in figures.failures} == failed
    assert math.isclose(sum(one.share for one in figures.failures), 100.0 if failed else 0.0)


def test_a_model_without_calls_in_the_period_is_known_and_one_without_any_is_not(store: Store) -> None:
    store.append([a_call(1, timestamp=NOW - timedelta(days=60))])
    assert all(store.seal(day) for day in store.unsealed(day_of(NOW)))
    request: OverviewRequest = Case(days=7).request()

    assert model_figures(store, "gpt-4o", request).overview.summary.total_calls == 0
    with pytest.raises(NotFound, match="gpt-5"):
        model_figures(store, "gpt-5", request)


def test_failures_that_nobody_explained_have_no_type(store: Store) -> None:
    store.append([a_call(1, success=False), a_call(2, success=False, error_type=ErrorType.TASK)])

    failures = model_figures(store, "gpt-4o", Case(days=1).request()).failures

    assert failures is not None
    assert {one.error_type: one.share for one in failures} == {None: 50.0, "task": 50.0}


# ── By hand ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def costs_by_hand(case: Case, calls: Iterable[ModelCall]) -> dict[str, Any]:
    """The costs of a case, as `dataclasses.asdict` would give them; worked out once for all engines."""
    if case not in _known:
        _known[case] = _costs_by_hand(case, calls)
    return _known[case]


_known: dict[Case, dict[str, Any]] = {}


def _costs_by_hand(case: Case, calls: Iterable[ModelCall]) -> dict[str, Any]:
    counted = counted_calls(case, calls)
    overview = by_hand(case, calls)
    points = list(zip(overview["trends"], _by_point(counted, case, overview["trends"]), strict=True))
    keys = ("date", "model", "task_type", "provider")
    unsaid = sum(c.cost_usd is not None and c.cost_source is CostSource.UNKNOWN for c in counted)
    assert not unsaid
    return {
        "period": overview["period"],
        "summary": _measures(counted),
        "by_source": _sources(counted),
        "by_model": [
            {"model": name, "display_name": NAMES[name], "provider": _main_provider(own)} | _measures(own)
            for name, own in _groups(counted, "model")
        ],
        "by_task_type": [{"task_type": name} | _measures(own) for name, own in _groups(counted, "task_type")],
        "by_provider": [{"provider": name} | _measures(own) for name, own in _groups(counted, "provider")],
        "trends": [{key: point[key] for key in keys} | _measures(own) for point, own in points],
        "unpriced": _unpriced(counted),
        "conversations": _conversations(counted),
        "sample": False,
        "notes": [],
    }


def _by_point(counted: Sequence[ModelCall], case: Case, points: Sequence[dict[str, Any]]) -> list[list[ModelCall]]:
    """The calls of each point: those of its step and its group."""
    zone, interval = ZoneInfo(case.zone), case.interval or Interval.DAY
    by_step: dict[str, list[ModelCall]] = {}
    for call in counted:
        by_step.setdefault(step_of(call.timestamp, zone, interval), []).append(call)
    keys = ("model", "task_type", "provider")
    return [
        [c for c in by_step.get(point["date"], []) if all(point[key] in (None, getattr(c, key)) for key in keys)]
        for point in points
    ]


def _cost(calls: Sequence[ModelCall]) -> dict[str, Any]:
    priced = [c for c in calls if c.cost_usd is not None]
    total = sum((c.cost_usd for c in priced if c.cost_usd is not None), Decimal(0))

    def each(number: int) -> float | None:
        return float(Fraction(total) / number) if number else None

    return {
        "total_cost": total if priced or not calls else None,
        "cost_per_call": each(len(priced)),
        "cost_per_success": each(sum(c.success for c in priced)),
        "cost_per_thumbs_up": each(sum(c.user_rating == 1 for c in priced)),
        "total_calls": len(calls),
        "priced_calls": len(priced),
        "unpriced_calls": len(calls) - len(priced),
    }


def _measures(calls: Sequence[ModelCall]) -> dict[str, Any]:
    def summed(name: str) -> int:
        return sum(getattr(call, name) or 0 for call in calls)

    def percent(part: int, whole: int) -> float | None:
        return 100 * part / whole if whole else None

    up, down = (sum(call.user_rating == rating for call in calls) for rating in (1, -1))
    return _cost(calls) | {
        "success_rate": percent(summed("success"), len(calls)),
        "thumbs_up": up,
        "thumbs_down": down,
        "satisfaction_rate": percent(up, up + down),
        "avg_response_time": summed("response_time_ms") / len(calls) if calls else 0,
        "total_tokens": summed("tokens_used"),
        "input_tokens": summed("input_tokens"),
        "output_tokens": summed("output_tokens"),
        "cached_input_tokens": summed("cached_input_tokens"),
        "cache_write_tokens": summed("cache_write_tokens"),
        "reasoning_tokens": summed("reasoning_tokens"),
        "cached_share": percent(summed("cached_input_tokens"), summed("input_tokens")),
        "reasoning_share": percent(summed("reasoning_tokens"), summed("output_tokens")),
    }


def _groups(calls: Iterable[ModelCall], by: str) -> list[tuple[str, list[ModelCall]]]:
    groups: dict[str, list[ModelCall]] = {}
    for call in calls:
        groups.setdefault(str(getattr(call, by)), []).append(call)
    return sorted(groups.items(), key=lambda item: (-(_cost(item[1])["total_cost"] or 0), -len(item[1]), item[0]))


def _main_provider(calls: Iterable[ModelCall]) -> str:
    return min(Counter(call.provider for call in calls).items(), key=lambda item: (-item[1], item[0]))[0]


def _sources(calls: Iterable[ModelCall]) -> list[dict[str, Any]]:
    by_source: dict[str, list[ModelCall]] = {"reported": [], "computed": [], "unknown": []}
    for call in calls:
        by_source["unknown" if call.cost_usd is None else str(call.cost_source)].append(call)
    return [
        {"source": name, "calls": len(own), "total_cost": _cost(own)["total_cost"]}
        for name, own in by_source.items()
        if own
    ]


def _unpriced(calls: Iterable[ModelCall]) -> list[dict[str, Any]]:
    found = [
        {"model": name, "display_name": NAMES[name], "provider": _main_provider(own), "calls": n}
        for name, own in _groups(calls, "model")
        if (n := sum(call.cost_usd is None for call in own))
    ]
    return sorted(found, key=lambda one: (-one["calls"], one["model"]))


def _conversations(calls: Iterable[ModelCall]) -> dict[str, Any]:
    groups: dict[str, list[ModelCall]] = {}
    for call in calls:
        if call.conversation_id is not None:
            groups.setdefault(call.conversation_id, []).append(call)
    every = [call for own in groups.values() for call in own]
    shown = []
    for name, own in groups.items():
        measured = _measures(own)
        kept = ("success_rate", "thumbs_up", "thumbs_down", "total_tokens")
        times = sorted(call.timestamp.isoformat().replace("+00:00", "Z") for call in own)
        shown.append(
            {"conversation_id": name}
            | _cost(own)
            | {key: measured[key] for key in kept}
            | {"first": times[0], "last": times[-1]}
        )
    priced = sum(1 for one in shown if one["priced_calls"])
    total = _cost(every)["total_cost"]
    shown.sort(
        key=lambda one: (-(Decimal(-1) if one["total_cost"] is None else one["total_cost"]), one["conversation_id"])
    )
    return {
        "total": len(groups),
        "priced": priced,
        "total_calls": len(every),
        "total_cost": total if priced or not groups else None,
        "cost_per_conversation": float(Fraction(total) / priced) if priced else None,
        "dearest": shown,
        "next": None,
    }
