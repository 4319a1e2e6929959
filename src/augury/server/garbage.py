"""When garbage in cycles is looked for: seldom, not among what is there for good, and after long requests.

What is under way is looked through each time, which was a quarter of what an answer of the gateway costs. Requests leave little
behind that only this would find; where their bodies are long it is looked for at once.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Receive, Scope, Send

_COLLECT_AFTER: Final = (50_000, 20, 20)  # objects more than there were: some MB; then rounds of that
_LONG: Final = 6  # digits of a body's length in bytes


@contextmanager
def seldom() -> Iterator[None]:
    """Look for it seldom until the end of the block."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()  # or what is there for good is never taken apart, and its libraries complain of that


class Forgetting:
    """Looks for it after each long request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app(scope, receive, send)
        if scope["type"] == "http" and _is_long(scope):
            gc.collect(1)


def _is_long(scope: Scope) -> bool:
    """Whether a request's body is long, or of a length that it does not tell."""
    return any(
        (name == b"content-length" and len(value) >= _LONG) or name == b"transfer-encoding"
        for name, value in scope["headers"]
    )
