"""An answer of a client's that is read as it comes: looked at on its way to the application, which gets the same bytes."""

from __future__ import annotations

import json
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, NamedTuple

from augury.capture import harmless, recorder
from augury.capture.sse import Event, splitter_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from augury.capture.exchange import Attempt
    from augury.capture.sse import Splitter

_OWN = ("iter_bytes", "close", "aiter_bytes", "aclose")
_ERRORS_FROM = 300
_LARGEST_BODY = 64 * 2**20  # bytes of a whole answer that is streamed; what is larger is not read
_PADDING = b'"obfuscation":"'
_NO_USAGE = b',"usage":null'  # never within a text: there the quotes have backslashes


def watch(response: Any, attempt: Attempt, *, drop_usage: bool) -> None:
    """Let the attempt see what the application reads of an httpx response, and how that ends.

    The response's own methods that give its decoded bytes, and that close it, are stood before in this one response, until it
    is over. What is read undecoded (`iter_raw`) is not seen.

    Args:
        response: of httpx or httpx2, with its body unread.
        attempt: who sees it.
        drop_usage: take out what comes only because we asked for it: the chunk with the usage, and `"usage": null` in others.
    """
    one = _Watch(response, attempt, drop_usage=drop_usage)
    if _is_async(response):
        response.aiter_bytes, response.aclose = one.aiter_bytes, one.aclose
    else:
        response.iter_bytes, response.close = one.iter_bytes, one.close


def _is_async(response: Any) -> bool:
    return not hasattr(response.stream, "__iter__")


class _Usual(NamedTuple):
    """An event that says nothing new, around the text in it: one that differs in that text alone says nothing new either."""

    before: bytes
    begin: int  # of the text: how long that is
    after: bytes
    rest: int  # how long that is
    last: bytes  # behind random letters, with which OpenAI hides how long the text is; empty where there are none
    drops: bool  # whether `"usage": null` is in it, and does not go on


def _around(varying: bytes, chunk: bytes, *, drops: bool) -> _Usual | None:
    """What the next ones will be like; None where it is not known behind what their text stands."""
    start = chunk.find(varying) + len(varying) if varying else 0
    end = chunk.find(b'"', start)
    if start <= len(varying) or end < 0:
        return None
    before, after, last = chunk[:start], chunk[end:], b""
    padding = after.find(_PADDING) + len(_PADDING)
    if padding > len(_PADDING) and (close := after.find(b'"', padding)) >= 0:
        after, last = after[:padding], after[close:]
    return _Usual(before, len(before), after, len(after), last, drops and _NO_USAGE in chunk)


def _alike(chunk: bytes, usual: _Usual) -> bytes | None:
    """What goes on of a chunk that is as usual; None where it is not."""
    before, begin, after, rest, last, drops = usual
    if not chunk.startswith(before):
        return None
    end = chunk.find(b'"', begin)
    if last:
        close = chunk.find(b'"', end + rest)
        if close < 0 or not chunk.startswith(after, end) or chunk[close:] != last:
            return None
    elif end != len(chunk) - rest or not chunk.endswith(after):
        return None
    return chunk.replace(_NO_USAGE, b"", 1) if drops else chunk


class _Watch:
    """Stands before the methods of one response."""

    def __init__(self, response: Any, attempt: Attempt, *, drop_usage: bool) -> None:
        self._response = response
        self._kind = type(response)
        self._attempt: Attempt | None = attempt
        self._status = int(response.status_code)
        streams = self._status < _ERRORS_FROM
        self._splitter = splitter_for(response.headers.get("content-type", "")) if streams else None
        self._drops = drop_usage
        self._usual: _Usual | None = None
        self._whole = bytearray()
        self._pulling = False  # a close that comes while we wait for bytes is httpx's own, at their end

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        with closing(self._kind.iter_bytes(self._response, chunk_size)) as chunks:
            try:
                self._pulling = True
                for chunk in chunks:
                    self._pulling = False
                    if passed := self._passed(chunk):
                        yield passed
                    self._pulling = True
            except BaseException as error:
                if self._pulling:  # else the application leaves, and closes it
                    self._broke(error)
                raise
            finally:
                self._pulling = False
        if rest := self._over():
            yield rest

    async def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        async with aclosing(self._kind.aiter_bytes(self._response, chunk_size)) as chunks:
            try:
                self._pulling = True
                async for chunk in chunks:
                    self._pulling = False
                    if passed := self._passed(chunk):
                        yield passed
                    self._pulling = True
            except BaseException as error:
                if self._pulling:
                    self._broke(error)
                raise
            finally:
                self._pulling = False
        if rest := self._over():
            yield rest

    def close(self) -> None:
        try:
            self._kind.close(self._response)
        finally:
            self._closed()

    async def aclose(self) -> None:
        try:
            await self._kind.aclose(self._response)
        finally:
            self._closed()

    def __del__(self) -> None:
        self._closed()

    def _passed(self, chunk: bytes) -> bytes:
        """What of these bytes goes on to the application."""
        attempt, splitter = self._attempt, self._splitter
        if attempt is None:
            return chunk
        try:
            if splitter is None:
                if len(self._whole) <= _LARGEST_BODY:
                    self._whole += chunk
                return chunk
            if not splitter.pending:  # as nearly always
                usual = self._usual
                if usual is not None and (alike := _alike(chunk, usual)) is not None:
                    return alike
                if attempt.skips(chunk):
                    passed = chunk.replace(_NO_USAGE, b"", 1) if self._drops else chunk
                    if not self._drops or b'"usage"' not in passed:
                        self._usual = _around(attempt.varying, chunk, drops=self._drops)
                        return passed
            if self._drops:
                return b"".join([_as_unasked(event) for event in self._events(attempt, splitter, chunk)])
            for _ in self._events(attempt, splitter, chunk):
                pass
        except Exception as problem:  # noqa: BLE001 - observing must never break the observed
            recorder.note(problem)
        return chunk

    def _events(self, attempt: Attempt, splitter: Splitter, chunk: bytes) -> Iterator[Event]:
        for event in splitter.feed(chunk):
            harmless.do(attempt.event, event)
            yield event

    def _over(self) -> bytes:
        """All bytes have come; what of them has not gone on yet."""
        attempt, self._attempt = self._attempt, None
        rest = self._splitter.rest() if self._drops and self._splitter is not None else b""
        if attempt is not None:
            if self._splitter is not None:
                harmless.do(attempt.over)
            else:
                harmless.do(attempt.answer, self._status, bytes(self._whole))
        self._restore()
        return rest

    def _broke(self, error: BaseException) -> None:
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            harmless.do(attempt.failed, error)
        self._restore()

    def _closed(self) -> None:
        """The application has closed or forgotten it; a retry closes what it does not read."""
        if self._pulling:
            return
        attempt, self._attempt = self._attempt, None
        if attempt is None:
            return
        if self._status >= _ERRORS_FROM:
            harmless.do(attempt.answer, self._status, bytes(self._whole))
        else:
            harmless.do(attempt.left)
        self._restore()

    def _restore(self) -> None:
        for name in _OWN:
            self._response.__dict__.pop(name, None)


def _as_unasked(event: Event) -> bytes:
    """An event as it would be had nobody asked for usage."""
    raw, data = event
    if b'"usage"' not in data:
        return raw
    if raw.count(_NO_USAGE) == 1:
        return raw.replace(_NO_USAGE, b"")
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return raw
    if not isinstance(told, dict) or "usage" not in told:
        return raw
    if told["usage"] is not None:
        return raw if told.get("choices") else b""
    del told["usage"]
    return b"data: " + json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
