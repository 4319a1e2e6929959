"""An application under one instrumentation after the other: official clients, the real exporter, told where by the environment.

    python application.py openai http://127.0.0.1:PORT

asks the provider at that address, and exports to what OTEL_EXPORTER_OTLP_ENDPOINT names. Each instrumentation is a service of its
own name.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import warnings
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

INSTRUMENTATIONS: dict[str, dict[str, tuple[str, str] | None]] = {
    "openai": {
        "openai-v2": ("opentelemetry.instrumentation.openai_v2", "OpenAIInstrumentor"),
        "openinference-openai": ("openinference.instrumentation.openai", "OpenAIInstrumentor"),
        "openllmetry-openai": (
            "opentelemetry.instrumentation.openai",
            "OpenAIInstrumentor",
        ),  # last: it leaves some behind
    },
    "anthropic": {
        "anthropic": None,  # its client's own spans
        "openinference-anthropic": ("openinference.instrumentation.anthropic", "AnthropicInstrumentor"),
        "openllmetry-anthropic": ("opentelemetry.instrumentation.anthropic", "AnthropicInstrumentor"),
    },
}
SAID: Any = [
    {"role": "user", "content": "Hello there!"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Write a Python function that sorts a list of tuples by their second field."},
]
SCHEMA: Any = {"type": "object", "properties": {"city": {"type": "string"}}}
GPT, CLAUDE = "gpt-4o-2024-11-20", "claude-opus-4-8"


def main(client: str, provider: str) -> None:
    """Make calls of every kind under each instrumentation, and send what was seen of them."""
    warnings.simplefilter("ignore")
    for name, instrumentation in INSTRUMENTATIONS[client].items():
        spans = TracerProvider(resource=Resource.create({"service.name": name}))
        spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        instrumentor: Any = None
        if instrumentation is not None:
            module, kind = instrumentation
            instrumentor = getattr(importlib.import_module(module), kind)()
            instrumentor.instrument(tracer_provider=spans)
        (_ask_openai if client == "openai" else _ask_anthropic)(provider, name, spans)
        if instrumentor is not None:
            instrumentor.uninstrument()
        spans.shutdown()


def _ask_openai(provider: str, name: str, spans: TracerProvider) -> None:
    import openai  # noqa: PLC0415 - seconds, which a process for the other client should not pay

    chat: Any
    with openai.OpenAI(base_url=f"{provider}/v1", api_key="none", max_retries=0) as client:
        chat = client.chat.completions
        chat.create(model=GPT, messages=SAID)
        list(chat.create(model=GPT, messages=SAID, stream=True, stream_options={"include_usage": True}))
        within = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "planner",
            "gen_ai.conversation.id": f"conversation of {name}",
        }
        tool = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}
        with spans.get_tracer(name).start_as_current_span("invoke_agent planner", attributes=within):
            chat.create(model=GPT, messages=SAID, tools=[tool])
        client.embeddings.create(model="text-embedding-3-small", input="Hello")
        with contextlib.suppress(openai.RateLimitError):
            chat.create(model=GPT, messages=SAID)  # the provider refuses the fifth request
        client.models.list()


def _ask_anthropic(provider: str, name: str, spans: TracerProvider) -> None:
    import anthropic  # noqa: PLC0415 - as above

    mode = "content" if name == "anthropic" else "metadata_only"  # which is the default
    seen: Any = {"tracer_provider": spans, "traces": {"content_mode": mode}}
    asked: Any = {"model": CLAUDE, "max_tokens": 100, "messages": SAID}
    with anthropic.Anthropic(base_url=provider, api_key="none", max_retries=0, open_telemetry=seen) as client:
        client.messages.create(**asked)
        with client.messages.stream(**asked) as stream:
            stream.until_done()
        within = {
            "openinference.span.kind": "AGENT",
            "agent.name": "planner",
            "session.id": f"conversation of {name}",
        }
        tool: Any = {"name": "weather", "input_schema": SCHEMA}
        with spans.get_tracer(name).start_as_current_span("planner", attributes=within):
            client.messages.create(**asked, tools=[tool])
        client.messages.count_tokens(model=CLAUDE, messages=SAID)
        with contextlib.suppress(anthropic.APIStatusError):
            client.messages.create(**asked)  # the provider refuses the fifth request


if __name__ == "__main__":
    main(*sys.argv[1:])
