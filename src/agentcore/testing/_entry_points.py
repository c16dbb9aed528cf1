"""Plugins that discovery finds although nobody has installed them."""

from __future__ import annotations

from typing import Any, Final

from importlib_metadata import EntryPoint

from agentcore._markers import PROJECT
from agentcore._plugins.discovery import Installed

__all__ = ["FakeEntryPoints"]


class _Ready(EntryPoint):
    """Leads to an object that is there already."""

    def load(self) -> Any:
        return vars(self)["ready"]


class FakeEntryPoints:
    """What discovery finds for the length of a test, in the place of what is installed: nothing, until :meth:`add`.

    Example:
        >>> fake_entry_points.add("audit", "my_package.audit")
        >>> plugin_manager.load()
    """

    def __init__(self) -> None:
        self._found: Final[list[Installed]] = []

    def add(self, name: str, target: object, *, distribution: str = "", version: str = "1.0") -> None:
        """Let a package offer a plugin.

        Args:
            name: The plugin's name.
            target: What the entry point says, as ``"my_package.audit:Audit"``, which is then imported; or what an
                import would bring: a module, an instance or a class.
            distribution: The package's name; empty makes ``agentcore-<name>``.
            version: The package's version.
        """
        value = target if isinstance(target, str) else _described(target)
        point = EntryPoint(name, value, PROJECT)
        if not isinstance(target, str):
            point = _Ready(name, value, PROJECT)
            vars(point)["ready"] = target
        self._found.append(
            Installed(
                name=name,
                value=value,
                distribution=distribution or f"{PROJECT}-{name}",
                version=version,
                entry_point=point,
            )
        )

    def scan(self) -> tuple[Installed, ...]:
        """What discovery is told."""
        return tuple(sorted(self._found, key=lambda each: (each.name, each.distribution or "")))


def _described(target: object) -> str:
    owner = target if isinstance(target, type) else type(target)
    return str(getattr(target, "__name__", f"{owner.__module__}:{owner.__qualname__}"))
