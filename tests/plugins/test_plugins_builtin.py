"""What agentcore brings itself is off until somebody names it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from agentcore import PluginManager, Settings


@pytest.fixture
def builtin(site: Any) -> str:
    """A module that agentcore's own distribution offers as a plugin, ``watcher``."""
    site.module("own_watcher", site.STORE)
    site.distribution("agentcore-framework", watcher="own_watcher:Store")
    return "own_watcher"


def test_it_is_listed_and_not_imported(builtin: str, manager: PluginManager, status_of: Callable[..., Any]) -> None:
    """Its status says why."""
    manager.load()
    status = status_of(manager, "watcher")
    assert (status.status, status.distribution) == ("disabled", "agentcore-framework")
    assert status.reason == "built in: off until enabled"
    assert builtin not in sys.modules


@pytest.mark.parametrize(
    "settings",
    [
        {"overrides": {"enabled": ["watcher"]}},
        {"overrides": {"required": ["watcher"]}},
        {"overrides": {"plugins": {"watcher": {}}}},
        {"environ": {"AGENTCORE_PLUGINS": "watcher"}},
        {"flags": ("watcher",)},
    ],
    ids=["enabled", "required", "a table", "the environment", "a flag"],
)
def test_naming_it_enables_it(
    settings: dict[str, Any], builtin: str, configured: Callable[..., Settings], status_of: Callable[..., Any]
) -> None:
    """One line is enough: its name, or a table of its own."""
    overrides = settings.pop("overrides", {})
    manager = PluginManager(configured(**settings, **overrides))
    manager.load()
    assert status_of(manager, "watcher").status == "loaded"


@pytest.mark.parametrize(
    "settings",
    [{"disabled": ["watcher"], "plugins": {"watcher": {}}}, {"autoload": False, "plugins": {"watcher": {}}}],
    ids=["disabled", "autoload is off"],
)
def test_a_table_does_not_outdo_a_word(
    settings: dict[str, Any], builtin: str, configured: Callable[..., Settings], status_of: Callable[..., Any]
) -> None:
    """What is disabled stays so, and where autoload is off only names count, as for any plugin."""
    manager = PluginManager(configured(**settings))
    manager.load()
    assert status_of(manager, "watcher").status == "disabled"


def test_a_package_takes_its_place(site: Any, builtin: str, manager: PluginManager, status_of: Any) -> None:
    """A plugin of the same name that a package offers is the one, enabled as any other, and no conflict."""
    site.install("watcher", site.OBSERVER)
    manager.load()
    status = status_of(manager, "watcher")
    assert (status.status, status.distribution) == ("loaded", "agentcore-watcher")
    assert [each.name for each in manager.statuses()] == ["watcher"]


def test_a_program_may_use_its_name(builtin: str, manager: PluginManager, status_of: Any, plugin: Any) -> None:
    """What the program registers under the name takes part."""
    manager.load()
    manager.register(plugin(tool_start=lambda: None), "watcher")
    assert status_of(manager, "watcher").status == "loaded"
