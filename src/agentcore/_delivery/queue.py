"""The bounded queue of a background lane."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import count, islice
from operator import attrgetter
from threading import Lock
from typing import Any, Final, TypeAlias

from agentcore._context import Event, ExecutionContext
from agentcore._delivery.journal import Passage
from agentcore._delivery.parcel import Opened, Parcel
from agentcore.types import OnFull

__all__ = ["Posted", "Queue", "Sent"]

LINGER: Final = 0.002
"""Seconds for which a lane that finds nothing looks by itself: to be woken costs an agent more than an event does."""


Sent: TypeAlias = tuple[Event, ExecutionContext | None, Sequence[str], Sequence[Any], object]
"""An event as it is put into lanes, which share it: the envelope, the snapshot of its context, the names and the values
of its arguments without those two, and what must live until it has been delivered, for an agent that nobody holds any
more may still have events here.

Not a class: making an instance takes longer than all the rest of putting it.
"""


class Posted:
    """An event that a lane has taken out of its queue."""

    __slots__ = ("_sent", "again", "attempt", "due", "position")

    def __init__(self, sent: Sent, position: int) -> None:
        self._sent = sent
        self.position = position
        self.attempt = 1
        self.again = False
        self.due = 0.0

    @property
    def hook(self) -> str:
        return self._sent[0].name

    @property
    def run(self) -> str:
        context = self._sent[1]
        return "" if context is None else context.context_id

    @property
    def time(self) -> float:
        return self._sent[0].timestamp

    def open(self) -> Opened:
        sent, context, names, arguments, _ = self._sent
        event = Event(
            sent.name,
            context,
            id=sent.id,
            sequence=sent.sequence,
            time_=sent.timestamp,
            schema_version=sent.schema_version,
            attempt=self.attempt,
        )
        return Opened({**dict(zip(names, arguments, strict=True)), "context": context, "event": event}, context)


class Queue:
    """Events in memory, in order; :meth:`put` is for any thread, the rest for the lane's.

    Args:
        size: How many may wait.
        on_full: What becomes of an event for which there is no room; one that waits is put all the same.
        wake: Called, on any thread, when there is something to take for a lane that found nothing.
    """

    def __init__(self, size: int, on_full: OnFull, wake: Callable[[], None]) -> None:
        self._size = size
        self._on_full = on_full
        self._wake = wake
        self.begin()

    def begin(self) -> None:
        """Hold nothing; so begins a forked child, whose parent delivers what was there."""
        self._asleep = True
        self._new: deque[Sent] = deque()
        self._failures: dict[int, Posted] = {}
        self._taken: dict[int, Posted] = {}
        self._numbers = count(1)
        self._lock = Lock()
        self.dropped: int = 0

    def put(self, sent: Sent) -> bool:
        """Add an event; False where the queue is full and the agent should wait."""
        with self._lock:
            new = self._new
            room = len(new) + len(self._failures) < self._size
            if room or self._on_full == "wait":
                new.append(sent)
            else:
                self.dropped += 1
                if self._on_full == "drop_oldest" and new:
                    new.popleft()
                    new.append(sent)
            asleep, self._asleep = self._asleep, False
        if asleep:
            self._wake()
        return room or self._on_full != "wait"

    @property
    def waits(self) -> bool:
        """Whether agents wait for room."""
        return self._on_full == "wait"

    @property
    def has_room(self) -> bool:
        """Whether one more may wait."""
        return len(self._new) + len(self._failures) < self._size

    def __len__(self) -> int:
        return len(self._new) + len(self._taken) + len(self._failures)

    @property
    def oldest(self) -> float | None:
        """When the oldest of them was sent, in seconds since the epoch."""
        with self._lock:
            times = [each[0].timestamp for each in islice(self._new, 1)]
            times += [each.time for each in (*self._taken.values(), *self._failures.values())]
        return min(times, default=None)

    def clear(self) -> int:
        """Drop all; returns how many there were."""
        with self._lock:
            lost = len(self)
            self._new.clear()
            self._failures.clear()
            self._taken.clear()
            self.dropped += lost
        return lost

    async def take(self, limit: int, now: float) -> Sequence[Parcel]:
        due = [each for each in self._first_failures() if each.due <= now][:limit]
        if not due and not self._new:
            await asyncio.sleep(LINGER)
        with self._lock:
            count = min(limit - len(due), len(self._new))
            new = [Posted(self._new.popleft(), next(self._numbers)) for _ in range(count)]
            self._taken.update({each.position: each for each in new})
            self._asleep = not due and not new
        return [*due, *new]

    def _first_failures(self) -> Iterable[Posted]:
        """The oldest failure of each run: what comes later of it waits behind that."""
        first: dict[str, Posted] = {}
        for each in sorted(self._failures.values(), key=attrgetter("position")):
            first.setdefault(each.run or str(each.position), each)
        return first.values()

    async def settle(self, passage: Passage, untouched: Sequence[Parcel]) -> None:
        with self._lock:
            for failure in passage.retry:
                position = failure.position
                posted = self._taken.get(position) or self._failures[position]
                posted.attempt, posted.due, posted.again = failure.attempts + 1, failure.due, True
                self._failures[position] = posted
            for position in (*passage.delivered, *(each.position for each in passage.dead)):
                self._failures.pop(position, None)
            back = [self._taken[each.position]._sent for each in untouched if each.position in self._taken]
            self._new.extendleft(reversed(back))
            self._taken.clear()

    async def blocked(self) -> Collection[str]:
        return {each.run for each in self._failures.values()}

    async def next_due(self) -> float | None:
        return min((each.due for each in self._first_failures()), default=None)

    async def pause(self, until: float | None) -> None:
        """Nobody looks from outside."""
