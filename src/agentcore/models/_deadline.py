"""The time that one model call may take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from agentcore.errors import ModelError, ModelTimeoutError

__all__ = ["within"]


@asynccontextmanager
async def within(seconds: float | None, late: Callable[[float], ModelTimeoutError]) -> AsyncGenerator[None, None]:
    """Cancel what runs inside after *seconds*, and raise what *late* makes of them; None waits for ever.

    Another :exc:`TimeoutError` that comes from inside, as of a handler, goes through.
    """
    scope = asyncio.timeout(seconds)
    try:
        async with scope:
            yield
    except TimeoutError as error:
        if seconds is None or not scope.expired() or isinstance(error, ModelError):
            raise
        raise late(seconds) from error
