"""Reasons: sentences that a person can check against the figures beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.analytics.answers import Alternative, Metrics, Recommendation
from augury.core.tasks import Complexity, Priority, TaskType
from augury.recommend import explain
from augury.recommend.phrases import chance, counted, dollars, listed, percent, seconds, times, work_name
from augury.recommend.standing import Asked, Standing

PLAIN = Metrics(
    avg_response_time=2_341.0,
    success_rate=98.0,
    satisfaction_rate=89.0,
    quality_score=92.0,
    sample_size=1_470,
    rated=120,
    estimated_success_rate=97.0,
    estimated_satisfaction_rate=88.0,
    estimated_time_to_answer=2_400.0,
    estimated_cost_per_answer=0.0123,
)
UNRATED: dict[str, Any] = {"satisfaction_rate": None, "rated": 0, "estimated_satisfaction_rate": None}


def chosen(probability: float = 0.9, **changes: Any) -> Standing:
    told = ("counted", "lately", "lately_ms", "tokens", "solid", "seen")
    own = {name: changes.pop(name) for name in told if name in changes}
    metrics = replace(PLAIN, **changes)
    plain = Standing(
        name="Claude Sonnet 5.5",
        probability=probability,
        metrics=metrics,
        counted=metrics.sample_size,
        succeeded=round(metrics.success_rate * metrics.sample_size / 100),
        lately=metrics.success_rate,
        lately_ms=metrics.avg_response_time,
        tokens=400.0,
        solid=True,
    )
    return replace(plain, **own)


def another(probability: float = 0.1, *, name: str = "GPT-4o", **changes: Any) -> Standing:
    worse = {"success_rate": 90.0, "satisfaction_rate": 80.0, "quality_score": 85.0, "estimated_success_rate": 89.0}
    worse |= {
        "estimated_satisfaction_rate": 79.0,
        "estimated_time_to_answer": 2_500.0,
        "estimated_cost_per_answer": 0.0124,
    }
    return replace(chosen(probability, **(worse | changes)), name=name)


def reason(priority: Priority, *standings: Standing, task: str = "coding", complexity: Complexity | None = None) -> str:
    asked = Asked(task=TaskType(task), priority=priority, complexity=complexity)
    return explain.by_data(asked, list(standings or (chosen(), another())))


def test_a_balance_is_explained_as_in_the_seed_document() -> None:
    assert reason(Priority.BALANCED).startswith(
        "best overall performance for coding (quality score: 92): "
        "98% of 1,470 calls succeeded, 89% of 120 ratings up, 2.3s on average"
    )


def test_a_quality_score_is_no_proof_where_another_model_has_a_higher_one() -> None:
    said = reason(
        Priority.BALANCED,
        chosen(estimated_time_to_answer=900.0),
        another(quality_score=95.0, estimated_success_rate=99.0, estimated_cost_per_answer=0.0122),
    )

    assert "quality score" not in said
    assert said.startswith("best balance for coding: ")
    assert "fastest (900ms to a useful answer) and best liked (88% expected) of the 2" in said


def test_a_balance_says_what_it_gives_up() -> None:
    said = reason(
        Priority.BALANCED,
        chosen(estimated_success_rate=90.0),
        another(estimated_success_rate=96.0, estimated_time_to_answer=800.0),
    )

    assert (
        "gives up speed (2.4s to a useful answer, against 800ms for GPT-4o) "
        "and success (90% expected, against 96% for GPT-4o)"
    ) in said


def test_quality_is_proved_by_success_and_ratings() -> None:
    said = reason(Priority.QUALITY)

    assert "highest success and satisfaction for coding" in said
    assert "98% of 1,470 calls succeeded" in said
    assert "89% of 120 ratings up" in said
    assert "next best: GPT-4o" in said


def test_a_model_that_leads_in_one_of_success_and_satisfaction_only_is_not_called_highest_in_both() -> None:
    said = reason(Priority.QUALITY, chosen(), another(success_rate=99.0, estimated_success_rate=98.0))

    assert said.startswith("best success and satisfaction together for coding")
    assert (
        "expected are 97% success and 88% satisfaction, against 98% and 79% for GPT-4o" not in said
    )  # both are in the table
    assert "highest" not in said


def test_where_ratings_decide_against_the_more_successful_model_both_are_compared() -> None:
    said = reason(
        Priority.QUALITY,
        chosen(
            success_rate=90.0, satisfaction_rate=80.0, estimated_success_rate=91.0, estimated_satisfaction_rate=84.0
        ),
        another(
            success_rate=95.0, satisfaction_rate=82.0, estimated_success_rate=93.0, estimated_satisfaction_rate=78.0
        ),
    )

    assert "expected are 91% success and 84% satisfaction, against 93% and 78% for GPT-4o" in said


def test_speed_is_proved_by_the_time_to_a_useful_answer_and_a_factor_with_its_figure() -> None:
    said = reason(Priority.SPEED, chosen(), another(estimated_time_to_answer=5_520.0))

    assert "fastest for coding: 2.4s to a useful answer" in said
    assert "2.3x faster than GPT-4o (5.5s)" in said


def test_a_difference_that_is_not_worth_a_word_gets_none() -> None:
    assert "faster than" not in reason(Priority.SPEED)
    assert "as much" not in reason(Priority.COST)


@pytest.mark.parametrize("thin", ["chosen", "another"])
def test_a_factor_that_rests_on_next_to_nothing_is_left_out(thin: str) -> None:
    best, other = chosen(solid=thin != "chosen"), another(solid=thin != "another", estimated_time_to_answer=9_000.0)

    assert "faster than" not in reason(Priority.SPEED, best, other)
    assert "as much" not in reason(Priority.COST, best, another(estimated_cost_per_answer=0.1, solid=thin != "another"))


def test_cost_is_proved_by_the_price_of_a_useful_answer() -> None:
    said = reason(Priority.COST, chosen(), another(estimated_cost_per_answer=0.0246))

    assert "cheapest per useful answer for coding: $0.012 each" in said
    assert "GPT-4o costs 2.0x as much ($0.025)" in said


def test_where_no_price_is_known_it_claims_none_and_tells_the_tokens() -> None:
    said = reason(
        Priority.COST, chosen(estimated_cost_per_answer=None), another(estimated_cost_per_answer=None, tokens=900.0)
    )

    assert said.startswith("fewest tokens per useful answer for coding, as no prices are known: 400 tokens each; 98%")
    assert "$" not in said


def test_a_model_without_a_price_is_not_called_cheapest_among_priced_ones_without_a_doubt() -> None:
    said = reason(
        Priority.COST, chosen(0.97, estimated_cost_per_answer=None), another(0.03, estimated_cost_per_answer=0.05)
    )

    assert said.startswith(
        "probably cheapest for coding, judging by its tokens, as its price is not known: 400 tokens per useful answer; 98% of 1,470"
    )
    assert "may be" not in said


def test_of_models_that_cost_nothing_it_says_what_sets_them_apart() -> None:
    said = reason(
        Priority.COST, chosen(1.0, estimated_cost_per_answer=0.0), another(0.0, estimated_cost_per_answer=0.0)
    )

    assert said.startswith("cheapest per useful answer for coding: $0 each")
    assert "GPT-4o is free too, with 89% expected to succeed, against 97%" in said


def test_where_nobody_counted_tokens_either_it_claims_nothing() -> None:
    unknown: dict[str, Any] = {"estimated_cost_per_answer": None, "tokens": 1.0}
    said = reason(Priority.COST, chosen(**unknown), another(**unknown))

    assert said.startswith("one of 2 for coding, as neither prices nor tokens are known: 98% of 1,470")


@pytest.mark.parametrize("priority", [Priority.SPEED, Priority.COST])
def test_a_fast_or_cheap_model_whose_answers_are_disliked_is_said_to_be(priority: Priority) -> None:
    assert "succeeded, but only 11% of 749 ratings up" in reason(
        priority, chosen(satisfaction_rate=10.9, rated=749), another()
    )


def test_where_nobody_liked_an_answer_it_is_said_without_a_percentage() -> None:
    said = reason(Priority.SPEED, chosen(satisfaction_rate=0.0, rated=8), another())

    assert "succeeded, but none of 8 ratings up" in said


def test_what_is_more_probably_the_cheapest_is_not_called_cheaper_at_a_higher_price() -> None:
    said = reason(
        Priority.COST,
        chosen(0.3, estimated_cost_per_answer=0.0001),
        another(0.4, estimated_cost_per_answer=0.00017, sample_size=9),
    )

    assert "GPT-4o may be better (40% sure to be the best), but has only 9 calls" in said
    assert "cheaper" not in said


def test_a_time_that_failures_do_not_explain_is_not_put_down_to_them() -> None:
    said = reason(
        Priority.SPEED,
        chosen(avg_response_time=1_200.0, estimated_time_to_answer=1_150.0, success_rate=97.0),
        another(avg_response_time=1_100.0, estimated_time_to_answer=2_400.0, success_rate=93.0),
    )

    assert "only 93% of them succeed" not in said
    assert "2.4s" in said


@pytest.mark.parametrize(("share", "rated"), [(40.0, 10), (0.0, 2), (52.0, 1_000)])
def test_ratings_that_may_as_well_be_even_are_no_dislike(share: float, rated: int) -> None:
    assert "but only" not in reason(Priority.SPEED, chosen(satisfaction_rate=share, rated=rated), another())


def test_a_close_choice_is_called_close_and_each_probability_has_its_owner() -> None:
    said = reason(Priority.QUALITY, chosen(0.55), another(0.3), another(0.15, name="o3"))

    assert "close: the best with 55% probability, GPT-4o with 30%" in said
    assert "close" not in reason(Priority.QUALITY, chosen(0.65), another(0.35))


@pytest.mark.parametrize(
    ("priority", "changes", "claim", "clause"),
    [
        (Priority.SPEED, {"estimated_time_to_answer": 2_000.0}, "the safer choice for coding: 2.4s", "may be faster (2.0s, 67% sure to be the best)"),
        (Priority.COST, {"estimated_cost_per_answer": 0.01}, "the safer choice for coding: $0.012", "may be cheaper ($0.010, 67% sure to be the best)"),
        (Priority.QUALITY, {}, "the safer choice for coding: 98%", "may be better (67% sure to be the best)"),
        (Priority.BALANCED, {}, "the safer choice for coding: 98%", "may be better (67% sure to be the best)"),
    ],
)  # fmt: skip
def test_a_model_that_seems_better_on_few_calls_makes_the_choice_the_safer_one(
    priority: Priority, changes: dict[str, Any], claim: str, clause: str
) -> None:
    said = reason(priority, chosen(0.33), another(0.67, sample_size=10, **changes))

    assert said.startswith(claim)
    assert f"GPT-4o {clause}, but has only 10 calls" in said


def test_a_better_estimate_of_who_may_be_better_is_told_and_a_worse_one_is_not() -> None:
    rival: dict[str, Any] = {"sample_size": 10, "success_rate": 100.0}

    assert "may be better (99% success expected, 67% sure" in reason(
        Priority.QUALITY, chosen(0.33), another(0.67, **rival, estimated_success_rate=99.0)
    )
    assert "may be better (67% sure" in reason(
        Priority.QUALITY, chosen(0.33), another(0.67, **rival, estimated_success_rate=97.2)
    )


def test_no_superlative_is_said_while_another_has_the_better_estimate() -> None:
    said = reason(Priority.SPEED, chosen(0.6), another(0.4, estimated_time_to_answer=2_100.0))

    assert said.startswith("among the fastest for coding")
    assert "close: GPT-4o may be faster (2.1s, 40% sure to be the best; this one 60%)" in said


def test_no_superlative_is_said_of_what_is_more_probably_not_the_best() -> None:
    many = [another(0.33, name=name) for name in ("a", "b")]

    assert reason(Priority.SPEED, chosen(0.34), *many).startswith("among the fastest for coding")
    assert reason(Priority.COST, chosen(0.34), *many).startswith("among the cheapest per useful answer for coding")
    assert reason(Priority.QUALITY, chosen(0.34), *many).startswith(
        "among those of highest success and satisfaction for"
    )
    assert reason(Priority.BALANCED, chosen(0.34), *many).startswith("among the best overall for coding")


@pytest.mark.parametrize("priority", list(Priority))
def test_the_only_candidate_is_called_that_and_nothing_more(priority: Priority) -> None:
    said = reason(priority, chosen(1.0))

    assert said.startswith("the only candidate for coding: ")
    for word in ("fastest", "cheapest", "highest", "best", "sure"):
        assert word not in said


def test_the_price_of_the_only_candidate_is_said_to_be_that_of_a_useful_answer() -> None:
    assert "$0.012 per useful answer; 98% of" in reason(Priority.COST, chosen(1.0))
    assert "400 tokens per useful answer; 98% of" in reason(
        Priority.COST, chosen(estimated_cost_per_answer=None), another()
    )


@pytest.mark.parametrize("priority", [Priority.QUALITY, Priority.BALANCED])
def test_where_nothing_is_rated_it_says_so_and_claims_no_rating(priority: Priority) -> None:
    said = reason(priority, chosen(**UNRATED), another(**UNRATED))

    assert "nothing rated yet, so success decides" in said
    assert "ratings up" not in said
    assert "satisfaction" not in said


def test_a_model_that_alone_is_unrated_is_said_to_be() -> None:
    said = reason(Priority.QUALITY, chosen(satisfaction_rate=None, rated=0), another())

    assert said.startswith("highest quality expected for coding")
    assert said.endswith("not rated yet")


@pytest.mark.parametrize(
    ("best", "other", "clause"),
    [
        ({"success_rate": 74.0, "estimated_success_rate": 85.0}, {"success_rate": 89.0, "estimated_success_rate": 79.0}, "at the same mix of complexities 85%, against 79% for GPT-4o"),
        ({"success_rate": 91.0, "lately": 93.0}, {"success_rate": 94.0, "lately": 78.0}, "lately 93%, against 78% for GPT-4o"),
        ({"success_rate": 97.0}, {"success_rate": 100.0, "sample_size": 5, "estimated_success_rate": 95.0}, "GPT-4o has 100%, but of only 5 calls"),
        ({"success_rate": 33.0, "sample_size": 150, "counted": 50}, {"success_rate": 83.0, "sample_size": 100}, "100% of the 50 calls that count succeeded (100 failed through no fault of the model)"),
        ({"success_rate": 33.0, "sample_size": 150, "counted": 50}, {"success_rate": 83.0, "sample_size": 100}, "; against 83% of 100 for GPT-4o"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("priority", [Priority.QUALITY, Priority.BALANCED])
def test_where_raw_success_speaks_for_another_it_says_why_that_does_not_decide(
    priority: Priority, best: dict[str, Any], other: dict[str, Any], clause: str
) -> None:
    assert clause in reason(priority, chosen(**(UNRATED | best)), another(**(UNRATED | other)))


@pytest.mark.parametrize(
    ("other", "clause"),
    [
        ({"success_rate": 50.0, "avg_response_time": 900.0}, "GPT-4o takes 900ms a call, but only 50% of them succeed: 2.5s to a useful answer"),
        ({"success_rate": 98.0, "avg_response_time": 900.0, "lately_ms": 3_000.0}, "lately 2.3s a call, against 3.0s for GPT-4o"),
        ({"success_rate": 98.0, "avg_response_time": 900.0, "sample_size": 6}, "GPT-4o averages 900ms, but over only 6 calls"),
        ({"success_rate": 98.0, "avg_response_time": 900.0}, "GPT-4o averages 900ms, but at the same mix of complexities it needs 2.5s"),
    ],
)  # fmt: skip
def test_where_a_shorter_average_speaks_for_another_it_says_why_that_does_not_decide(
    other: dict[str, Any], clause: str
) -> None:
    assert clause in reason(Priority.SPEED, chosen(), another(**other))


def test_a_time_to_an_answer_below_the_average_is_explained() -> None:
    said = reason(Priority.SPEED, chosen(avg_response_time=3_000.0), another(avg_response_time=4_000.0))

    assert (
        "2.4s to a useful answer at the task's mix of complexities, recent calls counting more (3.0s on average)"
        in said
    )


@pytest.mark.parametrize(
    ("changes", "clause"),
    [
        ({"seen": frozenset(["simple", "complex"])}, "4.0s to a useful answer at the task's mix of complexities, recent calls counting more (2.3s on average);"),
        ({"lately_ms": 3_800.0}, "4.0s to a useful answer, recent calls counting more (2.3s on average);"),
        ({}, "4.0s to a useful answer (2.3s on average, but of calls too few or too uneven to count on that);"),
    ],
)  # fmt: skip
def test_a_time_to_an_answer_far_above_the_average_is_explained(changes: dict[str, Any], clause: str) -> None:
    best = chosen(estimated_time_to_answer=4_000.0, **changes)

    assert clause in reason(Priority.SPEED, best, another(estimated_time_to_answer=5_000.0))


def test_a_balance_that_speaks_of_a_time_far_above_the_average_says_at_what_mix_that_is() -> None:
    several = frozenset(["simple", "complex"])
    best = chosen(estimated_time_to_answer=4_000.0, seen=several)

    assert "2.3s on average; fastest (4.0s to a useful answer), " in reason(
        Priority.BALANCED, best, another(estimated_time_to_answer=5_000.0)
    )
    assert " of the 2 at the task's mix of complexities; " in reason(
        Priority.BALANCED, best, another(estimated_time_to_answer=5_000.0)
    )
    assert "against 2.0s for GPT-4o) at the task's mix of complexities" in reason(
        Priority.BALANCED, best, another(estimated_time_to_answer=2_000.0)
    )
    assert "mix" not in reason(Priority.BALANCED, chosen(seen=several), another())


def test_a_time_that_failures_explain_gets_no_word() -> None:
    best = chosen(estimated_time_to_answer=4_700.0, success_rate=50.0)

    assert "4.7s to a useful answer; 50%" in reason(Priority.SPEED, best, another(estimated_time_to_answer=5_000.0))


def test_a_difference_that_only_rounding_makes_is_not_explained() -> None:
    best = chosen(**UNRATED | {"success_rate": 94.47, "lately": 96.0})

    assert "lately" not in reason(Priority.BALANCED, best, another(**UNRATED | {"success_rate": 94.63}))
    assert "lately 96%" in reason(Priority.BALANCED, best, another(**UNRATED | {"success_rate": 95.1}))


@pytest.mark.parametrize("priority", list(Priority))
def test_a_choice_for_a_complexity_that_it_was_not_seen_on_says_so(priority: Priority) -> None:
    simple, hard = frozenset(["simple"]), frozenset(["complex"])
    clause = "; it has hardly been seen on complex tasks"

    assert clause in reason(priority, chosen(seen=simple), another(seen=hard), complexity=Complexity.COMPLEX)
    assert clause not in reason(priority, chosen(seen=hard), another(seen=simple), complexity=Complexity.COMPLEX)


@pytest.mark.parametrize("priority", list(Priority))
def test_models_that_share_no_complexity_are_said_to_share_none(priority: Priority) -> None:
    simple, hard = frozenset(["simple"]), frozenset(["complex"])
    clause = "it and GPT-4o are not known to have been tried on tasks of the same complexity"

    assert clause in reason(priority, chosen(seen=simple), another(seen=hard))
    assert clause not in reason(priority, chosen(seen=simple | hard), another(seen=hard))


def test_who_may_be_better_at_a_complexity_is_said_to_be_untried_there() -> None:
    said = reason(
        Priority.QUALITY, chosen(0.3, seen=frozenset(["complex"])), another(0.7), complexity=Complexity.COMPLEX
    )

    assert said.startswith("the safer choice for complex coding: ")
    assert "GPT-4o may be better (70% sure to be the best), but has hardly been seen on complex tasks" in said


def test_at_a_complexity_failures_at_others_do_not_explain_a_time() -> None:
    failing = another(avg_response_time=900.0, success_rate=90.0, estimated_time_to_answer=2_900.0)

    assert "GPT-4o averages 900ms, but on complex tasks it needs 2.9s" in reason(
        Priority.SPEED, chosen(), failing, complexity=Complexity.COMPLEX
    )


@pytest.mark.parametrize("priority", list(Priority))
def test_a_complexity_that_was_asked_for_is_named_and_its_figures_are_used(priority: Priority) -> None:
    said = reason(
        priority,
        chosen(estimated_success_rate=61.0),
        another(estimated_success_rate=55.0),
        complexity=Complexity.COMPLEX,
    )

    assert "for complex coding" in said
    assert "61% expected to succeed (98% of 1,470 calls succeeded at any complexity)" in said
    if priority is Priority.QUALITY:
        assert "next best: GPT-4o (55% expected to succeed)" in said


def test_at_a_complexity_a_better_raw_figure_is_set_against_what_is_expected_there() -> None:
    said = reason(
        Priority.QUALITY,
        chosen(**UNRATED | {"success_rate": 74.0, "estimated_success_rate": 73.0}),
        another(**UNRATED | {"success_rate": 89.0, "estimated_success_rate": 62.0}),
        complexity=Complexity.COMPLEX,
    )

    assert "GPT-4o is expected to succeed on 62% of complex tasks" in said


@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize("task", list(TaskType))
@pytest.mark.parametrize("complexity", [None, *Complexity])
def test_task_types_are_named_as_people_say_them(
    priority: Priority, task: TaskType, complexity: Complexity | None
) -> None:
    said = reason(priority, task=task, complexity=complexity)

    assert "_" not in said
    assert ";;" not in said
    assert work_name(task, complexity) in said


def test_creative_is_no_noun() -> None:
    assert work_name("creative") == "creative tasks"
    assert work_name("creative", "complex") == "complex creative tasks"
    assert work_name("coding", "medium") == "coding of medium complexity"
    assert work_name("other", "simple") == "simple other tasks"


rates = st.floats(0.0, 100.0)
times_ms = st.floats(1.0, 1e6)


@st.composite
def standings(draw: st.DrawFn) -> list[Standing]:
    """Any candidates that the core could hand over."""
    number = draw(st.integers(1, 6))
    rated = draw(st.booleans())
    weights = [draw(st.floats(0.01, 1.0)) for _ in range(number)]
    priced = draw(st.booleans())
    found = []
    for at in range(number):
        calls = draw(st.integers(5, 2_000))
        counted_calls = draw(st.integers(5, calls))
        succeeded = draw(st.integers(1, counted_calls))
        metrics = Metrics(
            avg_response_time=draw(times_ms),
            success_rate=100.0 * succeeded / calls,
            satisfaction_rate=draw(rates) if rated else None,
            quality_score=draw(rates),
            sample_size=calls,
            rated=5 if rated else 0,
            estimated_success_rate=draw(rates),
            estimated_satisfaction_rate=draw(rates) if rated else None,
            estimated_time_to_answer=draw(times_ms),
            estimated_cost_per_answer=draw(st.floats(0.0, 10.0)) if priced else None,
        )
        found.append(
            Standing(
                name=f"model {at}", probability=weights[at] / sum(weights), metrics=metrics, counted=counted_calls,
                succeeded=succeeded, lately=draw(rates), lately_ms=draw(times_ms), tokens=draw(st.floats(0.0, 1e6)),
                solid=draw(st.booleans()), seen=draw(st.frozensets(st.sampled_from(["", *Complexity]))),
            )
        )  # fmt: skip
    return found


@given(standings(), st.sampled_from(list(Priority)), st.sampled_from([None, *Complexity]))
def test_whatever_the_figures_a_superlative_is_believed_and_a_table_not_contradicted(
    found: list[Standing], priority: Priority, complexity: Complexity | None
) -> None:
    said = reason(priority, *found, complexity=complexity)
    best, others = found[0], found[1:]
    own = best.metrics

    if said.startswith(("fastest", "cheapest", "highest", "best")):
        assert others
        assert best.probability >= max(0.5, *(one.probability - 0.01 for one in others))
    if said.startswith("fastest"):
        assert all(own.estimated_time_to_answer <= 1.01 * one.metrics.estimated_time_to_answer + 1e-9 for one in others)
    if said.startswith("highest success and satisfaction"):
        assert all(round(own.success_rate) >= round(one.metrics.success_rate) for one in others)
        assert all(round(own.satisfaction_rate or 0) >= round(one.metrics.satisfaction_rate or 0) for one in others)
    if "quality score" in said:
        assert all(round(own.quality_score) >= round(one.metrics.quality_score) for one in others)
    assert ";;" not in said
    assert "; ;" not in said
    assert not said.endswith((";", "; "))


def test_a_line_for_the_terminal_says_how_sure_it_is() -> None:
    other = Alternative(
        model="o3", display_name="o3", provider="openai", confidence=1.0, probability_best=0.2, metrics=PLAIN
    )
    answer = Recommendation(
        model="gpt-4o", display_name="GPT-4o", provider="openai", confidence=70.0, probability_best=0.8, reason="because",
        source="data", task_type="coding", complexity=None, priority="quality", metrics=PLAIN, alternatives=[other],
    )  # fmt: skip

    assert explain.describe(answer) == "GPT-4o (80% sure): because"
    assert (
        explain.describe(replace(answer, probability_best=1.0, alternatives=[]))
        == "GPT-4o (the only candidate): because"
    )
    assert explain.describe(replace(answer, probability_best=None)) == "GPT-4o (by rules): because"


@pytest.mark.parametrize(
    ("milliseconds", "shown"), [(999.4, "999ms"), (1_000.0, "1.0s"), (61_500.0, "61.5s"), (0.0, "0ms")]
)
def test_times_are_shown_in_fitting_units(milliseconds: float, shown: str) -> None:
    assert seconds(milliseconds) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (1.5, "$1.50"), (0.0003, "$0.00030"), (12.0, "$12.00"), (3.3e-5, "$0.000033"), (0.0999, "$0.10"), (0.0, "$0"),
        (0.996, "$1.0"), (1234.5, "$1,234.50"), (0.01, "$0.010"),
    ],
)  # fmt: skip
def test_small_prices_keep_their_first_digits_and_are_never_powers_of_ten(amount: float, shown: str) -> None:
    assert dollars(amount) == shown


def test_numbers_and_lists_are_written_as_people_do() -> None:
    assert [percent(rate) for rate in (0, 0.01, 0.6, 98.4, 99.7, 99.99, 100)] == [
        "0%",
        "0.1%",
        "1%",
        "98%",
        "99.7%",
        "99.9%",
        "100%",
    ]
    assert [chance(one) for one in (0.0, 0.004, 0.5, 0.999, 1.0)] == ["<1%", "<1%", "50%", ">99%", ">99%"]
    assert (times(1.24), times(9.96), times(496.8)) == ("1.2x", "10.0x", "497x")
    assert (counted(1, "call"), counted(2_000, "call")) == ("1 call", "2,000 calls")
    assert [listed(list("abc"[:size])) for size in range(4)] == ["", "a", "a and b", "a, b, and c"]
