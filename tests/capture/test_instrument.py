"""The official clients, observed: the right rows, and an application that cannot tell."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any
from uuid import UUID

import anthropic
import httpx2
import openai
import pytest
from tests.capture.observing import (
    ASK,
    CHAT,
    CLAUDE,
    DOORS,
    GPT,
    MESSAGES,
    RESPONSES,
    Door,
    asked,
    client,
    http_of,
    seen,
)
from tests.provider import Turn, answers

import augury
from augury.capture import patching
from augury.core import ids

if TYPE_CHECKING:
    from tests.capture.observing import Rows
    from tests.provider import Provider

both = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
whole_and_streamed = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
doors = pytest.mark.parametrize("door", DOORS, ids=str)


def unseen(door: Door, provider: Provider, *turns: Turn, **how: Any) -> Any:
    """What the application sees when nobody observes it."""
    augury.uninstrument()
    provider.will(*turns)
    result = seen(asked(door, provider, **how))
    augury.instrument(stream_usage=True)
    return result


@doors
@both
@whole_and_streamed
def test_a_call_is_recorded_and_its_answer_stays_what_it_was(
    provider: Provider, rows: Rows, door: Door, is_async: bool, stream: bool
) -> None:
    how = {"is_async": is_async, "stream": stream}
    assert seen(asked(door, provider, **how)) == unseen(door, provider, **how)
    call = rows.one()
    assert (call.model, call.provider) == ((CLAUDE, "anthropic") if door is MESSAGES else (GPT, "openai"))
    assert (call.input_tokens, call.output_tokens, call.cached_input_tokens) == (19, 10, 8)
    assert (call.success, call.attempt, call.operation) == (True, 1, "chat")
    assert (call.task_type, call.task_complexity) == ("coding", "simple")
    assert (call.time_to_first_token_ms is not None) is stream
    answer_id = {CHAT: answers.CHAT_ID, RESPONSES: answers.RESPONSE_ID, MESSAGES: answers.MESSAGE_ID}[door]
    assert call.message_id == ids.as_uuid(answer_id, ids.MESSAGES)


FAILURES = {400: "invalid_request", 401: "authentication", 429: "rate_limit", 500: "server", 529: "overloaded"}


@doors
@both
def test_every_error_is_recorded_by_its_kind_and_raised_as_it_was(
    provider: Provider, rows: Rows, door: Door, is_async: bool
) -> None:
    for stream in (False, True):
        for status, error_type in FAILURES.items():
            turn = Turn(status=status)
            provider.will(turn)
            how = {"is_async": is_async, "stream": stream}
            assert seen(asked(door, provider, **how)) == unseen(door, provider, turn, **how)
            call = rows.one()
            assert (call.success, call.error_type, call.attempt) == (False, error_type, 1)
            assert call.error_message is not None
            assert call.error_message.startswith(str(status))
            assert "prompt" not in call.error_message
            assert (call.input_tokens, call.output_tokens) == (0, 0)


@doors
@both
@whole_and_streamed
def test_each_retry_is_an_attempt_of_its_own_under_one_message(
    provider: Provider, rows: Rows, door: Door, is_async: bool, stream: bool
) -> None:
    at_once = {"retry-after-ms": "1"}
    provider.will(Turn(status=429, headers=at_once), Turn(status=529, headers=at_once))
    asked(door, provider, is_async=is_async, stream=stream, max_retries=2)
    calls = rows.taken()
    assert [(call.attempt, call.error_type) for call in calls] == [(1, "rate_limit"), (2, "overloaded"), (3, None)]
    assert len({call.message_id for call in calls}) == 1
    assert len({call.id for call in calls}) == 3
    marks = [request.headers["x-augury-message-id"] for request in provider.requests]
    assert len(set(marks)) == 1
    assert [request.headers["x-stainless-retry-count"] for request in provider.requests] == ["0", "1", "2"]


BROKEN = [
    pytest.param(Turn(drop_after=0), False, "connection", id="dropped before an answer"),
    pytest.param(Turn(drop_after=20), False, "connection", id="dropped within an answer"),
    pytest.param(Turn(drop_after=4), True, "connection", id="dropped within a stream"),
    pytest.param(Turn(end_after=4), True, "connection", id="a stream that just ends"),
    pytest.param(Turn(body=b"<html>busy</html>"), False, "server", id="no JSON"),
]


@pytest.mark.parametrize("door", [CHAT, MESSAGES], ids=str)
@both
@pytest.mark.parametrize(("turn", "stream", "error_type"), BROKEN)
def test_a_line_that_breaks_is_a_failure_of_the_line(
    provider: Provider, rows: Rows, door: Door, is_async: bool, turn: Turn, stream: bool, error_type: str
) -> None:
    how = {"is_async": is_async, "stream": stream}
    provider.will(turn)
    assert seen(asked(door, provider, **how)) == unseen(door, provider, turn, **how)
    call = rows.one()
    assert (call.success, call.error_type) == (False, error_type)


@pytest.mark.parametrize("door", [CHAT, MESSAGES], ids=str)
@both
def test_a_time_out_is_one(provider: Provider, rows: Rows, door: Door, is_async: bool) -> None:
    for stream, after in ((False, 0), (True, 0), (True, 4)):
        provider.will(Turn(wait=threading.Event(), wait_after=after))
        result = asked(door, provider, is_async=is_async, stream=stream, timeout=0.2)
        assert isinstance(result[1], door.package.APITimeoutError | http_of(door.package).TimeoutException)
        assert rows.one().error_type == "timeout"
        provider.go_on()


@pytest.mark.parametrize("door", [CHAT, MESSAGES], ids=str)
@whole_and_streamed
def test_a_cancelled_task_is_cancelled_and_its_call_too(
    provider: Provider, rows: Rows, door: Door, stream: bool
) -> None:
    turn = Turn(wait=threading.Event(), wait_after=4 if stream else 0)
    provider.will(turn)

    async def ask() -> None:
        async with client(door, provider, is_async=True) as one:
            answer = await door.ask(one, **({"stream": True} if stream else {}))
            async for _ in answer:
                pass

    async def cancel() -> None:
        task = asyncio.create_task(ask())
        await asyncio.to_thread(turn.reached.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert rows.one().error_type == "cancelled"
    provider.go_on()


@doors
def test_a_stream_left_half_way_is_cancelled_however_it_is_left(provider: Provider, rows: Rows, door: Door) -> None:
    with client(door, provider) as one:
        stream = door.ask(one, stream=True)
        next(stream)
        stream.close()
        assert rows.one().error_type == "cancelled"
        with door.ask(one, stream=True) as stream:
            next(stream)
        assert rows.one().error_type == "cancelled"
        for _ in door.ask(one, stream=True):
            break
        stream = None
        gc.collect()
        assert rows.one().error_type == "cancelled"
        stream = door.ask(one, stream=True)
        assert not rows
        del stream
        gc.collect()
        assert rows.one().error_type == "cancelled"


@doors
def test_an_async_stream_left_half_way_is_cancelled(provider: Provider, rows: Rows, door: Door) -> None:
    async def leave() -> None:
        async with client(door, provider, is_async=True) as one:
            stream = await door.ask(one, stream=True)
            await anext(stream)
            await stream.close()
            async with await door.ask(one, stream=True) as stream:
                async for _ in stream:
                    break

    asyncio.run(leave())
    assert [call.error_type for call in rows.taken()] == ["cancelled", "cancelled"]


def test_a_stream_closed_after_its_last_word_was_a_success(provider: Provider, rows: Rows) -> None:
    with client(CHAT, provider) as one:
        for chunk in CHAT.ask(one, stream=True):
            if chunk.choices[0].finish_reason:
                break
        gc.collect()
    assert rows.one().success


def test_helpers_that_stream_parse_and_show_the_raw_answer_are_one_call_each(provider: Provider, rows: Rows) -> None:
    with client(CHAT, provider) as one:
        messages: Any = [{"role": "user", "content": ASK}]
        with one.chat.completions.stream(model=GPT, messages=messages) as stream:
            assert stream.get_final_completion().usage is None  # nobody asked for it, as far as the application can see
        assert rows.one().output_tokens == 10
        one.chat.completions.parse(model=GPT, messages=messages)
        assert rows.one().output_tokens == 10
        with one.responses.stream(model=GPT, input=ASK) as stream:
            stream.get_final_response()
        assert rows.one().output_tokens == 10
        raw = one.chat.completions.with_raw_response.create(model=GPT, messages=messages)
        assert raw.parse().usage.total_tokens == 29
        assert rows.one().output_tokens == 10
        raw = one.chat.completions.with_raw_response.create(model=GPT, messages=messages, stream=True)
        list(raw.parse())
        assert rows.one().output_tokens == 10
        with one.chat.completions.with_streaming_response.create(model=GPT, messages=messages) as answer:
            answer.parse()
        assert rows.one().output_tokens == 10
        one.embeddings.create(model="text-embedding-3-small", input=ASK)
        call = rows.one()
        assert (call.operation, call.input_tokens, call.task_type) == ("embeddings", 8, "other")
    with client(MESSAGES, provider) as other:
        with other.messages.stream(model=CLAUDE, max_tokens=9, messages=messages) as stream:
            stream.get_final_message()
        assert rows.one().output_tokens == 10
        with other.messages.with_streaming_response.create(model=CLAUDE, max_tokens=9, messages=messages) as answer:
            list(answer.iter_bytes())
        assert rows.one().output_tokens == 10
        other.beta.messages.create(model=CLAUDE, max_tokens=9, messages=messages)
        assert rows.one().output_tokens == 10


def test_what_makes_no_call_to_a_model_is_no_call(provider: Provider, rows: Rows) -> None:
    with client(CHAT, provider) as one:
        one.models.list()
    with client(MESSAGES, provider) as other:
        other.messages.count_tokens(model=CLAUDE, messages=[{"role": "user", "content": ASK}])
    assert not rows
    assert not any("x-augury-message-id" in request.headers for request in provider.requests)


def test_usage_of_a_stream_is_asked_for_and_nothing_of_it_is_seen(provider: Provider, rows: Rows) -> None:
    def bytes_of(one: Any, **more: Any) -> bytes:
        with one.chat.completions.with_streaming_response.create(
            model=GPT, messages=[{"role": "user", "content": ASK}], stream=True, **more
        ) as answer:
            return b"".join(answer.iter_bytes())

    with client(CHAT, provider) as one:
        for split in (None, 1, 7):
            provider.will(Turn(split=split))
            observed = bytes_of(one)
            assert provider.requests[-1].body["stream_options"] == {"include_usage": True}
            augury.uninstrument()
            assert bytes_of(one) == observed
            assert "stream_options" not in provider.requests[-1].body
            augury.instrument(stream_usage=True)
            assert rows.one().output_tokens == 10
        assert b'"total_tokens":29' in bytes_of(one, stream_options={"include_usage": True})
        rows.clear()
        augury.instrument()  # a server that nobody knows: nothing is added to what it is asked
        bytes_of(one)
        assert "stream_options" not in provider.requests[-1].body
        call = rows.one()
        assert (call.success, call.output_tokens) == (True, None)


def test_tools_make_a_call_one_of_functions_and_the_application_says_what_it_is_first(
    provider: Provider, rows: Rows
) -> None:
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]
    with client(CHAT, provider) as one:
        CHAT.ask(one, tools=tools)
        assert rows.one().task_type == "function_calling"
        with augury.context(task_type="analysis", conversation_id="conv-1", user_id="anna", segment="pro"):
            with augury.context(metadata={"step": 2}, rating=7, experiment="\0"):
                CHAT.ask(one, tools=tools)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(copy_context().run, CHAT.ask, one).result()
        CHAT.ask(one, user="berta")
    inner, threaded, outer = rows.taken()
    assert (inner.task_type, inner.conversation_id, inner.segment) == ("analysis", "conv-1", "pro")
    assert inner.user_id == ids.as_uuid("anna", ids.USERS)
    assert inner.metadata == '{"step":2}'
    assert inner.experiment is None
    assert (threaded.task_type, threaded.metadata) == ("analysis", None)
    assert (outer.task_type, outer.segment) == ("coding", None)
    assert outer.user_id == ids.as_uuid("berta", ids.USERS)


def message_id(said: str | None) -> UUID:
    assert said is not None
    return ids.as_uuid(said, ids.MESSAGES)


def test_an_answer_is_rated_by_its_own_id_or_the_one_that_the_application_gave(provider: Provider, rows: Rows) -> None:
    with client(CHAT, provider) as one:
        answer = CHAT.ask(one)
        assert augury.last_message_id() == answer.id
        one.embeddings.create(model="text-embedding-3-small", input=ASK)
        assert message_id(augury.last_message_id()) == rows.taken()[1].message_id
        with augury.context(message_id="mine"):
            CHAT.ask(one)
        assert augury.last_message_id() == "mine"
        assert rows.one().message_id == ids.as_uuid("mine", ids.MESSAGES)
        provider.will(Turn(body={**answers.response(GPT), "id": "chatcmpl-7", "choices": []}))  # as small servers count
        CHAT.ask(one)
        assert message_id(augury.last_message_id()) == rows.one().message_id


def test_an_answer_in_the_background_is_recorded_when_its_end_is_known(provider: Provider, rows: Rows) -> None:
    provider.will(*(Turn(body=answers.response(GPT, status)) for status in ("queued", "in_progress", "completed")))
    with client(RESPONSES, provider) as one:
        queued = RESPONSES.ask(one, background=True)
        one.responses.retrieve(queued.id)
        assert not rows
        assert one.responses.retrieve(queued.id).status == "completed"
        assert rows.one().output_tokens == 10
        provider.will(Turn(body=answers.response(GPT)))
        one.responses.retrieve(queued.id)
    assert not rows


def test_what_a_gateway_of_ours_has_recorded_is_not_recorded_again(provider: Provider, rows: Rows) -> None:
    message = "01a229d9-9ecb-7a3b-bda6-10769fcd0c8c"
    recorded = Turn(headers={"x-augury-message-id": message})
    for stream in (False, True):
        provider.will(Turn(status=529, headers={"retry-after-ms": "1"}), recorded)
        asked(CHAT, provider, is_async=False, stream=stream, max_retries=1)
        assert augury.last_message_id() == message
        (call,) = rows.taken()
        assert (call.error_type, str(call.message_id)) == ("overloaded", message)
    provider.will(recorded, Turn(drop_after=0))
    with augury.context(task_type="analysis", user_id="é%", metadata={"a": 1}, message_id="mine"):
        asked(CHAT, provider, is_async=False, stream=False)
        asked(CHAT, provider, is_async=True, stream=False)  # it has had the request, and records what became of it
    assert not rows
    said = {name: value for name, value in provider.requests[-1].headers.items() if name.startswith("x-augury-")}
    assert said == {
        "x-augury-message-id": ids.as_uuid("mine", ids.MESSAGES).hex,
        "x-augury-task-type": "analysis",
        "x-augury-user-id": "%C3%A9%25",
        "x-augury-metadata": '{"a": 1}',
    }


def test_a_gateway_that_is_not_known_yet_keeps_a_call_under_its_own_message_id(provider: Provider, rows: Rows) -> None:
    provider.will(Turn())
    with augury.track("gpt-4o", task_type="coding") as call:
        asked(CHAT, provider, is_async=False, stream=False)
    said = provider.requests[-1].headers
    assert UUID(said["x-augury-message-id"]) == UUID(call.message_id)
    assert "x-augury-task-type" not in said  # it may be anybody
    assert rows.one().message_id == UUID(call.message_id)


def test_the_server_that_calls_go_to_is_known_as_a_gateway_from_the_first_call_on(
    provider: Provider, rows: Rows
) -> None:
    augury.configure(url=provider.openai.replace("127.0.0.1", "localhost"))
    provider.will(Turn(headers={"x-augury-message-id": "01a229d9-9ecb-7a3b-bda6-10769fcd0c8c"}))
    with augury.context(task_type="coding"):
        asked(CHAT, provider, is_async=False, stream=False)
    assert provider.requests[-1].headers["x-augury-task-type"] == "coding"
    assert not rows


@pytest.mark.parametrize(
    ("address", "server", "within"),
    [
        ("http://localhost:8765/v1", "http://127.0.0.1:8765#a1", True),
        ("https://example.com/v1/", "https://example.com:443", True),
        ("https://example.com/augury/v1", "https://example.com/augury", True),
        ("https://example.com/other/v1", "https://example.com/augury", False),
        ("https://example.com/augury-2/v1", "https://example.com/augury", False),
        ("http://localhost:1234/v1", "http://localhost:8765", False),
        ("http+unix://socket/v1", "duckdb:////tmp/calls.duckdb", False),
        ("http+unix://socket/v1", "http://[", False),
        ("custom://host/v1", "", False),
    ],
)
def test_an_address_is_a_gateways_where_it_is_the_servers_own(address: str, server: str, *, within: bool) -> None:
    assert patching.is_within(address, server) is within


@pytest.mark.parametrize(("given", "known"), [(" mine ", "mine"), ("  ", None), ("", None)])
def test_a_message_id_is_cut_as_the_rules_cut_it(provider: Provider, rows: Rows, given: str, known: str | None) -> None:
    provider.will(Turn(), Turn())
    marks = []
    for _ in range(2):
        with augury.context(message_id=given):
            asked(CHAT, provider, is_async=False, stream=False)
        marks.append(UUID(provider.requests[-1].headers["x-augury-message-id"]))
        assert rows.one().message_id == ids.as_uuid(known or answers.CHAT_ID, ids.MESSAGES)
    assert (marks[0] == marks[1]) is (known is not None)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_an_answer_is_read_in_every_encoding_of_json(provider: Provider, rows: Rows, encoding: str) -> None:
    body = json.dumps(answers.answer("/v1/chat/completions", {"model": "gpt-4o"})).encode(encoding)
    provider.will(Turn(body=body))
    with client(CHAT, provider) as one:
        one.chat.completions.with_raw_response.create(model="gpt-4o", messages=[{"role": "user", "content": "Hi"}])
    assert rows.one().output_tokens == 10


def nobody(package: Any) -> Any:
    """An HTTP client that reaches nobody."""
    http = http_of(package)

    def gone(request: Any) -> Any:
        raise http.ConnectError("nobody there", request=request)

    return http.Client(transport=http.MockTransport(gone))


def test_a_provider_is_known_by_its_address(rows: Rows) -> None:
    with nobody(openai) as transport:
        for address in ("https://openrouter.ai/api/v1", "https://api.groq.com/openai/v1", "http://localhost:1234/v1"):
            one = openai.OpenAI(base_url=address, api_key="none", max_retries=0, http_client=transport)
            with pytest.raises(openai.APIConnectionError):
                CHAT.ask(one)
        azure = openai.AzureOpenAI(
            azure_endpoint="https://mine.openai.azure.com", api_key="none", api_version="1", max_retries=0,
            http_client=transport,
        )  # fmt: skip
        with pytest.raises(openai.APIConnectionError):
            CHAT.ask(azure)
    with nobody(anthropic) as transport:
        vertex = anthropic.AnthropicVertex(
            region="us-east5",
            project_id="mine",
            access_token="none",  # noqa: S106 - made up
            max_retries=0,
            http_client=transport,
        )
        with pytest.raises(anthropic.APIConnectionError):
            MESSAGES.ask(vertex)
    calls = rows.taken()
    assert [call.provider for call in calls] == ["openrouter", "groq", "openai", "azure.ai.openai", "gcp.vertex_ai"]
    assert {call.error_type for call in calls} == {"connection"}


def test_a_client_class_of_the_applications_own_counts_once(provider: Provider, rows: Rows) -> None:
    kind: Any = http_of(openai).Client

    class Own(kind):  # type: ignore[misc] # whichever it is
        def send(self, *args: Any, **named: Any) -> Any:
            return super().send(*args, **named)

    with client(CHAT, provider, http_client=Own()) as own, client(CHAT, provider) as usual:
        for one in (own, usual, own):
            CHAT.ask(one)
    assert len(rows.taken()) == 3
    send = Own.__dict__["send"]
    augury.uninstrument()
    assert Own.__dict__["send"] is not send


def test_taking_it_away_leaves_every_function_the_one_it_was(provider: Provider, rows: Rows) -> None:
    def functions() -> list[object]:
        kinds = (openai._base_client, anthropic._base_client)  # noqa: SLF001 - what is put there is taken away there
        bases = [getattr(kind, name) for kind in kinds for name in ("SyncAPIClient", "AsyncAPIClient")]
        owners = [*bases, openai.OpenAI, openai.AsyncOpenAI, anthropic.Anthropic, httpx2.Client, httpx2.AsyncClient]
        return [owner.__dict__.get(name) for owner in owners for name in ("request", "send")] + [list(sys.meta_path)]

    augury.uninstrument()
    before = functions()
    for _ in range(2):
        augury.instrument(stream_usage=True)
    asked(CHAT, provider, is_async=False, stream=False)
    asked(MESSAGES, provider, is_async=True, stream=True)
    assert len(rows.taken()) == 2
    assert functions() != before
    with client(CHAT, provider) as one:
        stream = CHAT.ask(one, stream=True)
        augury.uninstrument()
        assert all(now is then for now, then in zip(functions()[:-1], before[:-1], strict=True))
        assert functions()[-1] == before[-1]
        assert len(list(stream)) == 6  # what began stays observed to its end
        assert len(rows.taken()) == 1
        CHAT.ask(one)
    assert not rows


@both
def test_a_call_that_is_tracked_as_well_is_counted_once(provider: Provider, rows: Rows, is_async: bool) -> None:
    provider.will(Turn(status=500, headers={"retry-after-ms": "1"}))
    with augury.track(model="mine", task_type="analysis", segment="pro") as call:
        asked(CHAT, provider, is_async=is_async, stream=False, max_retries=1)
        assert not rows
        call.tokens(input=1, output=1)
        call.fail("task")
    assert call.recorded
    first, last = rows.taken()
    assert (first.model, first.task_type, first.segment, first.attempt) == (GPT, "analysis", "pro", 1)
    assert (last.model, last.task_type, last.error_type, last.attempt) == (GPT, "analysis", "task", 2)
    assert (last.input_tokens, last.output_tokens) == (19, 10)
    assert first.message_id == last.message_id == message_id(call.message_id)
    assert first.timestamp <= last.timestamp


def test_what_a_tracked_block_does_with_an_answer_decides_on_it(provider: Provider, rows: Rows) -> None:
    with pytest.raises(ZeroDivisionError), augury.track(model=GPT):
        assert asked(CHAT, provider, is_async=False, stream=False).created / 0
    assert rows.one().error_type == "other"
    provider.will(Turn(status=401))
    with client(CHAT, provider) as one:
        with pytest.raises(openai.AuthenticationError), augury.track(model=GPT):
            CHAT.ask(one)
        assert rows.one().error_type == "authentication"
        with augury.track(model=GPT, task_type="creative") as call:
            stream = CHAT.ask(one, stream=True)
        assert not rows
        list(stream)
    late = rows.one()
    assert (late.task_type, late.success, late.message_id) == ("creative", True, message_id(call.message_id))
    with augury.track(model=GPT):
        pass
    assert rows.one().model == GPT


def test_what_goes_wrong_in_observing_is_not_the_applications_trouble(
    provider: Provider, rows: Rows, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setenv("AUGURY_RAISE", "")
    augury.configure()
    augury.instrument()
    expected = seen(asked(CHAT, provider, is_async=False, stream=True))
    rows.clear()
    for place in (
        "augury.capture.classifying.classified",
        "augury.capture.exchange.Attempt.event",
        "augury.capture.patching._answered",
        "augury.capture.patching.Exchange",
    ):
        monkeypatch.setattr(place, broken)
        assert seen(asked(CHAT, provider, is_async=False, stream=True)) == expected
    assert "secret" not in caplog.text
    assert augury.counters().dropped["RuntimeError"] >= 4
