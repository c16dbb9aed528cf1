"""Finding and loading what is installed."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentcore import PluginManager, Settings
from agentcore._plugins import installed_plugins
from agentcore.errors import ConfigError, PluginLoadError, PluginValidationError

MODULE = """
from agentcore import hookimpl
seen = []
@hookimpl
def tool_start(tool): seen.append(tool)
"""

CLASS = """
from pydantic import BaseModel
from agentcore import hookimpl

class Config(BaseModel):
    path: str = "here"
    limit: int = 3

class Store:
    Config = Config
    def __init__(self, config): self.config = config
    @hookimpl
    def tool_start(self, tool): ...

class FromConfig(Store):
    def __init__(self, path, limit): self.given = (path, limit)
    @classmethod
    def from_config(cls, config): return cls(config.path, config.limit)

class Plain:
    @hookimpl
    def tool_start(self, tool): ...

instance = Plain()
store = Store(Config(path="there"))
"""


@pytest.fixture
def manager(site: Any) -> PluginManager:
    """A manager of what the test installs, without any configuration."""
    return PluginManager()


def status_of(manager: PluginManager, name: str) -> Any:
    """The status of one plugin."""
    [status] = [each for each in manager.statuses() if each.name == name]
    return status


# --- what an entry point may name ---


async def test_module(site: Any, manager: PluginManager, arguments: Callable[..., dict[str, Any]]) -> None:
    """An entry point that names a module makes the module a plugin, with its package and version in its status."""
    module = site.install("watcher", MODULE, version="2.5")
    manager.load()
    await manager.hook.tool_start(**arguments("tool_start"))
    assert sys.modules[module].seen == ["search"]
    assert manager.get_plugin("watcher") is sys.modules[module]
    status = status_of(manager, "watcher")
    assert (status.state, status.source, status.distribution, status.version, status.hooks, status.error) == (
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
    module = site.install("watcher", CLASS, target="instance")
    manager.load()
    assert manager.get_plugin("watcher") is sys.modules[module].instance


@pytest.mark.parametrize("target", ["Store", "FromConfig", "Plain"])
def test_class(site: Any, target: str, configured: Callable[..., Settings]) -> None:
    """A class is built, with its validated config where it declares one."""
    module = site.install("store", CLASS, target=target)
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
    site.install("watcher", CLASS)
    manager = PluginManager(configured(plugins={"watcher": {"limit": "5"}}))
    manager.load()
    config: Any = manager.get_config("watcher")
    assert config.limit == 5
    assert manager.scope().get_config("watcher") is config
    manager.unregister("watcher")
    assert manager.get_config("watcher") is None


def test_load_twice(site: Any, manager: PluginManager) -> None:
    """Loading again loads nothing a second time, nor what the program has registered under the name."""
    site.install("watcher", MODULE)
    mine = object()
    manager.register(mine, "watcher")
    for _ in range(2):
        manager.load()
    assert manager.get_plugin("watcher") is mine
    assert [each.name for each in manager.statuses()] == ["watcher"]


def test_load_what_was_blocked(site: Any, manager: PluginManager) -> None:
    """A blocked name is not imported."""
    module = site.install("watcher", MODULE)
    manager.block("watcher")
    manager.load()
    assert module not in sys.modules
    assert status_of(manager, "watcher").state == "blocked"


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
    site.install("zebra", MODULE)
    site.install("ant", "raise SystemExit", target="x.y")
    found = [each for each in installed_plugins() if each.name in ("ant", "zebra")]
    assert [(each.name, each.module, each.value, each.distribution, each.version) for each in found] == [
        ("ant", "agentcore_ant", "agentcore_ant:x.y", "agentcore-ant", "1.0"),
        ("zebra", "agentcore_zebra", "agentcore_zebra", "agentcore-zebra", "1.0"),
    ]
    assert "agentcore_ant" not in sys.modules


def test_distribution_without_metadata(site: Any, manager: PluginManager) -> None:
    """What an uninstallation that was broken off leaves does not keep the others from being found."""
    site.install("watcher", MODULE)
    site.install("half", MODULE)
    (site.folder / "agentcore_half-1.0.dist-info" / "METADATA").unlink()
    manager.load()
    assert status_of(manager, "watcher").state == "loaded"
    assert (status_of(manager, "half").state, status_of(manager, "half").distribution) == ("loaded", None)


# --- by the name of a module ---


def test_enabled_module(site: Any, configured: Callable[..., Settings]) -> None:
    """What is enabled and not installed is the dotted name of a module, or of an object in it."""
    site.module("company.guards.tools", MODULE)
    site.module("company_store", CLASS)
    manager = PluginManager(configured(enabled=["company.guards.tools", "company_store:Plain"], autoload=False))
    manager.load()
    manager.check_required()
    status = status_of(manager, "company.guards.tools")
    assert (status.state, status.source, status.distribution) == ("loaded", "company.guards.tools", None)
    assert type(manager.get_plugin("company_store:Plain")).__name__ == "Plain"


# --- failures ---

FAILURES: dict[str, tuple[str, str, str, type[BaseException], str]] = {
    "raises at import": ("raise ValueError('broken')", "", "import", ValueError, "broken"),
    "exits at import": ("raise SystemExit(3)", "", "import", SystemExit, "3"),
    "cancels at import": ("import asyncio; raise asyncio.CancelledError", "", "import", BaseException, ""),
    "needs what is not there": ("import not_there_at_all", "", "import", ModuleNotFoundError, "not_there_at_all"),
    "is no Python": ("def", "", "import", SyntaxError, "invalid syntax"),
    "has no such attribute": (MODULE, "Absent", "import", AttributeError, "Absent"),
    "misspells a hook": (
        "from agentcore import hookimpl\n@hookimpl\ndef tool_exceute(): ...",
        "",
        "validation",
        PluginValidationError,
        "did you mean 'tool_execute'",
    ),
    "misspells an argument": (
        "from agentcore import hookimpl\n@hookimpl\ndef tool_start(tol): ...",
        "",
        "validation",
        PluginValidationError,
        "did you mean 'tool'",
    ),
    "names a text": ("text = 'text'", "text", "validation", PluginValidationError, "names 'str', which cannot be"),
    "names None": ("nothing = None", "nothing", "validation", PluginValidationError, "names 'NoneType'"),
    "names a function": ("def make(): ...", "make", "validation", PluginValidationError, "is not marked"),
    "exits when it is looked at": (
        "class Odd:\n    def __dir__(self): raise SystemExit(3)\nodd = Odd()",
        "odd",
        "validation",
        SystemExit,
        "3",
    ),
    "lists no events": (
        "from agentcore import Provider\nclass P(Provider): ...",
        "P",
        "validation",
        PluginValidationError,
        "lists no events",
    ),
    "raises in its constructor": (
        "class P:\n    def __init__(self): raise ConnectionError('no database')",
        "P",
        "setup",
        ConnectionError,
        "no database",
    ),
    "exits in its constructor": (
        "class P:\n    def __init__(self): raise SystemExit(3)",
        "P",
        "setup",
        SystemExit,
        "3",
    ),
    "demands arguments": ("class P:\n    def __init__(self, path): ...", "P", "setup", TypeError, "path"),
    "raises in startup": (
        "from agentcore import hookimpl\n@hookimpl\ndef agentcore_startup(): raise ConnectionError('no database')",
        "",
        "setup",
        ConnectionError,
        "no database",
    ),
    "exits in startup": (
        "from agentcore import hookimpl\n@hookimpl\nasync def agentcore_startup(): raise SystemExit(3)",
        "",
        "setup",
        SystemExit,
        "3",
    ),
    "raises in initialize": (
        "from agentcore import Provider\nclass P(Provider):\n    events = ('tool_start',)\n"
        "    async def initialize(self): raise ConnectionError('no database')",
        "P",
        "setup",
        ConnectionError,
        "no database",
    ),
}


@pytest.mark.parametrize(("text", "target", "stage", "error", "message"), FAILURES.values(), ids=FAILURES)
async def test_failing_plugin(
    text: str,
    target: str,
    stage: str,
    error: type[BaseException],
    message: str,
    site: Any,
    make_manager: Callable[..., PluginManager],
    failures: Any,
    arguments: Callable[..., dict[str, Any]],
) -> None:
    """However a plugin fails before it is used, the others load; its status and ``plugin_error``, once, say why."""
    site.install("broken", text, target=target)
    module = site.install("watcher", MODULE)
    manager = make_manager()
    manager.load()
    for _ in range(2):
        await manager.startup()
    await manager.hook.tool_start(**arguments("tool_start"))

    assert sys.modules[module].seen == ["search"]
    assert status_of(manager, "watcher").state == "loaded"
    status = status_of(manager, "broken")
    assert (status.state, status.stage, status.required) == ("failed", stage, False)
    assert isinstance(status.error, error)
    assert message in str(status.error)
    assert [(plugin, hook, told) for plugin, hook, told in failures.told] == [("broken", stage, status.error)]
    assert manager.get_plugin("broken") is None
    await manager.aclose()


@pytest.mark.parametrize(
    ("table", "target", "message"),
    [
        ({"limit": "many"}, "Store", "plugin 'store'"),
        ({"pathh": "disk"}, "Store", "path"),
        ({"path": "disk"}, "Plain", "plugin 'store' takes no config, and [tool.agentcore.plugins.store] sets ['path']"),
    ],
    ids=["wrong type", "unknown key", "no config"],
)
def test_wrong_config(
    table: dict[str, Any], target: str, message: str, site: Any, configured: Callable[..., Settings]
) -> None:
    """A plugin whose table in the config does not fit is failed at config, by an error with the nearest key."""
    site.install("store", CLASS, target=target)
    manager = PluginManager(configured(plugins={"store": table}))
    manager.load()
    status = status_of(manager, "store")
    assert (status.state, status.stage) == ("failed", "config")
    assert isinstance(status.error, ConfigError)
    assert message in str(status.error)
    if "pathh" in table:
        assert "did you mean 'path'" in str(status.error)


def test_two_packages_offer_one_name(site: Any, make_manager: Callable[..., PluginManager], failures: Any) -> None:
    """Of two packages that offer a name the first is used; the other one is failed, by an error that names both."""
    site.install("watcher", MODULE)
    site.module("other_watcher", MODULE)
    site.distribution("zz-watcher", watcher="other_watcher")
    manager = make_manager()
    manager.load()
    assert manager.get_plugin("watcher") is sys.modules["agentcore_watcher"]
    assert "other_watcher" not in sys.modules
    twin = status_of(manager, "watcher (zz-watcher)")
    assert (twin.state, twin.stage, twin.source, twin.required) == ("failed", "validation", "other_watcher", False)
    assert (
        str(twin.error) == "two packages offer a plugin named 'watcher': agentcore-watcher and zz-watcher\n"
        "hint: uninstall one of them; the first is used."
    )


def test_one_package_that_is_found_twice(site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that lies in two folders of the path is one."""
    site.install("watcher", MODULE)
    folder = tmp_path / "again"
    folder.mkdir()
    for each in site.folder.iterdir():
        each_copy = folder / each.name
        if each.is_dir():
            each_copy.mkdir()
            for file in each.iterdir():
                (each_copy / file.name).write_bytes(file.read_bytes())
        else:
            each_copy.write_bytes(each.read_bytes())
    monkeypatch.syspath_prepend(folder)
    manager = PluginManager()
    manager.load()
    assert [(each.name, each.state) for each in manager.statuses() if "watcher" in each.name] == [("watcher", "loaded")]


def test_one_module_under_two_names(site: Any, manager: PluginManager) -> None:
    """One object that two entry points name is one plugin; the second name is failed."""
    site.module("shared_watcher", MODULE)
    site.distribution("shared", first="shared_watcher", second="shared_watcher")
    manager.load()
    assert status_of(manager, "first").state == "loaded"
    assert status_of(manager, "second").stage == "validation"
    assert "already registered as 'first'" in str(status_of(manager, "second").error)


def test_plugins_that_demand_a_circle(site: Any, manager: PluginManager) -> None:
    """Of installed plugins that demand an order which cannot be, the last is failed and the others take part."""
    for name, other in (("one", "two"), ("two", "one")):
        site.install(name, f"from agentcore import hookimpl\n@hookimpl(before={other!r})\ndef tool_start(): ...\n")
    manager.load()
    assert [each.plugin for each in manager.implementations("tool_start")] == ["one"]
    assert status_of(manager, "two").stage == "validation"
    assert "circle" in str(status_of(manager, "two").error)


# --- enabled and disabled ---

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
def test_disabled_plugin_is_not_imported(how: str, site: Any, configured: Callable[..., Settings]) -> None:
    """A plugin that is disabled, in whatever way, is not imported, and its status says who disabled it."""
    module = site.install("watcher", "raise AssertionError('not to be imported')")
    manager = PluginManager(configured(**HOW[how]))
    manager.load()
    assert module not in sys.modules
    status = status_of(manager, "watcher")
    assert (status.state, status.reason, status.distribution, status.load_time) == (
        "disabled",
        REASONS[how],
        "agentcore-watcher",
        None,
    )
    manager.check_required()


def test_disabled_by_the_file(site: Any, tmp_path: Path) -> None:
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
def test_switch_that_is_off(value: str, site: Any, configured: Callable[..., Settings]) -> None:
    """``AGENTCORE_DISABLE_PLUGIN_AUTOLOAD=0`` disables nothing."""
    site.install("watcher", MODULE)
    manager = PluginManager(configured({"AGENTCORE_DISABLE_PLUGIN_AUTOLOAD": value}))
    manager.load()
    assert status_of(manager, "watcher").state == "loaded"


@pytest.mark.parametrize("how", [{"environ": {"AGENTCORE_PLUGINS": "watcher"}}, {"flags": ("watcher",)}], ids=str)
def test_enabled_one_by_one(how: dict[str, Any], site: Any, configured: Callable[..., Settings]) -> None:
    """With autoload off those are loaded that are enabled by name."""
    site.install("watcher", MODULE)
    other = site.install("other", MODULE)
    manager = PluginManager(configured(autoload=False, **how))
    manager.load()
    assert status_of(manager, "watcher").state == "loaded"
    assert other not in sys.modules


# --- for a scope alone ---


@pytest.mark.parametrize("settings", [{"autoload": False}, {"disabled": ["store"]}], ids=["not loaded", "disabled"])
async def test_enabled_for_a_scope(settings: dict[str, Any], site: Any, configured: Callable[..., Settings]) -> None:
    """A scope may load what the configuration leaves out, with its config, for itself alone."""
    site.install("store", CLASS, target="Store")
    manager = PluginManager(configured(plugins={"store": {"path": "disk"}}, **settings))
    manager.load()
    scope = manager.scope(enabled=["store"])
    await scope.startup()
    config: Any = scope.get_config("store")
    assert config.path == "disk"
    assert [each.plugin for each in scope.implementations("tool_start")] == ["store"]
    status = status_of(scope, "store")
    assert (status.state, status.distribution) == ("loaded", "agentcore-store")
    assert manager.implementations("tool_start") == []
    assert status_of(manager, "store").state == "disabled"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raise ValueError('broken')", "plugin 'broken' failed at import: ValueError: broken"),
        ("text = 1\nclass Config: ...", ""),
    ],
    ids=["raises", "fine"],
)
def test_enabled_for_a_scope_and_broken(
    text: str, message: str, site: Any, configured: Callable[..., Settings]
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
    assert status_of(manager, "broken").state == "disabled"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("raise KeyboardInterrupt", ""),
        ("class Odd:\n    def __dir__(self): raise KeyboardInterrupt\nodd = Odd()", "odd"),
    ],
    ids=["import", "registration"],
)
def test_keyboard_interrupt_while_loading(text: str, target: str, site: Any, manager: PluginManager) -> None:
    """Who presses Ctrl-C while plugins are loaded stops the program."""
    site.install("slow", text, target=target)
    with pytest.raises(KeyboardInterrupt):
        manager.load()


def test_enabled_for_a_scope_and_loaded_already(site: Any, manager: PluginManager) -> None:
    """Enabling what is loaded changes nothing."""
    site.install("watcher", MODULE)
    manager.load()
    assert len(manager.scope(enabled=["watcher"]).implementations("tool_start")) == 1
