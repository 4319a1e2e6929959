"""Beside other instrumentation nothing is counted twice, and theirs goes on as without us."""

from __future__ import annotations

import sys
from collections import Counter
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from openinference.instrumentation.anthropic import AnthropicInstrumentor as OpenInferenceAnthropic
from openinference.instrumentation.openai import OpenAIInstrumentor as OpenInferenceOpenAI
from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor as OpenLLMetryAnthropic
from opentelemetry.instrumentation.openai import OpenAIInstrumentor as OpenLLMetryOpenAI
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor as OpenTelemetryOpenAI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.capture.observing import CHAT, MESSAGES, asked, seen

import augury

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.capture.observing import Rows
    from tests.provider import Provider

OTHERS: Any = {
    "OpenTelemetry": (OpenTelemetryOpenAI,),
    "OpenInference": (OpenInferenceOpenAI, OpenInferenceAnthropic),
    "OpenLLMetry": (OpenLLMetryOpenAI, OpenLLMetryAnthropic),
}
EVERY_WAY = [
    (door, is_async, stream) for door in (CHAT, MESSAGES) for is_async in (False, True) for stream in (False, True)
]


@pytest.fixture(name="spans")
def collected() -> Iterator[tuple[TracerProvider, InMemorySpanExporter]]:
    exporter, tracers = InMemorySpanExporter(), TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    yield tracers, exporter
    tracers.shutdown()


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    """OpenLLMetry leaves its wrappers on the resources of openai 3 when it is asked to take them away."""
    modules = [
        sys.modules[name]
        for name in sorted(sys.modules)
        if name.startswith(("openai.resources", "anthropic.resources"))
    ]
    kinds = {kind for module in modules for kind in vars(module).values() if isinstance(kind, type)}
    before = [(kind, name, value) for kind in kinds for name, value in vars(kind).items() if callable(value)]
    yield
    for kind, name, value in before:
        if vars(kind)[name] is not value:
            setattr(kind, name, value)


def ask_every_way(provider: Provider) -> list[Any]:
    return [seen(asked(door, provider, is_async=is_async, stream=stream)) for door, is_async, stream in EVERY_WAY]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of theirs
@pytest.mark.parametrize("whose", OTHERS)
def test_each_call_is_recorded_once_whoever_else_looks_on(
    provider: Provider, rows: Rows, spans: tuple[TracerProvider, InMemorySpanExporter], whose: str
) -> None:
    tracers, exporter = spans
    others = [kind() for kind in OTHERS[whose]]

    def told() -> Counter[str]:
        found = Counter(span.name for span in exporter.get_finished_spans())
        exporter.clear()
        return found

    augury.uninstrument()
    for other in others:
        other.instrument(tracer_provider=tracers)
    alone = ask_every_way(provider)
    spans_alone = told()
    augury.instrument()  # after the others
    assert ask_every_way(provider) == alone
    assert told() == spans_alone
    assert len(rows.taken()) == len(EVERY_WAY)
    augury.uninstrument()
    assert ask_every_way(provider) == alone
    assert told() == spans_alone
    assert not rows
    for other in others:
        other.uninstrument()
    if whose == "OpenLLMetry":  # it stays, with openai 3, and would look on twice
        return
    augury.instrument()  # before the others
    for other in others:
        other.instrument(tracer_provider=tracers)
    assert ask_every_way(provider) == alone
    assert told() == spans_alone
    calls = rows.taken()
    assert len(calls) == len(EVERY_WAY)
    assert all(call.success for call in calls)
    for other in others:
        other.uninstrument()
    assert ask_every_way(provider)
    assert len(rows.taken()) == len(EVERY_WAY)


@pytest.mark.parametrize("registered", [True, False])
def test_what_litellm_asks_is_left_to_the_callback_that_it_has(
    provider: Provider, rows: Rows, monkeypatch: pytest.MonkeyPatch, registered: bool
) -> None:
    litellm = ModuleType("litellm")
    litellm.callbacks = [augury.litellm_callback()] if registered else ["another"]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "litellm", litellm)
    theirs: dict[str, Any] = {"__name__": "litellm.main", "asked": asked, "CHAT": CHAT}
    exec("def completion(*args, **named):\n    return asked(CHAT, *args, **named)", theirs)  # noqa: S102 - a function of theirs

    for is_async in (False, True):
        theirs["completion"](provider, is_async=is_async, stream=False)
        asked(CHAT, provider, is_async=is_async, stream=False)

    assert len(rows) == (2 if registered else 4)
