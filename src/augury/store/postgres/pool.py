"""Connections that are kept open between transactions, and lent to one thread at a time.

Who needs a connection makes it. (psycopg's own pool makes them in a thread that waits longer after each failure: who asked of a
server that was away waited five seconds to hear that it had taken too long, and after twelve seconds' absence it took
another twelve to be answered. Here the reason is told at once, and the server is used in the moment it is back.)
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Connection = psycopg.Connection[tuple[Any, ...]]

_LIFE_S = 1_800.0  # of a connection: its name is looked up anew, and the server's memory of it is given back
_IDLE_S = 300.0


class Exhausted(Exception):
    """All connections were in use, for as long as was waited for one."""


class Pool:
    """At most so many connections. Safe to use from several threads."""

    def __init__(self, connect: Callable[[], Connection], most: int, wait_s: float) -> None:
        """Nothing is connected yet; for one of `most` connections is waited `wait_s`."""
        self._connect = connect
        self._wait_s = wait_s
        self._free = BoundedSemaphore(most)
        self._lock = Lock()
        self._kept: deque[tuple[Connection, float, float]] = deque()  # each with when it was made, and last used
        self._closed = False

    @contextmanager
    def begun(self, begin: str) -> Iterator[Connection]:
        """A connection on which this statement has begun a transaction, which is rolled back unless it was committed.

        Raises:
            Exhausted: none was to be had in time.
            psycopg.Error: the server cannot be reached.
        """
        if not self._free.acquire(timeout=self._wait_s):
            raise Exhausted
        try:
            connection, made = self._begin(begin)
            try:
                yield connection
            finally:
                self._take_back(connection, made)
        finally:
            self._free.release()

    def clear(self) -> None:
        """Let go of what is not in use: it may lead to a server that is no longer the right one."""
        with self._lock:
            kept, self._kept = self._kept, deque()
        for connection, _, _ in kept:
            connection.close()

    def close(self) -> None:
        """Let go of everything, of what is in use when it is given back."""
        self._closed = True
        self.clear()

    def _begin(self, begin: str) -> tuple[Connection, float]:
        while (kept := self._latest()) is not None:
            connection, made = kept
            try:
                connection.execute(begin)  # which shows too whether it still leads anywhere
            except psycopg.Error:
                connection.close()
            else:
                return connection, made
        connection = self._connect()
        try:
            connection.execute(begin)
        except BaseException:
            connection.close()
            raise
        return connection, time.monotonic()

    def _latest(self) -> tuple[Connection, float] | None:
        """What was used last, so that what is too many is not used at all, and can go."""
        with self._lock:
            return self._kept.pop()[:2] if self._kept else None

    def _take_back(self, connection: Connection, made: float) -> None:
        now = time.monotonic()
        with suppress(psycopg.Error):
            connection.rollback()
        old: list[Connection] = []
        with self._lock:
            idle = connection.info.transaction_status is TransactionStatus.IDLE
            if idle and not self._closed and now - made < _LIFE_S:
                self._kept.append((connection, made, now))
            else:
                old.append(connection)
            while len(self._kept) > 1 and now - self._kept[0][2] > _IDLE_S:
                old.append(self._kept.popleft()[0])
        for each in old:
            each.close()
