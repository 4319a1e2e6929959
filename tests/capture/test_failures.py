"""Why a call failed, as the official clients and the common libraries tell it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import socket
from typing import Any

import aiohttp
import anthropic
import httpx2
import openai
import pytest

from augury.capture.failures import error_type_of, error_type_of_answer

REQUEST = httpx2.Request("POST", "https://example.com/v1")


def status_error(client: Any, status: int, body: object = None) -> Exception:
    """What a client raises for an answer, made by the client's own code."""
    response = httpx2.Response(status, request=REQUEST)
    made: Exception = client(api_key="none")._make_status_error("said", body=body, response=response)  # noqa: SLF001
    return made


OPENAI = {"message": "This model's maximum context length is 8192 tokens.", "type": "invalid_request_error"}
BOTO = {"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPStatusCode": 429}}


class ClientError(Exception):
    """As botocore's."""

    response = BOTO


class ContextWindowExceededError(Exception):
    """As litellm's."""

    status_code = 400


class Hostile(Exception):
    @property
    def status_code(self) -> int:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (status_error(openai.OpenAI, 400, {"type": "invalid_request_error", "code": None}), "invalid_request"),
        (status_error(openai.OpenAI, 400, OPENAI | {"code": "context_length_exceeded"}), "context_length"),
        (status_error(openai.OpenAI, 400, OPENAI), "context_length"),
        (status_error(openai.OpenAI, 400, {"code": "content_filter", "message": "…"}), "content_filter"),
        (status_error(openai.OpenAI, 401, {"type": "invalid_request_error", "code": "invalid_api_key"}), "authentication"),
        (status_error(openai.OpenAI, 403), "authentication"),
        (status_error(openai.OpenAI, 404), "invalid_request"),
        (status_error(openai.OpenAI, 408), "timeout"),
        (status_error(openai.OpenAI, 422), "invalid_request"),
        (status_error(openai.OpenAI, 429, {"code": "insufficient_quota"}), "rate_limit"),
        (status_error(openai.OpenAI, 500), "server"),
        (status_error(openai.OpenAI, 503), "overloaded"),
        (openai.APITimeoutError(REQUEST), "timeout"),
        (openai.APIConnectionError(request=REQUEST), "connection"),
        (openai.APIError("said in a stream", REQUEST, body={"type": "server_error", "code": "server_error"}), "server"),
        (openai.ContentFilterFinishReasonError(), "content_filter"),
        (status_error(anthropic.Anthropic, 400, {"error": {"type": "invalid_request_error"}}), "invalid_request"),
        (
            status_error(anthropic.Anthropic, 400, {"error": {"message": "prompt is too long: 9 tokens > 8 maximum"}}),
            "context_length",
        ),
        (status_error(anthropic.Anthropic, 402, {"error": {"type": "billing_error"}}), "authentication"),
        (status_error(anthropic.Anthropic, 413), "invalid_request"),
        (status_error(anthropic.Anthropic, 504), "timeout"),
        (status_error(anthropic.Anthropic, 529, {"error": {"type": "overloaded_error"}}), "overloaded"),
        # A stream that had begun breaks off with an error under its status, 200.
        (status_error(anthropic.Anthropic, 200, {"error": {"type": "overloaded_error"}}), "overloaded"),
        (status_error(anthropic.Anthropic, 200, {"type": "error", "error": {"type": "api_error"}}), "server"),
        (anthropic.APITimeoutError(REQUEST), "timeout"),
        (httpx2.ReadTimeout("late"), "timeout"),
        (httpx2.RemoteProtocolError("gone"), "connection"),
        (httpx2.HTTPStatusError("429", request=REQUEST, response=httpx2.Response(429)), "rate_limit"),
        (aiohttp.ServerTimeoutError(), "timeout"),
        (aiohttp.ServerDisconnectedError(), "connection"),
        (ClientError(), "rate_limit"),
        (ContextWindowExceededError(), "context_length"),
        (socket.gaierror(), "connection"),
        (concurrent.futures.CancelledError(), "cancelled"),
        (asyncio.CancelledError(), "cancelled"),
        (GeneratorExit(), "cancelled"),
        (BaseExceptionGroup("a task group's", [TimeoutError(), ValueError()]), "timeout"),
        (FileNotFoundError(), "other"),
        (Hostile(), "other"),
    ],
    ids=lambda value: None if isinstance(value, str) else type(value).__name__,
)  # fmt: skip
def test_an_error_tells_why_the_call_failed(error: BaseException, kind: str) -> None:
    assert error_type_of(error) == kind


def test_an_answer_tells_why_the_call_failed() -> None:
    assert error_type_of_answer(429) == "rate_limit"
    assert error_type_of_answer(529, {"type": "error", "error": {"type": "overloaded_error"}}) == "overloaded"
    assert error_type_of_answer(400, {"error": {"code": "context_length_exceeded"}}) == "context_length"
    assert error_type_of_answer(400, {"error": {"type": "x", "message": "prompt is too long: …"}}) == "context_length"
    assert error_type_of_answer(200, {"error": {"type": "api_error"}}) == "server"
    assert error_type_of_answer(502, "<html>") == "server"
    assert error_type_of_answer(200) == "other"
