"""One request to the gateway, as far as it must be understood to be sent on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from augury.core.rules import NAME_CHARACTERS
from augury.gateway.headers import OURS
from augury.gateway.refusals import Refused
from augury.gateway.upstreams import Api

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from augury.gateway.headers import Raw

MESSAGE_ID: Final = "message-id"

AUTO: Final = "auto"
"""The model's name by which a caller leaves the choice to us; `auto:speed` says what matters, too."""


@dataclass(frozen=True, slots=True)
class Route:
    """An address of the gateway that models are called by."""

    path: str
    api: Api
    generates: bool = True  # an answer that could be another model's


ROUTES: Final[Mapping[str, Route]] = {
    route.path: route
    for route in (
        Route("/v1/chat/completions", Api.OPENAI),
        Route("/v1/responses", Api.OPENAI),
        Route("/v1/embeddings", Api.OPENAI, generates=False),
        Route("/v1/messages", Api.ANTHROPIC),
    )
}

CHAT: Final = ROUTES["/v1/chat/completions"]
RESPONSES: Final = ROUTES["/v1/responses"]
MESSAGES: Final = ROUTES["/v1/messages"]


@dataclass(slots=True, kw_only=True)
class Asked:
    """A request: its bytes, what they say, and what our own headers add."""

    route: Route
    body: bytes = field(repr=False)
    data: dict[str, Any] = field(repr=False)
    headers: Sequence[Raw] = field(repr=False)
    named: Mapping[bytes, bytes] = field(init=False, repr=False)  # the first of each name
    query: str = ""
    ours: Mapping[str, str] = field(default_factory=dict, repr=False)  # our headers, by their names without x-augury-

    def __post_init__(self) -> None:
        self.named = dict(reversed(self.headers))

    @property
    def model(self) -> str:
        """The model that was asked for: our header goes before the body."""
        return self.ours.get("model") or str(self.data["model"])

    @property
    def streams(self) -> bool:
        """Whether the answer is to come in pieces."""
        return self.data.get("stream") is True

    @property
    def chosen_here(self) -> bool:
        """Whether its caller leaves the choice of a model to us."""
        return self.model.partition(":")[0] == AUTO

    def header(self, name: bytes) -> str | None:
        """The first header of that name, in lower case."""
        value = self.named.get(name)
        return None if value is None else value.decode("latin-1")


def read(route: Route, body: bytes, headers: Sequence[Raw], query: bytes) -> Asked:
    """Understand a request.

    Raises:
        Refused: it is no JSON object that names a model.
    """
    try:
        data = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise Refused(HTTPStatus.BAD_REQUEST, "the body cannot be read; expected a JSON object in UTF-8") from None
    if not isinstance(data, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is no JSON object; expected one with a model in it")
    ours = our_headers(headers)
    model = data.get("model", ours.get("model"))
    if not isinstance(model, str) or not 0 < len(model) <= NAME_CHARACTERS or not model.isprintable():
        raise Refused(
            HTTPStatus.BAD_REQUEST, "model: expected the name of a model, or `auto` to have one chosen", param="model"
        )
    return Asked(route=route, body=body, data=data, headers=headers, query=query.decode("latin-1"), ours=ours)


def conversation_of(asked: Asked) -> str | None:
    """The conversation that a request belongs to, where it tells."""
    if told := asked.ours.get("conversation-id"):
        return told
    if asked.route is not RESPONSES:
        return None
    kept = asked.data.get("conversation")
    kept = kept.get("id") if isinstance(kept, dict) else kept
    return kept if isinstance(kept, str) and kept else None


def our_headers(headers: Sequence[Raw]) -> dict[str, str]:
    """Our headers, without their prefix, percent-decoded as we write them."""
    return {
        name[len(OURS) :].decode("latin-1"): unquote(value.decode("latin-1")).replace("\0", "").strip()
        for name, value in headers
        if name.startswith(OURS)
    }
