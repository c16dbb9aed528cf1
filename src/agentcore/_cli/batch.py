"""Many runs, a few at once, and a record of each in the order of the input."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, TypeAlias, cast

from agentcore._agents import BaseAgent
from agentcore._cli.inputs import parse_json
from agentcore._cli.records import Attempt, described, no_figures
from agentcore.errors import InputError, RunCancelledError

__all__ = ["Batch", "Record"]

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
        self._room = asyncio.Semaphore(concurrency * _AHEAD)
        self._begun: asyncio.Queue[asyncio.Task[Record] | None] = asyncio.Queue()
        self._current: asyncio.Task[Record] | None = None
        self.done = 0
        """Records written."""
        self.failed = 0
        """Those of runs that did not end well."""
        self.line = 0
        """The number of the last line that has its record; 0 before the first."""

    async def run(self, lines: AsyncIterator[tuple[int, bytes]]) -> None:
        """Run to the end of *lines*.

        When it is cancelled, the runs that go on are, and every line that was begun still has its record.

        Raises:
            OSError: The lines cannot be read any further; those that were read have been run.
        """
        feeding = asyncio.create_task(self._feed(lines), name="agentcore batch")
        try:
            while (task := await self._begun.get()) is not None:
                self._current = task
                await asyncio.wait([task])
                self._current = None
                self._settle(task)
            await feeding
        except asyncio.CancelledError:
            for task in await self._stopped(feeding):
                self._settle(task)
            raise
        except BaseException:
            await self._stopped(feeding)
            raise

    async def _feed(self, lines: AsyncIterator[tuple[int, bytes]]) -> None:
        try:
            async for number, line in lines:
                await self._room.acquire()
                await self._slots.acquire()
                task = asyncio.create_task(self._one(number, line))
                task.add_done_callback(lambda _task: self._slots.release())
                self._begun.put_nowait(task)
        finally:
            self._begun.put_nowait(None)

    def _settle(self, task: asyncio.Task[Record]) -> None:
        self._room.release()
        record = task.result()
        self.done += 1
        self.line = record["line"]
        self.failed += record["outcome"] != "ok"
        self._write(record)

    async def _stopped(self, feeding: asyncio.Task[None]) -> Sequence[asyncio.Task[Record]]:
        """Cancel what goes on; returns the runs without a record, in the order of their lines, when they have ended."""
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        left = [] if self._current is None else [self._current]
        while not self._begun.empty():
            task = self._begun.get_nowait()
            left += [] if task is None else [task]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        return left

    async def _one(self, number: int, line: bytes) -> Record:
        try:
            fields = _fields(line, number)
        except InputError as error:
            text = line.decode("utf-8", "replace").strip()[:_LONGEST]
            return {"line": number, "input": text, "outcome": "error", "error": described(error), **no_figures()}
        attempt = Attempt(self._agent, fields, timeout=self._timeout)
        try:
            result = await self._agent.run(fields, context=attempt.context)
            return {"line": number, **attempt.succeeded(result)}
        except asyncio.CancelledError:
            return {"line": number, **attempt.failed(RunCancelledError("the batch was interrupted"))}
        except (Exception, SystemExit) as error:  # whatever ends one run, the rest goes on
            return {"line": number, **attempt.failed(error)}


def _fields(line: bytes, number: int) -> dict[str, Any]:
    hint = 'each line is one JSON object with the fields of one input, as {"text": "…"}.'
    try:
        # Some editors put a byte order mark in front of a file.
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"line {number} is not UTF-8 text", hint="save the file in the encoding UTF-8.") from error
    fields = parse_json(text, what=f"line {number}", hint=hint)
    if not isinstance(fields, dict):
        raise InputError(f"line {number} is not a JSON object", hint=hint)
    return cast("dict[str, Any]", fields)
