"""What is known of each model: sums by task type, model, and complexity, weighed by age; held against plain Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.world import NOW, a_call

from augury.core.calls import GENERATING, NOT_EVIDENCE, ErrorType
from augury.core.tasks import Complexity, TaskType
from augury.recommend.evidence import DAYS, HALF_LIFE_DAYS, STRATA, gather, weigh
from augury.store.protocol import LOGARITHMS, SUMS, Dimension, Facts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from augury.core.calls import ModelCall
    from augury.recommend.evidence import TaskEvidence
    from augury.store.protocol import Store

TODAY = 20_000
Row = tuple[str, str, str, int, dict[str, int]]


def facts(rows: Iterable[Row], task: str = "coding") -> Facts:
    """Facts of rows: model, provider, complexity, age in days, and the sums that are not 0."""
    listed = list(rows)
    text = {
        Dimension.TASK_TYPE: [task for _ in listed],
        Dimension.MODEL: [row[0] for row in listed],
        Dimension.PROVIDER: [row[1] for row in listed],
        Dimension.COMPLEXITY: [row[2] for row in listed],
    }
    keys = {name: np.array(column, dtype=object) for name, column in text.items()}
    keys[Dimension.STEP] = np.array([TODAY - row[3] for row in listed], dtype=np.int64)
    sums = {name: np.array([row[4].get(name, 0) for row in listed], dtype=np.int64) for name in SUMS}
    sums["cost_sum"] = sums["cost_sum"].astype(object)
    return Facts(keys=keys, sums=sums | {name: np.zeros(len(listed)) for name in LOGARITHMS})


def is_evidence(call: ModelCall) -> bool:
    return call.success or call.error_type not in NOT_EVIDENCE


def weight(call: ModelCall, newest: date) -> float:
    return float(0.5 ** ((newest - call.timestamp.date()).days / HALF_LIFE_DAYS))


def test_a_call_counts_half_after_each_half_life() -> None:
    ages = (0, 14, 28, 7)
    evidence = weigh(
        facts(("a", "x", "medium", age, {"calls": 1, "evidence_calls": 1, "successes": 1}) for age in ages), today=TODAY
    )

    assert evidence["coding"].weighted["evidence_calls"].sum() == pytest.approx(1 + 0.5 + 0.25 + 0.5**0.5)
    assert evidence["coding"].raw["calls"].tolist() == [4.0]


def test_another_half_life_may_be_chosen() -> None:
    rows: list[Row] = [("a", "x", "", age, {"evidence_calls": 8}) for age in (0, 3)]
    task = weigh(facts(rows), today=TODAY, half_life=1.0)["coding"]

    assert task.weighted["evidence_calls"].sum() == pytest.approx(8 + 1)


@pytest.mark.parametrize("ago", [1, 80, 700, 3_600])
def test_an_old_log_weighs_as_it_did_when_it_was_new(ago: int) -> None:
    sums = {"calls": 4, "evidence_calls": 3, "successes": 2, "cost_sum": 10**9, "priced_calls": 4}

    def read(older: int) -> TaskEvidence:
        return weigh(facts(("a", "x", "simple", older + age, sums) for age in (0, 5, 40)), today=TODAY)["coding"]

    for name, cells in read(0).weighted.items():
        assert np.array_equal(cells, read(ago).weighted[name]), name


def test_the_age_of_a_call_is_counted_from_the_newest_of_its_task_that_says_something() -> None:
    rows: list[Row] = [
        ("a", "x", "", 0, {"calls": 1}),  # cancelled
        ("a", "x", "", 30, {"calls": 1, "evidence_calls": 1}),
        ("a", "x", "", 44, {"calls": 1, "evidence_calls": 1}),
    ]

    assert weigh(facts(rows), today=TODAY)["coding"].weighted["evidence_calls"].sum() == pytest.approx(1.5)


def test_a_clock_that_is_a_year_fast_does_not_make_all_else_old() -> None:
    rows: list[Row] = [("a", "x", "", age, {"evidence_calls": 1}) for age in (-365, 0, 14)]

    assert weigh(facts(rows), today=TODAY)["coding"].weighted["evidence_calls"].sum() == pytest.approx(2.5)


def test_a_call_that_ended_after_midnight_elsewhere_counts_once_and_not_more() -> None:
    task = weigh(facts([("a", "x", "", -1, {"evidence_calls": 1})]), today=TODAY)["coding"]

    assert task.weighted["evidence_calls"].sum() == 1.0


def test_calls_of_equal_age_are_worth_their_number_and_older_ones_less() -> None:
    rows: list[Row] = [
        ("fresh", "x", "simple", 0, {"evidence_calls": 10}),
        ("old", "x", "simple", 80, {"evidence_calls": 10}),
        ("mixed", "x", "simple", 0, {"evidence_calls": 10}),
        ("mixed", "x", "simple", 14, {"evidence_calls": 10}),
    ]
    task = weigh(facts(rows), today=TODAY)["coding"]
    worth = dict(zip(task.models, task.worth("evidence_calls")[:, STRATA.index("simple")].tolist(), strict=True))

    assert worth["fresh"] == pytest.approx(10.0)
    assert worth["old"] == pytest.approx(10.0)  # Kish: equal weights lose nothing
    assert worth["mixed"] == pytest.approx((10 + 5) ** 2 / (10 + 2.5))


def test_nothing_is_worth_nothing() -> None:
    task = weigh(facts([("a", "x", "simple", 0, {"calls": 3})]), today=TODAY)["coding"]

    for name in ("evidence_calls", "rated", "priced_calls"):
        assert not task.worth(name).any()


def test_a_model_belongs_to_the_provider_that_served_most_of_its_calls() -> None:
    rows: list[Row] = [
        ("a", "anthropic", "simple", 0, {"calls": 3}),
        ("a", "aws.bedrock", "simple", 50, {"calls": 2}),
        ("a", "aws.bedrock", "medium", 60, {"calls": 2}),
        ("b", "openai", "", 0, {"calls": 1}),
    ]
    task = weigh(facts(rows), today=TODAY)["coding"]

    assert (task.models, task.providers) == (("a", "b"), ("aws.bedrock", "openai"))


def test_models_without_a_name_leave_no_trace() -> None:
    rows: list[Row] = [
        ("a", "x", "", 0, {"calls": 1, "evidence_calls": 1}),
        ("unknown", "x", "", 0, {"calls": 9, "evidence_calls": 9}),
        ("(other)", "x", "", 0, {"calls": 9, "evidence_calls": 9}),
    ]

    assert weigh(facts(rows), today=TODAY)["coding"].models == ("a",)
    assert weigh(facts(rows[1:]), today=TODAY) == {}


def test_no_facts_are_no_evidence(store: Store) -> None:
    assert weigh(facts([]), today=TODAY) == {}
    assert gather(store, now=NOW) == {}


def test_each_complexity_has_its_column_and_those_untold_one_of_their_own() -> None:
    rows: list[Row] = [
        ("a", "x", name, 0, {"evidence_calls": number}) for number, name in enumerate(("", *Complexity), start=1)
    ]
    task = weigh(facts(rows), today=TODAY)["coding"]

    assert STRATA == ("", "simple", "medium", "complex")
    assert task.weighted["evidence_calls"].tolist() == [[1.0, 2.0, 3.0, 4.0]]


def test_costs_are_in_dollars_when_weighed() -> None:
    rows: list[Row] = [
        ("a", "x", "", age, {"evidence_calls": 1, "priced_calls": 1, "cost_sum": 3 * 10**10}) for age in (0, 14)
    ]
    task = weigh(facts(rows), today=TODAY)["coding"]

    assert task.weighted["cost_sum"].sum() == pytest.approx(4.5)


def dear(*dollars: float, calls: int = 10) -> float:
    """What the calls of days cost that the recommender goes by."""
    rows: list[Row] = [
        ("a", "x", "", 0, {"evidence_calls": calls, "priced_calls": calls, "cost_sum": round(each * calls * 10**10)})
        for each in dollars
    ]
    rows += [("b", "x", "", 0, {"evidence_calls": 1, "priced_calls": 1, "cost_sum": 10**13})]  # another model's
    return float(weigh(facts(rows), today=TODAY)["coding"].weighted["tame_cost_sum"][0].sum())


def test_one_corrupt_cost_does_not_decide() -> None:
    assert dear(0.01, 0.01, 0.01, 999.0) < 0.8  # of 40 calls, 0.4 without it
    assert dear(*[0.01] * 199, 9_990.0, calls=1) == pytest.approx(2.09)


@pytest.mark.parametrize(
    "days", [(0.01, 0.02, 0.03), (0.01, 5.0, 5.0), (0.01, 0.03), (7.0,), (0.0, 0.01), (0.0, 0.0, 0.02)]
)
def test_costs_that_differ_as_costs_do_are_taken_as_they_are(days: tuple[float, ...]) -> None:
    assert dear(*days) == pytest.approx(10 * sum(days))


def test_a_store_gives_the_evidence_that_plain_python_finds(world_store: Store, calls: tuple[ModelCall, ...]) -> None:
    evidence = gather(world_store, now=NOW)
    first = NOW.date() - timedelta(days=DAYS - 1)
    counted = [
        call
        for call in calls
        if first <= call.timestamp.date() <= NOW.date() and call.operation in GENERATING and call.model != "unknown"
    ]
    newest = {
        task_type: max(call.timestamp.date() for call in counted if call.task_type == task_type and is_evidence(call))
        for task_type in {call.task_type for call in counted}
    }
    weighed: defaultdict[tuple[str, str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    raw: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for call in counted:
        own = weight(call, newest[call.task_type])
        cell = weighed[call.task_type, call.model, call.task_complexity or ""]
        row = raw[call.task_type, call.model]
        for name, value in {
            "calls": 1,
            "evidence_calls": is_evidence(call),
            "evidence_ms_sum": is_evidence(call) * call.response_time_ms,
            "successes": call.success,
            "thumbs_up": call.user_rating == 1,
            "thumbs_down": call.user_rating == -1,
            "priced_calls": call.cost_usd is not None,
        }.items():
            cell[name] += own * value
            row[name] += value
        cell["cost_sum"] += own * float(call.cost_usd or 0)
        cell["squares"] += own**2 * is_evidence(call)

    assert set(evidence) == {call.task_type for call in counted}
    for task_type, task in evidence.items():
        assert task.models == tuple(sorted({call.model for call in counted if call.task_type == task_type}))
        for place, model in enumerate(task.models):
            assert {name: int(task.raw[name][place]) for name in raw[task_type, model]} == raw[task_type, model]
            for column, stratum in enumerate(STRATA):
                cell = weighed[task_type, model, stratum]
                assert task.squares["evidence_calls"][place, column] == pytest.approx(cell.pop("squares", 0.0))
                for name, total in cell.items():
                    assert task.weighted[name][place, column] == pytest.approx(total), name


@pytest.mark.parametrize("error", list(ErrorType))
def test_a_failure_counts_against_its_model_unless_it_is_the_callers_or_the_lines(
    store: Store, error: ErrorType
) -> None:
    store.append([a_call(1, success=False, error_type=error, task_type=TaskType.ANALYSIS, response_time_ms=70)])
    task = gather(store, now=NOW)["analysis"]
    counts = error not in {"cancelled", "authentication", "invalid_request", "connection"}

    assert task.raw["calls"].tolist() == [1.0]
    assert task.raw["evidence_calls"].tolist() == [float(counts)]
    assert task.raw["evidence_ms_sum"].tolist() == [70.0 * counts]
