"""HTML from templates: everything is escaped unless said otherwise, and figures are written by `formatting`."""

from __future__ import annotations

import base64
from functools import cache, wraps
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from augury.core.scores import ENOUGH_CALLS
from augury.report import bars, formatting, plots, sentences
from augury.report.document import TITLE
from augury.report.reading import TERMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from augury.report.document import Document

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


def as_html(document: Document) -> str:
    """A report that is one file: no script, nothing from the network, and nothing beside it."""
    style = _asset("tome.css") + _asset("report.css")
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    icon = _asset("icon.svg")
    template = _documents().get_template("report.html")
    return template.render(
        document=document,
        answer=document.answer,
        title=TITLE,
        style=Markup(style),  # noqa: S704 - a file of ours
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'",
        icon=Markup(icon),  # noqa: S704 - as above
        icon_link="data:image/svg+xml;base64," + base64.b64encode(icon.encode()).decode(),
        charts=bars.charts(document.answer.by_model),
        not_known=bars.not_known(document.answer.by_model),
        left_out=bars.left_out(document.answer.by_model),
        most_bars=bars.MOST,
        say=sentences,
    )


@cache
def _documents() -> jinja2.Environment:
    return environment()


def _asset(name: str) -> str:
    return files("augury.report").joinpath("assets", name).read_text(encoding="utf-8")
