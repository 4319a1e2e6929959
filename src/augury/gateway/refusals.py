"""What the gateway itself refuses, in the shape in which the caller's own provider would say it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from augury.errors import AuguryError
from augury.gateway.events import event_of
from augury.gateway.upstreams import Api

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANTHROPIC: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: "invalid_request_error",
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "request_too_large",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
    HTTPStatus.GATEWAY_TIMEOUT: "timeout_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "overloaded_error",
}
_SERVER_ERRORS_FROM: Final = 500


@dataclass(eq=False)
class Refused(AuguryError):
    """The gateway gives no answer of a provider, but this; `message` quotes nothing of a prompt."""

    status: HTTPStatus
    message: str
    code: str | None = None
    param: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

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
            return {
                "type": "error",
                "error": {"type": _ANTHROPIC.get(self.status, "api_error"), "message": self.message},
            }
        kind = "server_error" if self.status >= _SERVER_ERRORS_FROM else "invalid_request_error"
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}
