"""`augury.litellm_callback`: calls that go through LiteLLM, in an application or in its proxy, recorded as they end.

LiteLLM tells its callbacks of every call, of whatever provider, in a payload of its own, the `standard_logging_object`
(https://docs.litellm.ai/docs/proxy/logging_spec; seen with LiteLLM 1.110). Nothing of it is kept but what is measured. LiteLLM is
not needed to import this.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from augury.capture import harmless, recorder
from augury.capture.context import ABOUT, given
from augury.capture.elsewhere import litellm as exported
from augury.capture.elsewhere.reading import any_of, dollars, first, listing, mapping, metadata, number, task, text
from augury.capture.elsewhere.reading import failed as reason
from augury.capture.failures import error_type_of
from augury.capture.usage import field_of
from augury.core.ids import derived_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

_CACHED = ("true",)
_REGISTERED = ("callbacks", "success_callback", "_async_success_callback")  # LiteLLM moves them at its first call


class LiteLLMCallback:
    """What LiteLLM calls when a call has ended: with its own base class, where it is installed, it takes it for one of its own."""

    def log_pre_api_call(self, model: object, messages: object, kwargs: object) -> None:
        """Nothing is known yet."""

    def log_post_api_call(self, kwargs: object, response_obj: object, start_time: object, end_time: object) -> None:
        """It may go on in a stream."""

    def log_success_event(
        self, kwargs: Mapping[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        """A call has ended well; a stream, at its end."""
        harmless.do(_record, kwargs, response_obj, start_time, end_time, failed=False)

    def log_failure_event(
        self, kwargs: Mapping[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        """A call has failed: each attempt that does."""
        harmless.do(_record, kwargs, response_obj, start_time, end_time, failed=True)

    async def async_log_success_event(
        self, kwargs: Mapping[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        """The same, of an asynchronous call."""
        self.log_success_event(kwargs, response_obj, start_time, end_time)

    async def async_log_failure_event(
        self, kwargs: Mapping[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        """The same, of an asynchronous call."""
        self.log_failure_event(kwargs, response_obj, start_time, end_time)


def callback() -> LiteLLMCallback:
    """A callback to register: `litellm.callbacks = [augury.litellm_callback()]`.

    What calls are about is told as everywhere, by `augury.context`, or in a call's own `metadata={"augury": {"task_type": …}}`;
    its `user`, `session_id`, and `tags` are read too. While it is registered `augury.instrument()` leaves alone the calls that
    LiteLLM makes with OpenAI's client, so that they count once.
    """
    try:
        from litellm.integrations.custom_logger import CustomLogger  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - the application's, if it has it
    except ImportError:
        return LiteLLMCallback()
    made: LiteLLMCallback = type("AuguryCallback", (LiteLLMCallback, CustomLogger), {})()
    return made


def is_told() -> bool:
    """Whether LiteLLM makes the call that begins here, and tells a callback of ours when it ends."""
    module = sys.modules.get("litellm")
    registered = (one for name in _REGISTERED for one in getattr(module, name, None) or ())
    if not any(isinstance(one, LiteLLMCallback) for one in registered):
        return False
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - `inspect.stack` reads every file on the way
    while frame is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] == "litellm":
            return True
        frame = frame.f_back
    return False


def _record(kwargs: Mapping[str, Any], response: object, began: object, ended: object, *, failed: bool) -> None:
    payload = mapping(kwargs.get("standard_logging_object"))
    call_type = payload.get("call_type") or kwargs.get("call_type")
    operation = exported.OPERATIONS.get(str(getattr(call_type, "value", call_type)))
    if operation is None or any_of(_CACHED, str(payload.get("cache_hit") or kwargs.get("cache_hit"))):
        return
    beside = _metadata_of(kwargs)
    start, end, begun = (
        _instant(payload.get(name)) or _instant(other)
        for name, other in (("startTime", began), ("endTime", ended), ("completionStartTime", None))
    )
    call_id = text(first(payload, "litellm_call_id") or kwargs.get("litellm_call_id"))
    answer_id = text(field_of(response, "id"))
    fields: dict[str, Any] = {
        "model": text(first(payload, "model") or kwargs.get("model")) or "unknown",
        "provider": text(first(payload, "custom_llm_provider") or kwargs.get("custom_llm_provider")),
        "operation": operation,
        "response_time_ms": None
        if start is None or end is None
        else max(0, round((end - start).total_seconds() * 1e3)),
        "timestamp": end,
        "message_id": answer_id or call_id,
        "conversation_id": text(first(beside, "session_id", "litellm_session_id") or payload.get("session_id")),
        "user_id": text(first(payload, "end_user") or kwargs.get("user") or beside.get("user_api_key_user_id")),
        "attempt": 1 + len(listing(beside.get("previous_models"))),
        **exported.usage_tokens(
            payload.get("prompt_tokens"), payload.get("completion_tokens"), _usage(payload, response)
        ),
        **metadata(
            source="litellm",
            group=payload.get("model_group"),
            tags=listing(beside.get("tags")) or listing(payload.get("request_tags")),
        ),
    }
    if payload.get("stream") and begun is not None and start is not None:
        fields["time_to_first_token_ms"] = max(0, round((begun - start).total_seconds() * 1e3))
    cost = number(dollars(payload.get("response_cost")))
    if failed:
        fields |= _failure(kwargs, payload)
        fields["input_tokens"] = fields["input_tokens"] or None  # LiteLLM has 0 where nobody told
        fields["output_tokens"] = fields["output_tokens"] or None
    elif cost is not None:
        fields["cost_usd"] = cost
    if (
        call_id is not None and end is not None
    ):  # told twice, as by LiteLLM of a call that it makes in both ways, it is one
        fields["id"] = derived_id(end, f"litellm {call_id} {start}", 0)
    fields |= given()
    fields |= {name: value for name, value in mapping(beside.get("augury")).items() if name in ABOUT}
    if "task_type" not in fields:
        request = mapping(kwargs.get("optional_params"))
        fields |= {**task(kwargs.get("messages") or kwargs.get("input"), request.get("tools")), **fields}
    recorder.record({name: value for name, value in fields.items() if value is not None})


def _metadata_of(kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the call was given as metadata; some kinds of calls have it by another name."""
    params = mapping(kwargs.get("litellm_params"))
    return {**mapping(params.get("litellm_metadata")), **mapping(params.get("metadata"))}


def _usage(payload: Mapping[str, Any], response: object) -> Mapping[str, Any]:
    told = mapping(mapping(payload.get("metadata")).get("usage_object"))
    if told:
        return told
    usage = field_of(response, "usage")
    dump = getattr(usage, "model_dump", None)
    return mapping(dump() if callable(dump) else usage)


def _failure(kwargs: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    error = kwargs.get("exception")
    told = mapping(payload.get("error_information"))
    kind = type(error).__name__ if isinstance(error, BaseException) else text(told.get("error_class"))
    if isinstance(error, BaseException):
        return {"success": False, "error_type": str(error_type_of(error)), "error_message": kind}
    code = number(told.get("error_code"))
    return reason(status=None if code is None else int(code), kind=kind)


def _instant(value: object) -> datetime | None:
    """A time as LiteLLM tells it: seconds since 1970, or a time of this machine's zone."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    seconds = number(value)
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
