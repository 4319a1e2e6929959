"""What the API's own document says of keys: how one is shown, and which scope each operation needs."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from augury.access.keys import Scope, opened
from augury.server.needs import needed
from augury.server.problems import documented

if TYPE_CHECKING:
    from collections.abc import Mapping

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_SCHEMES: Final[Mapping[str, Mapping[str, str]]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key, as `augury keys create` prints it: `Authorization: Bearer KEY`.",
    },
    "x-api-key": {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "The same key, as `x-api-key: KEY`.",
    },
}
_REFUSALS: Final = {
    str(status): said for status, said in documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN).items()
}


def secure(document: dict[str, Any]) -> None:
    """Say of each operation what it needs. The empty requirement stands for a server of this machine alone, which wants no key."""
    document.setdefault("components", {})["securitySchemes"] = dict(_SCHEMES)
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                _secure(operations[method], needed(method.upper(), path))


def _secure(operation: dict[str, Any], scope: Scope | None) -> None:
    if scope is None:
        operation["security"] = []
        return
    operation["security"] = [{name: [scope.value]} for name in _SCHEMES]
    if scope is not Scope.ADMIN:  # what administers needs a key, or the server's token, on this machine too
        operation["security"].append({})
    said = operation.get("description", "").rstrip()
    opening = " or ".join(f"`{each.value}`" for each in Scope if opened(frozenset({each}), scope))
    needs = f"Where keys are needed: one of scope {opening}."
    if needs not in said:
        operation["description"] = f"{said}\n\n{needs}".lstrip()
    for status, refusal in _REFUSALS.items():
        operation["responses"].setdefault(status, refusal)
