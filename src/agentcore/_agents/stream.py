"""Runs whose answer is read while it is being written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from agentcore._agents.result import RunResult
from agentcore._context import ExecutionContext
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
        self._queue: asyncio.Queue[ModelDelta | None] = asyncio.Queue(_PENDING)
        self._task: asyncio.Task[RunResult[T]] | None = None
        self._ended = False

    async def __aenter__(self) -> RunStream[T]:
        context = self._agent.context_for(self._options.pop("context", None))
        context._on_delta = self._queue.put
        self._task = asyncio.create_task(self._run(context), name=f"agentcore stream {self._agent.name}")
        return self

    async def _run(self, context: ExecutionContext) -> RunResult[T]:
        try:
            return await self._agent.run(self._input, context=context, **self._options)
        finally:
            await self._queue.put(None)

    def __aiter__(self) -> AsyncIterator[ModelDelta]:
        return self

    async def __anext__(self) -> ModelDelta:
        if self._task is None:
            raise RuntimeError("the stream has not begun\nhint: read it inside 'async with agent.run_stream(...)'.")
        delta = None if self._ended else await self._queue.get()
        if delta is not None:
            return delta
        self._ended = True
        # What the run raised is raised where its answer is read.
        await self._task
        raise StopAsyncIteration

    @property
    def result(self) -> RunResult[T]:
        """The run's result, once every piece has been read.

        Raises:
            RuntimeError: The run has not ended.
        """
        if self._task is None or not self._task.done():
            raise RuntimeError("the run has not ended\nhint: read the stream to its end first.")
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
