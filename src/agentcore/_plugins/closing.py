"""Shutting a manager down."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentcore._plugins.manager import PluginManager

__all__ = ["close"]

logger = logging.getLogger("agentcore.plugins")


async def close(manager: PluginManager, timeout: float) -> None:
    """Deliver what can be within *timeout* seconds, then shut the plugins down; scopes come first."""
    with manager._lock:
        scopes = list(manager._scopes)
    for scope in scopes:
        await close(scope, timeout)
    await manager.delivering.drain(timeout)
    await manager._lifecycle.shutdown()
    await manager.delivering.aclose()
    while manager._closing:
        try:
            await manager._closing.pop(0)()
        except Exception as error:
            logger.warning("closing failed: %s: %s", type(error).__name__, error)
    with manager._lock:
        manager._outdate()
