"""What the provider answers unless it is told otherwise, in the form of each path."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CHAT_ID = "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT"
RESPONSE_ID = "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b"
MESSAGE_ID = "msg_013Zva2CMHLNnXjNJJKqJ2EF"

CHAT_USAGE = {
    "prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 8}, "completion_tokens_details": {"reasoning_tokens": 4},
}  # fmt: skip
RESPONSE_USAGE = {
    "input_tokens": 19, "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 0},
    "output_tokens": 10, "output_tokens_details": {"reasoning_tokens": 4}, "total_tokens": 29,
}  # fmt: skip
MESSAGE_USAGE: dict[str, Any] = {
    "input_tokens": 11, "cache_read_input_tokens": 8, "cache_creation_input_tokens": 0, "output_tokens": 10,
    "service_tier": "standard",
}  # fmt: skip

WORDS = ("Hello", ", how", " can I", " help?")
CALLED = {"name": "weather", "arguments": '{"city": "Paris"}'}


def answer(path: str, asked: Mapping[str, Any]) -> object:
    """The JSON body of the answer to a POST."""
    model = asked.get("model")
    match _kind(path):
        case "chat":
            message: dict[str, Any] = {"role": "assistant", "content": "".join(WORDS), "refusal": None}
            if asked.get("tools"):
                message |= {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": CALLED}]}
            finish = "tool_calls" if asked.get("tools") else "stop"
            return _completion(model, [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}])
        case "completions":
            text = {"text": "".join(WORDS), "index": 0, "logprobs": None, "finish_reason": "stop"}
            return _completion(model, [text]) | {"object": "text_completion"}
        case "responses":
            return response(model)
        case "messages":
            content: list[dict[str, Any]] = [{"type": "text", "text": "".join(WORDS)}]
            if asked.get("tools"):
                content.append({"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}})
            stop = "tool_use" if asked.get("tools") else "end_turn"
            return _message(model, content=content, stop_reason=stop, usage=MESSAGE_USAGE)
        case "embeddings":
            many = asked["input"] if isinstance(asked.get("input"), list) else [asked.get("input")]
            vectors = [{"object": "embedding", "index": index, "embedding": [0.1, 0.2]} for index in range(len(many))]
            usage = {"prompt_tokens": 8, "total_tokens": 8}
            return {"object": "list", "data": vectors, "model": model, "usage": usage}
        case "count_tokens":
            return {"input_tokens": 19}
        case _:
            return {"object": "list", "data": [{"id": "gpt-4o", "object": "model", "created": 1, "owned_by": "openai"}]}


def events(path: str, asked: Mapping[str, Any]) -> list[bytes]:
    """The events of a stream in answer to a POST."""
    model = asked.get("model")
    match _kind(path):
        case "chat":
            return _chunks(model, bool((asked.get("stream_options") or {}).get("include_usage")))
        case "responses":
            return named(response_events(model))
        case "messages":
            return named(message_events(model))
        case _:
            return named([])


def error(path: str, status: int) -> object:
    """What a provider says with a status that is an error."""
    sentence = "something about: the prompt"
    if _kind(path) in ("messages", "count_tokens"):
        kinds = {
            400: "invalid_request_error",
            401: "authentication_error",
            429: "rate_limit_error",
            529: "overloaded_error",
        }
        kind = kinds.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": sentence}, "request_id": "req_1"}
    codes = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": sentence, "type": kind, "param": None, "code": codes.get(status)}}


def response(model: object, status: str = "completed", **more: Any) -> dict[str, Any]:
    """A response object of OpenAI's Responses API."""
    text = {"type": "output_text", "text": "".join(WORDS), "annotations": []}
    said = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [text]}
    return {
        "id": RESPONSE_ID,
        "object": "response",
        "created_at": 1741476777,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "model": model,
        "output": [said] if status in ("completed", "incomplete") else [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "metadata": {},
        "usage": RESPONSE_USAGE if status in ("completed", "incomplete") else None,
    } | more


def response_events(model: object, ending: str = "completed", **more: Any) -> list[dict[str, Any]]:
    """The events of a response; `ending` is its last status."""
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    item = {"type": "message", "id": "msg_1", "status": "in_progress", "role": "assistant", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    told: list[dict[str, Any]] = [
        {"type": "response.created", "response": response(model, "in_progress")},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **place, "part": part},
        *({"type": "response.output_text.delta", **place, "delta": word, "logprobs": []} for word in WORDS),
        {"type": f"response.{ending}", "response": response(model, ending, **more)},
    ]
    return [event | {"sequence_number": number} for number, event in enumerate(told)]


def message_events(model: object) -> list[dict[str, Any]]:
    """The events of a message of Anthropic's."""
    start = {**MESSAGE_USAGE, "output_tokens": 1}
    return [
        {"type": "message_start", "message": _message(model, content=[], stop_reason=None, usage=start)},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}} for word in WORDS),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 10},
        },
        {"type": "message_stop"},
    ]


def named(told: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """Events that have their type as their name too."""
    return [f"event: {event['type']}\ndata: {_json(event)}\n\n".encode() for event in told]


def unnamed(told: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """Events of chat completions, and the mark of their end."""
    return [*(f"data: {_json(event)}\n\n".encode() for event in told), b"data: [DONE]\n\n"]


def _kind(path: str) -> str:
    bare = path.partition("?")[0].rstrip("/")
    return "chat" if bare.endswith("/chat/completions") else bare.rpartition("/")[2]


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _completion(model: object, choices: Sequence[object]) -> dict[str, Any]:
    return {
        "id": CHAT_ID,
        "object": "chat.completion",
        "created": 1741569952,
        "model": model,
        "choices": choices,
        "usage": CHAT_USAGE,
        "service_tier": "default",
    }


def _chunks(model: object, with_usage: bool) -> list[bytes]:
    whole = {"id": CHAT_ID, "object": "chat.completion.chunk", "created": 1741569952, "model": model}
    nothing = {"usage": None} if with_usage else {}
    deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": ""}, None)]
    deltas += [({"content": word}, None) for word in WORDS]
    deltas.append(({}, "stop"))
    told = [
        whole | {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]} | nothing
        for delta, finish in deltas
    ]
    return unnamed([*told, whole | {"choices": [], "usage": CHAT_USAGE}] if with_usage else told)


def _message(model: object, **more: Any) -> dict[str, Any]:
    return {"id": MESSAGE_ID, "type": "message", "role": "assistant", "model": model, "stop_sequence": None} | more
