from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from augury.models import UNKNOWN, ModelName, is_unnamed, resolve
from augury.models.names import canonical_provider
from augury.models.spellings import PROVIDERS, SETTLED

if TYPE_CHECKING:
    from collections.abc import Callable

# Spellings as they were met in logs, SDK answers, LiteLLM's price list and cloud consoles.
SPELLINGS = [
    # Anthropic, its own and everybody's order, dates, clouds.
    ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5", "anthropic"),
    ("claude-sonnet-4.5", "claude-sonnet-4-5", "anthropic"),
    ("Claude Sonnet 4.5", "claude-sonnet-4-5", "anthropic"),
    ("claude-sonnet-4-5[1m]", "claude-sonnet-4-5", "anthropic"),
    ("anthropic/claude-4.5-sonnet", "claude-sonnet-4-5", "anthropic"),
    ("openrouter/anthropic/claude-sonnet-4.5:thinking", "claude-sonnet-4-5", "openrouter"),
    ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5", "aws.bedrock"),
    ("bedrock/us-gov-east-1/anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5", "aws.bedrock"),
    ("bedrock/converse/global.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5", "aws.bedrock"),
    ("global.anthropic.claude-opus-4-6-v1", "claude-opus-4-6", "aws.bedrock"),
    ("anthropic.claude-3-sonnet-20240229-v1:0:200k", "claude-3-sonnet", "aws.bedrock"),
    ("anthropic.claude-v2:1", "claude-2.1", "aws.bedrock"),
    ("anthropic.claude-instant-v1", "claude-instant-1", "aws.bedrock"),
    ("claude-instant-1.2", "claude-instant-1.2", "anthropic"),
    ("claude-2.1", "claude-2.1", "anthropic"),
    (
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-1-20250805-v1:0",
        "claude-opus-4-1",
        "aws.bedrock",
    ),
    (
        "bedrock/arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-3-5-haiku-20241022-v1:0",
        "claude-3-5-haiku",
        "aws.bedrock",
    ),
    ("vertex_ai/claude-sonnet-4@20250514", "claude-sonnet-4", "gcp.vertex_ai"),
    ("vertex_ai/claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet", "gcp.vertex_ai"),
    ("publishers/anthropic/models/claude-opus-4@20250514", "claude-opus-4", "gcp.vertex_ai"),
    (
        "projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-5@default",
        "claude-opus-5",
        "gcp.vertex_ai",
    ),
    ("claude-4-sonnet-20250514", "claude-sonnet-4", "anthropic"),
    ("claude-sonnet-4-0", "claude-sonnet-4", "anthropic"),
    ("claude-opus-4-20250514", "claude-opus-4", "anthropic"),
    ("claude-3.7-sonnet", "claude-3-7-sonnet", "anthropic"),
    ("claude-3-7-sonnet-latest", "claude-3-7-sonnet", "anthropic"),
    ("claude-sonnet-3.7", "claude-3-7-sonnet", "anthropic"),
    ("openrouter/anthropic/claude-3.5-sonnet:beta", "claude-3-5-sonnet", "openrouter"),
    ("databricks/databricks-claude-sonnet-4-5", "claude-sonnet-4-5", "databricks"),
    ("github_copilot/claude-opus-4.8", "claude-opus-4-8", "github_copilot"),
    ("gradient_ai/anthropic-claude-3.5-haiku", "claude-3-5-haiku", "gradient_ai"),
    # OpenAI.
    ("gpt-4o", "gpt-4o", "openai"),
    ("GPT-4o", "gpt-4o", "openai"),
    ("openai/gpt-4o-2024-11-20", "gpt-4o", "openai"),
    ("azure/eu/gpt-4o-2024-08-06", "gpt-4o", "azure.ai.openai"),
    ("azure/gpt-35-turbo-0125", "gpt-3.5-turbo", "azure.ai.openai"),
    ("azure_ai/gpt-5.4-2026-03-05", "gpt-5.4", "azure.ai.inference"),
    ("gpt-4-0613", "gpt-4", "openai"),
    ("gpt-4-32k-0314", "gpt-4-32k", "openai"),
    ("gpt-4-turbo-2024-04-09", "gpt-4-turbo", "openai"),
    ("gpt-4-1106-preview", "gpt-4-turbo-preview", "openai"),
    ("o1-preview-2024-09-12", "o1-preview", "openai"),
    ("gpt-4.5-preview-2025-02-27", "gpt-4.5-preview", "openai"),
    ("databricks/databricks-gpt-5-4-mini", "gpt-5.4-mini", "databricks"),
    ("snowflake/openai-gpt-4.1", "gpt-4.1", "snowflake"),
    ("gpt-5-chat-latest", "gpt-5-chat", "openai"),
    ("chatgpt-4o-latest", "chatgpt-4o-latest", "openai"),
    ("text-embedding-3-small", "text-embedding-3-small", "openai"),
    ("text-embedding-ada-002", "text-embedding-ada-002", "openai"),
    ("openai.gpt-oss-120b-1:0", "gpt-oss-120b", "aws.bedrock"),
    ("gpt-oss:120b-cloud", "gpt-oss-120b", "unknown"),
    ("groq/openai/gpt-oss-20b", "gpt-oss-20b", "groq"),
    ("ft:gpt-4o-mini-2024-07-18:acme:support:AbC123", "ft:gpt-4o-mini:acme:support:abc123", "openai"),
    ("ft:gpt-4o-mini-2024-07-18:org::id", "ft:gpt-4o-mini:org::id", "openai"),
    # Google.
    ("gemini/gemini-2.5-pro-exp-03-25", "gemini-2.5-pro", "gcp.gemini"),
    ("gemini-2.5-pro-preview-05-06", "gemini-2.5-pro", "gcp.gemini"),
    ("gemini/gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash", "gcp.gemini"),
    ("gemini/gemini-2.5-flash-lite-preview-06-17", "gemini-2.5-flash-lite", "gcp.gemini"),
    ("gemini/gemini-1.5-flash-8b-exp-0924", "gemini-1.5-flash-8b", "gcp.gemini"),
    ("gemini-1.5-pro-preview-0514", "gemini-1.5-pro", "gcp.gemini"),
    ("gemini/gemini-1.5-flash-002", "gemini-1.5-flash", "gcp.gemini"),
    ("models/gemini-2.0-flash-001", "gemini-2.0-flash", "gcp.gemini"),
    ("openrouter/google/gemini-flash-1.5-8b", "gemini-1.5-flash-8b", "openrouter"),
    ("databricks/databricks-gemini-2-5-pro", "gemini-2.5-pro", "databricks"),
    ("vertex_ai/gemini-3-pro-preview", "gemini-3-pro-preview", "gcp.vertex_ai"),
    ("gemini/gemini-gemma-2-27b-it", "gemma-2-27b-it", "gcp.gemini"),
    ("openrouter/~google/gemini-flash-latest", "gemini-flash-latest", "openrouter"),
    ("gemini-embedding-001", "gemini-embedding-001", "gcp.gemini"),
    # The others.
    ("deepseek/deepseek-chat", "deepseek-chat", "deepseek"),
    ("openrouter/deepseek/deepseek-chat-v3-0324:free", "deepseek-v3-0324", "openrouter"),
    ("deepinfra/deepseek-ai/DeepSeek-V3-0324", "deepseek-v3-0324", "deepinfra"),
    ("fireworks_ai/accounts/fireworks/models/deepseek-v3p2", "deepseek-v3.2", "fireworks"),
    ("accounts/fireworks/models/qwen2p5-coder-32b-instruct", "qwen2.5-coder-32b-instruct", "fireworks"),
    ("deepseek.r1-v1:0", "deepseek-r1", "aws.bedrock"),
    ("bedrock/eu-north-1/deepseek.v3.2", "deepseek-v3.2", "aws.bedrock"),
    ("novita/deepseek/deepseek-v3/community", "deepseek-v3", "novita"),
    ("azure_ai/FW-DeepSeek-V4.1-Flash", "deepseek-v4.1-flash", "azure.ai.inference"),
    ("databricks/databricks-deepseek-v4-1-flash", "deepseek-v4.1-flash", "databricks"),
    ("xai/grok-3-mini-beta", "grok-3-mini", "x_ai"),
    ("grok-4-0709", "grok-4", "x_ai"),
    ("openrouter/x-ai/grok-4.1-fast", "grok-4.1-fast", "openrouter"),
    ("azure_ai/grok-4-1-fast-reasoning", "grok-4.1-fast-reasoning", "azure.ai.inference"),
    ("xai/grok-4.20-beta-0309-reasoning", "grok-4.20-reasoning", "x_ai"),
    ("mistral/codestral-latest", "codestral", "mistral_ai"),
    ("openrouter/mistralai/mistral-large", "mistral-large", "openrouter"),
    ("vertex_ai/mistral-large@2411-001", "mistral-large-2411", "gcp.vertex_ai"),
    ("mistral.mistral-7b-instruct-v0:2", "mistral-7b-instruct-v0.2", "aws.bedrock"),
    ("open-mixtral-8x22b", "mixtral-8x22b", "mistral_ai"),
    ("open-mistral-nemo-2407", "mistral-nemo", "mistral_ai"),
    ("cohere_chat/command-r-08-2024", "command-r-08-2024", "cohere"),
    ("command-a-03-2025", "command-a", "cohere"),
    ("meta-llama_Meta-Llama-3-70B-Instruct", "llama-3-70b-instruct", "unknown"),
    ("together_ai/meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo", "llama-3.1-8b-instruct-turbo", "together"),
    ("us.meta.llama3-3-70b-instruct-v1:0", "llama-3.3-70b-instruct", "aws.bedrock"),
    ("vertex_ai/meta/llama-3.1-405b-instruct-maas", "llama-3.1-405b-instruct", "gcp.vertex_ai"),
    ("fireworks_ai/accounts/fireworks/models/llama-v3p1-8b-instruct", "llama-3.1-8b-instruct", "fireworks"),
    ("cloudflare/@cf/meta/llama-2-7b-chat-fp16", "llama-2-7b-chat-fp16", "cloudflare"),
    ("@cf/meta/llama-3.2-1b-instruct", "llama-3.2-1b-instruct", "cloudflare"),
    ("ollama_chat/llama3:70b", "llama-3-70b", "ollama"),
    ("ollama/llama3.1:latest", "llama-3.1", "ollama"),
    ("together_ai/Qwen/Qwen3-235B-A22B-fp8-tput", "qwen3-235b-a22b-fp8-tput", "together"),
    ("openrouter/qwen/qwen-2.5-coder-32b-instruct", "qwen2.5-coder-32b-instruct", "openrouter"),
    ("cerebras/qwen-3-32b", "qwen3-32b", "cerebras"),
    ("mistral/zai-glm-5-3", "glm-5.3", "mistral_ai"),
    ("deepinfra/zai-org/GLM-4.6", "glm-4.6", "deepinfra"),
    ("openrouter/moonshotai/kimi-k2", "kimi-k2", "openrouter"),
    ("openrouter/openrouter/quasar-alpha", "quasar-alpha", "openrouter"),
    ("eu.amazon.nova-lite-v1:0", "nova-lite", "aws.bedrock"),
    ("amazon/nova-pro-v1", "nova-pro", "aws.bedrock"),
    ("amazon.titan-embed-text-v2:0", "titan-embed-text-v2", "aws.bedrock"),
    ("oci/cohere.command-r-plus-08-2024", "command-r-plus-08-2024", "oci"),
    ("watsonx/ibm/granite-3-3-8b-instruct", "granite-3.3-8b-instruct", "ibm.watsonx.ai"),
    ("perplexity/sonar-pro", "sonar-pro", "perplexity"),
    (
        "vertex_ai/projects/p/locations/us-east5/publishers/google/models/gemini-2.5-pro",
        "gemini-2.5-pro",
        "gcp.vertex_ai",
    ),
    # Ours alone: what nobody has heard of keeps its name, whoever it belongs to.
    ("acme/assistant", "acme/assistant", "unknown"),
    ("beta-corp/assistant", "beta-corp/assistant", "unknown"),
]

DIFFERENT = [
    (
        "gpt-4o",
        "gpt-4o-mini",
        "gpt-4o-audio-preview",
        "gpt-4o-2024-05-13",
        "chatgpt-4o-latest",
        "gpt-4o-search-preview",
    ),
    ("o1", "o1-preview", "o1-mini", "o1-pro"),
    ("gpt-4", "gpt-4-32k", "gpt-4-turbo", "gpt-4-turbo-preview", "gpt-4-vision-preview", "gpt-4.1", "gpt-4.5-preview"),
    ("gpt-3.5-turbo", "gpt-3.5-turbo-0613", "gpt-3.5-turbo-1106", "gpt-3.5-turbo-16k", "gpt-3.5-turbo-instruct"),
    ("gpt-4o-mini", "ft:gpt-4o-mini-2024-07-18:org::a", "ft:gpt-4o-mini-2024-07-18:org::b"),
    ("gpt-5", "gpt-5-mini", "gpt-5-codex", "gpt-5.1", "gpt-5-pro"),
    (
        "claude-sonnet-4",
        "claude-sonnet-4-5",
        "claude-sonnet-4-6",
        "claude-3-sonnet",
        "claude-opus-4",
        "claude-sonnet-5",
    ),
    ("claude-opus-4-8", "claude-opus-4-8-fast"),
    ("claude-2", "claude-2.1", "claude-instant-1"),
    ("gemini-2.5-flash", "gemini-2.5-flash-preview-04-17", "gemini-2.5-flash-lite", "gemini-2.5-flash-preview-tts"),
    ("gemini-pro", "gemini-pro-latest", "gemini-1.5-pro", "gemini-pro-vision"),
    ("gemini-embedding-001", "gemini-embedding-2"),
    ("gemini-exp-1114", "gemini-exp-1206"),
    ("deepseek-chat", "deepseek-v3", "deepseek-v3-0324", "deepseek-r1", "deepseek-r1-0528", "deepseek-reasoner"),
    ("mistral-large", "mistral-large-2407", "mistral-large-2411", "mistral-large-2512"),
    ("command-r", "command-r-plus", "command-r-08-2024"),
    ("llama-3-8b-instruct", "llama-3-70b-instruct", "llama-3.1-8b-instruct", "llama-3.1-8b-instruct-turbo"),
    ("amazon.titan-embed-text-v1", "amazon.titan-embed-text-v2:0"),
    ("mistral.mistral-7b-instruct-v0:2", "mistral-7b-instruct-v0.1"),
    ("kimi-k2-0711-preview", "kimi-k2-0905-preview", "kimi-k2"),
    ("grok-4", "grok-4-fast", "grok-4.1-fast", "grok-code-fast-1"),
    ("teama/assistant", "teamb/assistant"),
]

UNNAMED = ["", "   ", "None", "null", "unknown", "REDACTED", "[redacted]", "<REDACTED>", "openrouter/REDACTED", "n/a"]
UNNAMED += ["/", "///", "openrouter/", "nan", "\t\n", "-"]

WORDS = (
    "openai/ anthropic. us. bedrock/ ft: models/ projects/p/locations/ arn:aws:bedrock:x/ meta-llama_ REDACTED None "
    "-latest -v1:0 -v2 :free @default -20250929 -2024-11-20 -0613 -exp-03-25 -preview -beta -001 -hf -fc open- "
    "claude claude-3 gpt gpt-4 gemini-2 grok-4 llama llama3 qwen mistral-large- nova- deepseek -sonnet -5 .5 4 p 0"
)
FRAGMENTS = st.sampled_from([*WORDS.split(), *"/-.:@[]_ \u00a0\x00é😀İ"])
NAMES = st.one_of(
    st.text(max_size=220),
    st.lists(FRAGMENTS, max_size=20).map("".join),
    st.sampled_from([row[0] for row in SPELLINGS]),
)
SERVERS = st.one_of(st.none(), st.sampled_from(sorted(PROVIDERS)), st.text(max_size=20))


@pytest.mark.parametrize(("reported", "model", "provider"), SPELLINGS, ids=[row[0][-60:] for row in SPELLINGS])
def test_a_spelling_stands_for_its_model_and_who_served_it(reported: str, model: str, provider: str) -> None:
    assert resolve(reported) == ModelName(model=model, provider=provider)


@pytest.mark.parametrize("names", DIFFERENT, ids=lambda names: names[0])
def test_different_models_are_never_merged(names: tuple[str, ...]) -> None:
    assert len({resolve(name).model for name in names}) == len(names)


@pytest.mark.parametrize("reported", UNNAMED)
def test_a_missing_or_redacted_name_is_unknown(reported: str) -> None:
    assert is_unnamed(reported)
    assert resolve(reported).model == UNKNOWN


def test_no_name_at_all_is_unnamed_and_a_name_is_not() -> None:
    assert is_unnamed(None)
    assert not is_unnamed("gpt-4o")
    assert not is_unnamed("openrouter/redacted-model")


@pytest.mark.parametrize(
    ("reported", "provider"),
    [
        ("openrouter/REDACTED", "openrouter"),
        ("bedrock/REDACTED", "aws.bedrock"),
        ("None", UNKNOWN),
        ("gemini/", "gcp.gemini"),
    ],
)
def test_a_redacted_name_keeps_the_provider_of_its_prefix(reported: str, provider: str) -> None:
    assert resolve(reported) == ModelName(model=UNKNOWN, provider=provider)


@pytest.mark.parametrize(
    ("given_as", "provider"),
    [
        ("google", "gcp.gemini"),
        ("gemini", "gcp.gemini"),
        ("bedrock", "aws.bedrock"),
        ("AWS", "aws.bedrock"),
        ("azure", "azure.ai.openai"),
        ("azure_openai", "azure.ai.openai"),
        ("az.ai.openai", "azure.ai.openai"),
        ("az.ai.inference", "azure.ai.inference"),
        ("mistral", "mistral_ai"),
        ("xai", "x_ai"),
        ("x-ai", "x_ai"),
        ("vertex_ai", "gcp.vertex_ai"),
        ("google-vertex", "gcp.vertex_ai"),
        ("ibm.watsonx.ai", "ibm.watsonx.ai"),
        ("openai.chat", "openai"),
        (" Together AI ", "together"),
        ("Our Own Server", "our own server"),
        ("gcp.gen_ai", "gcp.gen_ai"),
    ],
)
def test_a_provider_given_explicitly_wins_in_its_own_name(given_as: str, provider: str) -> None:
    assert resolve("anthropic/claude-sonnet-4-5", given_as) == ModelName(model="claude-sonnet-4-5", provider=provider)
    assert canonical_provider(provider) == provider


@pytest.mark.parametrize("nothing", [None, "", "  ", "unknown", "None"])
def test_a_provider_that_says_nothing_leaves_it_to_the_name(nothing: str | None) -> None:
    assert resolve("groq/llama-3.3-70b-versatile", nothing).provider == "groq"


@settings(deadline=None)  # a busy machine is no failure
@given(NAMES, SERVERS)
@example("x" * 200, None)
@example("-latest" * 30, None)
@example("openai/" * 30, None)
@example("ft:" * 60, None)
@example("llama3" * 30, None)
@example("/" * 200, None)
@example("-" * 200, "-")
def test_any_text_has_an_answer_and_resolving_it_again_changes_nothing(reported: str, provider: str | None) -> None:
    once = resolve(reported, provider)

    assert resolve(once.model, provider).model == once.model
    assert once.model
    assert once.provider
    assert is_unnamed(reported) == (once.model == UNKNOWN)


@given(st.sampled_from(SPELLINGS), st.sampled_from([str.upper, str.title, " {} ".format, "{}\n".format]))
def test_case_and_surrounding_space_make_no_difference(
    row: tuple[str, str, str], written: Callable[[str], str]
) -> None:
    reported, model, provider = row

    assert resolve(written(reported)) == ModelName(model=model, provider=provider)


def test_what_is_settled_stays_settled() -> None:
    assert [resolve(name).model for name in SETTLED.values()] == list(SETTLED.values())


def test_every_provider_is_its_own_canonical_spelling() -> None:
    assert {canonical_provider(provider) for provider in PROVIDERS.values()} == set(PROVIDERS.values())


def test_what_is_remembered_is_bounded() -> None:
    assert resolve.cache_info().maxsize is not None


def test_importing_names_does_not_load_the_price_list() -> None:
    code = "import sys, augury.models, augury.models.names; sys.exit('genai_prices' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
