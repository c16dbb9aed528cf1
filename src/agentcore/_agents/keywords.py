"""Keywords of an agent whose meaning an installed package brings."""

from __future__ import annotations

from typing import Any, Final

from agentcore.errors import ConfigError, nearest

__all__ = ["GROUP", "keyword_provider"]

GROUP: Final = "agentcore.agent_keywords"
"""The entry-point group: the name is the keyword, the object takes its value and returns a plugin for the agent."""


def keyword_provider(keyword: str, value: object) -> tuple[object, ...]:
    """Return the plugins that *keyword* stands for: one, or none where *value* is None or False.

    Raises:
        ConfigError: No installed package brings the keyword, or the value cannot be used.
    """
    if value is None or value is False:
        return ()
    # Most agents use none of these keywords.
    from importlib.metadata import entry_points

    # Of two packages the one that is found first on the path wins, as for imports.
    installed = {each.name: each for each in reversed(list(entry_points(group=GROUP)))}
    if keyword not in installed:
        raise ConfigError(
            f"no installed package gives an agent its {keyword!r}",
            hint=nearest(keyword, installed) or "run `python -m pip install agentcore-vectorstore` for 'memory'.",
        )
    make: Any = installed[keyword].load()
    return (make(value),)
