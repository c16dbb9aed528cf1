"""Running something to its end, whatever interrupts it, and shutting the plugins down after it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from agentcore._plugins import PluginManager

__all__ = ["run_to_end"]

T = TypeVar("T")


def run_to_end(work: Coroutine[Any, Any, T], plugins: PluginManager) -> T:
    """Run *work* on a loop of its own, then shut *plugins* down.

    SIGINT and SIGTERM cancel *work*; the plugins are shut down all the same, unless a second SIGINT comes.

    Raises:
        KeyboardInterrupt: SIGINT came.
        SystemExit: SIGTERM came; its code is 128 and the number of the signal.
    """
    with asyncio.Runner() as runner:
        try:
            with _termination_cancels(runner.get_loop()) as task_of:
                return runner.run(task_of(work))
        finally:
            runner.run(plugins.aclose())


class _Terminable:
    """Runs a coroutine in a task that SIGTERM cancels."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._task: asyncio.Task[Any] | None = None
        self.number = 0
        """Of the signal that came; 0 while none has."""

    async def __call__(self, work: Coroutine[Any, Any, T]) -> T:
        self._task = asyncio.current_task()
        return await work

    def terminate(self, number: int, _frame: FrameType | None) -> None:
        self.number = number
        if self._task is not None:
            # Python's handler may run within anything that the loop is doing.
            self._loop.call_soon_threadsafe(self._task.cancel)


@contextmanager
def _termination_cancels(loop: asyncio.AbstractEventLoop) -> Iterator[_Terminable]:
    terminable = _Terminable(loop)
    if threading.current_thread() is not threading.main_thread():
        yield terminable
        return
    before = signal.signal(signal.SIGTERM, terminable.terminate)
    try:
        yield terminable
    except asyncio.CancelledError:
        if not terminable.number:
            raise
    finally:
        signal.signal(signal.SIGTERM, before)
    if terminable.number:
        raise SystemExit(128 + terminable.number)
