"""Plugins that are enabled and disabled: by the configuration, and for a scope alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentcore import PluginManager, Settings
from agentcore.errors import PluginLoadError

HOW: dict[str, dict[str, Any]] = {
    "argument": {"disabled": ["watcher"]},
    "environment": {"environ": {"AGENTCORE_DISABLED_PLUGINS": "watcher"}},
    "flag": {"flags": ("no:watcher",)},
    "autoload off": {"environ": {"AGENTCORE_DISABLE_PLUGIN_AUTOLOAD": "1"}},
    "autoload off by argument": {"autoload": False},
}


REASONS = {
    "argument": "disabled by argument 'disabled'",
    "environment": "disabled by AGENTCORE_DISABLED_PLUGINS",
    "flag": "disabled by -p no:watcher",
    "autoload off": "autoload is off (AGENTCORE_DISABLE_PLUGIN_AUTOLOAD)",
    "autoload off by argument": "autoload is off (argument 'autoload')",
}


@pytest.mark.parametrize("how", HOW)
def test_disabled_plugin_is_not_imported(
    how: str, site: Any, configured: Callable[..., Settings], status_of: Callable[..., Any]
) -> None:
    """A plugin that is disabled, in whatever way, is not imported, and its status says who disabled it."""
    module = site.install("watcher", "raise AssertionError('not to be imported')")
    manager = PluginManager(configured(**HOW[how]))
    manager.load()
    assert module not in sys.modules
    status = status_of(manager, "watcher")
    assert (status.status, status.reason, status.distribution, status.load_time) == (
        "disabled",
        REASONS[how],
        "agentcore-watcher",
        None,
    )
    manager.check_required()


def test_disabled_by_the_file(site: Any, tmp_path: Path, status_of: Callable[..., Any]) -> None:
    """The configuration file disables, and the status names it."""
    from agentcore import load_settings

    module = site.install("watcher", "raise AssertionError('not to be imported')")
    path = tmp_path / "agentcore.toml"
    path.write_text('disabled = ["watcher"]')
    manager = PluginManager(load_settings(start=tmp_path, environ={}))
    manager.load()
    assert module not in sys.modules
    assert status_of(manager, "watcher").reason == f"disabled in {path.resolve()}"


@pytest.mark.parametrize("value", ["0", "false"])
def test_switch_that_is_off(
    value: str, site: Any, configured: Callable[..., Settings], status_of: Callable[..., Any]
) -> None:
    """``AGENTCORE_DISABLE_PLUGIN_AUTOLOAD=0`` disables nothing."""
    site.install("watcher", site.OBSERVER)
    manager = PluginManager(configured({"AGENTCORE_DISABLE_PLUGIN_AUTOLOAD": value}))
    manager.load()
    assert status_of(manager, "watcher").status == "loaded"


@pytest.mark.parametrize("how", [{"environ": {"AGENTCORE_PLUGINS": "watcher"}}, {"flags": ("watcher",)}], ids=str)
def test_enabled_one_by_one(
    how: dict[str, Any], site: Any, configured: Callable[..., Settings], status_of: Callable[..., Any]
) -> None:
    """With autoload off those are loaded that are enabled by name."""
    site.install("watcher", site.OBSERVER)
    other = site.install("other", site.OBSERVER)
    manager = PluginManager(configured(autoload=False, **how))
    manager.load()
    assert status_of(manager, "watcher").status == "loaded"
    assert other not in sys.modules


@pytest.mark.parametrize("settings", [{"autoload": False}, {"disabled": ["store"]}], ids=["not loaded", "disabled"])
async def test_enabled_for_a_scope(
    settings: dict[str, Any], site: Any, configured: Callable[..., Settings], status_of: Callable[..., Any]
) -> None:
    """A scope may load what the configuration leaves out, with its config, for itself alone."""
    site.install("store", site.STORE, target="Store")
    manager = PluginManager(configured(plugins={"store": {"path": "disk"}}, **settings))
    manager.load()
    scope = manager.scope(enabled=["store"])
    await scope.startup()
    config: Any = scope.get_config("store")
    assert config.path == "disk"
    assert [each.plugin for each in scope.implementations("tool_start")] == ["store"]
    status = status_of(scope, "store")
    assert (status.status, status.distribution) == ("loaded", "agentcore-store")
    assert manager.implementations("tool_start") == []
    assert status_of(manager, "store").status == "disabled"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raise ValueError('broken')", "plugin 'broken' failed at import: ValueError: broken"),
        ("text = 1\nclass Config: ...", ""),
    ],
    ids=["raises", "fine"],
)
def test_enabled_for_a_scope_and_broken(
    text: str,
    message: str,
    site: Any,
    configured: Callable[..., Settings],
    status_of: Callable[..., Any],
) -> None:
    """A scope that enables what cannot be loaded is refused; the manager goes on as it was."""
    site.install("broken", text)
    manager = PluginManager(configured(autoload=False))
    manager.load()
    if message:
        with pytest.raises(PluginLoadError, match=message):
            manager.scope(enabled=["broken"])
    else:
        manager.scope(enabled=["broken"])
    assert status_of(manager, "broken").status == "disabled"


def test_enabled_for_a_scope_and_loaded_already(site: Any, manager: PluginManager) -> None:
    """Enabling what is loaded changes nothing."""
    site.install("watcher", site.OBSERVER)
    manager.load()
    assert len(manager.scope(enabled=["watcher"]).implementations("tool_start")) == 1
