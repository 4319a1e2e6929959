"""What a model is called: the many spellings of one model, and of who served it, become one name each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from augury.models.spellings import (
    BEDROCK,
    MAKERS,
    ORGANISATIONS,
    PROVIDERS,
    REGION,
    REWRITES,
    ROUTING,
    SETTLED,
    UNKNOWN,
    UNNAMED,
)

__all__ = ["UNKNOWN", "ModelName", "canonical_provider", "is_unnamed", "maker", "resolve"]

_LONGEST = 200  # characters: what a record keeps of a name
_REMEMBERED = 8_192  # spellings: far more than one installation meets
_PROJECT_AND_REGION = 4  # parts of a path on Vertex AI
_MOST_ROUNDS = 64  # a name settles in two or three; this ends a hostile one


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelName:
    """A model, and who served it."""

    model: str
    """Canonical, in lower case: `claude-sonnet-4-5`, `gpt-4o`, or `unknown`."""
    provider: str
    """OpenTelemetry's `gen_ai.provider.name` where there is one, else a plain lower-case name, or `unknown`."""


@lru_cache(maxsize=_REMEMBERED)
def resolve(reported: str, provider: str | None = None) -> ModelName:
    """Say which model a name as reported stands for, and who served it.

    Any text has an answer, and resolving an answer's model again changes nothing.

    Args:
        reported: the name as a client, a span, or a file gives it; it may carry routing prefixes, a date, a variant.
        provider: who served the call, in any spelling, when that is known; it wins over what the name implies.
    """
    model, prefix = _canonical(reported)
    named = canonical_provider(provider) if provider else UNKNOWN
    if named == UNKNOWN:
        named = prefix or maker(model)
    return ModelName(model=model, provider=named)


def is_unnamed(reported: str | None) -> bool:
    """Whether the name is missing, blank, a word for nothing such as "None", or redacted ("openrouter/REDACTED")."""
    return reported is None or resolve(reported).model == UNKNOWN


def canonical_provider(provider: str) -> str:
    """The provider's one name; one that we have never heard of keeps its own, in lower case."""
    name = provider[:_LONGEST].strip().lower()
    if name in UNNAMED:
        return UNKNOWN
    key = "_".join(name.replace("-", "_").split())
    # Some instrumentations add the interface they saw: "openai.chat", "anthropic.messages".
    return PROVIDERS.get(key) or PROVIDERS.get(key.partition(".")[0]) or name


def maker(model: str) -> str:
    """The provider that a canonical model comes from when nobody says otherwise, or `unknown`."""
    return next((provider for pattern, provider in MAKERS if pattern.match(model)), UNKNOWN)


def _canonical(reported: str) -> tuple[str, str | None]:
    """The canonical model, and the provider that the name's prefixes tell."""
    name = "-".join(reported[:_LONGEST].lower().split())
    provider = None
    for _ in range(_MOST_ROUNDS):
        bare, prefix = _without_prefixes(name)
        provider = provider or prefix
        bare = _rewritten(bare)[:_LONGEST]
        if bare == name:
            break
        name = bare
    return (UNKNOWN if name.strip("[]<>(){}*'\"") in UNNAMED else name), provider


def _without_prefixes(name: str) -> tuple[str, str | None]:
    """The name without what routes to it, and the outermost provider on the way."""
    provider = None
    parts = [part.strip("-~") for part in name.split("/")]  # OpenRouter: ~google/gemini-flash-latest
    while len(parts) > 1 and _routes(parts[0]):
        provider = provider or _server(parts[0])
        # projects/<project>/locations/<region>/publishers/anthropic/models/claude-sonnet-4-5@20250929
        parts = parts[_PROJECT_AND_REGION:] if parts[0] == "projects" and "locations" in parts[2:3] else parts[1:]
    bare = "/".join(parts)
    if bare in UNNAMED:
        return bare, provider
    organisation, _, rest = bare.partition("_")  # meta-llama_Meta-Llama-3-70B-Instruct, a path made into a file name
    if rest and organisation in ORGANISATIONS and "/" not in rest:
        bare = rest
    vendor = BEDROCK.match(bare)
    if vendor:
        provider = provider or "aws.bedrock"
        bare = bare[vendor.end() :]
        if vendor.group().endswith("deepseek."):  # deepseek.v3.2, deepseek.r1-v1:0: there the maker is half the name
            bare = f"deepseek-{bare}"
    return bare, provider


def _routes(part: str) -> bool:
    """Whether this part of a path says who made, served or routed the model, not which it is."""
    return (
        not part
        or part in ORGANISATIONS
        or part in ROUTING
        or REGION.fullmatch(part) is not None
        or _server(part) is not None
    )


def _server(part: str) -> str | None:
    """Who serves the models behind this part of a path."""
    if part.startswith("arn:aws"):
        # arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0
        return PROVIDERS.get("".join(part.split(":")[2:3]))
    return PROVIDERS.get(part.replace("-", "_"))


def _rewritten(name: str) -> str:
    """One spelling for the name: what is no part of it cut off, its version written as its maker writes it."""
    name = name.strip("-:")
    if name.startswith("ft:"):
        # A fine-tuned model is a model of its own: ft:<base>:<organisation>:<suffix>:<id>. Only its base has spellings.
        _, base, *owner = name.split(":")
        return ":".join(("ft", _rewritten(base), *owner))
    for pattern, replacement in REWRITES:
        if name in SETTLED:
            return SETTLED[name]
        name = pattern.sub(replacement, name)
    return SETTLED.get(name, name)
