"""What a span means, whichever convention wrote it: whether it is a call, and the facts that it tells.

A call is one request to a model. What frameworks put around calls (agents, chains, workflows, tools, retrieval) is none, nor is
what clients do beside (counting tokens, looking a model up, moderation), which some instrumentations mark as if it were.

Token counts are the conventions' own, brought to ours: `input` counts cached tokens too, `output` the reasoning.

- OpenTelemetry: `gen_ai.usage.input_tokens` "SHOULD include all types of input tokens, including cached tokens", and the
  cache's counts "SHOULD be included in" it; so do Anthropic's client and OpenLLMetry, which add the provider's numbers up.
- OpenInference: `llm.token_count.prompt` is the prompt's tokens, of which `prompt_details.*` are parts.
- Some versions pass on Anthropic's own count instead, which excludes cached tokens. A total that is given shows which it is,
  and so do parts that are more than the whole.
"""

from __future__ import annotations

import json
import math
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from augury.capture.otlp import names
from augury.capture.usage import Usage, count, including

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.capture.otlp.spans import Event, Span, Value

CHAT, TEXT, EMBEDDINGS = "chat", "text_completion", "embeddings"

_OPERATIONS = {
    "chat": CHAT,
    "generate_content": "generate_content",
    "text_completion": TEXT,
    "embeddings": EMBEDDINGS,
    # Words of instrumentations that came before the list, or do not keep to it.
    "completion": CHAT,
    "acompletion": CHAT,
    "message": CHAT,
    "messages": CHAT,
    "response": CHAT,
    "responses": CHAT,
    "aresponses": CHAT,
    "text-completion": TEXT,
    "embedding": EMBEDDINGS,
    "aembedding": EMBEDDINGS,
}
_REQUEST_TYPES = {"chat": CHAT, "completion": TEXT, "embedding": EMBEDDINGS}
_KINDS = {"LLM": CHAT, "EMBEDDING": EMBEDDINGS}  # OpenInference's
_OPENAI_SPANS = ("ChatCompletion", "Response", "Completion", "CreateEmbeddings")  # named even where inputs are hidden
_SEPARATE = {"AGENT", "TOOL", "GUARDRAIL", "EVALUATOR", "agent", "tool"}
_SEPARATE_OPERATIONS = {"invoke_agent", "create_agent", "execute_tool"}
_COUNTING = "count_tokens"

_MEMBER_CHARACTERS = 1_000  # more is no id and no name


class Role(Enum):
    """What a span is to us."""

    CALL = auto()
    SEPARATE = auto()  # an agent or a tool: a call around it is not the call within it
    OTHER = auto()


def role_of(span: Span) -> Role:
    """What the span is to us."""
    given = span.attributes
    if not given:
        return Role.OTHER
    kind, traceloop = text(given, (names.OPENINFERENCE_KIND,)), text(given, (names.TRACELOOP_KIND,))
    named = text(given, names.OPERATION)
    if kind in _SEPARATE or traceloop in _SEPARATE or named in _SEPARATE_OPERATIONS:
        return Role.SEPARATE
    if _COUNTING in span.name or traceloop is not None:
        return Role.OTHER
    if named is not None:
        return Role.CALL if named.lower() in _OPERATIONS else Role.OTHER
    if text(given, names.REQUEST_TYPE) in _REQUEST_TYPES:
        return Role.CALL
    if kind is not None:
        return Role.CALL if kind in _KINDS and _speaks(span) else Role.OTHER
    # Without a word for what it does, only what an answer brings shows that there was one.
    asked = text(given, names.MODEL) and text(given, names.PROVIDER)
    return Role.CALL if asked and (_counted(given) or _first(given, names.RESPONSE_ID)) else Role.OTHER


def _speaks(span: Span) -> bool:
    """Whether a span of OpenInference's kind LLM or EMBEDDING is a request to a model: other requests are marked so too."""
    given = span.attributes
    return (
        _counted(given)
        or _first(given, names.MODEL) is not None
        or span.name in _OPENAI_SPANS
        or any(name.startswith(names.FLAT_MESSAGES) for name in given)
    )


def _counted(given: Mapping[str, Value]) -> bool:
    return _first(given, names.INPUT) is not None or _first(given, names.OUTPUT) is not None


def operation_of(span: Span) -> str:
    """The operation, by OpenTelemetry's `gen_ai.operation.name`."""
    given = span.attributes
    if named := text(given, names.OPERATION):
        return _OPERATIONS.get(named.lower(), CHAT)
    if kind := text(given, names.REQUEST_TYPE):
        return _REQUEST_TYPES.get(kind, CHAT)
    if any(name.startswith("llm.prompts.") for name in given):
        return TEXT
    return _KINDS.get(str(given.get(names.OPENINFERENCE_KIND)), CHAT)


def model_of(span: Span) -> str | None:
    """The model that answered; where nothing did, the one that was asked."""
    return text(span.attributes, names.MODEL) or _member(span, names.INVOCATION, "model")


def requested_model(span: Span) -> str | None:
    """The model that was asked for."""
    return text(span.attributes, names.REQUESTED_MODEL) or model_of(span)


def response_id(span: Span) -> str | None:
    """The provider's id of the answer."""
    return text(span.attributes, names.RESPONSE_ID) or _member(span, names.OUTPUT_VALUE, "id")


def _member(span: Span, name: str, member: str) -> str | None:
    """A short text in an attribute that is a JSON object; OpenInference has the request's and the answer's as a whole."""
    given = span.attributes.get(name)
    if not isinstance(given, str) or f'"{member}"' not in given:
        return None
    try:
        document = json.loads(given)
    except (ValueError, RecursionError):
        return None
    found = document.get(member) if isinstance(document, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= _MEMBER_CHARACTERS else None


def asks(span: Span, here: str) -> bool:
    """Whether the call went to this host and port, as far as the span says."""
    given = span.attributes
    if not here:
        return False
    address, port, base = (text(given, (name,)) for name in (names.ADDRESS, names.PORT, names.BASE))
    return here in (f"{address}:{port}", f"[{address}]:{port}") or (base is not None and f"//{here}/" in base)


def usage_of(span: Span) -> Usage:
    """The token counts, brought to our meaning."""
    given = span.attributes
    taken, made, total = (_count(given, wanted) for wanted in (names.INPUT, names.OUTPUT, names.TOTAL))
    cached, written = _count(given, names.CACHED), _count(given, names.CACHE_WRITE)
    reasoning = _count(given, names.REASONING)
    beside = (cached or 0) + (written or 0)
    if beside and total is not None and total == (taken or 0) + beside + (made or 0):
        taken = (taken or 0) + beside  # the provider's own count, without what came from the cache or went there
    if reasoning and total is not None and total == (taken or 0) + (made or 0) + reasoning:
        made = (made or 0) + reasoning
    return Usage(
        input=including(taken, cached, written),
        output=including(made, reasoning),
        cached_input=cached,
        cache_write=written,
        cache_write_1h=_count(given, names.CACHE_WRITE_1H),
        reasoning=reasoning,
        service_tier=text(given, names.TIER),
    )


def first_token_ms(span: Span) -> float | None:
    """How long the first token took, by an attribute or by the event that marks it."""
    given = span.attributes
    seconds, told_ms = _number(given, names.FIRST_TOKEN_S), _number(given, names.FIRST_TOKEN_MS)
    told_ms = 1_000 * seconds if seconds is not None else told_ms
    if told_ms is not None and 0 <= told_ms < math.inf:
        return told_ms
    event = next((event for event in span.events if event.name in names.FIRST_TOKEN_EVENTS), None)
    return (event.time_ns - span.start_ns) / 1e6 if event and event.time_ns >= span.start_ns else None


def finish_reasons(span: Span) -> tuple[str, ...]:
    """Why the model stopped, in the provider's words."""
    found = _first(span.attributes, names.FINISHED)
    if isinstance(found, str):
        return (found,)
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def cost_of(span: Span) -> float | str | None:
    """What the call cost in US dollars, where the span says."""
    found = _first(span.attributes, names.COST)
    return found if isinstance(found, float | int | str) and not isinstance(found, bool) else None


def failed(span: Span) -> bool:
    """Whether the call failed: an exception that was caught and noted on the way is no failure yet."""
    return span.failed or text(span.attributes, names.ERROR) is not None


def error_words(span: Span) -> tuple[str, ...]:
    """What the span and its exceptions call the failure: names of classes, and codes of providers. Never a sentence."""
    found = [text(span.attributes, names.ERROR), *(_exception(event) for event in span.events)]
    return tuple(word for word in found if word)


def _exception(event: Event) -> str | None:
    return text(event.attributes, names.ERROR) if event.name == "exception" else None


def http_status(span: Span) -> int:
    """The HTTP status of the answer; 0 where nobody told."""
    return _count(span.attributes, names.HTTP_STATUS) or 0


def text(given: Mapping[str, Value], wanted: tuple[str, ...]) -> str | None:
    """The first of these attributes that is a text or a number, as text."""
    for name in wanted:
        if name in given:  # most are not
            value = given[name]
            if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
                return str(value)
    return None


def texts(given: Mapping[str, Value], wanted: tuple[str, ...]) -> list[str]:
    """All texts of these attributes, and of lists of them."""
    found: list[str] = []
    for name in wanted:
        if name not in given:
            continue
        value = given[name]
        found += [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one]
    return found


def _first(given: Mapping[str, Value], wanted: tuple[str, ...]) -> Any:
    for name in wanted:
        if name in given and given[name] is not None:
            return given[name]
    return None


def _count(given: Mapping[str, Value], wanted: tuple[str, ...]) -> int | None:
    """The first of these attributes that is a count."""
    for name in wanted:
        if name in given and (found := count(given[name])) is not None:
            return found
    return None


def _number(given: Mapping[str, Value], wanted: tuple[str, ...]) -> float | None:
    found = _first(given, wanted)
    try:
        return float(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else None
    except ValueError:
        return None
