"""What a recommendation says of the calls it comes from: which models are left out and why, how old the calls are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.recommend.traffic import CODING, calls
from tests.world import NOW

from augury.core.calls import NOT_EVIDENCE, ErrorType
from augury.core.scores import ENOUGH_CALLS
from augury.core.tasks import Complexity, Priority
from augury.recommend.catalogue import Catalogue
from augury.recommend.context import TaskContext
from augury.recommend.history import remember
from augury.recommend.recommender import ModelRecommender

if TYPE_CHECKING:
    from tests.recommend.traffic import Learn

    from augury.store.protocol import Store

OLD = (300, 320)  # days ago
RETIRED = [name for name, day in Catalogue.bundled().retirements.items() if day <= NOW.date()]


def said(recommender: ModelRecommender, priority: str = "quality", context: TaskContext = CODING) -> str:
    return recommender.get_model_recommendation(context, priority).reason


# Who is left out, and why.


def test_a_retired_model_is_named_beside_the_only_candidate(learn: Learn) -> None:
    reason = said(learn(calls("claude-3-opus", 300), calls("gpt-6-luna", 60, failed=12)))

    assert reason.startswith("the only candidate for coding: 80% of 60 calls succeeded")
    assert "nothing to compare it with; Claude Opus 3 is left out: retired on 2026-01-05" in reason


def test_many_retired_models_are_counted(learn: Learn) -> None:
    reason = said(learn(*(calls(name, 10) for name in RETIRED[:4]), calls("gpt-6-luna", 60)))

    assert "4 models are left out: retired" in reason


def test_retired_models_among_the_allowed_are_counted_beside_the_others(learn: Learn) -> None:
    recommender = learn(calls("gpt-6-luna", 60), calls("claude-opus-5-5", 60))
    context = TaskContext(task_type="coding", allowed_models=[*RETIRED[:3], "gpt-6-luna", "claude-opus-5-5"])

    assert "3 of 5 allowed models are retired and left out" in said(recommender, context=context)


def test_failing_and_forbidden_models_and_those_of_few_calls_are_named_too(learn: Learn) -> None:
    recommender = learn(
        calls("gpt-6-luna", 60),
        calls("gpt-6-sol", 300, failed=300),
        calls("claude-opus-5-5", 3),
        calls("o3", 50),
        calls("o4", 50),
    )
    allowed = TaskContext(task_type="coding", allowed_models=["gpt-6-luna", "gpt-6-sol", "claude-opus-5-5"])
    reason = said(recommender, context=allowed)

    assert "GPT-6 Sol is left out: 0% of its 300 calls succeeded" in reason
    assert "Claude Opus 5.5 has fewer than 5 calls that count" in reason
    assert "2 other models are not allowed" in reason
    assert "enough calls to judge" not in reason


def test_a_model_that_does_not_fit_is_named_with_what_it_lacks(learn: Learn) -> None:
    recommender = learn(calls("claude-haiku-4-5", 60), calls("claude-sonnet-5", 60))
    long = TaskContext(task_type="coding", attachments=[{"mediaType": "text/plain", "size": 1_400_000}])

    assert "Claude Haiku 4.5 is left out: it takes 200k tokens of input" in said(recommender, context=long)


def test_by_rules_it_says_what_was_left_out_and_why(learn: Learn) -> None:
    reason = said(learn(calls("claude-3-opus", 300)))

    assert reason.startswith(
        "no model with enough data on coding can be chosen: Claude Opus 3 (retired on 2026-01-05); by rules: "
    )


def test_where_the_allowed_models_have_no_calls_it_does_not_say_that_nobody_has(learn: Learn) -> None:
    context = TaskContext(task_type="coding", allowed_models=["gpt-6-sol"])

    assert said(learn(calls("gpt-6-luna", 60)), context=context).startswith(
        "no calls on coding by the allowed models yet; by rules: "
    )


def test_two_questions_that_leave_the_same_candidate_get_reasons_of_their_own(learn: Learn) -> None:
    recommender = learn(calls("gpt-6-luna", 60), calls("claude-3-opus", 60))
    alone = TaskContext(task_type="coding", allowed_models=["gpt-6-luna"])

    assert "Claude Opus 3 is left out" in said(recommender)
    assert "1 other model is not allowed" in said(recommender, context=alone)
    assert "Claude Opus 3 is left out" in said(recommender)


# None does well.


@pytest.mark.parametrize("priority", list(Priority))
def test_one_success_in_a_hundred_is_no_recommendation(learn: Learn, priority: Priority) -> None:
    recommender = learn(calls("gpt-6-luna", 100, failed=99), calls("gpt-6-sol", 100, failed=100))
    answer = recommender.get_model_recommendation(CODING, priority)

    assert answer.source == "rules"
    assert answer.model not in {"gpt-6-luna", "gpt-6-sol"}
    assert answer.reason.startswith(
        "none does well on coding here: GPT-6 Luna (1% of its 100 calls succeeded) and "
        "GPT-6 Sol (0% of its 100 calls succeeded); by rules: "
    )


def test_a_third_of_successes_on_hard_tasks_is_one(learn: Learn) -> None:
    answer = learn(calls("a", 100, failed=67), calls("b", 100, failed=80)).get_model_recommendation(CODING, "quality")

    assert (answer.model, answer.source) == ("a", "data")


def test_a_model_that_has_come_to_fail_is_not_recommended_for_its_past(learn: Learn) -> None:
    recommender = learn(calls("a", 300, days=(60, 89)), calls("a", 300, failed=300, days=(0, 10)))
    answer = recommender.get_model_recommendation(CODING, "quality")

    assert answer.source == "rules"
    assert answer.reason.startswith("none does well on coding here: a (")


def test_where_only_what_fails_may_be_chosen_it_says_that_no_other_may(learn: Learn) -> None:
    context = TaskContext(task_type="coding", allowed_models=["gpt-6-sol"])
    answer = learn(calls("gpt-6-sol", 100, failed=100)).get_model_recommendation(context)

    assert answer.model == "gpt-6-sol"
    assert answer.reason.endswith("no other may be chosen")


# How old the calls are, and whose.


def test_old_calls_on_a_task_type_are_used_where_there_are_none_lately(learn: Learn) -> None:
    recommender = learn(calls("gpt-6-luna", 505, days=OLD), calls("gpt-6-luna", 5, task_type="creative"))
    answer = recommender.get_model_recommendation(CODING, "quality")
    last = (NOW - timedelta(days=300, hours=5)).date()

    assert (answer.model, answer.source) == ("gpt-6-luna", "data")
    assert answer.reason.endswith(f"from 505 calls, the last on {last}: the last 90 days have none")
    assert "90 days" not in said(recommender, context=TaskContext(task_type="creative"))


def test_old_calls_are_used_where_the_latest_are_too_few(learn: Learn) -> None:
    recommender = learn(
        calls("gpt-6-luna", 505, days=OLD),
        calls("gpt-6-sol", 50, failed=40, days=OLD),
        calls("gpt-6-luna", 1, failed=1),
    )
    answer = recommender.get_model_recommendation(CODING, "quality")

    assert (answer.model, answer.source) == ("gpt-6-luna", "data")
    assert "from 555 calls, the last on 2025-06-0" in answer.reason
    assert answer.reason.endswith(": the last 90 days have only 1")


def test_where_neither_old_nor_recent_calls_are_enough_alone_all_of_them_count(learn: Learn) -> None:
    answer = learn(calls("gpt-6-luna", 4, days=OLD), calls("gpt-6-luna", 3)).get_model_recommendation(CODING)

    assert answer.source == "data"
    assert answer.reason.endswith("from 7 calls, 3 of them in the last 90 days")


def test_old_calls_are_not_used_where_the_latest_are_enough(learn: Learn) -> None:
    answer = learn(calls("gpt-6-luna", 505, days=OLD), calls("gpt-6-sol", 5)).get_model_recommendation(CODING)

    assert answer.model == "gpt-6-sol"
    assert "90 days" not in answer.reason


def test_old_calls_that_are_too_few_are_told_as_such(learn: Learn) -> None:
    assert said(learn(calls("gpt-6-luna", 3, days=OLD))).startswith(
        "not enough data on coding yet: 3 of 5 calls that say something about their model, none of them in the last 90 days; by rules"
    )


@pytest.mark.parametrize("error", sorted(NOT_EVIDENCE))
def test_where_all_calls_failed_through_no_fault_of_the_model_they_are_counted(learn: Learn, error: ErrorType) -> None:
    recommender = learn(calls("gpt-6-luna", 50, failed=50, failure={"error_type": error}), calls("o4", 3))

    assert said(recommender).startswith(
        "not enough data on coding yet: 3 of 5 calls that say something about their model "
        "(50 more failed through no fault of it); by rules"
    )


@pytest.mark.parametrize("priority", list(Priority))
def test_a_model_of_simple_tasks_only_is_not_chosen_for_complex_ones_without_a_word(
    learn: Learn, priority: Priority
) -> None:
    recommender = learn(
        calls("proven", 200, failed=54, task_complexity=Complexity.COMPLEX),
        calls("untried", 250, failed=30, task_complexity=Complexity.SIMPLE),
    )
    chosen = recommender.get_model_recommendation(TaskContext(task_type="coding", complexity="complex"), priority)

    assert chosen.model == "proven" or "it has hardly been seen on complex tasks" in chosen.reason
    assert "are not known to have been tried on tasks of the same complexity" in said(recommender, priority)


@pytest.mark.parametrize("days", [(0, 20), OLD])
def test_calls_of_unknown_models_are_told_as_such(learn: Learn, days: tuple[int, int]) -> None:
    recommender = learn(calls("unknown", 500, days=days))

    assert said(recommender).startswith("500 calls on coding, all of unknown models; by rules: ")
    assert said(recommender, context=TaskContext(task_type="creative")).startswith("no calls on creative tasks yet; by")


# What raw figures hide.


def test_the_figures_that_decide_are_told_where_raw_ones_say_the_opposite(learn: Learn) -> None:
    harder = learn(
        calls("brave", 40, task_complexity=Complexity.SIMPLE),
        calls("brave", 360, failed=90, task_complexity=Complexity.COMPLEX),
        calls("lazy", 360, failed=36, task_complexity=Complexity.SIMPLE),
        calls("lazy", 40, failed=20, task_complexity=Complexity.COMPLEX),
    )
    slump = learn(
        calls("slumped", 700, failed=7, days=(7, 89)),
        calls("slumped", 60, failed=30, days=(0, 7)),
        calls("steady", 760, failed=60, days=(0, 89)),
    )

    assert "; at the same mix of complexities 8" in said(harder)
    assert "for lazy; " in said(harder)
    assert "brave is" not in said(harder)
    assert "highest success for complex coding" in said(
        harder, context=TaskContext(task_type="coding", complexity="complex")
    )
    assert "; lately 9" in said(slump)
    assert "for slumped; " in said(slump)


@pytest.mark.parametrize("error", sorted(NOT_EVIDENCE))
def test_failures_that_no_model_is_to_blame_for_are_told_apart(learn: Learn, error: ErrorType) -> None:
    reason = said(
        learn(
            calls("a", 50, failed=2),
            calls("a", 100, failed=100, failure={"error_type": error}),
            calls("b", 100, failed=17),
        )
    )

    assert "96% of the 50 calls that count succeeded (100 failed through no fault of the model)" in reason
    assert "against 83% of 100 for b" in reason


def test_a_question_asked_before_is_worked_out_beforehand(learn: Learn, store: Store) -> None:
    asked = learn(calls("a", 50), calls("b", 50))
    complex_coding = TaskContext(task_type="coding", complexity="complex")
    asked.get_model_recommendation(complex_coding, "speed")
    store.append([*calls("a", 60), *calls("b", 40, failed=20)])
    evidence, background = remember(store, now=NOW, enough=ENOUGH_CALLS)  # once: read again, last digits may differ
    warm, cold = (ModelRecommender(evidence, today=NOW.date(), background=background) for _ in range(2))
    warm.warm(asked)

    assert warm.get_model_recommendation(complex_coding, "speed") == cold.get_model_recommendation(
        complex_coding, "speed"
    )
