"""Whatever is done to a store, in whatever order, it holds what a plain list of calls would."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conformance.by_hand import Case, by_hand, differences
from tests.world import NOW, a_call, message

from augury.analytics.overview import GroupBy, overview
from augury.core.calls import ErrorType, ModelCall
from augury.core.feedback import Feedback, Outcome
from augury.errors import NotFound
from augury.store.protocol import CallsQuestion, Fate, Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from augury.store.protocol import Store

Operation = tuple[str, object]

DAYS = 4
FIRST = NOW.replace(hour=0, minute=0) - timedelta(days=DAYS - 1)
CASE = Case(days=DAYS + 1, group_by=GroupBy.MODEL, filters=Filters(operations=None))

errors = st.sampled_from([None, None, ErrorType.RATE_LIMIT, ErrorType.SERVER, ErrorType.TASK])
new_calls = st.builds(
    lambda number, model, at, said, talk, error, attempt, rating: a_call(
        number,
        model=model,
        timestamp=FIRST + timedelta(hours=at, microseconds=at % 3 - 1),
        message_id=None if said is None else message(said),
        conversation_id=None if talk is None else f"talk {talk}",
        success=error is None,
        error_type=error,
        error_message=None if error is None else f"it was {error}",
        attempt=attempt,
        user_rating=rating,
    ),
    number=st.integers(0, 60),  # the same number and time make the same id
    model=st.sampled_from(["gpt-4o", "claude-haiku-4-5", "unknown"]),
    at=st.integers(0, 24 * DAYS - 9),
    said=st.none() | st.integers(0, 3),
    talk=st.none() | st.integers(0, 2),
    error=errors,
    attempt=st.integers(1, 3),
    rating=st.sampled_from([None, None, -1, 0, 1]),
)
outcomes = st.builds(
    Outcome,
    message_id=st.integers(0, 4).map(message),
    success=st.booleans(),
    reason=st.none() | st.just("it did not do"),
)
ratings = st.builds(
    lambda rating, said, talk, success: Feedback(
        rating=rating,
        message_id=None if said is None else message(said),
        conversation_id=f"talk {talk}",
        success=success,
    ),
    rating=st.sampled_from([-1, 0, 1]),
    said=st.none() | st.integers(0, 4),
    talk=st.integers(0, 3),
    success=st.none() | st.booleans(),
)
operations = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(new_calls, max_size=8)),
        st.tuples(st.just("append"), st.lists(new_calls, min_size=1, max_size=8)),
        st.tuples(st.just("again"), st.lists(st.integers(0, 100), max_size=5)),
        st.tuples(st.just("rate"), ratings),
        st.tuples(st.just("report"), outcomes),
        st.tuples(st.just("prune"), st.integers(0, DAYS)),
    ),
    min_size=1,
    max_size=20,
)


class Plain:
    """A store as a dictionary of calls."""

    def __init__(self) -> None:
        self.calls: dict[UUID, ModelCall] = {}
        self.keep_from = datetime(1970, 1, 1, tzinfo=UTC)

    def append(self, batch: Iterable[ModelCall]) -> list[Fate]:
        return [Fate.STORED if self.calls.setdefault(call.id, call) is call else Fate.KNOWN for call in batch]

    def rate(self, feedback: Feedback) -> UUID:
        if feedback.message_id is not None:
            call = self._answer(feedback.message_id)
        else:
            talk = [call for call in self.calls.values() if call.conversation_id == feedback.conversation_id]
            if not talk:
                raise NotFound
            call = max(talk, key=lambda call: (call.timestamp, call.attempt, call.id))
            call = call if call.message_id is None else self._answer(call.message_id)
        self.calls[call.id] = replace(call, user_rating=feedback.rating)
        if feedback.success is not None:
            self._judge(call.id, None, success=feedback.success)
        return call.id

    def report(self, outcome: Outcome) -> UUID:
        id_ = self._answer(outcome.message_id).id
        self._judge(id_, outcome.reason, success=outcome.success)
        return id_

    def prune(self, keep_from: datetime) -> int:
        gone = [id_ for id_, call in self.calls.items() if call.timestamp < keep_from]
        for id_ in gone:
            del self.calls[id_]
        self.keep_from = max(self.keep_from, keep_from)
        return len(gone)

    def _answer(self, message_id: UUID) -> ModelCall:
        attempts = [call for call in self.calls.values() if call.message_id == message_id]
        answered = [call for call in attempts if call.success or call.error_type is ErrorType.TASK]
        if not attempts:
            raise NotFound
        return max(answered or attempts, key=lambda call: (call.attempt, call.timestamp, call.id))

    def _judge(self, id_: UUID, reason: str | None, *, success: bool) -> None:
        call = self.calls[id_]
        if success:
            self.calls[id_] = replace(call, success=True, error_type=None, error_message=None)
        else:
            self.calls[id_] = replace(
                call,
                success=False,
                error_type=call.error_type or ErrorType.TASK,
                error_message=call.error_message if reason is None else reason,
            )


def do(store: Store | Plain, what: str, how: object, known: list[ModelCall]) -> object:
    """Do one thing, and tell what came of it."""
    match what, how:
        case "append", list():
            return store.append(how)
        case "again", list():
            return store.append([replace(known[i % len(known)], model="again") for i in how] if known else [])
        case "rate", Feedback():
            return _found(lambda: store.rate(how))
        case "report", Outcome():
            return _found(lambda: store.report(how))
        case "prune", int():
            return store.prune(FIRST + timedelta(days=how))
    raise AssertionError(what)


def _found(ask: Callable[[], UUID]) -> UUID | None:
    try:
        return ask()
    except NotFound:
        return None


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(operations)
def test_a_store_holds_what_a_list_of_calls_would(store: Store, steps: list[Operation]) -> None:
    store.prune(FIRST + timedelta(days=9_000))  # what the example before has left
    plain = Plain()

    for what, how in steps:
        # Nothing is said here about calls of days that were pruned before: they may be refused.
        fresh = [call for call in how if call.timestamp >= plain.keep_from] if what == "append" else how  # type: ignore[attr-defined]
        known = list(plain.calls.values())
        assert do(store, what, fresh, known) == do(plain, what, fresh, known)

    held = sorted(plain.calls.values(), key=lambda call: (call.timestamp, call.id), reverse=True)
    assert store.calls(CallsQuestion(limit=10_000)) == held
    assert not differences(by_hand(CASE, held), asdict(overview(store, CASE.request())))
