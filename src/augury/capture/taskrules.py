"""The owner's rules: which task type a service, an agent, a span, a prompt, or a tag stands for.

They stand in the file of rules (`AUGURY_RULES`):

    [[rule]]
    service = "billing-*"      # names, or patterns with * and ?; of those that are given, all must fit
    agent = "planner"
    span = "summarise *"
    prompt = "extract-invoice"
    tag = "nightly"            # one of the call's tags
    task_type = "analysis"     # what the call is then for
    complexity = "medium"      # optional

The first rule that fits counts. It goes before what a prompt's text tells, and behind what the caller says.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from augury.core.tables import name_in, refuse_unknown, word_in
from augury.core.tasks import Complexity, TaskType
from augury.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

_PATTERNS = ("service", "agent", "span", "prompt", "tag")
_KEYS = (*_PATTERNS, "task_type", "complexity")
_REMEMBERED = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What is known of where a call comes from."""

    service: str | None = None
    agent: str | None = None
    span: str | None = None
    prompt: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRule:
    """One rule; a pattern of None fits anything."""

    service: str | None = None
    agent: str | None = None
    span: str | None = None
    prompt: str | None = None
    tag: str | None = None
    task_type: TaskType
    complexity: Complexity | None = None

    def fits(self, labels: Labels) -> bool:
        """Whether all that the rule names is so."""
        named = ((self.service, labels.service), (self.agent, labels.agent), (self.span, labels.span))
        return (
            all(_fits(pattern, name) for pattern, name in (*named, (self.prompt, labels.prompt)))
            and (self.tag is None or any(_fits(self.tag, tag) for tag in labels.tags))
        )  # fmt: skip


class TaskRules:
    """The owner's rules, in their order."""

    def __init__(self, rules: tuple[TaskRule, ...] = ()) -> None:
        """Without rules nothing fits."""
        self._rules = rules
        self._match = lru_cache(maxsize=_REMEMBERED)(self._found)

    def __len__(self) -> int:
        return len(self._rules)

    def match(self, labels: Labels) -> TaskRule | None:
        """The first rule that fits."""
        return self._match(labels) if self._rules else None

    def of_metadata(self, metadata: str | None) -> TaskRule | None:
        """The first rule that fits what a call's metadata (a JSON object) says under the names that rules have."""
        if not self._rules or metadata is None:
            return None
        given = json.loads(metadata)
        tags = given.get("tags") or given.get("tag")
        listed = tags if isinstance(tags, list) else [tags]
        return self.match(
            Labels(
                service=_name(given.get("service")),
                agent=_name(given.get("agent")),
                span=_name(given.get("span")),
                prompt=_name(given.get("prompt")),
                tags=tuple(tag for tag in listed if isinstance(tag, str)),
            )
        )

    def _found(self, labels: Labels) -> TaskRule | None:
        return next((rule for rule in self._rules if rule.fits(labels)), None)

    @classmethod
    def of(cls, tables: Iterable[tuple[str, dict[str, Any]]]) -> TaskRules:
        """The rules of a file's `[[rule]]` tables, each with where it stands.

        Raises:
            SettingsError: one cannot be used; a sentence says what to correct.
        """
        return cls(tuple(_rule(entry, where) for where, entry in tables))


def _name(value: object) -> str | None:
    return value if isinstance(value, str) else None


@lru_cache(maxsize=_REMEMBERED)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.lower()))


def fits(pattern: str, name: str) -> bool:
    """Whether a name is what a pattern with * and ? says, in any case."""
    return _pattern(pattern).match(name.lower()) is not None


def _fits(pattern: str | None, name: str | None) -> bool:
    return pattern is None or (name is not None and fits(pattern, name))


def _rule(entry: dict[str, Any], where: str) -> TaskRule:
    refuse_unknown(entry, _KEYS, where)
    given = {name: value for name in _PATTERNS if (value := name_in(entry, name, where)) is not None}
    if not given:
        raise SettingsError(f"{where}: it fits every call; expected at least one of {', '.join(_PATTERNS)}, add it")
    complexity = word_in(entry, "complexity", tuple(Complexity), where) if "complexity" in entry else None
    return TaskRule(
        **given,
        task_type=TaskType(word_in(entry, "task_type", tuple(TaskType), where)),
        complexity=Complexity(complexity) if complexity else None,
    )
