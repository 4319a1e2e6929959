"""Bringing an outbox to a destination: in order, once, and with what cannot go kept where it is."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from augury.capture import carrying, outbox
from augury.capture.carrying import FEEDBACK, Carrier, Counts, Said
from augury.capture.frames import encode, frame
from augury.capture.outbox import Outbox, left_behind, open_outbox, place_of, survey
from augury.errors import InvalidValue, JournalFull, NotFound, StoreAway

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LIMIT = 2**20
HERE = "http://127.0.0.1:1"


@dataclass
class Shelf:
    """A destination that keeps what it is brought, in the order in which it came."""

    came: list[str] = field(default_factory=list)
    away: bool = False
    busy: bool = False  # takes calls, but nothing that is said of them

    def deliver(self, records: Sequence[bytes]) -> Sequence[str | None]:
        if self.away:
            raise StoreAway("away")
        names = [json.loads(record)["id"] for record in records]
        self.came += [name for name in names if name != "bad"]
        return ["it is bad" if name == "bad" else None for name in names]

    def tell(self, kind: str, body: dict[str, Any]) -> None:
        if self.away or self.busy:
            raise StoreAway("away")
        about = body.get("messageId") or body["conversationId"]
        if about == "nonsense":
            raise InvalidValue("messageId", "sense")
        if about not in self.came and "messageId" in body:
            raise NotFound(f"no message {about}")
        self.came.append(f"{kind} {about} {body['rating']}")

    def rest(self) -> None:
        pass


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    return open_outbox(tmp_path, HERE, limit=LIMIT)


def call(box: Outbox, *names: str) -> None:
    for name in names:
        box.calls.add(frame(encode({"id": name}), 1))


def rate(box: Outbox, rating: int = 1, at: float = 0.0, **about: str) -> None:
    body = {"rating": rating, **about}
    box.said.add(Said(FEEDBACK, body, box.calls.added, at).frame)


def carry(box: Outbox, shelf: Shelf) -> Counts:
    carrier = Carrier(shelf, Counts())
    while carrier.carry(box):
        pass
    return carrier.counts


def test_what_is_said_of_a_call_comes_behind_it(box: Outbox) -> None:
    shelf = Shelf()
    call(box, "a", "b")
    rate(box, messageId="a")
    call(box, "c")

    counts = carry(box, shelf)

    assert shelf.came == ["a", "b", "c", "feedback a 1"]
    assert (counts.shipped, counts.told, box.waiting) == (3, 1, 0)


def test_what_is_said_of_a_conversations_latest_message_comes_before_the_next(box: Outbox) -> None:
    shelf = Shelf()
    call(box, "a")
    rate(box, conversationId="talk")
    call(box, "b")

    carry(box, shelf)

    assert shelf.came == ["a", "feedback talk 1", "b"]


def test_calls_do_not_wait_for_what_cannot_be_said(box: Outbox) -> None:
    shelf = Shelf(busy=True)
    call(box, "a")
    rate(box, conversationId="talk")
    call(box, "b")
    carrier = Carrier(shelf, Counts())

    with pytest.raises(StoreAway):  # having brought what came before it
        carrier.carry(box)
    carrier.carry(box)

    assert shelf.came == ["a", "b"]
    assert box.said.entries == 1


def test_an_unknown_message_is_tried_again_behind_the_others_and_keeps_its_order(box: Outbox) -> None:
    shelf = Shelf()
    rate(box, 1, at=2**40, messageId="late")
    rate(box, -1, at=2**40, messageId="late")
    rate(box, messageId="a")
    call(box, "a")
    carrier = Carrier(shelf, Counts())
    for _ in range(3):
        carrier.carry(box)
    assert shelf.came == ["a", "feedback a 1"]
    assert box.deferred == 2

    call(box, "late")
    while box.waiting:
        carrier.carry(box)
        box.said_from = 0.0  # the pause is over

    assert [word for word in shelf.came if "late" in word] == ["late", "feedback late 1", "feedback late -1"]
    assert box.deferred == 0


def test_what_nobody_knows_after_a_while_and_what_is_refused_become_dead_letters(
    box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "_FIRST_PAUSE_S", 0.0)
    shelf = Shelf()
    call(box, "a", "bad", "b")
    rate(box, messageId="nobody")
    rate(box, messageId="nonsense")
    carrier = Carrier(shelf, Counts())

    while box.waiting:
        carrier.carry(box)
        box.said_from = 0.0

    letters = [json.loads(line) for line in survey(box.place).dead_letters_path.read_text().splitlines()]
    assert [(letter["why"], letter["record"]) for letter in letters] == [
        ("it is bad", {"id": "bad"}),
        ("messageId: expected sense, got nothing", {"feedback": {"rating": 1, "messageId": "nonsense"}}),
        ("no message nobody", {"feedback": {"rating": 1, "messageId": "nobody"}}),
    ]
    counts = carrier.counts
    assert (counts.shipped, counts.refused, counts.told, counts.untold) == (2, 1, 0, 2)


def test_what_nobody_knows_is_one_entry_and_one_dead_letter_however_many_take_it_over(
    box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "_FIRST_PAUSE_S", 0.0)
    rate(box, messageId="nobody")
    Carrier(Shelf(), Counts()).carry(box)
    box.close()
    taken_over = 0

    while left := next(left_behind(box.place), None):
        Carrier(Shelf(), Counts()).carry(left)
        assert left.said.entries <= 1
        assert not left.said.entries or left.deferred == 1  # who flushes does not wait for it
        left.close()
        taken_over += 1

    assert taken_over == carrying.LEAST_TRIES - 1
    assert survey(box.place).dead_letters == 1


def test_what_a_killed_process_had_put_back_many_times_is_one_entry_again(box: Outbox) -> None:
    rate(box, at=2**40, messageId="nobody")
    carrier = Carrier(Shelf(), Counts())
    for _ in range(5):
        carrier.carry(box)
        box.said_from = 0.0
    box.abandon()

    (left,) = left_behind(box.place)
    before = left.said.entries
    Carrier(Shelf(), Counts()).carry(left)

    assert (before, left.said.entries, left.deferred) == (6, 1, 1)


def test_what_a_dead_process_left_is_found_once_and_taken_over(tmp_path: Path, box: Outbox) -> None:
    call(box, "a", "b")
    rate(box, messageId="b")
    assert list(left_behind(box.place)) == []  # its process lives
    box.abandon()

    (left,) = left_behind(box.place)
    assert list(left_behind(box.place)) == []
    shelf = Shelf()
    carry(left, shelf)
    left.close()

    assert shelf.came == ["a", "b", "feedback b 1"]
    assert not left.folder.exists()
    assert list(left_behind(place_of(tmp_path, "http://other"))) == []


def test_while_the_destination_is_away_everything_stays_where_it_is(tmp_path: Path, box: Outbox) -> None:
    call(box, "a")
    rate(box, messageId="a")
    with pytest.raises(StoreAway):
        carry(box, Shelf(away=True))
    box.close()

    found = survey(place_of(tmp_path, HERE))

    assert (found.destination, found.calls, found.said, found.processes) == (HERE, 1, 1, 1)
    assert all(path.stat().st_mode & 0o077 == 0 for path in found.folder.rglob("*"))


def test_an_empty_outbox_leaves_nothing_but_the_destinations_name(box: Outbox) -> None:
    call(box, "a")
    size = box.calls.size
    carry(box, Shelf())
    assert box.calls.size < size  # its file is emptied, and stays for the next call
    call(box, "b")
    carry(box, Shelf())
    box.close()

    assert [path.name for path in box.place.iterdir()] == ["destination.json"]


def test_more_than_may_wait_is_refused(tmp_path: Path) -> None:
    box = open_outbox(tmp_path, HERE, limit=200)
    with pytest.raises(JournalFull, match="AUGURY_OUTBOX_MIB"):
        call(box, *"abcdefgh")
    waiting = box.waiting

    carry(box, Shelf())
    call(box, "z")

    assert 0 < waiting < 8


def test_what_was_dropped_is_added_up_and_does_not_grow(box: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_LONGEST_NOTE", 200)
    for number in range(40):
        box.dropped = {"the disk is full": 2, f"reason {number % 2}": 1}
        box.tell_dropped(soon=True)

    seen = survey(box.place)

    assert seen.dropped == {"the disk is full": 80, "reason 0": 20, "reason 1": 20}
    assert seen.dropped_path.stat().st_size < 400


def test_dead_letters_do_not_grow_without_bound(box: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_MOST_DEAD_LETTERS", 300)
    call(box, *["bad"] * 20)

    carry(box, Shelf())

    letters = survey(box.place).dead_letters
    assert 0 < letters < 10
    assert sum(box.dropped.values()) == 20 - letters
