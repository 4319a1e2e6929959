"""Whatever is done to a store, in whatever order, it holds what a plain list of calls would."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conformance.by_hand import Case, by_hand, differences
from tests.world import NOW, a_call, message

from augury.analytics.overview import GroupBy, overview
from augury.core.calls import CostSource, ErrorType, ModelCall
from augury.core.feedback import Feedback, Outcome
from augury.core.windows import day_of
from augury.errors import NotFound
from augury.models.prices import PriceBook, PriceOverride
from augury.store import open_store
from augury.store.protocol import CallsQuestion, Fate, Filters, Forgotten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from tests.conftest import Engine

    from augury.store.protocol import Store

Operation = tuple[str, object]

DAYS = 4
FIRST = NOW.replace(hour=0, minute=0) - timedelta(days=DAYS - 1)
CASES = (
    Case(days=DAYS + 1, group_by=GroupBy.MODEL, filters=Filters(operations=None)),
    Case(days=DAYS - 1, filters=Filters(model="gpt-4o")),
    Case(since=FIRST + timedelta(hours=24), until=FIRST + timedelta(hours=48)),
)
"""Each is of whole UTC days: a pruned one cannot be cut otherwise."""

BOOKS = (
    PriceBook(),
    PriceBook(
        [
            PriceOverride(model="gpt-4o", input=Decimal(3), output=Decimal("12.5")),
            PriceOverride(model="gpt-4o", input=Decimal(4), output=Decimal(16), since=FIRST.date() + timedelta(days=2)),
        ]
    ),
)

errors = st.sampled_from([None, None, ErrorType.RATE_LIMIT, ErrorType.SERVER, ErrorType.TASK])
new_calls = st.builds(
    lambda number, model, at, said, talk, error, attempt, rating, user, cost: a_call(
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
        user_id=message(1_000 + user),
        cost_usd=None if cost is CostSource.UNKNOWN else Decimal("0.0015"),
        cost_source=cost,
    ),
    number=st.integers(0, 60),  # the same number and time make the same id
    model=st.sampled_from(["gpt-4o", "claude-haiku-4-5", "unknown"]),
    at=st.integers(0, 24 * DAYS - 9),
    said=st.none() | st.integers(0, 3),
    talk=st.none() | st.integers(0, 2),
    error=errors,
    attempt=st.integers(1, 3),
    rating=st.sampled_from([None, None, -1, 0, 1]),
    user=st.integers(0, 2),
    cost=st.sampled_from(CostSource),
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
        st.tuples(st.just("seal"), st.integers(0, DAYS)),
        st.tuples(st.just("seal"), st.just(DAYS)),
        st.tuples(st.just("forget"), st.integers(0, 2)),
        st.tuples(st.just("prune"), st.integers(0, DAYS)),
        st.tuples(st.just("reprice"), st.sampled_from(range(len(BOOKS)))),
        st.tuples(st.just("ask"), st.sampled_from(CASES)),
    ),
    min_size=1,
    max_size=20,
)


class Plain:
    """A store as a dictionary of calls, and a list of those that were pruned: they still count."""

    def __init__(self) -> None:
        self.calls: dict[UUID, ModelCall] = {}
        self.pruned: list[ModelCall] = []

    def append(self, batch: Iterable[ModelCall]) -> list[Fate]:
        final = {call.timestamp.date() for call in self.pruned}
        fates = []
        for call in batch:
            if call.id in self.calls:
                fates.append(Fate.KNOWN)
            elif call.timestamp.date() in final:
                fates.append(Fate.FINAL)
            else:
                self.calls[call.id] = call
                fates.append(Fate.STORED)
        return fates

    def rate(self, feedback: Feedback) -> UUID:
        if feedback.message_id is not None:
            call = self._answer(feedback.message_id)
        else:
            talk = [call for call in self.calls.values() if call.conversation_id == feedback.conversation_id]
            if not talk:
                raise NotFound
            call = max(talk, key=lambda call: (call.timestamp, call.attempt, call.id))
            call = call if call.message_id is None else self._answer(call.message_id)
        self.calls[call.id] = call._replace(user_rating=feedback.rating)
        if feedback.success is not None:
            self._judge(call.id, None, success=feedback.success)
        return call.id

    def report(self, outcome: Outcome) -> UUID:
        id_ = self._answer(outcome.message_id).id
        self._judge(id_, outcome.reason, success=outcome.success)
        return id_

    def prune(self, keep_from: datetime) -> int:
        gone = [id_ for id_, call in self.calls.items() if call.timestamp < keep_from]
        self.pruned += [self.calls.pop(id_) for id_ in gone]
        return len(gone)

    def forget(self, user: UUID) -> Forgotten:
        gone = [call for call in self.calls.values() if call.user_id == user]
        for call in gone:
            del self.calls[call.id]
        return Forgotten(
            calls=len(gone),
            changed=tuple(sorted({call.timestamp.date() for call in gone})),
            final=tuple(sorted({call.timestamp.date() for call in self.pruned})),
        )

    def reprice(self, prices: PriceBook) -> tuple[int, int, int]:
        changed = unpriced = kept = 0
        for call in [call for call in self.calls.values() if call.cost_source is not CostSource.REPORTED]:
            cost = prices.cost(
                model=call.model, provider=call.provider, service_tier=None, at=call.timestamp,
                input_tokens=call.input_tokens or 0, output_tokens=call.output_tokens or 0,
            )  # fmt: skip
            if cost is None:
                unpriced, kept = unpriced + (call.cost_usd is None), kept + (call.cost_usd is not None)
            elif (cost, CostSource.COMPUTED) != (call.cost_usd, call.cost_source):
                self.calls[call.id] = call._replace(cost_usd=cost, cost_source=CostSource.COMPUTED)
                changed += 1
        return changed, unpriced, kept

    def _answer(self, message_id: UUID) -> ModelCall:
        attempts = [call for call in self.calls.values() if call.message_id == message_id]
        answered = [call for call in attempts if call.success or call.error_type is ErrorType.TASK]
        if not attempts:
            raise NotFound
        return max(answered or attempts, key=lambda call: (call.attempt, call.timestamp, call.id))

    def _judge(self, id_: UUID, reason: str | None, *, success: bool) -> None:
        call = self.calls[id_]
        if success:
            self.calls[id_] = call._replace(success=True, error_type=None, error_message=None)
        else:
            self.calls[id_] = call._replace(
                success=False,
                error_type=call.error_type or ErrorType.TASK,
                error_message=call.error_message if reason is None else reason,
            )


def do(store: Store | Plain, what: str, how: object, known: list[ModelCall]) -> object:
    """Do one thing that changes something, and tell what came of it."""
    match what, how:
        case "append", list():
            return store.append(how)
        case "again", list():
            return store.append([known[i % len(known)]._replace(model="again") for i in how] if known else [])
        case "rate", Feedback():
            return _found(lambda: store.rate(how))
        case "report", Outcome():
            return _found(lambda: store.report(how))
        case "forget", int():
            return store.forget(message(1_000 + how))
        case "prune", int():
            return store.prune(FIRST + timedelta(days=how))
        case "reprice", int():
            return _repriced(store, BOOKS[how])
    raise AssertionError(what)


def _repriced(store: Store | Plain, prices: PriceBook) -> tuple[int, int, int]:
    if isinstance(store, Plain):
        return store.reprice(prices)
    found = [one for day in store.repriceable().days for one in store.reprice(day, prices)]
    return sum(one.calls for one in found), sum(one.unpriced for one in found), sum(one.kept for one in found)


def _found(ask: Callable[[], UUID]) -> UUID | None:
    try:
        return ask()
    except NotFound:
        return None


def agree(store: Store, plain: Plain, case: Case) -> None:
    """The store answers what the list does."""
    counted = [*plain.calls.values(), *plain.pruned]
    assert not differences(by_hand(case, counted), overview(store, case.request()))


def interleave(engine: Engine, folder: Path, steps: list[Operation]) -> None:
    """Do the same to a store and to a list, and ask both the same."""
    plain = Plain()
    with open_store(engine.url(folder)) as store:
        for what, how in steps:
            match what, how:
                case "ask", Case():
                    agree(store, plain, how)
                case "seal", int():
                    for day in store.unsealed(day_of(FIRST) + how):
                        assert store.seal(day)
                case _:
                    known = list(plain.calls.values())
                    assert do(store, what, how, known) == do(plain, what, how, known)

        held = sorted(plain.calls.values(), key=lambda call: (call.timestamp, call.id), reverse=True)
        assert store.calls(CallsQuestion(limit=10_000)) == held
        for case in CASES:
            agree(store, plain, case)


@settings(max_examples=10)
@given(steps=operations)
def test_a_store_holds_what_a_list_of_calls_would(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, steps: list[Operation]
) -> None:
    interleave(engine, tmp_path_factory.mktemp("interleaved"), steps)


@pytest.mark.ordeal
@settings(max_examples=2_000)
@given(steps=operations)
def test_a_store_holds_what_a_list_of_calls_would_whatever_is_done(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, steps: list[Operation]
) -> None:
    interleave(engine, tmp_path_factory.mktemp("interleaved"), steps)
