"""Exports of other products: which of their records are calls, and which fields they fill.

Each of `langfuse`, `litellm`, `phoenix`, `helicone`, and `openrouter` has `translate`, which takes a record of an export and gives one by the names
of `augury.core.rules`, or None for what is no call; and `MARKS`, any of whose sets of columns tells its exports apart. Whatever
comes, nothing is raised: the rules judge what is made of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from augury.capture.elsewhere import helicone, langfuse, litellm, openrouter, phoenix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from augury.capture.elsewhere.reading import Record


class Format(StrEnum):
    """Whose export a file is."""

    LANGFUSE = "langfuse"
    LITELLM = "litellm"
    PHOENIX = "phoenix"
    HELICONE = "helicone"
    OPENROUTER = "openrouter"


@dataclass(frozen=True, slots=True)
class _Export:
    translate: Callable[[Mapping[str, object]], Record | None]
    marks: tuple[frozenset[str], ...]


_EXPORTS = {
    Format.LANGFUSE: _Export(langfuse.translate, langfuse.MARKS),
    Format.LITELLM: _Export(litellm.translate, litellm.MARKS),
    Format.PHOENIX: _Export(phoenix.translate, phoenix.MARKS),
    Format.HELICONE: _Export(helicone.translate, helicone.MARKS),
    Format.OPENROUTER: _Export(openrouter.translate, openrouter.MARKS),
}


def translator(form: Format) -> Callable[[Mapping[str, object]], Record | None]:
    """What makes records of calls out of records of such an export."""
    return _EXPORTS[form].translate


def recognised(columns: Iterable[str]) -> Format | None:
    """Whose export these columns are, where they make it plain."""
    there = frozenset(columns)
    found = [form for form, export in _EXPORTS.items() if any(marks <= there for marks in export.marks)]
    return found[0] if len(found) == 1 else None
