"""What a request to a model is about, read from its body in any dialect: classified, and forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from augury.capture.usage import field_of, name
from augury.classify import Attachment, classify
from augury.classify.window import SYSTEM_CHARACTERS, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from augury.classify import Classification

_MOST_MESSAGES = 200  # looked through, from the latest back
_MOST_PARTS = 50
_TEXTS = ("text", "input_text")
_MOST_FOUND = 500
_found: dict[tuple[int, int, int, int], Classification] = {}
"""What was found in the latest messages, by hashes of what is read of them: an agent sends the same one with each of its steps."""

_FILES = ("image_url", "input_image", "image", "document", "file", "input_file", "input_audio", "audio")


def classified(body: object) -> Classification:
    """What the request asks for: the latest thing that its user said, the system prompt, the tools, and files with it.

    Args:
        body: of a chat completion, a response, a message, or a completion; JSON, or objects of the clients in it.
    """
    message, attachments = _latest(body)
    tools = field_of(body, "tools") or field_of(body, "functions")
    count = len(tools) if isinstance(tools, (list, tuple)) else 0
    system = _system(body)
    if message is None or attachments:
        return classify(message, system=system, tools=count, attachments=attachments)
    asked = len(message), hash(read(message)), hash(system and system[:SYSTEM_CHARACTERS]), count
    found = _found.get(asked)
    if found is None:
        found = classify(message, system=system, tools=count)
        if len(_found) >= _MOST_FOUND:
            _found.clear()
        _found[asked] = found
    return found


def _latest(body: object) -> tuple[str | None, list[Attachment]]:
    """The text of the latest message of the user that has one, after it perhaps results of tools; and its files."""
    files: list[Attachment] = []
    for message in _messages(body):
        if field_of(message, "role") not in ("user", None):
            continue
        content = message if isinstance(message, str) else field_of(message, "content")
        files.extend(_attachments(content))
        if text := _text(content):
            return text, files
    return None, files


def _messages(body: object) -> Iterator[object]:
    """Messages, the latest first."""
    for key in ("messages", "input", "prompt"):
        told = field_of(body, key)
        if isinstance(told, str):
            yield told
            return
        if isinstance(told, list | tuple):
            yield from told[: -_MOST_MESSAGES - 1 : -1]
            return


def _system(body: object) -> str | None:
    for key in ("system", "instructions"):
        if text := _text(field_of(body, key)):
            return text
    for key in ("messages", "input"):
        told = field_of(body, key)
        for message in told[:2] if isinstance(told, list | tuple) else ():
            if field_of(message, "role") in ("system", "developer"):
                return _text(field_of(message, "content"))
    return None


def _text(content: object) -> str | None:
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple):
        return None
    texts = [field_of(part, "text") for part in content[:_MOST_PARTS] if field_of(part, "type") in _TEXTS]
    return "\n".join(text for text in texts if isinstance(text, str)) or None


def _attachments(content: object) -> Iterator[Attachment]:
    for part in content[:_MOST_PARTS] if isinstance(content, list | tuple) else ():
        kind: Any = field_of(part, "type")
        if kind in _FILES:
            inner = field_of(part, kind)
            source = field_of(part, "source")
            yield Attachment(
                name=name(field_of(inner, "filename") or field_of(part, "filename") or field_of(part, "title")),
                media_type=name(field_of(source, "media_type")) or _media(kind),
            )


def _media(kind: str) -> str | None:
    if "image" in kind:
        return "image/*"
    return "audio/*" if "audio" in kind else None
