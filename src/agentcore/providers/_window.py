"""A limit on what happens in any minute, kept by those who wait for their turn."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Final

__all__ = ["MINUTE", "Entry", "Window", "WouldWait"]

MINUTE: Final = 60.0
"""Seconds."""


class WouldWait(Exception):
    """A turn would come too late, or too many wait for one; the text says which."""


class Entry:
    """Something that happened, or is about to."""

    __slots__ = ("at", "counted", "tokens", "wake")

    def __init__(self, tokens: int) -> None:
        self.at = 0.0
        """When; monotonic seconds."""
        self.counted = False
        """Whether it is among those of the period that is going on."""
        self.tokens = tokens
        self.wake: Callable[[], object] | None = None
        """Has whoever waits look again; None where nobody does."""

    def leave(self) -> int:
        """Count no more; returns its tokens."""
        self.counted = False
        return self.tokens


class Window:
    """At most so many calls, and so many tokens, in any *period* seconds; whoever came first goes first.

    Used from any number of threads and event loops.
    """

    def __init__(
        self,
        *,
        requests: int | None,
        tokens: int | None,
        places: int,
        period: float = MINUTE,
    ) -> None:
        """Begin with nothing.

        Args:
            requests: Calls; None sets no limit.
            tokens: Of all calls together; None sets no limit.
            places: How many may wait.
            period: Seconds.
        """
        self._requests = requests
        self._tokens = tokens
        self._places = places
        self._period = period
        self._past: deque[Entry] = deque()
        self._total = 0
        """Tokens of those."""
        self._queue: deque[Entry] = deque()
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._queue)

    async def enter(self, tokens: int, *, patience: float | None, waits: Callable[[float], object]) -> Entry:
        """Wait for a turn; cancelled, it leaves the queue.

        Args:
            tokens: What the call will take, about; more than there can be in a period is taken for that.
            patience: Seconds to wait at most; None waits for ever.
            waits: Called with the seconds that it will take, about, where it takes any.

        Raises:
            WouldWait: It would take longer, as far as is known, or every place is taken; nothing has been waited for.
        """
        entry = Entry(tokens if self._tokens is None else min(tokens, self._tokens))
        news = asyncio.Event()
        loop = asyncio.get_running_loop()
        with self._lock:
            wait = self._wait_of([*self._queue, entry])
            if patience is not None and wait > patience:
                raise WouldWait(f"it can be asked in {wait:.3g} s, and this call can wait for {patience:.3g} s")
            if wait > 0 and len(self._queue) >= self._places:
                raise WouldWait(f"{len(self._queue)} calls wait, and no more may")
            entry.wake = partial(_tell, loop, news)
            self._queue.append(entry)
        try:
            if wait > 0:
                waits(wait)
            while (delay := self._turn(entry)) != 0:
                await _either(news, delay)
        except BaseException:
            self._leave(entry)
            raise
        return entry

    def settle(self, entry: Entry, tokens: int) -> None:
        """Correct what a call took, when that is known."""
        with self._lock:
            if entry.counted:
                self._total += tokens - entry.tokens
            entry.tokens = tokens
            self._wake_first()

    def _turn(self, entry: Entry) -> float | None:
        """Take the turn and return 0; or return the seconds after which to look again, None where others come first."""
        with self._lock:
            if self._queue[0] is not entry:
                return None
            wait = self._wait_of([entry])
            if wait > 0:
                return wait
            self._queue.popleft()
            entry.at, entry.wake, entry.counted = monotonic(), None, True
            self._past.append(entry)
            self._total += entry.tokens
            self._wake_first()
            return 0

    def _leave(self, entry: Entry) -> None:
        with self._lock:
            if entry in self._queue:
                self._queue.remove(entry)
                self._wake_first()

    def _wake_first(self) -> None:
        if self._queue and (wake := self._queue[0].wake) is not None:
            wake()

    def _wait_of(self, queue: Iterable[Entry]) -> float:
        """Seconds until the last of *queue* has its turn, if each of them takes what it says."""
        now = at = monotonic()
        while self._past and self._past[0].at <= now - self._period:
            self._total -= self._past.popleft().leave()
        requests, total = len(self._past), self._total
        leaving, entered = iter(self._past), deque[tuple[float, int]]()
        for each in queue:
            while requests and not self._has_room(requests, total + each.tokens):
                first = next(leaving, None)
                began, taken = entered.popleft() if first is None else (first.at, first.tokens)
                at, requests, total = max(at, began + self._period), requests - 1, total - taken
            entered.append((at, each.tokens))
            requests, total = requests + 1, total + each.tokens
        return at - now

    def _has_room(self, requests: int, tokens: int) -> bool:
        """Whether one more is within the limits, behind so many *requests* and with so many *tokens* in all."""
        if self._requests is not None and requests >= self._requests:
            return False
        return self._tokens is None or tokens <= self._tokens


def _tell(loop: asyncio.AbstractEventLoop, news: asyncio.Event) -> None:
    # On a loop that has been closed nobody waits.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(news.set)


async def _either(news: asyncio.Event, delay: float | None) -> None:
    """Wait for news, *delay* seconds at most."""
    try:
        async with asyncio.timeout(delay):
            await news.wait()
    except TimeoutError:
        return
    news.clear()
