from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from augury.core.tasks import Complexity, Priority, TaskType
from augury.errors import SettingsError
from augury.models import display_name, resolve
from augury.models.prices import PriceBook
from augury.recommend.catalogue import Catalogue, CatalogueModel, tokens
from augury.recommend.context import Need

if TYPE_CHECKING:
    from decimal import Decimal

CATALOGUE = Catalogue.bundled()
TEXT = files("augury.recommend").joinpath("catalogue.toml").read_text(encoding="utf-8")
MODELS = sorted(CATALOGUE.models.values(), key=lambda model: model.name)
NEED = Need(task_type=TaskType.CODING, complexity=Complexity.SIMPLE)


def named(models: list[CatalogueModel]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("model", models, ids=lambda model: model.name)


def test_the_catalogue_is_read_once() -> None:
    assert Catalogue.bundled() is Catalogue.bundled()


@named(MODELS)
def test_a_model_has_its_canonical_name_and_its_maker(model: CatalogueModel) -> None:
    name = resolve(model.name)

    assert name.model == model.name
    assert name.provider == model.provider


@named(MODELS)
def test_a_model_has_a_name_for_people(model: CatalogueModel) -> None:
    assert display_name(model.name) != model.name or model.name == "o3"


@named(MODELS)
def test_prices_are_those_that_calls_are_priced_at(model: CatalogueModel) -> None:
    at = datetime.combine(CATALOGUE.as_of, time(12), UTC)

    base = PriceBook().rates(model=model.name, provider=model.provider, service_tier=None, at=at)[0]

    assert (base.input * 1_000_000, base.output * 1_000_000) == (model.input_price, model.output_price)


@named(MODELS)
def test_a_model_was_released_and_had_not_ended_on_the_day_of_the_catalogue(model: CatalogueModel) -> None:
    assert date(2023, 1, 1) < model.released <= CATALOGUE.as_of
    assert not CATALOGUE.is_retired(model.name, CATALOGUE.as_of)


@named(MODELS)
def test_an_answer_is_no_longer_than_what_a_model_reads(model: CatalogueModel) -> None:
    assert model.max_output <= model.max_input


def test_a_model_is_not_cheaper_in_its_class_than_one_that_costs_less() -> None:
    def price(model: CatalogueModel) -> Decimal:
        return 3 * model.input_price + model.output_price  # three tokens are read for one written

    by_price = sorted(MODELS, key=price)

    assert [model.cost for model in by_price] == sorted((model.cost for model in MODELS), reverse=True)


@pytest.mark.parametrize("name", sorted(CATALOGUE.retirements))
def test_what_retires_has_its_canonical_name(name: str) -> None:
    assert resolve(name).model == name


@pytest.mark.parametrize(
    ("model", "day"),
    [
        ("claude-sonnet-4-5", date(2026, 11, 30)),
        ("gpt-4o", date(2027, 1, 14)),
        ("gpt-5", date(2026, 12, 11)),
        ("claude-3-5-sonnet", date(2025, 10, 28)),
        ("claude-3-7-sonnet", date(2026, 2, 19)),
        ("gpt-4", date(2026, 10, 23)),
        ("o1", date(2026, 10, 23)),
        ("claude-opus-5-5", None),
        ("a-model-of-our-own", None),
    ],
)
def test_retirement_dates_are_known(model: str, day: date | None) -> None:
    assert CATALOGUE.retires(model) == day


def test_the_day_of_retirement_is_the_first_without_the_model() -> None:
    day = date(2027, 1, 14)

    assert not CATALOGUE.is_retired("gpt-4o", day - timedelta(days=1))
    assert CATALOGUE.is_retired("gpt-4o", day)
    assert not CATALOGUE.is_retired("a-model-of-our-own", date.max)


def test_a_fine_tuned_model_ends_with_its_base() -> None:
    assert CATALOGUE.is_retired("ft:gpt-4o:acme", date(2027, 1, 14))
    assert not CATALOGUE.is_retired("ft:", date.max)


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("claude-3-5-sonnet-20240620-FC", "claude-3-5-sonnet"),
        ("gpt-4-1106-preview-FC", "gpt-4-turbo-preview"),
        ("gpt-4o-2024-05-13-FC", "gpt-4o-2024-05-13"),
        ("mistral-small-2402-FC-Any", "mistral-small-2402"),
        ("claude-3-haiku-20240307-prompt", "claude-3-haiku"),
    ],
)
def test_a_name_that_tells_how_it_was_asked_ends_with_its_base(name: str, base: str) -> None:
    assert CATALOGUE.retires(base) is not None
    assert CATALOGUE.retires(resolve(name).model) == CATALOGUE.retires(base)


@pytest.mark.parametrize("name", ["-fc", "my-own-fc", "a-fc-b", "gpt-4-fcx", "command-r-plus-fc"])
def test_what_only_looks_like_such_a_name_has_no_end(name: str) -> None:
    assert CATALOGUE.retires(name) is None


def test_the_rules_prefer_models_without_an_end_from_two_makers_at_least() -> None:
    for preference in CATALOGUE.rules.values():
        assert all(CATALOGUE.retires(name) is None for name in preference.models)
        assert {"anthropic", "openai"} <= {CATALOGUE.models[name].provider for name in preference.models}
        assert len(set(preference.models)) == len(preference.models)


def test_there_is_a_rule_for_everything() -> None:
    assert len(CATALOGUE.rules) == len(TaskType) * len(Priority) * len(Complexity)


def test_the_rules_agree_with_what_they_say_of_models() -> None:
    """The first choice for speed is never slower than that for quality, and the one for cost never dearer."""
    for task_type in TaskType:
        for complexity in Complexity:
            first = {p: CATALOGUE.models[CATALOGUE.preference(task_type, p, complexity).models[0]] for p in Priority}
            assert first[Priority.SPEED].speed >= first[Priority.QUALITY].speed
            assert first[Priority.QUALITY].quality == max(model.quality for model in first.values())
            assert first[Priority.COST].cost == max(model.cost for model in first.values())


def test_harder_tasks_get_no_weaker_model() -> None:
    for task_type in TaskType:
        for priority in Priority:
            quality = [
                CATALOGUE.models[CATALOGUE.preference(task_type, priority, c).models[0]].quality for c in Complexity
            ]
            assert quality == sorted(quality)


@pytest.mark.parametrize(
    ("need", "why"),
    [
        (NEED, None),
        (replace(NEED, tools=True), "does not call tools"),
        (replace(NEED, images=True), "does not read images"),
        (replace(NEED, json_schema=True), "does not keep to a JSON schema"),
        (replace(NEED, input_tokens=128_000), None),
        (replace(NEED, input_tokens=310_500), "takes 128k tokens of input, and this is about 310k"),
    ],
)
def test_a_model_that_does_not_fit_says_why(need: Need, why: str | None) -> None:
    plain = replace(CATALOGUE.models["gpt-4o"], tools=False, images=False, json_schema=False)
    catalogue = replace(CATALOGUE, models={"gpt-4o": plain})

    assert catalogue.fits("gpt-4o", need) == why
    assert catalogue.fits("a-model-of-our-own", need) is None


def test_tokens_are_shown_as_one_speaks_of_them() -> None:
    assert [tokens(n) for n in (12, 8_192, 200_000, 922_000, 1_048_576, 2_500_000)] == [
        "12", "8k", "200k", "922k", "1M", "2.5M",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("as_of = 2026-11-23", "as_of = soon", "not valid TOML"),
        ("as_of = 2026-11-23", 'as_of = "2026-11-23"', "as_of: '2026-11-23'; expected a day"),
        ("as_of = 2026-11-23", "", "'as_of' is missing"),
        ("as_of = 2026-11-23", "as_of = 2026-11-23\nmore = 1", "'more' is missing or not known"),
        ("usd = [8, 40]", "usd = [8]", "claude-fable-5-2: usd: [8]; expected two prices"),
        ("usd = [8, 40]", "usd = [8, nan]", "expected two prices"),
        ("usd = [8, 40]", "usd = [-8, 40]", "expected two prices"),
        (
            "usd = [8, 40], speed = 2",
            "usd = [8, 40], speed = 6",
            "claude-fable-5-2: speed: 6; expected a whole number from 1 to 5",
        ),
        ("usd = [8, 40], speed = 2,", "usd = [8, 40],", "claude-fable-5-2: `speed` is missing"),
        ("usd = [8, 40]", "usd = [8, 40], colour = 1", "claude-fable-5-2: 'colour' is not known"),
        ("usd = [8, 40]", "usd = [8, 40], tools = 1", "`tools` is 1; expected true or false"),
        ("claude-fable-5-2  = { released = 2026-11-09", "claude-fable-5-2 = { released = 2026", "expected a day"),
        (
            "claude-fable-5-2  =",
            "claude-5-2-fable =",
            "'claude-5-2-fable' is not canonical; expected 'claude-fable-5-2'",
        ),
        ("retires = 2026-11-30", "retires = 2025-09-29", "before its release"),
        ("claude-2                 = 2025", "gpt-4o = 2025", "'gpt-4o' has an entry"),
        ("[models.x_ai]", "[models.x_ai]\ngpt-4o = {}", "'gpt-4o' stands under two providers"),
        ('"claude-fable-5-2", "gpt-6-astra"', '"gpt-6-astrid"', "'gpt-6-astrid' is not among the models"),
        ('says = "a strong model"', "says = 1", "lists.strong: expected `says`"),
        ("[rules.other]", "[rules.others]", "expected one table for each of general_chat"),
        (
            'balanced = ["able", "able", "strong"]',
            'balance = ["able", "able", "strong"]',
            "expected one line for each of speed",
        ),
        ('balanced = ["able", "able", "strong"]', 'balanced = ["able", "strong"]', "expected three of frontier"),
        ('balanced = ["able", "able", "strong"]', 'balanced = ["able", "able", "best"]', "expected three of frontier"),
        ("[retires]", "[[retires]]", "retires: [{"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_place(old: str, new: str, message: str) -> None:
    assert old in TEXT

    with pytest.raises(SettingsError) as caught:
        Catalogue.from_toml(TEXT.replace(old, new, 1), "ours.toml")

    assert str(caught.value).startswith("ours.toml: ")
    assert message in str(caught.value)
