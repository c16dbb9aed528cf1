"""Finding and loading what is installed."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from agentcore import PluginManager, Settings
from agentcore._plugins import installed_plugins


async def test_module(
    site: Any, manager: PluginManager, arguments: Callable[..., dict[str, Any]], status_of: Callable[..., Any]
) -> None:
    """An entry point that names a module makes the module a plugin, with its package and version in its status."""
    module = site.install("watcher", site.OBSERVER, version="2.5")
    manager.load()
    await manager.hook.tool_start(**arguments("tool_start"))
    assert sys.modules[module].seen == ["search"]
    assert manager.get_plugin("watcher") is sys.modules[module]
    status = status_of(manager, "watcher")
    assert (status.status, status.source, status.distribution, status.version, status.hooks, status.error) == (
        "loaded",
        "agentcore_watcher",
        "agentcore-watcher",
        "2.5",
        ("tool_start",),
        None,
    )
    assert status.load_time > 0
    assert manager.get_config("watcher") is None


def test_instance(site: Any, manager: PluginManager) -> None:
    """An entry point may name an object."""
    module = site.install("watcher", site.STORE, target="instance")
    manager.load()
    assert manager.get_plugin("watcher") is sys.modules[module].instance


@pytest.mark.parametrize("target", ["Store", "FromConfig", "Plain"])
def test_class(site: Any, target: str, configured: Callable[..., Settings]) -> None:
    """A class is built, with its validated config where it declares one."""
    module = site.install("store", site.STORE, target=target)
    table = {} if target == "Plain" else {"path": "disk"}
    manager = PluginManager(configured(plugins={"store": table}))
    manager.load()
    plugin: Any = manager.get_plugin("store")
    assert type(plugin) is getattr(sys.modules[module], target)
    config: Any = manager.get_config("store")
    if target == "Plain":
        assert config is None
    else:
        assert (config.path, config.limit) == ("disk", 3)
        assert (plugin.config if target == "Store" else plugin.given) == (config if target == "Store" else ("disk", 3))


def test_config_of_a_module(site: Any, configured: Callable[..., Settings]) -> None:
    """A module that has a ``Config`` finds its own, validated, in the manager; a scope finds it, too."""
    site.install("watcher", site.STORE)
    manager = PluginManager(configured(plugins={"watcher": {"limit": "5"}}))
    manager.load()
    config: Any = manager.get_config("watcher")
    assert config.limit == 5
    assert manager.scope().get_config("watcher") is config
    manager.unregister("watcher")
    assert manager.get_config("watcher") is None


def test_load_twice(site: Any, manager: PluginManager) -> None:
    """Loading again loads nothing a second time, nor what the program has registered under the name."""
    site.install("watcher", site.OBSERVER)
    mine = object()
    manager.register(mine, "watcher")
    for _ in range(2):
        manager.load()
    assert manager.get_plugin("watcher") is mine
    assert [each.name for each in manager.statuses()] == ["watcher"]


def test_load_what_was_blocked(site: Any, manager: PluginManager, status_of: Callable[..., Any]) -> None:
    """A blocked name is not imported."""
    module = site.install("watcher", site.OBSERVER)
    manager.block("watcher")
    manager.load()
    assert module not in sys.modules
    assert status_of(manager, "watcher").status == "blocked"


def test_nothing_is_scanned_by_a_manager_made_by_hand(site: Any) -> None:
    """Neither making a manager nor importing agentcore looks for packages."""
    program = """
        import sys, agentcore
        manager = agentcore.PluginManager()
        manager.register(object(), "one")
        assert "importlib_metadata" not in sys.modules
        manager.load()
        assert "importlib_metadata" in sys.modules
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_list_of_what_is_installed(site: Any) -> None:
    """The list of installed plugins is sorted by name, and nothing of them is imported for it."""
    site.install("zebra", site.OBSERVER)
    site.install("ant", "raise SystemExit", target="x.y")
    found = [each for each in installed_plugins() if each.name in ("ant", "zebra")]
    assert [(each.name, each.module, each.value, each.distribution, each.version) for each in found] == [
        ("ant", "agentcore_ant", "agentcore_ant:x.y", "agentcore-ant", "1.0"),
        ("zebra", "agentcore_zebra", "agentcore_zebra", "agentcore-zebra", "1.0"),
    ]
    assert "agentcore_ant" not in sys.modules


def test_distribution_without_metadata(site: Any, manager: PluginManager, status_of: Callable[..., Any]) -> None:
    """What an uninstallation that was broken off leaves does not keep the others from being found."""
    site.install("watcher", site.OBSERVER)
    site.install("half", site.OBSERVER)
    (site.folder / "agentcore_half-1.0.dist-info" / "METADATA").unlink()
    manager.load()
    assert status_of(manager, "watcher").status == "loaded"
    assert (status_of(manager, "half").status, status_of(manager, "half").distribution) == ("loaded", None)


def test_enabled_module(site: Any, configured: Callable[..., Settings], status_of: Callable[..., Any]) -> None:
    """What is enabled and not installed is the dotted name of a module, or of an object in it."""
    site.module("company.guards.tools", site.OBSERVER)
    site.module("company_store", site.STORE)
    manager = PluginManager(configured(enabled=["company.guards.tools", "company_store:Plain"], autoload=False))
    manager.load()
    manager.check_required()
    status = status_of(manager, "company.guards.tools")
    assert (status.status, status.source, status.distribution) == ("loaded", "company.guards.tools", None)
    assert type(manager.get_plugin("company_store:Plain")).__name__ == "Plain"


# --- enabled and disabled ---
