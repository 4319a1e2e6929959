"""Answers of chat completions, whole and streamed, as the Responses API gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from augury.gateway.translation import reading
from augury.gateway.translation.chunks import CUT, PING
from augury.gateway.translation.failures import openai_error
from augury.gateway.translation.ledger import refusal
from augury.gateway.translation.usage import responses_usage

if TYPE_CHECKING:
    from collections.abc import Mapping

_ECHOED: Final[Mapping[str, object]] = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "reasoning": {"effort": None, "summary": None},
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "user": None,
}
"""What an answer repeats of its request, and what stands there where the request had none."""

_INCOMPLETE: Final = {"length": "max_output_tokens", "content_filter": "content_filter"}


def responses_answer(completion: Mapping[str, Any], request: Mapping[str, Any], created: int) -> dict[str, Any]:
    """A chat completion as a response.

    Args:
        completion: the answer.
        request: the one that asked for responses, which they repeat.
        created: when it came, in seconds since 1970.

    Raises:
        TranslationError: it is no chat completion.
    """
    choices = reading.parts(completion.get("choices"))
    if not choices:
        raise refusal("choices", "a chat completion", "something else")
    said = dict(reading.part(choices[0].get("message")))
    said["tool_calls"] = [{**call, "index": at} for at, call in enumerate(reading.parts(said.get("tool_calls")))]
    finished = reading.string(choices[0].get("finish_reason")) or "stop"
    events = ResponseEvents(request, created)
    events.take({**completion, "error": None, "choices": [{"delta": said, "finish_reason": finished}]})
    *_, last = events.end()
    return dict(reading.mapping(last.get("response"), "response"))


class ResponseEvents:
    """Takes chunks, gives events: one item of the output after the other; says once how it ended."""

    def __init__(self, request: Mapping[str, Any], created: int) -> None:
        """See `responses_answer`."""
        echoed = {name: given if (given := request.get(name)) is not None else usual for name, usual in _ECHOED.items()}
        self._response: dict[str, Any] = {
            "id": "",
            "object": "response",
            "created_at": created,
            "status": "in_progress",
            "error": None,
            "incomplete_details": None,
            "model": "",
            "output": [],
            "previous_response_id": None,
            "store": False,
            "truncation": "disabled",
            "usage": None,
        } | echoed
        self._number = 0
        self._item: dict[str, Any] | None = None  # that is being written
        self._calls: dict[str, str] = {}  # the call of each place that a chunk may name
        self._finished: str | None = None
        self._began = False
        self.ended = False

    def take(self, chunk: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """What follows from one chunk."""
        if self.ended:
            return []
        if chunk is PING:
            return [PING]
        if chunk.get("error"):
            return self._fail(reading.part(chunk.get("error")))
        events: list[Mapping[str, Any]] = []
        if not self._began and (chunk.get("choices") or chunk.get("id")):
            self._began = True
            self._response |= {name: reading.string(chunk.get(name)) for name in ("id", "model")}
            events += [self._whole("response.created"), self._whole("response.in_progress")]
        if usage := reading.part(chunk.get("usage")):
            self._response["usage"] = responses_usage(usage)
        for choice in reading.parts(chunk.get("choices"))[:1]:
            delta = reading.part(choice.get("delta"))
            for name, kind in (("content", "output_text"), ("refusal", "refusal")):
                if text := reading.string(delta.get(name)):
                    events += self._say(kind, text)
            for call in reading.parts(delta.get("tool_calls")):
                events += self._call(call)
            self._finished = reading.string(choice.get("finish_reason")) or self._finished
        return events

    def end(self) -> list[Mapping[str, Any]]:
        """The last events; where the answer had not ended, an error."""
        if self.ended:
            return []
        if self._finished is None:
            return self._fail({"message": CUT})
        closed = self._close()
        self.ended = True
        why = _INCOMPLETE.get(self._finished)
        self._response["status"] = "incomplete" if why else "completed"
        self._response["incomplete_details"] = {"reason": why} if why else None
        return [*closed, self._whole(f"response.{self._response['status']}")]

    def _fail(self, error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        self.ended = True
        told = openai_error(reading.string(error.get("message")) or CUT, type_="server_error")["error"]
        code = "rate_limit_exceeded" if error.get("code") == "rate_limit_exceeded" else "server_error"
        if not self._began:
            return [self._event("error", code=code, message=told["message"], param=None)]
        self._response |= {"status": "failed", "error": {"code": code, "message": told["message"]}}
        return [self._whole("response.failed")]

    def _say(self, kind: str, text: str) -> list[Mapping[str, Any]]:
        """A piece of text: into the message that is open, which holds one kind of part, or into a new one."""
        events: list[Mapping[str, Any]] = []
        item = self._item
        if item is None or item["type"] != "message" or item["content"][0]["type"] != kind:
            item = {
                "id": f"msg_{self._response['id']}_{len(self._response['output'])}",
                "type": "message",
                "role": "assistant",
                "status": "in_progress",
                "content": [],
            }
            part = {"type": "output_text", "text": "", "annotations": []} if kind == "output_text" else _refusal("")
            events += [*self._open(item), self._event("response.content_part.added", **self._at(), part=dict(part))]
            item["content"].append(part)
        part = item["content"][0]
        part["text" if kind == "output_text" else "refusal"] += text
        more: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}
        return [*events, self._event(f"response.{kind}.delta", **self._at(), delta=text, **more)]

    def _call(self, call: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        if self.ended:
            return []
        function = reading.part(call.get("function"))
        place, named = f"#{call.get('index')}", reading.string(call.get("id"))
        name = reading.string(function.get("name"))
        events: list[Mapping[str, Any]] = []
        if place not in self._calls or (named and name and self._calls[place] != named):
            self._calls[place] = named
            events += self._open(
                {
                    "id": f"fc_{named}",
                    "type": "function_call",
                    "status": "in_progress",
                    "call_id": named,
                    "name": name,
                    "arguments": "",
                }
            )
        elif self._item is None or self._item.get("call_id") != self._calls[place]:
            return self._fail({"message": "the provider's stream went back to a call of a tool that had ended"})
        piece = reading.string(function.get("arguments"))
        if piece and self._item is not None:
            self._item["arguments"] += piece
            at = {"item_id": self._item["id"], "output_index": len(self._response["output"])}
            events.append(self._event("response.function_call_arguments.delta", **at, delta=piece))
        return events

    def _open(self, item: dict[str, Any]) -> list[Mapping[str, Any]]:
        closed = self._close()
        self._item = item
        begun = item | ({"content": []} if item["type"] == "message" else {})
        place = len(self._response["output"])
        return [*closed, self._event("response.output_item.added", output_index=place, item=begun)]

    def _close(self) -> list[Mapping[str, Any]]:
        item, self._item = self._item, None
        if item is None:
            return []
        place = len(self._response["output"])
        cut = self._finished in _INCOMPLETE
        item["status"] = "incomplete" if cut else "completed"
        events: list[Mapping[str, Any]] = []
        if item["type"] == "message":
            part = item["content"][0]
            at = {"item_id": item["id"], "output_index": place, "content_index": 0}
            if part["type"] == "output_text":
                events.append(self._event("response.output_text.done", **at, text=part["text"], logprobs=[]))
            else:
                events.append(self._event("response.refusal.done", **at, refusal=part["refusal"]))
            events.append(self._event("response.content_part.done", **at, part=part))
        else:
            at = {"item_id": item["id"], "output_index": place}
            done = {"name": item["name"], "arguments": item["arguments"]}
            events.append(self._event("response.function_call_arguments.done", **at, **done))
        events.append(self._event("response.output_item.done", output_index=place, item=item))
        self._response["output"] = [*self._response["output"], item]
        return events

    def _at(self) -> dict[str, Any]:
        item = self._item or {}
        return {"item_id": item.get("id", ""), "output_index": len(self._response["output"]), "content_index": 0}

    def _whole(self, kind: str) -> dict[str, Any]:
        return self._event(kind, response=dict(self._response))

    def _event(self, kind: str, **fields: Any) -> dict[str, Any]:
        self._number += 1
        return {"type": kind, "sequence_number": self._number - 1} | fields


def _refusal(text: str) -> dict[str, Any]:
    return {"type": "refusal", "refusal": text}
