"""Ending in order: what SIGINT and SIGTERM interrupt, and what is done all the same."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from types import FrameType
from typing import Any, TypeAlias, TypeVar

from agentcore._cli.failures import INTERRUPTED, FailureError
from agentcore._plugins import PluginManager

__all__ = ["TerminatedError", "run_to_end", "terminable", "until_interrupted"]

T = TypeVar("T")

_Handler: TypeAlias = Callable[[int, FrameType | None], None]


class TerminatedError(SystemExit):
    """SIGTERM came.  Its code is 128 and the number of the signal, as shells have it."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)


@contextmanager
def _handled(handler: _Handler) -> Generator[None, None, None]:
    """Have *handler* called on SIGTERM; only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def terminable() -> Generator[None, None, None]:
    """Let SIGTERM end the process with what ``finally`` and ``atexit`` have to do.

    Raises:
        TerminatedError: SIGTERM came.
    """

    def terminate(number: int, _frame: FrameType | None) -> None:
        raise TerminatedError(number)

    with _handled(terminate):
        yield


def until_interrupted(work: Callable[[], object]) -> int:
    """Do what goes on until Ctrl-C, which ends it as it should be ended; returns the exit code."""
    try:
        work()
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def run_to_end(work: Coroutine[Any, Any, T], managers: Sequence[PluginManager]) -> T:
    """Run *work* on a loop of its own, then shut the plugins of *managers* down; what any of it prints goes to stderr.

    SIGINT and SIGTERM cancel *work*; the plugins are shut down all the same, with what their lanes can still deliver,
    unless a second SIGINT comes.

    Raises:
        KeyboardInterrupt: SIGINT came.
        TerminatedError: SIGTERM came, if only while the plugins were being shut down.
        FailureError: *work* was cancelled by nobody else than itself, or tried to end the process.
    """
    with redirect_stdout(sys.stderr), asyncio.Runner() as runner:
        running = _Running(runner.get_loop())
        with _handled(running.terminate):
            try:
                result = runner.run(running.do(work))
            except asyncio.CancelledError as error:
                if running.number:
                    raise TerminatedError(running.number) from None
                raise FailureError("the run was cancelled by its own code") from error
            except SystemExit as error:
                running.settle(runner)
                raise FailureError(f"the run tried to end the program (SystemExit: {error})") from error
            finally:
                running.over()
                for manager in managers:
                    runner.run(manager.aclose())
        if running.number:
            raise TerminatedError(running.number)
        return result


class _Running:
    """Work in a task that SIGTERM cancels."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._task: asyncio.Task[Any] | None = None
        self.number = 0
        """Of the signal that came; 0 while none has."""

    async def do(self, work: Coroutine[Any, Any, T]) -> T:
        self._task = asyncio.current_task()
        if self.number:
            # The signal came before there was anything to cancel.
            work.close()
            raise asyncio.CancelledError
        return await work

    def settle(self, runner: asyncio.Runner) -> None:
        """Let the task end that waited for what tried to end the process: it does so, too, and through the loop."""
        task = self._task
        if task is not None and not task.done():
            task.cancel()
            with suppress(SystemExit):
                runner.run(_ended(task))

    def over(self) -> None:
        """Nothing is cancelled any more."""
        self._task = None

    def terminate(self, number: int, _frame: FrameType | None) -> None:
        self.number = number
        # Python's handler may run within anything that the loop is doing.
        self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()


async def _ended(task: asyncio.Task[Any]) -> None:
    await asyncio.wait([task])
