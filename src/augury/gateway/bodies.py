"""What is sent on of a request: its own bytes, unless something must be another."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from augury.gateway.asked import CHAT

if TYPE_CHECKING:
    from augury.gateway.asked import Asked
    from augury.gateway.targets import Target

_WITH_USAGE: Final = b'"stream_options":{"include_usage":true},'


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A request for one provider."""

    path: str  # the route, as this gateway names it
    content: bytes = field(repr=False)
    strips_usage: bool = False  # usage was asked for here, so its chunk is not for whoever asked


def onward(asked: Asked, target: Target) -> Body:
    """The request as it goes to this target.

    A stream of chat completions tells its usage only where that is asked for: it is, and the chunk with it taken out again.
    """
    path, data = asked.route.path, asked.data
    wants_usage = path == CHAT.path and asked.streams and target.upstream.stream_usage and not _tells_usage(data)
    if data.get("model") == target.name:
        if not wants_usage:
            return Body(path=path, content=asked.body)
        start = asked.body.find(b"{") + 1
        if "stream_options" not in data and start:  # all other bytes stay what they are
            return Body(path=path, content=asked.body[:start] + _WITH_USAGE + asked.body[start:], strips_usage=True)
    changed: dict[str, Any] = {**data, "model": target.name}
    if wants_usage:
        options = data.get("stream_options")
        changed["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    content = json.dumps(changed, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return Body(path=path, content=content, strips_usage=wants_usage)


def _tells_usage(data: dict[str, Any]) -> bool:
    options = data.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True
