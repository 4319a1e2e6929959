"""What a user's message is made of: text, images, documents, as parts of OpenAI's and as blocks of Anthropic's."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any, Final

from augury.gateway.translation import reading
from augury.gateway.translation.ledger import refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.gateway.translation.ledger import Ledger

_PICTURES: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")
_PDF: Final = "application/pdf"
_DATA: Final = re.compile(r"data:([^;,]*)((?:;[^;,]*)*?)(;base64)?,", re.IGNORECASE)
_OF_USERS: Final = "text, image_url or file, which have a translation"
_UNTITLED: Final = "document.pdf"  # OpenAI wants a name


def blocks(content: object, field: str, ledger: Ledger) -> list[dict[str, Any]]:
    """The content of a user's message as Anthropic's blocks, without those that say nothing."""
    if isinstance(content, str):
        return _spoken([{"type": "text", "text": content}])
    return _spoken([_block(part, place, ledger) for place, part in reading.objects(content, field)])


def texts(content: object, field: str) -> list[dict[str, Any]]:
    """The same of a message that may hold text alone: a system message, or the result of a tool."""
    if isinstance(content, str):
        return _spoken([{"type": "text", "text": content}])
    found = []
    for place, part in reading.objects(content, field):
        if part.get("type") != "text":
            raise refusal(f"{place}.type", "text", "another kind of part")
        found.append(_marked({"type": "text", "text": reading.text(part.get("text"), f"{place}.text")}, part))
    return _spoken(found)


def simple(content: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """Blocks as briefly as they may be written: one plain text is a string."""
    match content:
        case [{"type": "text", "text": str(text), **more}] if not more:
            return text
    return content


def _spoken(content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Anthropic refuses a text without a letter, which OpenAI takes; it says nothing."""
    return [block for block in content if block["type"] != "text" or block["text"].strip()]


def _block(part: Mapping[str, Any], place: str, ledger: Ledger) -> dict[str, Any]:
    block: dict[str, Any]
    match part.get("type"):
        case "text":
            block = {"type": "text", "text": reading.text(part.get("text"), f"{place}.text")}
        case "image_url":
            image = reading.mapping(part.get("image_url"), f"{place}.image_url")
            if image.get("detail") not in (None, "auto"):
                ledger.leave_out(f"{place}.image_url.detail", "Claude chooses the detail of an image itself")
            block = {
                "type": "image",
                "source": _source(reading.text(image.get("url"), f"{place}.image_url.url"), place),
            }
        case "file":
            block = _document(reading.mapping(part.get("file"), f"{place}.file"), f"{place}.file")
        case _:
            raise refusal(f"{place}.type", _OF_USERS, "another kind of part")
    return _marked(block, part)


def _marked(block: dict[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """With its mark for the cache, where it has one: both say "everything up to here may be kept"."""
    return block | ({"cache_control": {"type": "ephemeral"}} if part.get("prompt_cache_breakpoint") else {})


def _source(url: str, place: str) -> dict[str, Any]:
    field = f"{place}.image_url.url"
    if url[:5].lower() != "data:":
        return {"type": "url", "url": _fetched(url, field)}
    media_type, data = _unpacked(url, field)
    if media_type == "image/jpg":
        media_type = "image/jpeg"
    if media_type not in _PICTURES:
        raise refusal(field, f"an image of the type {', '.join(_PICTURES)}", "another type")
    return {"type": "base64", "media_type": media_type, "data": data}


def _fetched(url: str, field: str) -> str:
    if not url[:8].lower().startswith(("https://", "http://")):
        raise refusal(field, "an address with https, or data:…;base64,…", "another kind of address")
    return url


def _document(file: Mapping[str, Any], place: str) -> dict[str, Any]:
    if file.get("file_id") is not None:
        raise refusal(
            f"{place}.file_id", "file_data: a file at OpenAI cannot be read by another provider", "a file's id"
        )
    field = f"{place}.file_data"
    data = reading.text(file.get("file_data"), field)
    media_type, packed = _unpacked(data, field) if data[:5].lower() == "data:" else (_PDF, data)
    match media_type:
        case "application/pdf":
            source = {"type": "base64", "media_type": _PDF, "data": packed}
        case "text/plain":
            source = {"type": "text", "media_type": "text/plain", "data": _read(packed, field)}
        case _:
            raise refusal(field, "a file of the type application/pdf or text/plain", "another type")
    name = file.get("filename")
    return {"type": "document", "source": source} | ({"title": reading.text(name, f"{place}.filename")} if name else {})


def _unpacked(url: str, field: str) -> tuple[str, str]:
    """The media type and the base64 text of a data URL."""
    head = _DATA.match(url)
    if head is None or not head[3]:
        raise refusal(field, "data:<type>;base64,<data>", "a data address in another form")
    return head[1].lower(), url[head.end() :]


def _read(packed: str, field: str) -> str:
    try:
        return b64decode(packed, validate=True).decode()
    except (binascii.Error, ValueError):
        raise refusal(field, "text in UTF-8, written as base64", "something else") from None


def chat_parts(content: object, field: str, ledger: Ledger) -> list[dict[str, Any]]:
    """The content of a user's turn as parts of OpenAI's, without results of tools."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [part for place, block in reading.objects(content, field) for part in chat_part(block, place, ledger)]


def chat_part(block: Mapping[str, Any], place: str, ledger: Ledger) -> list[dict[str, Any]]:
    """One of Anthropic's blocks as the parts that say the same."""
    if block.get("cache_control") is not None:
        ledger.leave_out(f"{place}.cache_control", CACHED)
    match block.get("type"):
        case "text":
            return [{"type": "text", "text": reading.text(block.get("text"), f"{place}.text")}]
        case "image":
            source = reading.mapping(block.get("source"), f"{place}.source")
            return [{"type": "image_url", "image_url": {"url": _url(source, f"{place}.source")}}]
        case "document":
            return _file(block, place, ledger)
        case _:
            raise refusal(f"{place}.type", "text, image or document, which have a translation", "another kind of block")


CACHED: Final = "other providers keep what was said before in a cache by themselves"


def _url(source: Mapping[str, Any], place: str) -> str:
    match source.get("type"):
        case "base64":
            media_type = reading.text(source.get("media_type"), f"{place}.media_type")
            return f"data:{media_type};base64,{reading.text(source.get('data'), f'{place}.data')}"
        case "url":
            return _fetched(reading.text(source.get("url"), f"{place}.url"), f"{place}.url")
        case _:
            raise refusal(
                f"{place}.type",
                "base64 or url: a file at Anthropic cannot be read by another provider",
                "another source",
            )


def _file(block: Mapping[str, Any], place: str, ledger: Ledger) -> list[dict[str, Any]]:
    if reading.part(block.get("citations")).get("enabled"):
        raise refusal(
            f"{place}.citations",
            "no citations: OpenAI's models give none of a document",
            "citations that are asked for",
        )
    source = reading.mapping(block.get("source"), f"{place}.source")
    headed = [block[name] for name in ("title", "context") if isinstance(block.get(name), str) and block[name].strip()]
    match source.get("type"):
        case "base64":
            data = reading.text(source.get("data"), f"{place}.source.data")
            titled = isinstance(block.get("title"), str) and block["title"]
            file = {"filename": titled or _UNTITLED, "file_data": f"data:{_PDF};base64,{data}"}
            about = [{"type": "text", "text": block["context"]}] if isinstance(block.get("context"), str) else []
            return [*about, {"type": "file", "file": file}]
        case "text":
            data = reading.text(source.get("data"), f"{place}.source.data")
            return [{"type": "text", "text": "\n\n".join([*headed, data])}]
        case "content":
            inner = chat_parts(source.get("content"), f"{place}.source.content", ledger)
            return [*({"type": "text", "text": line} for line in headed), *inner]
        case _:
            raise refusal(
                f"{place}.source.type", "base64, text or content, which other providers can read", "another source"
            )
