"""Agents that a TOML file declares, for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from agentcore._agents import BaseAgent
from agentcore._agents.declared import declared_agent
from agentcore._cli.modules import search_first
from agentcore._config import Settings
from agentcore._config.files import error_at, read_config
from agentcore._config.shapes import is_mapping
from agentcore.errors import nearest

__all__ = ["agent_of_file", "agent_of_settings"]

_CONFIGURATIONS: Final = ("agentcore.toml", "pyproject.toml")
"""Files whose other keys belong to the configuration."""


def agent_of_settings(name: str, settings: Settings) -> BaseAgent[Any]:
    """Return the agent that ``[agents.<name>]`` of the configuration declares.

    Raises:
        ConfigError: Its declaration cannot be used.
    """
    path = settings.config_path
    folder = Path.cwd() if path is None else path.parent
    search_first(folder)
    return declared_agent(name, settings.agents[name], path=path, folder=folder, others=settings.agents)


def agent_of_file(path: Path, name: str) -> BaseAgent[Any]:
    """Return the agent *name* of the file at *path*, its only one where the name is empty.

    The file has the keys of one agent, or a table for each: ``[agents.<name>]``.

    Raises:
        ConfigError: There is no such agent, or its declaration cannot be used.
    """
    # Tools are named by module, and those beside the declaration are meant first.
    search_first(path.parent)
    table = read_config(path, origin="the target").table
    if "agents" not in table:
        return _single(table, path, name)
    agents = _declarations(table, path)
    name = name or _only_name(agents, path)
    if name not in agents:
        raise error_at(f"there is no agent {name!r}", ("agents",), path=path, hint=nearest(name, agents))
    return declared_agent(name, agents[name], path=path, folder=path.parent, others=agents)


def _declarations(table: Mapping[str, Any], path: Path) -> Mapping[str, Mapping[str, Any]]:
    for key in table:
        if key != "agents" and path.name not in _CONFIGURATIONS:
            hint = "put it into an agent's table, or into the configuration, which is another file: agentcore.toml."
            raise error_at(f"{key!r} stands beside [agents], where nothing reads it", (key,), path=path, hint=hint)
    agents = table["agents"]
    if not is_mapping(agents) or not all(is_mapping(each) for each in agents.values()):
        raise error_at("'agents' must hold a table for each agent, as [agents.triage]", ("agents",), path=path)
    return agents


def _only_name(agents: Mapping[str, Any], path: Path) -> str:
    if len(agents) == 1:
        return next(iter(agents))
    listing = ", ".join(f"{path.name}:{name}" for name in sorted(agents))
    raise error_at(f"{len(agents)} agents are declared here", (), path=path, hint=f"say which: {listing}.")


def _single(table: Mapping[str, Any], path: Path, name: str) -> BaseAgent[Any]:
    own = table.get("name", path.stem)
    if not isinstance(own, str) or not own.strip():
        raise error_at("key 'name': must be a text in quotes", ("name",), path=path)
    if name not in ("", own):
        raise error_at(f"there is no agent {name!r}", (), path=path, hint=nearest(name, [own]))
    rest = {key: value for key, value in table.items() if key != "name"}
    return declared_agent(own, rest, path=path, folder=path.parent, keys=())
