"""Who answers at an address, where that is known: OpenAI's wire format is spoken by many."""

from __future__ import annotations

from functools import lru_cache

_HOSTS = {
    "openai.com": "openai",
    "anthropic.com": "anthropic",
    "openai.azure.com": "azure.ai.openai",
    "cognitiveservices.azure.com": "azure.ai.openai",
    "services.ai.azure.com": "azure.ai.inference",
    "models.ai.azure.com": "azure.ai.inference",
    "amazonaws.com": "aws.bedrock",
    "api.aws": "aws.bedrock",
    "aiplatform.googleapis.com": "gcp.vertex_ai",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "googleapis.com": "gcp.vertex_ai",  # a region before it: europe-west1-aiplatform.googleapis.com
    "aliyuncs.com": "alibaba",
    "cerebras.ai": "cerebras",
    "cloudflare.com": "cloudflare",
    "cohere.ai": "cohere",
    "cohere.com": "cohere",
    "deepinfra.com": "deepinfra",
    "deepseek.com": "deepseek",
    "fireworks.ai": "fireworks",
    "models.github.ai": "github",
    "groq.com": "groq",
    "huggingface.co": "huggingface",
    "hyperbolic.xyz": "hyperbolic",
    "minimax.io": "minimax",
    "mistral.ai": "mistral_ai",
    "moonshot.ai": "moonshot",
    "moonshot.cn": "moonshot",
    "nebius.com": "nebius",
    "novita.ai": "novita",
    "nvidia.com": "nvidia",
    "openrouter.ai": "openrouter",
    "perplexity.ai": "perplexity",
    "sambanova.ai": "sambanova",
    "together.ai": "together",
    "together.xyz": "together",
    "ai-gateway.vercel.sh": "vercel",
    "x.ai": "x_ai",
    "z.ai": "zai",
}

_STREAM_USAGE = ("openai",)


@lru_cache(maxsize=1_000)
def provider_at(host: str, otherwise: str) -> str:
    """The provider at a host, by its name or that of a domain it belongs to; `otherwise` where nobody is known there."""
    parts = host.lower().rstrip(".").split(".")
    domains = (".".join(parts[start:]) for start in range(len(parts) - 1))
    return next((_HOSTS[domain] for domain in domains if domain in _HOSTS), otherwise)


def takes_stream_options(host: str) -> bool:
    """Whether whoever answers there is known to take `stream_options`, which others refuse as unknown."""
    return provider_at(host, "") in _STREAM_USAGE
