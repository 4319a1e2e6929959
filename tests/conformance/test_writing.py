"""What is appended is kept once, and what is said of it later finds the right call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.world import MIDNIGHT, NOW, a_call, meant, message

from augury.core.calls import ErrorType, ModelCall
from augury.core.feedback import Feedback, Outcome
from augury.errors import NotFound, StoreError
from augury.store.protocol import CallsQuestion, Fate

if TYPE_CHECKING:
    from uuid import UUID

    from augury.store.protocol import Store

EVERYTHING = CallsQuestion(limit=10_000)
MESSAGE = message(1)


def stored(store: Store) -> dict[UUID, ModelCall]:
    found = store.calls(EVERYTHING)
    assert len({call.id for call in found}) == len(found)
    return {call.id: call for call in meant(found)}


def attempts(*successes: bool, **changes: Any) -> list[ModelCall]:
    """The attempts at one message, a second apart."""
    return [
        a_call(
            number,
            timestamp=NOW + timedelta(seconds=number),
            attempt=number,
            success=success,
            error_type=None if success else ErrorType.RATE_LIMIT,
            **{"message_id": MESSAGE} | changes,
        )
        for number, success in enumerate(successes, start=1)
    ]


# ── append ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_call_comes_back_as_it_went_in(store: Store, calls: tuple[ModelCall, ...]) -> None:
    assert store.append(calls) == [Fate.STORED] * len(calls)

    assert stored(store) == {call.id: call for call in meant(calls)}


def test_an_empty_batch_is_nothing(store: Store) -> None:
    assert store.append([]) == []
    assert not stored(store)


def test_an_id_twice_in_a_batch_is_kept_once_and_the_first_wins(store: Store) -> None:
    first, twin, other = a_call(1), a_call(1, model="twin"), a_call(2)

    assert store.append([first, twin, other]) == [Fate.STORED, Fate.KNOWN, Fate.STORED]
    assert stored(store) == {first.id: first, other.id: other}


def test_an_id_sent_again_is_kept_once_and_the_first_wins(store: Store) -> None:
    first, second, third = a_call(1), a_call(2), a_call(3)
    store.append([first, second])

    assert store.append([third, a_call(2, model="again"), first]) == [Fate.STORED, Fate.KNOWN, Fate.KNOWN]
    assert stored(store) == {call.id: call for call in (first, second, third)}


@pytest.mark.parametrize(
    "flaw",
    [{"response_time_ms": 2**31}, {"model": None}, {"tokens_used": "many"}, {"attempt": 2**40}, {"cost_usd": 10**20}],
    ids=lambda flaw: next(iter(flaw)),
)
@pytest.mark.parametrize("place", [0, 3, 5])
def test_a_batch_that_cannot_be_kept_leaves_nothing_behind(store: Store, flaw: dict[str, Any], place: int) -> None:
    store.append([a_call(100)])
    batch = [a_call(number) for number in range(5)]
    batch.insert(place, a_call(50, **flaw))

    with pytest.raises(StoreError):
        store.append(batch)

    assert [*stored(store)] == [a_call(100).id]
    assert store.append([a_call(number) for number in range(5)]) == [Fate.STORED] * 5


def test_two_thousand_calls_in_one_batch_are_all_told_apart(store: Store) -> None:
    batch = [a_call(number, timestamp=NOW + timedelta(milliseconds=number // 3)) for number in range(2_000)]

    assert store.append(batch) == [Fate.STORED] * 2_000
    assert store.append(batch[::-1]) == [Fate.KNOWN] * 2_000
    assert store.describe().calls == 2_000


# ── rate ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("successes", "rated"),
    [
        ((True,), 1),
        ((False,), 1),
        ((False, True), 2),
        ((False, False, True), 3),
        ((True, False), 1),
        ((True, True), 2),
        ((True, True, False), 2),
        ((False, False), 2),
    ],
)
def test_a_rating_goes_to_the_last_attempt_that_answered(store: Store, successes: tuple[bool, ...], rated: int) -> None:
    sent = attempts(*successes)
    store.append(sent[::-1])

    found = store.rate(Feedback(rating=1, message_id=MESSAGE))

    assert found == sent[rated - 1].id
    assert {call.attempt: call.user_rating for call in stored(store).values()} == {
        call.attempt: 1 if call.attempt == rated else None for call in sent
    }


def test_of_attempts_with_one_number_the_latest_is_rated(store: Store) -> None:
    earlier = a_call(2, message_id=MESSAGE, timestamp=NOW - timedelta(seconds=1))
    later = a_call(1, message_id=MESSAGE, timestamp=NOW)
    store.append([later, earlier])

    assert store.rate(Feedback(rating=-1, message_id=MESSAGE)) == later.id


def test_a_later_attempt_goes_before_a_later_time(store: Store) -> None:
    second = a_call(1, message_id=MESSAGE, attempt=2, timestamp=NOW - timedelta(seconds=5))
    first = a_call(2, message_id=MESSAGE, attempt=1, timestamp=NOW)
    store.append([second, first])

    assert store.rate(Feedback(rating=1, message_id=MESSAGE)) == second.id


def test_rating_again_replaces_and_zero_takes_it_back(store: Store) -> None:
    store.append([a_call(1, message_id=MESSAGE)])

    for rating in (1, -1, 1, 0):
        id_ = store.rate(Feedback(rating=rating, message_id=MESSAGE))
        assert stored(store)[id_].user_rating == rating


def test_a_rating_of_a_conversation_goes_to_its_latest_message(store: Store) -> None:
    old = a_call(1, conversation_id="talk", message_id=message(7), timestamp=NOW - timedelta(hours=1))
    new = a_call(2, conversation_id="talk", message_id=message(8), timestamp=NOW)
    other = a_call(3, conversation_id="other", message_id=message(9), timestamp=NOW + timedelta(hours=1))
    store.append([new, other, old])

    assert store.rate(Feedback(rating=1, conversation_id="talk")) == new.id


def test_a_rating_of_a_conversation_goes_to_the_attempt_that_answered(store: Store) -> None:
    sent = attempts(True, False, conversation_id="talk")
    store.append([a_call(9, conversation_id="talk", timestamp=NOW - timedelta(hours=1)), *sent])

    assert store.rate(Feedback(rating=1, conversation_id="talk")) == sent[0].id


def test_a_conversation_without_message_ids_can_be_rated(store: Store) -> None:
    old = a_call(1, conversation_id="talk", timestamp=NOW - timedelta(hours=1))
    new = a_call(2, conversation_id="talk")
    store.append([old, new])

    assert store.rate(Feedback(rating=1, conversation_id="talk")) == new.id


def test_a_message_goes_before_a_conversation(store: Store) -> None:
    mine = a_call(1, conversation_id="talk", message_id=MESSAGE, timestamp=NOW - timedelta(hours=1))
    store.append([mine, a_call(2, conversation_id="talk", message_id=message(2))])

    assert store.rate(Feedback(rating=1, conversation_id="talk", message_id=MESSAGE)) == mine.id


@pytest.mark.parametrize(
    "feedback",
    [
        Feedback(rating=1, message_id=message(99)),
        Feedback(rating=0, conversation_id="nobody's"),
        Feedback(rating=1, conversation_id="talk' OR '1'='1", success=False),
    ],
    ids=["message", "conversation", "injection"],
)
def test_rating_what_is_not_there_is_an_error_and_changes_nothing(store: Store, feedback: Feedback) -> None:
    store.append([a_call(1, message_id=MESSAGE, conversation_id="talk")])

    with pytest.raises(NotFound):
        store.rate(feedback)

    assert stored(store) == {a_call(1).id: a_call(1, message_id=MESSAGE, conversation_id="talk")}


def test_a_rating_can_bring_the_outcome_with_it(store: Store) -> None:
    store.append([a_call(1, message_id=MESSAGE)])

    id_ = store.rate(Feedback(rating=-1, message_id=MESSAGE, success=False))

    (call,) = stored(store).values()
    assert (call.id, call.user_rating, call.success, call.error_type) == (id_, -1, False, ErrorType.TASK)


def test_feedback_changes_nothing_but_what_it_says(store: Store, calls: tuple[ModelCall, ...]) -> None:
    store.append(calls)
    before = stored(store)
    rated = next(call for call in calls if call.message_id == message(5_003) and call.success)

    assert store.rate(Feedback(rating=-1, message_id=message(5_003))) == rated.id

    changed = {id_ for id_, call in stored(store).items() if call != before[id_]}
    assert changed <= {rated.id}


# ── report ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_task_that_was_not_done_fails_its_call_with_the_reason(store: Store) -> None:
    store.append([a_call(1, message_id=MESSAGE), a_call(2)])

    id_ = store.report(Outcome(message_id=MESSAGE, success=False, reason="tests failed"))

    call = stored(store)[id_]
    assert (call.id, call.success, call.error_type, call.error_message) == (
        a_call(1).id, False, ErrorType.TASK, "tests failed",
    )  # fmt: skip
    assert stored(store)[a_call(2).id] == a_call(2)


def test_a_task_that_was_done_after_all_clears_the_failure(store: Store) -> None:
    sent = a_call(1, message_id=MESSAGE)
    store.append([sent])
    store.report(Outcome(message_id=MESSAGE, success=False, reason="tests failed"))

    store.report(Outcome(message_id=MESSAGE, success=True))

    assert [*stored(store).values()] == [sent]


def test_an_outcome_can_call_a_failure_a_success(store: Store) -> None:
    store.append(attempts(False, error_message="slow down"))

    store.report(Outcome(message_id=MESSAGE, success=True))

    (call,) = stored(store).values()
    assert (call.success, call.error_type, call.error_message) == (True, None, None)


def test_a_call_that_failed_by_itself_keeps_why(store: Store) -> None:
    store.append(attempts(False, error_message="slow down"))

    store.report(Outcome(message_id=MESSAGE, success=False))

    (call,) = stored(store).values()
    assert (call.success, call.error_type, call.error_message) == (False, ErrorType.RATE_LIMIT, "slow down")


def test_a_failed_outcome_leaves_the_message_with_the_attempt_that_answered(store: Store) -> None:
    sent = attempts(False, True, False)
    store.append(sent)

    assert store.report(Outcome(message_id=MESSAGE, success=False, reason="wrong")) == sent[1].id
    assert store.report(Outcome(message_id=MESSAGE, success=False, reason="still wrong")) == sent[1].id
    assert store.rate(Feedback(rating=-1, message_id=MESSAGE)) == sent[1].id
    assert store.report(Outcome(message_id=MESSAGE, success=True)) == sent[1].id
    assert stored(store)[sent[1].id].user_rating == -1


def test_an_outcome_of_no_message_is_an_error(store: Store) -> None:
    with pytest.raises(NotFound):
        store.report(Outcome(message_id=MESSAGE, success=True))


def test_feedback_is_counted_at_once(store: Store) -> None:
    store.append([a_call(number, message_id=message(number)) for number in range(4)])
    store.rate(Feedback(rating=1, message_id=message(0)))
    store.rate(Feedback(rating=-1, message_id=message(1)))
    store.report(Outcome(message_id=message(2), success=False))

    (row,) = store.query("SELECT total_calls, failed_calls FROM model_success_rate(3650)", limit=5).rows
    (rated,) = store.query("SELECT thumbs_up, thumbs_down FROM model_user_satisfaction(3650)", limit=5).rows

    assert (row, rated) == ((4, 1), (1, 1))


# ── prune, describe ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_pruning_deletes_whole_days_and_nothing_else(store: Store, calls: tuple[ModelCall, ...]) -> None:
    store.append(calls)
    keep_from = datetime(2026, 3, 2, tzinfo=UTC)
    kept = {call.id: call for call in meant(calls) if call.timestamp >= keep_from}

    assert store.prune(keep_from) == len(calls) - len(kept)
    assert stored(store) == kept
    assert min(call.timestamp for call in kept.values()) == keep_from
    assert store.prune(keep_from) == 0


def test_a_pruned_message_can_be_rated_no_more(store: Store) -> None:
    store.append([a_call(1, message_id=MESSAGE, conversation_id="talk")])
    store.prune(MIDNIGHT + timedelta(days=2))

    with pytest.raises(NotFound):
        store.rate(Feedback(rating=1, message_id=MESSAGE))
    with pytest.raises(NotFound):
        store.rate(Feedback(rating=1, conversation_id="talk"))


def test_a_store_describes_what_it_holds(store: Store, url: str, calls: tuple[ModelCall, ...]) -> None:
    store.append(calls)

    about = store.describe()

    times = [call.timestamp for call in calls]
    assert (about.url, about.calls, about.first, about.last) == (url, len(calls), min(times), max(times))
    assert about.size_bytes is None or about.size_bytes > 0
    assert about.schema_version >= 1


def test_an_empty_store_describes_itself_as_empty(store: Store) -> None:
    about = store.describe()

    assert (about.calls, about.first, about.last, about.sample) == (0, None, None, False)


def test_a_store_says_that_it_holds_sample_traffic(store: Store) -> None:
    store.mark_as_sample()
    store.mark_as_sample()

    assert store.describe().sample is True


def test_closing_twice_is_fine(store: Store) -> None:
    store.close()
    store.close()
