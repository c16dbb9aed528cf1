"""``AGENTCORE_TRACE``: every execution of an implementation is told on stderr.

Where it is asked for, calls are compiled of functions that tell what they do; else this is not even imported.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import suppress
from contextvars import ContextVar
from time import perf_counter
from typing import Any, Final

import attrs

from agentcore._context import ExecutionContext
from agentcore._context.current import current_context
from agentcore._plugins.implementation import Implementation
from agentcore._plugins.summaries import Summarize, one_line
from agentcore.errors import Deny

__all__ = ["traced"]

_ID: Final = 8
"""Characters of a run's id that are shown, as commands show them."""


def traced(
    implementation: Implementation, everybody: Sequence[Implementation], *, lane: str, summarize: Summarize
) -> Implementation:
    """Return *implementation*, telling of each of its executions.

    Args:
        implementation: It.
        everybody: The hook's implementations, in their order.
        lane: The delivery for which it is executed; empty where the agent waits for it.
        summarize: Says what a result is.
    """
    number = next((n for n, each in enumerate(everybody, 1) if _same(each, implementation)), 0)
    by = f"{implementation.hook} {number}/{len(everybody)} {implementation.plugin}"
    telling = _Telling(implementation, f"{by} ({lane})" if lane else by, summarize)
    function = telling.around if implementation.wrapper else telling.call
    return attrs.evolve(implementation, function=function)


def _same(one: Implementation, other: Implementation) -> bool:
    return one.plugin == other.plugin and one.function == other.function


class _Telling:
    """The executions of one implementation."""

    def __init__(self, implementation: Implementation, by: str, summarize: Summarize) -> None:
        self._implementation = implementation
        self._by = by
        self._function: Callable[..., Any] = implementation.function
        self._summarize = summarize

    def call(self, *args: Any, **keywords: Any) -> Any:
        """Execute it; what it returns may have to be awaited."""
        execution = self._begin(args, keywords)
        try:
            result = self._function(*args, **keywords)
        except BaseException as error:
            execution.end(self._failure(error))
            raise
        if hasattr(result, "__await__"):
            execution.leave()
            return self._awaited(execution, result)
        execution.end(self._summarize(result))
        return result

    async def _awaited(self, execution: _Execution, result: Awaitable[Any]) -> Any:
        execution.enter()
        try:
            returned = await result
        except BaseException as error:
            execution.end(self._failure(error))
            raise
        execution.end(self._summarize(returned))
        return returned

    def around(self, *args: Any, **keywords: Any) -> Generator[None, Any, Any]:
        """Execute it as a wrapper: what is inside runs while it is suspended."""
        execution = self._begin(args, keywords)
        try:
            generator: Generator[None, Any, Any] = self._function(*args, **keywords)
            result = yield from generator
        except BaseException as error:
            execution.end(self._failure(error))
            raise
        execution.end(self._summarize(result))
        return result

    def _begin(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> _Execution:
        execution = _Execution(_who(self._context(args, keywords)), self._by)
        execution.enter()
        return execution

    def _context(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> object:
        given: dict[str, Any] = dict(zip(self._implementation.positional, args, strict=False)) | keywords
        if self._implementation.mode == "handler":
            given = args[1]
        return given["context"] if "context" in given else current_context()

    def _failure(self, error: BaseException) -> str:
        if isinstance(error, (asyncio.CancelledError, GeneratorExit)):
            return "is cancelled"
        if isinstance(error, Deny):
            return f"denies{self._summarize.said(error)}"
        return f"raises {type(error).__name__}{self._summarize.said(error)}"


class _Execution:
    """One execution, which is told when it ends; its beginning as well, where something is told in between."""

    def __init__(self, who: str, by: str) -> None:
        self._who = who
        self._by = by
        self._began = perf_counter()
        self._outer = _outer()
        self._is_open = False
        self.has_ended = False

    @property
    def _depth(self) -> int:
        return 0 if self._outer is None else self._outer._depth + 1

    def enter(self) -> None:
        """What is executed from now on is within it."""
        _current.set(self)

    def leave(self) -> None:
        """What is executed from now on is not."""
        _current.set(self._outer)

    def end(self, result: str) -> None:
        """Tell how it ended."""
        duration = perf_counter() - self._began
        self.leave()
        self.has_ended = True
        self._tell(f"  {duration * 1000:.2f} ms  {result}")

    def _tell(self, what: str) -> None:
        if self._outer is not None:
            self._outer._open()
        _print(f"trace: {self._who}  {'  ' * self._depth}{self._by}{what}")

    def _open(self) -> None:
        if not (self._is_open or self.has_ended):
            self._is_open = True
            self._tell(" …")


_current: Final[ContextVar[_Execution | None]] = ContextVar("agentcore_traced", default=None)
"""The execution that this code is part of."""


def _outer() -> _Execution | None:
    outer = _current.get()
    # A task that an execution began goes on when that has ended.
    while outer is not None and outer.has_ended:
        outer = outer._outer
    return outer


def _who(context: object) -> str:
    return f"{context.agent_id} {context.context_id[:_ID]}" if isinstance(context, ExecutionContext) else "-"


def _print(line: str) -> None:
    # That nobody reads it must not become the plugin's failure.
    with suppress(OSError, ValueError):
        if sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison] - there is none under pythonw
            print(one_line(line), file=sys.stderr, flush=True)
