"""Calls that wait in a journal: in order, bounded, and safe whatever happens to the process."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.limits import limited
from tests.world import a_call

from augury.capture.frames import encode, frame, frame_of, header_frame
from augury.capture.journal import Journal, survey
from augury.errors import JournalFull, StorageFull, StoreAway

if TYPE_CHECKING:
    from pathlib import Path

    from augury.core.calls import ModelCall

LIMIT = 2**20


def calls_of(*numbers: int) -> list[ModelCall]:
    return [a_call(number) for number in numbers]


def all_of(journal: Journal, at_once: int = 3) -> list[ModelCall]:
    """Everything that waits, forgotten as it is read."""
    found: list[ModelCall] = []
    while batch := journal.front(at_once):
        assert not batch.strange
        found += batch.calls
        journal.forget(batch)
    return found


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal", limit=LIMIT)


def segments(journal: Journal) -> list[Path]:
    return sorted(journal.folder.glob("*.calls"))


def test_every_field_of_every_call_comes_back_in_order(journal: Journal, calls: tuple[ModelCall, ...]) -> None:
    for first in range(0, len(calls), 7):
        journal.append(calls[first : first + 7])

    assert journal.calls == len(calls)
    assert all_of(journal) == list(calls)


def test_nothing_lies_about_while_nothing_waits(journal: Journal) -> None:
    assert not journal.folder.exists()
    journal.append(calls_of(1))
    assert journal.size == sum(path.stat().st_size for path in segments(journal)) > 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in [journal.folder, *segments(journal)])

    all_of(journal)

    assert (journal.calls, journal.size, segments(journal)) == (0, 0, [])


def test_what_was_not_forgotten_is_there_after_a_restart_before_what_comes_then(journal: Journal) -> None:
    for number in range(4):
        journal.append(calls_of(number))
    first = journal.front(1)
    assert first is not None
    journal.forget(first)
    journal.close()

    again = Journal(journal.folder, limit=LIMIT)
    again.append(calls_of(9))

    # The first is read twice: only whole files are forgotten for good.
    assert again.calls == 5
    assert all_of(again) == calls_of(0, 1, 2, 3, 9)


def test_reading_goes_on_while_more_is_appended(journal: Journal) -> None:
    journal.append(calls_of(1))
    batch = journal.front(10)
    journal.append(calls_of(2))
    assert batch is not None
    journal.forget(batch)

    assert all_of(journal) == calls_of(2)


def test_forgotten_segments_are_deleted_one_by_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", limit=LIMIT, segment_bytes=1)
    for number in range(3):
        journal.append(calls_of(number))

    left = []
    while batch := journal.front(1):
        journal.forget(batch)
        left.append(len(segments(journal)))

    assert left == [2, 1, 0]


@given(st.data())
def test_a_torn_tail_costs_what_was_never_confirmed_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    frames = [frame_of(calls_of(number, number + 1)) for number in (0, 2, 4)]
    whole = header_frame() + b"".join(frames)
    length = data.draw(st.integers(0, len(whole)))
    rubbish = data.draw(st.sampled_from([b"", b"\0" * 40, b"\xff" * 40, b"\1\0\0\0"]))
    (folder / "000000000001.calls").write_bytes(whole[:length] + rubbish)

    ends = [len(header_frame()) + sum(map(len, frames[: n + 1])) for n in range(3)]
    there = sum(end <= length for end in ends)
    journal = Journal(folder, limit=LIMIT)
    journal.append(calls_of(9))

    assert all_of(journal) == [*calls_of(*range(2 * there)), *calls_of(9)]


def test_a_damaged_file_is_set_aside_and_costs_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(tmp_path / "journal", limit=LIMIT, segment_bytes=1)
    for number in range(3):
        journal.append(calls_of(number))
    journal.close()
    middle = segments(journal)[1]
    middle.write_bytes(middle.read_bytes()[:-5] + b"XXXXX")

    again = Journal(journal.folder, limit=LIMIT)

    assert all_of(again) == calls_of(0, 2)
    assert (again.calls, again.size) == (0, 0)
    assert [path.suffix for path in journal.folder.iterdir()] == [".damaged"]
    assert "is damaged" in caplog.text


def test_more_than_may_wait_is_refused_until_there_is_room(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", limit=2_000)
    kept = 0
    while journal.size < 2_000 - 600:  # a frame of one call takes about 500 bytes
        journal.append(calls_of(kept))
        kept += 1
    with pytest.raises(JournalFull, match="AUGURY_JOURNAL_MIB"):
        journal.append(calls_of(*range(9)))

    assert kept > 1
    assert journal.size <= 2_000
    assert all_of(journal) == calls_of(*range(kept))
    journal.append(calls_of(1))


def test_a_full_disk_refuses_whole_batches_and_spoils_nothing(journal: Journal) -> None:
    journal.append(calls_of(1))
    with limited(journal.size + 100), pytest.raises(StorageFull, match="free some space"):
        journal.append(calls_of(2, 3))
    with limited(10), pytest.raises(StorageFull):
        journal.append(calls_of(2, 3))
    assert (journal.calls, journal.size) == (1, segments(journal)[0].stat().st_size)

    journal.append(calls_of(4))

    assert all_of(journal) == calls_of(1, 4)


def test_a_full_disk_leaves_no_empty_file_behind(journal: Journal) -> None:
    for most in (10, len(header_frame()) + 10):
        with limited(most), pytest.raises(StorageFull):
            journal.append(calls_of(1))
    assert (journal.calls, journal.size, segments(journal)) == (0, 0, [])

    journal.append(calls_of(2))

    assert all_of(Journal(journal.folder, limit=LIMIT)) == calls_of(2)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreAway, match=r"file/journal cannot be used now: Not a directory"):
        Journal(tmp_path / "file/journal", limit=LIMIT).append(calls_of(1))


def test_columns_of_another_version_are_passed_over_or_empty_and_strange_words_are_told(tmp_path: Path) -> None:
    known = {
        "id": "a" * 32,
        "model": "m",
        "timestamp": "2026-01-01T00:00:00+00:00",
        "user_id": "b" * 32,
        "flavour": "x",
    }
    header = encode({"columns": [*known, "task_type"]})
    folder = tmp_path / "journal"
    folder.mkdir()
    rows = [[*known.values(), "coding"], [*known.values(), "daydreaming"]]
    (folder / "000000000001.calls").write_bytes(frame(header, 0) + frame(encode(rows), len(rows)))

    batch = Journal(folder, limit=LIMIT).front(10)

    assert batch is not None
    assert [(call.model, call.task_type, call.segment) for call in batch.calls] == [("m", "coding", None)]
    assert [record["task_type"] for record in batch.strange] == ["daydreaming"]


def test_dead_letters_and_what_waits_are_seen_from_outside(journal: Journal) -> None:
    assert survey(journal.folder).calls == survey(journal.folder).dead_letters == 0
    journal.append(calls_of(1, 2))
    journal.bury({"model": "m\n"}, "nobody wants it")
    journal.bury({"model": "n"}, "nobody wants it")

    seen = survey(journal.folder)

    assert (seen.calls, seen.dead_letters, seen.size) == (2, 2, journal.size)
    assert "nobody wants it" in seen.dead_letters_path.read_text()


WRITER = """
import sys
from pathlib import Path
from augury.capture.journal import Journal
from tests.world import a_call

journal = Journal(Path(sys.argv[1]), limit=2**30, durable=False, segment_bytes=20_000)
number = 0
while True:
    journal.append([a_call(number), a_call(number + 1)])
    number += 2
    print(number, flush=True)
"""


@pytest.mark.parametrize("confirmations", [1, 60, 300])
def test_a_killed_process_loses_nothing_that_was_confirmed(
    tmp_path: Path, pytestconfig: pytest.Config, confirmations: int
) -> None:
    folder = tmp_path / "journal"
    confirmed = 0
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, folder],
        stdout=subprocess.PIPE,
        text=True,
        cwd=pytestconfig.rootpath,
        env=os.environ | {"PYTHONPATH": str(pytestconfig.rootpath)},
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            confirmed = int(line) if line.endswith("\n") else confirmed
            if confirmed >= 2 * confirmations:
                process.kill()

    found = all_of(Journal(folder, limit=2**30), at_once=50)

    assert len(found) >= confirmed
    assert found == [a_call(number) for number in range(len(found))]
