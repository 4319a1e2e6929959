"""What is sent on of a request: its own bytes, unless something must be another, or all of it in another API's words."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from augury.gateway.asked import CHAT, MESSAGES, RESPONSES
from augury.gateway.translation import ANTHROPIC_VERSION, Shape, Traits, Translation
from augury.recommend.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from augury.gateway.asked import Asked
    from augury.gateway.targets import Target

_WITH_USAGE: Final = b'"stream_options":{"include_usage":true},'
_SHAPES: Final = {CHAT: Shape.CHAT, RESPONSES: Shape.RESPONSES, MESSAGES: Shape.MESSAGES}
_PATHS: Final = {Shape.CHAT: CHAT.path, Shape.MESSAGES: MESSAGES.path}


@dataclass(slots=True, kw_only=True)
class Body:
    """A request for one provider."""

    path: str  # the route, as this gateway names it
    content: bytes = field(repr=False)
    strips_usage: bool = False  # usage was asked for here, so its chunk is not for whoever asked
    translation: Translation | None = None  # what turns the answer back
    headers: Mapping[str, str] = field(default_factory=dict)  # what the translated request needs


def onward(asked: Asked, target: Target) -> Body:
    """The request as it goes to this target.

    Raises:
        TranslationError: it cannot be said in the words of the API there.
    """
    spoken = target.speaks(asked.route)
    return _as_it_is(asked, target) if spoken is None else _translated(asked, target, spoken)


def _as_it_is(asked: Asked, target: Target) -> Body:
    """Only what must be another is changed.

    A stream of chat completions tells its usage only where that is asked for: it is, and the chunk with it taken out again.
    """
    path, data = asked.route.path, asked.data
    wants_usage = path == CHAT.path and asked.streams and target.upstream.stream_usage and not _tells_usage(data)
    if data.get("model") == target.name:
        if not wants_usage:
            return Body(path=path, content=asked.body)
        start = asked.body.find(b"{") + 1
        if "stream_options" not in data:  # all other bytes stay what they are
            return Body(path=path, content=asked.body[:start] + _WITH_USAGE + asked.body[start:], strips_usage=True)
    changed: dict[str, Any] = {**data, "model": target.name}
    if wants_usage:
        options = data.get("stream_options")
        changed["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    if asked.chosen_here and path == CHAT.path and _traits(target).openai and "max_tokens" in changed:
        changed.setdefault(
            "max_completion_tokens", changed.pop("max_tokens")
        )  # OpenAI's newer models refuse the old name
    return Body(path=path, content=_dumped(changed), strips_usage=wants_usage)


def _translated(asked: Asked, target: Target, spoken: Shape) -> Body:
    translation = Translation(
        asked.data,
        asked=_SHAPES[asked.route],
        spoken=spoken,
        traits=_traits(target),
        created=int(time.time()),
        expendable=asked.ours.get("may-leave-out", "").replace(",", " ").split(),
    )
    headers = {"content-type": "application/json"}
    if spoken is Shape.MESSAGES:
        headers["anthropic-version"] = ANTHROPIC_VERSION
    return Body(path=_PATHS[spoken], content=_dumped(translation.body), translation=translation, headers=headers)


def _traits(target: Target) -> Traits:
    known = Catalogue.bundled().get(target.model)
    return Traits.of(target.name, name=target.model, provider=target.upstream.provider, known=known)


def _dumped(value: object) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a character, which JSON can spell in ASCII only
        return json.dumps(value, separators=(",", ":")).encode()


def _tells_usage(data: dict[str, Any]) -> bool:
    options = data.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True
