"""The names of attributes that are read, for each fact in the order in which they are believed.

Three generations of OpenTelemetry's GenAI conventions, OpenInference, OpenLLMetry (`llm.usage.*`, `traceloop.*`), the native
spans of Anthropic's client, and what Vercel's AI SDK, LiteLLM, OpenLIT, and Logfire add. What nobody may read is not named
here: answers, vectors, stack traces.
"""

from __future__ import annotations

from typing import Final

from augury.core.spelling import camel

MODEL: Final = (
    "gen_ai.response.model", "llm.response.model_name", "llm.response.model", "ai.response.model",
    "gen_ai.request.model", "llm.request.model_name", "llm.request.model", "llm.model_name", "embedding.model_name",
    "ai.model.id",
)  # fmt: skip
REQUESTED_MODEL: Final = ("gen_ai.request.model", "llm.request.model_name", "llm.request.model", "llm.model_name")
PROVIDER: Final = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "llm.vendor")
RESPONSE_ID: Final = ("gen_ai.response.id", "llm.response.id", "ai.response.id")
OPERATION: Final = ("gen_ai.operation.name",)
REQUEST_TYPE: Final = ("llm.request.type",)  # OpenLLMetry, before operations had names
FINISHED: Final = (
    "gen_ai.response.finish_reasons", "gen_ai.response.finish_reason", "gen_ai.response.stop_reason",
    "llm.response.finish_reason", "llm.response.stop_reason", "llm.finish_reason", "anthropic.message.stop_reason",
    "ai.response.finishReason",
)  # fmt: skip
STREAMED: Final = ("gen_ai.request.stream", "gen_ai.is_streaming", "llm.is_streaming")

INPUT: Final = (
    "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens",
    "llm.usage.input_tokens", "ai.usage.promptTokens", "ai.usage.inputTokens", "ai.usage.tokens",
)  # fmt: skip
OUTPUT: Final = (
    "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion",
    "llm.usage.completion_tokens", "llm.usage.output_tokens", "ai.usage.completionTokens", "ai.usage.outputTokens",
)  # fmt: skip
TOTAL: Final = ("gen_ai.usage.total_tokens", "llm.token_count.total", "llm.usage.total_tokens", "ai.usage.totalTokens")
CACHED: Final = (
    "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
    "llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input",
    "llm.usage.cache_read_input_tokens", "gen_ai.usage.details.cache_read_tokens", "ai.usage.cachedInputTokens",
)  # fmt: skip
CACHE_WRITE: Final = (
    "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens", "llm.token_count.prompt_details.cache_write",
    "llm.usage.cache_creation_input_tokens", "gen_ai.usage.details.cache_write_tokens",
)  # fmt: skip
CACHE_WRITE_1H: Final = ("anthropic.usage.cache_creation.ephemeral_1h_input_tokens",)
REASONING: Final = (
    "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
    "llm.token_count.completion_details.reasoning", "llm.usage.reasoning_tokens",
    "gen_ai.usage.details.reasoning_tokens", "ai.usage.reasoningTokens",
)  # fmt: skip

COST: Final = (
    "augury.cost_usd", "llm.cost.total", "gen_ai.usage.cost", "gen_ai.cost.total_cost", "gen_ai.usage.total_cost",
    "operation.cost",
)  # fmt: skip
TIER: Final = (
    "openai.response.service_tier", "gen_ai.openai.response.service_tier", "anthropic.response.service_tier",
    "gen_ai.response.service_tier",
)  # fmt: skip

FIRST_TOKEN_S: Final = (
    "gen_ai.response.time_to_first_chunk", "gen_ai.response.time_to_first_token", "gen_ai.server.time_to_first_token",
    "gen_ai.client.time_to_first_token",
)  # fmt: skip
FIRST_TOKEN_MS: Final = ("ai.response.msToFirstChunk", "ai.stream.msToFirstChunk")
FIRST_TOKEN_EVENTS: Final = frozenset(
    {
        "First Token Stream Event",  # OpenInference
        "gen_ai.content.completion.chunk",  # OpenLLMetry: the first of many
        "llm.content.completion.chunk",
        "ai.stream.firstChunk",  # Vercel
    }
)

CONVERSATION: Final = (
    "augury.conversation_id", "gen_ai.conversation.id", "session.id", "traceloop.association.properties.conversation_id",
    "traceloop.association.properties.session_id", "traceloop.association.properties.thread_id",
    "traceloop.association.properties.chat_id", "langfuse.session.id", "gen_ai.session.id",
)  # fmt: skip
USER: Final = (
    "augury.user_id", "user.id", "enduser.id", "gen_ai.user", "gen_ai.request.user", "llm.user",
    "traceloop.association.properties.user_id", "langfuse.user.id",
)  # fmt: skip

SERVICE: Final = ("service.name",)
AGENT: Final = ("gen_ai.agent.name", "agent.name")
ENTITY: Final = ("traceloop.entity.name",)  # of an agent's span its name
WORKFLOW: Final = ("traceloop.workflow.name", "gen_ai.workflow.name")
PROMPT_NAME: Final = (
    "gen_ai.prompt.name", "traceloop.prompt.key", "langfuse.observation.prompt.name", "prompt.id",
    "traceloop.association.properties.prompt_name",
)  # fmt: skip
TAGS: Final = ("augury.tags", "tag.tags", "langfuse.trace.tags", "ai.telemetry.functionId")

ERROR: Final = ("error.type", "exception.type")
HTTP_STATUS: Final = ("http.response.status_code", "http.status_code")

ADDRESS, PORT, BASE = "server.address", "server.port", "gen_ai.openai.api_base"  # of who was asked

OPENINFERENCE_KIND: Final = "openinference.span.kind"
TRACELOOP_KIND: Final = "traceloop.span.kind"

GIVEN: Final = (
    "task_type", "task_complexity", "segment", "experiment", "variant", "selected_by", "propensity", "attempt",
    "message_id", "success", "operation",
)  # fmt: skip
"""Fields of the record that a caller may set by an attribute of that name after `augury.`, in snake_case or camelCase."""

INVOCATION: Final = "llm.invocation_parameters"
OUTPUT_VALUE: Final = "output.value"  # OpenInference has the whole answer in it, and its id nowhere else

MESSAGES: Final = ("gen_ai.input.messages", "ai.prompt.messages")
SYSTEM: Final = ("gen_ai.system_instructions",)
PROMPT: Final = ("gen_ai.prompt", "ai.prompt")
INPUT_VALUE: Final = "input.value"
TOOLS: Final = ("gen_ai.tool.definitions", "ai.prompt.tools")
FLAT_MESSAGES: Final = ("gen_ai.prompt.", "llm.prompts.", "llm.input_messages.")
FLAT_TOOLS: Final = ("llm.tools.", "llm.request.functions.")

EVALUATION: Final = "gen_ai.evaluation."

_PREFIXES: Final = (*FLAT_MESSAGES, *FLAT_TOOLS, EVALUATION, "augury.")
_EXACTLY: Final = frozenset(
    (
        *MODEL, *PROVIDER, *RESPONSE_ID, *OPERATION, *REQUEST_TYPE, *FINISHED, *STREAMED, *INPUT, *OUTPUT, *TOTAL, *CACHED,
        *CACHE_WRITE, *CACHE_WRITE_1H, *REASONING, *COST, *TIER, *FIRST_TOKEN_S, *FIRST_TOKEN_MS, *CONVERSATION, *USER,
        *SERVICE, *AGENT, *ENTITY, *WORKFLOW, *PROMPT_NAME, *TAGS, *ERROR, *HTTP_STATUS, OPENINFERENCE_KIND,
        TRACELOOP_KIND, ADDRESS, PORT, BASE, INVOCATION, OUTPUT_VALUE, *MESSAGES, *SYSTEM, *PROMPT, INPUT_VALUE, *TOOLS, "event.name",
        "content", "role",
    )
)  # fmt: skip

GIVEN_BY: Final = {f"augury.{spelling}": field for field in GIVEN for spelling in (field, camel(field))}


def wanted(name: str) -> bool:
    """Whether an attribute of this name is read."""
    return name in _EXACTLY or name.startswith(_PREFIXES)
