"""The plugins that take part when the command line runs an agent."""

from __future__ import annotations

from typing import Any

from agentcore._agents import BaseAgent
from agentcore._plugins import PluginManager

__all__ = ["managers_of", "serving"]


def serving(agent: BaseAgent[Any]) -> PluginManager:
    """Return the manager of a run: the agent's own or the process's, with the agent's providers.

    Raises:
        PluginNotFoundError: The agent enables or disables a plugin that is not there.
        PluginLoadError: One that it enables cannot be loaded.
    """
    base = agent._base(None, None)
    return agent._scoped(base) if agent._has_own else base


def managers_of(agent: BaseAgent[Any], plugins: PluginManager) -> list[PluginManager]:
    """Return the managers to shut down after a run: *plugins*, and the agent's own where it brings one."""
    own = serving(agent)._root
    return [plugins] if own is plugins else [own, plugins]
