"""Threads for implementations that block.

Each plugin has threads of its own, so that one that hangs keeps no other waiting, and they are daemons, so that it
does not keep the interpreter from exiting; neither is to be had from :mod:`concurrent.futures`.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Final, NamedTuple

__all__ = ["MAX_THREADS", "run_in_thread"]

MAX_THREADS: Final = 8
"""Of one plugin; further calls wait for a free one."""

_IDLE_SECONDS: Final = 30.0


class _Job(NamedTuple):
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    work: Callable[[], Any]


class _Threads:
    """The threads of one plugin."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0
        self._pending = 0

    def submit(self, job: _Job) -> None:
        with self._lock:
            self._pending += 1
            more = self._pending > self._idle and self._threads < MAX_THREADS
            self._threads += more
        self._jobs.put(job)
        if more:
            self._start()

    def _start(self) -> None:
        try:
            threading.Thread(
                target=self._work, args=(_IDLE_SECONDS,), name=f"agentcore-{self._name}", daemon=True
            ).start()
        except RuntimeError:
            # The interpreter is exiting, or there are too many threads: the work is done here rather than not at all.
            self._work(0.0)

    def _work(self, idle_seconds: float) -> None:
        while (job := self._next(idle_seconds)) is not None:
            _run(job)
            # What the job holds must not live until the next one comes.
            del job

    def _next(self, idle_seconds: float) -> _Job | None:
        with self._lock:
            self._idle += 1
        try:
            job = self._jobs.get(timeout=idle_seconds)
        except Empty:
            job = None
        with self._lock:
            self._idle -= 1
            if job is None and self._pending:
                # It came between the time-out and the lock.
                job = self._jobs.get()
            if job is None:
                self._threads -= 1
            else:
                self._pending -= 1
        return job


def _run(job: _Job) -> None:
    if job.future.cancelled():
        return
    try:
        finish = partial(_set_result, job.future, job.work())
    except BaseException as error:
        finish = partial(_set_error, job.future, error)
    try:
        job.loop.call_soon_threadsafe(finish)
    except RuntimeError:
        # The loop was closed while the work was going on: nobody waits for it any more.
        return


def _set_result(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _set_error(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(_portable(error))


def _portable(error: BaseException) -> Exception:
    """A future refuses StopIteration, and SystemExit in one would end the loop."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return RuntimeError(f"{type(error).__name__}: {error}")


_threads: dict[str, _Threads] = {}

if hasattr(os, "register_at_fork"):
    # A forked process has none of the threads.
    os.register_at_fork(after_in_child=_threads.clear)


async def run_in_thread(plugin: str, function: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Any:
    """Run *function* on a thread of *plugin*'s and wait for it.

    When the waiting is cancelled the thread goes on to the end of the function; its result is dropped.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()
    work = partial(context.run, function, *arguments, **keywords)
    _threads.setdefault(plugin, _Threads(plugin)).submit(_Job(loop, future, work))
    return await future
