"""Ends implementations that hang, at no cost to those that do not.

A timeout round every execution would cost many times what the execution itself does (``asyncio.timeout``: 40 awaited
no-op coroutines; ``benchmarks/hooks.py``).  So where nobody set a timeout, calls keep no record at all.  Instead, once
in a while, the watchdog looks through the tasks of its loop for those that are suspended inside a relay, finds by the
line in which implementation, and cancels that execution when it has stood there for too long.
The relay takes the cancellation for what it is (:func:`take_expired`): the plugin's failure, not the run's.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterator
from time import monotonic
from types import CoroutineType, FrameType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from agentcore._plugins.relay import RELAY_LINES

if TYPE_CHECKING:
    from agentcore._plugins.plan import Plan

__all__ = ["INTERVAL", "take_expired", "watch"]

INTERVAL: Final = 0.5
"""Seconds between two looks, and so the precision of the default timeout; a quarter of shorter timeouts is taken."""

_Task = asyncio.Task[Any]


class _Stand(NamedTuple):
    """Where a task is suspended: one execution of one implementation."""

    plan: Plan
    place: int
    """The implementation's index in the plan."""
    coroutine: CoroutineType[Any, Any, Any]


_expired: weakref.WeakKeyDictionary[_Task, tuple[_Stand, float]] = weakref.WeakKeyDictionary()
_watched: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Watchdog] = weakref.WeakKeyDictionary()


def watch(timeout: float) -> None:
    """Watch the running loop for as long as it lives, looking often enough for *timeout*."""
    loop = asyncio.get_running_loop()
    watchdog = _watched.get(loop)
    if watchdog is None:
        _watched[loop] = watchdog = _Watchdog()
        watchdog.look(weakref.ref(loop))
    watchdog.interval = min(watchdog.interval, timeout / 4)


def take_expired(plan: Plan, index: int) -> float | None:
    """Say whether the watchdog has cancelled the running execution of this implementation.

    Returns its timeout in seconds and takes the cancellation back; None where it was not the watchdog.
    """
    task = asyncio.current_task()
    found = None if task is None else _expired.get(task)
    if task is None or found is None or found[0].plan is not plan or found[0].place != index:
        return None
    del _expired[task]
    # What is left after taking ours back is somebody else's cancellation of the run, and goes on.
    return found[1] if task.uncancel() == 0 else None


class _Watchdog:
    """Looks after one loop."""

    def __init__(self) -> None:
        self.interval = INTERVAL
        self._since: dict[tuple[int, int], float] = {}

    def look(self, reference: weakref.ref[asyncio.AbstractEventLoop]) -> None:
        """Look once, and again later."""
        loop = reference()
        if loop is None or loop.is_closed():
            return
        now = monotonic()
        since: dict[tuple[int, int], float] = {}
        for task in asyncio.all_tasks(loop):
            self._recall(task)
            for stand in _stands(task):
                key = (id(stand.coroutine), stand.place)
                since[key] = self._since.get(key, now)
                timeout = stand.plan.watched(stand.place)
                if now - since[key] >= timeout and task not in _expired:
                    _expired[task] = (stand, timeout)
                    task.cancel()
        self._since = since
        loop.call_later(self.interval, self.look, reference)

    def _recall(self, task: _Task) -> None:
        """Take back a cancellation that the implementation swallowed and ended all the same."""
        found = _expired.get(task)
        if found is not None and found[0].coroutine not in {stand.coroutine for stand in _stands(task)}:
            del _expired[task]
            task.uncancel()


def _stands(task: _Task) -> Iterator[_Stand]:
    """The executions in which *task* is suspended, outermost first."""
    awaitable: Any = task.get_coro()
    while awaitable is not None:
        frame: FrameType | None = getattr(awaitable, "cr_frame", None)
        if frame is not None and frame.f_code in RELAY_LINES:
            index = RELAY_LINES[frame.f_code][frame.f_lineno]
            if index >= 0:
                yield _Stand(frame.f_locals["plan"], index, awaitable)
        awaitable = getattr(awaitable, "cr_await", None) or getattr(awaitable, "gi_yieldfrom", None)
