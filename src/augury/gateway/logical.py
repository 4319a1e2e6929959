"""What whoever asked calls one call, however often it was tried: by this gateway, or by his own client."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from augury.core import ids
from augury.gateway.asked import MESSAGE_ID

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from augury.core.tasks import Complexity, TaskType
    from augury.gateway.asked import Asked

WITHIN_S: Final = 600.0
"""A client's retry comes within ten minutes."""

_MOST: Final = 10_000  # calls that are remembered
_RETRIES: Final = b"x-stainless-retry-count"
_MOST_RETRIES: Final = 100


@dataclass(slots=True, kw_only=True)
class Logical:
    """One call as its caller sees it.

    Attributes:
        message_id: what it is rated by; its attempts share it.
        attempts: how many have begun.
        task: its type and complexity, once they are known.
        conversation: what its turns have in common, where a model was chosen for it.
    """

    message_id: UUID = field(default_factory=ids.uuid7)
    attempts: int = 0
    task: tuple[TaskType, Complexity | None] | None = None
    conversation: bytes | None = None


class Retried:
    """Tells a client's retry from a new call: by who asks, what he asks, and that his client says so."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[bytes, tuple[float, UUID, int]] = OrderedDict()

    def logical(self, asked: Asked) -> Logical:
        """The call that a request belongs to."""
        marked = asked.ours.get(MESSAGE_ID)
        logical = Logical(message_id=ids.as_uuid(marked, ids.MESSAGES)) if marked else Logical()
        count = _retries(asked)
        if not count:
            return logical
        logical.attempts = count
        known = self._failed.pop(_key(asked), None)
        if known is not None and self._clock() - known[0] <= WITHIN_S:
            _, message_id, attempts = known
            logical.attempts = max(count, attempts)
            if not marked:
                logical.message_id = message_id
        return logical

    def failed(self, asked: Asked, logical: Logical) -> None:
        """A call has failed here: its client may come again."""
        self._failed[_key(asked)] = self._clock(), logical.message_id, logical.attempts
        while len(self._failed) > _MOST:
            self._failed.popitem(last=False)


def _retries(asked: Asked) -> int:
    told = asked.header(_RETRIES) or ""
    return min(int(told), _MOST_RETRIES) if told.isascii() and told.isdecimal() and len(told) < 10 else 0  # noqa: PLR2004


def _key(asked: Asked) -> bytes:
    """A fingerprint of who asks for what: nothing can be read back from it."""
    who = asked.header(b"authorization") or asked.header(b"x-api-key") or ""
    mixed = hashlib.blake2b(asked.route.path.encode() + b"\0" + who.encode() + b"\0", digest_size=16)
    mixed.update(asked.body)
    return mixed.digest()
