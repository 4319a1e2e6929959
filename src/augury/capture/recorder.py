"""The one place to which everything that observes calls in this process hands them.

    from augury.capture import recorder
    recorder.record({"id": …, "model": "gpt-4o", "response_time_ms": 812, "input_tokens": 20, …})

Fields are those of `model_performance_metrics`. A call is checked, and in a file of this process, when `record` returns True; a
thread brings it to its destination later. What goes wrong stays here: it is counted, logged once in a while, and raised only
where AUGURY_RAISE asks for it.
"""

from __future__ import annotations

import atexit
import logging
import os
import time
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any

from augury.errors import AuguryError, InvalidValue, JournalFull, SettingsError, StorageFull, StoreAway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from augury.capture.carrying import Destination
    from augury.capture.outbox import Outbox
    from augury.capture.shipping import Shipper

_LOG = logging.getLogger("augury")

FLUSH_S = 30.0
"""How long `flush` waits unless told otherwise."""

_SAY_AGAIN_S = 60.0
_TRY_AGAIN_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where the calls of this process go, and how.

    Attributes:
        data_dir: under which they are kept until they arrive.
        destination: its address, with nothing secret in it.
        limit: how many bytes may wait.
        raises: whether what goes wrong is raised.
        exit_s: how long the end of the process may wait for what is on its way.
        open: gives the destination; asked by the thread that delivers.
    """

    data_dir: Path
    destination: str
    limit: int
    raises: bool
    exit_s: float
    open: Callable[[], Destination]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What has become of calls in this process, since it was configured.

    Attributes:
        recorded: are, or were, safe in its journal.
        waiting: are still in it.
        shipped: have arrived.
        refused: were refused for good by the destination, and are dead letters.
        dropped: could not be recorded, by why.
        trouble: what keeps them from arriving, if anything does.
    """

    recorded: int
    waiting: int
    shipped: int
    refused: int
    dropped: dict[str, int]
    trouble: str | None


def _nowhere() -> Way:
    raise SettingsError("nothing takes calls in this process yet")


class _Recorder:
    """What one process records with; after a fork the child gets one of its own."""

    def __init__(self, way: Callable[[], Way]) -> None:
        self.way = way
        self.box: Outbox | None = None
        self.shipper: Shipper | None = None
        self._destination: str | None = None
        self.raises = os.environ.get("AUGURY_RAISE", "").strip().lower() in ("1", "true", "yes")
        self._exit_s = 0.0
        self._lock = RLock()  # a signal, or garbage, may come in the middle of opening
        self._opening = False
        self._failed: tuple[float, Exception] | None = None
        self._dropped: dict[str, int] = {}
        self._said: dict[str, float] = {}

    def destination(self) -> str:
        if self._destination is None:
            try:
                self._destination = self.way().destination
            except Exception:  # noqa: BLE001 - who records is told
                self._destination = ""
        return self._destination

    def keep(self, fields: Mapping[str, Any]) -> None:
        box = self.box or self._open()
        box.calls.add(_frame(_payload_of(fields), 1))
        shipper = self.shipper
        if shipper is not None and shipper.asleep:
            shipper.ring()

    def say(self, kind: str, body: dict[str, Any]) -> None:
        from augury.capture.carrying import Said  # noqa: PLC0415 - as in _open

        box = self.box or self._open()
        said = Said(kind, body, box.calls.added, time.time())
        box.said.add(said.frame)
        shipper = self.shipper
        if shipper is not None and shipper.asleep:
            shipper.ring()

    def _open(self) -> Outbox:
        """The journal, and the thread that brings away what is in it."""
        from augury.capture.shipping import Shipper  # noqa: PLC0415 - an application that records nothing loads nothing

        with self._lock:
            if self.box is not None:
                return self.box
            if self._opening:
                raise SettingsError("the journal is being opened by this very thread")
            if self._failed is not None and time.monotonic() < self._failed[0]:
                raise self._failed[1]
            self._opening = True
            try:
                _load()
                way = self.way()
                self.raises, self._exit_s = way.raises, way.exit_s
                box = self._box(way)
            except Exception as problem:
                self._failed = (time.monotonic() + _TRY_AGAIN_S, problem)
                raise
            finally:
                self._opening = False
            shipper = Shipper(box, way.open, self._lose)
            try:
                shipper.start()
            except RuntimeError:  # the interpreter ends: what is recorded now, somebody else delivers
                _LOG.debug("no thread can be started any more; calls stay in %s", box.folder)
            self.shipper, self.box, self._failed = shipper, box, None
            return box

    def _box(self, way: Way) -> Outbox:
        from augury.capture.outbox import open_outbox, spare_dir  # noqa: PLC0415 - as in _open

        try:
            return open_outbox(way.data_dir, way.destination, limit=way.limit)
        except StoreAway as problem:
            spare = spare_dir()
            if spare is None:
                raise
            box = open_outbox(spare, way.destination, limit=way.limit)
            _LOG.warning("%s; calls are kept in %s instead: set AUGURY_DATA_DIR to a folder of yours", problem, spare)
            return box

    def _lose(self, shipper: Shipper) -> None:
        """Somebody has deleted the journal: the next call opens another."""
        with self._lock:
            if self.shipper is shipper:
                self.shipper = self.box = None
        if lost := shipper.box.calls.lost:
            self._dropped[_DELETED] = self._dropped.get(_DELETED, 0) + lost
        shipper.abandon()

    def drop(self, problem: Exception) -> None:
        """Count what could not be recorded, and say so once in a while."""
        # What came may be a prompt, put where it does not belong: it must not reach a log.
        said = f"{problem.field}: expected {problem.expected}" if isinstance(problem, InvalidValue) else str(problem)
        match problem:
            case InvalidValue() | AuguryError():
                why = said if isinstance(problem, InvalidValue) else _kind(problem)
            case _:
                said = why = type(problem).__name__
        why = why[:_LONGEST_REASON]
        if why not in self._dropped and len(self._dropped) >= _MOST_REASONS:
            why = "other reasons"
        self._dropped[why] = self._dropped.get(why, 0) + 1
        box = self.box
        if box is not None:
            box.dropped[why] = box.dropped.get(why, 0) + 1
        now = time.monotonic()
        if now - self._said.get(why, -_SAY_AGAIN_S) >= _SAY_AGAIN_S:
            self._said[why] = now
            count = self._dropped[why]
            _LOG.warning("a call was not recorded%s: %s", f" ({count} by now)" if count > 1 else "", said)

    def counters(self) -> Counters:
        box, shipper = self.box, self.shipper
        counts = None if shipper is None else shipper.counts
        return Counters(
            recorded=0 if box is None else box.calls.added,
            waiting=0 if box is None else box.calls.entries,
            shipped=0 if counts is None else counts.shipped,
            refused=0 if counts is None else counts.refused,
            dropped=dict(self._dropped),
            trouble=None if shipper is None else shipper.trouble,
        )

    def close(self) -> None:
        with self._lock:
            shipper, self.shipper, self.box = self.shipper, None, None
        if shipper is not None:
            shipper.close(self._exit_s)


_MOST_REASONS, _LONGEST_REASON = 20, 300
_DELETED = "the journal was deleted"


def _kind(problem: AuguryError) -> str:
    match problem:
        case JournalFull():
            return "the journal is full (AUGURY_OUTBOX_MIB)"
        case StorageFull():
            return "the disk is full"
        case _:
            return str(problem)


_payload_of: Callable[[Mapping[str, Any]], bytes]
_frame: Callable[[bytes, int], bytes]


def _load() -> None:
    global _payload_of, _frame
    from augury.capture.checking import payload_of  # noqa: PLC0415
    from augury.capture.frames import frame  # noqa: PLC0415

    _payload_of, _frame = payload_of, frame


_recorder = _Recorder(_nowhere)
_left: list[_Recorder] = []  # of parent processes: not even deleted here, since that would end what they have open


def deliver_to(way: Callable[[], Way]) -> None:
    """Say where calls go; asked when the first one is recorded. What is on its way elsewhere has a moment to arrive there."""
    global _recorder
    before, _recorder = _recorder, _Recorder(way)
    before.close()


def prepare() -> None:
    """Load what recording takes, so that the first call need not wait for it."""
    import augury.capture.outbox  # noqa: PLC0415
    import augury.capture.shipping  # noqa: F401, PLC0415

    _load()


def record(fields: Mapping[str, Any], *, quietly: bool = False) -> bool:
    """Record a call; whether it is safe. Never raises, unless AUGURY_RAISE is set, and waits for nothing but a file.

    Args:
        fields: of `model_performance_metrics`; `model` and `response_time_ms` are required. Without an `id` it gets one, and without a `timestamp` it ends now.
        quietly: raise nothing in any case: an error of the application's own is on its way.
    """
    recorder = _recorder
    try:
        recorder.keep(fields)
    except Exception as problem:
        if recorder.raises and not quietly:
            raise
        recorder.drop(problem)
        return False
    return True


def note(problem: Exception, *, quietly: bool = False) -> None:
    """Count what went wrong in observing a call, and say so once in a while; raise it where AUGURY_RAISE is set.

    Args:
        problem: a mistake of ours; of its text nothing is kept.
        quietly: raise nothing in any case.
    """
    recorder = _recorder
    if recorder.raises and not quietly:
        raise problem
    recorder.drop(problem)


def say(kind: str, body: dict[str, Any]) -> bool:
    """Send feedback or an outcome after its call; whether it is safe. As `record`.

    Args:
        kind: "feedback" or "outcome".
        body: of the request of that name, checked.
    """
    recorder = _recorder
    try:
        recorder.say(kind, body)
    except Exception as problem:
        if recorder.raises:
            raise
        recorder.drop(problem)
        return False
    return True


def flush(timeout_s: float = FLUSH_S) -> bool:
    """Wait until everything recorded in this process has arrived; whether it has."""
    shipper = _recorder.shipper
    return shipper is None or shipper.flush(timeout_s)


def destination() -> str:
    """Where calls go, without anything secret; empty where a setting cannot be used."""
    return _recorder.destination()


def counters() -> Counters:
    """What has become of the calls of this process."""
    return _recorder.counters()


def _forked() -> None:
    global _recorder
    parent, _recorder = _recorder, _Recorder(_recorder.way)
    _left.append(parent)
    if parent.shipper is not None:
        parent.shipper.abandon()


@atexit.register
def _at_exit() -> None:
    _recorder.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
