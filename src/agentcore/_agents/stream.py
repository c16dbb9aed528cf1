"""Runs whose answer is read while it is being written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from agentcore._agents.result import RunResult
from agentcore._context.details import details_of
from agentcore.errors import RunCancelledError
from agentcore.types import ModelDelta

if TYPE_CHECKING:
    from agentcore._agents.base import BaseAgent

__all__ = ["RunStream"]

T = TypeVar("T")

_PENDING = 64
"""Pieces that may wait to be read; then the model waits."""


class RunStream(Generic[T]):
    """One run, as the pieces of its model's answers and the result.

    The run goes on in a task of its own, so that leaving the block early cancels it, and its context never leaks into
    the reader's.
    """

    def __init__(self, agent: BaseAgent[T], input: Any, options: Mapping[str, Any]) -> None:
        self._agent = agent
        self._input = input
        self._options = dict(options)
        # Bounded by the room, not by itself: the end must fit in whenever it comes.
        self._pieces: asyncio.Queue[ModelDelta | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(_PENDING)
        self._task: asyncio.Task[RunResult[T]] | None = None

    async def __aenter__(self) -> RunStream[T]:
        if self._task is not None:
            raise RuntimeError("the stream has begun already\nhint: call run_stream() for each run.")
        context = self._agent.context_for(self._options.pop("context", None))
        details_of(context).on_delta = self._put
        run = self._agent.run(self._input, context=context, **self._options)
        self._task = asyncio.create_task(run, name=f"agentcore stream {self._agent.name}")
        self._task.add_done_callback(self._end)
        return self

    async def _put(self, delta: ModelDelta) -> None:
        await self._room.acquire()
        self._pieces.put_nowait(delta)

    def _end(self, _: object = None) -> None:
        self._pieces.put_nowait(None)

    def __aiter__(self) -> AsyncIterator[ModelDelta]:
        return self

    async def __anext__(self) -> ModelDelta:
        if self._task is None:
            raise RuntimeError("the stream has not begun\nhint: read it inside 'async with agent.run_stream(...)'.")
        delta = await self._pieces.get()
        if delta is not None:
            self._room.release()
            return delta
        # Whoever else reads comes to the end, too.
        self._end()
        # What the run raised is raised where its answer is read.
        _ = self.result
        raise StopAsyncIteration

    @property
    def result(self) -> RunResult[T]:
        """The run's result, once every piece has been read.

        Raises:
            RuntimeError: The run has not ended.
            RunCancelledError: The block was left before the run ended.
        """
        if self._task is None or not self._task.done():
            raise RuntimeError("the run has not ended\nhint: read the stream to its end first.")
        if self._task.cancelled():
            raise RunCancelledError(
                f"the run of agent {self._agent.name!r} was cancelled: its stream was left",
                hint="read the stream to its end first.",
            )
        return self._task.result()

    async def __aexit__(self, *exception: object) -> None:
        task = self._task
        if task is None:
            return
        if not task.done():
            task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            # Marks it as seen: a reader that leaves early does not want the run's error.
            task.exception()
