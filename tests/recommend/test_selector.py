from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.core.tasks import Complexity, Priority, TaskType
from augury.errors import InvalidValue
from augury.models import resolve
from augury.recommend.catalogue import Catalogue
from augury.recommend.context import TaskContext, need_of
from augury.recommend.selector import MOST_ALTERNATIVES, ModelSelector, Selection

CATALOGUE = Catalogue.bundled()
TODAY = CATALOGUE.as_of
WORDS_OF_300K_TOKENS = "word " * 200_000  # a million bytes are 286k tokens


def select(
    context: TaskContext, priority: str | None = None, *, on: date = TODAY, catalogue: Catalogue = CATALOGUE
) -> Selection:
    return ModelSelector.select_model(context, priority, on=on, catalogue=catalogue)


@pytest.mark.parametrize(("task_type", "priority", "complexity"), list(product(TaskType, Priority, Complexity)))
@pytest.mark.parametrize("on", [TODAY, date(2027, 6, 1), date(2030, 1, 1)])
def test_every_kind_of_task_gets_a_current_and_fitting_model(
    task_type: TaskType, priority: Priority, complexity: Complexity, on: date
) -> None:
    context = TaskContext(task_type=task_type, complexity=complexity, tools=["search"], attachments=["photo.png"])

    selection = select(context, priority, on=on)

    assert (selection.task_type, selection.priority, selection.complexity) == (task_type, priority, complexity)
    for model in (selection.model, *selection.alternatives):
        assert not CATALOGUE.is_retired(model, on)
        assert CATALOGUE.fits(model, need_of(context)) is None
    assert selection.provider == CATALOGUE.models[selection.model].provider
    assert selection.reason.startswith("by rules: ")
    assert len(selection.alternatives) == len({selection.model, *selection.alternatives}) - 1 == MOST_ALTERNATIVES


def test_complex_coding_gets_a_strong_model_and_simple_chat_a_fast_and_cheap_one() -> None:
    coding = select(TaskContext(task_type="coding", complexity="complex"))
    chat = select(TaskContext(task_type="general_chat", complexity="simple"))

    assert (coding.model, coding.reason) == ("claude-opus-5-5", "by rules: a strong model for complex coding")
    assert (chat.model, chat.reason) == ("claude-haiku-5-5", "by rules: a fast and cheap model for simple chat")


def test_a_call_needs_no_more_than_a_context() -> None:
    selection = ModelSelector.select_model(TaskContext(message_content="Hello!"))

    assert not CATALOGUE.is_retired(selection.model, datetime.now(UTC).date())


def test_an_explicit_priority_beats_the_preference_which_beats_balanced() -> None:
    wish = TaskContext(task_type="coding", complexity="complex", user_preference="speed")

    assert select(wish, "cost").priority is Priority.COST
    assert select(wish).priority is Priority.SPEED
    assert select(TaskContext()).priority is Priority.BALANCED


def test_an_unknown_priority_is_refused() -> None:
    with pytest.raises(InvalidValue, match="priority: expected one of speed, quality, cost, balanced"):
        select(TaskContext(), "cheapest")


def test_only_allowed_models_are_chosen_in_any_spelling() -> None:
    context = TaskContext(
        task_type="coding",
        complexity="complex",
        allowed_models=["openai/gpt-4o-2024-11-20", "claude-opus-5-5@20260922"],
    )

    selection = select(context)

    assert (selection.model, selection.provider, selection.alternatives) == (
        "claude-opus-5-5",
        "anthropic",
        ("gpt-4o",),
    )


def test_the_provider_is_the_one_that_the_allowed_name_tells() -> None:
    selection = select(TaskContext(allowed_models=["us.anthropic.claude-opus-5-5-v1:0"]))

    assert (selection.model, selection.provider) == ("claude-opus-5-5", "aws.bedrock")


def test_allowed_models_outside_the_list_are_ordered_by_what_matters_most() -> None:
    allowed = ["gpt-4o", "claude-opus-5", "gpt-5.4-mini"]

    def first(priority: str) -> str:
        return select(TaskContext(task_type="coding", complexity="complex", allowed_models=allowed), priority).model

    assert (first("speed"), first("quality"), first("cost"), first("balanced")) == (
        "gpt-5.4-mini", "claude-opus-5", "gpt-5.4-mini", "claude-opus-5",
    )  # fmt: skip


def test_a_reason_says_that_it_was_a_choice_among_the_allowed_and_that_the_model_ends_soon() -> None:
    selection = select(TaskContext(task_type="coding", complexity="complex", allowed_models=["gpt-4o"]))

    assert selection.reason == (
        "by rules: the best choice among the models allowed for complex coding; GPT-4o retires on 2027-01-14"
    )


def test_models_that_the_rules_do_not_know_are_chosen_only_where_nothing_known_fits() -> None:
    unknown = select(TaskContext(allowed_models=["our-model", "your-model"]))
    retired = select(TaskContext(allowed_models=["gpt-4", "our-model"]))
    known = select(TaskContext(allowed_models=["our-model", "gpt-4o"]))
    too_long = select(TaskContext(message_content=WORDS_OF_300K_TOKENS, allowed_models=["our-model", "gpt-4o"]))

    assert (unknown.model, unknown.provider, unknown.alternatives) == ("our-model", "unknown", ("your-model",))
    assert unknown.reason == "by rules: the rules know none of the allowed models; our-model is the first of the others"
    assert (retired.model, retired.alternatives) == ("our-model", ())
    assert "are retired" in retired.reason
    assert (known.model, known.alternatives) == ("gpt-4o", ("our-model",))
    assert too_long.model == "our-model"
    assert "none of the allowed models that the rules know fits" in too_long.reason


def test_a_retired_model_is_never_chosen_even_where_nothing_else_is_allowed() -> None:
    with pytest.raises(
        InvalidValue, match="allowedModels: expected a model that is not retired on 2026-11-23, got 'gpt-4, o1'"
    ):
        select(TaskContext(allowed_models=["gpt-4", "o1"]))


def test_a_model_is_chosen_until_the_day_it_retires() -> None:
    context = TaskContext(task_type="coding", allowed_models=["claude-sonnet-4-5", "gpt-4o-mini"])

    assert select(context, "quality", on=date(2026, 11, 29)).model == "claude-sonnet-4-5"
    assert select(context, "quality", on=date(2026, 11, 30)).model == "gpt-4o-mini"


def test_a_model_is_not_chosen_before_its_release() -> None:
    context = TaskContext(task_type="coding", complexity="complex")

    assert CATALOGUE.models[select(context, on=date(2026, 3, 10)).model].released <= date(2026, 3, 10)
    assert select(context, on=date(2020, 1, 1)).model == "claude-opus-5-5"  # nothing was there: as if all were


def test_a_long_request_gets_a_model_that_takes_it() -> None:
    context = TaskContext(
        message_content=WORDS_OF_300K_TOKENS,
        task_type="coding",
        allowed_models=["gpt-4o", "mistral-medium-3.5", "gpt-4.1"],
    )

    selection = select(context, "speed")

    assert (selection.model, selection.alternatives) == ("gpt-4.1", ())
    assert "GPT-4.1 takes 1M tokens of input" in selection.reason


def test_where_the_first_choice_does_not_fit_the_reason_says_why() -> None:
    models = dict(CATALOGUE.models)
    models["claude-opus-5-5"] = replace(models["claude-opus-5-5"], images=False)
    context = TaskContext(task_type="coding", complexity="complex", attachments=["image/png"])

    selection = select(context, catalogue=replace(CATALOGUE, models=models))

    assert selection.model == "gpt-6.1-sol"
    assert selection.reason == "by rules: a strong model for complex coding; Claude Opus 5.5 does not read images"


def test_tools_are_respected() -> None:
    models = {name: replace(model, tools=name == "grok-4.7") for name, model in CATALOGUE.models.items()}

    selection = select(TaskContext(tools=["search"]), "speed", catalogue=replace(CATALOGUE, models=models))

    assert (selection.model, selection.alternatives) == ("grok-4.7", ())
    assert "the best choice that fits for" in selection.reason


def test_where_nothing_fits_the_longest_input_is_taken_and_said_to_be_too_short() -> None:
    huge = [{"type": "text/csv", "size": 10_000_000}]

    selection = select(TaskContext(attachments=huge, task_type="analysis", complexity="complex"))

    assert selection.model == "gemini-4-argon"
    assert selection.alternatives == ()
    assert selection.reason == (
        "by rules: no model that may be chosen fits complex analysis; Gemini 4 Argon comes closest, "
        "but takes 1M tokens of input, and this is about 2.9M"
    )


def test_a_selection_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        select(TaskContext()).model = "gpt-4o"  # type: ignore[misc]


SPELLINGS = [
    *CATALOGUE.retirements,
    *CATALOGUE.models,
    "openai/gpt-4o-2024-11-20",
    "our-model",
    "ft:gpt-4:acme::1",
    "Ünbekannt/7b",
]
CONTEXTS = st.builds(
    TaskContext,
    message_content=st.none() | st.text(max_size=200) | st.just(WORDS_OF_300K_TOKENS),
    has_code_content=st.none() | st.booleans(),
    attachments=st.lists(
        st.sampled_from(["a.pdf", "image/png", "x"]) | st.builds(dict, size=st.integers(0)), max_size=3
    ),
    tools=st.lists(st.sampled_from(["search"]) | st.dictionaries(st.text(), st.text(), max_size=2), max_size=3),
    task_type=st.none() | st.sampled_from(TaskType),
    complexity=st.none() | st.sampled_from(Complexity),
    user_preference=st.none() | st.sampled_from(Priority),
    segment=st.none() | st.just("pro"),
    allowed_models=st.none() | st.lists(st.sampled_from(SPELLINGS), min_size=1, max_size=5),
)


@given(CONTEXTS, st.none() | st.sampled_from(Priority), st.dates())
def test_any_context_gets_an_allowed_or_a_known_model_that_is_not_retired(
    context: TaskContext, priority: Priority | None, on: date
) -> None:
    allowed = None if context.allowed_models is None else {resolve(name).model for name in context.allowed_models}
    if allowed is not None and all(CATALOGUE.is_retired(name, on) for name in allowed):
        with pytest.raises(InvalidValue, match="allowedModels"):
            ModelSelector.select_model(context, priority, on=on)
        return

    selection = ModelSelector.select_model(context, priority, on=on)

    for model in (selection.model, *selection.alternatives):
        assert model in (CATALOGUE.models if allowed is None else allowed)
        assert not CATALOGUE.is_retired(model, on)
    assert selection == ModelSelector.select_model(context, priority, on=on)
