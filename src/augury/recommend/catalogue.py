"""What the rules know of models: facts with a date, and which model to prefer for what. Read from `catalogue.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from augury.core.tasks import Complexity, Priority, TaskType
from augury.errors import SettingsError, shown
from augury.models import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.recommend.context import Need

_FILE: Final = "catalogue.toml"
_CLASSES: Final = ("speed", "quality", "cost")
_ABILITIES: Final = ("tools", "images", "json_schema", "reasoning")
_KEYS: Final = frozenset({"released", "retires", "input", "output", "usd", *_CLASSES, *_ABILITIES})
_BEST: Final = 5  # the best class
_ASKED: Final = re.compile(r"-(?:fc|prompt)(?:-(?:any|auto))?$")
"""How benchmarks of function calling say after a model's name that it was asked natively, or by a prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueModel:
    """What is known of one model."""

    name: str  # canonical
    provider: str  # its maker
    released: date
    retires: date | None = None  # the day from which requests fail; None: not announced
    max_input: int  # tokens
    max_output: int  # tokens
    input_price: Decimal  # US dollars per million tokens, the base rate on the catalogue's day
    output_price: Decimal
    tools: bool = True
    images: bool = True
    json_schema: bool = True
    reasoning: bool = True
    speed: int  # 1 to 5, 5 is fastest
    quality: int  # 5 is best
    cost: int  # 5 is cheapest


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """Models from the first choice to the last, and how a reason speaks of them."""

    says: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Models by canonical name, the days on which models end, and the rules."""

    as_of: date
    models: Mapping[str, CatalogueModel]
    retirements: Mapping[str, date]  # those of `models`, and of many more
    rules: Mapping[tuple[TaskType, Priority, Complexity], Preference]

    @classmethod
    def bundled(cls) -> Catalogue:
        """The catalogue that this version of Augury came with; read once."""
        return _bundled()

    @classmethod
    def from_toml(cls, text: str, where: str = _FILE) -> Catalogue:
        """Read a catalogue, or raise SettingsError with one sentence that says what to correct."""
        try:
            document = tomllib.loads(text, parse_float=Decimal)  # Decimal keeps 0.1 what it looks like
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{where}: not valid TOML ({error}); correct that line") from error
        return _catalogue(document, where)

    def get(self, model: str) -> CatalogueModel | None:
        """What is known of the model, by its canonical name."""
        return self.models.get(model)

    def retires(self, model: str) -> date | None:
        """The day from which requests to the model fail; None where none is known.

        A fine-tuned model ends with its base, and so does one whose name also tells how it was asked for functions.
        """
        if model.startswith("ft:"):
            model = model.split(":")[1]
        known = self.retirements.get(model)
        base = _ASKED.sub("", model)
        return known if known is not None or base == model else self.retirements.get(resolve(base).model)

    def is_retired(self, model: str, on: date) -> bool:
        """Whether the model is past its retirement on that day, which is the first without it."""
        retires = self.retires(model)
        return retires is not None and retires <= on

    def fits(self, model: str, need: Need) -> str | None:
        """Why the model does not fit, as the end of a sentence that begins with its name; None where it fits.

        A model that is not in the catalogue fits: we cannot know.
        """
        known = self.models.get(model)
        if known is None:
            return None
        if need.tools and not known.tools:
            return "does not call tools"
        if need.images and not known.images:
            return "does not read images"
        if need.json_schema and not known.json_schema:
            return "does not keep to a JSON schema"
        if need.input_tokens > known.max_input:
            return f"takes {tokens(known.max_input)} tokens of input, and this is about {tokens(need.input_tokens)}"
        return None

    def preference(self, task_type: TaskType, priority: Priority, complexity: Complexity) -> Preference:
        """What the rules prefer."""
        return self.rules[task_type, priority, complexity]


def tokens(count: int) -> str:
    """A number of tokens as one speaks of it: 200k, 1M, 1.5M."""
    million, thousand = 1_000_000, 1_000
    if count >= million:
        return f"{count / million:.1f}".removesuffix(".0") + "M"
    return f"{count // thousand}k" if count >= thousand else str(count)


@cache
def _bundled() -> Catalogue:
    return Catalogue.from_toml(files("augury.recommend").joinpath(_FILE).read_text(encoding="utf-8"))


def _catalogue(document: dict[str, Any], where: str) -> Catalogue:
    missing = {"as_of", "models", "retires", "lists", "rules"} ^ document.keys()
    if missing:
        raise SettingsError(
            f"{where}: {shown(min(missing))} is missing or not known; expected as_of, models, retires, lists, rules"
        )
    as_of = _day(document["as_of"], f"{where}: as_of")
    models: dict[str, CatalogueModel] = {}
    for provider, entries in _table(document["models"], f"{where}: models").items():
        for name, entry in _table(entries, f"{where}: models.{provider}").items():
            if name in models:
                raise SettingsError(f"{where}: {shown(name)} stands under two providers; keep one")
            models[name] = _model(provider, name, _table(entry, f"{where}: {name}"), f"{where}: {name}")
    retirements = {name: model.retires for name, model in models.items() if model.retires is not None}
    for name, day in _table(document["retires"], f"{where}: retires").items():
        if name in models:
            raise SettingsError(f"{where}: {shown(name)} has an entry; write `retires` there")
        retirements[_canonical(name, f"{where}: retires")] = _day(day, f"{where}: retires: {name}")
    return Catalogue(
        as_of=as_of,
        models=MappingProxyType(models),
        retirements=MappingProxyType(retirements),
        rules=MappingProxyType(_rules(document, models, where)),
    )


def _model(provider: str, name: str, entry: dict[str, Any], where: str) -> CatalogueModel:
    unknown = sorted(entry.keys() - _KEYS)
    if unknown:
        raise SettingsError(f"{where}: {shown(unknown[0])} is not known; expected {', '.join(sorted(_KEYS))}")
    absent = sorted(_KEYS - {"retires", *_ABILITIES} - entry.keys())
    if absent:
        raise SettingsError(f"{where}: `{absent[0]}` is missing")
    released = _day(entry["released"], f"{where}: released")
    retires = _day(entry["retires"], f"{where}: retires") if "retires" in entry else None
    if retires is not None and retires <= released:
        raise SettingsError(f"{where}: it retires on {retires}, before its release on {released}")
    input_price, output_price = _prices(entry["usd"], f"{where}: usd")
    for ability in _ABILITIES:
        if not isinstance(entry.get(ability, True), bool):
            raise SettingsError(f"{where}: `{ability}` is {shown(entry[ability])}; expected true or false")
    return CatalogueModel(
        name=_canonical(name, where),
        provider=provider,
        released=released,
        retires=retires,
        max_input=_whole(entry["input"], f"{where}: input"),
        max_output=_whole(entry["output"], f"{where}: output"),
        input_price=input_price,
        output_price=output_price,
        tools=entry.get("tools", True),
        images=entry.get("images", True),
        json_schema=entry.get("json_schema", True),
        reasoning=entry.get("reasoning", True),
        speed=_whole(entry["speed"], f"{where}: speed", most=_BEST),
        quality=_whole(entry["quality"], f"{where}: quality", most=_BEST),
        cost=_whole(entry["cost"], f"{where}: cost", most=_BEST),
    )


def _rules(
    document: dict[str, Any], models: dict[str, CatalogueModel], where: str
) -> dict[tuple[TaskType, Priority, Complexity], Preference]:
    lists = {
        name: _preference(_table(entry, f"{where}: lists.{name}"), models, f"{where}: lists.{name}")
        for name, entry in _table(document["lists"], f"{where}: lists").items()
    }
    rows = _table(document["rules"], f"{where}: rules")
    if rows.keys() != set(TaskType):
        raise SettingsError(f"{where}: rules: expected one table for each of {', '.join(TaskType)}")
    rules: dict[tuple[TaskType, Priority, Complexity], Preference] = {}
    for task_type in TaskType:
        row = _table(rows[task_type], f"{where}: rules.{task_type}")
        if row.keys() != set(Priority):
            raise SettingsError(f"{where}: rules.{task_type}: expected one line for each of {', '.join(Priority)}")
        for priority in Priority:
            names = row[priority]
            if not isinstance(names, list) or len(names) != len(Complexity) or not all(name in lists for name in names):
                raise SettingsError(
                    f"{where}: rules.{task_type}.{priority}: expected three of {', '.join(lists)}: "
                    "for a simple, a medium, and a complex task"
                )
            for complexity, name in zip(Complexity, names, strict=True):
                rules[task_type, priority, complexity] = lists[name]
    return rules


def _preference(entry: dict[str, Any], models: dict[str, CatalogueModel], where: str) -> Preference:
    says, names = entry.get("says"), entry.get("models")
    if entry.keys() != {"says", "models"} or not isinstance(says, str) or not isinstance(names, list) or not names:
        raise SettingsError(f"{where}: expected `says`, a text, and `models`, a list of names")
    for name in names:
        if name not in models:
            raise SettingsError(f"{where}: {shown(name)} is not among the models; add it there")
    return Preference(says=says, models=tuple(names))


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(f"{where}: {shown(value)}; expected a table")
    return value


def _canonical(name: str, where: str) -> str:
    canonical = resolve(name).model
    if canonical != name:
        raise SettingsError(f"{where}: {shown(name)} is not canonical; expected {shown(canonical)}")
    return name


def _day(value: object, where: str) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise SettingsError(f"{where}: {shown(value)}; expected a day without quotes, such as 2026-01-01")
    return value


def _whole(value: object, where: str, *, most: int = 1_000_000_000) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise SettingsError(f"{where}: {shown(value)}; expected a whole number from 1 to {most}")
    return value


def _prices(value: object, where: str) -> tuple[Decimal, Decimal]:
    match value:
        case [int() | Decimal() as first, int() | Decimal() as second]:
            prices = Decimal(first), Decimal(second)
            if all(price.is_finite() and price >= 0 for price in prices):
                return prices
    raise SettingsError(f"{where}: {shown(value)}; expected two prices in dollars per million tokens, in and out")
