"""From a model's name to the model."""

from __future__ import annotations

import os

from agentcore._plugins import PluginManager
from agentcore.errors import ModelNotFoundError, nearest
from agentcore.models import Choice, Model, choose_default, known_model_names

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
        known = (await chosen_model(plugins)).name if name is None else name
        found = await plugins.hook.resolve_model(name=known)
        if found is None:
            raise ModelNotFoundError(
                f"no plugin resolves the model {known!r}",
                model=known,
                hint=nearest(known, [*known_model_names(), *plugins.settings.models]),
            )
        plugins.derived[("model", name)] = found
        plugins.closes(found.aclose)
    return found


async def chosen_model(plugins: PluginManager) -> Choice:
    """Return the default model's name, and why it is the one."""
    choice: Choice | None = plugins.derived.get("choice")
    if choice is None:
        choice = await choose_default(os.environ, configured=plugins.settings.model)
        plugins.derived["choice"] = choice
    return choice
