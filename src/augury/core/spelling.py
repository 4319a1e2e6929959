"""How a name is written in JSON."""


def camel(name: str) -> str:
    """`response_time_ms` → `responseTimeMs`; what follows a digit keeps its case: `cache_write_1h_tokens` → `cacheWrite1hTokens`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
