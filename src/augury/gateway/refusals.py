"""What the gateway itself refuses, in the shape in which the caller's own provider would say it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from augury.errors import AuguryError
from augury.gateway.events import event_of
from augury.gateway.translation.failures import anthropic_error, anthropic_type, openai_error
from augury.gateway.upstreams import Api

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http import HTTPStatus

_SERVER_ERRORS_FROM: Final = 500


@dataclass(eq=False)
class Refused(AuguryError):
    """The gateway gives no answer of a provider, but this; `message` quotes nothing of a prompt."""

    status: HTTPStatus
    message: str
    code: str | None = None
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message

    def body(self, api: Api) -> bytes:
        """The error as JSON."""
        return json.dumps(self._said(api), ensure_ascii=False).encode()

    def event(self, api: Api) -> bytes:
        """The error as the last event of a stream that had begun."""
        data = json.dumps(self._said(api), ensure_ascii=False).encode()
        return event_of(data, "error" if api is Api.ANTHROPIC else None)

    def _said(self, api: Api) -> dict[str, object]:
        if api is Api.ANTHROPIC:
            return anthropic_error(self.message, type_=anthropic_type(self.status))
        kind = "server_error" if self.status >= _SERVER_ERRORS_FROM else "invalid_request_error"
        return openai_error(self.message, type_=kind, code=self.code, param=self.param)
