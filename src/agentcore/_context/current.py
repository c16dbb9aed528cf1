"""The context of the code that is running."""

from __future__ import annotations

from contextvars import ContextVar, Token
from types import TracebackType
from typing import Final

from agentcore._context.execution import ExecutionContext

__all__ = ["current_context", "get_current", "reset_current", "set_current", "use_context"]

_current: Final[ContextVar[ExecutionContext | None]] = ContextVar("agentcore_context", default=None)
"""Set by each run; tasks and ``asyncio.to_thread`` inherit it."""

# Bound once: looking a method up on the variable of another module takes as long as the call (benchmarks/context.py).
get_current: Final = _current.get
set_current: Final = _current.set
reset_current: Final = _current.reset


def current_context() -> ExecutionContext | None:
    """Return the context of the run that this code is part of; None outside of runs."""
    return get_current()


class use_context:  # noqa: N801 - reads as a statement: with use_context(context):
    """Make *context* the current one for a block.

    Example:
        >>> with use_context(ExecutionContext("triage")) as context:
        ...     assert current_context() is context
    """

    __slots__ = ("_context", "_token")

    _token: Token[ExecutionContext | None]

    def __init__(self, context: ExecutionContext) -> None:
        self._context = context

    def __enter__(self) -> ExecutionContext:
        self._token = set_current(self._context)
        return self._context

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        reset_current(self._token)
