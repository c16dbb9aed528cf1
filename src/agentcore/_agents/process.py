"""The plugin manager of the process: what is installed and configured, for every agent that is told nothing else."""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from agentcore._plugins import FailureLog, PluginManager

if TYPE_CHECKING:
    from agentcore._config import Settings
    from agentcore.models import ModelConfig

__all__ = ["aclose", "get_plugin_manager", "new_plugin_manager", "set_plugin_manager", "state_dir"]

logger = logging.getLogger("agentcore")

_lock = threading.RLock()
_manager: PluginManager | None = None


def new_plugin_manager(settings: Settings | None = None) -> PluginManager:
    """Make a manager with the built-in models and the installed plugins.

    Args:
        settings: None reads the configuration that holds for the current folder.

    Returns:
        The manager; plugins that could not be loaded are in its ``statuses()``, and whether an agent may run without
        them its ``check_loaded()`` says.
    """
    # Here and below: importing agentcore makes no manager, and stays light.
    from agentcore._config import load_settings
    from agentcore.models import BuiltinModels

    manager = PluginManager(load_settings() if settings is None else settings)
    manager.failure_log = FailureLog(manager.settings.state_dir)
    manager.register(BuiltinModels(_configured_models(manager.settings)), "agentcore.models")
    manager.load()
    return manager


def _configured_models(settings: Settings) -> dict[str, ModelConfig]:
    from agentcore._config import validate_table
    from agentcore.models import ModelConfig

    return {
        name: validate_table(
            ModelConfig, table, path=settings.config_path, keys=("models", name), subject=f"model {name!r}"
        )
        for name, table in settings.models.items()
    }


def get_plugin_manager() -> PluginManager:
    """Return the process's manager, made at the first call.

    What is required and not installed the program may register until the first run begins.

    Raises:
        PluginLoadError: A required plugin was found and cannot be loaded.
        ConfigError: The configuration cannot be used.
    """
    with _lock:
        if _manager is not None:
            return _manager
        manager = new_plugin_manager()
        manager.check_loaded()
        set_plugin_manager(manager)
        return manager


def set_plugin_manager(manager: PluginManager | None) -> None:
    """Make *manager* the process's; None has a new one made at the next use.  The one before is not closed."""
    global _manager
    with _lock:
        _manager = manager
        if manager is not None:
            # Once, however often the manager is changed.
            atexit.unregister(_close_at_exit)
            atexit.register(_close_at_exit)


async def aclose() -> None:
    """Shut the process's plugins down; without it they are shut down when the interpreter exits."""
    if _manager is not None:
        await _manager.aclose()


def state_dir() -> Path:
    """Return the folder for what plugins keep, made where it is missing: that of the process's manager where there is
    one, else what the configuration says."""
    if _manager is not None:
        return _manager.state_dir
    from agentcore._config import ensure_state_dir, load_settings

    return ensure_state_dir(load_settings().state_dir)


def _close_at_exit() -> None:
    if _manager is not None:
        try:
            asyncio.run(_manager.aclose())
        except Exception as error:
            logger.warning("shutting down the plugins failed: %s: %s", type(error).__name__, error)
