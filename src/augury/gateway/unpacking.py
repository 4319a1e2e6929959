"""Reading what a provider packs although it was asked not to: a copy, as it passes; the bytes themselves go on packed."""

from __future__ import annotations

import zlib
from typing import Final

_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
_MOST_AT_ONCE: Final = 16 * 2**20


class Unpacker:
    """Unpacks gzip and deflate; of anything else there is nothing to read."""

    def __init__(self, *, known: bool) -> None:
        self._unpacking = zlib.decompressobj(_GZIP_OR_ZLIB) if known else None

    @classmethod
    def of(cls, encoding: str | None) -> Unpacker | None:
        """What reads this content encoding; None where nothing is packed."""
        words = (encoding or "").lower().replace(" ", "")
        return None if words in {"", "identity"} else cls(known=words in {"gzip", "x-gzip", "deflate"})

    def feed(self, chunk: bytes) -> bytes:
        """What this chunk says, as far as it can be told."""
        if self._unpacking is None:
            return b""
        try:
            return self._unpacking.decompress(chunk, _MOST_AT_ONCE)
        except zlib.error:
            self._unpacking = None
            return b""
