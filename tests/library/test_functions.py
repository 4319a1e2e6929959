"""`augury.track` above functions, within itself, and with prompts; and what it does in an application's threads and signals."""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

import augury
from augury.capture import recorder
from augury.capture.outbox import left_behind, survey
from augury.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator
    from pathlib import Path

SECRET = "Write a Python function that sorts a list of my patients by illness"


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was handed in to be recorded, in order; it is recorded all the same."""
    found: list[dict[str, Any]] = []
    recorded = recorder.record

    def record(fields: dict[str, Any], *, quietly: bool = False) -> bool:
        found.append(dict(fields))
        return recorded(fields, quietly=quietly)

    monkeypatch.setattr(recorder, "record", record)
    return found


def test_each_call_of_a_function_is_one(kept: list[dict[str, Any]]) -> None:
    @augury.track(model="gpt-4o", task_type="coding")
    def ask(prompt: str, *, loud: bool = False) -> str:
        """Ask."""
        call = augury.current_call()
        assert call is not None
        call.tokens(input=len(prompt), output=1)
        return prompt.upper() if loud else prompt

    assert (ask("hello", loud=True), ask("you"), ask.__doc__, ask.__name__) == ("HELLO", "you", "Ask.", "ask")
    assert [fields["input_tokens"] for fields in kept] == [5, 3]
    assert len({fields["id"] for fields in kept}) == len({fields["message_id"] for fields in kept}) == 2
    assert augury.current_call() is None


def test_an_async_function_is_awaited_within_its_call(kept: list[dict[str, Any]]) -> None:
    @augury.track(model="gpt-4o")
    async def ask(number: int) -> int:
        await asyncio.sleep(0)
        call = augury.current_call()
        assert call is not None
        call.set(segment=str(number))
        if number == 3:
            raise TimeoutError
        return number

    async def several() -> list[Any]:
        return await asyncio.gather(*(ask(number) for number in range(5)), return_exceptions=True)

    answers = asyncio.run(several())

    assert [answer for answer in answers if isinstance(answer, int)] == [0, 1, 2, 4]
    assert sorted((fields["segment"], fields.get("error_type")) for fields in kept) == [
        ("0", None), ("1", None), ("2", None), ("3", "timeout"), ("4", None),
    ]  # fmt: skip


def test_a_generators_call_lasts_to_its_end_and_its_first_item_is_the_first_token(kept: list[dict[str, Any]]) -> None:
    @augury.track(model="gpt-4o")
    def stream() -> Generator[str, str, str]:
        heard = yield "a"
        yield f"heard {heard}"
        return "done"

    def whole() -> Generator[str, str, None]:
        assert (yield from stream()) == "done"

    run: Any = whole()
    assert (next(run), run.send("x"), next(run, "end")) == ("a", "heard x", "end")
    left: Any = stream()
    next(left)
    left.close()

    assert ["time_to_first_token_ms" in fields for fields in kept] == [True, True]
    assert [fields.get("error_type") for fields in kept] == [None, "cancelled"]


def test_an_async_generators_call_likewise(kept: list[dict[str, Any]]) -> None:
    closed = []

    @augury.track(model="gpt-4o")
    async def stream() -> AsyncIterator[int]:
        try:
            for number in range(3):
                yield number
        finally:
            closed.append(True)

    async def work() -> list[int]:
        found = [number async for number in stream()]
        left: Any = stream()
        await anext(left)
        await left.aclose()
        return found

    assert asyncio.run(work()) == [0, 1, 2]
    assert len(closed) == 2
    assert [fields.get("error_type") for fields in kept] == [None, "cancelled"]
    assert "time_to_first_token_ms" in kept[0]


def test_calls_within_calls_are_told_apart_and_one_may_be_used_again(kept: list[dict[str, Any]]) -> None:
    outer = augury.track(model="outer")
    with outer:
        with augury.track(model="inner") as inner:
            assert augury.current_call() is inner
        assert augury.current_call() is outer
    first = outer.id
    with outer:
        pass

    assert [fields["model"] for fields in kept] == ["inner", "outer", "outer"]
    assert outer.id != first
    assert outer.recorded


def test_a_message_tells_the_task_and_is_forgotten(kept: list[dict[str, Any]], data_dir: Path) -> None:
    with augury.track(model="gpt-4o", message=SECRET):
        pass
    with augury.track(model="gpt-4o", message=[{"role": "user", "content": SECRET}], tools=[{"name": "search"}]):
        pass
    with augury.track(model="gpt-4o", task_type="creative", message=SECRET, system="You are kind."):
        pass
    with augury.track(model="gpt-4o") as call:
        call.set(message=SECRET)

    types = ["coding", "function_calling", "creative", "coding"]
    assert [fields["task_type"] for fields in kept] == types
    assert all(fields["task_complexity"] for fields in kept)
    assert not any("patients" in str(fields) for fields in kept)
    written = b"".join(path.read_bytes() for path in data_dir.rglob("*") if path.is_file())
    assert written.count(b"gpt-4o") == 4
    assert b"patients" not in written


def test_what_is_wrong_is_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(50):
        with augury.track(model="gpt-4o", task_type="cooking"):
            pass
    with augury.track(model=None):  # type: ignore[arg-type]
        pass

    dropped = augury.counters().dropped
    assert sorted(dropped.values()) == [1, 50]
    assert len([record for record in caplog.records if "was not recorded" in record.getMessage()]) == 2


def test_what_is_wrong_is_raised_under_test_unless_the_block_has_its_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUGURY_RAISE", "1")
    augury.configure()
    with pytest.raises(InvalidValue, match="task_type"), augury.track(model="gpt-4o", task_type="cooking"):
        pass
    with pytest.raises(ZeroDivisionError), augury.track(model="gpt-4o", task_type="cooking"):
        raise ZeroDivisionError


def test_threads_and_what_comes_in_the_middle_of_recording_lose_nothing(data_dir: Path) -> None:
    """A signal's handler that records comes upon the recording of its own thread at any place, as garbage does."""
    many = 1_500
    interrupting = []

    def record(*_: object) -> None:
        with augury.track(model="gpt-4o") as call:
            pass
        interrupting.append(call.recorded)

    def work() -> None:
        for _ in range(many):
            with augury.track(model="gpt-4o"):
                pass

    with augury.track(model="gpt-4o"):  # opens the journal; what came upon that would be refused
        pass
    before = signal.signal(signal.SIGALRM, record)
    threads = [threading.Thread(target=work) for _ in range(3)]
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        for thread in threads:
            thread.start()
        work()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    for thread in threads:
        thread.join()

    assert all(interrupting)
    assert interrupting
    (place,) = (data_dir / "outboxes").iterdir()
    assert augury.counters().recorded == survey(place).calls == 1 + 4 * many + len(interrupting)


def test_a_data_folder_that_cannot_be_used_is_said_and_another_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    spare = tmp_path / "tmp"
    spare.mkdir()
    monkeypatch.setenv("AUGURY_DATA_DIR", str(tmp_path / "file/data"))
    monkeypatch.setattr("tempfile.tempdir", str(spare))
    augury.configure()

    with augury.track(model="gpt-4o") as call:
        pass

    assert call.recorded
    assert len(list(spare.rglob("*.calls"))) == 1
    assert "set AUGURY_DATA_DIR to a folder of yours" in caplog.text

    for path in spare.iterdir():
        path.chmod(0o755)  # others can read it: none of ours
    augury.configure()
    with augury.track(model="gpt-4o") as call:
        pass
    assert not call.recorded


@pytest.mark.parametrize("deleted", ["data", "*.calls"])
def test_a_journal_that_somebody_deletes_is_replaced(data_dir: Path, deleted: str) -> None:
    with augury.track(model="gpt-4o"):
        pass
    # A file by its name, and the folder by moving it away: the thread that delivers may write to it at the same moment.
    (path,) = data_dir.parent.rglob(deleted)
    path.rename(data_dir.parent / "deleted")
    assert not augury.flush(timeout=10)

    with augury.track(model="gpt-4o") as call:
        pass

    assert call.recorded
    counters = augury.counters()
    assert (counters.recorded, counters.dropped) == (1, {"the journal was deleted": 1})
    assert survey(*(data_dir / "outboxes").iterdir()).calls == 1


def test_a_lock_that_somebody_deletes_is_made_again_and_the_journal_stays(data_dir: Path) -> None:
    with augury.track(model="gpt-4o"):
        pass
    (lock,) = data_dir.rglob("lock")
    lock.unlink()
    assert not augury.flush(timeout=10)
    with augury.track(model="gpt-4o"):
        pass

    assert augury.counters().recorded == 2
    (place,) = (data_dir / "outboxes").iterdir()
    assert survey(place).calls == 2
    assert not list(left_behind(place))  # it is held
    augury.configure()  # and let go
    (box,) = left_behind(place)
    assert box.calls.entries == 2
    box.close()
