"""Sealed days: what unseals them, what becomes of pruned ones, and that nobody sees a difference."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.conformance.by_hand import Case, by_hand, differences
from tests.world import MIDNIGHT, NOW, a_call, message

from augury.analytics.overview import overview
from augury.core.calls import OTHER
from augury.core.feedback import Feedback, Outcome
from augury.core.windows import date_of, day_of
from augury.errors import NotFound
from augury.store.duckdb import days
from augury.store.protocol import Added, Fate, Filters
from augury.store.sealing import Sealer, seal_closed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from augury.core.calls import ModelCall
    from augury.store.protocol import Store

TODAY = day_of(NOW)
THEN = MIDNIGHT - timedelta(days=2, hours=-9)
MONTH = Case(days=30, filters=Filters(operations=None))


def some_calls() -> list[ModelCall]:
    """A call an hour of five days, today among them."""
    return [
        a_call(number, timestamp=MIDNIGHT - timedelta(days=4) + timedelta(hours=number), message_id=message(number))
        for number in range(4 * 24 + 12)
    ]


def sealed(store: Store) -> int:
    return store.describe().sealed_days


def seal_all(store: Store) -> None:
    assert all(count for _, _, count in seal_closed(store, NOW))
    assert store.unsealed(TODAY) == []


def agree(store: Store, calls: Sequence[ModelCall], case: Case = MONTH) -> None:
    assert not differences(by_hand(case, calls), overview(store, case.request()))


def test_all_days_that_are_over_are_sealed_and_today_is_not(store: Store) -> None:
    calls = some_calls()
    store.append(calls)

    done = list(seal_closed(store, NOW))

    assert done == [(left, TODAY - 4 + left, 24) for left in (3, 2, 1, 0)]
    assert sealed(store) == 4
    agree(store, calls)


def test_sealing_a_day_again_does_nothing(store: Store) -> None:
    store.append(some_calls())
    seal_all(store)
    assert store.seal(TODAY - 2) is None
    assert list(seal_closed(store, NOW)) == []


@pytest.mark.parametrize(
    "touch",
    [
        lambda store: store.append([a_call(500, timestamp=THEN)]),
        lambda store: store.rate(Feedback(rating=1, message_id=message(57))),
        lambda store: store.report(Outcome(message_id=message(57), success=False)),
        lambda store: store.forget(a_call().user_id),
    ],
    ids=["a late call", "a rating", "an outcome", "an erased user"],
)
def test_what_changes_a_sealed_day_unseals_it(store: Store, touch: Callable[[Store], object]) -> None:
    calls = some_calls()
    store.append(calls)
    seal_all(store)
    before = overview(store, MONTH.request())

    touch(store)

    assert sealed(store) in {0, 3}
    after = overview(store, MONTH.request())
    assert after != before
    seal_all(store)
    assert overview(store, MONTH.request()) == after


def test_calls_that_were_there_already_unseal_nothing(store: Store, tmp_path: Path) -> None:
    calls = some_calls()
    store.append(calls)
    store.export(None, tmp_path / "calls.parquet")
    seal_all(store)

    assert set(store.append(calls)) == {Fate.KNOWN}
    assert store.append_file(tmp_path / "calls.parquet") == Added(stored=0, known=len(calls))

    assert sealed(store) == 4


def test_a_file_unseals_the_days_of_its_new_calls_alone(store: Store, tmp_path: Path) -> None:
    calls = some_calls()
    store.append(calls)
    store.export(None, tmp_path / "calls.parquet")
    store.prune(MIDNIGHT + timedelta(days=1))
    assert store.append_file(tmp_path / "calls.parquet") == Added(stored=0, known=0, final=len(calls))


def test_the_figures_of_pruned_days_stay(store: Store) -> None:
    calls = some_calls()
    store.append(calls)

    assert store.prune(MIDNIGHT - timedelta(days=1)) == 3 * 24

    found = store.describe()
    assert (found.calls, found.final_days) == (36, 3)
    agree(store, calls)
    assert store.prune(MIDNIGHT - timedelta(days=1)) == 0


def test_a_pruned_day_takes_no_more_calls_nor_ratings(store: Store) -> None:
    calls = some_calls()
    store.append(calls)
    store.prune(MIDNIGHT - timedelta(days=1))

    late, open_to = a_call(800, timestamp=THEN), a_call(801)

    assert store.append([late, open_to]) == [Fate.FINAL, Fate.STORED]
    with pytest.raises(NotFound):
        store.rate(Feedback(rating=1, message_id=message(57)))
    agree(store, [*calls, open_to])


def test_erasing_a_user_says_which_days_it_could_not_change(store: Store) -> None:
    user = message(7_000)
    store.append([*some_calls(), a_call(900, timestamp=THEN, user_id=user), a_call(901, user_id=user)])
    store.prune(MIDNIGHT - timedelta(days=1))

    gone = store.forget(user)

    assert gone.calls == 1
    assert gone.changed == (date_of(TODAY),)
    assert gone.final == tuple(date_of(TODAY - back) for back in (4, 3, 2))


def test_sums_are_deleted_when_their_own_time_has_come_and_their_days_stay_final(store: Store) -> None:
    calls = some_calls()
    store.append(calls)

    store.prune(MIDNIGHT, keep_sums_from=MIDNIGHT - timedelta(days=2))

    agree(store, [call for call in calls if call.timestamp >= MIDNIGHT - timedelta(days=2)])
    assert store.append([a_call(500, timestamp=MIDNIGHT - timedelta(days=3))]) == [Fate.FINAL]


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu"])
def test_in_half_hour_zones_pruned_calls_count_by_the_hour_and_the_answer_says_so(store: Store, zone: str) -> None:
    calls = some_calls()
    store.append(calls)
    case = Case(days=30, zone=zone, filters=Filters(operations=None))
    seal_all(store)
    exact = overview(store, case.request())
    assert not exact.notes

    store.prune(MIDNIGHT)

    answer = overview(store, case.request())
    assert len(answer.notes) == 1
    assert answer.summary.total_calls == exact.summary.total_calls
    assert sum(point.total_calls for point in answer.trends) == len(calls)
    near = zip(answer.trends, exact.trends, strict=True)
    assert all(abs(point.total_calls - true.total_calls) <= 1 for point, true in near)
    cut = [point for point in answer.trends if point.total_calls and point.median_response_time is None]
    assert cut


def test_pruned_days_cut_by_the_hour_have_figures_and_no_percentiles(store: Store) -> None:
    calls = some_calls()
    store.append(calls)
    store.prune(MIDNIGHT)
    case = Case(days=30, zone="Europe/Berlin", filters=Filters(operations=None))

    answer = overview(store, case.request())

    true = by_hand(case, calls)
    assert [p.total_calls for p in answer.trends] == [p["total_calls"] for p in true["trends"]]
    assert [p.total_cost for p in answer.trends] == [p["total_cost"] for p in true["trends"]]
    assert answer.notes


def test_the_rarest_names_of_a_day_with_too_many_are_summed_as_other(store: Store) -> None:
    most = days.MOST_NAMES["model"]
    often = [a_call(number, model=f"model-{number % most}", timestamp=THEN) for number in range(2 * most)]
    store.append([*often, *(a_call(9_000 + n, model=f"rare-{n}", timestamp=THEN) for n in range(5))])

    seal_all(store)

    names = {row.model: row.total_calls for row in overview(store, MONTH.request()).by_model}
    assert names == {f"model-{number}": 2 for number in range(most)} | {OTHER: 5}
    assert store.describe().overflow == ("model",)
    assert date(2026, 3, 29) == THEN.date()


def test_what_is_read_twice_is_the_same_and_a_new_seal_is_read_anew(store: Store) -> None:
    calls = some_calls()
    store.append(calls)
    seal_all(store)
    for _ in range(2):
        agree(store, calls)
    late = a_call(600, timestamp=THEN)
    store.append([late])
    seal_all(store)
    agree(store, [*calls, late])


def test_the_sealer_seals_in_the_background(store: Store) -> None:
    calls = some_calls()
    store.append(calls)
    writes = store.writes
    with Sealer(store, lambda: NOW, pause_s=0.01):
        while store.writes < writes + 4:
            pass
    assert store.unsealed(TODAY) == []
    agree(store, calls)


def test_a_clock_that_jumps_seals_too_much_or_too_little_and_nothing_is_lost(store: Store) -> None:
    calls = some_calls()
    clock = [NOW, NOW + timedelta(days=400), NOW - timedelta(days=400), NOW + timedelta(minutes=1), NOW]
    for part, now in enumerate(clock):
        store.append(calls[part :: len(clock)])
        for _, day, count in seal_closed(store, now):
            assert count
            assert day < day_of(now)
        agree(store, [call for other in range(part + 1) for call in calls[other :: len(clock)]])
    assert TODAY in store.unsealed(TODAY + 1)
