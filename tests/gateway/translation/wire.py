"""What tests of translation share: the official clients' own types, and the clients themselves on bytes of ours."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import anthropic
import httpx2
import openai
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming, MessageCreateParamsStreaming
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)
from pydantic import TypeAdapter

from augury.gateway.translation import Shape, Traits, Translation

if TYPE_CHECKING:
    from anthropic.types import Message
    from openai.types.chat import ChatCompletion
    from openai.types.responses import Response

NOW: Final = 1_795_999_999
CLAUDE: Final = Traits(model="claude-sonnet-4-6", max_output=64_000)
GPT: Final = Traits(model="gpt-6-sol", max_output=128_000)
OLLAMA: Final = Traits(model="qwen3", openai=False)

_ASKED: Final[dict[str, list[TypeAdapter[Any]]]] = {
    "messages": [TypeAdapter(MessageCreateParamsNonStreaming), TypeAdapter(MessageCreateParamsStreaming)],
    "chat": [TypeAdapter(CompletionCreateParamsNonStreaming), TypeAdapter(CompletionCreateParamsStreaming)],
}


def to_anthropic(request: Mapping[str, Any], traits: Traits = CLAUDE, **more: Any) -> Translation:
    """A chat completions request for Claude, after Anthropic's client has agreed that it is one."""
    made = Translation(request, asked=Shape.CHAT, spoken=Shape.MESSAGES, traits=traits, created=NOW, **more)
    typed("messages", made.body)
    return made


def to_openai(request: Mapping[str, Any], traits: Traits = GPT, **more: Any) -> Translation:
    """A messages request for GPT, after OpenAI's client has agreed that it is one."""
    made = Translation(request, asked=Shape.MESSAGES, spoken=Shape.CHAT, traits=traits, created=NOW, **more)
    typed("chat", made.body)
    return made


def typed(shape: str, body: Mapping[str, Any]) -> None:
    """Hold a request to the client's types. Sampling is no longer in Anthropic's, but older models take it."""
    kept = {name: value for name, value in body.items() if shape == "chat" or name not in {"temperature", "top_p"}}
    adapter = _ASKED[shape][bool(body.get("stream"))]
    assert _read(adapter.validate_python(kept)) == kept


def _read(value: object) -> object:
    """What was validated, with everything that is validated only when it is read."""
    if isinstance(value, Mapping):
        return {name: _read(inner) for name, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_read(inner) for inner in value]
    return value


def streamed(translation: Translation, sent: bytes, cuts: Iterable[int] = ()) -> bytes:
    """What the caller gets when the provider's bytes come in these pieces."""
    stream = translation.stream()
    places = [0, *sorted(cut % (len(sent) + 1) for cut in cuts), len(sent)]
    pieces = [stream.feed(sent[start:end]) for start, end in itertools.pairwise(places)]
    return b"".join([*pieces, stream.end()])


def _answering(body: bytes, status: int = 200, kind: str = "text/event-stream") -> httpx2.Client:
    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, content=body, headers={"content-type": kind})

    return httpx2.Client(transport=httpx2.MockTransport(answer))


def openai_client(body: bytes, status: int = 200, kind: str = "text/event-stream") -> openai.OpenAI:
    """OpenAI's client, which will be answered with these bytes."""
    return openai.OpenAI(
        api_key="k", base_url="http://test/v1", max_retries=0, http_client=_answering(body, status, kind)
    )


def anthropic_client(body: bytes, status: int = 200, kind: str = "text/event-stream") -> anthropic.Anthropic:
    """Anthropic's client, likewise."""
    return anthropic.Anthropic(
        api_key="k", base_url="http://test", max_retries=0, http_client=_answering(body, status, kind)
    )


def as_openai_reads(body: bytes) -> ChatCompletion:
    """A stream of chunks, added up by OpenAI's client."""
    asked: Any = {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "stream_options": {"include_usage": True},
    }
    with openai_client(body).chat.completions.stream(**asked) as stream:
        return stream.get_final_completion()


def as_responses_read(body: bytes) -> Response:
    """A stream of responses' events, added up by OpenAI's client."""
    with openai_client(body).responses.stream(model="m", input="hi") as stream:
        return stream.get_final_response()


def as_anthropic_reads(body: bytes) -> Message:
    """A stream of events, added up by Anthropic's client."""
    asked: Any = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    with anthropic_client(body).messages.stream(**asked) as stream:
        return stream.get_final_message()


def events_of(body: bytes) -> list[Any]:
    """The objects of a stream, as they follow each other."""
    lines = [line.removeprefix(b"data: ") for line in body.split(b"\n") if line.startswith(b"data: ")]
    return [json.loads(line) for line in lines if line != b"[DONE]"]


def anthropic_stream(*events: Mapping[str, Any]) -> bytes:
    """Events as Anthropic sends them."""
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (event["type"].encode(), json.dumps(event).encode()) for event in events
    )


def openai_stream(*chunks: Mapping[str, Any], done: bool = True) -> bytes:
    """Chunks as OpenAI sends them."""
    sent = b"".join(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks)
    return sent + (b"data: [DONE]\n\n" if done else b"")


def message_events(content: list[dict[str, Any]], reason: str = "end_turn", pieces: int = 3) -> list[dict[str, Any]]:
    """The events by which Anthropic streams this content."""
    start: dict[str, Any] = {
        "type": "message_start",
        "message": {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-6", "content": [],
            "stop_reason": None, "stop_sequence": None,
            "usage": {"input_tokens": 10, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 2, "output_tokens": 1},
        },
    }  # fmt: skip
    events: list[dict[str, Any]] = [start, {"type": "ping"}]
    for at, block in enumerate(content):
        text = str(block.get("text", block.get("thinking")))
        if block["type"] == "tool_use":
            whole, opened = json.dumps(block["input"]) if block["input"] else "", block | {"input": {}}
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *_cut(whole, pieces)]]
        elif block["type"] == "thinking":
            opened = block | {"thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in _cut(text, pieces)]
            deltas.append({"type": "signature_delta", "signature": "s"})
        else:
            opened = block | {"text": ""}
            deltas = [{"type": "text_delta", "text": piece} for piece in _cut(text, pieces)]
        events.append({"type": "content_block_start", "index": at, "content_block": opened})
        events += [{"type": "content_block_delta", "index": at, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": at})
    events.append(
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": {"output_tokens": 30, "output_tokens_details": {"thinking_tokens": 4}},
        }
    )
    return [*events, {"type": "message_stop"}]


def chunks(message: Mapping[str, Any], reason: str | None = "stop", pieces: int = 3) -> list[dict[str, Any]]:
    """The chunks by which OpenAI streams this message."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": piece} for piece in _cut(message.get("content") or "", pieces)]
    for at, call in enumerate(message.get("tool_calls", [])):
        begun = call | {"index": at, "function": call["function"] | {"arguments": ""}}
        deltas.append({"tool_calls": [begun]})
        deltas += [
            {"tool_calls": [{"index": at, "function": {"arguments": piece}}]}
            for piece in _cut(call["function"]["arguments"], pieces)
        ]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": NOW, "model": "gpt-6-sol"}
    made = [head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    if reason:
        made.append(head | {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    usage = {
        "prompt_tokens": 17, "completion_tokens": 30, "total_tokens": 47,
        "prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 2}, "completion_tokens_details": {"reasoning_tokens": 4},
    }  # fmt: skip
    return [*made, head | {"choices": [], "usage": usage}]


def _cut(text: str, pieces: int) -> list[str]:
    size = max(1, -(-len(text) // pieces))
    return [text[at : at + size] for at in range(0, len(text), size)]
