"""Ends implementations that hang, at no cost to those that do not.

A timeout round every execution would cost many times what the execution itself does (``asyncio.timeout``: 40 awaited
no-op coroutines; ``benchmarks/hooks.py``).  So where nobody set a timeout, calls keep no record at all.  Instead, once
in a while, the watchdog looks through the tasks of its loop for those that are suspended inside a relay, finds by the
line in which implementation, and cancels that execution when it has stood there for too long.
The relay takes the cancellation for what it is (:func:`take_expired`): the plugin's failure, not the run's.
An execution that swallows the cancellation and goes on is closed when as much time has passed again.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from time import monotonic
from types import CoroutineType, FrameType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from attrs import define

from agentcore._plugins.relay import RELAY_LINES
from agentcore._plugins.suspended import awaited_by, suspended_coroutines

if TYPE_CHECKING:
    from agentcore._plugins.plan import Plan

__all__ = ["INTERVAL", "cancellations", "take_expired", "watch"]

logger = logging.getLogger("agentcore.plugins")

INTERVAL: Final = 0.5
"""Seconds between two looks, and so the precision of the default timeout; a quarter of shorter timeouts is taken."""

_SHORTEST_INTERVAL: Final = 0.01

_Task = asyncio.Task[Any]


class _Stand(NamedTuple):
    """Where a task is suspended: one execution of one implementation."""

    coroutine: CoroutineType[Any, Any, Any]
    """The relay's."""
    place: int
    """The implementation's index in the plan."""


@define
class _Expired:
    """An execution that was cancelled because its time was over."""

    stand: _Stand
    timeout: float
    closing: float
    """When it will be closed if it is still there; monotonic seconds."""
    cancellations: int = 1


_expired: weakref.WeakKeyDictionary[_Task, _Expired] = weakref.WeakKeyDictionary()
_watched: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Watchdog] = weakref.WeakKeyDictionary()


def watch(timeout: float) -> None:
    """Watch the running loop for as long as it lives, looking often enough for *timeout*."""
    loop = asyncio.get_running_loop()
    interval = min(INTERVAL, max(timeout / 4, _SHORTEST_INTERVAL))
    watchdog = _watched.get(loop)
    if watchdog is None:
        _watched[loop] = watchdog = _Watchdog(interval)
        watchdog.look()
    watchdog.interval = min(watchdog.interval, interval)


def cancellations() -> int:
    """How often the running task was cancelled, but for what an execution that is over has swallowed."""
    task = asyncio.current_task()
    if task is None:
        return 0
    expired = _expired.get(task)
    if expired is None or _place(expired.stand.coroutine.cr_frame) == expired.stand.place:
        return task.cancelling()
    return task.cancelling() - expired.cancellations


def take_expired(error: BaseException, place: int, answered: int) -> float | None:
    """Say whether the watchdog has cancelled the execution that ended with *error*, and take the cancellation back.

    Args:
        error: As the relay caught it.
        place: The implementation's index in the plan.
        answered: How many cancellations of the task are no longer to be obeyed.

    Returns:
        Its timeout in seconds; None where it was not the watchdog, or not the watchdog alone: what is left then is
        somebody else's cancellation of the run, and goes on.
    """
    task = asyncio.current_task()
    expired = None if task is None else _expired.get(task)
    if task is None or expired is None or error.__traceback__ is None:
        return None
    # A plan may be nested in itself, where an implementation runs an agent: the frame tells one from the other.
    if (expired.stand.coroutine.cr_frame, expired.stand.place) != (error.__traceback__.tb_frame, place):
        return None
    _take_back(task, expired)
    return expired.timeout if task.cancelling() <= answered else None


def _take_back(task: _Task, expired: _Expired) -> None:
    del _expired[task]
    for _ in range(expired.cancellations):
        task.uncancel()


class _Watchdog:
    """Looks after one loop."""

    def __init__(self, interval: float) -> None:
        self.interval = interval
        # It holds the coroutines themselves: an id would soon be that of another one.
        self._since: dict[_Stand, float] = {}

    def look(self) -> None:
        """Look once, and again later."""
        loop = asyncio.get_running_loop()
        now = monotonic()
        since: dict[_Stand, float] = {}
        for task in asyncio.all_tasks(loop):
            stands = _stands(task)
            expired = _expired.get(task)
            if expired is not None and expired.stand not in stands:
                # The implementation swallowed the cancellation and ended all the same.
                _take_back(task, expired)
            for stand, plan in stands.items():
                since[stand] = self._since.get(stand, now)
                _end_in_time(task, stand, plan, since[stand], now)
        self._since = since
        loop.call_later(self.interval, self.look)


def _stands(task: _Task) -> dict[_Stand, Plan]:
    """The executions in which *task* is suspended, outermost first."""
    stands: dict[_Stand, Plan] = {}
    for coroutine in suspended_coroutines(task.get_coro()):
        frame = coroutine.cr_frame
        if frame is not None and (place := _place(frame)) >= 0:
            stands[_Stand(coroutine, place)] = frame.f_locals["_plan"]
    return stands


def _place(frame: FrameType | None) -> int:
    """The implementation in which a coroutine of this frame is; -1 where it is in none, or is no relay's."""
    if frame is None or frame.f_code not in RELAY_LINES:
        return -1
    return RELAY_LINES[frame.f_code][frame.f_lineno]


def _end_in_time(task: _Task, stand: _Stand, plan: Plan, since: float, now: float) -> None:
    timeout = plan.watched(stand.place)
    expired = _expired.get(task)
    if expired is None and now - since >= timeout:
        _expired[task] = _Expired(stand, timeout, now + timeout)
        task.cancel()
    elif expired is not None and expired.stand == stand and now >= expired.closing:
        expired.closing = float("inf")
        expired.cancellations += 1
        _close(stand, plan)
        task.cancel()


def _close(stand: _Stand, plan: Plan) -> None:
    """End an execution by force; its ``finally`` runs outside of the task, and may no longer await."""
    try:
        awaited_by(stand.coroutine).close()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        each = plan.implementations[stand.place]
        logger.error("plugin %r could not be ended in %r: %s: %s", each.plugin, each.hook, type(error).__name__, error)
