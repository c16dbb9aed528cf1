"""Failures of plugins: booked, logged, and told to ``plugin_error``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from agentcore._context import ExecutionContext
from agentcore._plugins.screening import SCREEN, screened_error

if TYPE_CHECKING:
    from agentcore._plugins.manager import PluginManager

__all__ = ["announce_failures", "report"]

logger = logging.getLogger("agentcore.plugins")


async def announce_failures(manager: PluginManager) -> None:
    """Tell of the plugins that could not be loaded, each once."""
    for status in manager._roster.unannounced():
        stage = status.stage or "import"
        error = await screened_error(manager, None, status.name, stage, status.error or Exception())
        logger.warning("plugin %r failed at %s: %s: %s", status.name, stage, type(error).__name__, error)
        await manager.hook.plugin_error(context=None, plugin=status.name, hook=stage, error=error)


async def report(
    manager: PluginManager, context: ExecutionContext | None, plugin: str, hook: str, error: BaseException
) -> BaseException:
    """Tell of a failure in a call of *manager*'s hooks; the plugin may be registered with one around it.

    Returns:
        What may be kept of the error.
    """
    error = await screened_error(manager, context, plugin, hook, error)
    owner = manager.owner(plugin)
    if hook == "agentcore_startup":
        owner._lifecycle.failed(plugin, error)
        hook = "setup"
    # The first of a kind is told in full; a plugin that fails at every event must not fill the log.
    first = owner._roster.stumbled(plugin, hook, error)
    if first and manager.root.failure_log is not None:
        manager.root.failure_log.note(plugin, hook, error)
    level = logging.WARNING if first else logging.DEBUG
    logger.log(level, "plugin %r failed in %r: %s: %s", plugin, hook, type(error).__name__, error)
    if hook not in ("plugin_error", SCREEN):
        await manager.hook.plugin_error(context=context, plugin=plugin, hook=hook, error=error)
    return error
