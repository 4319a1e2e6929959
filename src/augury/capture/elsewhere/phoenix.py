"""Arize Phoenix, and whatever else writes spans as OpenInference names them: a data frame of spans as Parquet, CSV, or JSON Lines.

Columns are those of `get_spans_dataframe()` (https://arize.com/docs/phoenix), attributes those of OpenInference's semantic
conventions (https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.capture.elsewhere.reading import (
    any_of,
    dollars,
    failed,
    first,
    listing,
    mapping,
    metadata,
    parsed,
    task,
    text,
    timed,
    tokens,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.capture.elsewhere.reading import Record

MARKS = (frozenset({"span_kind", "start_time", "end_time"}), frozenset({"attributes.openinference.span.kind"}))

_EMBEDDING = "embedding"
_CALLS = frozenset({"llm", _EMBEDDING})


def translate(values: Mapping[str, object]) -> Record | None:
    """A span of a model, or of an embedding; chains, agents, tools, and retrievers around them are no calls."""
    kind = first(values, "span_kind", "attributes.openinference.span.kind") or _attribute(
        values, "openinference.span.kind"
    )
    if not any_of(_CALLS, kind):
        return None
    embeds = any_of((_EMBEDDING,), kind)
    span = first(values, "context.span_id", "span_id", "__index_level_0__")
    trace = first(values, "context.trace_id", "trace_id")
    events = [mapping(event) for event in listing(values.get("events"))]
    record = timed(
        "phoenix",
        None if span is None else f"{text(trace) or ''} {text(span) or ''}",
        began=first(values, "start_time"),
        ended=first(values, "end_time"),
        first_token=next((e.get("timestamp") for e in events if "First Token" in str(e.get("name"))), None),
    )
    record |= {
        "message_id": span,
        "model": _attribute(values, "embedding.model_name" if embeds else "llm.model_name"),
        "provider": _attribute(values, "llm.provider") or _attribute(values, "llm.system"),
        "operation": "embeddings" if embeds else "chat",
        "conversation_id": _attribute(values, "session.id") or trace,
        "user_id": _attribute(values, "user.id"),
        "cost_usd": dollars(_attribute(values, "llm.cost.total")),
        **tokens(
            _count(values, "prompt"),
            _count(values, "completion"),
            cached=_count(values, "prompt_details.cache_read"),
            written=_count(values, "prompt_details.cache_write"),
            reasoning=_count(values, "completion_details.reasoning"),
        ),
        **task(
            parsed(_attribute(values, "llm.input_messages")) or _attribute(values, "input.value"),
            _attribute(values, "llm.tools"),
        ),
        **metadata(
            source="phoenix",
            name=first(values, "name"),
            trace=trace,
            tags=listing(_attribute(values, "tag.tags")),
        ),
    }
    if any_of(("error",), first(values, "status_code")):
        told = next((e.get("attributes") for e in events if e.get("name") == "exception"), None)
        raised = mapping(told)
        kind_of = raised.get("exception.type") or mapping(raised.get("exception")).get("type")
        record |= failed(first(values, "status_message"), kind=kind_of)
    return record


def _count(values: Mapping[str, object], name: str) -> object:
    return _attribute(values, f"llm.token_count.{name}")


def _attribute(values: Mapping[str, object], name: str) -> object:
    """An attribute: a column of its own, or a member of a column that holds several."""
    column = f"attributes.{name}"
    found = first(values, column)
    while found is None and "." in column:
        column, _, _ = column.rpartition(".")
        inside: object = mapping(values.get(column))
        rest = f"attributes.{name}"[len(column) + 1 :]
        if not inside:
            continue
        found = inside.get(rest) if isinstance(inside, dict) else None
        for part in rest.split(".") if found is None else ():
            inside = inside.get(part) if isinstance(inside, dict) else None
        found = inside if found is None and not isinstance(inside, dict) else found
    return None if isinstance(found, float) and found != found else found  # noqa: PLR0124 - not a number
