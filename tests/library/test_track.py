"""The library in an application: recording, feedback, outcomes; straight into a database, and to a server."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.conftest import Augury

import augury
from augury.errors import InvalidValue, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from augury.core.calls import ModelCall

from augury.store.protocol import CallsQuestion


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"duckdb:///{tmp_path / 'calls.duckdb'}"
    augury.configure(database=url)
    return url


def recorded(url: str) -> list[ModelCall]:
    """What is in the database, the latest first; the library lets go of it."""
    augury.configure()
    with augury.open_store(url) as store:
        return store.calls(CallsQuestion())


def test_a_call_is_recorded_with_what_was_said_of_it(database: str) -> None:
    with augury.track(model="gpt-4o-2024-11-20", task_type="coding", user_id="anna", segment="pro") as call:
        call.first_token()
        call.tokens(input=812, output=240, cached_input=500)

    assert call.recorded
    (row,) = recorded(database)
    assert (row.id, str(row.message_id)) == (call.id, call.message_id)
    assert (row.model, row.model_version, row.provider) == ("gpt-4o", "gpt-4o-2024-11-20", "openai")
    assert (row.task_type, row.segment, row.success) == ("coding", "pro", True)
    assert (row.input_tokens, row.output_tokens, row.cached_input_tokens, row.tokens_used) == (812, 240, 500, 1052)
    assert row.time_to_first_token_ms is not None
    assert row.time_to_first_token_ms <= row.response_time_ms
    assert row.cost_source == "computed"
    assert row.cost_usd


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("the prompt was: my secret"), "other"),
        (TimeoutError(), "timeout"),
        (ConnectionResetError(), "connection"),
        (KeyboardInterrupt(), "cancelled"),
        (asyncio.CancelledError(), "cancelled"),
    ],
)
def test_an_error_passes_through_and_the_call_has_failed(database: str, error: BaseException, kind: str) -> None:
    with pytest.raises(type(error)) as raised, augury.track(model="gpt-4o"):
        raise error

    assert raised.value is error
    (row,) = recorded(database)
    assert (row.success, row.error_type, row.error_message) == (False, kind, type(error).__name__)
    assert (row.input_tokens, row.output_tokens) == (0, 0)


def test_a_failure_can_be_told_without_an_error(database: str) -> None:
    with augury.track(model="gpt-4o") as call:
        call.fail("rate_limit", "429")

    (row,) = recorded(database)
    assert (row.success, row.error_type, row.error_message) == (False, "rate_limit", "429")


def test_tracking_works_around_what_is_awaited(database: str) -> None:
    async def work() -> str:
        async with augury.track(model="gpt-4o") as call:
            await asyncio.sleep(0)
            call.tokens(input=1, output=1)
        return call.message_id

    async def several() -> list[str]:
        return await asyncio.gather(*(work() for _ in range(10)))

    messages = asyncio.run(several())

    assert {str(row.message_id) for row in recorded(database)} == set(messages)


@pytest.mark.parametrize(
    "fields", [{"model": ""}, {"model": "x", "task_type": "cooking"}, {"model": "x", "colour": "red"}]
)
def test_a_call_that_cannot_be_recorded_never_breaks_its_program(
    database: str, fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "augury"), augury.track(**fields) as call:
        done = True

    assert done
    assert not call.recorded
    assert "a call was not recorded" in caplog.text
    assert recorded(database) == []


def test_what_does_not_fit_a_field_is_not_repeated_in_the_log(database: str, caplog: pytest.LogCaptureFixture) -> None:
    assert database
    with caplog.at_level(logging.WARNING, "augury"), augury.track("gpt-4o", metadata="my secret illness"):
        pass

    assert "metadata: expected" in caplog.text
    assert "secret" not in caplog.text


def test_a_server_that_is_away_never_breaks_its_program(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        augury.configure(url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with augury.track(model="gpt-4o") as call:
            pass

        assert call.recorded
        assert augury.feedback(message_id=call.message_id, rating=1)
        assert not augury.flush(timeout=0.5)
        assert augury.counters().waiting == 1
        assert "augury serve" in str(augury.counters().trouble)
        assert "augury serve" in caplog.text


def test_feedback_and_outcomes_find_their_call(database: str) -> None:
    with augury.track(model="gpt-4o", conversation_id="conv-1", message_id="chatcmpl-7") as call:
        pass

    augury.feedback(message_id=call.message_id, rating=1)
    augury.outcome(message_id=call.message_id, success=False, reason="tests failed")
    augury.feedback(conversation_id="conv-1", rating=-1)

    (row,) = recorded(database)
    assert (row.user_rating, row.success, row.error_type, row.error_message) == (-1, False, "task", "tests failed")


def test_feedback_that_cannot_be_given_is_said(database: str) -> None:
    assert database
    with pytest.raises(InvalidValue, match="rating"):
        augury.feedback(message_id="x", rating=2)
    with pytest.raises(InvalidValue, match="messageId"):
        augury.feedback(rating=1)
    with pytest.raises(InvalidValue, match="success"):
        augury.outcome(message_id="x", success="yes")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="messageId"):
        augury.outcome(message_id=" ", success=True)


def test_a_url_and_a_database_at_once_are_refused() -> None:
    with pytest.raises(SettingsError):
        augury.configure(url="http://127.0.0.1:1", database="x.duckdb")


def test_the_same_works_through_a_server(tmp_path: Path) -> None:
    command = Augury(tmp_path)
    with command.serving("-d", "calls.duckdb") as url:
        augury.configure(url=url)
        with augury.track(model="claude-sonnet-4-5-20250929", task_type="coding", metadata={"a": [1]}) as call:
            call.tokens(input=812, output=240)
        augury.feedback(message_id=call.message_id, rating=1)
        augury.outcome(message_id=call.message_id, success=False, reason="late")

        assert call.recorded
        assert augury.flush()
        # A database that a server owns is reached through it.
        augury.configure(database=f"duckdb:///{tmp_path / 'calls.duckdb'}")
        with augury.track(model="gpt-4o") as other:
            pass
        assert other.recorded

    first, second = sorted(recorded(f"duckdb:///{tmp_path / 'calls.duckdb'}"), key=lambda row: row.timestamp)
    assert (first.id, first.user_rating, first.success, first.error_message) == (call.id, 1, False, "late")
    assert (first.metadata, first.cost_source, second.model) == ('{"a":[1]}', "computed", "gpt-4o")


def test_environment_variables_choose_the_destination(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"duckdb:///{tmp_path / 'calls.duckdb'}"
    monkeypatch.setenv("AUGURY_DATABASE", url)

    with augury.track(model="gpt-4o") as call:
        pass

    assert call.recorded
    assert len(recorded(url)) == 1
