"""What is seen of a stream, and what goes on of it, hang on neither what its texts are nor how its bytes are cut."""

from __future__ import annotations

import json
from itertools import cycle
from typing import TYPE_CHECKING, Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from augury.capture.dialects import reader_for
from augury.capture.exchange import Attempt
from augury.capture.streams import watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pytest

TEXTS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["", "word", "error", '"', "\\", '"usage":{', "\n\n", 'a"},"finish_reason":"stop"', ',"usage":null', "é"]
    ),
)
USAGE = {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29}


class Ended:
    """Takes the record of an attempt."""

    gateway, model, attempts = False, "gpt-4o", 1

    def __init__(self) -> None:
        self.record: dict[str, Any] | None = None

    def answered(self, answer_id: str | None, *, well: bool) -> None: ...

    def ended(self, record: dict[str, Any] | None) -> None:
        self.record = record


class Chunks(httpx.SyncByteStream):
    """A body as it comes."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks


def _event(text: str, *, padding: str | None, finish: str | None = None, usage_last: bool, asked: bool) -> bytes:
    choices = [{"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": finish}]
    usage = {"usage": None} if asked else {}
    chunk = {"id": "chatcmpl-1", **({} if usage_last else usage), "choices": choices, **(usage if usage_last else {})}
    if padding is not None:
        chunk["obfuscation"] = padding
    return f"data: {json.dumps(chunk, separators=(',', ':'), ensure_ascii=False)}\n\n".encode()


def _stream(texts: list[str], paddings: Sequence[str | None], *, usage_last: bool, asked: bool) -> list[bytes]:
    ends = [*[None] * (len(texts) - 1), "stop"]
    events = [
        _event(text, padding=padding, finish=end, usage_last=usage_last, asked=asked)
        for text, padding, end in zip(texts, cycle(paddings), ends, strict=False)
    ]
    usage = json.dumps({"id": "chatcmpl-1", "choices": [], "usage": USAGE}, separators=(",", ":"))
    return [*events, *([f"data: {usage}\n\n".encode()] if asked else []), b"data: [DONE]\n\n"]


def _read(chunks: list[bytes], *, drop: bool) -> tuple[bytes, dict[str, Any]]:
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Chunks(chunks))
    ended, reader = Ended(), reader_for("/v1/chat/completions")
    assert reader is not None
    watch(response, Attempt(ended, reader, 1), drop_usage=drop)  # type: ignore[arg-type]  # of an exchange only `ended` is asked
    passed = b"".join(response.iter_bytes())
    assert ended.record is not None
    return passed, {field: value for field, value in ended.record.items() if not field.endswith("_ms")}


@given(
    texts=st.lists(TEXTS, min_size=1, max_size=12),
    paddings=st.just([None]) | st.lists(st.text("abcXYZ019", max_size=9), min_size=1, max_size=4),
    usage_last=st.booleans(),
    cut=st.integers(1, 90),
    drop=st.booleans(),
)
def test_a_stream_passes_as_if_nobody_had_asked(
    texts: list[str], paddings: Sequence[str | None], usage_last: bool, cut: int, drop: bool
) -> None:
    sent = _stream(texts, paddings, usage_last=usage_last, asked=True)
    expected = b"".join(_stream(texts, paddings, usage_last=usage_last, asked=not drop))
    whole = b"".join(sent)

    passed, record = _read(sent, drop=drop)
    assert passed == expected
    assert (record["success"], record["input_tokens"], record["output_tokens"]) == (True, 19, 10)
    assert _read([whole[at : at + cut] for at in range(0, len(whole), cut)], drop=drop) == (expected, record)


def test_most_of_a_stream_is_seen_to_be_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[bytes] = []
    skips = Attempt.skips

    def counted(attempt: Attempt, chunk: bytes) -> bool:
        looked_at.append(chunk)
        return skips(attempt, chunk)

    monkeypatch.setattr(Attempt, "skips", counted)

    _read(_stream(["word"] * 40, ["aB3", "x", ""], usage_last=True, asked=True), drop=True)
    assert len(looked_at) < 8
