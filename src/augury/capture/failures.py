"""Why a call failed, told from what was raised or answered: one place for `track`, instrumentation, and the gateway.

`error_type_of` judges an exception of any client without importing one: by its status, by the codes that providers put into
their errors, and by the names of its classes. `error_type_of_answer` judges an HTTP answer. Texts are looked at and not kept.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import socket
import ssl
from typing import TYPE_CHECKING, Any

from augury.core.calls import ErrorType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ERRORS_FROM = 400
_SERVER_ERRORS_FROM = 500
_BAD_REQUEST = 400
_STATUS_DIGITS = 3

_CANCELLED = (
    asyncio.CancelledError, concurrent.futures.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit,
)  # fmt: skip
_CONNECTION = (ConnectionError, socket.gaierror, ssl.SSLError)

# Classes of clients, by name: their packages need not be installed. A time-out goes before the connection it is a kind of.
_CLASSES: dict[str, ErrorType] = {
    "Cancelled": ErrorType.CANCELLED,  # trio
    "APITimeoutError": ErrorType.TIMEOUT,  # openai, anthropic
    "TimeoutException": ErrorType.TIMEOUT,  # httpx, httpx2
    "Timeout": ErrorType.TIMEOUT,  # requests, litellm
    "TimeoutError": ErrorType.TIMEOUT,  # urllib3
    "ReadTimeoutError": ErrorType.TIMEOUT,  # botocore
    "ConnectTimeoutError": ErrorType.TIMEOUT,
    "DeadlineExceeded": ErrorType.TIMEOUT,  # google.api_core
    "SoftTimeLimitExceeded": ErrorType.TIMEOUT,  # celery
    "ContextWindowExceededError": ErrorType.CONTEXT_LENGTH,  # litellm
    "ContentPolicyViolationError": ErrorType.CONTENT_FILTER,
    "ContentFilterFinishReasonError": ErrorType.CONTENT_FILTER,  # openai
    "APIConnectionError": ErrorType.CONNECTION,  # openai, anthropic
    "TransportError": ErrorType.CONNECTION,  # httpx, httpx2
    "ClientConnectionError": ErrorType.CONNECTION,  # aiohttp
    "ClientPayloadError": ErrorType.CONNECTION,
    "IncompleteRead": ErrorType.CONNECTION,  # http.client
    "ProtocolError": ErrorType.CONNECTION,  # urllib3
    "EndpointConnectionError": ErrorType.CONNECTION,  # botocore
    "ConnectionClosedError": ErrorType.CONNECTION,
    "ConnectionError": ErrorType.CONNECTION,  # requests
}

# What telemetry names without its status: the classes of clients' errors that a status belongs to, and words of conventions.
_NAMES: dict[str, ErrorType] = {
    "RateLimitError": ErrorType.RATE_LIMIT,
    "AuthenticationError": ErrorType.AUTHENTICATION,
    "PermissionDeniedError": ErrorType.AUTHENTICATION,
    "BadRequestError": ErrorType.INVALID_REQUEST,
    "NotFoundError": ErrorType.INVALID_REQUEST,
    "UnprocessableEntityError": ErrorType.INVALID_REQUEST,
    "RequestTooLargeError": ErrorType.INVALID_REQUEST,
    "InternalServerError": ErrorType.SERVER,
    "OverloadedError": ErrorType.OVERLOADED,
    "ServiceUnavailableError": ErrorType.OVERLOADED,
    "DeadlineExceededError": ErrorType.TIMEOUT,
    "ReadTimeout": ErrorType.TIMEOUT,
    "ConnectTimeout": ErrorType.TIMEOUT,
    "timeout": ErrorType.TIMEOUT,
    "client_timeout_error": ErrorType.TIMEOUT,  # Anthropic's own spans
    "connection_error": ErrorType.CONNECTION,
    "ConnectError": ErrorType.CONNECTION,
    "ReadError": ErrorType.CONNECTION,
    "RemoteProtocolError": ErrorType.CONNECTION,
    "ConnectionResetError": ErrorType.CONNECTION,
    "ConnectionRefusedError": ErrorType.CONNECTION,
    "CancelledError": ErrorType.CANCELLED,
    "GeneratorExit": ErrorType.CANCELLED,
    "KeyboardInterrupt": ErrorType.CANCELLED,
}
_NAMES_FIRST = (ErrorType.CONTEXT_LENGTH, ErrorType.CONTENT_FILTER)

# What a provider says goes before its status, which is the same for several of these.
_TELLING: dict[str, ErrorType] = {
    "context_length_exceeded": ErrorType.CONTEXT_LENGTH,
    "context_window_exceeded": ErrorType.CONTEXT_LENGTH,
    "model_context_window_exceeded": ErrorType.CONTEXT_LENGTH,
    "content_filter": ErrorType.CONTENT_FILTER,
    "content_policy_violation": ErrorType.CONTENT_FILTER,
    "responsibleaipolicyviolation": ErrorType.CONTENT_FILTER,
    "moderation_blocked": ErrorType.CONTENT_FILTER,
    "overloaded_error": ErrorType.OVERLOADED,
}

# And these after it: "invalid_request_error" is also what a wrong key is called, by its type.
_WORDS: dict[str, ErrorType] = {
    "rate_limit_error": ErrorType.RATE_LIMIT,
    "rate_limit_exceeded": ErrorType.RATE_LIMIT,
    "insufficient_quota": ErrorType.RATE_LIMIT,
    "throttlingexception": ErrorType.RATE_LIMIT,
    "resource_exhausted": ErrorType.RATE_LIMIT,
    "serviceunavailableexception": ErrorType.OVERLOADED,
    "unavailable": ErrorType.OVERLOADED,
    "server_overloaded": ErrorType.OVERLOADED,
    "timeout_error": ErrorType.TIMEOUT,
    "deadline_exceeded": ErrorType.TIMEOUT,
    "modeltimeoutexception": ErrorType.TIMEOUT,
    "api_error": ErrorType.SERVER,
    "server_error": ErrorType.SERVER,
    "internal_error": ErrorType.SERVER,
    "internal": ErrorType.SERVER,
    "internalserverexception": ErrorType.SERVER,
    "invalid_api_key": ErrorType.AUTHENTICATION,
    "authentication_error": ErrorType.AUTHENTICATION,
    "permission_error": ErrorType.AUTHENTICATION,
    "billing_error": ErrorType.AUTHENTICATION,
    "accessdeniedexception": ErrorType.AUTHENTICATION,
    "invalid_request_error": ErrorType.INVALID_REQUEST,
    "invalid_prompt": ErrorType.INVALID_REQUEST,
    "not_found_error": ErrorType.INVALID_REQUEST,
    "request_too_large": ErrorType.INVALID_REQUEST,
    "invalid_argument": ErrorType.INVALID_REQUEST,
    "validationexception": ErrorType.INVALID_REQUEST,
}

_STATUSES: dict[int, ErrorType] = {
    401: ErrorType.AUTHENTICATION,
    402: ErrorType.AUTHENTICATION,  # nothing paid: the caller's account, as with a wrong key
    403: ErrorType.AUTHENTICATION,
    408: ErrorType.TIMEOUT,
    429: ErrorType.RATE_LIMIT,
    499: ErrorType.CANCELLED,
    503: ErrorType.OVERLOADED,
    504: ErrorType.TIMEOUT,
    524: ErrorType.TIMEOUT,
    529: ErrorType.OVERLOADED,
}

# Where no code tells a refused request's reason, its sentence does.
_SENTENCES = (
    ("prompt is too long", ErrorType.CONTEXT_LENGTH),
    ("input is too long", ErrorType.CONTEXT_LENGTH),
    ("maximum context length", ErrorType.CONTEXT_LENGTH),
    ("context window", ErrorType.CONTEXT_LENGTH),
    ("exceed context limit", ErrorType.CONTEXT_LENGTH),
    ("exceeds the maximum number of tokens", ErrorType.CONTEXT_LENGTH),
    ("too many input tokens", ErrorType.CONTEXT_LENGTH),
    ("content filtering policy", ErrorType.CONTENT_FILTER),
    ("content management policy", ErrorType.CONTENT_FILTER),
)
_SENTENCE_CHARACTERS = 2_000


def error_type_of(error: BaseException) -> ErrorType:
    """The kind of failure that an exception tells of, whichever client raised it; never raises itself."""
    try:
        return _of(error)
    except Exception:  # noqa: BLE001 - an exception's own attributes may fail
        return ErrorType.OTHER


def error_type_of_answer(status: int, body: object = None) -> ErrorType:
    """The kind of failure that an answer tells of.

    Args:
        status: the HTTP status; below 400 where a stream that had begun broke off with an error.
        body: what the provider said, as its JSON was read: an object, with `error` in it or not. Anything else is passed over.
    """
    found = _told(body)
    return _judged(status, [word for word, _ in found], " ".join(sentence for _, sentence in found)) or ErrorType.OTHER


def error_type_of_words(status: int, words: Iterable[str], sentence: str = "") -> ErrorType:
    """The kind of failure that telemetry tells of.

    Args:
        status: the HTTP status, as far as it is known; 0: it is not.
        words: what it calls the failure: classes with or without their modules, codes of providers, statuses as text.
        sentence: what was said of it; looked at, and not kept.
    """
    said = [word.rpartition(".")[2] for word in words]
    named = next((kind for word in said if (kind := _CLASSES.get(word) or _NAMES.get(word))), None)
    if named in _NAMES_FIRST or (named and not status and named is not ErrorType.INVALID_REQUEST):
        return named
    status = status or next((int(word) for word in said if word.isdecimal() and len(word) == _STATUS_DIGITS), 0)
    if named is ErrorType.INVALID_REQUEST:
        status = status or _BAD_REQUEST  # its sentence may know better
    return _judged(status, said, sentence) or named or ErrorType.OTHER


def _of(error: BaseException) -> ErrorType:
    if isinstance(error, BaseExceptionGroup):  # of a task group: what failed first
        return _of(error.exceptions[0])
    if isinstance(error, _CANCELLED):
        return ErrorType.CANCELLED
    if isinstance(error, TimeoutError):
        return ErrorType.TIMEOUT
    named = next((_CLASSES[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _CLASSES), None)
    if named in _NAMES_FIRST:
        return named
    status = _status(error)
    told = _told(getattr(error, "body", None)) + _told(getattr(error, "response", None))
    words = [getattr(error, name, None) for name in ("code", "type", "error_code", "status")] + [
        word for word, _ in told
    ]
    if status is None and named is not None:
        return named
    judged = _judged(status or 0, words, _sentence(error, told) if status else "")
    if judged is None and isinstance(error, _CONNECTION):
        return ErrorType.CONNECTION
    return judged or named or ErrorType.OTHER


def _judged(status: int, words: Iterable[object], sentence: str) -> ErrorType | None:
    said = [word.lower() for word in words if isinstance(word, str)]
    if telling := next((_TELLING[word] for word in said if word in _TELLING), None):
        return telling
    if status in _STATUSES:
        return _STATUSES[status]
    if status >= _SERVER_ERRORS_FROM:
        return ErrorType.SERVER
    if status >= _ERRORS_FROM:
        lower = sentence[:_SENTENCE_CHARACTERS].lower()
        return next((kind for part, kind in _SENTENCES if part in lower), ErrorType.INVALID_REQUEST)
    return next((_WORDS[word] for word in said if word in _WORDS), None)


def _status(error: BaseException) -> int | None:
    response = getattr(error, "response", None)
    metadata = response.get("ResponseMetadata") if isinstance(response, dict) else None  # botocore
    for value in (
        getattr(error, "status_code", None),  # openai, anthropic, litellm
        getattr(response, "status_code", None),  # httpx, requests
        getattr(error, "status", None),  # aiohttp
        getattr(error, "http_status", None),
        getattr(error, "code", None),  # google, urllib
        metadata.get("HTTPStatusCode") if isinstance(metadata, dict) else None,
    ):
        if isinstance(value, int) and not isinstance(value, bool):
            return int(value)
    return None


def _told(body: object) -> list[tuple[str, str]]:
    """The codes and sentences in a provider's error, innermost first."""
    return [(word, sentence) for part in _parts(body) for word, sentence in _codes(part)]


def _parts(body: object) -> Iterator[dict[Any, Any]]:
    if not isinstance(body, dict):
        return
    for name in ("error", "Error", "innererror"):
        yield from _parts(body.get(name))
    yield body


def _codes(part: dict[Any, Any]) -> Iterator[tuple[str, str]]:
    sentence = part.get("message", part.get("Message"))
    yield "", sentence if isinstance(sentence, str) else ""
    for name in ("code", "Code", "type", "status"):
        if isinstance(word := part.get(name), str):
            yield word, ""


def _sentence(error: BaseException, told: list[tuple[str, str]]) -> str:
    message = getattr(error, "message", None)
    own = message if isinstance(message, str) else next((arg for arg in error.args if isinstance(arg, str)), "")
    return " ".join([own[:_SENTENCE_CHARACTERS], *(sentence for _, sentence in told)])
