"""How a name is written in JSON, and how hostile text is shown."""

import re

# What a terminal obeys instead of showing, and what turns its text around: names in a log may hold either.
_OBEYED = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]")


def camel(name: str) -> str:
    """`response_time_ms` → `responseTimeMs`; what follows a digit keeps its case: `cache_write_1h_tokens` → `cacheWrite1hTokens`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def visible(text: str) -> str:
    """The text with every character that a terminal would obey spelled out."""
    return _OBEYED.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
