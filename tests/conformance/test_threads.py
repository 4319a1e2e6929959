"""A store is safe to use from several threads."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.conformance.by_hand import Case
from tests.world import MIDNIGHT, NOW, a_call, message

from augury.analytics.overview import overview
from augury.core.feedback import Feedback
from augury.store.protocol import CallsQuestion, Fate

if TYPE_CHECKING:
    from pathlib import Path

    from augury.core.calls import ModelCall
    from augury.store.protocol import Store


def test_a_call_that_several_threads_append_is_new_to_exactly_one_of_them(store: Store) -> None:
    batch = [a_call(number) for number in range(50)]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda first: store.append(batch[first:]), [0, 10, 20, 30] * 4))

    new = Counter(
        call.id
        for first, answer in zip([0, 10, 20, 30] * 4, answers, strict=True)
        for call, fate in zip(batch[first:], answer, strict=True)
        if fate is Fate.STORED
    )
    assert new == Counter(call.id for call in batch)
    assert store.describe().calls == 50


def test_readers_and_writers_do_not_get_in_each_others_way(
    store: Store, calls: tuple[ModelCall, ...], tmp_path: Path
) -> None:
    said = [a_call(number, message_id=message(number), timestamp=NOW - timedelta(days=1)) for number in range(20)]
    store.append(said)

    def write(part: int) -> None:
        store.append(calls[part::4])
        store.rate(Feedback(rating=1, message_id=message(part)))
        store.export(None, tmp_path / f"{part}.parquet")
        store.append_file(tmp_path / f"{part}.parquet")
        store.prune(MIDNIGHT - timedelta(days=400 - part))

    def read(_: int) -> None:
        overview(store, Case(days=30).request())
        store.calls(CallsQuestion())
        store.query("SELECT * FROM model_success_rate(3650)", limit=10)

    with ThreadPoolExecutor(8) as threads:
        for work in [threads.submit(write, part) for part in range(4)] + [threads.submit(read, i) for i in range(8)]:
            work.result()

    held = {call.id: call for call in store.calls(CallsQuestion(limit=10_000))}
    assert held.keys() == {call.id for call in (*calls, *said)}
    assert sum(call.user_rating == 1 for call in held.values() if call.id in {own.id for own in said}) == 4


def test_questions_of_many_threads_do_not_get_into_each_others_way(store: Store) -> None:
    store.append([a_call(number) for number in range(10)])

    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(
            lambda _: store.query("SELECT count(*) FROM model_performance_metrics", limit=1).rows, range(200)
        )

        assert all(rows == [(10,)] for rows in answers)
