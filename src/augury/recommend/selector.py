"""The rules: which model to use where there is no evidence, or not enough of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from augury.core.tasks import Complexity, Priority, TaskType
from augury.errors import InvalidValue
from augury.models import ModelName, display_name, resolve
from augury.recommend.catalogue import Catalogue, CatalogueModel, tokens
from augury.recommend.context import Need, TaskContext, chosen, need_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_ALTERNATIVES: Final = 3
_SOON: Final = timedelta(days=180)  # a retirement this near is worth a word
_LONG: Final = 100_000  # tokens of input from which on the length of a request is worth a word

_CALLED: Final = {
    TaskType.GENERAL_CHAT: "chat",
    TaskType.CREATIVE: "creative work",
    TaskType.FILE_PROCESSING: "file processing",
    TaskType.FUNCTION_CALLING: "function calling",
    TaskType.OTHER: "other work",
}

_QUALITY_COUNTS: Final = {Complexity.SIMPLE: 1.0, Complexity.MEDIUM: 2.0, Complexity.COMPLEX: 4.0}
"""How much quality weighs against the mean of speed and cost, where all of them are wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The model that the rules choose, and why."""

    model: str  # canonical
    provider: str
    reason: str
    task_type: TaskType
    complexity: Complexity
    priority: Priority
    alternatives: tuple[str, ...]  # canonical names, the next best first


class ModelSelector:
    """Chooses a model by rules, without any data."""

    @classmethod
    def select_model(
        cls,
        task_context: TaskContext,
        priority: Priority | str | None = None,
        *,
        catalogue: Catalogue | None = None,
        on: date | None = None,
    ) -> Selection:
        """Choose a model for a request.

        Args:
            task_context: what is known of the request.
            priority: what matters most; left out, the context's preference counts, and `balanced` where it has none.
            catalogue: what is known of models; left out, the one that Augury came with.
            on: the day of the request, since models retire; left out, today in UTC.

        Raises:
            InvalidValue: the priority is not known, or every allowed model is retired.
        """
        return choose(
            need_of(task_context),
            priority=chosen(Priority, "priority", priority) or task_context.user_preference or Priority.BALANCED,
            allowed=task_context.allowed,
            catalogue=catalogue or Catalogue.bundled(),
            on=on or datetime.now(UTC).date(),
        )


def choose(
    need: Need, *, priority: Priority, allowed: Sequence[ModelName] | None, catalogue: Catalogue, on: date
) -> Selection:
    """Choose a model for what a request needs: a pure function of its arguments.

    The rules' list for the task comes first, then every other model of the catalogue in the order of what matters most. Among
    these, the first counts that is allowed, current, and fit; then an allowed one that the catalogue does not know, since it
    may be fit; then the one that comes closest to being fit.
    """
    preference = catalogue.preference(need.task_type, priority, need.complexity)
    names = None if allowed is None else {name.model: name for name in allowed}
    known = _ranked(catalogue, preference.models, priority, need.complexity, names, on)
    fitting = [model for model in known if catalogue.fits(model.name, need) is None]
    others = [] if names is None else [name for name in names if name not in catalogue.models]
    unknown = [name for name in others if not catalogue.is_retired(name, on)]
    if not known and not unknown:
        raise InvalidValue("allowedModels", f"a model that is not retired on {on}", ", ".join(names or ()))

    work = _work(need)
    if fitting:
        model = fitting[0].name
        if model in preference.models:
            says = preference.says
        else:
            says = "the best choice that fits" if names is None else "the best choice among the models allowed"
        reason = f"{says} for {work}{_remarks(model, need, known[0], catalogue, on)}"
    elif unknown:
        model = unknown[0]
        if known:
            why = f"none of the allowed models that the rules know fits {work}"
        elif names is not None and len(names) > len(unknown):
            why = "the allowed models that the rules know are retired"
        else:
            why = "the rules know none of the allowed models"
        reason = f"{why}; {display_name(model)} is the first of the others"
    else:
        model = _closest(known, need).name
        reason = f"no model that may be chosen fits {work}; {display_name(model)} comes closest, but {catalogue.fits(model, need)}"

    rest = [*(other.name for other in fitting), *unknown]
    return Selection(
        model=model,
        provider=_provider(model, catalogue, names),
        reason=f"by rules: {reason}",
        task_type=need.task_type,
        complexity=need.complexity,
        priority=priority,
        alternatives=tuple(other for other in rest if other != model)[:MOST_ALTERNATIVES],
    )


def _ranked(
    catalogue: Catalogue,
    preferred: Sequence[str],
    priority: Priority,
    complexity: Complexity,
    names: Mapping[str, ModelName] | None,
    on: date,
) -> list[CatalogueModel]:
    """The allowed models that can be called on that day, those that the rules name first."""

    def worth(model: CatalogueModel) -> tuple[float, ...]:
        match priority:
            case Priority.SPEED:
                return model.speed, model.quality, model.cost
            case Priority.QUALITY:
                return model.quality, model.speed, model.cost
            case Priority.COST:
                return model.cost, model.quality, model.speed
            case Priority.BALANCED:
                return (_QUALITY_COUNTS[complexity] * model.quality + (model.speed + model.cost) / 2,)

    listed = catalogue.models.values()
    allowed = listed if names is None else [model for model in listed if model.name in names]
    current = [model for model in allowed if not catalogue.is_retired(model.name, on)]
    # A log may be replayed as of a day on which most of them were not there yet, or none.
    released = [model for model in current if model.released <= on] or current
    place = {name: number for number, name in enumerate(preferred)}
    others = len(place)
    # Sorting twice keeps it readable: by worth, the newer first among equals; then the preferred ones to the front.
    released.sort(key=lambda model: (worth(model), model.released, model.name), reverse=True)
    return sorted(released, key=lambda model: place.get(model.name, others))


def _closest(known: Sequence[CatalogueModel], need: Need) -> CatalogueModel:
    """The model that can do most of what is needed; of equals, that with the longest input; of these, the best."""

    def nearness(model: CatalogueModel) -> tuple[int, int]:
        wanted = ((need.tools, model.tools), (need.images, model.images), (need.json_schema, model.json_schema))
        return sum(can for needed, can in wanted if needed), model.max_input

    return max(known, key=nearness)


def _work(need: Need) -> str:
    """What is to be done, in words: complex coding, analysis of medium complexity."""
    called = _CALLED.get(need.task_type, need.task_type.value)
    return f"{called} of medium complexity" if need.complexity is Complexity.MEDIUM else f"{need.complexity} {called}"


def _remarks(model: str, need: Need, first: CatalogueModel, catalogue: Catalogue, on: date) -> str:
    """What else a person would ask: why not the first choice, whether a long request fits, whether the model will last."""
    remarks = []
    if why := catalogue.fits(first.name, need):
        remarks.append(f"{display_name(first.name)} {why}")
    if need.input_tokens >= _LONG:
        remarks.append(f"{display_name(model)} takes {tokens(catalogue.models[model].max_input)} tokens of input")
    retires = catalogue.retires(model)
    if retires is not None and retires - on <= _SOON:
        remarks.append(f"{display_name(model)} retires on {retires}")
    return "".join(f"; {remark}" for remark in remarks)


def _provider(model: str, catalogue: Catalogue, names: Mapping[str, ModelName] | None) -> str:
    """Who serves the model: whom the allowed name tells (`bedrock/anthropic.claude-…`), else its maker."""
    if names is not None and model in names:
        return names[model].provider
    known = catalogue.get(model)
    return known.provider if known else resolve(model).provider
