"""A report in Markdown: tables, and bars of characters, which every reader shows. No HTML and no link is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.core.scores import ENOUGH_CALLS
from augury.report import bars, blocks, sentences
from augury.report.document import TITLE
from augury.report.formatting import (
    UNKNOWN,
    brief,
    count,
    decimal,
    duration,
    money,
    percent,
    period_text,
    plural,
    step_name,
    words,
)
from augury.report.gfm import escaped, table
from augury.report.plots import Series, largest, series
from augury.report.reading import TERMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from augury.analytics.answers import Measures, Overview, Period, Point
    from augury.report.document import Document

MOST_STEPS = 60
"""Characters of a line over time, and rows of the table of its figures."""

_MOST_ALTERNATIVES = 3


def as_markdown(document: Document) -> str:
    """The whole report."""
    return "\n\n".join([*_head(document), *_body(document)]) + "\n"


def _head(document: Document) -> Iterator[str]:
    period = document.answer.period
    yield f"# {TITLE}"
    yield escaped(f"{period_text(period)} ({period.timezone}) · made {document.made_text}")
    if document.answer.sample:
        yield f"> **{escaped(sentences.SAMPLE)}**"
    if said := sentences.only(document.only):
        yield escaped(said)


def _body(document: Document) -> Iterator[str]:
    answer = document.answer
    if document.held is not None:
        yield from _nothing(document)
        return
    yield "## At a glance"
    yield from _summary(answer)
    if answer.best_by_task:
        yield "## Which model for which task"
        yield from _best(answer)
    if answer.recommendations:
        yield "## What stands out"
        yield from _insights(answer)
    yield "## By model"
    yield from _plots(answer)
    yield _measured(("Model", "Provider"), [((m.display_name, m.provider), m) for m in answer.by_model])
    yield "## Over time"
    yield from _trends(answer.trends, answer.period)
    yield "## By task type"
    yield _measured(("Task type",), [((words(task.task_type),), task) for task in answer.by_task_type])
    yield "## By provider"
    yield _measured(("Provider",), [((provider.provider,), provider) for provider in answer.by_provider])
    yield "## How to read this"
    yield "\n".join(f"- **{escaped(term)}**: {escaped(meaning)}" for term, meaning in TERMS)
    for note in (*answer.notes, sentences.COUNTED):
        yield escaped(note)


def _nothing(document: Document) -> Iterator[str]:
    """Why there are no figures, and what to do next."""
    held = document.held
    if held is not None and held.calls:
        yield "## No calls here"
        yield escaped(sentences.elsewhere(held))
        if command := sentences.command_for_all(held):
            yield f"Ask for all of them: `{command}`"
        return
    yield "## The pages are still blank"
    yield escaped(sentences.NO_CALLS_YET)
    yield "\n".join(f"- {escaped(way)} `{command}`" for way, command in sentences.WAYS_TO_BEGIN)


def _summary(answer: Overview) -> Iterator[str]:
    whole = answer.summary
    yield " ".join(map(escaped, sentences.summary(answer)))
    yield table(
        ("Measure", "Figure"),
        [
            ("Calls", count(whole.total_calls)),
            ("Success", percent(whole.success_rate)),
            ("Satisfaction", percent(whole.satisfaction_rate)),
            ("Average response time", duration(whole.avg_response_time)),
            ("Median response time", duration(whole.median_response_time)),
            ("p95 response time", duration(whole.p95_response_time)),
            ("Tokens", count(whole.total_tokens)),
            ("Cost", money(whole.total_cost)),
            ("Cost of a call", money(whole.cost_per_call)),
            ("Cost of a success", money(whole.cost_per_success)),
            ("Quality score", decimal(whole.quality_score)),
            ("Confidence", decimal(whole.confidence)),
        ],
    )


def _best(answer: Overview) -> Iterator[str]:
    yield escaped(sentences.BALANCED)
    yield table(
        ("Task type", "Model", "None is better", "Confidence", "Alternatives", "Why"),
        [
            (
                words(best.task_type), best.display_name,
                sentences.how_sure(best), decimal(best.confidence),
                ", ".join(map(sentences.alternative, best.alternatives[:_MOST_ALTERNATIVES])) or "none", best.reason,
            )
            for best in answer.best_by_task
        ],
        texts={"Model", "Alternatives", "Why"},
    )  # fmt: skip


def _insights(answer: Overview) -> Iterator[str]:
    yield "\n".join(
        f"- {'**Warning:** ' if insight.severity == 'warning' else ''}{escaped(insight.text)}\n"
        f"  - {escaped(sentences.evidence(insight))}"
        for insight in answer.recommendations
    )
    yield escaped(sentences.WEIGHED)


def _plots(answer: Overview) -> Iterator[str]:
    for chart in bars.charts(answer.by_model):
        yield f"### {chart.name}"
        yield f"{escaped(chart.remark).capitalize()}."
        interval = ("95 % interval",) if any(bar.interval for bar in chart.bars) else ()
        yield table(
            ("Model", chart.name, *interval, ""),
            [
                (_few(bar), bar.figure, *(_interval(bar) for _ in interval), blocks.bar(bar.length, bar.reach))
                for bar in chart.bars
            ],
        )
    if missing := bars.not_known(answer.by_model):
        yield escaped(missing)
    if more := bars.left_out(answer.by_model):
        yield f"Drawn are the {bars.MOST} models with most calls; {plural(more, 'other')} {'is' if more == 1 else 'are'} in the table."
    yield "### Figures"


def _interval(bar: bars.Bar) -> str:
    return UNKNOWN if bar.interval is None else f"{percent(bar.interval[0])} to {percent(bar.interval[1])}"


def _few(bar: bars.Bar) -> str:
    return f"{bar.name} (few)" if bar.few else bar.name


def _measured(key: tuple[str, ...], rows: Sequence[tuple[tuple[str, ...], Measures]]) -> str:
    """The table of measures of every group."""
    return table(
        (*key, *_MEASURES),
        [
            (_remarked(name[0], group), *name[1:], *(write(group) for write in _MEASURES.values()))
            for name, group in rows
        ],
        texts=key,
    )


def _remarked(name: str, group: Measures) -> str:
    return name if group.total_calls >= ENOUGH_CALLS else f"{name} (only {plural(group.total_calls, 'call')})"


def _satisfaction(group: Measures) -> str:
    rated = group.thumbs_up + group.thumbs_down
    return f"{percent(group.satisfaction_rate)} of {count(rated)}" if rated else UNKNOWN


def _cost(group: Measures) -> str:
    if group.total_cost is None or not group.unpriced_calls:
        return money(group.total_cost)
    return f"{money(group.total_cost)} ({count(group.unpriced_calls)} unpriced)"


_MEASURES: dict[str, Callable[[Measures], str]] = {
    "Calls": lambda group: count(group.total_calls),
    "Average": lambda group: duration(group.avg_response_time),
    "Median": lambda group: duration(group.median_response_time),
    "p95": lambda group: duration(group.p95_response_time),
    "Success": lambda group: percent(group.success_rate),
    "Satisfaction": _satisfaction,
    "Tokens a call": lambda group: brief(group.avg_tokens),
    "Tokens a second": lambda group: decimal(group.tokens_per_second),
    "Cost": _cost,
    "Cost a call": lambda group: money(group.cost_per_call),
    "Cost a success": lambda group: money(group.cost_per_success),
    "Quality": lambda group: decimal(group.quality_score),
    "Confidence": lambda group: decimal(group.confidence),
}
"""The measures of a group, as the page's tables have them: the column's name, and how its figure is written."""

_LINES: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("Calls", "total_calls", brief),
    ("Success rate", "success_rate", percent),
    ("Average time", "avg_response_time", duration),
    ("Cost", "total_cost", money),
)


def _trends(points: Sequence[Point], period: Period) -> Iterator[str]:
    """Lines of characters, and the latest of their figures."""
    weights = [float(point.total_calls) for point in points]
    lines, each = [], 1
    for name, field, write in _LINES:
        known = series(points, field)
        if not any(value is not None for value in known):
            continue
        heights, each = blocks.merged(known, weights, MOST_STEPS)
        top = 100.0 if field == "success_rate" else largest(heights)
        lines.append(f"{name:<14}{blocks.spark(heights, top)}  {_range(known, write)}")
    ends = f"{step_name(points[0].date, period)} to {step_name(points[-1].date, period)}"
    yield "```text\n" + "\n".join([*lines, f"{'':<14}{ends}"]) + "\n```"
    together = "" if each == 1 else f", a character for {each} {period.interval}s together"
    yield f"By {period.interval}{together}. Every line begins at zero; where there is a gap there were no calls."
    busy = [point for point in points if point.total_calls]
    if len(busy) > MOST_STEPS:
        yield f"The latest {MOST_STEPS} of {plural(len(busy), period.interval)} with calls; all are in the JSON."
    most = largest(series(points, "total_calls"))
    yield table(
        (words(period.interval), "Calls", "", "Success", "Satisfaction", "Average", "Median", "p95", "Tokens", "Cost"),
        [
            (
                step_name(point.date, period), count(point.total_calls), blocks.bar(100 * point.total_calls / most),
                percent(point.success_rate), percent(point.satisfaction_rate), duration(point.avg_response_time),
                duration(point.median_response_time), duration(point.p95_response_time), count(point.total_tokens),
                money(point.total_cost),
            )
            for point in busy[-MOST_STEPS:]
        ],
    )  # fmt: skip


def _range(values: Series, write: Callable[[float], str]) -> str:
    known = [value for value in values if value is not None]
    return f"{write(min(known))} to {write(max(known))}" if known else UNKNOWN
