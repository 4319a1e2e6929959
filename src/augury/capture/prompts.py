"""What a file's prompts tell before they are forgotten: task type and complexity, nothing of the text."""

from __future__ import annotations

import json

from augury.classify import classify

PROMPT_FIELDS = ("message", "tools")
"""What `--map` takes beside the fields of a record: columns that are read, and kept nowhere."""


def task_of(message: str | None, tools: str | None) -> tuple[str, str] | None:
    """The task type and complexity of a prompt and the tools that went with it; None where there is neither.

    Args:
        message: the prompt's text.
        tools: a JSON list of tool definitions, or any other text where there were tools.
    """
    count = _count(tools)
    if not (message and message.strip()) and not count:
        return None
    found = classify(message, tools=count)
    return str(found.task_types[0]), str(found.complexity)


def task_words(message: str | None, tools: str | None) -> str | None:
    """The same as one text for SQL, a space between the two."""
    found = task_of(message, tools)
    return None if found is None else " ".join(found)


def _count(tools: str | None) -> int:
    if tools is None or not tools.strip():
        return 0
    try:
        value = json.loads(tools)
    except (ValueError, RecursionError):
        return 1
    if isinstance(value, list | dict):
        return len(value)
    return 0 if value in (None, 0, "", False) else 1
