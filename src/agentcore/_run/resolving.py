"""From a model's name to the model."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agentcore._plugins import PluginManager
from agentcore.errors import ModelNotFoundError, nearest
from agentcore.models import Model

if TYPE_CHECKING:
    from agentcore.models import Choice

__all__ = ["chosen_model", "resolve_model", "resolved_model"]


def resolved_model(name: str | None, plugins: PluginManager) -> Model | None:
    """Return a model that has been resolved before; None where it has not."""
    model: Model | None = plugins.derived.get(("model", name))
    return model


async def resolve_model(name: str | None, plugins: PluginManager) -> Model:
    """Make the model of this name, or return the one made before.

    Args:
        name: None takes the default; see :func:`chosen_model`.
        plugins: Who resolves it; they close it, too.

    Raises:
        ModelNotFoundError: No plugin knows the name.
    """
    found = resolved_model(name, plugins)
    if found is None:
        found = plugins.derived["model", name] = await _resolved_once(name, _keeper(plugins))
    return found


def _keeper(plugins: PluginManager) -> PluginManager:
    """The outermost manager whose plugins resolve names as those of *plugins* do: its scopes share its models."""
    while plugins.parent is not None and _resolvers(plugins) == _resolvers(plugins.parent):
        plugins = plugins.parent
    return plugins


def _resolvers(plugins: PluginManager) -> list[Callable[..., Any]]:
    return [each.function for each in plugins.implementations("resolve_model")]


async def _resolved_once(name: str | None, plugins: PluginManager) -> Model:
    key = ("resolving", name, id(asyncio.get_running_loop()))
    try:
        async with plugins.derived.setdefault(key, asyncio.Lock()):
            return resolved_model(name, plugins) or await _resolved(name, plugins)
    finally:
        plugins.derived.pop(key, None)


async def _resolved(name: str | None, plugins: PluginManager) -> Model:
    from agentcore.models import known_model_names

    known = (await chosen_model(plugins)).name if name is None else name
    made = await plugins.hook.resolve_model(name=known)
    if made is None:
        raise ModelNotFoundError(
            f"no plugin resolves the model {known!r}",
            model=known,
            hint=nearest(known, [*known_model_names(), *plugins.settings.models]),
        )
    kept: Model = plugins.derived.setdefault(("model", name), made)
    if kept is made:
        plugins.closes(made.aclose)
    else:
        # A run on another event loop was faster.
        await made.aclose()
    return kept


async def chosen_model(plugins: PluginManager) -> Choice:
    """Return the default model's name, and why it is the one."""
    from agentcore.models import choose_default

    choice: Choice | None = plugins.derived.get("choice")
    if choice is None:
        choice = await choose_default(os.environ, configured=plugins.settings.model)
        plugins.derived["choice"] = choice
    return choice
