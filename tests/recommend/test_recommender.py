"""From calls to a decision: what must never fool it, whom it may choose, and what it says of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

import pytest
from tests.recommend.traffic import CODING, UNPRICED, calls, rated
from tests.world import NOW, a_call

from augury.core import scores
from augury.core.calls import NOT_EVIDENCE, ErrorType
from augury.core.tasks import Complexity, Priority, TaskType
from augury.errors import InvalidValue
from augury.recommend.catalogue import Catalogue
from augury.recommend.context import TaskContext
from augury.recommend.evidence import gather
from augury.recommend.recommender import ModelRecommender
from augury.recommend.selector import ModelSelector

if TYPE_CHECKING:
    from tests.recommend.traffic import Learn

    from augury.analytics.answers import Metrics, Recommendation
    from augury.core.calls import ModelCall
    from augury.store.protocol import Store


def best(recommender: ModelRecommender, priority: str, context: TaskContext = CODING) -> str:
    return recommender.get_model_recommendation(context, priority).model


def measured(answer: Recommendation) -> Metrics:
    assert answer.metrics is not None
    return answer.metrics


# It is not fooled.


@pytest.mark.parametrize(
    ("priority", "failed"),
    [(priority, failed) for priority in Priority for failed in (15, 50)],
)
def test_five_lucky_calls_do_not_beat_five_hundred_good_ones(learn: Learn, priority: Priority, failed: int) -> None:
    assert best(learn(calls("good", 500, failed=failed), calls("lucky", 5)), priority) == "good"


def test_five_lucky_thumbs_do_not_beat_five_hundred_calls_that_are_liked(learn: Learn) -> None:
    recommender = learn(rated("good", 500, up=230, down=20, failed=25), calls("lucky", 5, user_rating=1))

    assert best(recommender, "quality") == "good"


@pytest.mark.parametrize("priority", ["quality", "balanced", "speed", "cost"])
def test_a_model_that_is_given_the_harder_tasks_is_not_blamed_for_them(learn: Learn, priority: str) -> None:
    recommender = learn(
        calls("brave", 40, task_complexity=Complexity.SIMPLE),
        calls("brave", 360, failed=90, task_complexity=Complexity.COMPLEX, response_time_ms=4_000),
        calls("lazy", 360, failed=36, task_complexity=Complexity.SIMPLE, response_time_ms=1_300),
        calls("lazy", 40, failed=20, task_complexity=Complexity.COMPLEX, response_time_ms=4_400),
    )
    answer = recommender.get_model_recommendation(CODING, priority)

    assert answer.model == "brave"
    (lazy,) = answer.alternatives
    assert lazy.metrics is not None
    assert lazy.metrics.success_rate > measured(answer).success_rate  # the raw figures say the opposite


def test_each_complexity_has_a_best_model_of_its_own(learn: Learn) -> None:
    recommender = learn(
        calls("light", 200, failed=2, task_complexity=Complexity.SIMPLE),
        calls("light", 200, failed=100, task_complexity=Complexity.COMPLEX),
        calls("heavy", 200, failed=30, task_complexity=Complexity.SIMPLE),
        calls("heavy", 200, failed=20, task_complexity=Complexity.COMPLEX),
    )

    assert best(recommender, "quality", TaskContext(task_type="coding", complexity="simple")) == "light"
    assert best(recommender, "quality", TaskContext(task_type="coding", complexity="complex")) == "heavy"


@pytest.mark.parametrize("priority", ["quality", "balanced"])
def test_a_slump_last_week_is_not_hidden_by_a_good_quarter(learn: Learn, priority: str) -> None:
    recommender = learn(
        calls("slumped", 700, failed=7, days=(7, 89)),
        calls("slumped", 60, failed=30, days=(0, 7)),
        calls("steady", 760, failed=60, days=(0, 89)),
    )
    answer = recommender.get_model_recommendation(CODING, priority)

    assert answer.model == "steady"
    slumped = answer.alternatives[0].metrics
    assert slumped is not None
    assert slumped.success_rate > measured(answer).success_rate


def test_a_model_that_fails_fast_is_not_fast(learn: Learn) -> None:
    recommender = learn(
        calls("sound", 500, failed=25, response_time_ms=1_000),
        calls("hasty", 500, failed=450, response_time_ms=1_000, failure={"response_time_ms": 50}),
    )

    assert best(recommender, "speed") == "sound"
    assert best(recommender, "balanced") == "sound"


def test_ten_calls_of_which_nine_failed_fast_are_not_fast(learn: Learn) -> None:
    recommender = learn(
        calls("sound", 500, failed=25, response_time_ms=1_000),
        calls("hasty", 10, failed=9, response_time_ms=1_000, failure={"response_time_ms": 50}),
    )

    assert best(recommender, "speed") == "sound"


def test_half_the_success_in_nearly_the_same_time_is_not_fast(learn: Learn) -> None:
    recommender = learn(
        calls("sound", 500, failed=5, response_time_ms=1_100),
        calls("hasty", 500, failed=250, response_time_ms=1_000, failure={"response_time_ms": 10}),
    )

    assert best(recommender, "speed") == "sound"


@pytest.mark.parametrize("priority", [pytest.param("quality"), "balanced"])
def test_unrated_is_not_disliked_where_it_succeeds_more_often(learn: Learn, priority: str) -> None:
    recommender = learn(rated("rated", 300, up=60, down=40, failed=30), calls("unrated", 300, failed=3))

    assert best(recommender, priority) == "unrated"


@pytest.mark.parametrize(("up", "down"), [(60, 40), (20, 80)])
def test_unrated_is_not_worse_than_disliked(learn: Learn, up: int, down: int) -> None:
    recommender = learn(rated("disliked", 300, up=up, down=down, failed=15), calls("unrated", 300, failed=15))

    assert best(recommender, "quality") == "unrated"


def test_ratings_decide_between_models_that_succeed_alike(learn: Learn) -> None:
    recommender = learn(rated("liked", 300, up=90, down=10, failed=15), rated("other", 300, up=50, down=50, failed=15))

    assert best(recommender, "quality") == "liked"


@pytest.mark.parametrize("error", NOT_EVIDENCE)
def test_the_callers_own_mistakes_are_not_held_against_the_model(learn: Learn, error: ErrorType) -> None:
    recommender = learn(
        calls("blameless", 200, failed=2),
        calls("blameless", 200, failed=200, failure={"error_type": error, "response_time_ms": 20_000}),
        calls("other", 400, failed=60),
    )
    answer = recommender.get_model_recommendation(CODING, "quality")

    assert answer.model == "blameless"
    assert measured(answer).success_rate == pytest.approx(49.5)  # they count as calls, and in the raw rate
    assert measured(answer).estimated_success_rate > 95
    assert best(recommender, "speed") == "blameless"


@pytest.mark.parametrize("error", NOT_EVIDENCE)
def test_where_every_failure_was_the_callers_own_there_is_no_evidence(learn: Learn, error: ErrorType) -> None:
    answer = learn(calls("gpt-4o", 50, failed=50, failure={"error_type": error})).get_model_recommendation(CODING)

    assert (answer.source, answer.metrics, answer.probability_best) == ("rules", None, None)


def test_speed_and_cost_choose_the_fastest_and_the_cheapest(learn: Learn) -> None:
    price = a_call().cost_usd
    assert price is not None
    recommender = learn(
        calls("fast", 100, failed=4, response_time_ms=500, cost_usd=4 * price),
        calls("cheap", 100, failed=4, response_time_ms=2_000, cost_usd=price),
    )

    assert best(recommender, "speed") == "fast"
    assert best(recommender, "cost") == "cheap"


def test_cost_counts_tokens_where_no_price_is_known(learn: Learn) -> None:
    recommender = learn(
        calls("wordy", 200, failed=5, tokens_used=5_000, response_time_ms=900, **UNPRICED),
        calls("terse", 200, failed=5, tokens_used=500, response_time_ms=1_100, **UNPRICED),
    )

    assert best(recommender, "cost") == "terse"


def test_a_free_model_is_the_cheapest(learn: Learn) -> None:
    recommender = learn(calls("paid", 200, failed=5), calls("free", 200, failed=5, cost_usd=Decimal(0)))

    assert best(recommender, "cost") == "free"


# Whom it may choose.


def test_a_single_model_is_recommended_without_alternatives(learn: Learn) -> None:
    answer = learn(calls("only", 20, failed=1)).get_model_recommendation(CODING)

    assert (answer.model, answer.source, answer.probability_best, answer.alternatives) == ("only", "data", 1.0, [])


def test_four_calls_are_not_enough_and_the_reason_says_so(learn: Learn) -> None:
    answer = learn(calls("gpt-4o", 4), calls("only-tried", 3)).get_model_recommendation(CODING, "quality")

    assert (answer.source, answer.confidence, answer.metrics) == ("rules", 0.0, None)
    assert "4 of 5" in answer.reason


def test_the_fifth_call_is_enough(learn: Learn) -> None:
    assert learn(calls("gpt-4o", 5)).get_model_recommendation(CODING).source == "data"


def test_how_many_calls_are_enough_may_be_set(learn: Learn, store: Store) -> None:
    store.append(calls("gpt-4o", 19))
    recommender = ModelRecommender(gather(store, now=NOW), enough=20, today=NOW.date())

    assert "19 of 20" in recommender.get_model_recommendation(CODING).reason
    assert learn(calls("gpt-4o", 19)).get_model_recommendation(CODING).source == "data"


@pytest.mark.parametrize("priority", list(Priority))
@pytest.mark.parametrize("task_type", list(TaskType))
def test_without_any_calls_the_rules_decide(store: Store, task_type: TaskType, priority: Priority) -> None:
    context = TaskContext(task_type=task_type, complexity="complex")
    answer = ModelRecommender.from_store(store, now=NOW).get_model_recommendation(context, priority)
    selection = ModelSelector.select_model(context, priority, on=NOW.date())

    assert (answer.model, answer.provider) == (selection.model, selection.provider)
    assert answer.reason.endswith(selection.reason)
    assert answer.reason.startswith("no calls on ")
    assert (answer.source, answer.confidence, answer.probability_best) == ("rules", 0.0, None)
    assert (answer.task_type, answer.complexity, answer.priority) == (task_type, "complex", priority)
    assert [other.model for other in answer.alternatives] == list(selection.alternatives)


def test_calls_on_another_task_type_are_no_evidence(learn: Learn) -> None:
    assert learn(calls("gpt-4o", 50)).get_model_recommendation(TaskContext(task_type="creative")).source == "rules"


def test_a_retired_model_is_never_recommended(learn: Learn) -> None:
    retired = [name for name, day in Catalogue.bundled().retirements.items() if day <= NOW.date()][:3]
    recommender = learn(*(calls(name, 50) for name in retired), calls("current", 50, failed=25))
    answer = recommender.get_model_recommendation(CODING, "quality")

    assert retired
    assert (answer.model, answer.alternatives) == ("current", [])
    assert learn(*(calls(name, 50) for name in retired)).get_model_recommendation(CODING).model not in retired


def test_a_model_retires_on_its_day_and_not_before(learn: Learn, store: Store) -> None:
    catalogue = Catalogue.bundled()
    day = catalogue.retirements["gpt-4o"]
    store.append(calls("gpt-4o", 50))
    evidence = gather(store, now=NOW)

    for today, source in ((day - timedelta(days=1), "data"), (day, "rules")):
        assert ModelRecommender(evidence, today=today).get_model_recommendation(CODING).source == source
    assert best(learn(calls("gpt-4o", 50)), "quality") == "gpt-4o"


@pytest.mark.parametrize(
    "spelling", ["claude-haiku-4-5", "claude-haiku-4-5-20251001", "anthropic/claude-haiku-4-5", "us.anthropic.claude-haiku-4-5-20251001-v1:0"]
)  # fmt: skip
def test_only_an_allowed_model_is_recommended_however_it_is_spelled(learn: Learn, spelling: str) -> None:
    recommender = learn(calls("gpt-4o", 100), calls("claude-haiku-4-5", 100, failed=50))
    context = TaskContext(task_type="coding", allowed_models=[spelling])

    for priority in Priority:
        answer = recommender.get_model_recommendation(context, priority)
        assert (answer.model, answer.source, answer.alternatives) == ("claude-haiku-4-5", "data", [])


def test_an_allowed_model_without_data_is_chosen_by_rules(learn: Learn) -> None:
    context = TaskContext(task_type="coding", allowed_models=["claude-haiku-4-5"])
    answer = learn(calls("gpt-4o", 100)).get_model_recommendation(context)

    assert (answer.model, answer.source) == ("claude-haiku-4-5", "rules")


def test_an_allowed_model_with_four_calls_is_said_to_have_too_few(learn: Learn) -> None:
    context = TaskContext(task_type="coding", allowed_models=["claude-haiku-4-5"])
    answer = learn(calls("gpt-4o", 100), calls("claude-haiku-4-5", 4)).get_model_recommendation(context)

    assert "4 of 5" in answer.reason


def test_where_all_allowed_models_are_retired_it_is_refused(learn: Learn) -> None:
    context = TaskContext(task_type="coding", allowed_models=["claude-2.1"])

    with pytest.raises(InvalidValue, match="allowedModels"):
        learn(calls("gpt-4o", 50)).get_model_recommendation(context)


@pytest.mark.parametrize(
    ("lacks", "context"),
    [
        ("tools = false", TaskContext(task_type="coding", tools=["search"])),
        ("images = false", TaskContext(task_type="coding", attachments=["photo.png"])),
        ("input = 1000", TaskContext(task_type="coding", message_content="word " * 2_000)),
    ],
)
def test_an_unfit_model_is_never_recommended(learn: Learn, lacks: str, context: TaskContext) -> None:
    entry = "released = 2025-01-01, input = 900_000, output = 8_000, usd = [1, 2], speed = 3, quality = 3, cost = 3"
    name, _, value = lacks.partition(" = ")
    unfit = entry.replace("input = 900_000", f"input = {value}") if name == "input" else f"{entry}, {lacks}"
    rules = "\n".join(
        f"[rules.{task}]\n" + "\n".join(f'{priority} = ["all", "all", "all"]' for priority in Priority)
        for task in TaskType
    )
    catalogue = Catalogue.from_toml(
        f"as_of = 2026-01-01\n[models.made_up]\nunfit = {{ {unfit} }}\nfit = {{ {entry} }}\n[retires]\n"
        f'[lists.all]\nsays = "a model"\nmodels = ["unfit", "fit"]\n{rules}'
    )
    recommender = learn(calls("unfit", 100), calls("fit", 100, failed=50), catalogue=catalogue)
    answer = recommender.get_model_recommendation(context, "quality")

    assert best(recommender, "quality") == "unfit"  # it is the better one where it fits
    assert (answer.model, answer.source, answer.alternatives) == ("fit", "data", [])


def test_an_unknown_model_is_never_recommended(learn: Learn) -> None:
    assert best(learn(calls("unknown", 100), calls("known", 20, failed=10)), "quality") == "known"
    assert learn(calls("unknown", 100)).get_model_recommendation(CODING).source == "rules"


@pytest.mark.parametrize("priority", list(Priority))
def test_a_model_without_a_single_success_is_never_recommended_from_data(learn: Learn, priority: Priority) -> None:
    hopeless = calls("hopeless", 100, failed=100, response_time_ms=1)
    answer = learn(hopeless, calls("poor", 20, failed=15)).get_model_recommendation(CODING, priority)

    assert (answer.model, answer.alternatives) == ("poor", [])
    assert learn(hopeless).get_model_recommendation(CODING, priority).source == "rules"


def test_the_rules_do_not_choose_what_never_succeeded_here(learn: Learn, store: Store) -> None:
    chosen = ModelRecommender.from_store(store, now=NOW).get_model_recommendation(CODING, "quality").model

    assert best(learn(calls(chosen, 100, failed=100)), "quality") != chosen


# What it says.


def test_metrics_are_the_raw_figures_by_the_contracts_formulas(learn: Learn) -> None:
    group = [
        *calls("a", 40, response_time_ms=1_000, user_rating=1),
        *calls("a", 10, failed=4, response_time_ms=3_000, user_rating=-1),
        *calls("a", 30, failed=6, response_time_ms=500, days=(60, 80)),
        *calls("a", 20, failed=20, response_time_ms=0, failure={"error_type": ErrorType.CANCELLED}),
    ]
    answer = learn(group).get_model_recommendation(CODING, "quality")
    metrics = measured(answer)
    average = (40 * 1_000 + 10 * 3_000 + 30 * 500) / 100

    assert metrics.sample_size == 100
    assert metrics.rated == 50
    assert metrics.avg_response_time == pytest.approx(average)
    assert metrics.success_rate == pytest.approx(70.0)
    assert metrics.satisfaction_rate == pytest.approx(80.0)
    assert metrics.quality_score == pytest.approx(0.4 * 70 + 0.4 * 80 + 0.2 * (100 - average / 100))
    assert answer.confidence == pytest.approx(scores.confidence(100, 70, 40, 10))


def test_with_nothing_rated_success_and_speed_keep_their_proportion_and_the_reason_says_so(learn: Learn) -> None:
    answer = learn(calls("a", 100, failed=10, response_time_ms=2_000)).get_model_recommendation(CODING, "quality")
    metrics = measured(answer)

    assert (metrics.satisfaction_rate, metrics.estimated_satisfaction_rate, metrics.rated) == (None, None, 0)
    assert metrics.quality_score == pytest.approx(90 * 2 / 3 + 80 / 3)
    assert answer.confidence == pytest.approx(scores.confidence(100, 90, 0, 0))
    assert "nothing rated" in answer.reason


def test_alternatives_come_in_order_with_evidence_of_their_own(learn: Learn) -> None:
    recommender = learn(
        *(calls(f"m{failed:02}", 100, failed=failed, provider=f"p{failed}") for failed in range(0, 80, 10))
    )
    answer = recommender.get_model_recommendation(CODING, "quality")

    assert answer.model == "m00"
    assert [other.model for other in answer.alternatives] == ["m10", "m20", "m30", "m40", "m50"]
    for other, failed in zip(answer.alternatives, range(10, 60, 10), strict=True):
        assert other.metrics is not None
        assert other.metrics.success_rate == 100 - failed
        assert other.provider == f"p{failed}"
        assert other.confidence == pytest.approx(scores.confidence(100, 100 - failed, 0, 0))
    told = [answer.probability_best, *(other.probability_best for other in answer.alternatives)]
    assert 0.99 < sum(value for value in told if value is not None) <= 1.0 + 1e-9


def test_source_task_type_complexity_and_priority_are_told(learn: Learn) -> None:
    recommender = learn(calls("a", 50), calls("b", 50, task_complexity=None))
    asked = recommender.get_model_recommendation(TaskContext(task_type="coding", complexity="simple"), "speed")
    plain = recommender.get_model_recommendation(CODING)

    assert (asked.source, asked.task_type, asked.complexity, asked.priority) == ("data", "coding", "simple", "speed")
    assert (plain.complexity, plain.priority) == (None, "balanced")


def test_an_explicit_priority_beats_the_contexts_preference_and_that_beats_the_balance(learn: Learn) -> None:
    recommender = learn(calls("a", 50))
    context = TaskContext(task_type="coding", user_preference="cost")

    assert recommender.get_model_recommendation(context, "speed").priority == "speed"
    assert recommender.get_model_recommendation(context).priority == "cost"
    assert recommender.get_model_recommendation(None).priority == "balanced"


def test_a_priority_that_is_none_is_refused(learn: Learn) -> None:
    with pytest.raises(InvalidValue, match="priority"):
        learn().get_model_recommendation(CODING, "best")


@pytest.mark.parametrize("failed", [3, 147])
def test_the_call_of_the_seed_document_answers_in_full_by_data_or_by_rules(learn: Learn, failed: int) -> None:
    group = calls("claude-sonnet-4-5", 147, failed=failed, provider="anthropic", response_time_ms=2_341, user_rating=1)
    answer = learn(group).get_model_recommendation(
        TaskContext(message_content="Refactor this function to be async", has_code_content=True, user_preference="quality"), "quality"
    )  # fmt: skip

    assert answer.task_type == "coding"
    assert isinstance(answer.reason, str)
    assert 0 <= answer.confidence <= 100
    assert isinstance(answer.alternatives, list)
    if failed == 3:
        metrics = measured(answer)
        assert (answer.model, answer.provider, answer.source) == ("claude-sonnet-4-5", "anthropic", "data")
        assert answer.confidence > 80
        assert (metrics.avg_response_time, round(metrics.success_rate), metrics.sample_size) == (2_341.0, 98, 147)
        assert metrics.satisfaction_rate == 100.0
        assert round(metrics.quality_score) == round(0.4 * 100 * 144 / 147 + 0.4 * 100 + 0.2 * (100 - 23.41))
    else:
        assert answer.source == "rules"


# The same evidence gives the same answer.


def mixed_world() -> list[ModelCall]:
    return [
        call
        for number, level in enumerate((*Complexity, None))
        for model, failed in (("a", 3), ("b", 9), ("c", 5))
        for call in calls(model, 20 + 7 * number, failed=failed, task_complexity=level, days=(number, 30 + 9 * number))
    ]


def same(left: Recommendation, right: Recommendation) -> bool:
    """Equal to the last digit that the order of adding up leaves."""
    numbers = [
        (one.probability_best or 0.0, one.confidence, measured(one).estimated_success_rate) for one in (left, right)
    ]
    return (left.model, [other.model for other in left.alternatives]) == (
        right.model,
        [other.model for other in right.alternatives],
    ) and numbers[0] == pytest.approx(numbers[1], abs=1e-3)


@pytest.mark.parametrize("priority", list(Priority))
def test_neither_the_order_of_calls_nor_of_questions_matters(learn: Learn, priority: Priority) -> None:
    world = mixed_world()
    shuffled = list(world)
    Random(5).shuffle(shuffled)  # noqa: S311 - a seed, not a secret
    first, second = learn(world), learn(shuffled)
    for other in Priority:
        second.get_model_recommendation(TaskContext(task_type="coding", complexity="complex"), other)

    assert same(first.get_model_recommendation(CODING, priority), second.get_model_recommendation(CODING, priority))


def questions() -> list[TaskContext]:
    def read(size: int) -> TaskContext:
        return TaskContext(task_type="coding", attachments=[{"mediaType": "text/plain", "size": size}])

    return [
        CODING,
        TaskContext(task_type="coding", complexity="complex"),
        TaskContext(task_type="coding", tools=["search"]),
        TaskContext(task_type="coding", allowed_models=["b", "a"]),
        TaskContext(task_type="coding", allowed_models=["c"]),
        TaskContext(message_content="def f(): pass"),
        TaskContext(task_type="creative"),
        read(10_000),
    ]


def test_remembered_answers_equal_fresh_ones(store: Store) -> None:
    store.append(mixed_world())
    evidence = gather(store, now=NOW)
    used = ModelRecommender(evidence, today=NOW.date())
    for _ in range(2):
        for context in questions():
            for priority in Priority:
                fresh = ModelRecommender(evidence, today=NOW.date()).get_model_recommendation(context, priority)
                assert used.get_model_recommendation(context, priority) == fresh


def test_a_remembered_answer_does_not_let_in_a_request_that_is_just_too_long(learn: Learn) -> None:
    recommender = learn(calls("claude-sonnet-4-5", 100))

    def answer(size: int) -> Recommendation:
        context = TaskContext(task_type="coding", attachments=[{"mediaType": "text/plain", "size": size}])
        return recommender.get_model_recommendation(context)

    assert answer(700_000).model == "claude-sonnet-4-5"  # 200,000 tokens
    assert answer(700_004).model != "claude-sonnet-4-5"  # 200,002


@pytest.mark.parametrize(
    ("before", "then"),
    [(["my-a", "my-b"], ["my-b", "my-a"]), (["bedrock/anthropic.claude-opus-4-6"], ["claude-opus-4-6"])],
)
def test_a_remembered_answer_is_to_the_same_list_of_models(learn: Learn, before: list[str], then: list[str]) -> None:
    used, fresh = learn(), learn()
    used.get_model_recommendation(TaskContext(task_type="coding", allowed_models=before))
    context = TaskContext(task_type="coding", allowed_models=then)

    assert used.get_model_recommendation(context) == fresh.get_model_recommendation(context)
