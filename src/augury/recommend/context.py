"""What somebody knows of a request before a model is chosen for it, and what the request needs of that model.

A `TaskContext` says as much as its owner cares to say; `need_of` works out the rest. Neither shows a prompt: the message,
the tools, and the attachments are left out of `repr`, and out of every error.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from augury.core.spelling import camel
from augury.core.tasks import Complexity, Priority, TaskType
from augury.errors import InvalidValue
from augury.models import ModelName, is_unnamed, resolve

if TYPE_CHECKING:
    from enum import StrEnum

    from augury.classify import Attachment

MAX_MESSAGE_BYTES: Final = 1_000_000
MAX_TOOLS: Final = 128
MAX_TOOL_CHARACTERS: Final = 1_000_000  # of all tools together, their schemas included
MAX_ATTACHMENTS: Final = 64
MAX_ALLOWED_MODELS: Final = 200
MAX_NAME: Final = 200  # characters

_BYTES_PER_TOKEN: Final = 3.5
"""English prose has about 4 bytes a token, code about 3. Bytes rather than characters: a Chinese one is about a token."""

_TOKENS_PER_TOOL: Final = 20  # what wraps a tool's definition; a bare name stands for a small definition
_TOKENS_PER_IMAGE: Final = 1_600  # a picture of about a megapixel
_TOKENS_PER_FILE: Final = 2_000  # a page or three: what to expect of a file of unknown size
_LARGEST_FILE: Final = 100_000_000  # bytes; a size may be any number, and beyond this nothing fits anyway
_MOST_PARTS: Final = 100_000  # of a tool's definition; ends a cyclic one

_PICTURES: Final = frozenset({"png", "jpg", "jpeg", "gif", "webp", "heic", "heif", "bmp", "tif", "tiff", "avif"})
_PICTURE_KINDS: Final = frozenset(
    {"image", "image_url", "input_image"}
)  # as OpenAI and Anthropic call a part of a message
_TEXT_KINDS: Final = ("text/", "application/json", "application/xml")

_Choice = TypeVar("_Choice", bound="StrEnum")


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class TaskContext:
    """What is known of a request. Everything may be left out; what is missing is worked out from the rest.

    An attachment is a file's name, its media type, an `augury.classify.Attachment`, or a mapping with any of `name`,
    `mediaType` (or `type`), `size` in bytes. A tool is its name, or its definition as OpenAI or Anthropic take it.
    """

    message_content: str | None = field(repr=False)
    has_code_content: bool | None
    attachments: tuple[str | Mapping[str, Any] | Attachment, ...] = field(repr=False)
    tools: tuple[str | Mapping[str, Any], ...] = field(repr=False)
    task_type: TaskType | None
    complexity: Complexity | None
    user_preference: Priority | None
    segment: str | None
    allowed_models: tuple[str, ...] | None
    """In any spelling; None: all models. An empty list is refused, since it would leave nothing to choose from."""

    def __init__(
        self,
        *,
        message_content: str | None = None,
        has_code_content: bool | None = None,
        attachments: Iterable[str | Mapping[str, Any] | Attachment] | None = None,
        tools: Iterable[str | Mapping[str, Any]] | None = None,
        task_type: TaskType | str | None = None,
        complexity: Complexity | str | None = None,
        user_preference: Priority | str | None = None,
        segment: str | None = None,
        allowed_models: Iterable[str] | None = None,
    ) -> None:
        """Take plain strings and lists as well, or raise InvalidValue, which names the field as JSON does."""
        if has_code_content is not None and not isinstance(has_code_content, bool):
            raise InvalidValue("hasCodeContent", "true or false", has_code_content)
        for name, value in (
            ("message_content", _message(message_content)),
            ("has_code_content", has_code_content),
            ("attachments", _attachments(attachments)),
            ("tools", _tools(tools)),
            ("task_type", chosen(TaskType, "taskType", task_type)),
            ("complexity", chosen(Complexity, "complexity", complexity)),
            ("user_preference", chosen(Priority, "userPreference", user_preference)),
            ("segment", None if segment is None else _name("segment", segment)),
            ("allowed_models", _allowed(allowed_models)),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def from_json(cls, values: Mapping[str, Any], *, beside: tuple[str, ...] = ()) -> TaskContext:
        """Read the fields of a JSON object, named as there or as here; null is the same as left out.

        Args:
            values: the object.
            beside: names that may stand beside the context's own, for the list of them; who calls has taken them out.

        Raises:
            InvalidValue: a field is not what it must be, is given twice, or is not known.
        """
        if not isinstance(values, Mapping):
            raise InvalidValue("context", "a JSON object", told=_kind(values))
        known: dict[str, Any] = {}
        for name, value in values.items():
            field_name = _FIELDS.get(name)
            if field_name is None:
                known_names = ", ".join((*_JSON_NAMES, *beside))
                raise InvalidValue(str(name)[:MAX_NAME], f"one of {known_names}", told="a name that is not known")
            if field_name in known:
                raise InvalidValue(camel(field_name), "to be given once", told="two spellings of it")
            known[field_name] = value
        return cls(**known)

    def to_json(self) -> dict[str, Any]:
        """The fields that are given, as `from_json` reads them, in nothing but what JSON has.

        Raises:
            InvalidValue: a tool or an attachment cannot be written so.
        """
        given = {
            "messageContent": self.message_content,
            "hasCodeContent": self.has_code_content,
            "attachments": [_plain_attachment(attachment) for attachment in self.attachments] or None,
            "tools": [_plain("tools", tool) for tool in self.tools] or None,
            "taskType": self.task_type,
            "complexity": self.complexity,
            "userPreference": self.user_preference,
            "segment": self.segment,
            "allowedModels": None if self.allowed_models is None else list(self.allowed_models),
        }
        return {name: _encodable(value) for name, value in given.items() if value is not None}

    @property
    def allowed(self) -> tuple[ModelName, ...] | None:
        """The allowed models by their canonical names, each once, in their order; None: all models."""
        if self.allowed_models is None:
            return None
        names: dict[str, ModelName] = {}
        for spelling in self.allowed_models:
            name = resolve(spelling)
            names.setdefault(name.model, name)
        return tuple(names.values())


_JSON_NAMES: Final = tuple(camel(name) for name in TaskContext.__slots__)
_FIELDS: Final = {spelling: name for name in TaskContext.__slots__ for spelling in (name, camel(name))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a request needs of a model, with nothing in it that was read out of a prompt."""

    task_type: TaskType
    complexity: Complexity
    input_tokens: int = 0  # a rough estimate
    tools: bool = False
    images: bool = False
    json_schema: bool = False  # a context does not tell; who has the request itself knows, and may say so


def need_of(context: TaskContext) -> Need:
    """Say what a context needs; its task type and complexity are classified where they are not given.

    With nothing to classify the type is `other`; with no text the complexity is `medium`, since nothing tells it.
    """
    files = tuple(_file(attachment) for attachment in context.attachments)
    task_type, complexity = _classified(context, files)
    text = context.message_content or ""
    tokens = math.ceil(_bytes(text) / _BYTES_PER_TOKEN)
    tokens += sum(_TOKENS_PER_TOOL + math.ceil(_characters(tool) / _BYTES_PER_TOKEN) for tool in context.tools)
    tokens += sum(file.tokens for file in files)
    return Need(
        task_type=task_type,
        complexity=complexity,
        input_tokens=tokens,
        tools=bool(context.tools),
        images=any(file.picture for file in files),
    )


def chosen(choices: type[_Choice], name: str, value: object) -> _Choice | None:
    """The member that a value names, None for None, or InvalidValue, which lists them all."""
    if value is None:
        return None
    if isinstance(value, str) and value in set(choices):
        return choices(value)
    raise InvalidValue(name, f"one of {', '.join(choices)}", value)


def _classified(context: TaskContext, files: tuple[_File, ...]) -> tuple[TaskType, Complexity]:
    text = context.message_content if context.message_content and not context.message_content.isspace() else None
    if context.task_type is not None and context.complexity is not None:
        return context.task_type, context.complexity
    if text is None and not context.tools and not files:
        nothing = TaskType.CODING if context.has_code_content else TaskType.OTHER
        return context.task_type or nothing, context.complexity or Complexity.MEDIUM
    from augury.classify import Attachment, classify  # noqa: PLC0415 - its word lists take time, and not every context needs them

    found = classify(
        text,
        tools=len(context.tools),
        attachments=[Attachment(name=file.name, media_type=file.media_type, size=file.size) for file in files],
        has_code=context.has_code_content,
    )
    unknown = Complexity.MEDIUM if text is None else found.complexity
    return context.task_type or found.task_type, context.complexity or unknown


@dataclass(frozen=True, slots=True)
class _File:
    """An attachment, as far as it is known."""

    name: str | None
    media_type: str | None
    size: int | None

    @property
    def picture(self) -> bool:
        kind = (self.media_type or "").lower()
        ending = (self.name or "").rpartition(".")[2].lower()
        return kind.startswith("image/") or kind in _PICTURE_KINDS or ending in _PICTURES

    @property
    def tokens(self) -> int:
        if self.picture:
            return _TOKENS_PER_IMAGE
        if self.size is None or not (self.media_type or "").lower().startswith(_TEXT_KINDS):
            return _TOKENS_PER_FILE  # the size of a PDF says nothing of how much there is to read in it
        return math.ceil(min(self.size, _LARGEST_FILE) / _BYTES_PER_TOKEN)


def _file(attachment: str | Mapping[str, Any] | Attachment) -> _File:
    if isinstance(attachment, str):
        kind, slash, _ = attachment.partition("/")
        if slash and kind in {"image", "text", "application", "audio", "video"}:
            return _File(name=None, media_type=attachment, size=None)
        return _File(name=attachment, media_type=None, size=None)
    if not isinstance(attachment, Mapping):
        return _File(name=attachment.name, media_type=attachment.media_type, size=attachment.size)

    def first(*keys: str) -> Any:
        return next((attachment[key] for key in keys if attachment.get(key) is not None), None)

    name = first("name", "filename", "fileName")
    media_type = first("mediaType", "media_type", "mimeType", "mime_type", "contentType", "type")
    size = first("size", "bytes")
    return _File(
        name=name[:MAX_NAME] if isinstance(name, str) else None,
        media_type=media_type[:MAX_NAME] if isinstance(media_type, str) else None,
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
    )


def _message(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InvalidValue("messageContent", "a text", told=_kind(value))
    if value is not None and (len(value) > MAX_MESSAGE_BYTES or _bytes(value) > MAX_MESSAGE_BYTES):
        raise InvalidValue("messageContent", f"at most {MAX_MESSAGE_BYTES:,} bytes", told="a longer text")
    return value


def _attachments(value: object) -> tuple[Any, ...]:
    found = _several("attachments", value, MAX_ATTACHMENTS)
    for attachment in found:
        if isinstance(attachment, str):
            _name("attachments", attachment, secret=True)
        elif not isinstance(attachment, Mapping) and not _is_attachment(attachment):
            raise InvalidValue("attachments", "names, media types, or objects", told=_kind(attachment))
    return found


def _is_attachment(value: object) -> bool:
    return all(hasattr(value, name) for name in ("name", "media_type", "size"))


def _tools(value: object) -> tuple[Any, ...]:
    found = _several("tools", value, MAX_TOOLS)
    for tool in found:
        if isinstance(tool, str):
            _name("tools", tool, secret=True)
        elif not isinstance(tool, Mapping):
            raise InvalidValue("tools", "names or definitions of tools", told=_kind(tool))
    if sum(_characters(tool) for tool in found) > MAX_TOOL_CHARACTERS:
        raise InvalidValue("tools", f"at most {MAX_TOOL_CHARACTERS:,} characters in all", told="more of them")
    return found


def _allowed(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    found = _several("allowedModels", value, MAX_ALLOWED_MODELS)
    if not found:
        raise InvalidValue("allowedModels", "at least one model; leave it out to allow all", told="an empty list")
    for name in found:
        if is_unnamed(_name("allowedModels", name)):
            raise InvalidValue("allowedModels", "names of models", name)
    return found


def _plain_attachment(attachment: str | Mapping[str, Any] | Attachment) -> object:
    if isinstance(attachment, str | Mapping):
        return _plain("attachments", attachment)
    given = {"name": attachment.name, "mediaType": attachment.media_type, "size": attachment.size}
    return {name: value for name, value in given.items() if value is not None}


def _plain(name: str, value: object) -> object:
    """A value as JSON has it; what JSON has no word for as its text."""
    try:
        return json.loads(json.dumps(value, default=_told))
    except (ValueError, TypeError, RecursionError):  # a circle, or a key that is no text
        raise InvalidValue(name, "what can be written as JSON", told="something that cannot") from None


def _told(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _encodable(value: object) -> object:
    """The value without half characters, which a text may hold and UTF-8 may not."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return json.loads(json.dumps(value).encode("utf-8", "replace")) if isinstance(value, list) else value


def _several(name: str, value: object, most: int) -> tuple[Any, ...]:
    """A list as a tuple; a text or an object is no list, though it can be gone through like one."""
    if value is None:
        return ()
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise InvalidValue(name, "a list", told=_kind(value))
    found: list[Any] = []
    for item in value:
        if len(found) == most:
            raise InvalidValue(name, f"at most {most} of them", told="a longer list")
        found.append(item)
    return tuple(found)


def _name(name: str, value: object, *, secret: bool = False) -> str:
    expected = f"a text of 1 to {MAX_NAME} characters"
    if not isinstance(value, str):
        raise InvalidValue(name, expected, told=_kind(value))
    if not value.strip() or len(value) > MAX_NAME or "\0" in value:
        raise InvalidValue(name, expected, value, told="another text" if secret else None)
    return value


def _kind(value: object) -> str:
    """What a value is, in words, and nothing of what it says."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case _:
            return f"a value of another kind ({type(value).__name__})"


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _characters(value: object) -> int:
    """How much text there is in a tool, its keys included; more than is allowed where it is too large to go through."""
    count = 0
    waiting: list[object] = [value]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return count
        part = waiting.pop()
        if isinstance(part, str):
            count += len(part)
        elif isinstance(part, Mapping):
            waiting.extend(part.keys())
            waiting.extend(part.values())
        elif isinstance(part, (list, tuple)):
            waiting.extend(part)
        else:
            count += 1  # a number, a truth value, nothing
    return MAX_TOOL_CHARACTERS + 1
