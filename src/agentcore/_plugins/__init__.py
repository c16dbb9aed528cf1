"""Plugins: finding, loading, ordering and calling them."""

from agentcore._plugins.discovery import Installed, installed_plugins
from agentcore._plugins.failure_log import FailureLog, LoggedFailure
from agentcore._plugins.hooks import SPECIFICATIONS, Hooks
from agentcore._plugins.manager import PluginManager
from agentcore._plugins.ordering import Place
from agentcore._plugins.specification import HookKind, HookSpecification
from agentcore._plugins.status import PluginStatus, Stage, StatusName
from agentcore._plugins.watchdog import watch

__all__ = [
    "SPECIFICATIONS",
    "FailureLog",
    "HookKind",
    "HookSpecification",
    "Hooks",
    "Installed",
    "LoggedFailure",
    "Place",
    "PluginManager",
    "PluginStatus",
    "Stage",
    "StatusName",
    "installed_plugins",
    "watch",
]
