"""What a new plugin is called: as a plugin, as a distribution, and in imports."""

from __future__ import annotations

import re
from importlib.metadata import Distribution
from importlib.util import find_spec
from typing import Final

from agentcore._data import data
from agentcore._markers import PROJECT
from agentcore._plugins import SPECIFICATIONS
from agentcore._plugins.discovery import installed_plugins
from agentcore.errors import ConfigError

__all__ = ["PluginNames", "names_of"]

_LONGEST: Final = 50
"""Characters; what is written has lines of 120 at most."""


@data(kw_only=True)
class PluginNames:
    """The three names of a plugin."""

    plugin: str
    """As in the configuration and in ``agentcore plugins``."""

    @property
    def distribution(self) -> str:
        """As in ``pip install``; the prefix tells what it belongs to, and keeps it from foreign names."""
        return f"{PROJECT}-{self.plugin}"

    @property
    def package(self) -> str:
        """As in ``import``."""
        return self.distribution.replace("-", "_")


def names_of(name: str) -> PluginNames:
    """Return the names of the plugin that a user calls *name*: in lower case, with ``-`` between words.

    Raises:
        ConfigError: It cannot be a name, or something installed has it.
    """
    plain = _plain(name.strip()).removeprefix(f"{PROJECT}-")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", plain):
        raise ConfigError(
            f"{name!r} cannot be the name of a plugin",
            hint="take a letter, then letters, digits and '-', as in 'error-webhook'.",
        )
    if len(plain) > _LONGEST:
        raise ConfigError(f"{name!r} is longer than {_LONGEST} characters", hint="take a shorter name.")
    if plain == PROJECT or plain.replace("-", "_") in SPECIFICATIONS:
        kind = "the framework's own" if plain == PROJECT else "a hook's"
        raise ConfigError(f"{plain!r} is {kind} name", hint="take one that says what the plugin does.")
    names = PluginNames(plugin=plain)
    _check_free(names)
    return names


def _plain(name: str) -> str:
    """Write *name* as the index of packages compares names."""
    return re.sub(r"[-_.\s]+", "-", name).lower()


def _check_free(names: PluginNames) -> None:
    for each in installed_plugins():
        if _plain(each.name) == names.plugin:
            raise ConfigError(
                f"a plugin {each.name!r} is installed, by {each.distribution or each.module}",
                hint="take another name: 'agentcore plugins' lists those that are taken.",
            )
    if next(iter(Distribution.discover(name=names.distribution)), None) is not None:
        raise ConfigError(f"a distribution {names.distribution!r} is installed", hint="take another name.")
    if find_spec(names.package) is not None:
        raise ConfigError(f"a package {names.package!r} can be imported already", hint="take another name.")
