"""Many runs, a few at once, and a record of each in the order of the input."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, TypeAlias

from pydantic_core import from_json

from agentcore._agents import BaseAgent
from agentcore._cli.records import Attempt

__all__ = ["Batch"]

_AHEAD: Final = 16
"""For each run that goes on at once, how many records may wait for an earlier one."""
_LONGEST: Final = 1000
"""Characters of a line that cannot be read which its record repeats."""

Record: TypeAlias = dict[str, Any]


class Batch:
    """Runs *agent* once for each line.

    Holds a bounded number of lines and records, however many there are.

    Args:
        agent: What is to run.
        write: Takes each record, in the order of the lines.
        concurrency: How many runs go on at once.
        timeout: Seconds that each run has; None sets no limit of its own.
    """

    def __init__(
        self, agent: BaseAgent[Any], write: Callable[[Record], None], *, concurrency: int, timeout: float | None
    ) -> None:
        self._agent = agent
        self._write = write
        self._timeout = timeout
        self._slots = asyncio.Semaphore(concurrency)
        self._begun: asyncio.Queue[asyncio.Task[Record] | None] = asyncio.Queue(concurrency * _AHEAD)
        self._current: asyncio.Task[Record] | None = None
        self.done = 0
        """Records written."""
        self.failed = 0
        """Those of runs that did not end well."""

    async def run(self, lines: AsyncIterator[tuple[int, bytes]]) -> None:
        """Run to the end of *lines*.

        When it is cancelled, the runs that go on are, and every line that was begun still has its record.
        """
        feeding = asyncio.create_task(self._feed(lines), name="agentcore batch")
        try:
            while (task := await self._begun.get()) is not None:
                self._current = task
                await asyncio.wait([task])
                self._settle(task)
            await feeding
        except asyncio.CancelledError:
            await self._stop(feeding)
            for task in self._left():
                self._settle(task)
            raise
        except BaseException:
            await self._stop(feeding)
            raise

    async def _feed(self, lines: AsyncIterator[tuple[int, bytes]]) -> None:
        try:
            async for number, line in lines:
                await self._slots.acquire()
                task = asyncio.create_task(self._one(number, line))
                task.add_done_callback(lambda _task: self._slots.release())
                await self._begun.put(task)
        finally:
            # Whatever ended it is raised where it is awaited; the queue is only told that no more comes.
            self._end_queue()

    def _end_queue(self) -> None:
        ...
