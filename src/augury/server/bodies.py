"""Reading bodies of a bounded size, and records out of them."""

from __future__ import annotations

import json
import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from augury.core.rules import METADATA_LEVELS
from augury.errors import InvalidValue, shown
from augury.server.findings import NO_JSON

if TYPE_CHECKING:
    from fastapi import Request

MAX_BODY = 16 * 2**20
MAX_IMPORT = 256 * 2**20
MAX_RECORDS = 10_000

_NO_GZIP = "Content-Encoding says gzip, and the body is none, or was cut"
SHALLOW = f"JSON of at most {METADATA_LEVELS} levels"
DEEP = "objects or lists too deep in each other to be read"


async def read(request: Request, limit: int = MAX_BODY) -> bytes:
    """The body, inflated where it is compressed by gzip.

    Raises:
        HTTPException: 413 where it is longer than `limit` bytes, inflated or not; 415 where it is compressed otherwise; 400
            where it is not what gzip writes.
    """
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip"}:
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"bodies are read plain or as gzip, this one is {shown(encoding)}",
            headers={"Accept-Encoding": "gzip"},
        )
    inflater = _Inflater(limit) if encoding == "gzip" else None
    body = bytearray()
    async for chunk in request.stream():
        body += inflater.inflated(chunk) if inflater else chunk
        if len(body) > limit:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is longer than {limit} bytes; send it in parts"
            )
    if inflater and not inflater.whole:
        raise HTTPException(HTTPStatus.BAD_REQUEST, _NO_GZIP)
    return bytes(body)


class _Inflater:
    """Inflates gzip as it comes in: never more than a little beyond the limit, however little there is of it."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self.whole = False  # what came so far ends where a member does

    def inflated(self, chunk: bytes) -> bytes:
        found = bytearray()
        while chunk:
            if self._member.eof:  # gzip may be several in a row
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            try:
                part = self._member.decompress(chunk, self._left + 1)
            except zlib.error:
                raise HTTPException(HTTPStatus.BAD_REQUEST, _NO_GZIP) from None
            found += part
            self._left -= len(part)
            if self._left < 0:
                break
            chunk = self._member.unused_data
        self.whole = self._member.eof
        return bytes(found)


def records(body: bytes, content_type: str) -> list[object]:
    """The records of a batch: one JSON object, a list of them, {"calls": list}, or NDJSON.

    A line that is no JSON stands as the error that it is, so that the others keep their places.

    Raises:
        InvalidValue: the body is none of these, or has too many records.
    """
    found = _lines(body) if "ndjson" in content_type or "jsonl" in content_type else _document(body)
    if len(found) > MAX_RECORDS:
        raise InvalidValue("body", f"at most {MAX_RECORDS} records; send them in parts", f"{len(found)} records")
    return found


def _lines(body: bytes) -> list[object]:
    return [_loaded(line) for line in body.splitlines() if line.strip()]


def _document(body: bytes) -> list[object]:
    value = _loaded(body)
    if isinstance(value, InvalidValue):
        expected = 'a JSON object, a list of them, {"calls": [...]}, or NDJSON named by its content type'
        if value.came == DEEP:
            expected = f"{SHALLOW}; sent as NDJSON, a line that is deeper costs no other"
        raise InvalidValue("body", expected, told=value.came)
    if isinstance(value, dict) and value.keys() == {"calls"}:
        value = value["calls"]
    return value if isinstance(value, list) else [value]


def _loaded(text: bytes) -> object:
    try:
        return json.loads(text)
    except RecursionError:
        return InvalidValue("record", SHALLOW, told=DEEP)
    except ValueError:
        return InvalidValue("record", "a JSON object", told=NO_JSON if text.strip() else None)
