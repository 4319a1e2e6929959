"""HTML from templates: everything is escaped unless said otherwise, and figures are written by `formatting`."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from augury.core.scores import ENOUGH_CALLS
from augury.report import formatting, plots
from augury.report.reading import TERMS

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_KNOWN = Markup(
    '<span class="unknown" title="not known"><span aria-hidden="true">{}</span><span class="unseen">not known</span></span>'
).format(formatting.UNKNOWN)
"""The dash for what is not known, which says so to a screen reader too."""


def environment(*packages: str) -> jinja2.Environment:
    """Templates of these packages, and those that all share: cards, tables, and charts.

    Filters have the names of what they do in `formatting` and `plots`; so `count` takes the place of Jinja's own, which is
    another name of `length`.
    """
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package) for package in (*packages, "augury.report")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    figures = ("count", "brief", "decimal", "percent", "chance", "duration", "money")
    made.filters.update({name: _or_not_known(getattr(formatting, name)) for name in figures})
    texts = ("plural", "words", "ceiling", "time_ceiling", "step_name", "period_text", "moment_text")
    made.filters.update({name: getattr(formatting, name) for name in texts})
    drawn = ("series", "succeeded", "largest", "columns", "line", "dots")
    made.filters.update({name: getattr(plots, name) for name in drawn})
    made.globals.update(enough_calls=ENOUGH_CALLS, most_dots=plots.MOST_DOTS, reading=TERMS)
    return made


def _or_not_known(write: Callable[[Any], str]) -> Callable[[Any], str]:
    @wraps(write)
    def written(value: Any) -> str:
        return NOT_KNOWN if value is None else write(value)

    return written
