"""Managers for an agent or a run: the plugins of another one, without some, and with more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from agentcore._plugins.membership import join

if TYPE_CHECKING:
    from agentcore._middleware import ProviderMiddleware
    from agentcore._plugins.implementation import Implementation
    from agentcore._plugins.manager import PluginManager

__all__ = ["all_middleware", "family", "fill", "found", "named"]


def fill(scope: PluginManager, *, providers: Iterable[object], enabled: Iterable[str]) -> None:
    """Register what takes part in *scope* alone; see :meth:`PluginManager.scope`."""
    for name in enabled:
        if scope.get_plugin(name) is None:
            loaded = scope._roster.load_one(name)
            join(scope, loaded.plugin, loaded.name)
    for provider in providers:
        # One that takes part already must not do so twice.
        if all(each is not provider for each in _taking_part(scope).values()):
            scope.register(provider)


def _taking_part(manager: PluginManager) -> dict[str, object]:
    inherited = _taking_part(manager.parent) if manager.parent else {}
    visible = {name: each for name, each in inherited.items() if name not in manager._hidden}
    return visible | manager._registry.plugins


def named(manager: PluginManager, names: Iterable[str]) -> Iterator[str]:
    """Yield *names*.

    Raises:
        PluginNotFoundError: No plugin has one of them.
    """
    for name in names:
        if manager.get_plugin(name) is None and not manager._roster.knows(name):
            raise manager._roster.unknown(name)
        yield name


def found(manager: PluginManager, hook: str) -> list[Implementation]:
    """Return the implementations of a hook, in the order in which they were registered; those around come first."""
    inherited = found(manager.parent, hook) if manager.parent else []
    visible = [each for each in inherited if each.plugin not in manager._hidden]
    return visible + manager._registry.implementations(hook)


def all_middleware(manager: PluginManager) -> Iterator[ProviderMiddleware]:
    """Yield what surrounds every execution, the outermost first."""
    if manager.parent is not None:
        yield from all_middleware(manager.parent)
    yield from (middleware for middleware, _ in manager._middleware)


def family(manager: PluginManager) -> list[PluginManager]:
    """Return *manager* and its scopes, however deep."""
    with manager._lock:
        scopes = list(manager._scopes)
    return [manager, *(each for scope in scopes for each in family(scope))]
