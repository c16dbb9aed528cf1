"""Plugins without which the program does not start, and names in the configuration that nobody bears."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from agentcore import Agent, PluginManager, Settings, load_settings
from agentcore.errors import ConfigError, PluginLoadError, PluginNotFoundError

BROKEN = "raise ValueError('broken')"
FAILS_AT_STARTUP = """
from agentcore import hookimpl
@hookimpl
async def agentcore_startup(): raise ConnectionError('no database')
"""

WAYS: dict[str, dict[str, Any]] = {
    "by argument": {"required": ["broken"]},
    "by the environment": {"environ": {"AGENTCORE_REQUIRED_PLUGINS": "broken"}},
    "strict": {"strict": True},
    "strict by the environment": {"environ": {"AGENTCORE_STRICT": "1"}},
}


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BROKEN, "failed at import: ValueError: broken"),
        ("from agentcore import hookimpl\n@hookimpl\ndef no_hook(): ...", "failed at validation: PluginValidation"),
        (FAILS_AT_STARTUP, "failed at setup: ConnectionError: no database"),
    ],
    ids=["import", "validation", "setup"],
)
async def test_required_plugin_that_fails(
    how: str, text: str, message: str, site: Any, configured: Callable[..., Settings]
) -> None:
    """Without a required plugin the program refuses to start, each time, by an error that names it and says why."""
    site.install("broken", text)
    manager = PluginManager(configured(**WAYS[how]))
    manager.load()
    for _ in range(2):
        with pytest.raises(PluginLoadError, match="the required plugin 'broken' ") as caught:
            await manager.startup()
        assert message in caught.value.message
        assert caught.value.plugin == "broken"
        assert "optional = ['broken']" in caught.value.hint
        assert caught.value.__cause__ is not None
        assert isinstance(caught.value, RuntimeError)
    assert not manager.ready
    [status] = manager.statuses()
    assert (status.status, status.required) == ("failed", True)


async def test_run_is_refused(site: Any, configured: Callable[..., Settings]) -> None:
    """No agent runs without what is required."""
    site.install("broken", BROKEN)
    manager = PluginManager(configured(required=["broken"]))
    manager.load()
    agent = Agent("triage", input="ticket: str", output="label: str", plugins=manager)
    for _ in range(2):
        with pytest.raises(PluginLoadError, match="'broken'"):
            await agent.run(ticket="x")


@pytest.mark.parametrize(
    "how",
    [
        {"optional": ["broken"], "strict": True},
        {"required": ["broken"], "environ": {"AGENTCORE_OPTIONAL_PLUGINS": "broken"}},
        {"required": ["broken"], "environ": {"AGENTCORE_DISABLED_PLUGINS": "broken"}},
    ],
    ids=["optional though strict", "argument over environment", "argument over environment again"],
)
async def test_stronger_word_decides(how: dict[str, Any], site: Any, configured: Callable[..., Settings]) -> None:
    """An optional plugin may fail under strict; an argument requires what the environment does not."""
    site.install("broken", BROKEN)
    manager = PluginManager(configured(**how))
    manager.load()
    if "required" in how:
        with pytest.raises(PluginLoadError):
            await manager.startup()
    else:
        await manager.startup()
        [status] = manager.statuses()
        assert (status.required, status.reason) == (False, "optional by argument 'optional'")


async def test_fine_plugins_are_no_hindrance(site: Any, configured: Callable[..., Settings]) -> None:
    """What is required and loads lets the program start; its status says who requires it."""
    site.install("fine", "from agentcore import hookimpl\n@hookimpl\ndef tool_start(): ...")
    manager = PluginManager(configured(required=["fine"]))
    manager.load()
    await manager.startup()
    [status] = manager.statuses()
    assert (status.required, status.reason) == (True, "required by argument 'required'")


GUARDS = {
    "function": "from agentcore import hookimpl\n@hookimpl\ndef tool_call(call): ...\n",
    "async method": "class Guard:\n    @hookimpl\n    async def agent_output(self, output): ...\n",
    "specname": "@hookimpl(specname='model_request')\ndef check(request): ...\n",
    "mark of another name": "@hookimpl.agent_input\ndef check(input, **_): ...\n",
    "mark with options": "class Guard:\n    @hookimpl(tryfirst=True).tool_call\n    def check(self, call, **_): ...\n",
    "mark on several lines": "@hookimpl(\n    timeout=5,\n).tool_call\ndef check(call, **_): ...\n",
    "provider": "class Guard(Provider):\n    events = (\n        'agent_start',\n        \"agent_input\",\n    )\n",
    "annotated provider": "class Guard(Provider):\n    events: Sequence[str] = ['tool_result']\n",
}
NO_GUARDS = {
    "events": "class Watch(Provider):\n    events = ('tool_start', 'agent_complete')\n",
    "mark of an event": "@hookimpl.tool_start\ndef seen(tool, **_): ...\n",
    "an attribute": "assert plugins.hook.tool_call\n",
    "a word": "# tool_call is a hook\ntext = 'tool_call'\n",
    "a call": "def check(tool_call): return tool_call('x')\n",
}


@pytest.mark.parametrize("text", GUARDS.values(), ids=GUARDS)
@pytest.mark.parametrize("where", ["installed", "package", "module"])
async def test_broken_guard_is_required(where: str, text: str, site: Any, configured: Callable[..., Settings]) -> None:
    """A plugin that seems to implement value hooks is required though it cannot even be imported."""
    broken = f"raise ValueError('broken')\n{text}"
    settings: dict[str, Any] = {}
    if where == "installed":
        site.install("guard", broken)
    elif where == "package":
        site.module("guard_package.rules", text)
        (site.folder / "guard_package" / "__init__.py").write_text("raise ValueError('broken')")
        site.distribution("guard-package", guard="guard_package")
    else:
        site.module("guard", broken)
        settings["enabled"] = ["guard"]
    manager = PluginManager(configured(**settings))
    manager.load()
    with pytest.raises(PluginLoadError, match=r"the required plugin 'guard' \(it implements value hooks\) failed"):
        await manager.startup()
    [status] = manager.statuses()
    assert (status.required, status.reason) == (True, "it implements value hooks")


@pytest.mark.parametrize("text", NO_GUARDS.values(), ids=NO_GUARDS)
async def test_broken_observer_is_not_required(text: str, site: Any) -> None:
    """A plugin that only observes may be missing."""
    site.install("observer", f"raise ValueError('broken')\n{text}")
    manager = PluginManager()
    manager.load()
    await manager.startup()


async def test_source_that_is_not_there(site: Any) -> None:
    """Of a plugin without any source nothing can be said, and it is not required."""
    site.distribution("ghost", ghost="ghost_module.plugin")
    manager = PluginManager()
    manager.load()
    await manager.startup()
    [status] = manager.statuses()
    assert (status.status, status.stage, status.required) == ("failed", "import", False)
    assert isinstance(status.error, ModuleNotFoundError)


@pytest.mark.parametrize("how", ["optional", "disabled"])
async def test_guard_may_be_given_up(how: str, site: Any, configured: Callable[..., Settings]) -> None:
    """The configuration may say that the program starts without its guard."""
    site.install("guard", f"raise ValueError('broken')\n{GUARDS['function']}")
    manager = PluginManager(configured(**{how: ["guard"]}))
    manager.load()
    await manager.startup()


async def test_guard_that_fails_at_setup_is_required(site: Any) -> None:
    """A guard that was imported and cannot be started up is required by what it implements."""
    site.install("guard", FAILS_AT_STARTUP + "@hookimpl\ndef tool_call(call): ...\n")
    manager = PluginManager()
    manager.load()
    for _ in range(2):
        with pytest.raises(PluginLoadError, match="'guard' .it implements value hooks. failed at setup"):
            await manager.startup()


async def test_guard_of_the_program_that_fails_at_setup(plugin: Callable[..., Any]) -> None:
    """What the program registers itself is held to the same."""
    manager = PluginManager()
    manager.register(plugin(tool_call=lambda: None, agentcore_startup=lambda: 1 / 0), "guard")
    with pytest.raises(PluginLoadError, match="'guard'"):
        await manager.startup()
    # Registered again and mended it serves.
    manager.register(plugin(tool_call=lambda: None), "guard")
    await manager.startup()
    assert [(each.name, each.status, each.required) for each in manager.statuses()] == [("guard", "loaded", True)]


async def test_twin_of_a_guard_is_required(site: Any) -> None:
    """A guard whose name another package took first must not vanish silently."""
    site.install("guard", "from agentcore import hookimpl\n@hookimpl\ndef tool_start(): ...")
    site.module("real_guard", GUARDS["function"])
    site.distribution("zz-guard", guard="real_guard")
    manager = PluginManager()
    manager.load()
    with pytest.raises(PluginLoadError, match="two packages offer a plugin named 'guard'"):
        await manager.startup()


UNKNOWN: dict[str, tuple[dict[str, Any], str]] = {
    "enabled": ({"enabled": ["wacher"]}, "enabled by argument 'enabled'"),
    "required": ({"required": ["wacher"]}, "required by argument 'required'"),
    "enabled by the environment": ({"environ": {"AGENTCORE_PLUGINS": "wacher"}}, "enabled by AGENTCORE_PLUGINS"),
    "enabled by a flag": ({"flags": ("wacher",)}, "enabled by -p wacher"),
    "disabled, a slip": ({"disabled": ["wacher"]}, "disabled by argument 'disabled'"),
    "optional, a slip": ({"optional": ["wacher"]}, "optional by argument 'optional'"),
    "configured": ({"plugins": {"wacher": {"path": "x"}}}, "configured in [plugins.wacher]"),
    "delivered": ({"delivery": {"wacher": {"timeout": 3}}}, "configured in [delivery.wacher]"),
    "ordered": ({"hooks": {"tool_start": {"order": ["wacher"]}}}, "ordered in [hooks.tool_start]"),
    "of a package": ({"enabled": ["wacher.guards"]}, "enabled by argument 'enabled'"),
    "of an object": ({"enabled": ["wacher:guard"]}, "enabled by argument 'enabled'"),
}


@pytest.mark.parametrize(("settings", "where"), UNKNOWN.values(), ids=UNKNOWN)
async def test_unknown_name(
    settings: dict[str, Any], where: str, site: Any, configured: Callable[..., Settings]
) -> None:
    """A plugin that the configuration names and that is not there is an error, with the place and the nearest name."""
    site.install("watcher", "from agentcore import hookimpl\n@hookimpl\ndef tool_start(): ...")
    manager = PluginManager(configured(**settings))
    manager.load()
    with pytest.raises(PluginNotFoundError, match="no plugin named 'wacher") as caught:
        manager.check_required()
    assert f"is installed ({where})" in caught.value.message
    assert "'watcher'" in caught.value.hint
    if caught.value.plugin == "wacher":
        assert "did you mean 'watcher'" in caught.value.hint
    with pytest.raises(PluginNotFoundError):
        await manager.startup()


@pytest.mark.parametrize(
    "settings",
    [
        {"disabled": ["something-else"]},
        {"optional": ["something-else"]},
        {"hooks": {"tool_start": {"order": ["something-else", "watcher"]}}},
        {"enabled": ["something-else"], "optional": ["something-else"]},
        {"disabled": ["something-else"], "plugins": {"something-else": {"path": "x"}}},
        {"disabled": ["something-else"], "environ": {"AGENTCORE_PLUGINS": "something-else"}},
    ],
    ids=["disabled", "optional", "ordered", "enabled and optional", "configured and disabled", "overruled"],
)
async def test_absent_name(settings: dict[str, Any], site: Any, configured: Callable[..., Settings]) -> None:
    """What is disabled, optional or ordered need not be installed, unless its name is nearly one that is."""
    site.install("watcher", "from agentcore import hookimpl\n@hookimpl\ndef tool_start(): ...")
    manager = PluginManager(configured(**settings))
    manager.load()
    await manager.startup()


@pytest.mark.parametrize("table", ["plugins", "delivery"])
@pytest.mark.parametrize(
    ("name", "hint"),
    [("wacher", "did you mean 'watcher'? Known: 'watcher'."), ("something-else", "known: 'watcher'.")],
    ids=["a slip", "not installed"],
)
async def test_table_of_an_unknown_plugin_while_autoload_is_off(
    table: str, name: str, hint: str, site: Any, configured: Callable[..., Settings]
) -> None:
    """That nothing is loaded by itself makes no misspelt table right; and nothing is imported to say so."""
    module = site.install("watcher", site.OBSERVER)
    manager = PluginManager(configured(autoload=False, **{table: {name: {"timeout": 3}}}))
    manager.load()
    with pytest.raises(PluginNotFoundError, match=rf"no plugin named '{name}' is installed \(configured") as caught:
        await manager.startup()
    assert caught.value.hint == hint
    assert module not in sys.modules


@pytest.mark.parametrize("table", ["plugins", "delivery"])
async def test_table_of_an_installed_plugin_while_autoload_is_off(
    table: str, site: Any, configured: Callable[..., Settings]
) -> None:
    """It waits for the day when the plugin is enabled."""
    site.install("watcher", site.OBSERVER)
    manager = PluginManager(configured(autoload=False, **{table: {"watcher": {"timeout": 3}}}))
    manager.load()
    await manager.startup()


def test_module_that_lacks_a_module_is_not_unknown(site: Any, configured: Callable[..., Settings]) -> None:
    """A module that is there and imports one that is not is a failed plugin, and its error names what it lacks."""
    site.module("company_guard", "import not_there_at_all")
    manager = PluginManager(configured(enabled=["company_guard"]))
    manager.load()
    manager.check_required()
    [status] = manager.statuses()
    assert isinstance(status.error, ModuleNotFoundError)
    assert status.error.name == "not_there_at_all"
    assert "company_guard" not in sys.modules


async def test_misspelt_hook_in_the_config(configured: Callable[..., Settings]) -> None:
    """A table for a hook that there is not, and whose name is nearly one's, is an error with the nearest name."""
    manager = PluginManager(configured(hooks={"tool_exceute": {"timeout": 3}}))
    with pytest.raises(ConfigError, match="'tool_exceute' is not a hook\nhint: did you mean 'tool_execute'"):
        await manager.startup()


async def test_hook_of_a_plugin_in_the_config(configured: Callable[..., Settings]) -> None:
    """A table for a hook that a plugin would add is no error, whether the plugin is there or not."""
    await PluginManager(configured(hooks={"quarterly_report": {"timeout": 3}})).startup()


def test_place_in_the_file(site: Any, tmp_path: Any) -> None:
    """The error for an unknown plugin names the file that names it."""
    (tmp_path / "agentcore.toml").write_text('enabled = ["wacher"]\n')
    manager = PluginManager(load_settings(start=tmp_path, environ={}))
    manager.load()
    with pytest.raises(PluginNotFoundError, match=r"agentcore\.toml"):
        manager.check_required()


def test_marker_is_what_counts(site: Any) -> None:
    """A function that is called as a value hook and is not marked guards nothing once it is loaded."""
    site.install("helper", "def tool_call(call): ...\n")
    manager = PluginManager()
    manager.load()
    [status] = manager.statuses()
    assert (status.status, status.hooks, status.required) == ("loaded", (), False)
