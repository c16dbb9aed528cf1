"""What waits to be committed, and who waits for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Final, NamedTuple

from agentcore._delivery.journal import Record

__all__ = ["Buffer"]

CAPACITY: Final = 100_000
"""Records that wait, while the journal fails, at most."""


class _Waiter(NamedTuple):
    ticket: int
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[None]


class Buffer:
    """Records in the order in which they are to be appended; safe on any thread.

    A ticket counts records from 1, in that order.
    """

    def __init__(self) -> None:
        self._records: deque[Record] = deque()
        self._waiters: list[_Waiter] = []
        self._lock = Lock()
        self._posted = 0
        self._settled = 0
        self._awake = False
        self.dropped = 0

    def __len__(self) -> int:
        return self._posted - self._settled

    @property
    def posted(self) -> int:
        """The ticket of the newest record."""
        return self._posted

    def put(self, record: Record) -> tuple[int, bool]:
        """Add *record*; returns its ticket, and whether the one who takes must be told."""
        with self._lock:
            if len(self._records) >= CAPACITY:
                self.dropped += 1
                return self._settled, False
            self._posted = ticket = self._posted + 1
            self._records.append(record)
            asleep, self._awake = not self._awake, True
        return ticket, asleep

    def take(self, limit: int) -> list[Record]:
        """Take the oldest ones; they are still waited for until :meth:`settle`."""
        with self._lock:
            return [self._records.popleft() for _ in range(min(limit, len(self._records)))]

    def rest(self) -> bool:
        """Have the next :meth:`put` tell; False where there is something to take already."""
        with self._lock:
            self._awake = bool(self._records)
        return not self._awake

    def settle(self, count: int) -> None:
        """The oldest *count* records are safe."""
        with self._lock:
            self._settled += count
        self._release(lambda waiter: waiter.ticket <= self._settled)

    def let_go(self) -> None:
        """Do not keep anybody waiting."""
        self._release(lambda _: True)

    def is_settled(self, ticket: int) -> bool:
        """Whether the record of *ticket* is safe."""
        return ticket <= self._settled

    def wait_for(self, ticket: int) -> asyncio.Future[None]:
        """Return what is done when the record of *ticket* is safe, or nobody is to wait for it."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        with self._lock:
            if ticket <= self._settled:
                future.set_result(None)
            else:
                self._waiters.append(_Waiter(ticket, loop, future))
        return future

    def _release(self, done: Callable[[_Waiter], bool]) -> None:
        with self._lock:
            released = [each for each in self._waiters if done(each)]
            self._waiters = [each for each in self._waiters if not done(each)]
        by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        for each in released:
            by_loop.setdefault(each.loop, []).append(each.future)
        for loop, futures in by_loop.items():
            try:
                loop.call_soon_threadsafe(_finish, futures)
            except RuntimeError:
                # It was closed over those who waited.
                continue


def _finish(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)
