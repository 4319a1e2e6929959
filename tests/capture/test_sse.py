"""Events come out whole, whatever pieces they came in."""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.capture.sse import EventSplitter, FrameSplitter, splitter_for

if TYPE_CHECKING:
    from augury.capture.sse import Splitter

TOLD = (
    b'data: {"a":1}\n\n'
    b": a comment\n\n"
    b'event: x\r\nid: 7\r\ndata: {"b":\r\ndata:2}\r\n\r\n'
    b"data: caf\xc3\xa9\r\r"
    b"data: mixed\n\r\n"
    b"event: nothing\n\n"
    b"data: [DONE]\n\n"
    b"data: never ended"
)
DATA = [b'{"a":1}', b"", b'{"b":\n2}', b"caf\xc3\xa9", b"mixed", b"", b"[DONE]"]


def frame(payload: bytes, headers: bytes = b"") -> bytes:
    start = (12 + len(headers) + len(payload) + 4).to_bytes(4, "big") + len(headers).to_bytes(4, "big")
    start += zlib.crc32(start).to_bytes(4, "big")
    whole = start + headers + payload
    return whole + zlib.crc32(whole).to_bytes(4, "big")


def carried(data: bytes) -> bytes:
    return frame(json.dumps({"bytes": base64.b64encode(data).decode()}).encode(), b"\x0b:event-type\x07\x00\x05chunk")


def fed(splitter: Splitter, told: bytes, cuts: list[int]) -> tuple[list[bytes], bytes, bytes]:
    data, raw = [], b""
    for start, end in zip([0, *cuts], [*cuts, len(told)], strict=True):
        for event in splitter.feed(told[start:end]):
            data.append(event.data)
            raw += event.raw
    return data, raw, splitter.rest()


@given(st.lists(st.integers(0, len(TOLD)), max_size=12).map(sorted))
def test_pieces_make_no_difference(cuts: list[int]) -> None:
    data, raw, rest = fed(EventSplitter(), TOLD, cuts)
    assert data == DATA
    assert raw + rest == TOLD
    assert rest == b"data: never ended"


@given(st.lists(st.integers(0, 200), max_size=8).map(sorted))
def test_nor_do_they_in_amazons_frames(cuts: list[int]) -> None:
    told = carried(b'{"type":"ping"}') + frame(b"no JSON") + carried(b'{"type":"message_stop"}') + b"\x00\x00"
    data, raw, rest = fed(FrameSplitter(), told, [min(cut, len(told)) for cut in cuts])
    assert data == [b'{"type":"ping"}', b"", b'{"type":"message_stop"}']
    assert raw + rest == told


def test_a_frame_that_is_none_ends_the_reading_and_loses_no_byte() -> None:
    told = b"\xff" * 40 + carried(b"{}")
    data, raw, rest = fed(FrameSplitter(), told, [])
    assert data == [b""]
    assert raw + rest == told


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("text/event-stream; charset=utf-8", EventSplitter),
        ("Text/Event-Stream", EventSplitter),
        ("application/vnd.amazon.eventstream", FrameSplitter),
        ("application/json", type(None)),
        ("", type(None)),
    ],
)
def test_what_streams_is_told_by_its_type(content_type: str, kind: type) -> None:
    assert isinstance(splitter_for(content_type), kind)
