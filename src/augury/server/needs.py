"""Which scope each address needs: the whole table, read from the top. docs/keys.md tells it in words.

What it does not list needs `admin` where keys are needed, so that a route that somebody adds and forgets here is shut.
"""

from __future__ import annotations

from functools import lru_cache

from augury.access.keys import Scope

FEEDBACK = "/api/analytics/models/feedback"
SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
SESSION = "/api/session"
COMPONENT = "/model-feedback.js"
ADMINISTRATION = "/api/admin/"

_ALL = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_GET = frozenset({"GET", "OPTIONS"})
_POST = frozenset({"POST", "OPTIONS"})
_RULES: tuple[tuple[frozenset[str], str, Scope | None], ...] = (
    # Methods, the address (one that ends in / stands for all that begin with it), and what it needs: None is open to everybody.
    (_ALL, ADMINISTRATION, Scope.ADMIN),
    (_GET, "/healthz", None),
    (_GET, "/readyz", None),
    (_GET, "/assets/", None),
    (_GET, "/docs/assets/", None),
    (_GET, "/dashboard/", None),
    (_GET, COMPONENT, None),
    (_ALL, SIGN_IN, None),
    (_ALL, SIGN_OUT, None),
    (_GET, SESSION, None),
    (_POST, FEEDBACK, Scope.FEEDBACK),
    (_POST, "/api/analytics/models/outcome", Scope.INGEST),
    (_POST, "/api/analytics/models/calls", Scope.INGEST),
    (_ALL, "/v1/", Scope.INGEST),
    (_ALL, "/api/chat", Scope.INGEST),
    (_POST, "/api/analytics/models/recommend", Scope.READ),
    (_GET, "/api/analytics/", Scope.READ),
    (_GET, "/analytics/", Scope.READ),
    (_GET, "/", Scope.READ),
    (_GET, "/docs", Scope.READ),
    (_GET, "/openapi.json", Scope.READ),
    (_GET, "/metrics", Scope.READ),
)


@lru_cache(maxsize=1_024)
def needed(method: str, path: str) -> Scope | None:
    """What a request must be allowed; None where everybody is. The path is the one that routes are matched with."""
    method = "GET" if method == "HEAD" else method
    for methods, address, scope in _RULES:
        if method in methods and (path.startswith(address) if _is_folder(address) else path == address):
            return scope
    return Scope.ADMIN


def listed(method: str, path: str) -> bool:
    """Whether somebody has thought about this address."""
    return any(
        method in methods and (path.startswith(address) if _is_folder(address) else path == address)
        for methods, address, _ in _RULES
    )


def _is_folder(address: str) -> bool:
    return address.endswith("/") and address != "/"
