"""Whether a JSON schema is one that OpenAI enforces: what it does not know it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_MOST: Final = 10_000  # parts of a schema; ends an enormous one


def enforceable(schema: object) -> bool:
    """Whether it describes an object, and every object in it lists all of its properties as required and allows no others.

    https://developers.openai.com/api/docs/guides/structured-outputs: strict mode takes no optional properties, which
    Anthropic's does.
    """
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        return False
    waiting: list[object] = [schema]
    for _ in range(_MOST):
        if not waiting:
            return True
        part = waiting.pop()
        if isinstance(part, Mapping):
            properties = part.get("properties")
            if isinstance(properties, Mapping) or part.get("type") == "object":
                named = set(properties) if isinstance(properties, Mapping) else set()
                required = part.get("required")
                if set(required if isinstance(required, list) else ()) != named:
                    return False
                if part.get("additionalProperties") is not False:
                    return False
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return False
