"""LiteLLM's calls, by the callback that it is given: as LiteLLM 1.110 tells of them, and by LiteLLM itself."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import sysconfig
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.provider import Provider, Turn
from uv import find_uv_bin

import augury
from augury.capture.litellm import LiteLLMCallback
from augury.core import ids
from augury.store.protocol import CallsQuestion

if TYPE_CHECKING:
    from pathlib import Path

    from augury.core.calls import ModelCall

SECRET = "my bank says 4711"
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
MESSAGES = [{"role": "user", "content": f"Fix this Python function. {SECRET}"}]


class RateLimitError(Exception):
    """As LiteLLM raises it."""

    status_code = 429


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AUGURY_RAISE", "1")
    url = f"duckdb:///{tmp_path / 'calls.duckdb'}"
    augury.configure(database=url)
    return url


def told(payload: dict[str, Any] | None = None, **kwargs: Any) -> dict[str, Any]:
    """What LiteLLM hands over about a call of two and a half seconds."""
    standard = {
        "id": "chatcmpl-1", "litellm_call_id": "07d62d84-6bda-4e8f-a093-3a2efe347926", "call_type": "completion",
        "cache_hit": None, "stream": True, "status": "success", "custom_llm_provider": "azure", "model": "gpt-4o",
        "startTime": (NOW - timedelta(milliseconds=2_500)).timestamp(), "endTime": NOW.timestamp(),
        "completionStartTime": (NOW - timedelta(milliseconds=2_100)).timestamp(), "response_cost": 7.8e-05,
        "total_tokens": 1_100, "prompt_tokens": 1_000, "completion_tokens": 100, "request_tags": ["nightly"],
        "metadata": {"usage_object": {"prompt_tokens_details": {"cached_tokens": 900},
                                      "completion_tokens_details": {"reasoning_tokens": 40}}},
        "messages": MESSAGES, "response": {"choices": [{"message": {"content": SECRET}}]},
        "error_information": {"error_code": "", "error_class": ""},
    }  # fmt: skip
    return {
        "standard_logging_object": standard | (payload or {}), "messages": MESSAGES, "user": "anna", "model": "gpt-4o",
        "litellm_params": {"metadata": {"session_id": "session-1", "augury": {"segment": "pro", "nonsense": 1}}},
    } | kwargs  # fmt: skip


def ended(kwargs: Any, response: object = None, *, failed: bool = False) -> None:
    callback = augury.litellm_callback()
    naive = datetime.now()  # noqa: DTZ005 - as LiteLLM gives it
    (callback.log_failure_event if failed else callback.log_success_event)(kwargs, response, naive, naive)


def recorded(url: str) -> list[ModelCall]:
    augury.configure()
    with augury.open_store(url) as store:
        return store.calls(CallsQuestion())


def test_a_call_is_recorded_with_all_that_litellm_tells(database: str) -> None:
    ended(told(), {"id": "chatcmpl-1"})

    (row,) = recorded(database)
    assert (row.model, row.operation, row.success) == ("gpt-4o", "chat", True)
    assert (row.response_time_ms, row.time_to_first_token_ms, row.timestamp) == (2_500, 400, NOW)
    assert (row.input_tokens, row.output_tokens) == (1_000, 100)
    assert (row.cached_input_tokens, row.reasoning_tokens) == (900, 40)
    assert (row.cost_source, str(row.cost_usd)) == ("reported", "0.0000780000")
    assert (row.task_type, row.segment, row.conversation_id) == ("coding", "pro", "session-1")
    assert row.user_id == ids.as_uuid("anna", ids.USERS)
    assert row.message_id == ids.as_uuid("chatcmpl-1", ids.MESSAGES)
    assert json.loads(row.metadata or "")["tags"] == ["nightly"]
    assert SECRET not in str(row)


def test_a_failed_attempt_keeps_its_kind_and_none_of_its_words(database: str) -> None:
    nothing = {
        "status": "failure",
        "response_cost": 0.0,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "stream": None,
        "metadata": {},
    }
    ended(told(nothing, exception=RateLimitError(SECRET)), failed=True)

    (row,) = recorded(database)
    assert (row.success, row.error_type, row.error_message) == (False, "rate_limit", "RateLimitError")
    assert (row.tokens_used, row.cost_source) == (0, "computed")
    assert SECRET not in str(row)


def test_a_call_that_is_told_twice_is_one_and_its_context_goes_before_what_is_guessed(database: str) -> None:
    with augury.context(task_type="analysis", conversation_id="mine"):
        ended(told(), {"id": "chatcmpl-1"})
        asyncio.run(augury.litellm_callback().async_log_success_event(told(), {"id": "chatcmpl-1"}, None, None))

    (row,) = recorded(database)
    assert (row.task_type, row.conversation_id) == ("analysis", "mine")


@pytest.mark.parametrize("payload", [{"call_type": "aimage_generation"}, {"cache_hit": True}, {"call_type": None}])
def test_what_is_no_call_is_not_recorded(database: str, payload: dict[str, Any]) -> None:
    ended(told(payload))

    assert recorded(database) == []


@pytest.mark.parametrize(
    "kwargs",
    [
        None, 7, {"call_type": "completion"}, told({"startTime": "x", "endTime": float("inf"), "prompt_tokens": -1}),
        told({"metadata": "{", "request_tags": 7, "model": "\0"}, litellm_params=None, user=["x"], messages=object()),
    ],
)  # fmt: skip
def test_whatever_comes_the_application_never_meets_a_mistake_of_ours(
    database: str, monkeypatch: pytest.MonkeyPatch, kwargs: object
) -> None:
    monkeypatch.delenv("AUGURY_RAISE")
    augury.configure(database=database)

    ended(kwargs, object())
    ended(kwargs, object(), failed=True)

    assert len(recorded(database)) <= 2


def test_without_litellm_the_callback_is_still_there() -> None:
    assert isinstance(augury.litellm_callback(), LiteLLMCallback)


_BY_LITELLM = """
import asyncio, sys, time
import litellm, augury
augury.configure(database=sys.argv[1])
litellm.callbacks = [augury.litellm_callback()]
ask = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Fix this Python function."}]}
print(litellm.completion(**ask, mock_response="Done.", user="anna", metadata={"tags": ["nightly"]}).id)
print([chunk.id for chunk in litellm.completion(**ask, mock_response="All done now.", stream=True)][0])
try:
    litellm.completion(**ask, mock_response="litellm.RateLimitError")
except litellm.RateLimitError:
    pass

async def main():
    print((await litellm.acompletion(**ask, mock_response="Done.")).id)
    print([chunk.id async for chunk in await litellm.acompletion(**ask, mock_response="All done.", stream=True)][0])
    try:
        await litellm.acompletion(**ask, mock_response="litellm.InternalServerError")
    except litellm.InternalServerError:
        pass
    await litellm.aembedding(model="text-embedding-3-small", input=["x"], mock_response=[0.1])
    end = time.monotonic() + 30  # LiteLLM tells its callbacks when it gets around to it
    while augury.counters().recorded < 7 and time.monotonic() < end:
        await asyncio.sleep(0.05)

asyncio.run(main())
assert augury.flush()
"""


@pytest.mark.ordeal
def test_litellm_itself_has_its_calls_recorded(python: Path, tmp_path: Path) -> None:
    answers, rows = _run(python, tmp_path, _BY_LITELLM)

    answered = {ids.as_uuid(line, ids.MESSAGES) for line in answers}
    assert {row.message_id for row in rows if row.success and row.operation == "chat"} == answered
    assert sorted(str(row.error_type) for row in rows if not row.success) == ["rate_limit", "server"]
    assert [row.operation for row in rows].count("embeddings") == 1
    assert len(rows) == 7
    assert {row.task_type for row in rows if row.operation == "chat"} == {"coding"}
    assert sum(row.time_to_first_token_ms is not None for row in rows) == 2


_BESIDE_INSTRUMENTED_CLIENTS = """
import asyncio, sys, time
import litellm, augury
database, provider = sys.argv[1:]
augury.configure(database=database)
augury.instrument(stream_usage=True)
litellm.callbacks = [augury.litellm_callback()]
ask = {"model": "openai/gpt-4o", "api_base": provider, "api_key": "none", "max_retries": 0,
       "messages": [{"role": "user", "content": "Fix this Python function."}]}
print(litellm.completion(**ask).id)
print([chunk.id for chunk in litellm.completion(**ask, stream=True)][0])
try:
    litellm.completion(**ask)
except litellm.RateLimitError:
    pass

async def main():
    print((await litellm.acompletion(**ask)).id)
    end = time.monotonic() + 30
    while augury.counters().recorded < 4 and time.monotonic() < end:
        await asyncio.sleep(0.05)

asyncio.run(main())
import openai
with openai.OpenAI(base_url=provider, api_key="none") as client:  # nobody else tells of this one
    print(client.chat.completions.create(model="gpt-4o", messages=ask["messages"]).id)
assert augury.flush()
"""


@pytest.mark.ordeal
def test_beside_observed_clients_each_call_counts_once(python: Path, tmp_path: Path) -> None:
    with Provider() as provider:
        provider.will(Turn(), Turn(), Turn(status=429), Turn(), Turn())
        _, rows = _run(python, tmp_path, _BESIDE_INSTRUMENTED_CLIENTS, provider.openai)
        assert len(provider.requests) == 5

    assert sorted(str(row.error_type) for row in rows) == ["None"] * 4 + ["rate_limit"]
    assert sorted(json.loads(row.metadata or "{}").get("source", "") for row in rows) == ["", *["litellm"] * 4]


def _run(python: Path, folder: Path, script: str, *more: str) -> tuple[list[str], list[ModelCall]]:
    """Lines that a script of LiteLLM's application has written, and the calls that were recorded."""
    url = f"duckdb:///{folder / 'calls.duckdb'}"
    environment = os.environ | {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "AUGURY_DATA_DIR": str(folder),
        "AUGURY_RAISE": "1",
    }
    done = subprocess.run(
        [python, "-c", script, url, *more], env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), recorded(url)


@pytest.fixture(scope="module", name="python")
def _python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _with_litellm(tmp_path_factory.mktemp("litellm") / "environment")


def _with_litellm(folder: Path) -> Path:
    """A Python that has LiteLLM, and after it all that this one has."""
    uv = find_uv_bin()
    subprocess.run([uv, "venv", "-q", "-p", sys.executable, folder], check=True)
    environment = os.environ | {"VIRTUAL_ENV": str(folder)}
    subprocess.run([uv, "pip", "install", "-q", "litellm>=1.110"], env=environment, check=True, timeout=600)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "ours.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    return folder / "bin/python"
