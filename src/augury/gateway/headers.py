"""Which headers go on to a provider, and which come back: all but those that are of one connection, or of this server alone."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote
from uuid import UUID

from augury.access.keys import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from augury.gateway.upstreams import Upstream

Raw = tuple[bytes, bytes]

OURS: Final = b"x-augury-"

KEYS: Final = PREFIX.encode()

_OF_A_CONNECTION: Final = frozenset({
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te", b"trailer",
    b"transfer-encoding", b"upgrade",
})  # fmt: skip
_CREDENTIALS: Final = frozenset({b"authorization", b"x-api-key", b"api-key"})
_STAY_HERE: Final = _OF_A_CONNECTION | frozenset({
    b"host", b"content-length", b"accept-encoding", b"cookie", b"origin", b"referer", b"expect", b"forwarded",
    b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip",
})  # fmt: skip
_NEITHER_KEYS: Final = _STAY_HERE | _CREDENTIALS
_STAY_THERE: Final = _OF_A_CONNECTION | frozenset({
    b"content-length", b"set-cookie", b"date", b"server", b"alt-svc", b"strict-transport-security", b"nel", b"report-to",
    b"content-security-policy",
})  # fmt: skip
_FOREIGN: Final = (b"access-control-", b"cf-", OURS)
"""What a provider says to browsers, or its network to itself; and nobody but us speaks for us."""

_TO_ONE_PROVIDER: Final = (b"anthropic-", b"openai-", b"x-stainless-", b"idempotency-key", b"content-type", b"accept")

_REMEMBERED: Final = 1_024  # headers: all but a message's id are alike for many answers
_PLAIN: Final = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


def onward(headers: Sequence[Raw], upstream: Upstream, translated: Mapping[str, str] | None = None) -> dict[str, str]:
    """The headers of a request as they go to a provider, its credentials among them.

    Those of a translated request are its own: what is said to one provider means nothing to another.
    """
    here, named = _STAY_HERE if upstream.callers_key else _NEITHER_KEYS, _named_by_connection(headers)
    sent: dict[str, str] = {}
    for name, value in headers:
        if name in here or name in named or name.startswith(OURS):
            continue
        if name in _CREDENTIALS and KEYS in value:  # a key of ours, beside the caller's own for the provider
            continue
        if translated is not None and name.startswith(_TO_ONE_PROVIDER):
            continue
        word, said = name.decode("latin-1"), value.decode("latin-1")
        sent[word] = f"{sent[word]}, {said}" if word in sent else said
    sent["accept-encoding"] = "identity"  # what is read on its way is not to be unpacked first
    sent.update(translated or {})
    sent.update(upstream.credentials())
    sent.update(upstream.headers)
    return sent


def back(headers: Iterable[Raw]) -> list[Raw]:
    """The headers of an answer as they go to whoever asked; the body's length is for its sender to say."""
    lower = [(name.lower(), value) for name, value in headers]
    named = _named_by_connection(lower)
    return [
        (name, value)
        for name, value in lower
        if name not in _STAY_THERE and name not in named and not name.startswith(_FOREIGN)
    ]


def ours(values: Mapping[str, object]) -> list[Raw]:
    """Headers of ours, `x-augury-` before their names; what is None is left out.

    A value is plain ASCII: any other character, and the percent sign, is percent-encoded in UTF-8, so that it can be read back.
    """
    return [
        (OURS + name.encode(), str(value).encode()) if isinstance(value, UUID) else _ours(name, str(value))
        for name, value in values.items()
        if value is not None
    ]


@lru_cache(maxsize=_REMEMBERED)
def _ours(name: str, text: str) -> Raw:
    return OURS + name.encode(), _plain(text)


def _plain(text: str) -> bytes:
    if text.isascii() and text.isprintable() and "%" not in text:
        return text.encode()
    return quote(text, safe=_PLAIN, errors="replace").encode()


def _named_by_connection(headers: Iterable[Raw]) -> frozenset[bytes]:
    found = [value for name, value in headers if name == b"connection"]
    if not found:
        return frozenset()
    return frozenset(word.strip().lower() for value in found for word in value.split(b","))
