"""Plugins that come to a manager and leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentcore.errors import PluginValidationError

if TYPE_CHECKING:
    from agentcore._plugins.manager import PluginManager

__all__ = ["enter", "expel", "join", "leave"]


def join(manager: PluginManager, plugin: object, name: str) -> None:
    """Register a plugin.

    Raises:
        PluginValidationError: It does not fit the hooks, or the name is taken.
    """
    hooks = manager._registry.register(plugin, name, annotations=manager.settings.strict)
    try:
        for hook in hooks:
            manager.implementations(hook)
    except PluginValidationError:
        manager._registry.unregister(name)
        raise
    manager._roster.registered(name, hooks)
    manager._lifecycle.entered(name)
    manager._outdate()


def enter(manager: PluginManager, plugin: object, name: str) -> None:
    """Register a plugin that was discovered: what it raises is its failure."""
    try:
        with manager._lock:
            join(manager, plugin, name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        manager._roster.failed(name, "validation", error)


def expel(manager: PluginManager, name: str, error: BaseException) -> None:
    """Take out a plugin that could not be started up, and list it as failed."""
    with manager._lock:
        if name in manager._registry.plugins:
            manager._registry.unregister(name)
            manager._roster.failed(name, "setup", error, announced=True)
            leave(manager, name)


def leave(manager: PluginManager, name: str) -> None:
    """Forget what was kept of a plugin that is not registered any more."""
    manager._lifecycle.left(name)
    manager.delivering.leave(name)
    manager.drop_middleware(name)
