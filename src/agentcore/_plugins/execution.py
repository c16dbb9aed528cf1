"""How one implementation is executed where calling it is not enough."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from agentcore._plugins.threads import run_in_thread
from agentcore.errors import HookTimeoutError

__all__ = ["in_thread", "limited", "settle"]


async def settle(result: Any) -> Any:
    """Await *result* where it is awaitable."""
    return await result if hasattr(result, "__await__") else result


async def limited(result: Any, timeout: float, plugin: str, hook: str) -> Any:
    """Await *result* for at most *timeout* seconds.

    Raises:
        HookTimeoutError: It took longer.  A TimeoutError of the implementation's own passes as it is.
    """
    if not hasattr(result, "__await__"):
        return result
    limit = asyncio.timeout(None if timeout == float("inf") else timeout)
    try:
        async with limit:
            return await result
    except TimeoutError:
        if limit.expired():
            raise HookTimeoutError(plugin=plugin, hook=hook, timeout=timeout) from None
        raise


async def in_thread(plugin: str, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Run *function* on one of the plugin's threads, with the context variables copied."""
    return await settle(await run_in_thread(plugin, function, *arguments, **keywords))
