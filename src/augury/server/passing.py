"""What the API's own document says of the gateway's routes, which are answered before FastAPI (`augury.gateway.proxy`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from augury.gateway.asked import ROUTES
from augury.gateway.upstreams import Api

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAYS: Final[Mapping[str, tuple[str, str]]] = {
    "/v1/chat/completions": ("Chat completions", "https://platform.openai.com/docs/api-reference/chat/create"),
    "/v1/responses": ("Responses", "https://platform.openai.com/docs/api-reference/responses/create"),
    "/v1/embeddings": ("Embeddings", "https://platform.openai.com/docs/api-reference/embeddings/create"),
    "/v1/messages": ("Messages", "https://platform.claude.com/docs/en/api/messages/create"),
}
_OBJECT: Final = {"type": "object", "additionalProperties": True}
_AUTO: Final = (
    "`model` may be `auto`, or `auto:speed`, `auto:quality`, `auto:cost`, `auto:balanced`: then it is chosen by your own calls, and "
    "headers say why."
)


def paths() -> dict[str, Any]:
    """The gateway's paths, as OpenAPI has them."""
    found: dict[str, Any] = {path: {"post": _operation(path)} for path in ROUTES}
    found["/v1/models"] = {
        "get": {
            "tags": ["gateway"],
            "summary": "Models that can be asked",
            "description": "As Anthropic lists them where the request has `anthropic-version`, else as OpenAI does.",
            "operationId": "gateway_models",
            "responses": {"200": _answer("the models offered, and `auto`")},
        }
    }
    return found


def _operation(path: str) -> dict[str, Any]:
    title, link = _SAYS[path]
    api = "Anthropic" if ROUTES[path].api is Api.ANTHROPIC else "OpenAI"
    model = {"type": "string", "minLength": 1, "maxLength": 200}
    schema = {**_OBJECT, "required": ["model"], "properties": {"model": model, "stream": {"type": "boolean"}}}
    return {
        "tags": ["gateway"],
        "summary": f"{title}, as {api} has them",
        "description": f"Goes to whoever has the model, as it is; docs/gateway.md says more. {_AUTO if ROUTES[path].generates else ''}",
        "operationId": "gateway_" + path.removeprefix("/v1/").replace("/", "_"),
        "externalDocs": {"url": link},
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {
            "200": {
                "description": "the provider's answer",
                "content": {
                    "application/json": {"schema": _OBJECT},
                    "text/event-stream": {"schema": {"type": "string"}},
                },
            },
            "default": _answer(f"an error, of the provider or of the gateway, as {api} has them"),
        },
    }


def _answer(says: str) -> dict[str, Any]:
    return {"description": says, "content": {"application/json": {"schema": _OBJECT}}}
