"""A database is copied from one engine to another: all of it, once, whatever comes between, and nothing is passed over."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from tests.conftest import ENGINES
from tests.world import MIDNIGHT, NOW, a_call, call_id, meant

from augury.analytics.overview import GroupBy, OverviewRequest, overview
from augury.core.feedback import Feedback
from augury.core.windows import Interval, Window, date_of, day_of
from augury.errors import StoreError
from augury.store import open_store
from augury.store.copying import Copying, Difference, Why
from augury.store.protocol import CallsQuestion, Fate, Filters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from tests.conftest import Engine

    from augury.analytics.answers import Overview
    from augury.core.calls import ModelCall
    from augury.store.protocol import Store

EVERYTHING = CallsQuestion(limit=100_000)
PRUNED = datetime(2025, 11, 25, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def target(engine: Engine, tmp_path: Path) -> Iterator[Store]:
    """An empty database of another engine than `store`."""
    (other,) = (one for one in ENGINES if one != engine)
    with open_store(other.url(tmp_path)) as opened:
        yield opened


def copy(source: Store, target: Store, at_once: int = 100) -> tuple[int, int, int]:
    """Copy all there is; how many calls went in, were there already, and were refused."""
    copying = Copying(source, target, at_once=at_once)
    list(copying.sums())
    told = list(copying.calls())
    return sum(one.stored for one in told), sum(one.known for one in told), sum(one.final for one in told)


def differences(source: Store, target: Store) -> dict[str, Difference]:
    """Copy, and compare; what differs, by its date."""
    copying = Copying(source, target)
    list(copying.sums())
    list(copying.calls())
    return {str(date_of(one.day)): one for _, _, some in copying.differences() for one in some}


def answers(store: Store) -> list[Overview]:
    """What is told of a database, in many ways."""
    asked = [
        OverviewRequest(window=Window.last_days(days, now=NOW), group_by=group_by, interval=interval, filters=filters)
        for days, group_by, interval in (
            (7, GroupBy.MODEL, Interval.HOUR),
            (30, GroupBy.TASK_TYPE, Interval.DAY),
            (170, GroupBy.PROVIDER, None),
        )
        for filters in (Filters(), Filters(operations=None), Filters(segment="pro"))
    ]
    return [overview(store, request) for request in asked]


def left_of(store: Store, day: int) -> dict[str, Any]:
    """A final day, its rows and columns in an order of their own."""
    left = asdict(store.final_day(day))
    for table in ("hours", "latencies"):
        rows = zip(*(values for _, values in sorted(left[table].items())), strict=True)
        left[table] = sorted(repr([_in_utc(value) for value in row]) for row in rows)
    return left


def _in_utc(value: object) -> object:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def test_a_copy_gives_the_same_answers_and_so_does_the_copy_of_the_copy(
    store: Store, target: Store, calls: tuple[ModelCall, ...], engine: Engine, tmp_path: Path
) -> None:
    store.append(calls)
    store.prune(PRUNED)
    for day in store.unsealed(day_of(NOW))[:5]:
        store.seal(day)
    expected, kept = answers(store), store.calls(EVERYTHING)
    final = [seal.day for seal in store.seals() if seal.final]
    assert len(final) > 10

    assert copy(store, target) == (len(kept), 0, 0)
    assert answers(target) == expected
    assert meant(target.calls(EVERYTHING)) == meant(kept)
    assert [left_of(target, day) for day in final] == [left_of(store, day) for day in final]
    assert not differences(store, target)

    (tmp_path / "back").mkdir()
    with open_store(engine.url(tmp_path / "back")) as back:
        assert copy(target, back) == (len(kept), 0, 0)
        assert answers(back) == expected
        assert meant(back.calls(EVERYTHING)) == meant(kept)
        assert [left_of(back, day) for day in final] == [left_of(store, day) for day in final]


def test_a_copy_that_is_done_again_adds_nothing(store: Store, target: Store, calls: tuple[ModelCall, ...]) -> None:
    store.append(calls)
    store.prune(PRUNED)
    copy(store, target)
    left = store.describe().calls

    copying = Copying(store, target)

    assert not any(copying.sums())
    assert {one.stored for one in copying.calls()} == {0}
    assert copy(store, target) == (0, left, 0)
    assert target.describe().calls == left


def test_a_copy_goes_on_where_it_was_interrupted(store: Store, target: Store, calls: tuple[ModelCall, ...]) -> None:
    store.append(calls)
    store.prune(PRUNED)
    first = Copying(store, target, at_once=10)
    assert list(islice(first.sums(), 5)) == [True] * 5
    done = sum(one.stored for one in islice(first.calls(), 7))

    left = store.describe().calls

    assert 0 < done < left
    assert copy(store, target) == (left - done, done, 0)
    assert answers(target) == answers(store)


def test_a_day_of_more_calls_than_are_sent_at_once_is_sent_in_parts(store: Store, target: Store) -> None:
    store.append([a_call(number, timestamp=MIDNIGHT + number * timedelta(minutes=1)) for number in range(900)])

    sent = list(Copying(store, target, at_once=100).calls())

    assert len(sent) == 9
    assert sum(one.stored for one in sent) == 900
    assert not differences(store, target)


WORKER = """
import sys
from augury.store import open_store
from augury.store.copying import Copying

with open_store(sys.argv[1], read_only=True) as source, open_store(sys.argv[2]) as target:
    copying = Copying(source, target, at_once=10)
    for kept in copying.sums():
        print("sums", flush=True)
    for added in copying.calls():
        print("calls", flush=True)
"""


def test_a_copy_that_is_killed_again_and_again_is_whole_in_the_end(
    url: str, engine: Engine, calls: tuple[ModelCall, ...], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    (other,) = (one for one in ENGINES if one != engine)
    to = other.url(tmp_path)
    with open_store(url) as source:
        source.append(calls)
        source.prune(PRUNED)
    for word, times in (("sums", 4), ("calls", 3), ("calls", 9)):
        with subprocess.Popen(
            [sys.executable, "-c", WORKER, url, to], stdout=subprocess.PIPE, text=True, cwd=pytestconfig.rootpath
        ) as process:
            assert process.stdout is not None
            said = 0
            for line in process.stdout:
                said += line.strip() == word
                if said == times:
                    process.kill()
        assert said >= times
        assert process.returncode < 0

    with open_store(url, read_only=True) as source, open_store(to) as target:
        stored, known, refused = copy(source, target)

        assert stored > 0
        assert known > 0
        assert (stored + known, refused) == (source.describe().calls, 0)
        assert not differences(source, target)
        assert meant(target.calls(EVERYTHING)) == meant(source.calls(EVERYTHING))
        assert answers(target) == answers(source)


def test_a_final_day_is_final_in_the_copy(store: Store, target: Store) -> None:
    store.append([a_call(1, timestamp=MIDNIGHT - 3 * DAY), a_call(2)])
    store.prune(MIDNIGHT)
    copy(store, target)

    assert target.append([a_call(3, timestamp=MIDNIGHT - 3 * DAY)]) == [Fate.FINAL]
    assert target.describe().final_days == 1


def test_a_day_whose_sums_were_forgotten_stays_final(store: Store, target: Store) -> None:
    store.append([a_call(1, timestamp=MIDNIGHT - 3 * DAY), a_call(2)])
    store.prune(MIDNIGHT, keep_sums_from=MIDNIGHT)

    assert not differences(store, target)
    assert target.append([a_call(3, timestamp=MIDNIGHT - 3 * DAY)]) == [Fate.FINAL]


def test_sums_are_not_put_over_calls(store: Store, target: Store) -> None:
    when = MIDNIGHT - 3 * DAY
    store.append([a_call(1, timestamp=when), a_call(2, timestamp=when), a_call(3, timestamp=when - DAY)])
    target.append([a_call(1, timestamp=when), a_call(3, timestamp=when - DAY)])
    store.prune(MIDNIGHT)

    found = differences(store, target)

    assert {day: one.why for day, one in found.items()} == {str(when.date()): Why.SUMS}
    assert target.describe().calls == 2  # of the other day the calls are there, and say the same as the sums


def test_calls_of_a_day_that_the_target_has_pruned_are_told(store: Store, target: Store) -> None:
    when = MIDNIGHT - 3 * DAY
    store.append([a_call(1, timestamp=when), a_call(2, timestamp=when), a_call(3, timestamp=when - DAY)])
    target.append([a_call(1, timestamp=when), a_call(3, timestamp=when - DAY)])
    target.prune(MIDNIGHT)

    assert copy(store, target) == (0, 1, 2)
    assert {day: one.why for day, one in differences(store, target).items()} == {str(when.date()): Why.PRUNED}


def test_a_call_that_was_rated_after_it_was_copied_is_told(store: Store, target: Store) -> None:
    store.append([a_call(number, message_id=call_id(number, NOW)) for number in range(3)])
    assert not differences(store, target)
    store.rate(Feedback(rating=1, message_id=call_id(1, NOW)))

    (found,) = differences(store, target).values()

    assert (found.why, found.measures) == (Why.CHANGED, ["thumbs_up"])


def test_calls_that_only_the_target_has_are_told_and_no_error(store: Store, target: Store) -> None:
    store.append([a_call(number) for number in range(3)])
    target.append(
        [a_call(2), a_call(3), a_call(4, timestamp=MIDNIGHT - 9 * DAY), a_call(5, timestamp=MIDNIGHT - 7 * DAY)]
    )
    target.prune(MIDNIGHT - 8 * DAY)

    found = list(differences(store, target).values())

    assert [one.why for one in found] == [Why.MORE] * 3
    assert [one.target["calls"] - one.source.get("calls", 0) for one in found] == [1, 1, 1]


def test_what_is_written_to_the_source_meanwhile_is_told_and_copied_the_next_time(store: Store, target: Store) -> None:
    store.append([a_call(number) for number in range(3)])
    target.append([a_call(number) for number in range(5, 9)])
    copying = Copying(store, target)
    list(copying.calls())
    store.append([a_call(3), a_call(4, timestamp=MIDNIGHT - 9 * DAY)])

    found = [one for _, _, some in copying.differences() for one in some]

    assert [one.why for one in found] == [Why.BEHIND, Why.BEHIND]
    assert [one.why for one in differences(store, target).values()] == [Why.MORE]


def test_every_day_is_compared(store: Store, target: Store) -> None:
    store.append([a_call(number, timestamp=MIDNIGHT - 5 * number * DAY) for number in range(10)])
    target.append([a_call(99, timestamp=MIDNIGHT - 100 * DAY)])
    copying = Copying(store, target)
    list(copying.calls())

    told = [(days, left) for days, left, _ in copying.differences()]

    assert sum(days for days, _ in told) == 11
    assert told[-1][1] == 0


def test_the_mark_of_sample_traffic_goes_along(store: Store, target: Store) -> None:
    store.mark_as_sample()
    store.append([a_call(1)])

    Copying(store, target)  # before any call: half a sample is no real traffic either

    assert target.describe().sample
    assert copy(store, target) == (1, 0, 0)


@pytest.mark.parametrize("sampled", ["source", "target"])
def test_sample_and_real_traffic_are_not_mixed(store: Store, target: Store, sampled: str) -> None:
    store.append([a_call(1)])
    target.append([a_call(2)])
    (store if sampled == "source" else target).mark_as_sample()

    with pytest.raises(StoreError, match="is sample traffic"):
        Copying(store, target)

    assert target.describe().calls == 1
    assert target.describe().sample == (sampled == "target")


def test_an_empty_database_is_copied_too(store: Store, target: Store) -> None:
    assert copy(store, target) == (0, 0, 0)
    assert not differences(store, target)
