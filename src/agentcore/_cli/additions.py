"""The commands that plugins add."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

import click

from agentcore._cli.messages import warn
from agentcore._data import data
from agentcore._plugins import PluginManager

__all__ = ["Additions"]

_HOOK = "register_commands"


@data
class Additions:
    """What the loaded plugins add to the command line."""

    commands: Mapping[str, click.Command]
    """By name."""
    failed: Sequence[str]
    """Plugins that could not be loaded, and whose commands nobody knows."""

    @classmethod
    def of(cls, plugins: PluginManager, *, taken: Container[str]) -> Additions:
        """Ask the plugins; what cannot be used is told on stderr and left out.

        Args:
            plugins: They are asked one by one, in the order of the hook.
            taken: Names that no plugin's command may have.
        """
        commands: dict[str, click.Command] = {}
        owners: dict[str, str] = {}
        with redirect_stdout(sys.stderr):
            offers = asyncio.run(_offers(plugins))
        for plugin, offered in offers:
            for each in offered:
                problem = _problem(each, taken, owners)
                if problem:
                    warn(f"plugin {plugin!r} adds {problem}; it is left out")
                else:
                    # What it gets by click.pass_obj.
                    each.context_settings = {"obj": plugins, **each.context_settings}
                    commands[each.name], owners[each.name] = each, plugin
        return cls(commands, [each.name for each in plugins.statuses() if each.status == "failed"])


async def _offers(plugins: PluginManager) -> list[tuple[str, Iterable[Any]]]:
    names = dict.fromkeys(each.plugin for each in plugins.implementations(_HOOK))
    return [(name, await plugins.call_of(name, _HOOK)()) for name in names]


def _problem(offered: object, taken: Container[str], owners: Mapping[str, str]) -> str:
    if not isinstance(offered, click.Command):
        return f"{offered!r} as a command, which is {type(offered).__name__!r} and not a click command"
    name = offered.name
    if not name:
        return "a command without a name"
    if name in taken:
        return f"the command {name!r}, which is built in"
    if name in owners:
        return f"the command {name!r}, which plugin {owners[name]!r} adds already"
    return ""
