"""A report, before it is written: the whole answer of analytics, and what else its reader must know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from augury.analytics.answers import Overview
from augury.report.formatting import moment_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from augury.store.protocol import Description

TITLE = "How the models perform"

_ANSWER: TypeAdapter[Overview] = TypeAdapter(Overview)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a report is written from.

    Attributes:
        answer: the figures, and what they advise.
        made: when they were asked for.
        only: the filters that calls had to pass, by the API's names of them.
        held: what the database holds, where none of its calls are in the answer; else None.
    """

    answer: Overview
    made: datetime
    only: Mapping[str, str]
    held: Description | None = None

    @property
    def made_text(self) -> str:
        """When the figures were asked for, by the clocks of the period."""
        return moment_text(self.made, self.answer.period.timezone)


def written(answer: Overview) -> Any:
    """The answer as the API writes it, read as JSON."""
    return _ANSWER.dump_python(answer, mode="json", by_alias=True)


def read(body: Any) -> Overview:
    """The answer that the API wrote."""
    return _ANSWER.validate_python(body, by_alias=True)
