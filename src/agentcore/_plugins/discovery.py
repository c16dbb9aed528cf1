"""Which plugins are installed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from agentcore._data import data
from agentcore._markers import PROJECT
from agentcore._plugins.hooks import SPECIFICATIONS
from agentcore._plugins.specification import HookKind

if TYPE_CHECKING:
    from importlib_metadata import EntryPoint

__all__ = ["VALUE_HOOKS", "Installed", "guards", "installed_plugins", "looks_like_guard"]

VALUE_HOOKS: Final = frozenset(name for name, each in SPECIFICATIONS.items() if each.kind is HookKind.VALUE)

DISTRIBUTION: Final = "agentcore-framework"
"""What agentcore is installed as."""

_NAMES: Final = "|".join(sorted(VALUE_HOOKS))

_DEFINES_GUARD: Final = re.compile(
    rf"^\s*(async\s+)?def\s+({_NAMES})\s*\("
    rf"|^\s*(@\w.*|\))\.({_NAMES})\s*$"
    rf"|\bspecname\s*=\s*[\"']({_NAMES})[\"']"
    rf"|\bevents\b[^=\n]*=\s*[\[(][^\])]*[\"']({_NAMES})[\"']",
    re.MULTILINE,
)
"""A function for a value hook, by its own name or the mark's, or a provider that lists one."""


@data(kw_only=True)
class Installed:
    """A plugin that an installed package offers; nothing of it has been imported."""

    name: str
    value: str
    """``package.module`` or ``package.module:attribute``."""
    distribution: str | None
    version: str | None
    entry_point: EntryPoint

    @property
    def builtin(self) -> bool:
        """Whether agentcore itself brings it: then it is off until somebody names it."""
        return self.distribution == DISTRIBUTION

    @property
    def module(self) -> str:
        """The module to import."""
        return self.value.partition(":")[0].strip()


def installed_plugins() -> list[Installed]:
    """Return what the entry points of the group ``agentcore`` name, sorted by name.

    Two packages may offer the same name; both are returned.  One that a package offers takes the place of a built-in
    one.
    """
    return list(_scan())


@lru_cache(maxsize=1)
def _scan() -> tuple[Installed, ...]:
    # The one place that imports importlib_metadata: it takes over the finder of distributions for the whole process,
    # and a scan reads every installed package's files, so both wait for the first use and happen once.
    from importlib_metadata import entry_points  # pyright: ignore[reportUnknownVariableType] - its **params

    found = [_installed(each) for each in cast("Iterable[EntryPoint]", entry_points(group=PROJECT))]
    offered = {each.name for each in found if not each.builtin}
    kept = [each for each in found if not each.builtin or each.name not in offered]
    return tuple(sorted(kept, key=lambda each: (each.name, each.distribution or "")))


def _installed(entry_point: EntryPoint) -> Installed:
    distribution, version = _origin(entry_point)
    return Installed(
        name=entry_point.name,
        value=entry_point.value,
        distribution=distribution,
        version=version,
        entry_point=entry_point,
    )


def _origin(entry_point: EntryPoint) -> tuple[str | None, str | None]:
    try:
        return (None, None) if entry_point.dist is None else (entry_point.dist.name, entry_point.dist.version)
    except FileNotFoundError:
        # An uninstallation that was broken off leaves a distribution without its metadata.
        return None, None


def guards(hooks: Iterable[str]) -> bool:
    """Say whether one of *hooks* is a value hook."""
    return not VALUE_HOOKS.isdisjoint(hooks)


def looks_like_guard(plugin: Installed | str) -> bool:
    """Say whether a plugin, or a module, that cannot be used seems to implement value hooks, from its source alone.

    False where there is no source to be found.
    """
    return any(_DEFINES_GUARD.search(text) for text in _sources(plugin))


def _sources(plugin: Installed | str) -> list[str]:
    module = plugin.partition(":")[0] if isinstance(plugin, str) else plugin.module
    relative = module.replace(".", "/")
    distribution = None if isinstance(plugin, str) else plugin.entry_point.dist
    roots = [] if distribution is None else [Path(str(distribution.locate_file("")))]
    roots += [Path(each) for each in _search_path()]
    for root in roots:
        file, package = root / f"{relative}.py", root / relative
        if file.is_file():
            return [file.read_text(encoding="utf-8", errors="replace")]
        if package.is_dir():
            return [each.read_text(encoding="utf-8", errors="replace") for each in sorted(package.glob("*.py"))]
    return []


def _search_path() -> list[str]:
    import sys

    return [each or "." for each in sys.path]
