"""From what the command line names to an agent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from agentcore._agents import BaseAgent
from agentcore._cli.declarations import agent_of_file, agent_of_settings
from agentcore._cli.modules import import_file, import_name, search_first
from agentcore._config import Settings
from agentcore.errors import ConfigError, nearest

__all__ = ["FORMS", "load_agent"]

FORMS: Final = "module:agent, path/file.py:agent, path/file.toml:agent, or the name of an agent in the configuration"


def load_agent(target: str, settings: Settings) -> BaseAgent[Any]:
    """Return the agent that *target* names; see :data:`FORMS`.

    Imports modules, with the current folder, or that of a named file, first on the path.

    Raises:
        ConfigError: There is no such agent.
        FailureError: What should hold it raises when it is imported.
    """
    place, name = _split(target)
    if place.endswith(".toml"):
        return agent_of_file(_existing(Path(place)), name)
    if place.endswith(".py"):
        path = _existing(Path(place))
        return _from_module(import_file(path), name, place)
    if ":" in target:
        search_first(Path.cwd())
        return _from_module(import_name(place), name, place)
    if target not in settings.agents:
        near = nearest(target, settings.agents)
        hint = f"{near} A target is {FORMS}." if near else f"a target is {FORMS}."
        raise ConfigError(f"there is no agent {target!r}", hint=hint)
    return agent_of_settings(target, settings)


def _split(target: str) -> tuple[str, str]:
    if target.endswith((".py", ".toml")):
        return target, ""
    # From the right: a path on Windows has a colon of its own.
    place, _, name = target.rpartition(":")
    return place, name


def _existing(path: Path) -> Path:
    if path.is_file():
        return path.absolute()
    folder = path.parent
    names = [each.name for each in folder.iterdir() if each.suffix == path.suffix] if folder.is_dir() else []
    near = nearest(path.name, names)
    raise ConfigError(f"there is no file {str(path)!r}", hint=near or f"name a target as {FORMS}.")


def _from_module(module: ModuleType, name: str, place: str) -> BaseAgent[Any]:
    agents: dict[str, BaseAgent[Any]] = {key: each for key, each in vars(module).items() if isinstance(each, BaseAgent)}
    if not name:
        return _only(agents, place)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise ConfigError(f"{place!r} has no agent {name!r}", hint=_advice(name, agents, vars(module)))
        found = getattr(found, part)
    if isinstance(found, BaseAgent):
        return found  # pyright: ignore[reportUnknownVariableType]  # of whichever output
    raise ConfigError(f"{name!r} in {place!r} is no agent but {_kind(found)}", hint=_mending(found, name, agents))


def _only(agents: Mapping[str, Any], place: str) -> BaseAgent[Any]:
    distinct = {id(each): each for each in agents.values()}
    if len(distinct) == 1:
        only: BaseAgent[Any] = next(iter(distinct.values()))
        return only
    if not agents:
        raise ConfigError(f"{place!r} holds no agent", hint="make one at its top level: agent = Agent(...).")
    listing = ", ".join(f"{place}:{name}" for name in sorted(agents))
    raise ConfigError(f"{place!r} holds {len(agents)} agents", hint=f"say which: {listing}.")


def _advice(name: str, agents: Mapping[str, Any], names: Mapping[str, Any]) -> str:
    return nearest(name, agents) or nearest(name, [each for each in names if not each.startswith("_")])


def _kind(found: object) -> str:
    if isinstance(found, type):
        return f"the class {found.__name__!r}"
    return "a function" if callable(found) else f"{type(found).__name__!r}"


def _mending(found: object, name: str, agents: Mapping[str, Any]) -> str:
    if isinstance(found, type):
        return f"name an instance: agent = {name}(...)." if issubclass(found, BaseAgent) else nearest(name, agents)
    return f"make one of it: agent = FunctionAgent({name})." if callable(found) else nearest(name, agents)
