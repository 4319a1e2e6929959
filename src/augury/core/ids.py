"""Ids: made where the call is made, and the same again for the same thing."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_NAMESPACE = UUID("3b1f6a52-94c7-5b0e-8d35-6c0a7e1d2f48")  # Augury's own: drawn once, fixed for good

CALLS = uuid5(_NAMESPACE, "call")
USERS = uuid5(_NAMESPACE, "user")
MESSAGES = uuid5(_NAMESPACE, "message")

_DRAWN_BITS = ~(0b1111 << 76 | 0b11 << 62)
_VERSION_7 = 7 << 76 | 2 << 62

UUID_PATTERN = r"^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"
_IS_UUID = re.compile(UUID_PATTERN)


def uuid7() -> UUID:
    """A new id that sorts by its time: 48 bits of milliseconds, then 74 random bits (RFC 9562, section 5.7)."""
    drawn = time.time_ns() // 1_000_000 << 80 | int.from_bytes(_ten_bytes(), "big")
    return UUID(int=drawn & _DRAWN_BITS | _VERSION_7)


def uuid7_text() -> str:
    """The same as 32 hexadecimal digits, in a third of the time: what an application waits for need not be an object."""
    random = _ten_bytes().hex()
    return f"{time.time_ns() // 1_000_000:012x}7{random[:3]}8{random[3:18]}"


def two_uuid7_texts() -> tuple[str, str]:
    """Two of them, in little more time than one."""
    random = (_ten_bytes() + _ten_bytes()).hex()
    milliseconds = f"{time.time_ns() // 1_000_000:012x}7"
    return f"{milliseconds}{random[:3]}8{random[3:18]}", f"{milliseconds}{random[18:21]}8{random[21:36]}"


def _ten_bytes() -> bytes:
    """Random bytes: drawn from the system many at a time, since each time every other thread of a busy process may go first."""
    try:
        return _drawn.popleft()
    except IndexError:
        drawn = os.urandom(10 * _AT_A_TIME)
        _drawn.extend([drawn[at : at + 10] for at in range(10, len(drawn), 10)])
        return drawn[:10]


_AT_A_TIME = 64
_drawn: deque[bytes] = deque()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drawn.clear)  # or both processes would give the same ids


def as_uuid(text: str, namespace: UUID) -> UUID:
    """The id itself where it is a UUID; else the UUIDv5 of the text, the same each time."""
    return UUID(text.replace("-", "")) if _IS_UUID.match(text) else uuid5(namespace, text)


def fingerprint(text: str) -> str:
    """The MD5 of a text, in hexadecimal: to tell records apart, not to keep a secret."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def derived_id(when: datetime, identity: str, occurrence: int) -> UUID:
    """The id of a record that came without one, so that the same record has the same id again.

    A UUIDv8 (RFC 9562, section 5.8): the time's milliseconds first, so that it sorts like a UUIDv7, then bits of the
    fingerprint of the record's identity and of which of its twins it is (0 for the first).
    """
    digest = fingerprint(f"{identity}#{occurrence}")
    milliseconds = f"{epoch_us(when) // 1000:012x}"
    variant = "89ab"[int(digest[3], 16) % 4]
    return UUID(f"{milliseconds}8{digest[:3]}{variant}{digest[4:19]}")


def epoch_us(when: datetime) -> int:
    """Microseconds since 1970, exactly: a float of seconds has too few digits for them."""
    return (when - _EPOCH) // timedelta(microseconds=1)
