"""From an installed plugin to an object that can be registered, each step in a try of its own."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from inspect import isclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from agentcore._plugins.discovery import Installed
from agentcore.errors import ConfigError, PluginValidationError

if TYPE_CHECKING:
    from agentcore._plugins.status import Stage

__all__ = ["LoadError", "Loaded", "config_model", "import_plugin", "load"]


_VALUES: Final[tuple[type, ...]] = (str, bytes, int, float, list, tuple, dict, set)
"""What an entry point may name by a slip; none of these can hold implementations."""


class LoadError(Exception):
    """A plugin could not be loaded; the cause says why."""

    stage: Stage

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.stage = stage


class Loaded:
    """A plugin that can be registered, with its validated config."""

    def __init__(self, plugin: object, config: BaseModel | None, seconds: float) -> None:
        self.plugin = plugin
        self.config = config
        self.seconds = seconds


def load(name: str, source: Installed | str, raw: Mapping[str, Any], *, path: Path | None) -> Loaded:
    """Import a plugin, validate its config, and build it where it is a class.

    Args:
        name: The plugin's name.
        source: The entry point, or the name of a module.
        raw: Its table in the config.
        path: The config file, for messages.

    Raises:
        LoadError: With whatever the plugin raised as its cause, SystemExit among it.
    """
    began = perf_counter()
    target = _attempt("import", import_plugin, source)
    config = _attempt("config", _validated, name, target, raw, path)
    plugin = _attempt("setup", _build, target, config) if isclass(target) else target
    _attempt("validation", _check_object, name, plugin)
    return Loaded(plugin, config, perf_counter() - began)


def _attempt(stage: Stage, step: Any, *arguments: Any) -> Any:
    try:
        return step(*arguments)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise LoadError(stage) from error


def import_plugin(source: Installed | str) -> object:
    """Import the module, or the attribute of it, that *source* names."""
    if isinstance(source, str):
        module, _, attribute = source.partition(":")
        found: object = importlib.import_module(module)
        for part in attribute.split(".") if attribute else ():
            found = getattr(found, part)
        return found
    return source.entry_point.load()


def config_model(target: object) -> type[BaseModel] | None:
    """Return the pydantic model of a plugin's config, its attribute ``Config``; None where it takes none."""
    model = getattr(target, "Config", None)
    return model if isclass(model) and issubclass(model, BaseModel) else None


def _validated(name: str, target: object, raw: Mapping[str, Any], path: Path | None) -> BaseModel | None:
    model = config_model(target)
    if model is not None:
        # Whoever has no plugin with a config need not import it.
        from agentcore._config import validate_plugin_config

        return validate_plugin_config(model, name, raw, path=path)
    if raw:
        raise ConfigError(
            f"plugin {name!r} takes no config, and [tool.agentcore.plugins.{name}] sets {sorted(raw)!r}",
            hint="remove the table.",
            path=path,
        )
    return None


def _build(target: type[Any], config: BaseModel | None) -> object:
    if config is None:
        return target()
    return target.from_config(config) if hasattr(target, "from_config") else target(config)


def _check_object(name: str, plugin: object) -> None:
    if plugin is None or type(plugin) in _VALUES:
        raise PluginValidationError(
            f"the entry point of {name!r} names {type(plugin).__name__!r}, which cannot be a plugin",
            plugin=name,
            hint="name a module, an instance, or a class.",
        )
