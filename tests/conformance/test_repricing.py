"""Prices after the fact: what is priced again costs what it would have cost had the prices been known at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conformance.by_hand import Case, by_hand, differences
from tests.world import FOREIGN, MIDNIGHT, NOW, a_call

from augury.analytics.overview import overview
from augury.capture.records import read_all
from augury.core.calls import CostSource, ModelCall
from augury.core.windows import day_of
from augury.models.overrides import PriceOverride
from augury.models.prices import PriceBook, PriceSource
from augury.store import open_store
from augury.store.protocol import CallsQuestion, Filters
from augury.store.repricing import Repriced, added_up
from augury.store.sealing import seal_closed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.conftest import Engine

    from augury.store.protocol import Store

THEN = MIDNIGHT - timedelta(days=2, hours=-9)
MONTH = Case(days=30, filters=Filters(operations=None))
LIST = PriceBook()
OWN_PRICES = [
    PriceOverride(model="gpt-4o", input=Decimal(3), output=Decimal("12.5")),
    PriceOverride(model="gpt-4o", input=Decimal(4), output=Decimal(16), since=THEN.date() + timedelta(days=1)),
    PriceOverride(
        model="house",
        input=Decimal("2.5"),
        cached_input=Decimal("0.333333"),
        cache_write=Decimal("3.125"),
        cache_write_1h=Decimal("5.1"),
        output=Decimal("10.000001"),
        since=date(2026, 3, 15),
    ),
    PriceOverride(model="house", provider="openai", input=Decimal("0.000001"), output=Decimal(0)),
    PriceOverride(model=FOREIGN, input=Decimal("2.5"), output=Decimal("10.000001")),
]
OWN = PriceBook(OWN_PRICES)


def reprice(store: Store, prices: PriceBook, *, dry_run: bool = False) -> list[Repriced]:
    days = store.repriceable().days
    return added_up(one for day in days for one in store.reprice(day, prices, dry_run=dry_run))


def held(store: Store) -> list[ModelCall]:
    return store.calls(CallsQuestion(limit=10_000))


def seal_all(store: Store) -> None:
    assert all(count for _, _, count in seal_closed(store, NOW))


def agree(store: Store, calls: Sequence[ModelCall]) -> None:
    assert not differences(by_hand(MONTH, calls), overview(store, MONTH.request()))


# ── as if the prices had been known at once ──────────────────────────────────────────────────────────────────────────

MODELS = (
    ("house", "openai"), ("house", None), ("gpt-4o", "openai"), ("gpt-5.4", "openai"), ("gpt-6-sol", "openai"),
    ("claude-sonnet-4-5-20250929", "anthropic"), ("claude-sonnet-4-5@20250929", "gcp.vertex_ai"),
    ("anthropic/claude-sonnet-4.5", "openrouter"), ("gemini-2.5-pro", "gcp.gemini"), ("deepseek-chat", "deepseek"),
    ("deepseek-v4-pro", "deepseek"), ("text-embedding-3-small", "openai"), ("nobody knows it", None),
)  # fmt: skip
TIMES = st.builds(
    lambda day, half, since: day + half * timedelta(minutes=30) + timedelta(microseconds=since),
    # When prices, or their hours, changed; the fewer days, the more examples.
    st.sampled_from(
        [
            datetime(2025, 2, 8, tzinfo=UTC),
            datetime(2025, 6, 9, tzinfo=UTC),
            datetime(2026, 3, 14, tzinfo=UTC),
            THEN.replace(hour=0),
        ]
    ),
    st.integers(0, 96),
    st.sampled_from([-1, 0, 1]) | st.integers(0, 1_800_000_000),
)


@st.composite
def told(draw: st.DrawFn) -> dict[str, Any]:
    """A record of a call whose cost nobody knows yet."""
    near = [start + step for start in (0, 128_000, 200_000, 272_000) for step in (0, 1)]
    given = draw(st.none() | st.sampled_from(near) | st.integers(0, 2_000_000))
    cached = draw(st.integers(0, given or 0))
    written = draw(st.integers(0, (given or 0) - cached))
    model, provider = draw(st.sampled_from(MODELS))
    record: dict[str, Any] = {
        "model": model,
        "provider": provider,
        "timestamp": draw(TIMES).isoformat(),
        "response_time_ms": 9,
        "operation": draw(st.sampled_from(["chat", "embeddings"])),
        "service_tier": draw(st.sampled_from([None, None, "batch", "flex", "Priority", "fast", "standard"])),
        "success": draw(st.booleans()),
        "input_tokens": given,
        "output_tokens": draw(st.none() | st.integers(0, 200_000)),
    }
    if given is not None and draw(st.booleans()):
        record |= {"cached_input_tokens": cached, "cache_write_tokens": written}
        record["cache_write_1h_tokens"] = draw(st.none() | st.integers(0, written))
    return record


@settings(max_examples=15)
@given(records=st.lists(told(), min_size=1, max_size=20), first=st.sampled_from([None, LIST]))
def test_what_is_priced_later_costs_what_it_would_have_cost_at_once(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]], first: PriceBook | None
) -> None:
    before, at_once = read_all(records, first, now=NOW), read_all(records, OWN, now=NOW)
    calls = {one.id: one for one in before if isinstance(one, ModelCall)}
    expected = {one.id: one for one in at_once if isinstance(one, ModelCall)}
    assert len(expected) == len(records)
    with open_store(engine.url(tmp_path_factory.mktemp("later"))) as store:
        store.append(list(calls.values()))
        for day in store.unsealed(day_of(NOW)):
            store.seal(day)

        found = reprice(store, OWN)

        assert {call.id: call for call in held(store)} == expected
        changed = {id_ for id_, call in expected.items() if call != calls[id_]}
        assert sum(one.calls for one in found) == len(changed)
        assert sum(one.unpriced for one in found) == sum(call.cost_usd is None for call in expected.values())
        assert sum((one.after or Decimal(0) for one in found), Decimal(0)) == sum(
            (expected[id_].cost_usd or Decimal(0) for id_ in changed), Decimal(0)
        )
        assert {day_of(expected[id_].timestamp) for id_ in changed} <= set(store.unsealed(day_of(NOW) + 1))
        assert not any(one.calls for one in reprice(store, OWN))


def test_half_hours_of_other_prices_are_told_apart(store: Store) -> None:
    # DeepSeek once charged less from 16:30 to 00:30 UTC.
    edges = [datetime(2025, 6, 1, 16, 30, tzinfo=UTC), datetime(2025, 6, 2, 0, 30, tzinfo=UTC)]
    records = [
        {"model": "deepseek-chat", "provider": "deepseek", "response_time_ms": 9, "input_tokens": 10**6, "output_tokens": 9,
         "timestamp": (edge + timedelta(microseconds=tick)).isoformat()}
        for edge in edges
        for tick in (-1, 0)
    ]  # fmt: skip
    store.append([one for one in read_all(records, None, now=NOW) if isinstance(one, ModelCall)])

    reprice(store, LIST)

    costs = [call.cost_usd for call in reversed(held(store))]
    assert costs[0] == costs[3] != costs[1] == costs[2]
    assert costs == [one.cost_usd for one in read_all(records, LIST, now=NOW) if isinstance(one, ModelCall)]


# ── what changes, and what does not ──────────────────────────────────────────────────────────────────────────────────


def some_calls() -> list[ModelCall]:
    """A call an hour of five days, today among them: reported, computed, and unknown costs in turn."""
    sources = (CostSource.REPORTED, CostSource.COMPUTED, CostSource.UNKNOWN)
    return [
        a_call(
            number,
            timestamp=MIDNIGHT - timedelta(days=4) + timedelta(hours=number),
            cost_usd=None if number % 3 == 2 else Decimal("0.01"),
            cost_source=sources[number % 3],
            model=FOREIGN if number % 4 else "gpt-4o",
        )
        for number in range(4 * 24 + 12)
    ]


def as_priced(calls: Sequence[ModelCall], book: PriceBook) -> list[ModelCall]:
    """The calls as they should be, in plain Python."""
    return [_as_priced(call, book) for call in calls]


def _as_priced(call: ModelCall, book: PriceBook) -> ModelCall:
    assert call.input_tokens is not None
    assert call.output_tokens is not None
    cost = book.cost(
        model=call.model, provider=call.provider, service_tier=call.service_tier, at=call.timestamp,
        input_tokens=call.input_tokens, output_tokens=call.output_tokens,
    )  # fmt: skip
    if call.cost_source is CostSource.REPORTED or cost is None:
        return call
    return call._replace(cost_usd=cost, cost_source=CostSource.COMPUTED)


def test_sealed_days_that_change_count_from_their_rows_until_they_are_sealed_again(store: Store) -> None:
    calls = some_calls()
    store.append(calls)
    seal_all(store)
    agree(store, calls)

    reprice(store, OWN)

    now = as_priced(calls, OWN)
    assert sorted(held(store), key=lambda call: call.id) == sorted(now, key=lambda call: call.id)
    agree(store, now)
    assert len(store.unsealed(day_of(NOW))) == 4
    seal_all(store)
    agree(store, now)


def test_reported_costs_are_never_touched(store: Store) -> None:
    calls = [call._replace(cost_source=CostSource.REPORTED, cost_usd=Decimal("0.01")) for call in some_calls()]
    store.append(calls)
    seal_all(store)

    assert store.repriceable().days == []
    assert store.reprice(day_of(THEN), OWN) == []

    assert sorted(held(store), key=lambda call: call.id) == sorted(calls, key=lambda call: call.id)
    assert store.unsealed(day_of(NOW)) == []


def test_doing_it_again_writes_nothing_and_breaks_no_seal(store: Store) -> None:
    store.append(some_calls())
    reprice(store, OWN)
    seal_all(store)
    writes = store.writes

    assert not any(one.calls for one in reprice(store, OWN))

    assert store.writes == writes
    assert store.unsealed(day_of(NOW)) == []


def test_a_dry_run_tells_the_same_and_writes_nothing(store: Store) -> None:
    calls = some_calls()
    store.append(calls)
    seal_all(store)
    writes = store.writes

    told = reprice(store, OWN, dry_run=True)

    assert store.writes == writes
    assert store.unsealed(day_of(NOW)) == []
    agree(store, calls)
    assert reprice(store, OWN) == told


def test_only_days_with_a_difference_are_unsealed(store: Store) -> None:
    store.append(some_calls())
    reprice(store, OWN)
    seal_all(store)
    later = THEN.date() + timedelta(days=1)
    dearer = PriceBook(
        [one for one in OWN_PRICES if one.since != later]
        + [PriceOverride(model="gpt-4o", input=Decimal(9), output=Decimal(9), since=later)]
    )

    reprice(store, dearer)

    assert store.unsealed(day_of(NOW)) == [day_of(THEN) + 1]


def test_a_price_that_is_not_known_any_more_leaves_what_was_computed(store: Store) -> None:
    priced, unpriced = a_call(1, model="house", timestamp=THEN), a_call(2, model="house", timestamp=THEN, cost_usd=None)
    unpriced = unpriced._replace(cost_source=CostSource.UNKNOWN)
    store.append([priced, unpriced])

    (found,) = reprice(store, LIST)

    assert (found.calls, found.kept, found.unpriced, found.source) == (0, 1, 1, None)
    assert sorted(held(store), key=lambda call: call.id) == sorted([priced, unpriced], key=lambda call: call.id)


def test_a_cost_of_nothing_and_no_cost_are_not_the_same(store: Store) -> None:
    free = PriceBook([PriceOverride(model="house", input=Decimal(0), output=Decimal(0))])
    store.append([a_call(1, model="house", timestamp=THEN, cost_usd=None, cost_source=CostSource.UNKNOWN)])

    (found,) = reprice(store, free)

    assert (found.calls, found.before, found.after) == (1, None, Decimal(0))
    (call,) = held(store)
    assert (call.cost_usd, call.cost_source) == (Decimal(0), CostSource.COMPUTED)


def test_a_cost_of_unknown_source_that_is_right_is_known_to_be_computed_from_then_on(store: Store) -> None:
    right = _as_priced(a_call(1, timestamp=THEN), OWN)
    store.append([right._replace(cost_source=CostSource.UNKNOWN)])

    assert [one.calls for one in reprice(store, OWN)] == [1]

    assert held(store) == [right]


def test_pruned_days_keep_their_sums_and_are_counted(store: Store) -> None:
    calls = some_calls()
    store.append(calls)
    store.prune(MIDNIGHT - timedelta(days=2))

    there = store.repriceable()
    assert (there.final_days, there.days) == (2, [day_of(NOW) - 2, day_of(NOW) - 1, day_of(NOW)])
    assert store.repriceable(day_of(NOW) - 3).final_days == 1
    assert store.reprice(day_of(NOW) - 4, OWN) == []
    reprice(store, OWN)

    kept = [call for call in calls if call.timestamp < MIDNIGHT - timedelta(days=2)]
    agree(store, [*kept, *as_priced([call for call in calls if call not in kept], OWN)])


def test_whose_price_it_is_and_since_when_is_told(store: Store) -> None:
    listed = [a_call(n, model=name, provider="openai", timestamp=THEN) for n, name in enumerate(("o3", "gpt-5.4"))]
    store.append([*listed, *some_calls()])

    found = {(one.model, one.source, one.since) for one in reprice(store, OWN) if one.calls}

    assert found == {
        ("gpt-4o", PriceSource.OWN, None),
        ("gpt-4o", PriceSource.OWN, THEN.date() + timedelta(days=1)),
        (FOREIGN, PriceSource.OWN, None),
        ("gpt-5.4", PriceSource.LIST, None),
        ("o3", PriceSource.LIST, date(2025, 6, 10)),
    }


def test_only_a_server_may_be_left_to_its_own_prices(store: Store) -> None:
    with pytest.raises(ValueError, match="server"):
        store.reprice(day_of(NOW), None)
