"""Threads with an event loop of their own."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

__all__ = ["LoopThread"]

T = TypeVar("T")


class LoopThread:
    """A daemon thread that runs an event loop, from :meth:`start` until :meth:`stop`.

    A daemon, so that what hangs on it does not keep the interpreter from exiting.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._starting = threading.Lock()
        _threads.add(self)

    @property
    def running(self) -> bool:
        """Whether it can be used; in a forked child it is not until it has been started there."""
        return self._loop is not None and self._pid == os.getpid()

    def start(self) -> None:
        """Start it, where it does not run; waits until its loop runs."""
        with self._starting:
            if not self.running:
                self._start()

    def _start(self) -> None:
        loop = asyncio.new_event_loop()
        ready = threading.Event()
        loop.call_soon(ready.set)
        thread = threading.Thread(target=_run, args=(loop,), name=self._name, daemon=True)
        thread.start()
        ready.wait()
        self._loop, self._thread, self._pid = loop, thread, os.getpid()

    def soon(self, callback: Callable[[], object]) -> None:
        """Have *callback* called on the loop; nothing happens where that has ended."""
        loop = self._loop
        if loop is not None and self.running:
            try:
                loop.call_soon_threadsafe(callback)
            except RuntimeError:
                # It was closed just now.
                return

    def spawn(self, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Have *work* run on the loop, without waiting for it."""
        self.soon(lambda: _keep(asyncio.get_running_loop().create_task(work())))

    async def call(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run *work* on the loop and wait for it; when the waiting is cancelled, so is the work.

        Raises:
            RuntimeError: The loop has ended.
        """
        loop = self._loop
        if loop is None:
            raise RuntimeError(f"the thread {self._name!r} is not running")
        if loop is asyncio.get_running_loop():
            return await work()
        coroutine = work()
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        except RuntimeError:
            coroutine.close()
            raise
        return await asyncio.wrap_future(future)

    def wait(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run *work* on the loop and block until it is done; not to be used on the loop itself."""
        loop = self._loop
        if loop is None:
            raise RuntimeError(f"the thread {self._name!r} is not running")
        return asyncio.run_coroutine_threadsafe(work(), loop).result()

    def stop(self, timeout: float) -> bool:
        """End the loop and wait for its thread; False where something on it does not end in *timeout* seconds."""
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is None or thread is None or self._pid != os.getpid():
            return True
        loop.call_soon_threadsafe(loop.stop)
        # The garbage collector may end a thread from the thread itself.
        if thread is not threading.current_thread():
            thread.join(timeout)
        return not thread.is_alive()


_threads: Final[weakref.WeakSet[LoopThread]] = weakref.WeakSet()


def _begin_in_child() -> None:
    for each in list(_threads):
        # The loop's pipe is the parent's, too: it must not even be closed.
        each._starting = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)


_kept: set[asyncio.Task[object]] = set()
"""Tasks that nobody waits for: a loop holds them weakly."""


def _keep(task: asyncio.Task[object]) -> None:
    _kept.add(task)
    task.add_done_callback(_kept.discard)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        _finish(loop)


def _finish(loop: asyncio.AbstractEventLoop) -> None:
    """End what still runs, as ``asyncio.run`` does."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(_ended(tasks))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


async def _ended(tasks: set[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
