"""A provider's way of its own: whatever it does there, it does to nobody else."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from threading import Lock
from time import time
from typing import Final

from agentcore._data import data
from agentcore._delivery.breaker import BreakerState
from agentcore._delivery.journaled import JournalSource
from agentcore._delivery.loops import LoopThread
from agentcore._delivery.parcel import Parcel
from agentcore._delivery.queue import Queue
from agentcore._delivery.worker import Execute, Worker, tell_unusable
from agentcore.types import Delivery, DeliveryMode

__all__ = ["TAKEOVER", "BackgroundLane", "DurableLane", "LaneStatus", "retries_of"]

_POLL: Final = 0.005
"""Seconds between two looks of one who waits for a lane."""

_LONGEST_POLL: Final = 0.1
"""The same, of one who has been waiting for a while."""

_RETRIES: Final = 8
"""How often a failed event of a durable lane is sent again, where nothing is said."""

TAKEOVER: Final = 1.0
"""Seconds between two tries to become a lane's owner, and so for how long one whose owner died has none at most."""


def retries_of(delivery: Delivery, *, durable: bool) -> int:
    """Return how often a failed event is sent again, also where *delivery* leaves that open."""
    return delivery.retries if delivery.retries is not None else _RETRIES if durable else 0


@data(kw_only=True)
class LaneStatus:
    """How a lane is doing, as this process sees it."""

    lane: str
    mode: DeliveryMode
    queued: int
    """Events that wait, those that are to be repeated included."""
    delivered: int
    retried: int
    dropped: int
    """For want of room, or because the program ended."""
    dead: int
    """Given up after their last try."""
    oldest: float | None
    """Seconds since the oldest waiting event was sent; None where none waits."""
    breaker: BreakerState


class _Lane:
    """What both kinds have: a worker on the provider's thread."""

    def __init__(self, plugin: str, thread: LoopThread) -> None:
        self.plugin: Final = plugin
        self._thread = thread
        self._task: asyncio.Task[None] | None = None
        self._starting = Lock()
        self._started = False

    @property
    def started(self) -> bool:
        """Whether it delivers; in a forked child it does not until something is sent there."""
        return self._started

    def start(self) -> None:
        """Begin to deliver, where that has not been done.  On any thread but the provider's own."""
        with self._starting:
            if not self._started:
                self._started = True
                self._thread.start()
                self._thread.spawn(self._run)

    def begin_in_child(self) -> None:
        """Forget, in a forked process, what the parent goes on to deliver."""
        self._starting = Lock()
        self._started = False
        self._task = None

    async def _run(self) -> None:
        self._task = asyncio.current_task()
        await self._work()

    async def _work(self) -> None:
        raise NotImplementedError

    async def end(self) -> None:
        """Stop delivering; what is being delivered is cancelled."""
        if self._thread.running:
            await self._thread.call(self._end)
        self._started = False

    async def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None


class BackgroundLane(_Lane):
    """Events out of memory."""

    def __init__(
        self,
        plugin: str,
        thread: LoopThread,
        delivery: Delivery,
        retries: int,
        execute: Execute,
        died: Callable[[Parcel, BaseException], None],
    ) -> None:
        super().__init__(plugin, thread)
        self.queue: Final[Queue] = Queue(delivery.queue, delivery.on_full, self._wake)
        self._make_worker = partial(Worker, self.queue, execute=execute, retries=retries, died=died)
        self._worker = self._make_worker()

    def begin_in_child(self) -> None:
        super().begin_in_child()
        self.queue.begin()
        self._worker = self._make_worker()

    async def _work(self) -> None:
        await self._worker.work()

    def _wake(self) -> None:
        self.start()
        self._thread.soon(self._worker.tell)

    async def room(self) -> None:
        """Wait until there is room, where that is asked for."""
        while not self.queue.has_room and self.queue.waits:  # noqa: ASYNC110 - those who wait are on any number of loops
            await asyncio.sleep(_POLL)

    async def settled(self) -> None:
        """Wait until everything that is here has been seen to."""
        while len(self.queue):  # noqa: ASYNC110
            await asyncio.sleep(_POLL)

    def status(self) -> LaneStatus:
        """Say how it is doing."""
        oldest, worker = self.queue.oldest, self._worker
        return LaneStatus(
            lane=self.plugin,
            mode="background",
            queued=len(self.queue),
            delivered=worker.delivered,
            retried=worker.retried,
            dropped=self.queue.dropped,
            dead=worker.dead,
            oldest=None if oldest is None else time() - oldest,
            breaker=worker.breaker.state,
        )


class DurableLane(_Lane):
    """Events out of the journal, delivered by one process at a time."""

    def __init__(
        self,
        plugin: str,
        thread: LoopThread,
        delivery: Delivery,
        source: JournalSource,
        execute: Execute,
        died: Callable[[Parcel, BaseException], None],
    ) -> None:
        super().__init__(plugin, thread)
        self._source = source
        self._worker = Worker(source, execute=execute, retries=retries_of(delivery, durable=True), died=died)

    async def _work(self) -> None:
        self._source.listen(self._wake)
        try:
            while not await self._owns():  # noqa: ASYNC110 - the owner may be another process, and die
                await asyncio.sleep(TAKEOVER)
            await self._deliver()
        finally:
            self._source.ignore(self._wake)

    async def _deliver(self) -> None:
        try:
            await self._worker.work()
        finally:
            await self._source.disown()

    async def _owns(self) -> bool:
        try:
            return await self._source.own()
        except Exception as error:
            # A lane outlives whatever its journal raises: nobody would start it again.
            tell_unusable(error, TAKEOVER)
            return False

    def _wake(self) -> None:
        if not self._thread.running:
            # In a forked child, which has something to be delivered, and may have lost its parent.
            self.start()
        self._thread.soon(self._worker.tell)

    async def settled(self) -> None:
        """Wait until everything that is in the journal now has been seen to, whoever owns the lane."""
        last = await self._source.last()
        pause = _POLL
        while not await self._source.has_passed(last):
            # Each look costs a journal that has much to deliver time for that.
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_POLL)

    async def is_elsewhere(self) -> bool:
        """Whether another process delivers it."""
        return (await self._source.state()).owner not in (None, os.getpid())

    async def status(self) -> LaneStatus:
        """Say how it is doing."""
        state = await self._source.state()
        return LaneStatus(
            lane=self.plugin,
            mode="durable",
            queued=state.waiting + self._source.unwritten,
            delivered=state.delivered,
            retried=state.retried,
            dropped=0,
            dead=state.dead,
            oldest=None if state.oldest is None else time() - state.oldest,
            breaker=self._worker.breaker.state,
        )
