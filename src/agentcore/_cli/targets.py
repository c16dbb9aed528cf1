"""From what the command line names to an agent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from agentcore._agents import BaseAgent
from agentcore._agents.declared import declared_agent
from agentcore._cli.modules import import_file, import_name, search_first
from agentcore._config import Settings
from agentcore._config.files import CONFIG_VARIABLE, error_at, find_config
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
        return _from_toml(_existing(Path(place)), name)
    if place.endswith(".py"):
        path = _existing(Path(place))
        return _from_module(import_file(path), name, place)
    if ":" in target:
        search_first(Path.cwd())
        return _from_module(import_name(place), name, place)
    return _from_settings(target, settings)


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


# --- in modules ---


def _from_module(module: Any, name: str, place: str) -> BaseAgent[Any]:
    agents = {key: each for key, each in vars(module).items() if isinstance(each, BaseAgent)}
    if not name:
        return _only(agents, place)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise ConfigError(f"{place!r} has no agent {name!r}", hint=_advice(name, agents, vars(module)))
        found = getattr(found, part)
    if isinstance(found, BaseAgent):
        return found
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
    if isinstance(found, type) and issubclass(found, BaseAgent):
        return f"name an instance: agent = {name}(...)."
    if callable(found) and not isinstance(found, type):
        return f"make one of it: agent = FunctionAgent({name})."
    return nearest(name, agents)


# --- in TOML ---


def _from_toml(path: Path, name: str) -> BaseAgent[Any]:
    # Tools are named by module, and those beside the declaration are meant first.
    search_first(path.parent)
    table = _toml(path)
    if "agents" not in table:
        return _single(table, path, name)
    if path.name not in _CONFIGURATIONS:
        _check_alone(table, path)
    agents = table["agents"]
    if not isinstance(agents, Mapping) or not all(isinstance(each, Mapping) for each in agents.values()):
        raise error_at("'agents' must hold a table for each agent, as [agents.triage]", ("agents",), path=path)
    if not name:
        name = _only_name(agents, path)
    if name not in agents:
        raise error_at(f"there is no agent {name!r}", ("agents",), path=path, hint=nearest(name, agents))
    return declared_agent(name, agents[name], path=path, folder=path.parent, others=agents)


_CONFIGURATIONS: Final = ("agentcore.toml", "pyproject.toml")
"""Files whose other keys belong to the configuration."""


def _toml(path: Path) -> Mapping[str, Any]:
    file = find_config(path.parent, {CONFIG_VARIABLE: str(path)})
    return {} if file is None else file.table


def _check_alone(table: Mapping[str, Any], path: Path) -> None:
    for key in table:
        if key != "agents":
            hint = "put it into an agent's table, or into the configuration, which is another file: agentcore.toml."
            raise error_at(f"{key!r} stands beside [agents], where nothing reads it", (key,), path=path, hint=hint)


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


# --- in the configuration ---


def _from_settings(name: str, settings: Settings) -> BaseAgent[Any]:
    if name not in settings.agents:
        near = nearest(name, settings.agents)
        forms = f"a target is {FORMS}."
        raise ConfigError(f"there is no agent {name!r}", hint=f"{near} {forms}".strip())
    folder = Path.cwd() if settings.config_path is None else settings.config_path.parent
    search_first(folder)
    return declared_agent(
        name, settings.agents[name], path=settings.config_path, folder=folder, others=settings.agents
    )
