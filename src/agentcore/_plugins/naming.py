"""What a plugin is called where nobody gives it a name."""

from __future__ import annotations

from types import ModuleType

from agentcore._provider import Provider

__all__ = ["canonical_name"]


def canonical_name(plugin: object) -> str:
    """Return the provider's own name, the module's, the function's, or that of the class."""
    if isinstance(plugin, Provider):
        return plugin.name or type(plugin).__name__.lower()
    if isinstance(plugin, (ModuleType, type)) or callable(plugin):
        return str(getattr(plugin, "__name__", type(plugin).__name__.lower()))
    name = getattr(plugin, "name", None)
    return name if isinstance(name, str) and name else type(plugin).__name__.lower()
