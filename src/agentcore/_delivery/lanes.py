"""The lanes of one plugin manager."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from functools import cache, partial
from time import monotonic
from typing import Any, Final, TypeAlias, TypeVar

from agentcore._data import data
from agentcore._delivery.journaled import JournalSource, Specify
from agentcore._delivery.lane import BackgroundLane, DurableLane, LaneStatus
from agentcore._delivery.log import Log
from agentcore._delivery.loops import LoopThread
from agentcore._delivery.parcel import Parcel
from agentcore.types import Delivery

__all__ = ["Execute", "Flushed", "Lanes", "abandon"]

logger = logging.getLogger("agentcore.delivery")

T = TypeVar("T")

_STOP: Final = 1.0
"""Seconds that a provider has to end what it was doing when its lane is ended."""

Execute: TypeAlias = Callable[[str, Parcel], Awaitable[BaseException | None]]
"""Calls a plugin's implementations with an event; returns what they raised, None where all went well."""


@data(kw_only=True)
class Flushed:
    """What a flush came to; true where everything was delivered."""

    waiting: Mapping[str, int]
    """Events that are still to be delivered, by plugin."""

    def __bool__(self) -> bool:
        return not self.waiting


class Lanes:
    """One thread for each plugin that has any, with a lane for each mode of delivery that it uses.

    Args:
        execute: Delivers an event to a plugin, on the plugin's thread.
        died: Told of each event that is given up, with the plugin.
        patience: Seconds for which an interpreter that exits waits for what is still to be delivered.
    """

    def __init__(
        self, execute: Execute, died: Callable[[str, Parcel, BaseException], None], *, patience: float
    ) -> None:
        self._patience = patience
        self._execute = execute
        self._died = died
        self.threads: Final[dict[str, LoopThread]] = {}
        """By plugin."""
        self._background: dict[str, BackgroundLane] = {}
        self._durable: dict[str, DurableLane] = {}
        self._lock = threading.Lock()
        _all.add(self)

    # --- making ---

    def thread(self, plugin: str) -> LoopThread:
        """Return the thread of *plugin*, started."""
        _flush_at_exit_once()
        with self._lock:
            thread = self.threads.setdefault(plugin, LoopThread(f"agentcore-{plugin}"))
        thread.start()
        return thread

    def background(self, plugin: str, delivery: Delivery, retries: int) -> BackgroundLane:
        """Return the lane that delivers to *plugin* out of memory."""
        thread = self.thread(plugin)
        with self._lock:
            lane = self._background.get(plugin)
            if lane is None:
                lane = BackgroundLane(
                    plugin, thread, delivery, retries, partial(self._execute, plugin), partial(self._died, plugin)
                )
                self._background[plugin] = lane
        return lane

    def durable(
        self,
        plugin: str,
        name: str,
        delivery: Delivery,
        log: Log,
        hooks: Collection[str],
        specify: Specify,
        *,
        delivers: bool,
    ) -> None:
        """Make the lane that delivers to *plugin* out of the journal, where there is none; blocks for the journal.

        Args:
            plugin: The plugin.
            name: The lane's name in the journal.
            delivery: How.
            log: The journal; open.
            hooks: What it delivers.
            specify: Looks up a hook.
            delivers: Whether this process may own it, and not only add to it.

        Raises:
            JournalError: The journal cannot be used.
        """
        with self._lock:
            if plugin in self._durable:
                return
        log.wait(lambda: log.journal.join(name, hooks, delivery.start))
        if not delivers:
            return
        thread = self.thread(plugin)
        with self._lock:
            if plugin in self._durable:
                return
            lane = DurableLane(
                plugin,
                thread,
                delivery,
                JournalSource(log, name, specify),
                partial(self._execute, plugin),
                partial(self._died, plugin),
            )
            self._durable[plugin] = lane
        lane.start()

    # --- using ---

    async def call(self, plugin: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run *work* on the thread of *plugin*."""
        return await self.thread(plugin).call(work)

    async def statuses(self) -> list[LaneStatus]:
        """How each lane is doing, by plugin."""
        found = [each.status() for each in self._background.values()]
        found += [await each.status() for each in self._durable.values()]
        return sorted(found, key=lambda each: (each.lane, each.mode))

    async def flush(self, timeout: float | None, *, elsewhere: bool = True) -> Flushed:
        """Wait until everything that was accepted has been delivered or given up; at most *timeout* seconds.

        Args:
            timeout: None waits for as long as it takes.
            elsewhere: Whether to wait for other processes as well.
        """
        background, durable = self._started()
        if not elsewhere:
            durable = [each for each in durable if not await each.is_elsewhere()]
        settling = [asyncio.ensure_future(each.settled()) for each in background]
        settling += [asyncio.ensure_future(each.settled()) for each in durable]
        if settling:
            _, late = await asyncio.wait(settling, timeout=timeout)
            for each in late:
                each.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            for each in settling:
                if each not in late:
                    each.result()
        waiting: dict[str, int] = {}
        found = [each.status() for each in background]
        found += [await each.status() for each in durable]
        for status in found:
            if status.queued:
                waiting[status.lane] = waiting.get(status.lane, 0) + status.queued
        return Flushed(waiting=waiting)

    async def flush_at_exit(self) -> None:
        """Wait until nothing is to be delivered any more, as long as patience lasts."""
        left = await self.flush(self._patience, elsewhere=False)
        for plugin, count in left.waiting.items():
            logger.warning("the plugin %r did not get %d of its events before the end", plugin, count)

    def _started(self) -> tuple[list[BackgroundLane], list[DurableLane]]:
        """Those that deliver here: nobody in a forked child waits for what its parent does."""
        with self._lock:
            background, durable = list(self._background.values()), list(self._durable.values())
        return [each for each in background if each.started], [each for each in durable if each.started]

    # --- ending ---

    def leave(self, plugin: str) -> None:
        """Deliver nothing more to *plugin*, without waiting for what it does now; on any thread.

        What waits in the journal stays there for the next plugin of its name.
        """
        with self._lock:
            background = self._background.pop(plugin, None)
            self._durable.pop(plugin, None)
            thread = self.threads.pop(plugin, None)
        if thread is not None:
            thread.stop(0.0)
        if background is not None:
            _tell_lost(background)

    async def end(self) -> None:
        """Deliver no more; what waits in memory is lost, and what is in the journal stays there."""
        with self._lock:
            background, durable = list(self._background.values()), list(self._durable.values())
            self._background, self._durable = {}, {}
        ending: list[BackgroundLane | DurableLane] = [*background, *durable]
        for each in ending:
            await self._end(each)
        for lane in background:
            _tell_lost(lane)

    async def _end(self, lane: BackgroundLane | DurableLane) -> None:
        thread = self.threads.get(lane.plugin)
        try:
            async with asyncio.timeout(_STOP):
                await lane.end()
        except TimeoutError:
            # Whatever blocks the thread goes on there; nothing else is asked of it.
            if thread is not None:
                thread.stop(0.0)
            logger.warning("the thread of the plugin %r does not end: something on it blocks", lane.plugin)

    def stop(self) -> None:
        """End the threads."""
        with self._lock:
            threads = dict(self.threads)
            self.threads.clear()
        until = monotonic() + _STOP
        for plugin, thread in threads.items():
            if not thread.stop(max(0.0, until - monotonic())):
                logger.warning("the thread of the plugin %r does not end: something on it blocks", plugin)

    def begin_in_child(self) -> None:
        """Start anew in a forked process."""
        self._lock = threading.Lock()
        for lane in [*self._background.values(), *self._durable.values()]:
            lane.begin_in_child()


def _tell_lost(lane: BackgroundLane) -> None:
    if lost := lane.queue.clear():
        logger.warning("the plugin %r did not get %d of its events before the end", lane.plugin, lost)


def abandon(threads: dict[str, LoopThread]) -> None:
    """End *threads* without waiting for them; who is in the middle of a delivery is cancelled."""
    for thread in threads.values():
        thread.stop(0.0)


_all: Final[weakref.WeakSet[Lanes]] = weakref.WeakSet()


def _begin_in_child() -> None:
    for lanes in list(_all):
        lanes.begin_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)


@cache
def _flush_at_exit_once() -> None:
    atexit.register(_flush_at_exit)


def _flush_at_exit() -> None:
    """Deliver what programs leave behind that end without closing their plugin managers."""
    lanes = [each for each in _all if each.threads]
    if lanes:
        asyncio.run(_flush(lanes))


async def _flush(lanes: Collection[Lanes]) -> None:
    for error in await asyncio.gather(*(each.flush_at_exit() for each in lanes), return_exceptions=True):
        if error is not None:
            logger.error("not all events were delivered before the end: %s: %s", type(error).__name__, error)
