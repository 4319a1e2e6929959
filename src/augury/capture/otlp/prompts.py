"""What a span's text tells of its call before it is forgotten: task type and complexity, nothing of the text.

Prompts are in spans only where the application's owner has them captured; there they stand as JSON, as one attribute for each
message, or in events. The last message of the user is what a call is for.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from augury.capture import asking
from augury.capture.otlp import names
from augury.classify import Attachment, classify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from augury.capture.otlp.spans import Event, Span, Value
    from augury.classify import Classification

_PLACE = re.compile(
    r"(?:gen_ai\.prompt|llm\.prompts|llm\.input_messages|llm\.tools|llm\.request\.functions)\.(\d{1,6})\."
)
_ROLES = {"gen_ai.user.message": "user", "gen_ai.system.message": "system"}
_OPERATION_DETAILS = "gen_ai.client.inference.operation.details"
_SYSTEM = ("system", "developer")
_PLAIN = (
    "text",
    "input_text",
    "output_text",
    "thinking",
    "reasoning",
    "tool_call",
    "tool_call_response",
    "tool_use",
    "tool_result",
)
_MOST_MESSAGES = 10_000


@dataclass(slots=True)
class _Prompt:
    user: str | None = None
    system: str | None = None
    tools: int = 0
    attachments: list[Attachment] = field(default_factory=list)

    def take(self, role: str, message: str | None, attachments: Sequence[Attachment] = ()) -> None:
        """The last message of the user counts, and the first of the system."""
        if role in _SYSTEM:
            self.system = self.system or message
        elif role in {"user", "human"}:
            self.user, self.attachments = message or self.user, list(attachments)


def classified(span: Span) -> Classification | None:
    """What the span's text and tools say of its call; None where it has neither."""
    prompt = _Prompt(tools=_tools(span.attributes))
    _read(span.attributes, prompt)
    for event in span.events:
        _read_event(event, prompt)
    if prompt.user is None and (whole := span.attributes.get(names.INPUT_VALUE)):
        request = _loaded(whole)
        if isinstance(request, dict):  # OpenInference has the whole body there
            return asking.classified(request)
        prompt.take("user", _text(whole))
    return _judged(prompt)


def classified_event(name: str, attributes: Mapping[str, Value], body: Value) -> Classification | None:
    """The same of an event that carries a prompt beside its span, as a log record; None where it is no such event."""
    prompt = _Prompt()
    if name == _OPERATION_DETAILS:
        whole = {**attributes, **body} if isinstance(body, dict) else attributes
        prompt.tools = _tools(whole)
        _read(whole, prompt)
    elif name == "gen_ai.user.message":
        within = body.get("content") if isinstance(body, dict) else attributes.get("content")
        message, attachments = _content(within)
        prompt.take("user", message, attachments)
    return _judged(prompt)


def _judged(prompt: _Prompt) -> Classification | None:
    if not (prompt.tools or (prompt.user and prompt.user.strip()) or prompt.attachments):
        return None
    return classify(prompt.user, system=prompt.system, tools=prompt.tools, attachments=prompt.attachments)


def _read(given: Mapping[str, Value], prompt: _Prompt) -> None:
    for name in names.MESSAGES:
        _messages(_loaded(given.get(name)), prompt)
    for name in names.SYSTEM:
        found = _loaded(given.get(name))
        prompt.take("system", _content(found)[0] if isinstance(found, list) else _text(found))
    _flat(given, prompt)
    for name in names.PROMPT:
        if prompt.user is None:
            found = _loaded(given.get(name))
            _messages(found.get("messages") if isinstance(found, dict) else found, prompt)


def _read_event(event: Event, prompt: _Prompt) -> None:
    if role := _ROLES.get(event.name):
        message, attachments = _content(_loaded(event.attributes.get("content")))
        prompt.take(role, message, attachments)
    elif event.name in {_OPERATION_DETAILS, "gen_ai.content.prompt"}:
        _read(event.attributes, prompt)


def _messages(found: Value, prompt: _Prompt) -> None:
    """A list of messages, each with `parts` (OpenTelemetry), or `content` (the providers)."""
    if isinstance(found, str):
        prompt.take("user", found)
    for message in found[-_MOST_MESSAGES:] if isinstance(found, list) else ():
        if isinstance(message, dict):
            said, attachments = _content(message.get("parts") or message.get("content"))
            if said or attachments:
                prompt.take(str(message.get("role")), said, attachments)


def _content(found: Value) -> tuple[str | None, list[Attachment]]:
    """The text of a message's content, and what it carries beside."""
    if isinstance(found, str):
        return found, []
    said: list[str] = []
    attachments: list[Attachment] = []
    for part in found if isinstance(found, list) else ():
        if isinstance(part, str):
            said.append(part)
        elif isinstance(part, dict):
            kind = str(part.get("type", "text"))
            if kind in {"text", "input_text"}:
                said.append(_text(part.get("content")) or _text(part.get("text")) or "")
            elif kind not in _PLAIN:
                attachments.append(_attachment(kind, part))
    return "\n".join(said) or None, attachments


def _attachment(kind: str, part: Mapping[str, Value]) -> Attachment:
    media = _text(part.get("mime_type")) or ("image/*" if "image" in f"{kind} {part.get('modality')}" else None)
    return Attachment(name=_text(part.get("file_name")) or _text(part.get("filename")), media_type=media)


def _flat(given: Mapping[str, Value], prompt: _Prompt) -> None:
    """Messages that are spread over one attribute for each of their fields, by their places."""
    spread: dict[int, dict[str, Value]] = {}
    for name, value in given.items():
        if name.startswith(names.FLAT_MESSAGES) and (found := _PLACE.match(name)):
            spread.setdefault(int(found[1]), {})[name[found.end() :].removeprefix("message.")] = value
    for place in sorted(spread):
        message = spread[place]
        content = message.get("content", message.get("prompt.text"))
        parts = _loaded(content)
        said, attachments = _content(parts if isinstance(parts, list) else content)
        said = said or "\n".join(_text(value) or "" for value in _contents(message)) or None
        attachments += [Attachment(media_type="image/*") for name in message if ".message_content.image" in name]
        prompt.take(str(message.get("role", "user")), said, attachments)


def _contents(message: Mapping[str, Value]) -> Iterator[Value]:
    return (value for name, value in message.items() if name.endswith(".message_content.text"))


def _tools(given: Mapping[str, Value]) -> int:
    """How many tools were on offer."""
    for name in names.TOOLS:
        found = _loaded(given.get(name))
        if isinstance(found, list):
            return len(found)
    places = (_PLACE.match(name) for name in given if name.startswith(names.FLAT_TOOLS))
    return len({place[0] for place in places if place})


def _loaded(value: Value) -> Value:
    """What a text of JSON stands for; any other text is itself."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        loaded: Value = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return loaded


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None
