"""What a key is: a secret of 256 random bits, what it opens, from where, and into which database."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from augury.errors import InvalidValue

PREFIX = "augury_"
"""What every key begins with: so that scanners for leaked secrets find it, and none is taken for a provider's key."""

_FORM = re.compile(r"augury_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")
_NAME_CHARACTERS = 200
_PORTS = {"http": 80, "https": 443}
_ORIGIN = re.compile(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]")


class Scope(StrEnum):
    """What a key may do."""

    INGEST = "ingest"
    FEEDBACK = "feedback"
    READ = "read"
    ADMIN = "admin"


def opened(scopes: frozenset[Scope], scope: Scope) -> bool:
    """Whether these scopes allow that one: `admin` may do all, and who records calls may also say how they turned out."""
    wider = {Scope.ADMIN} | ({Scope.INGEST} if scope is Scope.FEEDBACK else set())
    return bool(scopes & (wider | {scope}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key, as it is kept: its secret is not among it."""

    id: str
    name: str
    scopes: frozenset[Scope]
    origins: tuple[str, ...] = ()  # pages that may use it; none: programs do
    database: str | None = None  # its project; None: the server's own database
    digest: str = field(repr=False)
    created: datetime

    def opens(self, scope: Scope) -> bool:
        """Whether it may do this."""
        return opened(self.scopes, scope)

    def is_of(self, secret: str) -> bool:
        """Whether this is its secret; how long that takes does not tell how much of it was right."""
        return hmac.compare_digest(self.digest, digest_of(secret))

    def to_json(self) -> dict[str, Any]:
        """How it is kept."""
        return {
            "id": self.id,
            "name": self.name,
            "scopes": sorted(self.scopes),
            "origins": list(self.origins),
            "database": self.database,
            "digest": self.digest,
            "created": self.created.isoformat(),
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Key:
        """The opposite.

        Raises:
            ValueError: it is something else; KeyError and TypeError too.
        """
        key = cls(
            id=str(kept["id"]),
            name=str(kept["name"]),
            scopes=frozenset(map(Scope, kept["scopes"])),
            origins=tuple(map(str, kept["origins"])),
            database=None if kept["database"] is None else str(kept["database"]),
            digest=str(kept["digest"]),
            created=datetime.fromisoformat(kept["created"]),
        )
        if not key.digest.isascii():
            raise ValueError("a digest is hexadecimal")
        return key


def new_secret() -> tuple[str, str]:
    """An id and a secret that begins with it."""
    number = secrets.token_hex(4)
    return number, f"{PREFIX}{number}_{secrets.token_urlsafe(32)}"


def id_of(secret: str) -> str | None:
    """The id within a key; None where it has not the form of one."""
    found = _FORM.fullmatch(secret)
    return found[1] if found else None


def digest_of(secret: str) -> str:
    """What is kept of a secret.

    One round of SHA-256: what makes slow hashes worth their time is that people choose passwords which can be guessed. This has
    256 random bits, which nobody guesses at any speed, and is checked with every request.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def named(name: str) -> str:
    """The name as it is kept.

    Raises:
        InvalidValue: it is none.
    """
    text = name.strip()
    if not 0 < len(text) <= _NAME_CHARACTERS or not text.isprintable():
        raise InvalidValue("name", f"a name of at most {_NAME_CHARACTERS} printable characters", name)
    return text


def scopes_of(words: list[str]) -> frozenset[Scope]:
    """The scopes that were asked for, each word one or several with commas.

    Raises:
        InvalidValue: one of them is none, or there are none.
    """
    expected = f"one or more of {', '.join(Scope)}"
    asked = [word.strip() for text in words for word in text.split(",") if word.strip()]
    if not asked:
        raise InvalidValue("scope", expected)
    for word in asked:
        if word not in set(Scope):
            raise InvalidValue("scope", expected, word)
    return frozenset(map(Scope, asked))


def origin_of(text: str) -> str:
    """An origin as browsers write it: `https://shop.example.org`, with its port where that is not the usual one.

    Raises:
        InvalidValue: it is none; patterns are none either, since whoever could put a page under one could use the key.
    """
    wrong = InvalidValue("origin", "scheme and host of a page, such as https://shop.example.org", text)
    try:
        parts = urlsplit(text.strip())
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        raise wrong from None
    if (
        not text.strip().isprintable()
        or parts.scheme not in _PORTS
        or parts.username is not None
        or parts.path not in {"", "/"}
    ):
        raise wrong
    if parts.query or parts.fragment:
        raise wrong
    if ":" in host:
        host = f"[{ipaddress.ip_address(host)}]"
    if not _ORIGIN.fullmatch(host):
        raise wrong
    return f"{parts.scheme}://{host}" + ("" if port in {None, _PORTS[parts.scheme]} else f":{port}")
